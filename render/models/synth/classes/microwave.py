"""Generator of class 03761084, microwave."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.appliances import PANE, contrast_paint, enamel, knob_row
from threedie.render.models.synth.scene import Scene
from threedie.render.models.synth.shapes import Extent, Mesh, box, cylinder, extrude, frame, joined, rounded, tube


def microwave(rng: np.random.Generator) -> Scene:
    """Microwave oven, its window to the front, its controls on the viewer's right."""
    scene = Scene()
    body, metal = enamel(rng), mat.metal(rng)
    trim = contrast_paint(body.color)
    size = Extent(rng.uniform(1.3, 1.6), rng.uniform(0.75, 0.95), rng.uniform(0.8, 1.0))
    (width, height, depth), front = size, size.front
    scene.add("body", box(width, height, depth, rng.uniform(0.03, 0.09), 2).at(0, height / 2, 0), body)
    share = rng.uniform(0.7, 0.76)
    # The viewer's right is toward -X.
    door_x = width * (0.5 - share / 2) - 0.01
    opened = rng.random() < 0.25
    door_w, door_h = width * share - 0.05, height * 0.88
    turn = rng.uniform(50, 80) if opened else 0.0

    def on_hinge(mesh: Mesh) -> Mesh:
        hinge = door_x + door_w / 2
        return mesh.at(-door_w / 2, 0, 0).rotated("y", -turn).at(hinge, height / 2, front - 0.02)

    scene.add(
        "door", on_hinge(extrude(rounded(door_w, door_h, 0.05), 0.08, 0.015)), trim if rng.random() < 0.6 else body
    )
    scene.add("window rim", on_hinge(frame(door_w * 0.8, door_h * 0.76, 0.05, 0.1, 0.05)), metal)
    scene.add("window", on_hinge(box(door_w * 0.74, door_h * 0.7, 0.095, 0.01)), PANE)
    if rng.random() < 0.7:
        grip = tube(
            [(0, -door_h * 0.32, 0.0), (0, -door_h * 0.32, -0.09), (0, door_h * 0.32, -0.09), (0, door_h * 0.32, 0.0)],
            0.026,
        )
        scene.add("handle", on_hinge(grip.at(-door_w / 2 + 0.07, 0, -0.02)), metal)
    else:
        scene.add("handle", on_hinge(box(0.09, door_h * 0.5, 0.08, 0.025).at(-door_w / 2 + 0.07, 0, -0.05)), metal)
    if opened:
        scene.add(
            "cavity",
            box(door_w * 0.86, height * 0.72, 0.06, 0.01).at(door_x, height / 2, front + 0.01),
            mat.matte(mat.hexa("d8d4c8")),
        )
        scene.add(
            "hole",
            box(door_w * 0.76, height * 0.6, 0.05, 0.01).at(door_x, height / 2, front - 0.005),
            mat.matte(mat.hexa("6d655a")),
        )
    _controls(rng, scene, body, metal, trim, size, share, door_h)
    scene.add(
        "vents",
        joined(
            [box(0.02, 0.03, depth * 0.4).at(width / 2 - 0.005, height * (0.4 + 0.1 * i), 0.05) for i in range(4)]
        ).both(),
        mat.matte(mat.DARK[0]),
    )
    scene.add(
        "feet",
        joined(
            [
                cylinder(0.05, 0.06, sides=10).at(sx * width * 0.42, -0.01, sz * depth * 0.4)
                for sx in (-1, 1)
                for sz in (-1, 1)
            ]
        ),
        mat.matte(mat.DARK[0]),
    )
    return scene


def _controls(
    rng: np.random.Generator,
    scene: Scene,
    body: Material,
    metal: Material,
    trim: Material,
    size: Extent,
    share: float,
    door_h: float,
) -> None:
    """Panel with a clock and keys or dials."""
    (width, height, _), front = size, size.front
    x = -width * share / 2 - 0.0
    scene.add(
        "panel", extrude(rounded(width * (1 - share) - 0.06, door_h, 0.03), 0.05, 0.01).at(x, height / 2, front), trim
    )
    scene.add(
        "clock",
        box(width * (1 - share) * 0.62, height * 0.12, 0.04, 0.01).at(x, height * 0.8, front - 0.02),
        mat.paint(mat.hexa("7fd0a4"), 0.6),
    )
    if rng.random() < 0.5:
        keys = [
            box(0.075, 0.05, 0.04, 0.012).at(x + (c - 1) * 0.1, height * 0.34 + r * 0.085, front - 0.02)
            for c in range(3)
            for r in range(4)
        ]
        scene.add("keys", joined(keys), body)
        scene.add(
            "start",
            box(0.26, 0.06, 0.04, 0.015).at(x, height * 0.2, front - 0.02),
            mat.paint(mat.color(rng, mat.BRIGHT), 0.4),
        )
    else:
        dial = knob_row(np.array([0.0]), 0, 0, 0.085)
        scene.add("dials", dial.at(x, height * 0.53, front - 0.02) + dial.at(x, height * 0.26, front - 0.02), metal)
