"""Generator of class 03261776, earphone."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.parts.devices import facing
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Mesh,
    box,
    cylinder,
    ellipsoid,
    lathe,
    rod,
    rounded,
    smooth,
    sweep,
    torus,
    tube,
)


def earphone(rng: np.random.Generator) -> Scene:
    """Headphones with cups, with a microphone arm, or a pair of earbuds on a lead."""
    scene = Scene()
    kind = pick(rng, ("cups", "cups", "headset", "buds"))
    shell, pad = mat.paint(mat.color(rng), 0.5), mat.matte(mat.color(rng, mat.DARK + mat.SOFT))
    metal = mat.metal(rng)
    if kind == "buds":
        for side in (-1, 1):
            bud = facing([(0, -0.12), (0.12, -0.12), (0.2, 0.0), (0.2, 0.1), (0, 0.16)], 20).rotated("y", side * 40)
            tip = ellipsoid(0.13, 0.13, 0.1, 16, 8).rotated("y", side * 40)
            stem = rod((side * 0.36, 0, 0), (side * 0.36, -0.55, -0.02), 0.06, 0.05, 12)
            scene.add("bud", bud.at(side * 0.36, 0, 0) + stem, shell)
            scene.add("tip", tip.at(side * 0.36 - side * 0.11, 0.01, 0.12), pad)
            lead = smooth(
                [(side * 0.36, -0.5, -0.02), (side * 0.34, -0.95, 0.0), (side * 0.1, -1.35, 0), (0, -1.5, 0)], 14
            )
            scene.add("lead", tube(lead, 0.022, 6), pad)
        scene.add("joint", cylinder(0.05, 0.16, sides=12, bevel=0.015).at(0, -1.53, 0), shell)
        tail = smooth([(0, -1.6, 0), (0.05, -1.9, 0.1), (-0.2, -2.05, 0.2), (-0.1, -2.15, 0)], 12)
        scene.add("tail", tube(tail, 0.022, 6), pad)
        scene.add("plug", rod(tail[-1], tail[-1] + (0.16, -0.02, -0.05), 0.035, 0.02), metal)
        return scene.stretched(*rng.uniform(0.85, 1.2, 3))
    radius, drop = rng.uniform(0.78, 0.92), rng.uniform(0.25, 0.45)
    arc = np.linspace(0, np.pi, 25)
    path = np.column_stack([radius * np.cos(arc), radius * 1.05 * np.sin(arc) + drop, np.zeros(25)])
    thick = rng.uniform(0.16, 0.28)
    scene.add("band", sweep(rounded(0.06, thick, 0.025, 2), path, up=(0, 0, 1)), shell)
    inner = path[5:-5] * (0.95, 1, 1) - (0, 0.05, 0)
    scene.add("lining", sweep(rounded(0.07, thick * 0.9, 0.03, 2), inner, up=(0, 0, 1)), pad)
    size, deep = rng.uniform(0.3, 0.42), rng.uniform(0.14, 0.24)
    oval = rng.uniform(1.0, 1.25)

    def ear(profile: list[tuple[float, float]]) -> Mesh:
        return lathe(profile, 26).rotated("z", -90).scaled(y=oval).at(radius, 0, 0).rotated("z", -4)

    cup = [(0, -0.05), (size * 0.98, -0.05), (size, 0.0), (size * 0.9, deep * 0.7), (size * 0.55, deep), (0, deep)]
    scene.add("cups", ear(cup).both(), shell)
    scene.add(
        "discs",
        ear([(0, deep * 0.8), (size * 0.5, deep * 0.8), (size * 0.46, deep + 0.03), (0, deep + 0.03)]).both(),
        metal,
    )
    ring = torus(size * 0.8, size * 0.22, 26, 8).rotated("z", 90).scaled(y=oval).at(radius - 0.1, 0, 0).rotated("z", -4)
    scene.add("pads", ring.both(), pad)
    yoke = rod((radius + 0.02, drop + 0.14, 0), (radius + 0.04, 0.1, 0), 0.045, sides=10)
    scene.add("yokes", yoke.both(), metal)
    if kind == "headset":
        boom = smooth(
            [
                (radius + 0.05, -0.05, -size * 0.5),
                (radius, -size, -size * 1.5),
                (radius * 0.5, -size * 1.35, -size * 2.2),
            ],
            12,
        )
        scene.add("boom", tube(boom, 0.03), metal)
        scene.add("microphone", ellipsoid(0.13, 0.09, 0.09, 14, 8).at(*boom[-1]), mat.matte(mat.DARK[0]))
    else:
        lead = smooth(
            [
                (radius, -size * oval, 0),
                (radius * 0.85, -size * 2, 0.05),
                (radius * 0.3, -size * 2.3, -0.1),
                (-0.1, -size * 2.0, -0.2),
            ],
            14,
        )
        scene.add("lead", tube(lead, 0.028, 6), pad)
    # The front: a badge on the band.
    scene.add(
        "badge",
        box(0.22, 0.1, 0.05, 0.02).at(0, drop + radius * 1.05, -thick / 2),
        mat.paint(mat.color(rng, mat.BRIGHT), 0.4),
    )
    return scene
