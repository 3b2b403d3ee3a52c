"""What goes on wheels and rails: bus, car, motorbike, skateboard, train. All drive towards -Z."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Floats,
    Mesh,
    box,
    cylinder,
    ellipsoid,
    extrude,
    joined,
    lathe,
    loft,
    rod,
    rounded,
    smooth,
    sweep,
    torus,
    tube,
)

TYRE = mat.matt(mat.hexa("33353a"))
WINDOW = mat.paint(mat.hexa("4d6377"), 0.7)
LIGHT, TAIL = mat.paint(mat.hexa("fbf3cf"), 0.6), mat.paint(mat.hexa("c8322b"), 0.5)


def _wheel(radius: float, width: float, sides: int) -> tuple[Mesh, Mesh]:
    """Tyre and hub about the X axis."""
    tyre = [
        (0, -width / 2),
        (radius * 0.86, -width / 2),
        (radius, -width * 0.3),
        (radius, width * 0.3),
        (radius * 0.86, width / 2),
        (0, width / 2),
    ]
    hub = cylinder(radius * 0.58, width * 1.08, sides=sides, bevel=width * 0.06)
    return lathe(tyre, sides).turned("z", 90), hub.turned("z", 90)


def _axles(
    scene: Scene, places: Iterable[tuple[float, float]], radius: float, width: float, hub: Material, sides: int = 18
) -> None:
    """Pairs of wheels, standing at height 0, for each (half track, z)."""
    tyre, cap = _wheel(radius, width, sides)
    spots = list(places)
    scene.add("tyres", joined([tyre.at(x, radius, z).both() for x, z in spots]), TYRE)
    scene.add("hubs", joined([cap.at(x, radius, z).both() for x, z in spots]), hub)


def _body(width: float, corner: float, stations: ArrayLike) -> Mesh:
    """A hull from front to back through (z, low, high, width share), its cross-sections round-cornered rectangles."""
    rings = []
    for z, low, high, share in np.asarray(stations, float):
        outline = rounded(width * share, high - low, min(corner, 0.45 * (high - low)), 3)
        rings.append(np.column_stack([outline[:, 0], outline[:, 1] + (low + high) / 2, np.full(len(outline), z)]))
    return loft(rings)


def car(rng: np.random.Generator) -> Scene:
    """Saloon, hatchback, estate, sports car, van or pickup."""
    scene = Scene()
    kind = pick(rng, ("saloon", "saloon", "hatch", "sport", "suv", "van", "pickup"))
    length, width, bonnet, belt, roof, wheel = {
        "saloon": (4.5, 1.78, 0.86, 0.98, 1.42, 0.32),
        "hatch": (3.8, 1.7, 0.88, 1.0, 1.48, 0.3),
        "sport": (4.3, 1.85, 0.72, 0.86, 1.2, 0.33),
        "suv": (4.5, 1.9, 1.05, 1.18, 1.75, 0.38),
        "van": (4.8, 1.95, 1.1, 1.22, 2.05, 0.34),
        "pickup": (5.1, 1.9, 1.05, 1.15, 1.75, 0.39),
    }[kind]
    length, width = length * rng.uniform(0.94, 1.06), width * rng.uniform(0.96, 1.04)
    paint = mat.paint(mat.colour(rng), 0.6)
    half, low = length / 2, 0.24 + (0.1 if wheel > 0.35 else 0)
    # Where the cabin begins and ends along the length, below at the belt and above at the roof.
    front, rear = {
        "saloon": (-0.2, 0.36),
        "hatch": (-0.2, 0.47),
        "sport": (-0.08, 0.36),
        "suv": (-0.2, 0.48),
        "van": (-0.36, 0.49),
        "pickup": (-0.2, 0.14),
    }[kind]
    tail = {
        "saloon": belt * 0.98,
        "hatch": belt,
        "sport": belt * 0.98,
        "suv": belt,
        "van": belt,
        "pickup": belt * 0.98,
    }[kind]
    stations = [
        (-half, low + 0.12, bonnet * 0.82, 0.82),
        (-half * 0.97, low, bonnet * 0.93, 0.93),
        (-half * 0.8, low, bonnet * 0.98, 0.99),
        (front * length, low, belt, 1.0),
        (rear * length, low, belt, 1.0),
        (half * 0.9, low, tail, 0.98),
        (half * 0.985, low + 0.02, tail * 0.96, 0.93),
        (half, low + 0.14, tail * 0.85, 0.86),
    ]
    if front * length < -half * 0.7:
        del stations[2]
    scene.add("body", _body(width, 0.14, stations), paint)
    lean_front, lean_rear = {
        "saloon": (0.5, 0.45),
        "hatch": (0.45, 0.22),
        "sport": (0.65, 0.7),
        "suv": (0.4, 0.18),
        "van": (0.35, 0.08),
        "pickup": (0.4, 0.12),
    }[kind]
    a, b = front * length, rear * length - 0.05
    levels = [(belt - 0.06, a, b, 0.9), (roof - 0.06, a + lean_front, b - lean_rear, 0.74)]
    rings = []
    for y, z0, z1, share in levels:
        outline = rounded(width * share, z1 - z0, 0.12, 3)
        rings.append(np.column_stack([outline[:, 0], np.full(len(outline), y), outline[:, 1] + (z0 + z1) / 2]))
    scene.add("windows", loft(rings), WINDOW)
    top = rings[1].mean(axis=0)
    crown = [
        (top + (rings[1] - top) * s)[:, [0, 1, 2]] + [0, y, 0] for s, y in ((1.02, -0.015), (1.02, 0.02), (0.9, 0.06))
    ]
    scene.add("roof", loft(crown), paint if rng.random() < 0.8 else mat.paint(mat.colour(rng, mat.DARK), 0.5))
    posts = []
    for share in (0.0, 0.42, 1.0) if b - a > 1.2 else (0.0, 1.0):
        low_end = np.array([width * 0.45 - 0.03, belt - 0.04, a + 0.05 + share * (b - a - 0.1)])
        high_end = np.array(
            [width * 0.37 - 0.025, roof - 0.04, a + lean_front + 0.03 + share * (b - a - lean_front - lean_rear - 0.06)]
        )
        posts.append(rod(low_end, high_end, 0.05, 0.045, 6).both())
    if kind == "van":
        scene.add(
            "panel",
            box(width * 0.86, roof - belt - 0.1, (b - a) * 0.5, 0.03).at(
                0, (roof + belt) / 2 - 0.03, b - (b - a) * 0.26
            ),
            paint,
        )
    scene.add("posts", joined(posts), paint)
    if kind == "pickup":
        scene.add(
            "bed", box(width * 0.82, 0.06, half - b - 0.2).at(0, belt * 0.99, (half + b) / 2), mat.matt(mat.DARK[0])
        )
        scene.add(
            "rails", box(0.09, 0.12, half - b - 0.1, 0.02).at(width * 0.44, belt + 0.02, (half + b) / 2).both(), paint
        )
    arch = cylinder(wheel * 1.17, 0.2, sides=22).turned("z", 90)
    axle = half - length * rng.uniform(0.17, 0.2)
    scene.add(
        "arches",
        joined([arch.at(width / 2 - 0.095, wheel, z).both() for z in (-axle, axle)]),
        mat.matt(mat.hexa("25272b")),
    )
    _axles(scene, [(width / 2 - 0.08, -axle), (width / 2 - 0.08, axle)], wheel, 0.21, mat.metal(rng, mat.METAL[:3]))
    lamp = ellipsoid(0.16, 0.09, 0.08, 12, 6) if rng.random() < 0.5 else box(0.34, 0.13, 0.1, 0.03)
    scene.add("headlights", lamp.at(width * 0.33, bonnet * 0.74, -half * 0.985).both(), LIGHT)
    scene.add("taillights", box(0.28, 0.13, 0.06, 0.02).at(width * 0.32, tail * 0.78, half * 0.99).both(), TAIL)
    scene.add("grille", box(width * 0.4, 0.14, 0.06, 0.02).at(0, bonnet * 0.7, -half * 0.995), mat.paint(mat.DARK[0]))
    bumper = mat.paint(mat.DARK[1]) if rng.random() < 0.5 else mat.metal(rng)
    scene.add(
        "bumpers",
        box(width * 0.92, 0.13, 0.14, 0.05).at(0, low + 0.1, -half * 0.985)
        + box(width * 0.92, 0.13, 0.14, 0.05).at(0, low + 0.12, half * 0.985),
        bumper,
    )
    scene.add("mirrors", box(0.16, 0.11, 0.08, 0.03).at(width / 2 + 0.03, belt + 0.06, a + 0.25).both(), paint)
    extra = rng.random()
    if extra < 0.15 and kind in ("saloon", "hatch"):
        scene.add("sign", box(0.5, 0.16, 0.2, 0.04).at(0, roof + 0.08, (a + b) / 2), mat.paint(mat.hexa("f4d03f")))
    elif extra < 0.3 and kind == "sport":
        scene.add(
            "spoiler",
            box(width * 0.85, 0.04, 0.26, 0.015).at(0, tail + 0.2, half * 0.88)
            + box(0.05, 0.24, 0.12).at(width * 0.3, tail + 0.09, half * 0.88).both(),
            paint,
        )
    elif extra < 0.5 and kind in ("suv", "hatch", "van"):
        scene.add(
            "rack",
            rod(
                (width * 0.33, roof + 0.07, a + lean_front + 0.2),
                (width * 0.33, roof + 0.07, b - lean_rear - 0.2),
                0.03,
            ).both(),
            mat.metal(rng),
        )
    return scene


def bus(rng: np.random.Generator) -> Scene:
    """City bus, coach, double-decker or school bus."""
    scene = Scene()
    kind = pick(rng, ("city", "coach", "double", "school"))
    length = {"city": 10.5, "coach": 11.5, "double": 9.5, "school": 9.0}[kind] * rng.uniform(0.92, 1.08)
    width, high = 2.5, {"city": 2.95, "coach": 3.4, "double": 4.3, "school": 2.95}[kind]
    first = mat.hexa("edb733") if kind == "school" else mat.colour(rng)
    paint = mat.paint(first, 0.5)
    second = mat.paint(mat.colour(rng, mat.NEUTRAL + mat.BRIGHT), 0.5)
    half, low, floor = length / 2, 0.42, 1.3
    nose = 1.5 if kind == "school" else 0.0
    start = -half + nose
    scene.add("body", box(width, high - low, length - nose, 0.22, 2).at(0, (high + low) / 2, nose / 2), paint)
    if nose:
        scene.add(
            "bonnet",
            _body(
                width * 0.86,
                0.25,
                [(-half, 0.5, 1.35, 0.9), (-half + 0.12, low, 1.5, 1.0), (start + 0.2, low, 1.72, 1.05)],
            ),
            paint,
        )
        scene.add("grille", box(0.9, 0.6, 0.06, 0.03).at(0, 0.95, -half - 0.01), mat.paint(mat.DARK[0]))
    scene.add(
        "stripe", box(width + 0.03, rng.uniform(0.16, 0.5), length - nose - 0.6, 0.01).at(0, 0.98, nose / 2), second
    )
    decks = (floor + 0.1, 2.75) if kind == "double" else (floor + 0.15,)
    panes = int(rng.integers(6, 9))
    tall = {"city": 0.95, "coach": 1.2, "double": 0.85, "school": 0.75}[kind]
    pitch = (length - nose - 1.2) / panes
    for y in decks:
        windows = [
            box(width + 0.04, tall, pitch * 0.86, 0.03).at(0, y + tall / 2, start + 0.75 + (i + 0.5) * pitch)
            for i in range(panes)
        ]
        scene.add("windows", joined(windows), WINDOW)
        scene.add("windscreen", box(width * 0.86, tall + 0.05, 0.1, 0.04).at(0, y + tall / 2, start + 0.005), WINDOW)
        scene.add("rear window", box(width * 0.7, tall * 0.7, 0.1, 0.04).at(0, y + tall * 0.55, half - 0.01), WINDOW)
    # The door is on the right-hand side, where the passengers of most countries get in.
    scene.add("door", box(0.08, 1.75, 0.95, 0.02).at(width / 2 - 0.01, 1.45, start + 0.85), mat.paint(mat.DARK[2], 0.5))
    scene.add("door frame", box(0.1, 1.7, 0.07).at(width / 2 - 0.005, 1.45, start + 0.85), second)
    if kind != "school":
        scene.add(
            "sign", box(width * 0.62, 0.28, 0.12, 0.02).at(0, high - 0.27, start + 0.0), mat.paint(mat.hexa("f3d25c"))
        )
    else:
        scene.add("beacons", ellipsoid(0.13, 0.11, 0.11, 10, 6).at(0.7, high - 0.03, start + 0.16).both(), TAIL)
    if kind in ("city", "coach") and rng.random() < 0.7:
        scene.add("cooler", box(1.5, 0.28, 2.2, 0.08).at(0, high + 0.08, rng.uniform(-1, 2)), second)
    _axles(
        scene,
        [(width / 2 - 0.14, -half + 2.1 + nose * 0.2 - (0.8 if nose else 0)), (width / 2 - 0.14, half - 2.3)],
        0.5,
        0.34,
        mat.metal(rng, mat.METAL[:2]),
    )
    arch = cylinder(0.6, 0.3, sides=22).turned("z", 90)
    scene.add(
        "arches",
        joined(
            [
                arch.at(width / 2 - 0.14 - 0.0, 0.5, z).both()
                for z in (-half + 2.1 + nose * 0.2 - (0.8 if nose else 0), half - 2.3)
            ]
        ),
        mat.matt(mat.hexa("25272b")),
    )
    front = -half if nose else start
    scene.add(
        "headlights",
        cylinder(0.15, 0.1, sides=14).turned("x", 90).at(width * 0.36 - nose * 0.05, 0.85, front - 0.0).both(),
        LIGHT,
    )
    scene.add("taillights", box(0.2, 0.42, 0.08, 0.03).at(width * 0.4, 1.0, half).both(), TAIL)
    scene.add(
        "bumpers",
        box(width * 0.98, 0.22, 0.2, 0.06).at(0, 0.5, front - 0.02)
        + box(width * 0.98, 0.22, 0.2, 0.06).at(0, 0.5, half),
        mat.paint(mat.DARK[0]),
    )
    scene.add(
        "mirrors",
        box(0.12, 0.4, 0.16, 0.04).at(width / 2 + 0.18, 2.1, start - 0.12).both()
        + rod((width / 2 - 0.1, 2.3, start + 0.12), (width / 2 + 0.18, 2.28, start - 0.12), 0.035).both(),
        mat.paint(mat.DARK[0]),
    )
    return scene


def motorbike(rng: np.random.Generator) -> Scene:
    """Naked, sports or touring motorbike, cruiser or scooter."""
    scene = Scene()
    kind = pick(rng, ("naked", "sport", "cruiser", "scooter", "trail"))
    radius = {"scooter": 0.22, "cruiser": 0.31, "trail": 0.34}.get(kind, 0.3) * rng.uniform(0.96, 1.04)
    base, thick = (
        {"cruiser": 1.62, "scooter": 1.25}.get(kind, 1.4) * rng.uniform(0.96, 1.04),
        {"trail": 0.055}.get(kind, 0.075),
    )
    front, rear = -base / 2, base / 2
    paint, dark, chrome = (
        mat.paint(mat.colour(rng, mat.BRIGHT + mat.NEUTRAL[:2]), 0.6),
        mat.paint(mat.DARK[0], 0.4),
        mat.metal(rng),
    )
    ring = torus(radius - thick, thick, 28, 8).turned("z", 90).scaled(x=1.15)
    scene.add("tyres", ring.at(0, radius, front) + ring.at(0, radius, rear), TYRE)
    rim = torus(radius - 1.7 * thick, 0.022, 24, 6).turned("z", 90)
    count = int(rng.integers(3, 7))
    spokes = joined(
        [
            rod((0, 0, 0), (0, (radius - 1.6 * thick) * np.sin(t), (radius - 1.6 * thick) * np.cos(t)), 0.02, 0.014, 6)
            for t in np.arange(count) * 2 * np.pi / count
        ]
    )
    hub = cylinder(0.06, 0.13, sides=12).turned("z", 90)
    scene.add("wheels", joined([(rim + spokes + hub).at(0, radius, z) for z in (front, rear)]), chrome)
    rake = {"cruiser": 0.34, "trail": 0.24}.get(kind, 0.2)
    grip = {"cruiser": 1.05, "trail": 1.1, "sport": 0.86, "scooter": 0.98}.get(kind, 0.98)
    head = np.array([0.0, grip - 0.1, front + rake])
    scene.add("fork", rod((0.09, radius, front), (0.09, head[1], head[2]), 0.026).both(), chrome)
    spread = rng.uniform(0.3, 0.38)
    bar = smooth([(0, grip - 0.06, head[2]), (0.14, grip, head[2] + 0.0), (spread, grip + 0.02, head[2] + 0.12)], 6)
    scene.add(
        "handlebar", tube(bar, 0.016).both() + rod((-0.09, head[1], head[2]), (0.09, head[1], head[2]), 0.03), chrome
    )
    scene.add("grips", rod(bar[-2], bar[-1] + (bar[-1] - bar[-2]) * 0.7, 0.026).both(), dark)
    lamp = cylinder(0.06, 0.14, 0.1, 16).turned("x", -90)
    scene.add("lamp", lamp.at(0, head[1] - 0.06, head[2] - 0.1), chrome)
    scene.add("lamp glass", ellipsoid(0.092, 0.092, 0.04, 14, 6).at(0, head[1] - 0.06, head[2] - 0.17), LIGHT)
    fender = np.linspace(0.25, 2.3, 9) if kind != "trail" else np.linspace(0.9, 1.9, 6)
    lift = 0.12 if kind == "trail" else 0.035
    for z, turn in ((front, 0.0), (rear, 0.25)):
        arc = [(0, radius + (radius + lift) * np.sin(t + turn), z + (radius + lift) * np.cos(t + turn)) for t in fender]
        scene.add("fender", sweep(rounded(0.19, 0.025, 0.01, 1), arc), paint)
    seat_y = {"cruiser": 0.68, "sport": 0.84, "trail": 0.92, "scooter": 0.76}.get(kind, 0.8)
    if kind == "scooter":
        shield = extrude(rounded(0.42, 0.66, 0.14), 0.05, 0.015).turned("x", -14).at(0, 0.62, head[2] - 0.02)
        scene.add("shield", shield, paint)
        scene.add("floor", box(0.34, 0.07, 0.5, 0.03).at(0, 0.3, 0.02), dark)
        scene.add(
            "tail",
            _body(
                0.4,
                0.14,
                [
                    (0.18, 0.26, 0.66, 0.7),
                    (0.3, 0.24, 0.72, 1.0),
                    (rear, 0.4, 0.74, 0.95),
                    (rear + 0.28, 0.58, 0.74, 0.5),
                ],
            ),
            paint,
        )
        scene.add("head", ellipsoid(0.14, 0.12, 0.13, 14, 8).at(0, grip - 0.06, head[2]), paint)
        scene.add("seat", box(0.28, 0.1, 0.62, 0.045).at(0, seat_y, rear - 0.28), mat.matt(mat.DARK[1]))
    else:
        tank = [
            (head[2] + 0.02, seat_y - 0.08, seat_y + 0.06, 0.55),
            (head[2] + 0.12, seat_y - 0.1, seat_y + 0.14, 0.95),
            (head[2] + 0.3, seat_y - 0.08, seat_y + 0.12, 1.0),
            (0.06, seat_y - 0.06, seat_y + 0.02, 0.5),
        ]
        scene.add("tank", _body(0.3, 0.12, tank), paint)
        end = rear + (0.12 if kind != "cruiser" else -0.05)
        rise = 0.1 if kind == "sport" else 0.03
        scene.add(
            "seat",
            _body(
                0.27,
                0.05,
                [
                    (0.0, seat_y - 0.1, seat_y - 0.01, 0.6),
                    (0.18, seat_y - 0.1, seat_y - 0.01, 0.95),
                    (end - 0.35, seat_y - 0.1, seat_y, 1.0),
                    (end, seat_y - 0.04 + rise, seat_y + 0.05 + rise, 0.6),
                ],
            ),
            mat.matt(mat.hexa(pick(rng, ("3c3f45", "7a4b32", "56606b")))),
        )
        scene.add("engine", box(0.28, 0.26, 0.36, 0.05).at(0, 0.4, -0.04), dark)
        fins = [
            box(0.24, 0.022, 0.24, 0.008).turned("x", tilt).at(0, 0.54 + i * 0.04, -0.04 - i * 0.008)
            for i in range(4)
            for tilt in (12,)
        ]
        scene.add("cylinders", joined(fins) + cylinder(0.09, 0.2).at(0, 0.58, -0.05), chrome)
        frame = [
            rod((0.07, head[1] - 0.1, head[2] + 0.02), (0.11, 0.34, -0.22), 0.022),
            rod((0.11, 0.34, -0.22), (0.11, 0.3, 0.26), 0.022),
            rod((0.11, 0.3, 0.26), (0.1, seat_y - 0.1, 0.3), 0.022),
            rod((0.09, head[1] - 0.1, head[2] + 0.02), (0.1, seat_y - 0.1, 0.3), 0.022),
        ]
        scene.add("frame", joined(frame).both(), paint if rng.random() < 0.4 else dark)
        if kind == "sport":
            scene.add(
                "fairing",
                _body(
                    0.36,
                    0.12,
                    [
                        (head[2] - 0.24, 0.74, 0.82, 0.3),
                        (head[2] - 0.1, 0.56, 0.92, 0.9),
                        (head[2] + 0.12, 0.42, 0.86, 1.0),
                        (0.02, 0.3, 0.6, 0.9),
                    ],
                ),
                paint,
            )
            scene.add("screen", box(0.24, 0.16, 0.015).turned("x", 50).at(0, grip + 0.1, head[2] - 0.06), WINDOW)
    swing = rod((0.11, 0.34, 0.2), (0.11, radius, rear), 0.026)
    scene.add("swing arm", swing.both(), dark)
    scene.add("shocks", rod((0.12, radius + 0.02, rear - 0.06), (0.12, seat_y - 0.1, rear - 0.2), 0.032).both(), chrome)
    side = 0.17
    level = 0.5 if kind == "trail" else 0.28
    pipe = smooth([(side - 0.05, 0.46, -0.24), (side, 0.26, -0.2), (side, 0.24, 0.1), (side, level, 0.34)], 10)
    scene.add(
        "exhaust",
        tube(pipe, 0.025) + rod((side, level, 0.3), (side + 0.02, level + 0.06, rear + 0.18), 0.042, 0.055, 12),
        chrome,
    )
    scene.add(
        "taillight",
        box(0.12, 0.06, 0.05, 0.015).at(0, seat_y - 0.04, rear + (0.17 if kind != "cruiser" else 0.02)),
        TAIL,
    )
    return scene


def skateboard(rng: np.random.Generator) -> Scene:
    """Board with raised ends on two trucks; the nose is at the front."""
    scene = Scene()
    length, width = rng.uniform(0.74, 1.0), rng.uniform(0.2, 0.26)
    kind = pick(rng, ("street", "street", "long", "fish"))
    if kind == "long":
        length *= 1.25
    kick = rng.uniform(0.05, 0.09) * (0.3 if kind == "long" else 1.0)
    if kind == "fish":
        side = smooth([(0.0, 0.5), (0.26, 0.47), (0.46, 0.3), (0.5, 0.05), (0.44, -0.3), (0.3, -0.5)], 14)
        outline = np.concatenate([side, side[::-1][:-1] * (-1, 1)]) * (width, -length)
    else:
        outline = rounded(width, length, width * (0.49 if kind == "street" else 0.3), 7)
    # Cut across, so that the bend has something to bend.
    stations = np.linspace(-length / 2, length / 2, 21)
    flat = np.concatenate([outline, outline[:1]])
    widths = np.array([_half_width(flat, z * 0.995) for z in stations])

    def bent(z: float) -> float:
        over = max(abs(z) - length * 0.33, 0.0) / (length * 0.17)
        return kick * over**1.6 * (1.0 if z < 0 or kind != "fish" else 1.3)

    def deck(low: float, high: float, share: float) -> Mesh:
        rings = []
        for z, half in zip(stations, widths, strict=True):
            w, y = max(half * share, 0.004), bent(z)
            rings.append([(-w, y + low, z), (w, y + low, z), (w, y + high, z), (-w, y + high, z)])
        return loft(rings)

    print_ = pick(
        rng,
        (
            mat.striped(rng, mat.colour(rng, mat.BRIGHT), mat.colour(rng, mat.BRIGHT), 1.0),
            mat.checked(mat.colour(rng, mat.BRIGHT), mat.WHITE, 1.0),
            mat.paint(mat.colour(rng, mat.BRIGHT), 0.5),
            mat.wood(rng),
        ),
    )
    scene.add("deck", deck(0.0, 0.018, 1.0), print_)
    grip = mat.matt(mat.hexa(pick(rng, ("4a4d52", "5a5560", "3f5a66", "6b4f4a", "c8b59a"))))
    scene.add("grip", deck(0.016, 0.021, 0.95), grip)
    canvas = mat.paint(mat.colour(rng, mat.BRIGHT), 0.4)
    # A band across the nose tells it from the tail.
    band = box(width * 0.88, 0.006, length * 0.045).at(0, 0.021 + bent(-length * 0.3), -length * 0.3)
    scene.add("band", band, canvas)
    metal = mat.metal(rng)
    wheel, track = rng.uniform(0.026, 0.036) * (1.25 if kind == "long" else 1.0), width * 0.42
    for z in (-length * 0.29, length * 0.29):
        scene.add(
            "truck",
            rod((-track, -0.055, z), (track, -0.055, z), 0.011)
            + cylinder(0.02, 0.06, 0.034, 10).at(0, -0.028, z)
            + box(0.09, 0.012, 0.11, 0.003).at(0, -0.004, z),
            metal,
        )
    roller = cylinder(wheel, 0.036, sides=18, bevel=0.008).turned("z", 90)
    hub = cylinder(wheel * 0.45, 0.042, sides=12).turned("z", 90)
    spots = [(-length * 0.29), length * 0.29]
    scene.add(
        "wheels",
        joined([roller.at(track, -0.055, z).both() for z in spots]),
        mat.paint(mat.colour(rng, mat.BRIGHT + mat.NEUTRAL[:1]), 0.4),
    )
    scene.add("bearings", joined([hub.at(track, -0.055, z).both() for z in spots]), metal)
    return scene


def _half_width(outline: Floats, z: float) -> float:
    """Half the width at length z of a closed outline (points, 2) that is symmetric left to right."""
    low, high = outline[:-1], outline[1:]
    crossing = (low[:, 1] - z) * (high[:, 1] - z) < 0
    share = (z - low[crossing, 1]) / (high[crossing, 1] - low[crossing, 1])
    return float(np.abs(low[crossing, 0] + share * (high[crossing, 0] - low[crossing, 0])).max(initial=0.0))


def train(rng: np.random.Generator) -> Scene:
    """Steam engine, diesel, express unit or tram, alone or with a carriage behind."""
    scene = Scene()
    kind = pick(rng, ("steam", "diesel", "express", "tram"))
    return {"steam": _steam, "diesel": _diesel, "express": _express, "tram": _express}[kind](rng, scene, kind == "tram")


def _bogies(scene: Scene, places: Iterable[float], hub: Material, radius: float = 0.42, track: float = 0.72) -> None:
    _axles(scene, [(track, z) for z in places], radius, 0.16, hub, sides=10)


def _steam(rng: np.random.Generator, scene: Scene, _tram: bool) -> Scene:
    paint, second = (
        mat.paint(mat.colour(rng, mat.BRIGHT + mat.DARK[2:5]), 0.5),
        mat.paint(mat.colour(rng, mat.BRIGHT), 0.4),
    )
    black, brass = mat.paint(mat.hexa("3a3d42"), 0.4), mat.metal(rng, mat.METAL[3:4])
    length, girth = rng.uniform(4.2, 5.6), rng.uniform(0.62, 0.75)
    axis = 1.75
    front, back = -length / 2, length / 2
    scene.add("boiler", cylinder(girth, length, sides=28, bevel=0.05).turned("x", 90).at(0, axis, 0), paint)
    scene.add(
        "smokebox", cylinder(girth * 1.04, 0.8, sides=28, bevel=0.06).turned("x", 90).at(0, axis, front + 0.2), black
    )
    scene.add(
        "bands",
        joined(
            [
                torus(girth * 1.01, 0.03, 24, 4).turned("x", 90).at(0, axis, z)
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
        WINDOW,
    )
    scene.add("cab roof", box(2.0, 0.12, 1.85, 0.05).at(0, 2.72, back + 0.6), black)
    big = rng.uniform(0.55, 0.68)
    count = int(rng.integers(2, 4))
    drive = [front + 1.5 + i * (2.1 * big) for i in range(count)]
    for z in drive:
        rim = torus(big - 0.07, 0.08, 18, 4).turned("z", 90)
        spokes = [
            rod((0, 0, 0), (0, (big - 0.08) * np.sin(t), (big - 0.08) * np.cos(t)), 0.035, sides=4)
            for t in np.arange(7) * 2 * np.pi / 7
        ]
        scene.add(
            "driver",
            (rim + joined(spokes) + cylinder(0.14, 0.2, sides=12).turned("z", 90)).at(0.76, big, z).both(),
            second,
        )
    scene.add(
        "rods",
        box(0.07, 0.11, (count - 1) * 2.1 * big + 0.4, 0.02).at(0.9, big - 0.15, float(np.mean(drive))).both(),
        brass,
    )
    _bogies(scene, [front + 0.25, back + 0.9], black, 0.34)
    scene.add(
        "cylinder", cylinder(0.26, 0.8, sides=16, bevel=0.04).turned("x", 90).at(0.82, 0.75, front + 0.4).both(), paint
    )
    plough = [
        [
            (0.85 * s, y, front - 0.35 - d),
            (-0.85 * s, y, front - 0.35 - d),
            (-0.85 * s, y, front - 0.3),
            (0.85 * s, y, front - 0.3),
        ]
        for s, y, d in ((1.0, 0.15, 0.5), (0.85, 0.75, 0.06))
    ]
    scene.add("cow catcher", loft(plough), second)
    scene.add("lamp", cylinder(0.2, 0.28, sides=14).turned("x", 90).at(0, axis + girth + 0.22, front - 0.1), brass)
    scene.add("lamp glass", ellipsoid(0.17, 0.17, 0.06, 12, 6).at(0, axis + girth + 0.22, front - 0.25), LIGHT)
    if rng.random() < 0.6:
        z = back + 2.55
        scene.add("tender", box(1.75, 1.0, 2.0, 0.05).at(0, 1.45, z), paint)
        scene.add("coal", ellipsoid(0.75, 0.3, 0.9, 10, 6).at(0, 1.9, z), mat.matt(mat.hexa("34363a")))
        scene.add("tender base", box(1.8, 0.14, 2.3, 0.03).at(0, 0.9, z), second)
        _bogies(scene, [z - 0.6, z + 0.6], black, 0.36)
    return scene


def _diesel(rng: np.random.Generator, scene: Scene, _tram: bool) -> Scene:
    paint, second = (
        mat.paint(mat.colour(rng, mat.BRIGHT), 0.5),
        mat.paint(mat.colour(rng, mat.NEUTRAL + mat.BRIGHT), 0.5),
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
        WINDOW,
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
        cylinder(0.16, 0.35, sides=12).turned("x", 90).at(0.6, 1.0, -half - 0.1).both()
        + cylinder(0.16, 0.35, sides=12).turned("x", 90).at(0.6, 1.0, half + 0.1).both(),
        dark,
    )
    scene.add("headlights", cylinder(0.14, 0.1, sides=12).turned("x", 90).at(0.45, 1.8, -half + 0.16).both(), LIGHT)
    scene.add(
        "plough", box(1.7, 0.4, 0.12, 0.03).turned("x", -15).at(0, 0.6, -half + 0.05), mat.paint(mat.hexa("e8c547"))
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
        mat.paint(mat.colour(rng, mat.NEUTRAL + mat.SOFT + mat.BRIGHT), 0.6),
        mat.paint(mat.colour(rng, mat.BRIGHT), 0.5),
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
    scene.add("nose", _body(width, 0.4, [*stations, (front + 0.3, low, high, 1.0)]), paint)
    cars = int(rng.integers(1, 3))
    for index in range(cars):
        start = front + index * (length + 0.35)
        middle = start + length / 2
        scene.add("car", _body(width, 0.4, [(start, low, high, 1.0), (start + length, low, high, 1.0)]), paint)
        scene.add("belt", box(width + 0.02, 0.62, length - 0.3, 0.02).at(0, 1.75, middle), WINDOW)
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
    # The windscreen lies on the nose's slope: a copy of its upper part, a little in front of it and narrower.
    first = 1 - np.sqrt(1 - ((1.5 - low - 0.55) / (high - low - 0.55)) ** 2)
    pane = []
    for step in np.linspace(first, first + (0.5 if tram else 0.3), 9):
        swell = np.sqrt(1 - (1 - step) ** 2)
        top = low + 0.55 + (high - low - 0.55) * swell
        pane.append((front - nose + nose * step - 0.04, 1.42, top + 0.025, (0.45 + 0.55 * swell) * 0.82))
    scene.add("windscreen", _body(width, 0.25, pane), WINDOW)
    at = stations[1]
    scene.add("headlights", ellipsoid(0.16, 0.1, 0.14, 12, 6).at(width * at[3] * 0.36, low + 0.35, at[0]).both(), LIGHT)
    scene.add("skirt", box(width * 0.8, 0.25, length * 0.9, 0.05).at(0, 0.42, 0), dark)
    back = front + cars * (length + 0.35) - 0.35
    scene.add("taillights", box(0.25, 0.15, 0.06, 0.02).at(0.6, 1.0, back).both(), TAIL)
    if rng.random() < 0.7:
        arm = tube([(0, high, 0.5), (0, high + 0.5, 1.0), (0, high + 0.85, 0.5)], 0.035, 6)
        scene.add("pantograph", arm + rod((-0.6, high + 0.87, 0.5), (0.6, high + 0.87, 0.5), 0.04, sides=6), dark)
    return scene
