"""Towers of masonry or wood: castle, lighthouse, pagoda, clock tower."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.buildings import GLOW, PANE, drum, gable_outline, gable_roof, windows
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Mesh,
    box,
    cylinder,
    ellipsoid,
    extrude,
    joined,
    loft,
    ngon,
    rod,
    smooth,
    torus,
)


def _battlements(radius: float, y: float, count: int, size: float) -> Mesh:
    block = box(size, size * 1.1, size * 0.6).at(0, y, -radius)
    return joined([block.rotated("y", 360 * i / count) for i in range(count)])


def castle(rng: np.random.Generator) -> Scene:
    """Castle tower."""
    scene = Scene()
    stone = mat.bricks(rng, mat.color(rng, mat.SOFT + mat.NEUTRAL[2:5] + mat.WOOD[2:3]), mat.hexa("7c766c"), 1.0)
    radius, high = rng.uniform(0.5, 0.65), rng.uniform(2.2, 3.0)
    square = rng.random() < 0.35
    sides = 4 if square else 32
    turn = 45 if square else 0
    scene.add(
        "wall",
        drum([(0, 0), (radius * 1.15, 0), (radius, high * 0.25), (radius * 0.96, high), (0, high)], sides).rotated(
            "y", turn
        ),
        stone,
    )
    crown = radius * 1.18
    scene.add(
        "gallery",
        drum(
            [(0, high * 0.96), (radius * 0.9, high * 0.9), (crown, high), (crown, high + 0.18), (0, high + 0.18)], sides
        ).rotated("y", turn),
        stone,
    )
    if square:
        flat = crown * np.cos(np.pi / 4)
        blocks = [
            box(0.14, 0.17, 0.1).at(x, high + 0.25, -flat + 0.05).rotated("y", a)
            for x in np.linspace(-0.85, 0.85, 5) * flat
            for a in (0, 90, 180, 270)
        ]
        scene.add("battlements", joined(blocks), stone)
    else:
        scene.add("battlements", _battlements(crown * 0.93, high + 0.25, 12, 0.16), stone)
    wall = radius * (np.cos(np.pi / 4) if square else 1.0)
    door = smooth([(0.16, 0.0), (0.16, 0.28), (0.1, 0.4), (0.0, 0.45)], 9)
    outline = np.concatenate([door, (door * (-1, 1))[-2::-1]])
    scene.add("door frame", extrude(outline * 1.25, 0.14).at(0, 0, -wall * 1.08), mat.matte(mat.hexa("8c857a")))
    scene.add("door", extrude(outline, 0.14).at(0, 0, -wall * 1.12), mat.wood(rng, mat.hexa("8a5a36")))
    spots = [
        (a, y, wall * 0.99)
        for a, y in ((0, high * 0.45), (0, high * 0.72), (90, high * 0.6), (180, high * 0.5), (270, high * 0.68))
    ]
    scene.add("windows", windows(spots, 0.09, 0.26), mat.matte(mat.hexa("3a3833")))
    if rng.random() < 0.6:
        roof = mat.paint(mat.color(rng, mat.BRIGHT), 0.2)
        scene.add(
            "turret", drum([(0, high), (radius * 0.62, high), (radius * 0.62, high + 0.5), (0, high + 0.5)], 24), stone
        )
        scene.add(
            "roof",
            drum([(0, high + 0.46), (radius * 0.8, high + 0.46), (0.02, high + 1.3), (0, high + 1.3)], 24),
            roof,
        )
        top = high + 1.28
    else:
        top = high + 0.16
    scene.add("pole", rod((0, top, 0), (0, top + 0.5, 0), 0.02, sides=6), mat.metal(rng))
    scene.add(
        "flag",
        extrude([(0, 0), (0.42, 0.08), (0, 0.22)], 0.02).at(0, top + 0.27, 0),
        mat.matte(mat.color(rng, mat.BRIGHT)),
    )
    return scene


def lighthouse(rng: np.random.Generator) -> Scene:
    """Lighthouse."""
    scene = Scene()
    radius, high = rng.uniform(0.42, 0.55), rng.uniform(2.2, 2.8)
    white, color = mat.paint(mat.WHITE, 0.2), mat.paint(mat.color(rng, mat.BRIGHT), 0.3)
    scene.add(
        "rock",
        drum([(0, -0.12), (radius * 1.7, -0.12), (radius * 1.5, 0.06), (radius * 1.1, 0.1), (0, 0.1)], 9),
        mat.matte(mat.hexa("8d8a84")),
    )
    bands = int(rng.integers(4, 8))
    slim = rng.uniform(0.55, 0.7)
    for index in range(bands):
        low, up = index / bands, (index + 1) / bands
        ring = [
            (0, low * high),
            (radius * (1 - (1 - slim) * low), low * high),
            (radius * (1 - (1 - slim) * up), up * high),
            (0, up * high),
        ]
        scene.add("band", drum(ring, 32), color if index % 2 else white)
    top = radius * slim
    scene.add(
        "gallery",
        drum([(0, high - 0.04), (top * 1.5, high - 0.02), (top * 1.5, high + 0.06), (0, high + 0.06)], 32),
        mat.paint(mat.DARK[0]),
    )
    rails = [
        rod(
            (top * 1.42 * np.cos(t), high, top * 1.42 * np.sin(t)),
            (top * 1.42 * np.cos(t), high + 0.22, top * 1.42 * np.sin(t)),
            0.014,
            sides=5,
        )
        for t in np.arange(14) * np.pi / 7
    ]
    scene.add("rails", joined(rails) + torus(top * 1.42, 0.018, 28, 6).at(0, high + 0.22, 0), mat.paint(mat.DARK[0]))
    scene.add("lantern", cylinder(top * 0.82, 0.42, sides=16).at(0, high + 0.24, 0), GLOW)
    scene.add(
        "bars",
        joined(
            [
                rod(
                    (top * 0.84 * np.cos(t), high, top * 0.84 * np.sin(t)),
                    (top * 0.84 * np.cos(t), high + 0.45, top * 0.84 * np.sin(t)),
                    0.016,
                    sides=5,
                )
                for t in np.arange(8) * np.pi / 4
            ]
        ),
        mat.paint(mat.DARK[0]),
    )
    scene.add(
        "dome",
        drum(
            [
                (0, high + 0.42),
                (top * 1.05, high + 0.42),
                (top * 0.85, high + 0.6),
                (0.04, high + 0.76),
                (0.02, high + 0.95),
                (0, high + 0.95),
            ],
            28,
        ),
        color,
    )
    scene.add("door", extrude(gable_outline(0.22, 0.34, 0.44), 0.12).at(0, 0.08, -radius * 0.97), mat.wood(rng))
    spots = [(a, y * high, radius * (1 - (1 - slim) * y)) for a, y in ((0, 0.42), (0, 0.75), (120, 0.55), (240, 0.65))]
    scene.add("windows", windows(spots, 0.1, 0.17), PANE)
    if rng.random() < 0.5:
        scene.add("house", extrude(gable_outline(0.55, 0.3, 0.5), 0.5).at(radius * 1.5, 0.0, 0.1), white)
        scene.add("house roof", gable_roof(0.55, 0.3, 0.5, 0.58, 0.06, 0.05).at(radius * 1.5, 0.0, 0.1), color)
    return scene


def pagoda(rng: np.random.Generator) -> Scene:
    """Pagoda."""
    scene = Scene()
    tiers, sides = int(rng.integers(3, 6)), pick(rng, (4, 4, 6, 8))
    wall, roof = (
        mat.paint(mat.color(rng, mat.BRIGHT[:3] + mat.NEUTRAL[:1] + mat.SOFT[:3]), 0.2),
        mat.paint(mat.color(rng, mat.BRIGHT[4:8] + mat.DARK[2:5] + mat.WOOD[3:4]), 0.3),
    )
    trim = mat.paint(mat.color(rng, mat.BRIGHT), 0.3)
    width, y, turn = 0.55, 0.12, 180 / sides + (90 if sides == 6 else 0)
    scene.add(
        "terrace",
        drum([(0, 0), (1.05, 0), (1.05, 0.08), (0.95, 0.12), (0, 0.12)], sides).rotated("y", turn),
        mat.matte(mat.hexa("b9b2a4")),
    )
    flat = np.cos(np.pi / sides)
    for tier in range(tiers):
        tall = 0.5 * 0.9**tier
        scene.add(
            "storey",
            drum([(0, y), (width, y), (width * 0.97, y + tall), (0, y + tall)], sides).rotated("y", turn),
            wall,
        )
        doors = [
            box(width * 0.42, tall * 0.62, 0.06).at(0, y + tall * 0.34, -width * flat).rotated("y", 360 * i / sides)
            for i in range(sides)
        ]
        scene.add("openings", joined(doors), mat.matte(mat.hexa("59463a")))
        posts = [
            rod(
                (width * np.cos(t), y, width * np.sin(t)),
                (width * np.cos(t), y + tall, width * np.sin(t)),
                0.03,
                sides=6,
            ).rotated("y", turn)
            for t in np.arange(sides) * 2 * np.pi / sides
        ]
        scene.add("posts", joined(posts), trim)
        reach = width * 1.62
        rings = []
        for r, h in ((reach, 0.0), (reach * 1.02, 0.04), (reach * 0.82, 0.1), (width * 0.95, 0.3), (width * 0.6, 0.34)):
            corners = ngon(sides, r)
            middles = (corners + np.roll(corners, -1, axis=0)) / 2
            # Corners curl upward.
            curl = 0.14 * max(r - width, 0) / (reach - width)
            ring = np.empty((2 * sides, 3))
            ring[::2], ring[1::2] = (
                np.column_stack([corners[:, 0], np.full(sides, h + curl), corners[:, 1]]),
                np.column_stack([middles[:, 0], np.full(sides, h), middles[:, 1]]),
            )
            rings.append(ring)
        scene.add("roof", loft(np.array(rings)).rotated("y", turn).at(0, y + tall - 0.06, 0), roof)
        y += tall + 0.2
        width *= 0.84
    scene.add(
        "cap",
        drum([(0, y - 0.02), (width * 0.85, y - 0.02), (0.05, y + 0.32), (0, y + 0.32)], sides).rotated("y", turn),
        roof,
    )
    rings_ = [torus(0.1 - 0.014 * i, 0.02, 16, 6).at(0, y + 0.4 + 0.09 * i, 0) for i in range(5)]
    gold = mat.metal(rng, mat.METAL[3:4])
    scene.add("spire", rod((0, y + 0.25, 0), (0, y + 0.95, 0), 0.035, 0.015) + joined(rings_), gold)
    scene.add(
        "steps",
        joined([box(0.5, 0.05, 0.14).at(0, 0.09 - 0.04 * i, -0.95 * flat - 0.1 * i) for i in range(3)]),
        mat.matte(mat.hexa("cfc8b8")),
    )
    return scene


def clock_tower(rng: np.random.Generator) -> Scene:
    """Clock tower."""
    scene = Scene()
    stone: Material = mat.bricks(rng, mat.color(rng, mat.WOOD[:3] + mat.SOFT + mat.BRIGHT[:2]), mat.hexa("d8cfc0"), 1.0)
    trim, roof = (
        mat.matte(mat.color(rng, mat.NEUTRAL[:2] + mat.SOFT[:3])),
        mat.paint(mat.color(rng, mat.BRIGHT[4:8] + mat.DARK[2:4]), 0.3),
    )
    width, high = 0.62, rng.uniform(1.9, 2.5)
    scene.add("shaft", box(width, high, width).at(0, high / 2, 0), stone)
    scene.add(
        "quoins",
        joined([box(0.09, high, 0.09).at(x * width / 2, high / 2, z * width / 2) for x in (-1, 1) for z in (-1, 1)]),
        trim,
    )
    scene.add(
        "courses",
        joined(
            [box(width + 0.12, 0.06, width + 0.12, 0.01).at(0, y, 0) for y in (0.04, high * 0.4, high * 0.78, high)]
        ),
        trim,
    )
    top = width * 1.14
    scene.add("belfry", box(top, 0.75, top).at(0, high + 0.37, 0), stone)
    scene.add("cornice", box(top + 0.16, 0.09, top + 0.16, 0.02).at(0, high + 0.76, 0), trim)
    faces, hands = [], []
    hours, minutes = rng.uniform(0, 360), rng.uniform(0, 360)
    for turn in (0, 90, 180, 270):
        faces.append(cylinder(0.27, 0.06, sides=28).rotated("x", 90).at(0, high + 0.4, -top / 2).rotated("y", turn))
        pair = box(0.035, 0.17, 0.02).at(0, 0.07, 0).rotated("z", hours) + box(0.028, 0.24, 0.02).at(
            0, 0.1, 0.0
        ).rotated("z", minutes).at(0, 0, -0.022)
        hands.append(pair.at(0, high + 0.4, -top / 2 - 0.042).rotated("y", turn))
    scene.add("faces", joined(faces), mat.paint(mat.hexa("f8f3df"), 0.3))
    scene.add(
        "rims",
        joined(
            [
                torus(0.28, 0.03, 28, 6).rotated("x", 90).at(0, high + 0.4, -top / 2 - 0.02).rotated("y", turn)
                for turn in (0, 90, 180, 270)
            ]
        ),
        mat.metal(rng, mat.METAL[3:4]),
    )
    scene.add("hands", joined(hands), mat.matte(mat.DARK[0]))
    peak = rng.uniform(0.6, 1.3)
    scene.add(
        "roof", drum([(0, 0), (top * 0.82, 0), (0.03, peak), (0, peak)], 4).rotated("y", 45).at(0, high + 0.8, 0), roof
    )
    scene.add(
        "finial",
        rod((0, high + 0.75 + peak, 0), (0, high + 1.1 + peak, 0), 0.02)
        + ellipsoid(0.05, 0.05, 0.05, 10, 6).at(0, high + 0.85 + peak, 0),
        mat.metal(rng, mat.METAL[3:4]),
    )
    scene.add(
        "windows",
        joined(
            [
                extrude(gable_outline(0.14, 0.3, 0.42), 0.06).at(0, y, -width / 2).rotated("y", turn)
                for turn in (0, 90, 180, 270)
                for y in (high * 0.5,)
            ]
        ),
        PANE,
    )
    scene.add("door", extrude(gable_outline(0.26, 0.4, 0.54), 0.1).at(0, 0.05, -width / 2), mat.wood(rng))
    return scene
