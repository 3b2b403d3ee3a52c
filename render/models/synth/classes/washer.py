"""Generator of class 04554684, washer."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.appliances import PANE, contrast_paint, enamel, knob_row
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import box, cylinder, ellipsoid, joined, lathe, loft


def washer(rng: np.random.Generator) -> Scene:
    """Front loader with a round door, or top loader with a lid and a panel behind it."""
    scene = Scene()
    body, metal = enamel(rng), mat.metal(rng)
    trim = contrast_paint(body.color)
    width, depth = rng.uniform(0.95, 1.1), rng.uniform(0.85, 1.0)
    height = rng.uniform(1.3, 1.45)
    scene.add("body", box(width, height, depth, 0.05, 2).at(0, height / 2 + 0.05, 0), body)
    scene.add(
        "feet",
        joined(
            [cylinder(0.05, 0.1, sides=10).at(x * width * 0.4, 0.03, z * depth * 0.4) for x in (-1, 1) for z in (-1, 1)]
        ),
        mat.matte(mat.DARK[0]),
    )
    front = -depth / 2
    if rng.random() < 0.25:
        return _top_loader(scene, body, metal, trim, width, depth, height, front)
    radius = width * rng.uniform(0.29, 0.35)
    y = height * 0.47 + 0.05
    ring = mat.paint(mat.color(rng, mat.METAL[:3] + mat.NEUTRAL[:3] + mat.DARK[:2]), 0.6)
    door = lathe(
        [
            (0, -0.02),
            (radius, -0.02),
            (radius, 0.03),
            (radius * 0.93, 0.07),
            (radius * 0.74, 0.07),
            (radius * 0.68, 0.02),
            (0, 0.02),
        ],
        32,
    ).rotated("x", -90)
    scene.add("door", door.at(0, y, front), ring)
    scene.add(
        "glass",
        ellipsoid(radius * 0.7, radius * 0.7, 0.09, 24, 10).at(0, y, front - 0.02),
        mat.paint(mat.hexa(pick(rng, ("5b7d99", "6f93ad", "4e6274"))), 0.9),
    )
    scene.add("handle", box(0.05, 0.18, 0.07, 0.02).at(radius * 0.86, y, front - 0.08), trim)
    top = height * 0.91 + 0.03
    scene.add("panel", box(width * 0.96, height * 0.13, 0.05, 0.015).at(0, top, front + 0.005), trim)
    scene.add("drawer", box(width * 0.28, height * 0.095, 0.05, 0.012).at(width * 0.31, top, front - 0.012), body)
    scene.add("drawer grip", box(width * 0.14, 0.025, 0.04, 0.01).at(width * 0.31, top - 0.02, front - 0.04), metal)
    scene.add("knob", knob_row(np.array([-0.02]), top, front - 0.02, 0.06), metal)
    scene.add(
        "screen",
        box(width * 0.22, height * 0.06, 0.03, 0.008).at(-width * 0.27, top, front - 0.015),
        mat.paint(mat.hexa("8fc3d8"), 0.7),
    )
    scene.add(
        "buttons",
        joined(
            [
                cylinder(0.018, 0.03, sides=10).rotated("x", 90).at(-width * (0.42 - 0.0) + 0.0, top + dy, front - 0.02)
                for dy in (-0.04, 0.0, 0.04)
            ]
        ),
        mat.paint(mat.color(rng, mat.BRIGHT), 0.4),
    )
    scene.add(
        "flap", box(0.18, 0.12, 0.03, 0.01).at(-width * 0.34, 0.16, front), mat.paint(mat.shade(body.color, 0.85), 0.4)
    )
    scene.add("plinth", box(width * 0.96, 0.06, 0.04).at(0, 0.07, front + 0.01), trim)
    return scene


def _top_loader(
    scene: Scene,
    body: Material,
    metal: Material,
    trim: Material,
    width: float,
    depth: float,
    height: float,
    front: float,
) -> Scene:
    """Lid and panel on top."""
    panel = loft(
        [
            [
                (x, height, depth * 0.2),
                (x, height + 0.3, depth * 0.34),
                (x, height + 0.3, depth * 0.5),
                (x, height, depth * 0.5),
            ]
            for x in (-width * 0.49, width * 0.49)
        ]
    )
    scene.add("panel", panel, trim)
    scene.add(
        "knobs",
        knob_row(np.array([-0.3, 0.0, 0.3]) * width, 0, 0, 0.07).rotated("x", -25).at(0, height + 0.16, depth * 0.27),
        metal,
    )
    scene.add(
        "lid",
        box(width * 0.84, 0.06, depth * 0.62, 0.02).at(0, height + 0.06, -depth * 0.13),
        mat.paint(mat.shade(body.color, 0.88), 0.4),
    )
    scene.add("glass", box(width * 0.6, 0.04, depth * 0.38, 0.015).at(0, height + 0.085, -depth * 0.12), PANE)
    scene.add("grip", box(width * 0.3, 0.04, 0.08, 0.015).at(0, height + 0.08, -depth * 0.42), metal)
    scene.add("badge", box(0.22, 0.07, 0.03, 0.01).at(0, height * 0.75, front), metal)
    return scene
