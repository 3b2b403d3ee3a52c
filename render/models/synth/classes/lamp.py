"""Generator of class 03636649, lamp."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Color, Material
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import Mesh, cylinder, ellipsoid, joined, lathe, loft, rod, smooth, tube


def _shade(rng: np.random.Generator, top: float, bottom: float, height: float, sides: int = 32) -> Mesh:
    """A hollow lamp shade about Y, its lower rim at height 0."""
    bulge = rng.uniform(-0.1, 0.2)
    curve = smooth([(bottom, 0), ((bottom + top) / 2 * (1 + bulge), height * 0.5), (top, height)], 7)
    inner = [(float(r) - 0.02, float(y)) for r, y in curve[::-1]]
    profile = [*((float(r), float(y)) for r, y in curve), *inner]
    angles = np.arange(sides) * 2 * np.pi / sides
    rings = [[(r * np.cos(t), y, r * np.sin(t)) for t in angles] for r, y in profile]
    return loft(rings, closed=True)


def lamp(rng: np.random.Generator) -> Scene:
    """Table, floor, desk or hanging lamp, or an arc lamp; a desk lamp's head and the pull chain are at the front."""
    scene = Scene()
    kind = pick(rng, ("table", "table", "floor", "desk", "hanging", "arc"))
    metal = mat.metal(rng)
    body = pick(rng, (mat.paint(mat.color(rng), 0.5), mat.wood(rng), metal))
    bulb = mat.paint(mat.hexa("fff3c4"), 0.4)
    first = mat.color(rng, mat.SOFT + mat.BRIGHT + mat.NEUTRAL[:1])
    cloth: Material = pick(
        rng,
        (
            mat.matte(first),
            mat.matte(first),
            mat.striped(rng, first, mat.WHITE).mapped("wrap", 6),
            mat.dotted(first, mat.WHITE).mapped("wrap", 6),
        ),
    )
    if kind == "table":
        _table_lamp(rng, scene, metal, body, bulb, cloth)
    elif kind == "floor":
        _floor_lamp(rng, scene, metal, body, bulb, cloth)
    elif kind == "desk":
        _desk_lamp(rng, scene, metal, body, bulb)
    elif kind == "hanging":
        _hanging_lamp(rng, scene, metal, bulb, first, cloth)
    else:
        _arc_lamp(rng, scene, metal, body, bulb)
    return scene


def _table_lamp(
    rng: np.random.Generator, scene: Scene, metal: Material, body: Material, bulb: Material, cloth: Material
) -> None:
    """Turned base, shade and pull chain."""
    high = rng.uniform(0.6, 0.85)
    shape = pick(
        rng,
        (
            [(0.25, 0.0), (0.27, 0.05), (0.1, 0.12), (0.22, 0.4), (0.08, 0.85), (0.05, 1.0)],
            [(0.22, 0.0), (0.24, 0.06), (0.05, 0.12), (0.04, 0.9), (0.05, 1.0)],
            [(0.16, 0.0), (0.28, 0.3), (0.3, 0.5), (0.12, 0.85), (0.05, 1.0)],
            [(0.26, 0.0), (0.25, 0.08), (0.12, 0.25), (0.18, 0.45), (0.1, 0.62), (0.14, 0.78), (0.05, 1.0)],
        ),
    )
    curve = smooth(np.array(shape) * (1, high), 18)
    scene.add("base", lathe([(0, 0), *((float(r), float(y)) for r, y in curve), (0, high)], 26), body)
    wide, tall = rng.uniform(0.38, 0.5), rng.uniform(0.4, 0.55)
    level = high + 0.02
    scene.add("shade", _shade(rng, wide * rng.uniform(0.45, 0.9), wide, tall).at(0, level, 0), cloth)
    scene.add("rod", rod((0, high - 0.05, 0), (0, level + tall * 0.9, 0), 0.018), metal)
    scene.add("bulb", ellipsoid(0.09, 0.13, 0.09, 14, 8).at(0, level + tall * 0.45, 0), bulb)
    scene.add("finial", ellipsoid(0.035, 0.045, 0.035, 10, 6).at(0, level + tall * 0.95, 0), metal)
    z = -wide * 0.5
    scene.add(
        "chain",
        rod((0, level + 0.1, z), (0, level - 0.18, z), 0.008, sides=5)
        + ellipsoid(0.022, 0.03, 0.022, 8, 6).at(0, level - 0.2, z),
        metal,
    )


def _floor_lamp(
    rng: np.random.Generator, scene: Scene, metal: Material, body: Material, bulb: Material, cloth: Material
) -> None:
    """Pole on a foot or a tripod."""
    high = rng.uniform(1.9, 2.3)
    if rng.random() < 0.4:
        legs = [
            rod((0, high * 0.75, 0), (0.5 * np.cos(t), 0, 0.5 * np.sin(t)), 0.028, 0.02)
            for t in np.pi / 2 + np.arange(3) * 2 * np.pi / 3
        ]
        scene.add("legs", joined(legs), body)
        scene.add("hub", cylinder(0.09, 0.14, sides=16).at(0, high * 0.75, 0), metal)
    else:
        scene.add("foot", lathe([(0, 0), (0.34, 0), (0.34, 0.03), (0.06, 0.08), (0, 0.08)], 28), body)
    scene.add("pole", rod((0, 0.03, 0), (0, high, 0), 0.028), metal)
    wide, tall = rng.uniform(0.36, 0.46), rng.uniform(0.38, 0.5)
    scene.add("shade", _shade(rng, wide * rng.uniform(0.5, 0.95), wide, tall).at(0, high - 0.12, 0), cloth)
    scene.add("bulb", ellipsoid(0.09, 0.12, 0.09, 14, 8).at(0, high + 0.05, 0), bulb)
    scene.add(
        "chain",
        rod((0, high - 0.05, -wide * 0.5), (0, high - 0.35, -wide * 0.5), 0.008, sides=5)
        + ellipsoid(0.025, 0.035, 0.025, 8, 6).at(0, high - 0.37, -wide * 0.5),
        metal,
    )


def _desk_lamp(rng: np.random.Generator, scene: Scene, metal: Material, body: Material, bulb: Material) -> None:
    """Jointed arm with a cone."""
    scene.add("foot", cylinder(0.32, 0.06, sides=28, bevel=0.02).at(0, 0.03, 0.15), body)
    elbow, tip = (
        np.array([0, rng.uniform(0.55, 0.75), rng.uniform(0.35, 0.55)]),
        np.array([0, rng.uniform(0.85, 1.1), -rng.uniform(0.2, 0.4)]),
    )
    start = np.array([0, 0.06, 0.15])
    bars = [
        rod(np.add(start, (dx, 0, 0)), np.add(elbow, (dx, 0, 0)), 0.016, sides=6)
        + rod(np.add(elbow, (dx, 0, 0)), np.add(tip, (dx, 0, 0)), 0.016, sides=6)
        for dx in (-0.035, 0.035)
    ]
    scene.add("arm", joined(bars), metal)
    scene.add(
        "joints",
        joined(
            [cylinder(0.05, 0.13, sides=14).rotated("z", 90).at(*p) for p in (np.add(start, (0, 0.03, 0)), elbow, tip)]
        ),
        body if body.texture is None else metal,
    )
    tilt = rng.uniform(15, 40)
    head = lathe([(0, 0.14), (0.08, 0.14), (0.1, 0.04), (0.27, -0.22), (0.25, -0.22), (0.08, 0.02), (0, 0.04)], 26)
    scene.add(
        "head",
        head.rotated("x", tilt).at(tip[0], tip[1] - 0.04, tip[2] - 0.08),
        mat.paint(mat.color(rng, mat.BRIGHT), 0.5),
    )
    down = lathe([(0, -0.02), (0.06, -0.02), (0.1, -0.14), (0.06, -0.22), (0, -0.24)], 16)
    scene.add("bulb", down.rotated("x", tilt).at(tip[0], tip[1] - 0.04, tip[2] - 0.08), bulb)
    scene.add("switch", cylinder(0.03, 0.05, sides=10).at(0, 0.07, -0.07), mat.paint(mat.hexa("d2453a"), 0.4))


def _hanging_lamp(
    rng: np.random.Generator, scene: Scene, metal: Material, bulb: Material, first: Color, cloth: Material
) -> None:
    """Chandelier with arms, or one shade on a cord."""
    long = rng.uniform(0.5, 1.0)
    scene.add(
        "rose", lathe([(0, 0), (0.14, 0), (0.12, -0.06), (0.03, -0.09), (0, -0.09)], 20).at(0, long + 0.5, 0), metal
    )
    scene.add("cord", rod((0, 0.4, 0), (0, long + 0.45, 0), 0.015, sides=6), mat.matte(mat.DARK[0]))
    arms = int(rng.integers(0, 3)) and int(rng.integers(3, 7))
    if arms:
        spokes, cups, lights = [], [], []
        for t in np.arange(arms) * 2 * np.pi / arms - np.pi / 2:
            along = np.array([np.cos(t), 0, np.sin(t)])
            path = smooth(
                [
                    along * 0.03 + (0, 0.25, 0),
                    along * 0.25 + (0, 0.05, 0),
                    along * 0.5 + (0, 0.05, 0),
                    along * 0.6 + (0, 0.2, 0),
                ],
                10,
            )
            spokes.append(tube(path, 0.022, 6))
            cups.append(
                lathe([(0, 0.0), (0.05, 0.0), (0.16, 0.22), (0.145, 0.22), (0.04, 0.03), (0, 0.03)], 18).at(
                    *(along * 0.6 + (0, 0.18, 0))
                )
            )
            lights.append(ellipsoid(0.065, 0.1, 0.065, 10, 8).at(*(along * 0.6 + (0, 0.33, 0))))
        scene.add("arms", joined(spokes), metal)
        scene.add("cups", joined(cups), mat.paint(first, 0.4))
        scene.add("bulbs", joined(lights), bulb)
        scene.add("hub", lathe([(0, -0.05), (0.06, 0.0), (0.1, 0.12), (0.04, 0.3), (0.05, 0.42), (0, 0.45)], 18), metal)
    else:
        wide = rng.uniform(0.42, 0.6)
        scene.add(
            "shade",
            _shade(rng, wide * rng.uniform(0.15, 0.6), wide, rng.uniform(0.3, 0.45)),
            mat.paint(first, 0.4) if rng.random() < 0.5 else cloth,
        )
        scene.add("socket", cylinder(0.07, 0.2, sides=14).at(0, 0.35, 0), metal)
        scene.add("bulb", ellipsoid(0.11, 0.14, 0.11, 16, 10).at(0, 0.12, 0), bulb)


def _arc_lamp(rng: np.random.Generator, scene: Scene, metal: Material, body: Material, bulb: Material) -> None:
    """Dome on an arc."""
    scene.add("foot", cylinder(0.34, 0.08, sides=28, bevel=0.02).at(0, 0.04, 0.6), body)
    high, reach = rng.uniform(1.5, 1.8), rng.uniform(1.1, 1.4)
    path = smooth(
        [
            (0, 0.06, 0.6),
            (0, high * 0.6, 0.68),
            (0, high, 0.3),
            (0, high * 0.98, 0.3 - reach * 0.5),
            (0, high * 0.76, 0.6 - reach),
        ],
        22,
    )
    scene.add("arc", tube(path, 0.026), metal)
    dome = lathe([(0, 0.14), (0.07, 0.12), (0.24, 0.02), (0.32, -0.16), (0.3, -0.16), (0.22, 0.0), (0, 0.09)], 28)
    scene.add("head", dome.at(*(path[-1] + (0, -0.06, 0))), mat.paint(mat.color(rng), 0.5))
    scene.add("bulb", ellipsoid(0.12, 0.13, 0.12, 14, 8).at(*(path[-1] + (0, -0.15, 0))), bulb)
