"""Generator of class 03211117, display."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Mesh,
    box,
    cylinder,
    extrude,
    frame,
    joined,
    loft,
    rod,
    rounded,
    smooth,
    tube,
)


def display(rng: np.random.Generator) -> Scene:
    """Flat screen, curved screen, tube television or wide panel on a stand."""
    scene = Scene()
    kind = pick(rng, ("flat", "flat", "curved", "tube", "wide"))
    case, metal = mat.paint(mat.color(rng, mat.DARK + mat.NEUTRAL + mat.BRIGHT), 0.4), mat.metal(rng)
    width = {"flat": 1.6, "curved": 2.0, "tube": 1.25, "wide": 2.1}[kind] * rng.uniform(0.9, 1.05)
    height = {"flat": 1.0, "curved": 0.86, "tube": 1.05, "wide": 1.15}[kind] * rng.uniform(0.92, 1.05)
    picture = mat.screen(rng, 80, 128)
    if kind == "tube":
        shell = [
            [(s * x, y0 + t * y, z) for x, y in rounded(width, height, 0.1, 3)]
            for z, s, t, y0 in ((0.0, 1, 1, 0), (0.35, 0.98, 0.97, 0), (0.95, 0.55, 0.6, -0.04), (1.1, 0.5, 0.5, -0.06))
        ]
        scene.add("shell", loft(shell).at(0, height / 2 + 0.16, 0), case)
        scene.add(
            "rim",
            frame(width, height, 0.12, 0.12, 0.1).at(0, height / 2 + 0.16, -0.03),
            mat.paint(mat.shade(case.color, 0.8), 0.4),
        )
        glass = extrude(rounded(width - 0.2, height - 0.2, 0.08), 0.05, 0.02)
        scene.add("screen", glass.at(0, height / 2 + 0.16, -0.03), picture)
        scene.add("base", cylinder(0.36, 0.16, 0.28, 20).at(0, 0.08, 0.42), case)
        scene.add(
            "knobs",
            joined([cylinder(0.03, 0.05, sides=12).rotated("x", 90).at(x, 0.22, -0.1) for x in (-0.4, -0.3, 0.4)]),
            metal,
        )
        if rng.random() < 0.5:
            scene.add(
                "aerials", rod((0.05, height + 0.1, 0.5), (0.55, height + 0.85, 0.5), 0.015, sides=6).both(), metal
            )
        return scene
    foot = rng.uniform(0.3, 0.42)
    bow = rng.uniform(0.1, 0.18) if kind == "curved" else 0.0

    def curved(mesh: Mesh) -> Mesh:
        return mesh.deformed(lambda p: p - np.array([0, 0, 1]) * (bow * (p[:, :1] * 2 / width) ** 2)) if bow else mesh

    def slab(w: float, h: float, d: float) -> Mesh:
        # Sliced upright, so that it can be bent.
        rings = [
            [(x, -h / 2, -d / 2), (x, h / 2, -d / 2), (x, h / 2, d / 2), (x, -h / 2, d / 2)]
            for x in np.linspace(-w / 2, w / 2, 13)
        ]
        return curved(loft(rings)) if bow else extrude(rounded(w, h, 0.03), d, d * 0.2)

    border = rng.uniform(0.03, 0.07)
    level = foot + height / 2
    scene.add("panel", slab(width, height, 0.07).at(0, level, 0), case)
    chin = border * 1.6
    scene.add(
        "screen",
        slab(width - 2 * border, height - border - chin, 0.02).at(0, level + (chin - border) / 2, -0.033),
        picture,
    )
    scene.add("back", box(width * 0.5, height * 0.5, 0.12, 0.05).at(0, level, 0.06), case)
    scene.add(
        "light",
        box(0.05, 0.015, 0.02).at(width * 0.4, foot + chin / 2, -0.035 - bow * 0.64),
        mat.paint(mat.hexa("6fd08c"), 0.5),
    )
    stand = pick(rng, ("disc", "plate", "feet", "arm"))
    if stand == "feet":
        leg = rod((width * 0.34, level - height / 2 + 0.03, 0.02), (width * 0.38, 0, -0.22), 0.022) + rod(
            (width * 0.34, level - height / 2 + 0.03, 0.02), (width * 0.38, 0, 0.22), 0.022
        )
        scene.add("feet", leg.both(), metal)
        return scene
    scene.add(
        "neck",
        box(0.16, level, 0.06, 0.02).at(0, level / 2, 0.1)
        if stand != "arm"
        else tube(smooth([(0, 0.02, 0.2), (0, level * 0.5, 0.24), (0, level, 0.08)], 8), 0.05),
        metal,
    )
    plate = (
        cylinder(0.36, 0.04, sides=28, bevel=0.01).scaled(z=0.75) if stand == "disc" else box(0.75, 0.035, 0.45, 0.012)
    )
    scene.add("stand", plate.at(0, 0.02, 0.06), metal)
    return scene
