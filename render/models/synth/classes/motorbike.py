"""Generator of class 03790512, motorbike."""

from typing import NamedTuple

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.vehicles import LIGHT, ROAD_WINDOW, TAIL, TIRE, rounded_body
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Floats,
    box,
    cylinder,
    ellipsoid,
    extrude,
    joined,
    rod,
    rounded,
    smooth,
    sweep,
    torus,
    tube,
)


class _Joints(NamedTuple):
    """Where the parts meet: Z of the rear axle, height of the grips, the steering head (3,), height of the seat."""

    rear: float
    grip: float
    head: Floats
    seat_y: float


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
        mat.paint(mat.color(rng, mat.BRIGHT + mat.NEUTRAL[:2]), 0.6),
        mat.paint(mat.DARK[0], 0.4),
        mat.metal(rng),
    )
    ring = torus(radius - thick, thick, 28, 8).rotated("z", 90).scaled(x=1.15)
    scene.add("tyres", ring.at(0, radius, front) + ring.at(0, radius, rear), TIRE)
    rim = torus(radius - 1.7 * thick, 0.022, 24, 6).rotated("z", 90)
    count = int(rng.integers(3, 7))
    spokes = joined(
        [
            rod((0, 0, 0), (0, (radius - 1.6 * thick) * np.sin(t), (radius - 1.6 * thick) * np.cos(t)), 0.02, 0.014, 6)
            for t in np.arange(count) * 2 * np.pi / count
        ]
    )
    hub = cylinder(0.06, 0.13, sides=12).rotated("z", 90)
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
    lamp = cylinder(0.06, 0.14, 0.1, 16).rotated("x", -90)
    scene.add("lamp", lamp.at(0, head[1] - 0.06, head[2] - 0.1), chrome)
    scene.add("lamp glass", ellipsoid(0.092, 0.092, 0.04, 14, 6).at(0, head[1] - 0.06, head[2] - 0.17), LIGHT)
    fender = np.linspace(0.25, 2.3, 9) if kind != "trail" else np.linspace(0.9, 1.9, 6)
    lift = 0.12 if kind == "trail" else 0.035
    for z, turn in ((front, 0.0), (rear, 0.25)):
        arc = [(0, radius + (radius + lift) * np.sin(t + turn), z + (radius + lift) * np.cos(t + turn)) for t in fender]
        scene.add("fender", sweep(rounded(0.19, 0.025, 0.01, 1), arc), paint)
    seat_y = {"cruiser": 0.68, "sport": 0.84, "trail": 0.92, "scooter": 0.76}.get(kind, 0.8)
    joints = _Joints(rear, grip, head, seat_y)
    if kind == "scooter":
        _scooter_body(scene, joints, paint, dark)
    else:
        _tank_and_engine(rng, scene, kind, joints, paint, dark, chrome)
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


def _scooter_body(scene: Scene, joints: _Joints, paint: Material, dark: Material) -> None:
    """Shield, floor, tail and seat."""
    rear, grip, head, seat_y = joints
    shield = extrude(rounded(0.42, 0.66, 0.14), 0.05, 0.015).rotated("x", -14).at(0, 0.62, head[2] - 0.02)
    scene.add("shield", shield, paint)
    scene.add("floor", box(0.34, 0.07, 0.5, 0.03).at(0, 0.3, 0.02), dark)
    scene.add(
        "tail",
        rounded_body(
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
    scene.add("seat", box(0.28, 0.1, 0.62, 0.045).at(0, seat_y, rear - 0.28), mat.matte(mat.DARK[1]))


def _tank_and_engine(
    rng: np.random.Generator,
    scene: Scene,
    kind: str,
    joints: _Joints,
    paint: Material,
    dark: Material,
    chrome: Material,
) -> None:
    """Tank, seat, engine and frame, for a sports bike a fairing."""
    rear, grip, head, seat_y = joints
    tank = [
        (head[2] + 0.02, seat_y - 0.08, seat_y + 0.06, 0.55),
        (head[2] + 0.12, seat_y - 0.1, seat_y + 0.14, 0.95),
        (head[2] + 0.3, seat_y - 0.08, seat_y + 0.12, 1.0),
        (0.06, seat_y - 0.06, seat_y + 0.02, 0.5),
    ]
    scene.add("tank", rounded_body(0.3, 0.12, tank), paint)
    end = rear + (0.12 if kind != "cruiser" else -0.05)
    rise = 0.1 if kind == "sport" else 0.03
    scene.add(
        "seat",
        rounded_body(
            0.27,
            0.05,
            [
                (0.0, seat_y - 0.1, seat_y - 0.01, 0.6),
                (0.18, seat_y - 0.1, seat_y - 0.01, 0.95),
                (end - 0.35, seat_y - 0.1, seat_y, 1.0),
                (end, seat_y - 0.04 + rise, seat_y + 0.05 + rise, 0.6),
            ],
        ),
        mat.matte(mat.hexa(pick(rng, ("3c3f45", "7a4b32", "56606b")))),
    )
    scene.add("engine", box(0.28, 0.26, 0.36, 0.05).at(0, 0.4, -0.04), dark)
    fins = [
        box(0.24, 0.022, 0.24, 0.008).rotated("x", tilt).at(0, 0.54 + i * 0.04, -0.04 - i * 0.008)
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
            rounded_body(
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
        scene.add("screen", box(0.24, 0.16, 0.015).rotated("x", 50).at(0, grip + 0.1, head[2] - 0.06), ROAD_WINDOW)
