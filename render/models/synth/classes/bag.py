"""Generator of class 02773838, bag."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Color, Material
from threedie.render.models.synth.parts.storage import level_ring
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Extent,
    Mesh,
    box,
    cylinder,
    ellipsoid,
    extrude,
    frame,
    joined,
    loft,
    rod,
    rounded,
    smooth,
    superellipse,
    sweep,
    torus,
    tube,
)


def _handle(x: float, low: float, top: float, z: float, flat: tuple[float, float] = (0.06, 0.022)) -> Mesh:
    """A bow from -x to x and from `low` up to `top`, of a flat section."""
    arch = smooth(
        [
            (-x, low, z),
            (-x * 0.92, low + (top - low) * 0.6, z),
            (0, top, z),
            (x * 0.92, low + (top - low) * 0.6, z),
            (x, low, z),
        ],
        21,
    )
    return sweep(rounded(*flat, 0.008, 2), arch, up=(0, 0, 1))


def _sack(size: Extent, levels: list[tuple[float, float, float]], power: float = 5.0) -> Mesh:
    """A body through (height, width, depth), as shares of the whole; nearer to a box the higher `power` is."""
    width, height, depth = size
    return loft([level_ring(superellipse(width / 2 * w, depth / 2 * d, power, 32), y * height) for y, w, d in levels])


def bag(rng: np.random.Generator) -> Scene:
    """Handbag, tote, backpack, suitcase or paper bag; clasp, pocket or label at the front."""
    scene = Scene()
    kind = pick(rng, ("hand", "tote", "backpack", "travel", "paper"))
    base = mat.color(rng, mat.BRIGHT + mat.SOFT + mat.WOOD)
    skin = mat.paint(base, 0.3)
    second = mat.paint(mat.color(rng, mat.WOOD + mat.DARK + mat.BRIGHT), 0.3)
    metal = mat.metal(rng, mat.METAL[:5])
    width, height, depth = {
        "hand": (1.0, 0.68, 0.38),
        "tote": (1.0, 0.95, 0.36),
        "backpack": (0.8, 1.1, 0.42),
        "travel": (1.2, 0.8, 0.4),
        "paper": (0.72, 0.92, 0.34),
    }[kind]
    size = Extent(
        width * rng.uniform(0.88, 1.12),
        height * rng.uniform(0.9, 1.12),
        depth * rng.uniform(0.85, 1.15),
    )
    cloth = pick(
        rng,
        (
            skin,
            mat.fabric(rng, base, 5),
            mat.striped(rng, base, mat.mixed(base, mat.WHITE, 0.7), 1.0),
            mat.checked(base, mat.mixed(base, mat.WHITE, 0.5), 1.0),
        ),
    )
    if kind == "hand":
        _handbag(rng, scene, second, metal, size, cloth)
    elif kind == "tote":
        _tote(rng, scene, second, size, cloth)
    elif kind == "backpack":
        _backpack(rng, scene, second, metal, size, cloth)
    elif kind == "travel":
        _travel_bag(rng, scene, second, metal, size, cloth)
    else:
        _paper_bag(rng, scene, base, second, size)
    return scene


def _handbag(
    rng: np.random.Generator, scene: Scene, second: Material, metal: Material, size: Extent, cloth: Material
) -> None:
    """Body with a flap, clasp, bow handle and feet."""
    (width, height, depth), front = size, size.front
    wide = rng.uniform(0.6, 0.95)
    scene.add(
        "body",
        _sack(
            size,
            [
                (0, 0.92, 0.8),
                (0.03, 1.0, 1.0),
                (0.5, (1 + wide) / 2, 0.85),
                (0.97, wide, 0.42),
                (1.0, wide * 0.96, 0.3),
            ],
        ),
        cloth,
    )
    flap = [
        (-0.5 * wide, 0.0),
        (0.5 * wide, 0.0),
        (0.46 * wide, -0.3),
        (0.2, -0.46),
        (-0.2, -0.46),
        (-0.46 * wide, -0.3),
    ]
    lean = float(np.degrees(np.arctan2(depth * 0.3, height)))
    plate = extrude(smooth(np.array(_flat_points(flap)) * (width * 0.98, height * 1.05), 24, closed=True), 0.05, 0.012)
    scene.add("flap", plate.rotated("x", lean).at(0, height * 1.0, -depth * 0.2), second)
    scene.add("clasp", box(0.12, 0.1, 0.06, 0.02).at(0, height * 0.56, front * 0.92 - 0.02), metal)
    scene.add("handle", _handle(width * wide * 0.34, height * 0.96, height * rng.uniform(1.5, 1.9), 0.0), second)
    scene.add(
        "rings",
        torus(0.045, 0.014, 14, 6).rotated("x", 90).at(width * wide * 0.34, height * 0.97, -0.02).both(),
        metal,
    )
    scene.add(
        "feet",
        joined(
            [
                ellipsoid(0.03, 0.02, 0.03, 8, 5).at(x * width * 0.4, 0, z * depth * 0.3)
                for x in (-1, 1)
                for z in (-1, 1)
            ]
        ),
        metal,
    )


def _tote(rng: np.random.Generator, scene: Scene, second: Material, size: Extent, cloth: Material) -> None:
    """Open bag with two handles, sometimes with bread."""
    (width, height, depth), front = size, size.front
    walls = [
        (0, 0.86, 0.85),
        (0.03, 0.9, 1.0),
        (0.6, 0.96, 0.95),
        (1.0, 1.05, 0.9),
        (1.0, 0.99, 0.78),
        (0.5, 0.9, 0.8),
        (0.08, 0.84, 0.8),
    ]
    scene.add("body", _sack(size, walls, 6.0), cloth)
    scene.add(
        "hem",
        tube(level_ring(superellipse(width * 0.51, depth * 0.42, 6, 32), height), 0.022, 6, closed=True),
        second,
    )
    for z in (front * 0.88, -front * 0.88):
        scene.add("handle", _handle(width * 0.24, height * 0.78, height * 1.5, z), second)
    scene.add("pocket", box(width * 0.44, height * 0.36, 0.04, 0.015).at(0, height * 0.38, front * 0.97), second)
    if rng.random() < 0.5:
        scene.add(
            "bread",
            rod((width * 0.15, height * 0.6, 0), (width * 0.3, height * 1.3, 0.05), 0.07, 0.06, 12),
            mat.matte(mat.hexa("cf9a5b")),
        )


def _backpack(
    rng: np.random.Generator, scene: Scene, second: Material, metal: Material, size: Extent, cloth: Material
) -> None:
    """Rounded body with pockets, zips and straps."""
    (width, height, depth), front = size, size.front
    scene.add(
        "body",
        _sack(
            size,
            [
                (0, 0.8, 0.8),
                (0.05, 1.0, 1.0),
                (0.55, 1.0, 1.0),
                (0.8, 0.92, 0.86),
                (0.94, 0.7, 0.6),
                (1.0, 0.3, 0.25),
            ],
            4.0,
        ),
        cloth,
    )
    scene.add("pocket", box(width * 0.74, height * 0.4, 0.2, 0.08, 2).at(0, height * 0.27, front - 0.05), second)
    scene.add(
        "zip",
        tube([(-width * 0.3, height * 0.4, front - 0.15), (width * 0.3, height * 0.4, front - 0.15)], 0.014, 6)
        + box(0.03, 0.09, 0.02).at(width * 0.22, height * 0.36, front - 0.16),
        metal,
    )
    scene.add(
        "upper zip",
        tube(
            smooth(
                [
                    (-width * 0.42, height * 0.6, front * 0.9),
                    (-width * 0.32, height * 0.84, front * 0.84),
                    (0, height * 0.92, front * 0.7),
                    (width * 0.32, height * 0.84, front * 0.84),
                    (width * 0.42, height * 0.6, front * 0.9),
                ],
                17,
            ),
            0.016,
            6,
        ),
        metal,
    )
    scene.add("grip", _handle(0.09, height * 0.94, height * 1.1, 0.04, (0.05, 0.025)), second)
    strap = smooth(
        [
            (width * 0.2, height * 0.92, depth * 0.3),
            (width * 0.26, height * 0.86, depth * 0.78),
            (width * 0.3, height * 0.45, depth * 0.85),
            (width * 0.4, height * 0.1, depth * 0.42),
        ],
        16,
    )
    scene.add("straps", sweep(rounded(0.13, 0.04, 0.015, 2), strap, up=(0, 0, 1)).both(), second)
    if rng.random() < 0.6:
        scene.add(
            "side pockets",
            box(0.12, height * 0.32, depth * 0.6, 0.05).at(width * 0.49, height * 0.24, 0).both(),
            second,
        )
        scene.add(
            "flask",
            cylinder(0.08, height * 0.5, 0.06, 14, 0.02).at(width * 0.54, height * 0.36, 0),
            mat.paint(mat.color(rng, mat.BRIGHT), 0.5),
        )


def _travel_bag(
    rng: np.random.Generator, scene: Scene, second: Material, metal: Material, size: Extent, cloth: Material
) -> None:
    """Duffel bag with belts, or suitcase with straps."""
    (width, height, depth), front = size, size.front
    round_ = rng.random() < 0.5
    if round_:
        scene.add(
            "body",
            cylinder(height * 0.36, width, sides=28, bevel=0.06).rotated("z", 90).at(0, height * 0.4, 0),
            cloth,
        )
        scene.add(
            "ends",
            cylinder(height * 0.3, 0.04, sides=24).rotated("z", 90).at(width / 2, height * 0.4, 0).both(),
            second,
        )
        scene.add("zip", box(width * 0.8, 0.03, 0.05).at(0, height * 0.76, 0), metal)
        for x in (-width * 0.26, width * 0.26):
            scene.add(
                "belt",
                torus(height * 0.362, 0.03, 28, 6).rotated("z", 90).scaled(x=1.6).at(x, height * 0.4, 0),
                second,
            )
        for z in (-0.14, 0.14):
            scene.add("handle", _handle(width * 0.26, height * 0.68, height * 1.2, z), second)
    else:
        scene.add("body", box(width, height, depth, 0.06, 2).at(0, height / 2, 0), cloth)
        scene.add("seam", frame(width * 1.015, height * 1.02, 0.06, 0.04, 0.06).at(0, height / 2, 0), second)
        scene.add(
            "straps",
            box(0.09, height * 1.03, depth * 1.03, 0.03).at(width * 0.28, height / 2, 0).both(),
            second,
        )
        scene.add(
            "corners",
            joined(
                [
                    box(0.16, 0.16, depth * 1.02, 0.05).at(
                        sx * (width / 2 - 0.06), height / 2 + sy * (height / 2 - 0.06), 0
                    )
                    for sx in (-1, 1)
                    for sy in (-1, 1)
                ]
            ),
            metal,
        )
        scene.add("handle", _handle(0.17, height * 0.98, height * 1.15, 0.0, (0.06, 0.035)), second)
        scene.add(
            "label", box(0.22, 0.15, 0.03, 0.01).at(0, height * 0.62, front - 0.005), mat.matte(mat.hexa("faf3df"))
        )
        scene.add("buckles", box(0.08, 0.12, 0.05, 0.015).at(width * 0.28, height * 0.72, front - 0.02).both(), metal)


def _paper_bag(rng: np.random.Generator, scene: Scene, base: Color, second: Material, size: Extent) -> None:
    """Paper bag with cords and tissue."""
    (width, height, depth), front = size, size.front
    paper = mat.matte(base) if rng.random() < 0.5 else mat.striped(rng, base, mat.mixed(base, mat.WHITE, 0.7), 0.8)
    outline = rounded(1, 1, 0.005, 1)
    levels = [(0.0, 1.0, 1.0), (1.0, 1.0, 0.92), (1.0, 0.97, 0.84), (0.03, 0.97, 0.9)]
    scene.add("body", loft([level_ring(outline * (width * w, depth * d), y * height) for y, w, d in levels]), paper)
    for z in (front * 0.9, -front * 0.9):
        arch = smooth(
            [
                (-width * 0.2, height * 0.94, z),
                (-width * 0.17, height * 1.2, z),
                (0, height * 1.3, z),
                (width * 0.17, height * 1.2, z),
                (width * 0.2, height * 0.94, z),
            ],
            16,
        )
        scene.add("cord", tube(arch, 0.02, 6), second)
    scene.add(
        "print",
        cylinder(width * 0.26, 0.02, sides=28).rotated("x", 90).at(0, height * 0.5, front * 0.965),
        mat.paint(mat.color(rng, mat.BRIGHT + mat.NEUTRAL[:1]), 0.1),
    )
    tissue = [
        ellipsoid(width * 0.2, height * 0.13, depth * 0.24, 10, 6)
        .rotated("z", a)
        .at(dx * width, height * 0.99, dz * depth)
        for a, dx, dz in ((20, -0.22, 0), (-25, 0.2, 0.08), (5, 0.0, -0.08))
    ]
    scene.add("tissue", joined(tissue), mat.matte(mat.color(rng, mat.SOFT)))


def _flat_points(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A flap's outline, its upper edge doubled, so that smoothing leaves it straight."""
    first, second, *rest = points
    return [first, (first[0] * 0.5, 0.02), (second[0] * 0.5, 0.02), second, *rest]
