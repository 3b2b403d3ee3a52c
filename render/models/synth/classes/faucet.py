"""Generator of class 03325088, faucet."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    Mesh,
    box,
    cylinder,
    ellipsoid,
    joined,
    lathe,
    loft,
    rod,
    smooth,
    superellipse,
    torus,
    tube,
)


def _cross_handle(radius: float) -> Mesh:
    """A handle of four bars with knobs."""
    bars = [
        rod((0, 0, 0), (radius * np.cos(t), 0, radius * np.sin(t)), radius * 0.17, radius * 0.2, 8)
        for t in np.arange(4) * np.pi / 2 + np.pi / 4
    ]
    knobs = [
        ellipsoid(radius * 0.26, radius * 0.24, radius * 0.26, 8, 6).at(radius * np.cos(t), 0, radius * np.sin(t))
        for t in np.arange(4) * np.pi / 2 + np.pi / 4
    ]
    return joined(bars + knobs) + cylinder(radius * 0.34, radius * 0.42, sides=14, bevel=radius * 0.08)


def faucet(rng: np.random.Generator) -> Scene:
    """Basin mixer, kitchen tap, pillar tap with two handles, or garden tap; the spout to the front."""
    scene = Scene()
    kind = pick(rng, ("mixer", "kitchen", "two", "two", "garden"))
    metal = mat.metal(rng, (*mat.METAL, mat.hexa("55595f"), mat.hexa("e9e7e0")))
    accent = mat.paint(mat.color(rng, mat.BRIGHT + mat.NEUTRAL[:2]), 0.5)
    hot, cold = mat.paint(mat.hexa("d2453a"), 0.5), mat.paint(mat.hexa("4a7fc8"), 0.5)

    if kind == "garden":
        return _garden_tap(rng, metal, accent)
    scene.add("base", lathe([(0, -0.05), (0.24, -0.05), (0.24, 0.0), (0.16, 0.06), (0, 0.06)], 28), metal)
    thick = rng.uniform(0.07, 0.1)
    if kind == "mixer":
        return _mixer(rng, scene, metal, accent, hot, cold)
    rise, reach = (
        (rng.uniform(1.0, 1.4), rng.uniform(0.6, 0.9))
        if kind == "kitchen"
        else (rng.uniform(0.5, 0.8), rng.uniform(0.6, 0.85))
    )
    arc = np.linspace(0, np.pi * rng.uniform(0.85, 1.0), 14)
    r = reach / 2
    bow = [(0, rise - r * 0.2 + r * np.sin(t), -r + r * np.cos(t)) for t in arc]
    drop = (0, bow[-1][1] - rng.uniform(0.1, 0.3), bow[-1][2] - 0.0)
    scene.add("spout", tube([(0, 0.0, 0), (0, rise * 0.5, 0), *bow, drop], thick, 14), metal)
    scene.add(
        "nozzle",
        lathe([(0, 0.12), (thick * 1.3, 0.12), (thick * 1.4, -0.06), (thick * 0.9, -0.1), (0, -0.1)], 18).at(*drop),
        accent,
    )
    scene.add(
        "collar",
        torus(thick * 1.25, 0.03, 20, 8).at(0, 0.1, 0) + torus(thick * 1.15, 0.02, 20, 8).at(0, rise * 0.6, 0),
        metal,
    )
    if kind == "kitchen":
        scene.add("hub", ellipsoid(0.14, 0.13, 0.13, 16, 10).at(0.06, 0.2, 0), metal)
        scene.add("lever", rod((0.12, 0.2, 0), (0.5, rng.uniform(0.26, 0.5), 0), 0.035, 0.05, 12), accent)
        if rng.random() < 0.4:
            turns = np.linspace(0, 1, 60)
            spring = [
                (thick * 1.7 * np.cos(t * 60), rise * (0.3 + 0.45 * t), thick * 1.7 * np.sin(t * 60)) for t in turns
            ]
            scene.add("spring", tube(spring, 0.018, 5), mat.metal(rng))
        return scene
    span = rng.uniform(0.42, 0.55)
    scene.add("bridge", rod((-span, 0.06, 0), (span, 0.06, 0), 0.07, sides=14), metal)
    pillar = lathe([(0, -0.05), (0.19, -0.05), (0.18, 0.0), (0.1, 0.06), (0.09, 0.24), (0.12, 0.28), (0, 0.3)], 20)
    scene.add("pillars", pillar.at(span, 0, 0).both(), metal)
    handle = _cross_handle(0.2) if rng.random() < 0.6 else box(0.36, 0.06, 0.08, 0.025).at(0.1, 0, 0)
    scene.add("handles", handle.at(span, 0.33, 0).both(), metal if rng.random() < 0.5 else accent)
    scene.add("hot", cylinder(0.06, 0.03, sides=14, bevel=0.008).at(span, 0.385, 0), hot)
    scene.add("cold", cylinder(0.06, 0.03, sides=14, bevel=0.008).at(-span, 0.385, 0), cold)
    return scene


def _garden_tap(rng: np.random.Generator, metal: Material, accent: Material) -> Scene:
    """Wall tap with a threaded spout."""
    scene = Scene()
    scene.add("pipe", rod((0, 0, 0.75), (0, 0, 0.0), 0.1, sides=16), metal)
    scene.add("flange", cylinder(0.28, 0.06, sides=28, bevel=0.015).rotated("x", 90).at(0, 0, 0.74), accent)
    scene.add("nut", cylinder(0.17, 0.14, sides=6).rotated("x", 90).at(0, 0, 0.3), metal)
    scene.add("body", ellipsoid(0.17, 0.2, 0.22, 18, 10), metal)
    scene.add(
        "spout",
        tube(smooth([(0, 0, -0.05), (0, 0.0, -0.35), (0, -0.1, -0.52), (0, -0.38, -0.56)], 14), 0.1, 14),
        metal,
    )
    scene.add("thread", joined([torus(0.105, 0.022, 18, 6).at(0, y, -0.56) for y in (-0.28, -0.34, -0.4)]), accent)
    scene.add("stem", cylinder(0.07, 0.3, sides=12).at(0, 0.28, 0) + cylinder(0.12, 0.1, sides=6).at(0, 0.2, 0), metal)
    handle = (
        _cross_handle(0.26)
        if rng.random() < 0.5
        else torus(0.22, 0.045, 24, 8) + box(0.44, 0.05, 0.07, 0.02) + box(0.07, 0.05, 0.44, 0.02)
    )
    scene.add("handle", handle.at(0, 0.46, 0), accent)
    return scene.stretched(1.0, rng.uniform(0.85, 1.15), rng.uniform(0.85, 1.25))


def _mixer(
    rng: np.random.Generator, scene: Scene, metal: Material, accent: Material, hot: Material, cold: Material
) -> Scene:
    """Body, flat spout and a lever on top."""
    high = rng.uniform(0.5, 0.75)
    scene.add(
        "body",
        lathe([(0, 0), (0.16, 0), (0.14, high * 0.4), (0.15, high), (0.12, high + 0.04), (0, high + 0.04)], 24),
        metal,
    )
    reach = rng.uniform(0.7, 0.95)
    square = rng.random() < 0.5
    path = [(0, high * 0.62, -0.02), (0, high * 0.74, -reach * 0.5), (0, high * 0.66, -reach)]
    section = superellipse(0.12, 0.06, 5 if square else 2.2, 16)
    rings = []
    for (_, y, z), size in zip(smooth(path, 8), np.linspace(1.15, 0.85, 8), strict=True):
        rings.append(np.column_stack([section[:, 0] * size, section[:, 1] * size + y, np.full(16, z)]))
    scene.add("spout", loft(np.array(rings)), metal)
    scene.add("aerator", cylinder(0.06, 0.07, sides=16).at(0, high * 0.6, -reach + 0.08), accent)
    lever = loft(
        [
            [(s * w, y, z), (-s * w, y, z), (-s * w, y + 0.035, z), (s * w, y + 0.035, z)]
            for z, y, w, s in (
                (0.12, high + 0.03, 0.12, 1),
                (-0.2, high + 0.1, 0.1, 1),
                (-0.52, high + 0.2, 0.07, 1),
            )
        ]
    )
    scene.add("lever", lever.rotated("y", rng.uniform(-30, 30)), metal if rng.random() < 0.5 else accent)
    scene.add("cap", ellipsoid(0.15, 0.09, 0.15, 18, 8).at(0, high + 0.03, 0), metal)
    scene.add("hot mark", ellipsoid(0.025, 0.025, 0.02, 8, 5).at(0.04, high - 0.06, -0.14), hot)
    scene.add("cold mark", ellipsoid(0.025, 0.025, 0.02, 8, 5).at(-0.04, high - 0.06, -0.14), cold)
    return scene
