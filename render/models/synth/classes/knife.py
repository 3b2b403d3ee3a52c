"""Generator of class 03624134, knife."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.parts.weapons import grip_material, side_plate
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import box, cylinder, ellipsoid, joined, loft, smooth, torus


def knife(rng: np.random.Generator) -> Scene:
    """Chef's knife, cleaver, dagger, hunting, table or folding knife; the point to the front, the edge down."""
    scene = Scene()
    kind = pick(rng, ("chef", "cleaver", "dagger", "hunting", "table", "folding"))
    long = {"chef": 1.1, "cleaver": 0.95, "dagger": 1.0, "hunting": 0.85, "table": 0.8, "folding": 0.7}[
        kind
    ] * rng.uniform(0.9, 1.12)
    deep = {"chef": 0.24, "cleaver": 0.48, "dagger": 0.17, "hunting": 0.22, "table": 0.14, "folding": 0.17}[
        kind
    ] * rng.uniform(0.9, 1.1)
    _blade(rng, scene, kind, long, deep)
    handle = grip_material(rng)
    reach = {"cleaver": 0.6, "table": 0.75}.get(kind, 0.62) * rng.uniform(0.9, 1.1)
    tall = 0.13 if kind != "table" else 0.1
    bow = rng.uniform(-0.04, 0.05)
    half = smooth([(0.0, 0.8), (0.25, 1.0), (0.55, 0.85), (0.85, 1.1), (1.0, 0.75)], 9)
    lean = bow * np.sin(np.pi * half[:, 0])
    upper = np.column_stack([half[:, 0] * reach, half[:, 1] * tall / 2 + lean])
    lower = np.column_stack([half[:, 0] * reach, -half[:, 1] * tall / 2 + lean])
    scene.add("handle", side_plate(np.concatenate([upper, lower[::-1]]), 0.1, 0.025), handle)
    metal = mat.metal(rng)
    if kind == "dagger":
        scene.add("guard", box(0.09, 0.42, 0.08, 0.03), metal)
        scene.add("pommel", ellipsoid(0.075, 0.085, 0.075, 14, 8).at(0, 0, reach + 0.03), metal)
        scene.add(
            "wire",
            joined(
                [
                    torus(tall * 0.48, 0.014, 14, 5).rotated("x", 90).scaled(x=0.85).at(0, bow * 0.8, z)
                    for z in np.linspace(0.12, reach * 0.88, 5)
                ]
            ),
            metal,
        )
    elif kind == "folding":
        scene.add("bolster", box(0.11, tall * 1.05, 0.1, 0.02).at(0, 0, 0.02), metal)
        scene.add("pivot", cylinder(0.035, 0.125, sides=14).rotated("z", 90).at(0, 0, 0.03), mat.metal(rng))
        scene.add(
            "studs",
            joined(
                [
                    cylinder(0.018, 0.115, sides=10).rotated("z", 90).at(0, bow * 0.9, z)
                    for z in (reach * 0.45, reach * 0.8)
                ]
            ),
            metal,
        )
        scene.add("clip", box(0.02, 0.05, reach * 0.6, 0.008).at(0.06, 0.01, reach * 0.6), metal)
    else:
        scene.add("bolster", box(0.095, tall * 0.95, 0.08, 0.025).at(0, 0, 0.0), metal)
        scene.add(
            "rivets",
            joined(
                [
                    cylinder(0.022, 0.112, sides=12).rotated("z", 90).at(0, bow * np.sin(np.pi * s), s * reach)
                    for s in (0.25, 0.52, 0.8)
                ]
            ),
            metal,
        )
        if kind == "cleaver":
            scene.add(
                "hole",
                torus(0.04, 0.012, 16, 6).rotated("z", 90).scaled(x=3).at(0, deep * 0.34, -long * 0.88),
                mat.matte(mat.DARK[0]),
            )
        if kind == "hunting":
            scene.add("guard", box(0.1, 0.3, 0.05, 0.02).at(0, -0.05, -0.02), metal)
    return scene


def _blade(rng: np.random.Generator, scene: Scene, kind: str, long: float, deep: float) -> None:
    """Blade whose outline has points (share of length, share of depth)."""
    outline = {
        "chef": [(0, 0.5), (-0.5, 0.48), (-0.85, 0.3), (-1.0, 0.0), (-0.85, -0.3), (-0.5, -0.5), (0, -0.5)],
        "cleaver": [(0, 0.3), (-0.2, 0.42), (-0.97, 0.5), (-1.0, 0.4), (-0.98, -0.5), (0, -0.5)],
        "dagger": [(0, 0.42), (-0.7, 0.36), (-1.0, 0.0), (-0.7, -0.36), (0, -0.42)],
        "hunting": [(0, 0.4), (-0.55, 0.42), (-0.72, 0.26), (-1.0, 0.3), (-0.85, -0.25), (-0.55, -0.5), (0, -0.42)],
        "table": [(0, 0.25), (-0.4, 0.38), (-0.85, 0.4), (-1.0, 0.1), (-0.9, -0.42), (-0.4, -0.4), (0, -0.25)],
        "folding": [(0, 0.3), (-0.6, 0.34), (-1.0, 0.02), (-0.7, -0.38), (0, -0.42)],
    }[kind]
    shape = np.array(outline)
    top, low = shape[: len(shape) // 2 + 1], shape[len(shape) // 2 :]
    stations = np.linspace(0.0, 1.0, 15)
    thick = 0.045 if kind != "cleaver" else 0.06
    rings = []
    for s in stations:
        back = np.interp(s, -top[:, 0], top[:, 1])
        edge = np.interp(s, -low[::-1, 0], low[::-1, 1])
        z, y0, y1 = -s * long, edge * deep, max(back, edge + 0.03) * deep
        half = thick / 2 * (1 - 0.5 * s)
        middle = (y0 + y1) / 2 if kind == "dagger" else y1 - (y1 - y0) * 0.35
        tip = 0.15 if kind == "dagger" else 0.85
        rings.append(
            [
                (half * tip, y1, z),
                (half, middle, z),
                (half * 0.06, y0, z),
                (-half * 0.06, y0, z),
                (-half, middle, z),
                (-half * tip, y1, z),
            ]
        )
    scene.add("blade", loft(rings), mat.Material(mat.color(rng, mat.METAL[:2] + mat.NEUTRAL[:3]), 0.9, 300.0))
