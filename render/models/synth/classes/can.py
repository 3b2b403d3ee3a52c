"""Generator of class 02946921, can."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.parts.vessels import printed_label
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import box, cylinder, joined, lathe, torus


def can(rng: np.random.Generator) -> Scene:
    """Drink can, food can or paint can with a printed side."""
    scene = Scene()
    kind = pick(rng, ("drink", "drink", "food", "flat"))
    radius = {"drink": 0.3, "food": 0.4, "flat": 0.5}[kind] * rng.uniform(0.92, 1.08)
    height = {"drink": 1.1, "food": 0.95, "flat": 0.4}[kind] * rng.uniform(0.9, 1.15)
    silver = mat.metal(rng, mat.METAL[:2])
    waist = radius * (0.84 if kind == "drink" else 0.985)
    neck = 0.1 if kind == "drink" else 0.03
    profile = [
        (0, 0.03),
        (waist * 0.86, 0.03),
        (waist * 0.92, 0),
        (waist, 0.0),
        (radius, neck),
        (radius, height - neck),
        (waist, height),
        (waist * 0.94, height),
        (waist * 0.9, height - 0.035),
        (0, height - 0.035),
    ]
    scene.add("can", lathe(profile, 36), silver)
    low, high = neck + 0.01, height - neck - 0.01
    scene.add(
        "print",
        lathe([(radius * 0.9, low), (radius + 0.004, low), (radius + 0.004, high), (radius * 0.9, high)], 36),
        printed_label(rng, mat.color(rng, mat.BRIGHT + mat.SOFT)),
    )
    if kind != "drink":
        ribs = [torus(radius * 0.99, 0.016, 36, 6).at(0, y, 0) for y in (0.02, height - 0.01)]
        scene.add("ribs", joined(ribs), silver)
    scene.add(
        "tab",
        box(radius * 0.3, 0.018, radius * 0.55, 0.006).at(0, height - 0.022, -radius * 0.12),
        mat.metal(rng, mat.METAL[3:5]),
    )
    scene.add(
        "opening",
        cylinder(radius * 0.27, 0.008, sides=16).scaled(z=0.8).at(0, height - 0.034, -radius * 0.5),
        mat.matte(mat.DARK[0]),
    )
    return scene
