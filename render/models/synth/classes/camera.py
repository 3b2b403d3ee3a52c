"""Generator of class 02942699, camera."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.devices import LENS, RUBBER, facing
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    box,
    cylinder,
    ellipsoid,
    frame,
    loft,
    rounded,
    smooth,
    sweep,
    torus,
    tube,
)


def camera(rng: np.random.Generator) -> Scene:
    """Reflex, compact, folding-bellows or video camera, its lens to the front."""
    scene = Scene()
    kind = pick(rng, ("reflex", "compact", "range", "video"))
    case, trim = mat.paint(mat.color(rng, mat.DARK + mat.NEUTRAL[2:] + mat.BRIGHT), 0.4), mat.metal(rng)
    dark = mat.paint(mat.hexa("3c3f45"), 0.4)
    if kind == "video":
        return _video(rng, case, trim, dark)
    width, height, depth = rng.uniform(1.2, 1.45), rng.uniform(0.72, 0.9), rng.uniform(0.34, 0.46)
    scene.add("body", box(width, height, depth, 0.09, 2), case)
    if kind == "reflex":
        _reflex_parts(scene, case, trim, width, height, depth)
    else:
        _compact_parts(scene, case, trim, width, height, depth)
    radius = height * rng.uniform(0.36, 0.44)
    reach = {"reflex": rng.uniform(0.4, 0.9), "compact": rng.uniform(0.2, 0.35), "range": rng.uniform(0.25, 0.45)}[kind]
    x = -0.06 if kind != "reflex" else 0.0
    barrel = [
        (0, -0.05),
        (radius, -0.05),
        (radius, reach * 0.35),
        (radius * 0.92, reach * 0.38),
        (radius * 0.92, reach * 0.6),
        (radius * 0.98, reach * 0.63),
        (radius * 0.98, reach),
        (radius * 0.82, reach),
        (radius * 0.7, reach * 0.85),
        (0, reach * 0.85),
    ]
    scene.add(
        "lens", facing(barrel, 28).at(x, -0.03, -depth / 2), dark if kind == "reflex" or rng.random() < 0.5 else trim
    )
    scene.add(
        "ring",
        torus(radius * 0.95, 0.025, 28, 6).rotated("x", 90).at(x, -0.03, -depth / 2 - reach * 0.5),
        mat.paint(mat.color(rng, mat.BRIGHT), 0.4),
    )
    scene.add("glass", ellipsoid(radius * 0.7, radius * 0.7, 0.08, 20, 8).at(x, -0.03, -depth / 2 - reach * 0.86), LENS)
    scene.add(
        "shutter",
        cylinder(0.07, 0.1, sides=14).at(width * 0.36, height * 0.54, -0.05),
        mat.paint(mat.color(rng, mat.BRIGHT[:2] + mat.METAL[:2]), 0.5),
    )
    scene.add("dial", cylinder(0.13, 0.12, sides=18, bevel=0.015).at(-width * 0.36, height * 0.54, 0), trim)
    scene.add(
        "screen",
        box(width * 0.55, height * 0.6, 0.04, 0.015).at(-0.05, -0.04, depth / 2),
        mat.paint(mat.hexa("8fb7d6"), 0.6),
    )
    scene.add(
        "lugs",
        torus(0.06, 0.015, 12, 6).rotated("z", 90).rotated("y", 90).at(width / 2 + 0.03, height * 0.32, 0).both(),
        trim,
    )
    if rng.random() < 0.3:
        strap = smooth(
            [
                (width / 2, height * 0.32, 0),
                (width * 0.75, 0.1, 0.4),
                (width * 0.3, -height * 0.45, 0.75),
                (-width * 0.3, -height * 0.45, 0.75),
                (-width * 0.75, 0.1, 0.4),
                (-width / 2, height * 0.32, 0),
            ],
            24,
        )
        scene.add("strap", sweep(rounded(0.14, 0.02, 0.005, 1), strap), mat.matte(mat.color(rng, mat.BRIGHT)))
    return scene


def _video(rng: np.random.Generator, case: Material, trim: Material, dark: Material) -> Scene:
    """Video camera: long body, lens with a hood, handle and a fold-out screen."""
    scene = Scene()
    length = rng.uniform(1.2, 1.6)
    scene.add("body", box(0.55, 0.62, length, 0.08).at(0, 0, 0), case)
    snout = facing(
        [(0, -0.1), (0.24, -0.1), (0.24, 0.35), (0.28, 0.36), (0.28, 0.5), (0.22, 0.5), (0.19, 0.42), (0, 0.42)]
    )
    scene.add("lens", snout.at(0, 0.03, -length / 2), dark)
    scene.add("glass", ellipsoid(0.19, 0.19, 0.05).at(0, 0.03, -length / 2 - 0.42), LENS)
    scene.add("hood", frame(0.6, 0.5, 0.05, 0.18, 0.03).at(0, 0.03, -length / 2 - 0.52), dark)
    scene.add(
        "handle",
        tube(smooth([(0, 0.3, -length * 0.4), (0, 0.55, -length * 0.36), (0, 0.58, 0.1), (0, 0.3, 0.25)], 12), 0.055),
        dark,
    )
    scene.add(
        "microphone",
        cylinder(0.07, 0.5, sides=14, bevel=0.02).rotated("x", 90).at(0.12, 0.44, -length * 0.42),
        trim,
    )
    scene.add("screen", box(0.05, 0.42, 0.55, 0.02).rotated("y", 35).at(-0.46, 0.05, -0.05), case)
    scene.add(
        "display",
        box(0.02, 0.34, 0.47).rotated("y", 35).at(-0.485, 0.05, -0.065),
        mat.paint(mat.hexa("8fb7d6"), 0.6),
    )
    scene.add(
        "finder",
        facing([(0, -0.1), (0.13, -0.1), (0.11, 0.3), (0, 0.3)], 16).rotated("y", 180).at(0, 0.25, length * 0.48),
        dark,
    )
    scene.add("battery", box(0.42, 0.4, 0.16, 0.03).at(0, -0.03, length / 2 + 0.05), trim)
    return scene


def _reflex_parts(scene: Scene, case: Material, trim: Material, width: float, height: float, depth: float) -> None:
    """Prism, grip and flash shoe."""
    hump = [
        [
            (s * x, y, z)
            for x, z in ((0.3, -depth * 0.55), (0.3, depth * 0.45), (-0.3, depth * 0.45), (-0.3, -depth * 0.55))
        ]
        for y, s in ((height * 0.4, 1.0), (height * 0.55, 0.95), (height * 0.78, 0.55))
    ]
    scene.add("prism", loft(hump), case)
    scene.add("grip", box(0.3, height * 0.96, 0.34, 0.12, 2).at(width / 2 - 0.14, -0.01, -depth * 0.5), RUBBER)
    scene.add("flash shoe", box(0.24, 0.05, 0.22).at(0, height * 0.79, 0), trim)


def _compact_parts(scene: Scene, case: Material, trim: Material, width: float, height: float, depth: float) -> None:
    """Top plate, viewfinder, flash and leather."""
    scene.add("top plate", box(width * 0.985, height * 0.2, depth * 1.02, 0.04).at(0, height * 0.42, 0), trim)
    scene.add("finder", box(0.26, 0.16, 0.06, 0.02).at(-width * 0.3, height * 0.4, -depth / 2), LENS)
    scene.add(
        "flash",
        box(0.28, 0.14, 0.06, 0.02).at(width * 0.28, height * 0.4, -depth / 2),
        mat.paint(mat.hexa("f2eed8"), 0.6),
    )
    scene.add(
        "leather",
        box(width * 1.01, height * 0.5, depth * 0.9, 0.05).at(0, -height * 0.06, 0),
        mat.matte(mat.shade(case.color, 0.6)),
    )
