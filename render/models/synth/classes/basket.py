"""Generator of class 02801938, basket."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Color
from threedie.render.models.synth.parts.storage import level_ring
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Floats,
    box,
    cylinder,
    ellipsoid,
    joined,
    loft,
    rod,
    rounded,
    smooth,
    superellipse,
    sweep,
    tube,
)

_SIDES = 36


def basket(rng: np.random.Generator) -> Scene:
    """Woven basket, shopping basket of bars, or laundry basket, empty or with fruit or cloth in it."""
    scene = Scene()
    kind = pick(rng, ("woven", "woven", "wire", "laundry"))
    straw = mat.hexa(pick(rng, ("c79a5b", "b5854d", "d9b57a", "a87345", "cfae8a", "8f6a45")))
    power, height = pick(rng, (2.0, 2.6, 6.0)), rng.uniform(0.42, 0.65)
    x, z = rng.uniform(0.5, 0.66), rng.uniform(0.38, 0.5)
    if kind == "laundry":
        height, x, z = rng.uniform(0.9, 1.15), 0.45, 0.42
    taper = rng.uniform(0.68, 0.9)
    accent = mat.color(rng, mat.BRIGHT)
    top = superellipse(x, z, power, _SIDES)
    if kind == "wire":
        _wire_sides(rng, scene, power, height, x, z, taper, accent)
    else:
        _woven_sides(rng, scene, straw, height, z, taper, accent, top)
    carrier = mat.woven(mat.shade(straw, 0.85), 5.0) if kind != "wire" else mat.matte(accent)
    if kind == "laundry" or rng.random() < 0.35:
        grip = smooth(
            [
                (x * 0.99, height * 0.88, -0.14),
                (x + 0.14, height * 0.98, -0.09),
                (x + 0.14, height * 0.98, 0.09),
                (x * 0.99, height * 0.88, 0.14),
            ],
            10,
        )
        scene.add("grips", tube(grip, 0.025).both(), carrier)
    else:
        arch = np.linspace(0, np.pi, 17)
        reach = rng.uniform(0.5, 0.8)
        bow = np.column_stack([x * 0.97 * np.cos(arch), height + reach * np.sin(arch), np.zeros(17)])
        scene.add("handle", sweep(rounded(0.05, 0.11, 0.02, 2), bow, up=(0, 0, 1)), carrier)
    _contents(rng, scene, kind, height, x, z, taper)
    # A tag on the front.
    scene.add(
        "tag",
        box(0.16, 0.1, 0.03, 0.01)
        .rotated("x", 5)
        .at(0, height * 0.78, -z * (taper + (1 - taper) * 0.78 + 0.08) - 0.02),
        mat.matte(mat.hexa("faf3df")),
    )
    return scene


def _wire_sides(
    rng: np.random.Generator, scene: Scene, power: float, height: float, x: float, z: float, taper: float, accent: Color
) -> None:
    """Hoops and bars of wire."""
    top = superellipse(x, z, power, _SIDES)
    metal = mat.metal(rng) if rng.random() < 0.5 else mat.paint(accent, 0.5)
    levels = np.linspace(0, 1, 5)
    hoops = [
        tube(level_ring(top * (taper + (1 - taper) * s), s * height), 0.022 if s == 1.0 else 0.013, 6, closed=True)
        for s in levels
    ]
    bars = [rod((*(taper * p)[:1], 0.0, (taper * p)[1]), (p[0], height, p[1]), 0.011, sides=5) for p in top[::2]]
    floor = [
        rod(
            (u * x * taper, 0, -z * taper * 0.9 * np.sqrt(1 - abs(u) ** power)),
            (u * x * taper, 0, z * taper * 0.9 * np.sqrt(1 - abs(u) ** power)),
            0.01,
            sides=5,
        )
        for u in np.linspace(-0.75, 0.75, 7)
    ]
    scene.add("wires", joined(hoops + bars + floor), metal)


def _woven_sides(
    rng: np.random.Generator,
    scene: Scene,
    straw: Color,
    height: float,
    z: float,
    taper: float,
    accent: Color,
    top: Floats,
) -> None:
    """Woven walls with a rim and a band of another color."""
    wall = 0.035
    swell = rng.uniform(0.0, 0.1)
    ups = np.linspace(0, 1, 6)
    outside = [level_ring(top * (taper + (1 - taper) * s + swell * np.sin(np.pi * s)), s * height) for s in ups]
    inside = [
        level_ring(top * (taper + (1 - taper) * s + swell * np.sin(np.pi * s) - wall / z), max(s * height, 0.05))
        for s in ups[::-1]
    ]
    scene.add("weave", loft([*outside, *inside]), mat.woven(straw, rng.uniform(2.5, 4.0)))
    rim = tube(level_ring(top * (1 - wall / z / 2), height), 0.042, 8, closed=True)
    scene.add("rim", rim, mat.woven(mat.shade(straw, 0.8), 5.0))
    share = 0.62
    band = top * (taper + (1 - taper) * share + swell * np.sin(np.pi * share) + 0.004)
    scene.add(
        "band",
        tube(level_ring(band, height * share), 0.02, 6, closed=True),
        mat.matte(accent),
    )


def _contents(
    rng: np.random.Generator, scene: Scene, kind: str, height: float, x: float, z: float, taper: float
) -> None:
    """Washing, fruit or a cloth."""
    content = rng.random()
    if kind == "laundry":
        cloth = [
            ellipsoid(x * 0.55, 0.14, z * 0.5, 14, 8).rotated("y", a).at(dx, height * 0.98, dz)
            for a, dx, dz in ((20, -0.12, 0.05), (70, 0.14, -0.06))
        ]
        for mesh in cloth:
            scene.add("washing", mesh, mat.fabric(rng, mat.color(rng, mat.SOFT + mat.BRIGHT)))
    elif content < 0.6:
        base = height * 0.78
        size = z * 0.27
        for index in range(9):
            turn, far = index * 2.4, 0.0 if index == 8 else (0.5 if index > 4 else 0.62)
            fruit = ellipsoid(size, size * 0.95, size, 14, 9).at(
                far * x * np.cos(turn), base + (size if index == 8 else 0), far * z * np.sin(turn)
            )
            scene.add(
                "fruit",
                fruit,
                mat.paint(mat.hexa(("d8453a", "e8953a", "e8c440", "8fb84a")[(index + int(content * 10)) % 4]), 0.4),
            )
        scene.add(
            "cloth",
            cylinder(1, 0.04, sides=_SIDES)
            .scaled(x * 0.86 * (taper + 1) / 2, 1, z * 0.86 * (taper + 1) / 2)
            .at(0, height * 0.62, 0),
            mat.matte(mat.color(rng, mat.SOFT)),
        )
