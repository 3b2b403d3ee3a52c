"""Generator of class 02924116, bus."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.parts.vehicles import LIGHT, ROAD_WINDOW, TAIL, axles, rounded_body
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import box, cylinder, ellipsoid, joined, rod


def bus(rng: np.random.Generator) -> Scene:
    """City bus, coach, double-decker or school bus."""
    scene = Scene()
    kind = pick(rng, ("city", "coach", "double", "school"))
    length = {"city": 10.5, "coach": 11.5, "double": 9.5, "school": 9.0}[kind] * rng.uniform(0.92, 1.08)
    width, high = 2.5, {"city": 2.95, "coach": 3.4, "double": 4.3, "school": 2.95}[kind]
    first = mat.hexa("edb733") if kind == "school" else mat.color(rng)
    paint = mat.paint(first, 0.5)
    second = mat.paint(mat.color(rng, mat.NEUTRAL + mat.BRIGHT), 0.5)
    half, low = length / 2, 0.42
    nose = 1.5 if kind == "school" else 0.0
    start = -half + nose
    scene.add("body", box(width, high - low, length - nose, 0.22, 2).at(0, (high + low) / 2, nose / 2), paint)
    if nose:
        scene.add(
            "bonnet",
            rounded_body(
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
    _windows(rng, scene, kind, length, width, nose)
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
    axles(
        scene,
        [(width / 2 - 0.14, -half + 2.1 + nose * 0.2 - (0.8 if nose else 0)), (width / 2 - 0.14, half - 2.3)],
        0.5,
        0.34,
        mat.metal(rng, mat.METAL[:2]),
    )
    arch = cylinder(0.6, 0.3, sides=22).rotated("z", 90)
    scene.add(
        "arches",
        joined(
            [
                arch.at(width / 2 - 0.14 - 0.0, 0.5, z).both()
                for z in (-half + 2.1 + nose * 0.2 - (0.8 if nose else 0), half - 2.3)
            ]
        ),
        mat.matte(mat.hexa("25272b")),
    )
    front = -half if nose else start
    scene.add(
        "headlights",
        cylinder(0.15, 0.1, sides=14).rotated("x", 90).at(width * 0.36 - nose * 0.05, 0.85, front - 0.0).both(),
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


def _windows(rng: np.random.Generator, scene: Scene, kind: str, length: float, width: float, nose: float) -> None:
    """Windows of one deck or two, windshields and rear windows."""
    half, floor = length / 2, 1.3
    start = -half + nose
    decks = (floor + 0.1, 2.75) if kind == "double" else (floor + 0.15,)
    panes = int(rng.integers(6, 9))
    tall = {"city": 0.95, "coach": 1.2, "double": 0.85, "school": 0.75}[kind]
    pitch = (length - nose - 1.2) / panes
    for y in decks:
        windows = [
            box(width + 0.04, tall, pitch * 0.86, 0.03).at(0, y + tall / 2, start + 0.75 + (i + 0.5) * pitch)
            for i in range(panes)
        ]
        scene.add("windows", joined(windows), ROAD_WINDOW)
        scene.add(
            "windscreen", box(width * 0.86, tall + 0.05, 0.1, 0.04).at(0, y + tall / 2, start + 0.005), ROAD_WINDOW
        )
        scene.add(
            "rear window", box(width * 0.7, tall * 0.7, 0.1, 0.04).at(0, y + tall * 0.55, half - 0.01), ROAD_WINDOW
        )
