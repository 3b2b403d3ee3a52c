"""Generator of class 03991062, flowerpot."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.parts.vessels import glaze_material, hollow_vessel
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Mesh,
    cylinder,
    ellipsoid,
    joined,
    lathe,
    loft,
    rod,
    rounded,
    smooth,
    sweep,
    tube,
)


def flowerpot(rng: np.random.Generator) -> Scene:
    """Pot or trough with a plant: cactus, leaves, flowers or a little tree."""
    scene = Scene()
    height, radius = rng.uniform(0.42, 0.6), rng.uniform(0.26, 0.36)
    clay = mat.matte(mat.hexa(pick(rng, ("c4683f", "b5734e", "d08a5c")))) if rng.random() < 0.4 else glaze_material(rng)
    square = rng.random() < 0.25
    taper = rng.uniform(0.62, 0.85)
    if square:
        levels = [(taper, 0.0), (1.0, height), (0.86, height), (0.86, height * 0.8)]
        outline = rounded(2 * radius, 2 * radius, 0.03, 2)
        scene.add(
            "pot",
            loft(
                [np.column_stack([s * outline[:, 0], np.full(len(outline), y), s * outline[:, 1]]) for s, y in levels]
            ),
            clay,
        )
    else:
        outside = [
            (radius * taper, 0.0),
            (radius * 0.97, height * 0.8),
            (radius * 1.08, height * 0.8),
            (radius * 1.1, height),
        ]
        scene.add("pot", hollow_vessel(outside, 0.05, height * 0.75, 28), clay)
        scene.add(
            "saucer",
            lathe([(0, -0.03), (radius * 0.9, -0.03), (radius * 1.05, 0.05), (radius * 0.98, 0.05), (0, 0.02)], 28),
            clay,
        )
    scene.add(
        "soil",
        cylinder(radius * 0.98 if not square else radius * 1.1, 0.03, sides=24 if not square else 4)
        .rotated("y", 45 if square else 0)
        .at(0, height * 0.88, 0),
        mat.matte(mat.hexa("5d4433")),
    )
    ground = height * 0.88
    green = mat.shade(mat.hexa(pick(rng, ("5f9e4c", "7cb35a", "4f8f5f", "93b84d", "6fae86"))), rng.uniform(0.9, 1.1))
    {"cactus": _cactus, "leaves": _leaves, "flowers": _flowers, "tree": _tree}[
        pick(rng, ("cactus", "leaves", "flowers", "tree"))
    ](rng, scene, ground, radius, green)
    return scene


def _cactus(rng: np.random.Generator, scene: Scene, ground: float, radius: float, green: mat.Color) -> None:
    height, thick, ribs = rng.uniform(0.4, 0.8), radius * rng.uniform(0.42, 0.62), 9

    def ribbed(points: np.ndarray) -> np.ndarray:
        turn = np.arctan2(points[:, 2], points[:, 0])
        points[:, [0, 2]] *= (1 + 0.09 * np.cos(ribs * turn))[:, None]
        return points

    scene.add(
        "cactus",
        ellipsoid(thick, height * 0.55, thick, 36, 10).deformed(ribbed).at(0, ground + height * 0.5, 0),
        mat.matte(green),
    )
    for side in (1, -1)[: int(rng.integers(1, 3))]:
        level = ground + height * rng.uniform(0.35, 0.6)
        path = smooth(
            [
                (0, level, 0),
                (side * thick * 1.5, level, 0),
                (side * thick * 1.9, level + 0.1, 0),
                (side * thick * 1.9, level + 0.26, 0),
            ],
            9,
        )
        scene.add("arm", tube(path, [*np.full(8, thick * 0.34), thick * 0.15], 10), mat.matte(green))
    scene.add("flower", _blossom(0.09, 6).at(0, ground + height * 1.05, 0), mat.matte(mat.color(rng, mat.BRIGHT[9:12])))


def _blossom(radius: float, petals: int) -> Mesh:
    petal = ellipsoid(radius * 0.6, radius * 0.16, radius * 0.34, 8, 4).at(radius * 0.62, radius * 0.12, 0)
    return joined([petal.rotated("z", 15).rotated("y", 360 * i / petals) for i in range(petals)])


def _leaf(length: float, width: float, droop: float) -> Mesh:
    """A leaf from the origin outward along X, rising and then drooping."""
    steps = np.linspace(0, 1, 8)
    path = np.column_stack([length * steps * 0.8, length * (steps * 1.1 - droop * steps**2.4), np.zeros(8)])
    broad = np.sin(np.pi * np.clip(steps * 0.93 + 0.06, 0, 1)) ** 0.8 + 0.02
    section = np.array([(1.0, 0.25), (0.0, 0.0), (-1.0, 0.25), (0.0, -0.16)]) * width
    return sweep(section, path, broad)


def _leaves(rng: np.random.Generator, scene: Scene, ground: float, _radius: float, green: mat.Color) -> None:
    count, droop = int(rng.integers(9, 18)), rng.uniform(0.2, 1.2)
    width = rng.uniform(0.05, 0.1)
    for tone in (0.8, 1.0, 1.2):
        leaves = [
            _leaf(rng.uniform(0.5, 0.9), width, droop * rng.uniform(0.7, 1.2))
            .rotated("z", rng.uniform(0, 32))
            .rotated("y", rng.uniform(0, 360))
            for _ in range(count // 3)
        ]
        scene.add("leaves", joined(leaves).at(0, ground, 0), mat.matte(mat.shade(green, tone)))


def _flowers(rng: np.random.Generator, scene: Scene, ground: float, radius: float, green: mat.Color) -> None:
    count, petals = int(rng.integers(4, 9)), int(rng.integers(5, 9))
    stems, heads, hearts = [], [], []
    for turn in np.arange(count) * 2.4:
        reach, top = radius * rng.uniform(0.3, 1.0), ground + rng.uniform(0.35, 0.65)
        x, z = reach * np.cos(turn), reach * np.sin(turn)
        stems.append(
            tube(smooth([(x * 0.2, ground, z * 0.2), (x * 0.6, (ground + top) / 2, z * 0.6), (x, top, z)], 5), 0.012, 5)
        )
        tilt = rng.uniform(10, 40)
        heads.append(_blossom(0.12, petals).rotated("z", -tilt).rotated("y", -np.degrees(turn)).at(x, top, z))
        hearts.append(ellipsoid(0.045, 0.035, 0.045, 8, 5).at(x, top + 0.03, z))
    scene.add("stems", joined(stems), mat.matte(green))
    scene.add(
        "leaves",
        joined([_leaf(0.3, 0.05, 0.9).rotated("y", a) for a in np.arange(6) * 61.0]).at(0, ground, 0),
        mat.matte(mat.shade(green, 0.85)),
    )
    scene.add("blossoms", joined(heads), mat.matte(mat.color(rng, mat.BRIGHT)))
    scene.add("hearts", joined(hearts), mat.matte(mat.hexa("e8c14a")))


def _tree(rng: np.random.Generator, scene: Scene, ground: float, _radius: float, green: mat.Color) -> None:
    height = rng.uniform(0.35, 0.6)
    scene.add("trunk", rod((0, ground - 0.02, 0), (0, ground + height, 0), 0.035, 0.025), mat.wood(rng))
    if rng.random() < 0.5:
        balls = [ellipsoid(0.27, 0.27, 0.27, 14, 9).at(0, ground + height, 0)]
        balls += [
            ellipsoid(0.15, 0.14, 0.15, 10, 6).at(
                0.2 * np.cos(a), ground + height + rng.uniform(-0.1, 0.15), 0.2 * np.sin(a)
            )
            for a in np.arange(6) * 1.1
        ]
        scene.add("crown", joined(balls), mat.matte(green))
    else:
        tiers = [
            cylinder(0.32 * s, 0.3, 0.03, 14).at(0, ground + height * 0.45 + y, 0)
            for s, y in ((1.0, 0.1), (0.8, 0.28), (0.58, 0.45))
        ]
        scene.add("crown", joined(tiers), mat.matte(green))
