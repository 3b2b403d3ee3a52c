"""Generator of class 03691459, loudspeaker."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.devices import RUBBER, facing
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import Mesh, box, cylinder, ellipsoid, extrude, joined, rounded, torus


def _driver(radius: float) -> tuple[Mesh, Mesh, Mesh, Mesh]:
    """Rim, cone, surround and cap of a driver, facing the front."""
    rim = torus(radius, radius * 0.12, 28, 8).rotated("x", 90)
    dish = facing(
        [
            (0, -0.01),
            (radius * 0.95, -0.01),
            (radius * 0.95, 0.03),
            (radius * 0.86, 0.05),
            (radius * 0.4, 0.012),
            (0, 0.012),
        ],
        28,
    )
    surround = torus(radius * 0.82, radius * 0.09, 28, 6).rotated("x", 90).at(0, 0, -0.03)
    cap = ellipsoid(radius * 0.34, radius * 0.34, radius * 0.2, 16, 8).at(0, 0, -0.012)
    return rim, dish, surround, cap


def _drivers(scene: Scene, metal: Material, cone: Material, spots: list[tuple[float, float, float]], z: float) -> None:
    """Drivers at (x, y, radius) in the plane z."""
    pieces = [[mesh.at(x, y, z) for mesh in _driver(r)] for x, y, r in spots]
    for name, index, surface in (
        ("rims", 0, metal),
        ("cones", 1, cone),
        ("surrounds", 2, RUBBER),
        ("caps", 3, metal),
    ):
        scene.add(name, joined([piece[index] for piece in pieces]), surface)


def loudspeaker(rng: np.random.Generator) -> Scene:
    """Shelf or floor box, stage monitor, or ball on a foot; cones to the front."""
    scene = Scene()
    kind = pick(rng, ("shelf", "floor", "wedge", "ball"))
    case = mat.wood(rng) if rng.random() < 0.5 else mat.paint(mat.color(rng), 0.4)
    metal, cone = mat.metal(rng), mat.matte(mat.color(rng, mat.DARK + mat.NEUTRAL[3:5] + mat.BRIGHT))
    if kind == "ball":
        scene.add(
            "ball", ellipsoid(0.6, 0.6, 0.6, 28, 16), case if case.texture is None else mat.paint(mat.color(rng), 0.5)
        )
        _drivers(scene, metal, cone, [(0, 0, rng.uniform(0.34, 0.44))], -0.5)
        scene.add("stem", cylinder(0.08, 0.3).at(0, -0.68, 0.05), metal)
        scene.add("foot", cylinder(0.4, 0.07, 0.34, 28, 0.015).at(0, -0.84, 0.05), metal)
        return scene
    width, depth = rng.uniform(0.62, 0.8), rng.uniform(0.55, 0.75)
    height = {"shelf": rng.uniform(1.0, 1.25), "floor": rng.uniform(1.8, 2.4), "wedge": 0.9}[kind]
    if kind == "wedge":
        width = rng.uniform(1.1, 1.4)
        side = [(-depth * 0.55, 0.0), (depth * 0.6, 0.0), (depth * 0.6, height * 0.85), (depth * 0.25, height * 0.85)]
        body = extrude(side, width, 0.03).rotated("y", -90)
        scene.add("box", body, mat.paint(mat.color(rng, mat.DARK + mat.NEUTRAL[3:]), 0.2))
        tilt = float(np.degrees(np.arctan2(depth * 0.8, height * 0.85)))
        slope = float(np.hypot(depth * 0.8, height * 0.85))

        def on_slope(mesh: Mesh) -> Mesh:
            return mesh.at(0, slope / 2, 0).rotated("x", tilt).at(0, 0, -depth * 0.55)

        scene.add(
            "grille",
            on_slope(box(width * 0.9, slope * 0.86, 0.06, 0.015)),
            mat.mesh_cloth(mat.color(rng, mat.NEUTRAL[2:5]), 5),
        )
        for name, index, surface in (
            ("rims", 0, metal),
            ("cones", 1, cone),
            ("surrounds", 2, RUBBER),
            ("caps", 3, metal),
        ):
            pair = ((-width * 0.2, 0.0, slope * 0.32), (width * 0.26, 0.05, slope * 0.17))
            scene.add(name, on_slope(joined([_driver(r)[index].at(x, y, -0.04) for x, y, r in pair])), surface)
        scene.add(
            "grips", torus(0.14, 0.03, 16, 6).rotated("z", 90).at(width / 2, height * 0.4, depth * 0.2).both(), RUBBER
        )
        scene.add("corners", box(0.12, 0.12, 0.12, 0.03).at(width / 2 - 0.03, 0.04, depth * 0.57).both(), metal)
        return scene
    scene.add("box", box(width, height, depth, rng.uniform(0.01, 0.08), 2), case)
    front = -depth / 2
    panel = mat.matte(mat.color(rng, mat.DARK + mat.NEUTRAL[2:4]))
    scene.add("baffle", extrude(rounded(width * 0.93, height * 0.96, 0.05), 0.03, 0.008).at(0, 0, front), panel)
    big = width * rng.uniform(0.33, 0.39)
    y = -height / 2 + big * 1.35
    spots: list[tuple[float, float, float]] = []
    while y < height / 2 - big * 2.0 and len(spots) < 3:
        spots.append((0.0, y, big))
        y += big * 2.35
    small = big * rng.uniform(0.35, 0.5)
    spots.append((0.0, min(y - big * 2.35 + big * 1.3 + small * 1.4, height / 2 - small * 1.5), small))
    _drivers(scene, metal, cone, spots, front - 0.02)
    scene.add("port", torus(0.07, 0.025, 16, 6).rotated("x", 90).at(width * 0.32, height * 0.42, front - 0.015), RUBBER)
    scene.add("badge", box(0.16, 0.05, 0.03, 0.01).at(0, -height * 0.455, front - 0.015), metal)
    scene.add("terminals", box(0.3, 0.2, 0.03).at(0, -height * 0.3, depth / 2), panel)
    if kind == "floor" or rng.random() < 0.4:
        scene.add(
            "feet",
            joined(
                [
                    cylinder(0.03, 0.1, 0.05, 10).at(x * width * 0.4, -height / 2 - 0.03, z * depth * 0.4)
                    for x in (-1, 1)
                    for z in (-1, 1)
                ]
            ),
            metal,
        )
    return scene
