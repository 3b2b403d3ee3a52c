"""Generator of class 03759954, microphone."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Mesh,
    box,
    cylinder,
    ellipsoid,
    frame,
    joined,
    lathe,
    loft,
    rod,
    rounded,
    smooth,
    torus,
    tube,
)


def microphone(rng: np.random.Generator) -> Scene:
    """Stage, studio or old-fashioned microphone, held up, or on a desk or floor stand."""
    scene = Scene()
    kind = pick(rng, ("stage", "studio", "retro", "desk"))
    metal, grip = mat.metal(rng), mat.paint(mat.color(rng, mat.DARK + mat.BRIGHT + mat.NEUTRAL[2:4]), 0.4)
    grid = mat.mesh_cloth(mat.color(rng, mat.METAL), 14)
    if kind in ("stage", "desk"):
        return _stage(rng, kind, metal, grip, grid)
    stand = rng.uniform(0.5, 1.3)
    base = _studio(rng, scene, metal, grip, grid) if kind == "studio" else _retro(rng, scene, metal, grip)
    scene.add("stand", rod((0, base + 0.02, 0), (0, base - stand, 0), 0.035, sides=10), metal)
    scene.add(
        "foot",
        lathe([(0, -0.05), (0.36, -0.05), (0.34, 0.0), (0.08, 0.06), (0, 0.06)], 28).at(0, base - stand, 0),
        mat.matte(mat.color(rng, mat.DARK)),
    )
    return scene


def _stage(rng: np.random.Generator, kind: str, metal: Material, grip: Material, grid: Material) -> Scene:
    """Head over a tapered body, held up or clipped to a desk stand."""
    scene = Scene()
    size, long = rng.uniform(0.2, 0.27), rng.uniform(0.75, 1.0)
    head = ellipsoid(size, size * rng.uniform(1.0, 1.25), size, 24, 14).at(0, long / 2 + size * 0.8, 0)
    body = lathe(
        [
            (0, -long / 2),
            (size * 0.42, -long / 2),
            (size * 0.5, -long / 2 + 0.04),
            (size * 0.78, long / 2),
            (size * 0.9, long / 2 + size * 0.3),
            (0, long / 2 + size * 0.3),
        ],
        20,
    )
    tilt = -40 if kind == "desk" else rng.uniform(-30, -8)
    lift = 0.75 if kind == "desk" else 0.0

    def tilted(mesh: Mesh) -> Mesh:
        return mesh.rotated("x", tilt).at(0, lift, 0)

    scene.add("head", tilted(head), grid)
    scene.add("body", tilted(body), grip)
    scene.add("ring", tilted(torus(size * 0.98, size * 0.12, 24, 8).at(0, long / 2 + size * 0.75, 0)), metal)
    scene.add("switch", tilted(box(0.06, 0.14, 0.05, 0.015).at(0, long * 0.1, -size * 0.62)), metal)
    if kind == "desk":
        scene.add(
            "neck",
            tube(smooth([(0, 0.0, 0.25), (0, 0.35, 0.35), (0, lift - 0.2, 0.25), (0, lift - 0.1, 0.12)], 10), 0.035),
            metal,
        )
        scene.add("clip", tilted(cylinder(size * 0.85, 0.14, sides=18).at(0, -0.12, 0)), mat.matte(mat.DARK[0]))
        scene.add(
            "foot",
            lathe([(0, -0.05), (0.42, -0.05), (0.4, 0.0), (0.1, 0.06), (0, 0.06)], 28).at(0, 0, 0.25),
            mat.matte(mat.DARK[0]),
        )
    else:
        lead = smooth([(0, -long / 2, 0), (0, -long / 2 - 0.25, 0), (0.12, -long / 2 - 0.5, 0.06)], 9)
        scene.add("lead", tilted(tube(lead, 0.03)), mat.matte(mat.DARK[0]))
    return scene


def _studio(rng: np.random.Generator, scene: Scene, metal: Material, grip: Material, grid: Material) -> float:
    """Large capsule in a cradle; gives the height of the stand's top."""
    radius, high = rng.uniform(0.2, 0.26), rng.uniform(0.75, 0.95)
    scene.add("body", cylinder(radius, high * 0.55, sides=24, bevel=0.03), grip)
    scene.add(
        "head",
        lathe(
            [
                (0, 0),
                (radius * 0.96, 0),
                (radius * 0.96, high * 0.3),
                (radius * 0.6, high * 0.45),
                (0, high * 0.47),
            ],
            24,
        ).at(0, high * 0.26, 0),
        grid,
    )
    scene.add(
        "bands",
        joined([torus(radius, 0.022, 24, 6).at(0, y, 0) for y in (high * 0.27, -high * 0.24)])
        + box(0.03, high * 0.46, radius * 2.04, 0.01).at(0, high * 0.48, 0),
        metal,
    )
    scene.add(
        "badge",
        cylinder(0.07, 0.05, sides=16).rotated("x", 90).at(0, 0.08, -radius),
        mat.paint(mat.color(rng, mat.BRIGHT), 0.4),
    )
    cradle = frame(radius * 4, high * 0.8, 0.04, 0.05, 0.12)
    scene.add("cradle", cradle, metal)
    cords = [
        rod((s * radius * 1.95, y * high * 0.36, 0), (s * radius, y * high * 0.16, 0), 0.014, sides=5)
        for s in (-1, 1)
        for y in (-1, 1)
    ]
    scene.add("cords", joined(cords), mat.matte(mat.DARK[0]))
    base = -high * 0.4
    if rng.random() < 0.5:
        scene.add(
            "pop filter",
            torus(0.28, 0.022, 24, 6).rotated("x", 90).at(0, 0.3, -0.5)
            + tube(smooth([(0, 0.03, -0.5), (0, -0.2, -0.4), (0, base - 0.05, -0.02)], 8), 0.016, 6),
            metal,
        )
        scene.add(
            "gauze",
            cylinder(0.27, 0.01, sides=24).rotated("x", 90).at(0, 0.3, -0.5),
            mat.Material(mat.hexa("50555c"), 0.05, 10.0, 0.6),
        )
    return base


def _retro(rng: np.random.Generator, scene: Scene, metal: Material, grip: Material) -> float:
    """Ribbed head of the 1940s; gives the height of the stand's top."""
    width, high = 0.5, rng.uniform(0.75, 0.9)
    pill = [
        [(x, y, z) for x, y in rounded(width * s, high * t, 0.24 * s, 5)]
        for z, s, t in ((-0.22, 0.62, 0.8), (-0.12, 0.95, 0.97), (0.0, 1, 1), (0.12, 0.95, 0.97), (0.22, 0.62, 0.8))
    ]
    scene.add("head", loft(pill), metal)
    ribs = [
        box(0.045, high * 0.86 * np.sqrt(max(1 - (x / 0.27) ** 2, 0.2)), 0.06, 0.02).at(x, 0.02, -0.2 + abs(x) * 0.35)
        for x in np.linspace(-0.18, 0.18, 5)
    ]
    scene.add("ribs", joined(ribs), mat.matte(mat.DARK[1]))
    scene.add("belt", box(width * 1.06, 0.09, 0.5, 0.04).at(0, -0.04, 0), grip)
    scene.add("badge", box(0.16, 0.1, 0.06, 0.02).at(0, -0.04, -0.25), mat.paint(mat.color(rng, mat.BRIGHT), 0.4))
    scene.add("hinge", cylinder(0.12, 0.2, sides=16).at(0, -high / 2 - 0.04, 0), metal)
    return -high / 2 - 0.1
