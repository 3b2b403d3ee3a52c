"""Generator of class 03207941, dishwasher."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.parts.appliances import bar_handle, contrast_paint, enamel
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import Mesh, box, cylinder, joined, lathe, rod


def dishwasher(rng: np.random.Generator) -> Scene:
    """Dishwasher with its door shut, ajar or down with baskets of plates drawn out."""
    scene = Scene()
    body, metal = enamel(rng), mat.metal(rng)
    trim = contrast_paint(body.color)
    width, depth, height = rng.uniform(0.9, 1.05), rng.uniform(0.85, 0.95), rng.uniform(1.25, 1.4)
    opened = rng.random() < 0.65
    wall, front = 0.06, -depth / 2
    shell = box(wall, height, depth, 0.012).at(width / 2 - wall / 2, height / 2, 0).both()
    shell += box(width - 0.02, wall, depth - 0.01, 0.012).at(0, height - wall / 2, 0) + box(
        width - 0.02, 0.14, depth - 0.01, 0.012
    ).at(0, 0.07, 0)
    scene.add(
        "shell", shell + box(width - 0.02, height - 0.02, wall).at(0, height / 2, depth / 2 - wall / 2 - 0.005), body
    )
    scene.add(
        "worktop",
        box(width + 0.06, 0.06, depth + 0.05, 0.015).at(0, height + 0.02, -0.01),
        trim if rng.random() < 0.5 else mat.wood(rng),
    )
    door_high = height - 0.24
    door = box(width - 0.04, door_high, 0.08, 0.015).at(0, door_high / 2, 0)
    panel = box(width - 0.06, 0.16, 0.06, 0.012).at(0, door_high - 0.09, -0.025)
    grip = bar_handle(width * 0.6, door_high - 0.24, -0.04)
    knobs = joined(
        [
            cylinder(0.02, 0.04, sides=10).rotated("x", 90).at(x, door_high - 0.09, -0.055)
            for x in np.linspace(0.1, 0.34, 4) * width
        ]
    )
    light = box(0.16, 0.06, 0.03).at(-width * 0.3, door_high - 0.09, -0.05)
    fall = rng.uniform(-90, -72) if opened else pick(rng, (0.0, 0.0, -18.0))

    def on_hinge(mesh: Mesh) -> Mesh:
        return mesh.rotated("x", fall).at(0, 0.18, front - 0.03)

    scene.add("door", on_hinge(door), body)
    scene.add("panel", on_hinge(panel), trim)
    scene.add("handle", on_hinge(grip), metal)
    scene.add("knobs", on_hinge(knobs), metal)
    scene.add("display", on_hinge(light), mat.paint(mat.hexa("8fd0b0"), 0.6))
    scene.add(
        "lining",
        on_hinge(box(width - 0.2, door_high * 0.8, 0.05, 0.02).at(0, door_high / 2, 0.03)),
        mat.paint(mat.NEUTRAL[2], 0.6),
    )
    scene.add("kick plate", box(width - 0.1, 0.12, 0.05).at(0, 0.07, front - 0.0), trim)
    if fall == 0.0:
        return scene
    _baskets(rng, scene, width, depth, height, opened)
    return scene


def _baskets(rng: np.random.Generator, scene: Scene, width: float, depth: float, height: float, opened: bool) -> None:
    """Two baskets, drawn out by some length, with plates below and cups above."""
    steel = mat.paint(mat.color(rng, mat.NEUTRAL[2:4]), 0.6)
    china = mat.paint(mat.color(rng, mat.SOFT + mat.BRIGHT + mat.NEUTRAL[:1]), 0.5)
    for level, reach in (
        (0.22, rng.uniform(0.1, 0.5) if opened else 0.0),
        (0.72, rng.uniform(0.0, 0.3) if opened else 0.0),
    ):
        y, z, w, d = level * height + 0.05, -reach, width - 0.26, depth - 0.22
        rails = [
            rod((-w / 2, y + dy, z + s * d / 2), (w / 2, y + dy, z + s * d / 2), 0.012, sides=5)
            for s in (-1, 1)
            for dy in (0, 0.16)
        ]
        rails += [
            rod((s * w / 2, y + dy, z - d / 2), (s * w / 2, y + dy, z + d / 2), 0.012, sides=5)
            for s in (-1, 1)
            for dy in (0, 0.16)
        ]
        rails += [rod((x, y, z - d / 2), (x, y, z + d / 2), 0.008, sides=4) for x in np.linspace(-0.4, 0.4, 5) * w]
        rails += [
            rod((x, y, z + s * d / 2), (x, y + 0.16, z + s * d / 2), 0.008, sides=4)
            for x in np.linspace(-0.5, 0.5, 7) * w
            for s in (-1, 1)
        ]
        scene.add("basket", joined(rails), steel)
        if level < 0.5:
            plates = [
                lathe([(0, 0), (0.12, 0.0), (0.2, 0.03), (0.2, 0.045), (0, 0.015)], 18)
                .rotated("x", 80)
                .at(x, y + 0.21, zz)
                for zz in np.linspace(-0.36, 0.36, 5) * d + z
                for x in (-w * 0.24, w * 0.24)
            ]
            scene.add("plates", joined(plates), china)
        else:
            cups = [
                lathe([(0, 0.2), (0.07, 0.2), (0.08, 0.0), (0.065, 0.0), (0.055, 0.18), (0, 0.18)], 12).at(
                    x, y + 0.02, zz
                )
                for x in np.linspace(-0.36, 0.36, 4) * w
                for zz in (z - d * 0.25, z + d * 0.2)
            ]
            scene.add("cups", joined(cups), mat.paint(mat.color(rng), 0.5))
