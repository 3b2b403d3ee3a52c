"""Generator of class 04004475, printer."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Canvas
from threedie.render.models.synth.scene import Scene
from threedie.render.models.synth.shapes import box, cylinder, joined


def printer(rng: np.random.Generator) -> Scene:
    """Desk printer, with or without a scanner on top, or a tall copier; paper comes out at the front."""
    scene = Scene()
    tall = rng.random() < 0.25
    width, depth = rng.uniform(1.2, 1.5), rng.uniform(0.85, 1.1)
    height = rng.uniform(1.3, 1.6) if tall else rng.uniform(0.5, 0.75)
    case, dark = mat.paint(mat.color(rng, mat.NEUTRAL + mat.SOFT), 0.3), mat.paint(mat.color(rng, mat.DARK), 0.3)
    accent = mat.paint(mat.color(rng, mat.BRIGHT), 0.4)
    paper = mat.matte(mat.hexa("fbfaf5"))
    scene.add("body", box(width, height, depth, 0.07, 2).at(0, height / 2, 0), case)
    mouth = height * (0.72 if tall else 0.5)
    scene.add("mouth", box(width * 0.72, 0.2, 0.12, 0.02).at(0, mouth, -depth / 2 + 0.035), dark)
    scene.add(
        "tray", box(width * 0.66, 0.035, 0.46, 0.012).rotated("x", 8).at(0, mouth - 0.085, -depth / 2 - 0.16), dark
    )
    sheet = mat.drawn(_page(rng), "top", 0.05)
    scene.add("sheet", box(width * 0.5, 0.012, 0.5).rotated("x", 8).at(0, mouth - 0.052, -depth / 2 - 0.13), sheet)
    if rng.random() < 0.65 or tall:
        scene.add("lid", box(width * 0.99, 0.1, depth * 0.98, 0.04).at(0, height + 0.07, 0.0), dark)
        scene.add("seam", box(width * 0.95, 0.06, depth * 0.93).at(0, height + 0.005, 0), accent)
        if rng.random() < 0.5:
            scene.add("feeder", box(width * 0.75, 0.16, depth * 0.7, 0.05).at(0.08, height + 0.18, 0.06), case)
            scene.add(
                "slot",
                box(width * 0.55, 0.03, depth * 0.5, 0.01).rotated("z", 10).at(-width * 0.1, height + 0.29, 0.06),
                paper,
            )
    else:
        back = box(width * 0.62, 0.6, 0.03, 0.01).rotated("x", 22)
        scene.add("support", back.at(0, height + 0.18, depth * 0.42), dark)
        scene.add("paper", box(width * 0.54, 0.62, 0.02).rotated("x", 22).at(0, height + 0.26, depth * 0.39), paper)
    panel_y = height * (0.94 if tall else 0.86)
    scene.add(
        "panel", box(width * 0.5, 0.2, 0.06, 0.02).rotated("x", 20).at(-width * 0.18, panel_y, -depth / 2 - 0.01), dark
    )
    scene.add(
        "screen",
        box(width * 0.2, 0.13, 0.03).rotated("x", 20).at(-width * 0.12, panel_y, -depth / 2 - 0.035),
        mat.screen(rng, 32, 48),
    )
    buttons = [
        cylinder(0.025, 0.03, sides=10)
        .rotated("x", 110)
        .at(-width * 0.27 - i * 0.075, panel_y + j * 0.035, -depth / 2 - 0.04 - j * 0.01)
        for i in range(2)
        for j in (-1, 1)
    ]
    scene.add("buttons", joined(buttons), accent)
    if tall:
        drawers = int(rng.integers(2, 4))
        each = height * 0.5 / drawers
        for index in range(drawers):
            y = 0.08 + each * (index + 0.5)
            scene.add(
                "drawer",
                box(width * 0.92, each * 0.88, 0.05, 0.015).at(0, y, -depth / 2 - 0.005),
                mat.paint(mat.shade(case.color, 0.9), 0.3),
            )
            scene.add("grip", box(width * 0.3, 0.04, 0.05, 0.015).at(0, y + each * 0.2, -depth / 2 - 0.035), dark)
        scene.add(
            "side tray", box(0.5, 0.03, depth * 0.6, 0.01).rotated("z", 18).at(width / 2 + 0.18, height * 0.5, 0), dark
        )
    else:
        scene.add(
            "cassette",
            box(width * 0.86, height * 0.2, 0.06, 0.02).at(0, height * 0.16, -depth / 2 - 0.005),
            mat.paint(mat.shade(case.color, 0.85), 0.3),
        )
    scene.add(
        "light", box(0.1, 0.03, 0.03).at(width * 0.38, panel_y, -depth / 2 - 0.005), mat.paint(mat.hexa("7fd18a"), 0.5)
    )
    return scene


def _page(rng: np.random.Generator) -> mat.Pixels:
    canvas = Canvas(64, 48, mat.hexa("fbfaf5"))
    canvas.rect(0.12, 0.08, 0.6, 0.16, mat.color(rng, mat.BRIGHT))
    canvas.rect(0.12, 0.24, 0.5, 0.52, mat.color(rng, mat.BRIGHT))
    for row in np.arange(0.24, 0.9, 0.08):
        canvas.rect(0.56 if row < 0.52 else 0.12, row, rng.uniform(0.75, 0.9), row + 0.03, mat.hexa("6d737a"))
    return canvas.done()
