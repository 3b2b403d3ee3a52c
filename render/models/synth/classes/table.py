"""Generator of class 04379243, table."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.parts.furniture import four_legs, frame_material
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import Mesh, box, cylinder, extrude, joined, lathe, rod, rounded, superellipse


def table(rng: np.random.Generator) -> Scene:
    """Rectangular, round or oval table on legs, a column, trestles or sides; sometimes with drawers at the front."""
    scene = Scene()
    shape = pick(rng, ("rectangle", "rectangle", "round", "oval"))
    height, thick = rng.uniform(0.42, 0.78), rng.uniform(0.025, 0.05)
    width, depth = rng.uniform(0.9, 1.8), rng.uniform(0.6, 0.9)
    if shape == "round":
        width = depth = rng.uniform(0.8, 1.15)
    top_material, carrier = frame_material(rng), frame_material(rng)
    if rng.random() < 0.15:
        top_material = mat.glass()
    outline = (
        rounded(width, depth, rng.uniform(0.01, 0.12))
        if shape == "rectangle"
        else superellipse(width / 2, depth / 2, 2, 36)
    )
    scene.add("top", extrude(outline, thick, 0.006).rotated("x", 90).at(0, height, 0), top_material)
    under = height - thick * 0.4
    fit = 1.0 if shape == "rectangle" else 0.72
    base = (
        pick(rng, ("legs", "legs", "column", "trestle"))
        if shape != "round"
        else pick(rng, ("legs", "column", "column"))
    )
    if base == "legs":
        scene.add(
            "legs", four_legs(rng, width * fit * 0.96, depth * fit * 0.94, under, rng.uniform(0.05, 0.08)), carrier
        )
        scene.add("apron", _apron(width * fit * 0.86, depth * fit * 0.8, 0.08).at(0, under - 0.035, 0), carrier)
        if shape == "rectangle" and rng.random() < 0.4:
            count = int(rng.integers(1, 4))
            each = width * 0.74 / count
            fronts = [
                box(each * 0.9, 0.075, 0.02, 0.004).at(x, under - 0.05, -depth * 0.4 - 0.008)
                for x in (np.arange(count) - (count - 1) / 2) * each
            ]
            knobs = [
                cylinder(0.014, 0.03, sides=10).rotated("x", 90).at(x, under - 0.05, -depth * 0.4 - 0.03)
                for x in (np.arange(count) - (count - 1) / 2) * each
            ]
            scene.add("drawers", joined(fronts), top_material if top_material.opacity == 1 else carrier)
            scene.add("knobs", joined(knobs), mat.metal(rng))
    elif base == "column":
        radius = 0.28 * min(width, depth)
        foot = [
            (0, 0),
            (radius, 0),
            (radius, 0.02),
            (0.05, 0.07),
            (0.035, 0.14),
            (0.045, under * 0.6),
            (0.1, under),
            (0, under),
        ]
        columns = [lathe(foot, 24).at(x, 0, 0) for x in ((0.0,) if width < 1.3 else (-width * 0.25, width * 0.25))]
        scene.add("column", joined(columns), carrier)
    else:
        x = width * 0.5 * fit - 0.12
        legs = rod((x, 0, depth * 0.42), (x, under, depth * 0.12), 0.028, sides=4) + rod(
            (x, 0, -depth * 0.42), (x, under, -depth * 0.12), 0.028, sides=4
        )
        legs += box(0.05, 0.04, depth * 0.5).at(x, under * 0.45, 0)
        scene.add("trestles", legs.both() + box(2 * x, 0.05, 0.03).at(0, under * 0.45, 0), carrier)
    return scene


def _apron(width: float, depth: float, height: float) -> Mesh:
    long = box(width, height, 0.02).at(0, 0, depth / 2) + box(width, height, 0.02).at(0, 0, -depth / 2)
    return long + box(0.02, height, depth - 0.03).at(width / 2, 0, 0).both()
