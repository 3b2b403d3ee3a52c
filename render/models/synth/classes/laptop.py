"""Generator of class 03642806, laptop."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.parts.devices import RUBBER
from threedie.render.models.synth.scene import Scene
from threedie.render.models.synth.shapes import Mesh, box, cylinder, extrude, joined, rod, rounded


def laptop(rng: np.random.Generator) -> Scene:
    """Open notebook computer; the user sits at the front."""
    scene = Scene()
    width, depth = 1.5 * rng.uniform(0.9, 1.1), rng.uniform(0.95, 1.1)
    thick, open_by = rng.uniform(0.05, 0.1), rng.uniform(8, 32)
    case = mat.paint(mat.color(rng, mat.NEUTRAL + mat.DARK[:2] + mat.BRIGHT), 0.5)
    light_case = sum(case.color) > 1.5
    keys = mat.paint(mat.color(rng, mat.DARK if light_case else mat.NEUTRAL[:3]), 0.3)
    scene.add("base", extrude(rounded(width, depth, 0.07), thick, thick * 0.25).rotated("x", 90), case)
    rows, columns = int(rng.integers(4, 6)), int(rng.integers(11, 14))
    pitch = width * 0.86 / columns, depth * 0.46 / rows
    key = box(pitch[0] * 0.8, 0.02, pitch[1] * 0.8)
    spots = [
        ((c - (columns - 1) / 2) * pitch[0], depth * 0.13 + (r - (rows - 1) / 2) * pitch[1])
        for c in range(columns)
        for r in range(rows)
        if r or not columns * 0.3 < c < columns * 0.68
    ]
    scene.add(
        "keys",
        joined([key.at(x, thick / 2 + 0.008, z) for x, z in spots])
        + box(pitch[0] * columns * 0.36, 0.02, pitch[1] * 0.8).at(
            0, thick / 2 + 0.008, depth * 0.13 - (rows - 1) / 2 * pitch[1]
        ),
        keys,
    )
    scene.add(
        "touchpad",
        box(width * 0.28, 0.012, depth * 0.22, 0.005).at(0, thick / 2 + 0.002, -depth * 0.31),
        mat.paint(mat.shade(case.color, 0.8), 0.3),
    )
    high, slim = depth * 0.97, thick * 0.5

    def lid(mesh: Mesh) -> Mesh:
        return mesh.at(0, high / 2 + 0.03, 0).rotated("x", open_by).at(0, thick / 2 - 0.01, depth / 2 - 0.02)

    scene.add("lid", lid(extrude(rounded(width, high, 0.07), slim, slim * 0.25)), case)
    scene.add(
        "bezel",
        lid(extrude(rounded(width * 0.97, high * 0.96, 0.05), 0.02).at(0, 0, -slim / 2)),
        mat.paint(mat.hexa("34383f"), 0.4),
    )
    scene.add(
        "screen",
        lid(extrude(rounded(width * 0.9, high * 0.84, 0.02), 0.012).at(0, 0.02, -slim / 2 - 0.012)),
        mat.screen(rng, 80, 120),
    )
    scene.add("badge", lid(cylinder(0.09, 0.012, sides=20).rotated("x", 90).at(0, 0.05, slim / 2)), mat.metal(rng))
    scene.add(
        "hinge",
        rod((-width * 0.36, thick / 2, depth / 2 - 0.02), (width * 0.36, thick / 2, depth / 2 - 0.02), 0.03, sides=10),
        keys,
    )
    scene.add(
        "ports",
        box(0.04, 0.025, 0.1).at(width / 2 - 0.01, 0, 0.1) + box(0.04, 0.025, 0.06).at(width / 2 - 0.01, 0, -0.08),
        RUBBER,
    )
    return scene
