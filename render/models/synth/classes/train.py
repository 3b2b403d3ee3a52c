"""Generator of class 04468005, train."""

from collections.abc import Iterable

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.vehicles import LIGHT, ROAD_WINDOW, TAIL, axles, rounded_body
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import box, cylinder, ellipsoid, joined, lathe, loft, rod, smooth, torus, tube


def train(rng: np.random.Generator) -> Scene:
    """Steam engine, diesel, express unit or tram, alone or with a carriage behind."""
    scene = Scene()
    kind = pick(rng, ("steam", "diesel", "express", "tram"))
    return {"steam": _steam, "diesel": _diesel, "express": _express, "tram": _express}[kind](rng, scene, kind == "tram")


def _bogies(scene: Scene, places: Iterable[float], hub: Material, radius: float = 0.42, track: float = 0.72) -> None:
    axles(scene, [(track, z) for z in places], radius, 0.16, hub, sides=10)


def _steam(rng: np.random.Generator, scene: Scene, _tram: bool) -> Scene:
    paint, second = (
        mat.paint(mat.color(rng, mat.BRIGHT + mat.DARK[2:5]), 0.5),
        mat.paint(mat.color(rng, mat.BRIGHT), 0.4),
    )
    black, brass = mat.paint(mat.hexa("3a3d42"), 0.4), mat.metal(rng, mat.METAL[3:4])
    length, girth = rng.uniform(4.2, 5.6), rng.uniform(0.62, 0.75)
    axis = 1.75
    front, back = -length / 2, length / 2
    scene.add("boiler", cylinder(girth, length, sides=28, bevel=0.05).rotated("x", 90).at(0, axis, 0), paint)
    scene.add(
        "smokebox", cylinder(girth * 1.04, 0.8, sides=28, bevel=0.06).rotated("x", 90).at(0, axis, front + 0.2), black
    )
    scene.add(
        "bands",
        joined(
            [
                torus(girth * 1.01, 0.03, 24, 4).rotated("x", 90).at(0, axis, z)
                for z in np.linspace(front + 1.0, back - 0.6, 3)
            ]
        ),
        brass,
    )
    scene.add("door", ellipsoid(girth * 0.8, girth * 0.8, 0.12, 20, 8).at(0, axis, front - 0.2), black)
    flare = rng.uniform(1.0, 1.7)
    chimney = [(0, 0), (0.2, 0), (0.18, 0.5), (0.2 * flare, 0.82), (0.2 * flare + 0.04, 0.92), (0.14, 0.92), (0, 0.8)]
    scene.add("chimney", lathe(chimney, 18).at(0, axis + girth * 0.92, front + 0.35), black)
    for z in (-length * 0.08, length * 0.2):
        scene.add(
            "dome",
            lathe([(0, -0.15), (0.28, -0.15), (0.27, 0.2), (0.18, 0.36), (0, 0.42)], 18).at(0, axis + girth * 0.9, z),
            brass,
        )
    scene.add("footplate", box(1.9, 0.16, length + 2.0, 0.04).at(0, 0.98, 0.65), second)
    scene.add("cab", box(1.75, 1.65, 1.4, 0.05).at(0, 1.85, back + 0.55), paint)
    scene.add(
        "cab windows",
        box(1.79, 0.55, 0.7, 0.02).at(0, 2.2, back + 0.5) + box(0.4, 0.4, 0.05).at(0.6, 2.3, back - 0.16).both(),
        ROAD_WINDOW,
    )
    scene.add("cab roof", box(2.0, 0.12, 1.85, 0.05).at(0, 2.72, back + 0.6), black)
    _driving_wheels(rng, scene, second, brass, front)
    _bogies(scene, [front + 0.25, back + 0.9], black, 0.34)
    scene.add(
        "cylinder", cylinder(0.26, 0.8, sides=16, bevel=0.04).rotated("x", 90).at(0.82, 0.75, front + 0.4).both(), paint
    )
    plow = [
        [
            (0.85 * s, y, front - 0.35 - d),
            (-0.85 * s, y, front - 0.35 - d),
            (-0.85 * s, y, front - 0.3),
            (0.85 * s, y, front - 0.3),
        ]
        for s, y, d in ((1.0, 0.15, 0.5), (0.85, 0.75, 0.06))
    ]
    scene.add("cow catcher", loft(plow), second)
    scene.add("lamp", cylinder(0.2, 0.28, sides=14).rotated("x", 90).at(0, axis + girth + 0.22, front - 0.1), brass)
    scene.add("lamp glass", ellipsoid(0.17, 0.17, 0.06, 12, 6).at(0, axis + girth + 0.22, front - 0.25), LIGHT)
    if rng.random() < 0.6:
        z = back + 2.55
        scene.add("tender", box(1.75, 1.0, 2.0, 0.05).at(0, 1.45, z), paint)
        scene.add("coal", ellipsoid(0.75, 0.3, 0.9, 10, 6).at(0, 1.9, z), mat.matte(mat.hexa("34363a")))
        scene.add("tender base", box(1.8, 0.14, 2.3, 0.03).at(0, 0.9, z), second)
        _bogies(scene, [z - 0.6, z + 0.6], black, 0.36)
    return scene


def _driving_wheels(rng: np.random.Generator, scene: Scene, second: Material, brass: Material, front: float) -> None:
    """Driving wheels with spokes, joined by rods."""
    big = rng.uniform(0.55, 0.68)
    count = int(rng.integers(2, 4))
    drive = [front + 1.5 + i * (2.1 * big) for i in range(count)]
    for z in drive:
        rim = torus(big - 0.07, 0.08, 18, 4).rotated("z", 90)
        spokes = [
            rod((0, 0, 0), (0, (big - 0.08) * np.sin(t), (big - 0.08) * np.cos(t)), 0.035, sides=4)
            for t in np.arange(7) * 2 * np.pi / 7
        ]
        scene.add(
            "driver",
            (rim + joined(spokes) + cylinder(0.14, 0.2, sides=12).rotated("z", 90)).at(0.76, big, z).both(),
            second,
        )
    scene.add(
        "rods",
        box(0.07, 0.11, (count - 1) * 2.1 * big + 0.4, 0.02).at(0.9, big - 0.15, float(np.mean(drive))).both(),
        brass,
    )


def _diesel(rng: np.random.Generator, scene: Scene, _tram: bool) -> Scene:
    paint, second = (
        mat.paint(mat.color(rng, mat.BRIGHT), 0.5),
        mat.paint(mat.color(rng, mat.NEUTRAL + mat.BRIGHT), 0.5),
    )
    dark = mat.paint(mat.DARK[0], 0.4)
    length = rng.uniform(6.5, 8.5)
    half = length / 2
    scene.add("chassis", box(2.0, 0.3, length, 0.06).at(0, 0.95, 0), dark)
    cab = -half * rng.uniform(0.3, 0.62)
    scene.add("long hood", box(1.5, 1.45, half - cab - 0.4, 0.12).at(0, 1.8, (half + cab + 0.4) / 2), paint)
    scene.add("short hood", box(1.5, 1.0, half + cab - 0.3, 0.14).at(0, 1.58, (-half + cab) / 2 + 0.05), paint)
    scene.add("cab", box(1.95, 1.85, 1.5, 0.1).at(0, 2.0, cab + 0.1), second)
    scene.add(
        "cab windows",
        box(0.6, 0.5, 1.54, 0.03).at(0.5, 2.5, cab + 0.1).both() + box(1.99, 0.5, 0.9, 0.03).at(0, 2.5, cab + 0.1),
        ROAD_WINDOW,
    )
    scene.add("cab roof", box(2.05, 0.14, 1.65, 0.06).at(0, 2.95, cab + 0.1), paint)
    scene.add(
        "stripe",
        box(1.54, 0.24, half - cab - 0.6, 0.01).at(0, 1.75, (half + cab + 0.4) / 2)
        + box(1.54, 0.24, half + cab - 0.5, 0.01).at(0, 1.6, (-half + cab) / 2 + 0.05),
        second,
    )
    grilles = [box(1.56, 0.6, 0.5, 0.01).at(0, 2.15, z) for z in np.linspace(cab + 1.6, half - 0.7, 3)]
    scene.add("grilles", joined(grilles), dark)
    scene.add(
        "stacks",
        cylinder(0.14, 0.4, sides=12).at(0, 2.65, half * 0.35) + cylinder(0.45, 0.16, sides=18).at(0, 2.55, half * 0.7),
        dark,
    )
    rail = smooth([(0.95, 1.05, -half + 0.1), (0.95, 1.75, -half + 0.1), (0.95, 1.75, cab - 0.8)], 8)
    scene.add(
        "rails",
        tube(rail, 0.035, 6).both() + rod((0.95, 1.8, cab + 1.0), (0.95, 1.8, half - 0.1), 0.035, sides=6).both(),
        mat.paint(mat.hexa("e8c547")),
    )
    scene.add(
        "buffers",
        cylinder(0.16, 0.35, sides=12).rotated("x", 90).at(0.6, 1.0, -half - 0.1).both()
        + cylinder(0.16, 0.35, sides=12).rotated("x", 90).at(0.6, 1.0, half + 0.1).both(),
        dark,
    )
    scene.add("headlights", cylinder(0.14, 0.1, sides=12).rotated("x", 90).at(0.45, 1.8, -half + 0.16).both(), LIGHT)
    scene.add(
        "plough", box(1.7, 0.4, 0.12, 0.03).rotated("x", -15).at(0, 0.6, -half + 0.05), mat.paint(mat.hexa("e8c547"))
    )
    hub = mat.metal(rng, mat.METAL[:2])
    _bogies(scene, [-half + 1.0, -half + 2.0, half - 2.0, half - 1.0], hub)
    scene.add(
        "bogie sides",
        box(0.12, 0.3, 2.0, 0.04).at(0.88, 0.5, -half + 1.5).both()
        + box(0.12, 0.3, 2.0, 0.04).at(0.88, 0.5, half - 1.5).both(),
        dark,
    )
    scene.add("tank", box(1.5, 0.5, 1.6, 0.2).at(0, 0.6, 0), dark)
    return scene


def _express(rng: np.random.Generator, scene: Scene, tram: bool) -> Scene:
    paint, second = (
        mat.paint(mat.color(rng, mat.NEUTRAL + mat.SOFT + mat.BRIGHT), 0.6),
        mat.paint(mat.color(rng, mat.BRIGHT), 0.5),
    )
    dark = mat.paint(mat.DARK[0], 0.4)
    nose = rng.uniform(0.5, 0.8) if tram else rng.uniform(1.6, 3.0)
    length = rng.uniform(4.5, 6.0) if tram else rng.uniform(6.0, 8.0)
    width, low, high = 2.0, 0.5, 2.6
    front = -length / 2
    steps = np.linspace(0, 1, 8)
    stations = [
        (
            front - nose + nose * s,
            low,
            low + 0.55 + (high - low - 0.55) * np.sqrt(1 - (1 - s) ** 2),
            0.45 + 0.55 * np.sqrt(1 - (1 - s) ** 2),
        )
        for s in steps
    ]
    scene.add("nose", rounded_body(width, 0.4, [*stations, (front + 0.3, low, high, 1.0)]), paint)
    cars = int(rng.integers(1, 3))
    for index in range(cars):
        start = front + index * (length + 0.35)
        middle = start + length / 2
        scene.add("car", rounded_body(width, 0.4, [(start, low, high, 1.0), (start + length, low, high, 1.0)]), paint)
        scene.add("belt", box(width + 0.02, 0.62, length - 0.3, 0.02).at(0, 1.75, middle), ROAD_WINDOW)
        count = int(length)
        posts = [
            box(width + 0.04, 0.62, 0.14).at(0, 1.75, z) for z in np.linspace(start + 0.6, start + length - 0.6, count)
        ]
        scene.add("posts", joined(posts), paint)
        scene.add("stripe", box(width + 0.03, 0.22, length - 0.1, 0.01).at(0, 1.12, middle), second)
        doors = [box(width + 0.07, 1.5, 0.7, 0.02).at(0, 1.42, z) for z in (start + 0.75, start + length - 0.75)]
        scene.add("doors", joined(doors), second)
        scene.add("roof gear", box(1.1, 0.18, length * 0.4, 0.06).at(0, high + 0.04, middle), mat.paint(mat.NEUTRAL[4]))
        _bogies(scene, [start + 0.9, start + 1.8, start + length - 1.8, start + length - 0.9], dark, 0.36)
        if index:
            scene.add("gangway", box(1.5, 1.8, 0.5).at(0, 1.5, start - 0.15), dark)
    # The windshield lies on the nose's slope: a copy of its upper part, a little in front of it and narrower.
    first = 1 - np.sqrt(1 - ((1.5 - low - 0.55) / (high - low - 0.55)) ** 2)
    pane = []
    for step in np.linspace(first, first + (0.5 if tram else 0.3), 9):
        swell = np.sqrt(1 - (1 - step) ** 2)
        top = low + 0.55 + (high - low - 0.55) * swell
        pane.append((front - nose + nose * step - 0.04, 1.42, top + 0.025, (0.45 + 0.55 * swell) * 0.82))
    scene.add("windscreen", rounded_body(width, 0.25, pane), ROAD_WINDOW)
    at = stations[1]
    scene.add("headlights", ellipsoid(0.16, 0.1, 0.14, 12, 6).at(width * at[3] * 0.36, low + 0.35, at[0]).both(), LIGHT)
    scene.add("skirt", box(width * 0.8, 0.25, length * 0.9, 0.05).at(0, 0.42, 0), dark)
    back = front + cars * (length + 0.35) - 0.35
    scene.add("taillights", box(0.25, 0.15, 0.06, 0.02).at(0.6, 1.0, back).both(), TAIL)
    if rng.random() < 0.7:
        arm = tube([(0, high, 0.5), (0, high + 0.5, 1.0), (0, high + 0.85, 0.5)], 0.035, 6)
        scene.add("pantograph", arm + rod((-0.6, high + 0.87, 0.5), (0.6, high + 0.87, 0.5), 0.04, sides=6), dark)
    return scene
