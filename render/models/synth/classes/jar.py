"""Generator of class 03593526, jar."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.parts.vessels import glaze_material, hollow_vessel, printed_label
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import cylinder, ellipsoid, lathe, smooth, torus, tube


def jar(rng: np.random.Generator) -> Scene:
    """Preserving jar, lidded pot or amphora-like vase."""
    scene = Scene()
    kind = pick(rng, ("preserve", "ginger", "vase", "crock"))
    if kind == "preserve":
        radius, height = rng.uniform(0.26, 0.36), rng.uniform(0.55, 0.85)
        neck = radius * rng.uniform(0.78, 0.92)
        outside = [(radius * 0.9, 0), (radius, 0.05), (radius, height * 0.8), (neck, height * 0.92), (neck, height)]
        scene.add(
            "filling",
            lathe([(0, 0.03), (radius * 0.93, 0.03), (radius * 0.93, height * 0.74), (0, height * 0.74)], 28),
            mat.matte(mat.color(rng, mat.BRIGHT)),
        )
        scene.add("glass", lathe([(0, 0), *outside, (0, height)], 28), mat.glass((0.85, 0.92, 0.95), 0.3))
        lid = (
            mat.paint(mat.color(rng), 0.5)
            if rng.random() < 0.7
            else mat.checked(mat.color(rng, mat.BRIGHT), mat.WHITE, 1.5)
        )
        scene.add("lid", cylinder(neck * 1.1, 0.13, sides=28, bevel=0.015).at(0, height + 0.02, 0), lid)
        scene.add(
            "label",
            lathe(
                [
                    (radius * 0.9, height * 0.25),
                    (radius + 0.004, height * 0.25),
                    (radius + 0.004, height * 0.62),
                    (radius * 0.9, height * 0.62),
                ],
                28,
            ),
            printed_label(rng, mat.WHITE),
        )
        return scene
    widths = {
        "ginger": (0.5, 0.85, 1.0, 0.55, 0.48),
        "vase": (0.38, 0.7, 1.0, 0.42, 0.5),
        "crock": (0.86, 0.97, 1.0, 0.84, 0.84),
    }[kind]
    height = rng.uniform(0.8, 1.25)
    radius = 0.4 * rng.uniform(0.85, 1.15)
    places = np.array([0, 0.3, rng.uniform(0.55, 0.7), 0.9, 1.0]) * height
    curve = smooth(np.column_stack([np.array(widths) * radius, places]), 15)
    surface = glaze_material(rng)
    scene.add("jar", hollow_vessel([(float(r), float(h)) for r, h in curve], 0.035, 0.05), surface)
    neck = widths[-1] * radius
    if kind != "vase":
        cover = [
            (0, height - 0.03),
            (neck * 0.85, height - 0.03),
            (neck * 1.08, height + 0.02),
            (neck * 0.95, height + 0.07),
            (neck * 0.4, height + 0.13),
            (0, height + 0.14),
        ]
        scene.add("lid", lathe(cover, 28), mat.paint(mat.color(rng), 0.4))
        scene.add("knob", ellipsoid(0.07, 0.06, 0.07, 14, 8).at(0, height + 0.17, 0), mat.paint(mat.color(rng), 0.4))
    if rng.random() < 0.6 or kind == "vase":
        reach = radius * 1.35
        path = smooth(
            [
                (neck * 0.9, height * 0.9, 0),
                (reach, height * 0.92, 0),
                (reach * 1.02, height * 0.74, 0),
                (radius * 0.95, height * 0.62, 0),
            ],
            12,
        )
        scene.add("handles", tube(path, 0.035).both(), surface)
    scene.add("band", torus(neck * 1.02, 0.025, 28, 6).at(0, height * 0.985, 0), mat.paint(mat.color(rng), 0.4))
    return scene
