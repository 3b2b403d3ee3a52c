"""Generator of class 03337140, file cabinet."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.scene import Scene
from threedie.render.models.synth.shapes import box, cylinder, extrude, frame, joined, rounded, tube


def file_cabinet(rng: np.random.Generator) -> Scene:
    """Steel cabinet of deep drawers with label holders, upright or wide, maybe on casters; one may stand open."""
    scene = Scene()
    steel = mat.paint(mat.color(rng, mat.NEUTRAL[2:] + mat.SOFT + mat.BRIGHT + mat.NEUTRAL[2:]), 0.4)
    face = (
        mat.paint(mat.shade(steel.color, rng.uniform(1.04, 1.14)), 0.4)
        if rng.random() < 0.6
        else mat.paint(mat.color(rng, mat.BRIGHT + mat.NEUTRAL[:3]), 0.4)
    )
    metal = mat.metal(rng)
    rows = int(rng.integers(2, 6))
    wide = rng.random() < 0.25
    width, depth, each = (
        (0.95 if wide else 0.5) * rng.uniform(0.92, 1.08),
        rng.uniform(0.5, 0.7),
        rng.uniform(0.28, 0.34),
    )
    casters = rows <= 3 and rng.random() < 0.5
    foot = 0.1 if casters else 0.05
    height = rows * each + 0.06
    front = -depth / 2
    scene.add("body", box(width, height, depth, 0.012).at(0, foot + height / 2, 0), steel)
    if casters:
        scene.add(
            "castors",
            joined(
                [
                    cylinder(0.04, 0.035, sides=14).rotated("z", 90).at(x * width * 0.4, 0.04, z * depth * 0.4)
                    for x in (-1, 1)
                    for z in (-1, 1)
                ]
            ),
            mat.matte(mat.DARK[0]),
        )
    else:
        scene.add("plinth", box(width * 0.97, foot + 0.02, depth * 0.95).at(0, foot / 2, 0.01), mat.matte(mat.DARK[0]))
    opened = int(rng.integers(rows)) if rng.random() < 0.55 else -1
    style = int(rng.integers(3))
    for row in range(rows):
        y = foot + 0.03 + (row + 0.5) * each
        out = rng.uniform(0.18, 0.36) if row == opened else 0.0
        z = front - 0.012 - out
        scene.add("drawer", box(width - 0.035, each - 0.022, 0.035, 0.008).at(0, y, z), face)
        if out:
            scene.add(
                "tray",
                box(0.012, each * 0.66, out + 0.02).at(width / 2 - 0.045, y - each * 0.08, z + out / 2).both()
                + box(width - 0.09, 0.012, out + 0.02).at(0, y - each * 0.4, z + out / 2),
                steel,
            )
            files = np.arange(z + 0.05, z + out, 0.035)
            for index, at in enumerate(files):
                scene.add(
                    "file",
                    box(width - 0.12, each * 0.72, 0.012).at(0, y - 0.01, float(at)),
                    mat.matte((mat.BRIGHT + mat.SOFT)[(index * 5 + row) % 20]),
                )
        if style == 0:
            pull = tube([(-0.08, 0, 0.01), (-0.08, 0, -0.035), (0.08, 0, -0.035), (0.08, 0, 0.01)], 0.011, 8)
        elif style == 1:
            pull = box(0.17, 0.035, 0.03, 0.01)
        else:
            pull = extrude(rounded(0.18, 0.06, 0.028, 4), 0.02, 0.005)
        scene.add("pull", pull.at(0, y, z - 0.02), metal)
        scene.add("holder", frame(0.13, 0.065, 0.01, 0.012).at(0, y + each * 0.24, z - 0.018), metal)
        scene.add("label", box(0.115, 0.05, 0.01).at(0, y + each * 0.24, z - 0.016), mat.matte(mat.hexa("faf6e8")))
    # The lock is at the upper corner, on the viewer's right.
    scene.add(
        "lock",
        cylinder(0.02, 0.02, sides=14).rotated("x", 90).at(-width * 0.38, foot + height - each * 0.22, front - 0.034),
        mat.metal(rng, mat.METAL[3:5]),
    )
    return scene
