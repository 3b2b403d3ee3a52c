"""Things for the head: cap, helmet. Their brims and visors are at the front."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
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

Size = tuple[float, float, float]


def _patch(size: Size, turns: tuple[float, float], heights: tuple[float, float], thick: float, steps: int = 16) -> Mesh:
    """A piece of an ellipsoid's skin; `turns` from the front, positive towards +X, and `heights` in degrees."""
    around = np.radians(np.linspace(*turns, steps))
    up = np.radians(np.linspace(*heights, 8))
    rings = []
    for turn in around:
        line = np.stack([np.cos(up) * np.sin(turn), np.sin(up), -np.cos(up) * np.cos(turn)], -1)
        outside, inside = line * (np.asarray(size) + thick / 2), line * (np.asarray(size) - thick / 2)
        rings.append(np.concatenate([outside, inside[::-1]]))
    return loft(rings)


def _dome(size: Size, thick: float, low: float = 0.0, sides: int = 36) -> Mesh:
    """A hollow cap of an ellipsoid, open below at `low` degrees of height."""
    up = np.radians(np.linspace(low, 90, 11))
    outside = [(np.cos(a), np.sin(a)) for a in up]
    shrink = 1 - thick / min(size)
    inside = [(r * shrink, y * shrink if y > 0 else y) for r, y in outside[::-1]]
    outside[-1], inside[0] = (0.0, 1.0), (0.0, shrink)
    return _turned([*outside, *inside], sides).scaled(*size)


def _turned(profile: list[tuple[float, float]], sides: int) -> Mesh:
    angles = np.arange(sides) * 2 * np.pi / sides
    return loft([[(r * np.cos(t), y, r * np.sin(t)) for t in angles] for r, y in profile], closed=True)


def _brim(size: Size, reach: float, spread: float, droop: float, thick: float = 0.035) -> Mesh:
    """A peak at the front, `spread` degrees to either side, `reach` forward, bent down at its sides."""
    rings = []
    for turn in np.radians(np.linspace(-spread, spread, 25)):
        share = np.cos(turn / np.radians(spread) * np.pi / 2) ** 0.6
        root = np.array([0.97 * size[0] * np.sin(turn), 0.0, -0.97 * size[2] * np.cos(turn)])
        tip = np.array([1.04 * size[0] * np.sin(turn), 0.0, -1.02 * size[2] * np.cos(turn) - reach * share])
        ring = []
        for share_out, side in ((0.0, 1), (0.5, 1), (1.0, 1), (1.0, -1), (0.5, -1), (0.0, -1)):
            point = root + (tip - root) * share_out
            point[1] = -droop * (turn / np.radians(spread)) ** 2 - 0.12 * droop * share_out + side * thick / 2
            ring.append(point)
        rings.append(ring)
    return loft(rings)


def cap(rng: np.random.Generator) -> Scene:
    """Baseball cap, woollen hat, officer's cap or sun hat."""
    scene = Scene()
    kind = pick(rng, ("baseball", "baseball", "baseball", "beanie", "officer", "sun"))
    size = (0.5 * rng.uniform(0.95, 1.05), rng.uniform(0.42, 0.56), 0.58)
    first = mat.colour(rng, mat.BRIGHT + mat.SOFT + mat.DARK[2:4])
    second = mat.colour(rng, mat.BRIGHT + mat.NEUTRAL[:2])
    cloth = pick(
        rng, (mat.fabric(rng, first, 6), mat.matt(first), mat.tartan(rng, first, mat.mixed(first, mat.WHITE, 0.6), 1.5))
    )
    lining = mat.matt(mat.shade(first, 0.55))
    if kind == "baseball":
        high = (size[0], size[1], size[2])
        scene.add("crown", _dome(high, 0.03), cloth)
        if rng.random() < 0.55:
            scene.add("front panels", _patch(high, (-42, 42), (2, 78), 0.022), mat.matt(second))
        seams = [
            tube(
                [
                    (
                        1.004 * size[0] * np.cos(a) * np.sin(t),
                        1.004 * size[1] * np.sin(a),
                        -1.004 * size[2] * np.cos(a) * np.cos(t),
                    )
                    for a in np.linspace(0.03, np.pi / 2, 9)
                ],
                0.009,
                5,
            )
            for t in np.arange(6) * np.pi / 3
        ]
        scene.add("seams", joined(seams), lining)
        brim = mat.matt(second) if rng.random() < 0.6 else cloth
        scene.add(
            "brim",
            _brim(size, rng.uniform(0.34, 0.46), rng.uniform(58, 70), rng.uniform(0.04, 0.16)).at(0, 0.015, 0),
            brim,
        )
        scene.add("button", ellipsoid(0.055, 0.03, 0.055, 12, 6).at(0, size[1] + 0.008, 0), mat.matt(second))
        scene.add(
            "band",
            tube(
                [
                    (0.985 * size[0] * np.sin(t), 0.012, -0.985 * size[2] * np.cos(t))
                    for t in np.arange(36) * np.pi / 18
                ],
                0.016,
                6,
                closed=True,
            ),
            lining,
        )
        badge = pick(rng, ("disc", "star", "bar"))
        emblem = {
            "disc": cylinder(0.12, 0.03, sides=24).turned("x", 90),
            "star": extrude(
                [
                    (
                        0.14 * np.sin(i * np.pi / 5) * (1 if i % 2 == 0 else 0.45),
                        0.14 * np.cos(i * np.pi / 5) * (1 if i % 2 == 0 else 0.45),
                    )
                    for i in range(10)
                ],
                0.03,
            ),
            "bar": extrude(rounded(0.3, 0.12, 0.05), 0.03),
        }[badge]
        scene.add(
            "badge",
            emblem.turned("x", 22).at(0, size[1] * 0.5, -size[2] * 0.885),
            mat.matt(mat.colour(rng, mat.BRIGHT + mat.NEUTRAL[:1])),
        )
        strap = smooth([(-0.2, 0.03, size[2] * 0.92), (0, 0.03, size[2] * 1.02), (0.2, 0.03, size[2] * 0.92)], 9)
        scene.add("strap", sweep(rounded(0.02, 0.06, 0.008, 1), strap), mat.matt(second))
    elif kind == "beanie":
        tall = (size[0] * 0.98, size[1] * rng.uniform(1.1, 1.4), size[2] * 0.95)
        knit = (
            mat.striped(rng, first, second, upright=False).mapped("wrap", 1)
            if rng.random() < 0.5
            else mat.fabric(rng, first, 5)
        )
        scene.add("crown", _dome(tall, 0.04), knit)
        cuff = rng.uniform(0.16, 0.24)
        wave = 30

        def ribbed(points: np.ndarray) -> np.ndarray:
            turn = np.arctan2(points[:, 2], points[:, 0])
            points[:, [0, 2]] *= (1 + 0.012 * np.cos(wave * turn))[:, None]
            return points

        ring = (
            _turned([(1.07, -0.06), (1.1, 0.05), (1.09, cuff), (0.98, cuff + 0.02), (0.95, 0.0)], 90)
            .scaled(tall[0], 1, tall[2])
            .bent(ribbed)
        )
        scene.add("cuff", ring, mat.matt(second))
        if rng.random() < 0.75:
            ball = joined(
                [
                    ellipsoid(0.08, 0.08, 0.08, 8, 6).at(
                        0.08 * np.cos(a) * np.cos(b), 0.08 * np.sin(b), 0.08 * np.sin(a) * np.cos(b)
                    )
                    for a, b in (
                        (0, 0),
                        (1.6, 0),
                        (3.1, 0),
                        (4.7, 0),
                        (0.8, 0.8),
                        (2.4, 0.8),
                        (4.0, 0.8),
                        (5.5, 0.8),
                        (0, 1.57),
                    )
                ]
            )
            scene.add("bobble", ball.at(0, tall[1] + 0.06, 0), mat.matt(mat.mixed(second, mat.WHITE, 0.3)))
        if rng.random() < 0.4:
            flap = ellipsoid(0.06, 0.22, 0.17, 14, 8).at(tall[0] * 1.0, -0.14, 0.0)
            scene.add("flaps", flap.both(), mat.matt(first))
            scene.add("strings", rod((tall[0], -0.3, 0), (tall[0] * 0.98, -0.62, 0.0), 0.02).both(), mat.matt(second))
        scene.add(
            "patch",
            box(0.2, 0.12, 0.03, 0.01).at(0, cuff * 0.5, -tall[2] * 1.1),
            mat.matt(mat.colour(rng, mat.WOOD + mat.BRIGHT)),
        )
    elif kind == "officer":
        stem = [(0.98, 0.0), (1.0, 0.02), (1.02, 0.3), (0.94, 0.3), (0.92, 0.0)]
        scene.add("band", _turned(stem, 36).scaled(size[0], 1, size[2]), mat.matt(second))
        lean = rng.uniform(6, 12)
        plate = lathe([(0, 0.0), (1.0, 0.0), (1.3, 0.14), (1.32, 0.19), (1.2, 0.24), (0, 0.26)], 36).scaled(
            size[0], 1, size[2]
        )
        scene.add("crown", plate.turned("x", lean).at(0, 0.27, -0.02), mat.matt(first))
        scene.add(
            "piping",
            torus(1.32, 0.03, 36, 6).scaled(size[0], 0.6, size[2]).at(0, 0.18, 0).turned("x", lean).at(0, 0.27, -0.02),
            mat.matt(second),
        )
        scene.add(
            "brim", _brim(size, 0.24, 62, 0.2).turned("x", -12).at(0, 0.15, 0), mat.paint(mat.hexa("383b41"), 0.8)
        )
        cord = [(1.03 * size[0] * np.sin(t), 0.08, -1.04 * size[2] * np.cos(t)) for t in np.linspace(-1.2, 1.2, 17)]
        gold = mat.metal(rng, mat.METAL[3:4])
        scene.add("cord", tube(cord, 0.022, 6), gold)
        scene.add("buttons", joined([ellipsoid(0.035, 0.035, 0.03, 8, 6).at(*cord[i]) for i in (0, -1)]), gold)
        scene.add("badge", ellipsoid(0.1, 0.13, 0.04, 14, 8).at(0, 0.28, -size[2] * 1.07), gold)
    else:
        scene.add(
            "crown",
            _dome((size[0] * 0.95, size[1] * 1.05, size[2] * 0.95), 0.03),
            mat.woven(mat.mixed(first, mat.hexa("d9b57a"), 0.75), 5),
        )
        wide = rng.uniform(1.7, 2.1)
        wavy = rng.uniform(0.02, 0.08)

        def waved(points: np.ndarray) -> np.ndarray:
            turn = np.arctan2(points[:, 2], points[:, 0])
            points[:, 1] += wavy * np.cos(2 * turn) * np.hypot(points[:, 0], points[:, 2])
            return points

        rim = (
            _turned([(0.93, 0.03), (1.3, 0.0), (wide, -0.05), (wide, -0.085), (1.3, -0.035), (0.93, -0.02)], 40)
            .scaled(size[0], 1, size[2])
            .bent(waved)
        )
        scene.add("brim", rim, mat.woven(mat.mixed(first, mat.hexa("d9b57a"), 0.75), 5))
        ribbon = _turned([(0.965, 0.02), (0.985, 0.03), (0.96, 0.15), (0.9, 0.15)], 36).scaled(size[0], 1, size[2])
        scene.add("ribbon", ribbon, mat.matt(second))
        bow = ellipsoid(0.1, 0.06, 0.035, 12, 6).turned("z", 15).at(0.09, 0.09, -size[2] * 0.98).both() + ellipsoid(
            0.04, 0.04, 0.04, 8, 6
        ).at(0, 0.09, -size[2] * 1.0)
        scene.add("bow", bow, mat.matt(second))
    return scene.stretched(*rng.uniform(0.94, 1.07, 3))


def helmet(rng: np.random.Generator) -> Scene:
    """Motorcyclist's, cyclist's, builder's, football player's or knight's helmet."""
    scene = Scene()
    kind = pick(rng, ("full", "cycle", "builder", "football", "knight"))
    size = (0.5, 0.52, 0.6)
    paint, second = (
        mat.paint(mat.colour(rng, mat.BRIGHT + mat.NEUTRAL[:2]), 0.7),
        mat.paint(mat.colour(rng, mat.BRIGHT + mat.NEUTRAL[:2] + mat.DARK[:1]), 0.6),
    )
    dark, metal = mat.matt(mat.hexa("3a3d43")), mat.metal(rng)
    if kind == "full":
        scene.add("shell", _dome(size, 0.05, 2, 40), paint)
        # Sides and back go down further than the crown; the chin guard closes the front below the visor.
        scene.add("back", _patch(size, (58, 302), (-52, 6), 0.07, 30), paint)
        chin = (size[0] * 1.04, size[1] * 1.0, size[2] * 1.12)
        scene.add("chin guard", _patch(chin, (-66, 66), (-54, -24), 0.09, 24), paint if rng.random() < 0.6 else second)
        tint = mat.paint(mat.hexa(pick(rng, ("4a5566", "6f93ad", "7d6a4f", "5b6f63"))), 0.95)
        scene.add(
            "visor",
            _patch((size[0] * 1.02, size[1] * 1.02, size[2] * 1.04), (-68, 68), (-25, 16), 0.05, 24).turned("x", 0.0),
            tint,
        )
        scene.add(
            "pivots",
            cylinder(0.08, 0.08, sides=18, bevel=0.02).turned("z", 90).at(size[0] * 0.99, -0.02, -0.14).both(),
            second,
        )
        scene.add(
            "vents",
            joined([box(0.13, 0.05, 0.06, 0.015).at(x, -0.33, -size[2] * 1.02 + abs(x) * 0.3) for x in (-0.14, 0.14)]),
            dark,
        )
        scene.add(
            "stripe", _patch((size[0] * 1.005, size[1] * 1.005, size[2] * 1.005), (-9, 9), (20, 90), 0.03), second
        )
        scene.add(
            "rear stripe",
            _patch((size[0] * 1.005, size[1] * 1.005, size[2] * 1.005), (171, 189), (-50, 90), 0.05),
            second,
        )
        scene.add("padding", torus(0.4, 0.06, 28, 8).scaled(z=1.15).at(0, -0.36, 0.02), dark)
        if rng.random() < 0.4:
            scene.add(
                "peak",
                _brim((size[0] * 0.92, 0.1, size[2] * 0.9), 0.32, 55, 0.08, 0.04).turned("x", 18).at(0, 0.24, -0.02),
                second,
            )
    elif kind == "cycle":
        low = (0.46, 0.44, 0.64)
        scene.add("liner", _dome(low, 0.06, 0, 36), dark)
        ribs = int(rng.integers(5, 8))
        for index, x in enumerate(np.linspace(-0.82, 0.82, ribs)):
            arc = np.linspace(0.1, np.pi - 0.1, 17)
            w = np.sqrt(1 - x**2)
            path = np.column_stack(
                [np.full(17, x * low[0] * 1.03), low[1] * 1.05 * w * np.sin(arc), low[2] * 1.1 * w * -np.cos(arc)]
            )
            scene.add(
                "rib",
                sweep(rounded(0.72 / ribs, 0.09, 0.03, 2), path, up=(0, 1, 0)),
                paint if index % 2 == 0 else second,
            )
        rim = [(1.05 * low[0] * np.sin(t), 0.02, -1.06 * low[2] * np.cos(t)) for t in np.arange(36) * np.pi / 18]
        scene.add("rim", tube(rim, 0.05, 8, closed=True), paint)
        scene.add("peak", _brim(low, 0.18, 50, 0.05).at(0, 0.02, 0), second)
        strap = [(low[0] * 0.98, 0.0, -0.2), (low[0] * 0.85, -0.34, -0.14), (0.05, -0.6, -0.2)]
        rear = [(low[0] * 0.98, 0.0, 0.3), (low[0] * 0.85, -0.34, -0.14)]
        scene.add("straps", (tube(strap, 0.018, 6) + tube(rear, 0.018, 6)).both(), dark)
        scene.add("buckle", box(0.14, 0.07, 0.05, 0.015).at(0, -0.6, -0.2), second)
    elif kind == "builder":
        scene.add("shell", _dome((size[0], size[1] * 0.92, size[2]), 0.04), paint)
        scene.add(
            "ridge",
            joined(
                [
                    _patch((size[0] * 1.01, size[1] * 0.94, size[2] * 1.01), (t - 7, t + 7), (10, 88), 0.05, 6)
                    for t in (0, 180)
                ]
            )
            if rng.random() < 0.3
            else joined(
                [
                    tube(
                        [
                            (
                                x * size[0],
                                size[1] * 0.94 * np.sqrt(1 - x**2) * np.sin(a),
                                -size[2] * 1.01 * np.sqrt(1 - x**2) * np.cos(a),
                            )
                            for a in np.linspace(0.25, np.pi - 0.25, 15)
                        ],
                        0.035,
                        8,
                    )
                    for x in (-0.25, 0.0, 0.25)
                ]
            ),
            paint,
        )
        scene.add("brim", _brim(size, 0.22, 75, 0.04, 0.045), paint)
        rim = [(1.03 * size[0] * np.sin(t), 0.0, -1.03 * size[2] * np.cos(t)) for t in np.arange(36) * np.pi / 18]
        scene.add("rim", tube(rim, 0.035, 8, closed=True), paint)
        band = _turned([(0.94, -0.1), (0.95, -0.1), (0.95, 0.03), (0.93, 0.03)], 32).scaled(size[0], 1, size[2])
        scene.add("head band", band, dark)
        scene.add(
            "badge", cylinder(0.1, 0.04, sides=20).turned("x", 112).at(0, size[1] * 0.42, -size[2] * 0.93), second
        )
        if rng.random() < 0.5:
            scene.add(
                "lamp", cylinder(0.09, 0.14, sides=18).turned("x", 90).at(0, size[1] * 0.5, -size[2] * 0.94), metal
            )
            scene.add(
                "lamp glass",
                ellipsoid(0.08, 0.08, 0.03, 14, 6).at(0, size[1] * 0.5, -size[2] * 0.94 - 0.07),
                mat.paint(mat.hexa("fbf0bf"), 0.8),
            )
        else:
            scene.add("ear muffs", ellipsoid(0.09, 0.19, 0.15, 16, 10).at(size[0] * 1.03, -0.2, 0.05).both(), second)
            scene.add("ear arms", rod((size[0] * 1.04, 0.0, 0.05), (size[0] * 1.1, -0.15, 0.05), 0.03).both(), dark)
    elif kind == "football":
        scene.add("shell", _dome(size, 0.05, 0, 40), paint)
        scene.add("sides", _patch(size, (62, 298), (-50, 4), 0.06, 30), paint)
        stripe = (size[0] * 1.006, size[1] * 1.006, size[2] * 1.006)
        for turn, start in ((0.0, 14.0), (180.0, -48.0)):
            scene.add("stripe", _patch(stripe, (turn - 8, turn + 8), (start, 90), 0.045, 6), second)
        bars = []
        for y, reach, spread in ((-0.14, 0.86, 0.94), (-0.3, 0.96, 1.0), (-0.46, 0.9, 0.9)):
            bars.append(
                tube(
                    [
                        (size[0] * 1.03 * np.sin(t) * spread, y, -0.02 - reach * np.cos(t))
                        for t in np.linspace(-1.35, 1.35, 17)
                    ],
                    0.028,
                    8,
                )
            )
        bars += [
            tube(smooth([(x, -0.08, -0.82), (x, -0.3, -0.95), (x, -0.47, -0.88)], 7), 0.026, 8) for x in (-0.16, 0.16)
        ]
        scene.add("face mask", joined(bars), second if rng.random() < 0.5 else metal)
        scene.add("ear holes", torus(0.07, 0.025, 16, 6).turned("z", 90).at(size[0] * 0.99, -0.14, 0.05).both(), dark)
        scene.add("badge", cylinder(0.13, 0.04, sides=24).turned("z", 90).at(size[0] * 0.97, 0.14, 0.06).both(), second)
        scene.add(
            "chin strap",
            tube(
                smooth(
                    [
                        (-size[0] * 0.95, -0.32, -0.1),
                        (-0.2, -0.56, -0.5),
                        (0.2, -0.56, -0.5),
                        (size[0] * 0.95, -0.32, -0.1),
                    ],
                    13,
                ),
                0.03,
                6,
            ),
            mat.matt(mat.WHITE),
        )
    else:
        steel = mat.paint(mat.colour(rng, mat.METAL[:3] + mat.NEUTRAL[2:4]), 0.9)
        brass = mat.metal(rng, mat.METAL[3:5])
        scene.add("bowl", _dome((0.46, 0.56, 0.56), 0.04, 0, 36), steel)
        scene.add(
            "neck",
            _turned([(1.0, 0.03), (0.96, -0.3), (1.12, -0.52), (1.08, -0.54), (0.92, -0.3), (0.95, 0.03)], 36).scaled(
                0.46, 1, 0.56
            ),
            steel,
        )
        face = [
            [(w * s, y, z) for w, z in ((0.4, -0.4), (0.0, -0.66 - d), (-0.4, -0.4), (0.0, -0.5))]
            for y, s, d in ((0.14, 1.0, 0.0), (-0.05, 1.02, 0.06), (-0.3, 0.9, 0.04), (-0.46, 0.72, -0.02))
        ]
        scene.add("face plate", loft(face), steel)
        scene.add(
            "slit",
            joined([box(0.26, 0.045, 0.05).turned("y", -33 * s).at(s * 0.17, 0.05, -0.6) for s in (-1, 1)]),
            dark,
        )
        scene.add(
            "ridge", tube([(0, 0.14, -0.67), (0, -0.05, -0.73), (0, -0.3, -0.71), (0, -0.46, -0.64)], 0.03, 6), brass
        )
        scene.add(
            "holes",
            joined(
                [
                    cylinder(0.024, 0.05, sides=8).turned("x", 90).turned("y", -33 * s).at(s * x, y, -0.7 + 0.64 * x)
                    for s in (-1, 1)
                    for x, y in ((0.09, -0.14), (0.17, -0.14), (0.09, -0.25), (0.17, -0.25))
                ]
            ),
            dark,
        )
        scene.add(
            "band", _turned([(1.0, -0.02), (1.03, -0.02), (1.03, 0.06), (0.98, 0.06)], 36).scaled(0.46, 1, 0.56), brass
        )
        scene.add(
            "rivets", cylinder(0.06, 0.06, sides=14, bevel=0.015).turned("z", 90).at(0.46, 0.05, -0.2).both(), brass
        )
        if rng.random() < 0.75:
            plume = smooth([(0, 0.52, -0.1), (0, 0.8, 0.0), (0, 0.86, 0.35), (0, 0.6, 0.72), (0, 0.2, 0.85)], 14)
            swell = 0.05 + 0.1 * np.sin(np.linspace(0.2, np.pi * 0.95, 14))
            scene.add("plume", tube(plume, swell, 10), mat.matt(mat.colour(rng, mat.BRIGHT)))
        else:
            scene.add(
                "comb",
                tube([(0, 0.57 * np.sin(a), -0.57 * np.cos(a)) for a in np.linspace(0.4, np.pi - 0.3, 15)], 0.05, 8),
                brass,
            )
    return scene.stretched(*rng.uniform(0.92, 1.1, 3))
