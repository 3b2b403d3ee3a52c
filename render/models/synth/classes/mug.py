"""Generator of class 03797390, mug."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.parts.vessels import glaze_material, hollow_vessel
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import cylinder, smooth, superellipse, sweep, torus


def mug(rng: np.random.Generator) -> Scene:
    """Mug with its handle on the object's right and a drink in it."""
    scene = Scene()
    radius, height = rng.uniform(0.34, 0.42), rng.uniform(0.7, 1.0)
    shape = pick(
        rng, ((1, 1, 1, 1), (1, 1, 1, 1), (0.82, 0.9, 0.97, 1.04), (0.86, 1.06, 1.06, 0.92), (1.12, 1.04, 0.98, 0.94))
    )
    curve = smooth(np.column_stack([np.array(shape) * radius, np.array([0.03, 0.35, 0.65, 1.0]) * height]), 9)
    outside = [(curve[0][0] * 0.9, 0.0), *((float(r), float(h)) for r, h in curve)]
    surface = glaze_material(rng)
    scene.add("mug", hollow_vessel(outside, 0.04, 0.06, 36), surface)
    top = float(curve[-1][0])
    scene.add(
        "drink",
        cylinder(top - 0.03, 0.02, sides=36).at(0, height * rng.uniform(0.8, 0.9), 0),
        mat.paint(mat.hexa(pick(rng, ("6b4226", "c69a6b", "a8502f", "e9dcc6"))), 0.4),
    )
    reach = radius * rng.uniform(1.65, 1.95)
    kind = pick(rng, ("round", "square", "ear"))
    middle = {
        "round": [(reach, 0.78), (reach * 1.03, 0.5), (reach * 0.95, 0.28)],
        "square": [(reach * 0.98, 0.82), (reach, 0.78), (reach, 0.3), (reach * 0.98, 0.24)],
        "ear": [(reach * 1.05, 0.84), (reach * 1.02, 0.55), (reach * 0.75, 0.3)],
    }[kind]
    ends = [(radius * 0.93, 0.82), *middle, (radius * 0.93, 0.22)]
    path = smooth([(x, y * height, 0) for x, y in ends], 18)
    grip = (
        mat.paint(mat.color(rng), 0.4)
        if rng.random() < 0.3
        else surface
        if surface.texture is None
        else mat.paint(surface.color, 0.4)
    )
    scene.add("handle", sweep(superellipse(0.075, 0.04, 2.6, 10), path, up=(1, 0, 0)), grip)
    if rng.random() < 0.6:
        scene.add("rim", torus(top - 0.02, 0.024, 36, 8).at(0, height + 0.01, 0), mat.paint(mat.color(rng), 0.4))
    return scene
