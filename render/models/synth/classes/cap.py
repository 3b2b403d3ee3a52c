"""Generator of class 02954340, cap."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Color, Material
from threedie.render.models.synth.parts.headwear import front_brim, hollow_dome, lathe_closed, skin_patch
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    box,
    cylinder,
    ellipsoid,
    extrude,
    joined,
    lathe,
    rod,
    rounded,
    smooth,
    sweep,
    torus,
    tube,
)


def cap(rng: np.random.Generator) -> Scene:
    """Baseball cap, woolen hat, officer's cap or sun hat."""
    scene = Scene()
    kind = pick(rng, ("baseball", "baseball", "baseball", "beanie", "officer", "sun"))
    size = (0.5 * rng.uniform(0.95, 1.05), rng.uniform(0.42, 0.56), 0.58)
    first = mat.color(rng, mat.BRIGHT + mat.SOFT + mat.DARK[2:4])
    second = mat.color(rng, mat.BRIGHT + mat.NEUTRAL[:2])
    cloth = pick(
        rng,
        (mat.fabric(rng, first, 6), mat.matte(first), mat.tartan(rng, first, mat.mixed(first, mat.WHITE, 0.6), 1.5)),
    )
    lining = mat.matte(mat.shade(first, 0.55))
    if kind == "baseball":
        _baseball_cap(rng, scene, size, second, cloth, lining)
    elif kind == "beanie":
        _beanie(rng, scene, size, first, second)
    elif kind == "officer":
        _officer_cap(rng, scene, size, first, second)
    else:
        _sun_hat(rng, scene, size, first, second)
    return scene.stretched(*rng.uniform(0.94, 1.07, 3))


def _baseball_cap(
    rng: np.random.Generator,
    scene: Scene,
    size: tuple[float, float, float],
    second: Color,
    cloth: Material,
    lining: Material,
) -> None:
    """Crown of six panels, a brim and a badge."""
    high = (size[0], size[1], size[2])
    scene.add("crown", hollow_dome(high, 0.03), cloth)
    if rng.random() < 0.55:
        scene.add("front panels", skin_patch(high, (-42, 42), (2, 78), 0.022), mat.matte(second))
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
    brim = mat.matte(second) if rng.random() < 0.6 else cloth
    scene.add(
        "brim",
        front_brim(size, rng.uniform(0.34, 0.46), rng.uniform(58, 70), rng.uniform(0.04, 0.16)).at(0, 0.015, 0),
        brim,
    )
    scene.add("button", ellipsoid(0.055, 0.03, 0.055, 12, 6).at(0, size[1] + 0.008, 0), mat.matte(second))
    scene.add(
        "band",
        tube(
            [(0.985 * size[0] * np.sin(t), 0.012, -0.985 * size[2] * np.cos(t)) for t in np.arange(36) * np.pi / 18],
            0.016,
            6,
            closed=True,
        ),
        lining,
    )
    badge = pick(rng, ("disc", "star", "bar"))
    emblem = {
        "disc": cylinder(0.12, 0.03, sides=24).rotated("x", 90),
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
        emblem.rotated("x", 22).at(0, size[1] * 0.5, -size[2] * 0.885),
        mat.matte(mat.color(rng, mat.BRIGHT + mat.NEUTRAL[:1])),
    )
    strap = smooth([(-0.2, 0.03, size[2] * 0.92), (0, 0.03, size[2] * 1.02), (0.2, 0.03, size[2] * 0.92)], 9)
    scene.add("strap", sweep(rounded(0.02, 0.06, 0.008, 1), strap), mat.matte(second))


def _beanie(
    rng: np.random.Generator, scene: Scene, size: tuple[float, float, float], first: Color, second: Color
) -> None:
    """Knitted crown with a cuff, often a bobble or ear flaps."""
    tall = (size[0] * 0.98, size[1] * rng.uniform(1.1, 1.4), size[2] * 0.95)
    knit = (
        mat.striped(rng, first, second, upright=False).mapped("wrap", 1)
        if rng.random() < 0.5
        else mat.fabric(rng, first, 5)
    )
    scene.add("crown", hollow_dome(tall, 0.04), knit)
    cuff = rng.uniform(0.16, 0.24)
    wave = 30

    def ribbed(points: np.ndarray) -> np.ndarray:
        turn = np.arctan2(points[:, 2], points[:, 0])
        points[:, [0, 2]] *= (1 + 0.012 * np.cos(wave * turn))[:, None]
        return points

    ring = (
        lathe_closed([(1.07, -0.06), (1.1, 0.05), (1.09, cuff), (0.98, cuff + 0.02), (0.95, 0.0)], 90)
        .scaled(tall[0], 1, tall[2])
        .deformed(ribbed)
    )
    scene.add("cuff", ring, mat.matte(second))
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
        scene.add("bobble", ball.at(0, tall[1] + 0.06, 0), mat.matte(mat.mixed(second, mat.WHITE, 0.3)))
    if rng.random() < 0.4:
        flap = ellipsoid(0.06, 0.22, 0.17, 14, 8).at(tall[0] * 1.0, -0.14, 0.0)
        scene.add("flaps", flap.both(), mat.matte(first))
        scene.add("strings", rod((tall[0], -0.3, 0), (tall[0] * 0.98, -0.62, 0.0), 0.02).both(), mat.matte(second))
    scene.add(
        "patch",
        box(0.2, 0.12, 0.03, 0.01).at(0, cuff * 0.5, -tall[2] * 1.1),
        mat.matte(mat.color(rng, mat.WOOD + mat.BRIGHT)),
    )


def _officer_cap(
    rng: np.random.Generator, scene: Scene, size: tuple[float, float, float], first: Color, second: Color
) -> None:
    """Peaked cap with a wide plate and a cord."""
    stem = [(0.98, 0.0), (1.0, 0.02), (1.02, 0.3), (0.94, 0.3), (0.92, 0.0)]
    scene.add("band", lathe_closed(stem, 36).scaled(size[0], 1, size[2]), mat.matte(second))
    lean = rng.uniform(6, 12)
    plate = lathe([(0, 0.0), (1.0, 0.0), (1.3, 0.14), (1.32, 0.19), (1.2, 0.24), (0, 0.26)], 36).scaled(
        size[0], 1, size[2]
    )
    scene.add("crown", plate.rotated("x", lean).at(0, 0.27, -0.02), mat.matte(first))
    scene.add(
        "piping",
        torus(1.32, 0.03, 36, 6).scaled(size[0], 0.6, size[2]).at(0, 0.18, 0).rotated("x", lean).at(0, 0.27, -0.02),
        mat.matte(second),
    )
    scene.add(
        "brim", front_brim(size, 0.24, 62, 0.2).rotated("x", -12).at(0, 0.15, 0), mat.paint(mat.hexa("383b41"), 0.8)
    )
    cord = [(1.03 * size[0] * np.sin(t), 0.08, -1.04 * size[2] * np.cos(t)) for t in np.linspace(-1.2, 1.2, 17)]
    gold = mat.metal(rng, mat.METAL[3:4])
    scene.add("cord", tube(cord, 0.022, 6), gold)
    scene.add("buttons", joined([ellipsoid(0.035, 0.035, 0.03, 8, 6).at(*cord[i]) for i in (0, -1)]), gold)
    scene.add("badge", ellipsoid(0.1, 0.13, 0.04, 14, 8).at(0, 0.28, -size[2] * 1.07), gold)


def _sun_hat(
    rng: np.random.Generator, scene: Scene, size: tuple[float, float, float], first: Color, second: Color
) -> None:
    """Wide wavy brim and a ribbon with a bow."""
    scene.add(
        "crown",
        hollow_dome((size[0] * 0.95, size[1] * 1.05, size[2] * 0.95), 0.03),
        mat.woven(mat.mixed(first, mat.hexa("d9b57a"), 0.75), 5),
    )
    wide = rng.uniform(1.7, 2.1)
    wavy = rng.uniform(0.02, 0.08)

    def waved(points: np.ndarray) -> np.ndarray:
        turn = np.arctan2(points[:, 2], points[:, 0])
        points[:, 1] += wavy * np.cos(2 * turn) * np.hypot(points[:, 0], points[:, 2])
        return points

    rim = (
        lathe_closed([(0.93, 0.03), (1.3, 0.0), (wide, -0.05), (wide, -0.085), (1.3, -0.035), (0.93, -0.02)], 40)
        .scaled(size[0], 1, size[2])
        .deformed(waved)
    )
    scene.add("brim", rim, mat.woven(mat.mixed(first, mat.hexa("d9b57a"), 0.75), 5))
    ribbon = lathe_closed([(0.965, 0.02), (0.985, 0.03), (0.96, 0.15), (0.9, 0.15)], 36).scaled(size[0], 1, size[2])
    scene.add("ribbon", ribbon, mat.matte(second))
    bow = ellipsoid(0.1, 0.06, 0.035, 12, 6).rotated("z", 15).at(0.09, 0.09, -size[2] * 0.98).both() + ellipsoid(
        0.04, 0.04, 0.04, 8, 6
    ).at(0, 0.09, -size[2] * 1.0)
    scene.add("bow", bow, mat.matte(second))
