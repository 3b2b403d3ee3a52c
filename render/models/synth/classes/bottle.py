"""Generator of class 02876657, bottle."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.parts.vessels import printed_label
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import box, cylinder, lathe, smooth, torus


def bottle(rng: np.random.Generator) -> Scene:
    """Wine, beer, sauce, spray or water bottle with a label and a cap."""
    scene = Scene()
    kind = pick(rng, ("wine", "beer", "water", "flask", "pump"))
    body, shoulder = rng.uniform(0.45, 0.62), rng.uniform(0.1, 0.2)
    radius = rng.uniform(0.15, 0.2) if kind != "flask" else rng.uniform(0.19, 0.26)
    neck = {"wine": 0.055, "beer": 0.055, "water": 0.06, "flask": 0.05, "pump": 0.06}[kind]
    neck_length = {"wine": 0.26, "beer": 0.2, "water": 0.05, "flask": 0.12, "pump": 0.04}[kind]
    top = body + shoulder
    tint = mat.hexa(pick(rng, ("6f9f6a", "4f8a5f", "a8743c", "9cc4d8", "c9dcc8", "c25a48", "5a7fbf", "e5c24f")))
    surface = mat.glass(tint, rng.uniform(0.75, 0.92)) if rng.random() < 0.6 else mat.paint(tint, 0.6)
    curve = smooth(
        [
            (radius, body),
            (radius * 0.93, body + shoulder * 0.35),
            (neck * 1.7, body + shoulder * 0.85),
            (neck, top + 0.03),
        ],
        9,
    )
    profile = [
        (0, 0.02),
        (radius * 0.7, 0.0),
        (radius * 0.96, 0.012),
        (radius, 0.05),
        *curve,
        (neck, top + neck_length),
        (0, top + neck_length),
    ]
    scene.add("bottle", lathe(profile, 32), surface)
    printed = printed_label(rng, mat.color(rng, mat.NEUTRAL[:1] + mat.SOFT + mat.BRIGHT[2:3]))
    low, high = rng.uniform(0.12, 0.2) * body, rng.uniform(0.7, 0.92) * body
    scene.add(
        "label",
        lathe([(radius * 0.9, low), (radius + 0.003, low), (radius + 0.003, high), (radius * 0.9, high)], 32),
        printed,
    )
    cap = mat.paint(mat.color(rng, mat.BRIGHT + mat.DARK), 0.5)
    end = top + neck_length
    if kind == "pump":
        scene.add("collar", cylinder(neck * 1.3, 0.07, sides=16).at(0, end, 0), cap)
        scene.add("stem", cylinder(0.018, 0.14).at(0, end + 0.08, 0), cap)
        scene.add("spout", box(0.06, 0.045, 0.2, 0.015).at(0, end + 0.16, -0.055), cap)
        return scene
    height = {"wine": 0.14, "beer": 0.03, "water": 0.07, "flask": 0.09}[kind]
    scene.add(
        "cap",
        cylinder(neck * 1.15, height, neck * (1.15 if kind != "flask" else 1.35), 20, 0.006).at(
            0, end - height * 0.3, 0
        ),
        cap,
    )
    scene.add("ring", torus(neck * 1.05, 0.014, 20, 6).at(0, end - height * 0.8 - 0.03, 0), cap)
    return scene
