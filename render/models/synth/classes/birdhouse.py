"""Generator of class 02843684, birdhouse."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.buildings import gable_outline, gable_roof
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import box, cylinder, ellipsoid, extrude, lathe, rod, torus


def birdhouse(rng: np.random.Generator) -> Scene:
    """Nesting box with a hole and a perch at the front: gabled, round, tall, of two floors, on a post or hung up."""
    scene = Scene()
    kind = pick(rng, ("gable", "gable", "frame", "round", "double"))
    walls = (
        mat.planks(rng, mat.color(rng, mat.WOOD + mat.BRIGHT + mat.SOFT), 1.0)
        if rng.random() < 0.5
        else mat.paint(mat.color(rng), 0.2)
    )
    roof = (
        mat.paint(mat.color(rng, mat.BRIGHT + mat.WOOD), 0.2)
        if rng.random() < 0.7
        else mat.bricks(rng, mat.color(rng, mat.WOOD + mat.BRIGHT[:2]), mat.hexa("6b5a50"), 1.6)
    )
    trim = mat.paint(mat.color(rng, mat.NEUTRAL[:1] + mat.BRIGHT), 0.3)
    hole = mat.matte(mat.hexa("2d2723"))
    wood = mat.wood(rng)
    width, depth = rng.uniform(0.6, 0.75), rng.uniform(0.55, 0.7)
    wall, ridge = rng.uniform(0.55, 0.8), 0.0
    front = -depth / 2
    holes: list[tuple[float, float, float]]
    if kind == "round":
        radius = width / 2
        scene.add("walls", cylinder(radius, wall, sides=28).at(0, wall / 2, 0), walls)
        scene.add(
            "roof",
            lathe(
                [(0, -0.02), (radius * 1.3, -0.02), (radius * 1.3, 0.02), (0.03, radius * 1.5), (0, radius * 1.5)], 28
            ).at(0, wall, 0),
            roof,
        )
        scene.add("finial", ellipsoid(0.06, 0.07, 0.06, 12, 8).at(0, wall + radius * 1.52, 0), trim)
        front, ridge = -radius, wall + radius * 1.5
        holes = [(0.0, wall * 0.55, 0.12)]
    elif kind == "frame":
        ridge = rng.uniform(0.95, 1.15)
        scene.add("walls", extrude([(-width * 0.62, 0.0), (width * 0.62, 0.0), (0.0, ridge)], depth).at(0, 0, 0), walls)
        scene.add("roof", gable_roof(width * 1.24, 0.0, ridge, depth + 0.2, 0.08, 0.07), roof)
        holes = [(0.0, ridge * 0.36, 0.11)]
    else:
        if kind == "double":
            wall *= 1.5
        ridge = wall + rng.uniform(0.25, 0.45)
        scene.add("walls", extrude(gable_outline(width, wall, ridge), depth), walls)
        scene.add("roof", gable_roof(width, wall, ridge, depth + 0.22, 0.14, 0.06), roof)
        holes = (
            [(0.0, wall * 0.3, 0.1), (0.0, wall * 0.85, 0.1)]
            if kind == "double"
            else [(0.0, wall * rng.uniform(0.6, 0.72), 0.12)]
        )
        scene.add("corners", box(0.05, wall, 0.05).at(width / 2 - 0.005, wall / 2, front + 0.005).both(), trim)
        if kind == "double":
            scene.add("ledge", box(width + 0.08, 0.05, 0.2, 0.01).at(0, wall * 0.56, front - 0.04), trim)
        if rng.random() < 0.4:
            scene.add("chimney", box(0.13, 0.32, 0.13, 0.01).at(width * 0.24, ridge - 0.02, depth * 0.2), trim)
    for x, y, radius in holes:
        scene.add("rim", torus(radius, 0.028, 24, 8).rotated("x", 90).at(x, y, front - 0.005), trim)
        scene.add("hole", cylinder(radius, 0.03, sides=24).rotated("x", 90).at(x, y, front), hole)
        scene.add("perch", rod((x, y - radius - 0.09, front + 0.02), (x, y - radius - 0.09, front - 0.2), 0.022), wood)
    scene.add(
        "floor",
        box(width * (1.3 if kind == "frame" else 1.12), 0.06, depth + (0.28 if kind != "round" else 0.2), 0.015).at(
            0, -0.02, -0.04
        ),
        wood,
    )
    _bird(rng, scene, wood, front, holes)
    if rng.random() < 0.6:
        high = rng.uniform(0.6, 1.3)
        scene.add("post", box(0.12, high, 0.12, 0.015).at(0, -high / 2 - 0.03, 0.0), wood)
        scene.add("brace", rod((0.0, -0.4, 0), (0.26, -0.05, 0), 0.03, sides=6).both(), wood)
    else:
        scene.add("hanger", torus(0.08, 0.016, 18, 6).rotated("x", 90).at(0, ridge + 0.13, 0), mat.metal(rng))
    return scene


def _bird(
    rng: np.random.Generator, scene: Scene, wood: Material, front: float, holes: list[tuple[float, float, float]]
) -> None:
    """Sometimes a bird on a rail below the hole."""
    if rng.random() < 0.45:
        x = holes[0][0]
        z = front - 0.17
        body = ellipsoid(0.075, 0.075, 0.11, 14, 8).rotated("x", -25).at(x + 0.16, 0.08, z + 0.02) + ellipsoid(
            0.058, 0.058, 0.058, 12, 8
        ).at(x + 0.16, 0.17, z - 0.06)
        tail = box(0.05, 0.02, 0.14, 0.006).rotated("x", -30).at(x + 0.16, 0.04, z + 0.15)
        scene.add("bird", body + tail, mat.paint(mat.color(rng, mat.BRIGHT), 0.2))
        scene.add(
            "beak",
            cylinder(0.02, 0.06, 0.003, 8).rotated("x", -90).at(x + 0.16, 0.165, z - 0.135),
            mat.matte(mat.hexa("e8a03a")),
        )
        scene.add("rail", box(0.5, 0.04, 0.14, 0.01).at(x + 0.1, 0.0, z + 0.01), wood)
