"""Generator of class 03513137, helmet."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.headwear import front_brim, hollow_dome, lathe_closed, skin_patch
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    box,
    cylinder,
    ellipsoid,
    joined,
    loft,
    rod,
    rounded,
    smooth,
    sweep,
    torus,
    tube,
)


def helmet(rng: np.random.Generator) -> Scene:
    """Motorcyclist's, cyclist's, builder's, football player's or knight's helmet."""
    scene = Scene()
    kind = pick(rng, ("full", "cycle", "builder", "football", "knight"))
    size = (0.5, 0.52, 0.6)
    paint, second = (
        mat.paint(mat.color(rng, mat.BRIGHT + mat.NEUTRAL[:2]), 0.7),
        mat.paint(mat.color(rng, mat.BRIGHT + mat.NEUTRAL[:2] + mat.DARK[:1]), 0.6),
    )
    dark, metal = mat.matte(mat.hexa("3a3d43")), mat.metal(rng)
    if kind == "full":
        _full_face(rng, scene, size, paint, second, dark)
    elif kind == "cycle":
        _cycle(rng, scene, paint, second, dark)
    elif kind == "builder":
        _builder(rng, scene, size, paint, second, dark, metal)
    elif kind == "football":
        _football(rng, scene, size, paint, second, dark, metal)
    else:
        _knight(rng, scene, dark)
    return scene.stretched(*rng.uniform(0.92, 1.1, 3))


def _full_face(
    rng: np.random.Generator,
    scene: Scene,
    size: tuple[float, float, float],
    paint: Material,
    second: Material,
    dark: Material,
) -> None:
    """Motorcycle helmet with a chin guard and a visor."""
    scene.add("shell", hollow_dome(size, 0.05, 2, 40), paint)
    # Sides and back go down further than the crown; the chin guard closes the front below the visor.
    scene.add("back", skin_patch(size, (58, 302), (-52, 6), 0.07, 30), paint)
    chin = (size[0] * 1.04, size[1] * 1.0, size[2] * 1.12)
    scene.add("chin guard", skin_patch(chin, (-66, 66), (-54, -24), 0.09, 24), paint if rng.random() < 0.6 else second)
    tint = mat.paint(mat.hexa(pick(rng, ("4a5566", "6f93ad", "7d6a4f", "5b6f63"))), 0.95)
    scene.add(
        "visor",
        skin_patch((size[0] * 1.02, size[1] * 1.02, size[2] * 1.04), (-68, 68), (-25, 16), 0.05, 24).rotated("x", 0.0),
        tint,
    )
    scene.add(
        "pivots",
        cylinder(0.08, 0.08, sides=18, bevel=0.02).rotated("z", 90).at(size[0] * 0.99, -0.02, -0.14).both(),
        second,
    )
    scene.add(
        "vents",
        joined([box(0.13, 0.05, 0.06, 0.015).at(x, -0.33, -size[2] * 1.02 + abs(x) * 0.3) for x in (-0.14, 0.14)]),
        dark,
    )
    scene.add(
        "stripe", skin_patch((size[0] * 1.005, size[1] * 1.005, size[2] * 1.005), (-9, 9), (20, 90), 0.03), second
    )
    scene.add(
        "rear stripe",
        skin_patch((size[0] * 1.005, size[1] * 1.005, size[2] * 1.005), (171, 189), (-50, 90), 0.05),
        second,
    )
    scene.add("padding", torus(0.4, 0.06, 28, 8).scaled(z=1.15).at(0, -0.36, 0.02), dark)
    if rng.random() < 0.4:
        scene.add(
            "peak",
            front_brim((size[0] * 0.92, 0.1, size[2] * 0.9), 0.32, 55, 0.08, 0.04).rotated("x", 18).at(0, 0.24, -0.02),
            second,
        )


def _cycle(rng: np.random.Generator, scene: Scene, paint: Material, second: Material, dark: Material) -> None:
    """Bicycle helmet of ribs over a liner."""
    low = (0.46, 0.44, 0.64)
    scene.add("liner", hollow_dome(low, 0.06, 0, 36), dark)
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
    scene.add("peak", front_brim(low, 0.18, 50, 0.05).at(0, 0.02, 0), second)
    strap = [(low[0] * 0.98, 0.0, -0.2), (low[0] * 0.85, -0.34, -0.14), (0.05, -0.6, -0.2)]
    rear = [(low[0] * 0.98, 0.0, 0.3), (low[0] * 0.85, -0.34, -0.14)]
    scene.add("straps", (tube(strap, 0.018, 6) + tube(rear, 0.018, 6)).both(), dark)
    scene.add("buckle", box(0.14, 0.07, 0.05, 0.015).at(0, -0.6, -0.2), second)


def _builder(
    rng: np.random.Generator,
    scene: Scene,
    size: tuple[float, float, float],
    paint: Material,
    second: Material,
    dark: Material,
    metal: Material,
) -> None:
    """Hard hat with a lamp or ear muffs."""
    scene.add("shell", hollow_dome((size[0], size[1] * 0.92, size[2]), 0.04), paint)
    scene.add(
        "ridge",
        joined(
            [
                skin_patch((size[0] * 1.01, size[1] * 0.94, size[2] * 1.01), (t - 7, t + 7), (10, 88), 0.05, 6)
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
    scene.add("brim", front_brim(size, 0.22, 75, 0.04, 0.045), paint)
    rim = [(1.03 * size[0] * np.sin(t), 0.0, -1.03 * size[2] * np.cos(t)) for t in np.arange(36) * np.pi / 18]
    scene.add("rim", tube(rim, 0.035, 8, closed=True), paint)
    band = lathe_closed([(0.94, -0.1), (0.95, -0.1), (0.95, 0.03), (0.93, 0.03)], 32).scaled(size[0], 1, size[2])
    scene.add("head band", band, dark)
    scene.add("badge", cylinder(0.1, 0.04, sides=20).rotated("x", 112).at(0, size[1] * 0.42, -size[2] * 0.93), second)
    if rng.random() < 0.5:
        scene.add("lamp", cylinder(0.09, 0.14, sides=18).rotated("x", 90).at(0, size[1] * 0.5, -size[2] * 0.94), metal)
        scene.add(
            "lamp glass",
            ellipsoid(0.08, 0.08, 0.03, 14, 6).at(0, size[1] * 0.5, -size[2] * 0.94 - 0.07),
            mat.paint(mat.hexa("fbf0bf"), 0.8),
        )
    else:
        scene.add("ear muffs", ellipsoid(0.09, 0.19, 0.15, 16, 10).at(size[0] * 1.03, -0.2, 0.05).both(), second)
        scene.add("ear arms", rod((size[0] * 1.04, 0.0, 0.05), (size[0] * 1.1, -0.15, 0.05), 0.03).both(), dark)


def _football(
    rng: np.random.Generator,
    scene: Scene,
    size: tuple[float, float, float],
    paint: Material,
    second: Material,
    dark: Material,
    metal: Material,
) -> None:
    """Football helmet with a face mask."""
    scene.add("shell", hollow_dome(size, 0.05, 0, 40), paint)
    scene.add("sides", skin_patch(size, (62, 298), (-50, 4), 0.06, 30), paint)
    stripe = (size[0] * 1.006, size[1] * 1.006, size[2] * 1.006)
    for turn, start in ((0.0, 14.0), (180.0, -48.0)):
        scene.add("stripe", skin_patch(stripe, (turn - 8, turn + 8), (start, 90), 0.045, 6), second)
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
    bars += [tube(smooth([(x, -0.08, -0.82), (x, -0.3, -0.95), (x, -0.47, -0.88)], 7), 0.026, 8) for x in (-0.16, 0.16)]
    scene.add("face mask", joined(bars), second if rng.random() < 0.5 else metal)
    scene.add("ear holes", torus(0.07, 0.025, 16, 6).rotated("z", 90).at(size[0] * 0.99, -0.14, 0.05).both(), dark)
    scene.add("badge", cylinder(0.13, 0.04, sides=24).rotated("z", 90).at(size[0] * 0.97, 0.14, 0.06).both(), second)
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
        mat.matte(mat.WHITE),
    )


def _knight(rng: np.random.Generator, scene: Scene, dark: Material) -> None:
    """Steel bowl with a face plate and a plume or comb."""
    steel = mat.paint(mat.color(rng, mat.METAL[:3] + mat.NEUTRAL[2:4]), 0.9)
    brass = mat.metal(rng, mat.METAL[3:5])
    scene.add("bowl", hollow_dome((0.46, 0.56, 0.56), 0.04, 0, 36), steel)
    scene.add(
        "neck",
        lathe_closed([(1.0, 0.03), (0.96, -0.3), (1.12, -0.52), (1.08, -0.54), (0.92, -0.3), (0.95, 0.03)], 36).scaled(
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
        joined([box(0.26, 0.045, 0.05).rotated("y", -33 * s).at(s * 0.17, 0.05, -0.6) for s in (-1, 1)]),
        dark,
    )
    scene.add("ridge", tube([(0, 0.14, -0.67), (0, -0.05, -0.73), (0, -0.3, -0.71), (0, -0.46, -0.64)], 0.03, 6), brass)
    scene.add(
        "holes",
        joined(
            [
                cylinder(0.024, 0.05, sides=8).rotated("x", 90).rotated("y", -33 * s).at(s * x, y, -0.7 + 0.64 * x)
                for s in (-1, 1)
                for x, y in ((0.09, -0.14), (0.17, -0.14), (0.09, -0.25), (0.17, -0.25))
            ]
        ),
        dark,
    )
    scene.add(
        "band",
        lathe_closed([(1.0, -0.02), (1.03, -0.02), (1.03, 0.06), (0.98, 0.06)], 36).scaled(0.46, 1, 0.56),
        brass,
    )
    scene.add("rivets", cylinder(0.06, 0.06, sides=14, bevel=0.015).rotated("z", 90).at(0.46, 0.05, -0.2).both(), brass)
    if rng.random() < 0.75:
        plume = smooth([(0, 0.52, -0.1), (0, 0.8, 0.0), (0, 0.86, 0.35), (0, 0.6, 0.72), (0, 0.2, 0.85)], 14)
        swell = 0.05 + 0.1 * np.sin(np.linspace(0.2, np.pi * 0.95, 14))
        scene.add("plume", tube(plume, swell, 10), mat.matte(mat.color(rng, mat.BRIGHT)))
    else:
        scene.add(
            "comb",
            tube([(0, 0.57 * np.sin(a), -0.57 * np.cos(a)) for a in np.linspace(0.4, np.pi - 0.3, 15)], 0.05, 8),
            brass,
        )
