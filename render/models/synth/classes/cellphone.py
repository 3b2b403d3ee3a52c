"""Generator of class 02992529, cellphone."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.devices import LENS, keypad
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import Extent, Mesh, box, cylinder, extrude, joined, rounded, torus


def _case_material(rng: np.random.Generator) -> Material:
    """What devices are cased in: light, dark or colored plastic."""
    return mat.paint(mat.color(rng, mat.NEUTRAL + mat.DARK[:3] + mat.BRIGHT + mat.SOFT), 0.4)


def cellphone(rng: np.random.Generator) -> Scene:
    """Smartphone, key phone, flip phone or one with an antenna, standing, its screen to the front."""
    scene = Scene()
    kind = pick(rng, ("smart", "smart", "keys", "flip", "brick"))
    case, width = _case_material(rng), rng.uniform(0.68, 0.8)
    height = {"smart": rng.uniform(1.4, 1.6), "keys": 1.55, "flip": 0.98, "brick": 1.7}[kind]
    depth = {"smart": 0.1, "keys": 0.2, "flip": 0.15, "brick": 0.32}[kind] * rng.uniform(0.9, 1.2)
    corner = rng.uniform(0.06, 0.16)
    back = extrude(rounded(width, height, corner), depth, depth * 0.22)
    dark, keys = mat.paint(mat.hexa("34383f"), 0.5), mat.paint(mat.color(rng, mat.NEUTRAL[:3] + mat.SOFT), 0.4)
    size = Extent(width, height, depth)
    face = size.front
    if kind == "smart":
        return _smartphone(rng, case, size, corner, back, dark)
    screen_y, screen_h = (height * 0.22, height * 0.36) if kind != "flip" else (0.0, height * 0.7)
    pad_y = -height * 0.22
    if kind == "flip":
        pad_y = _flip_lid(rng, scene, case, size, back, dark, screen_h)
    else:
        _bar_case(rng, scene, case, size, back, dark, screen_y, screen_h)
    scene.add(
        "keys",
        keypad(
            rng,
            3,
            4,
            (width * 0.27, height * 0.092 * (1.4 if kind == "flip" else 1)),
            (width * 0.2, height * 0.06, 0.05),
        ).at(0, pad_y - height * 0.06, face - 0.008),
        keys,
    )
    scene.add(
        "navigator",
        torus(0.1, 0.03, 18, 6)
        .rotated("x", 90)
        .at(0, pad_y + height * 0.2 + (0.09 if kind == "flip" else 0), face - 0.005),
        mat.metal(rng),
    )
    scene.add(
        "call keys",
        box(width * 0.2, 0.06, 0.05, 0.015).at(width * 0.28, pad_y + height * 0.19, face - 0.004),
        mat.paint(mat.hexa("5aa35c"), 0.4),
    )
    scene.add(
        "hang-up key",
        box(width * 0.2, 0.06, 0.05, 0.015).at(-width * 0.28, pad_y + height * 0.19, face - 0.004),
        mat.paint(mat.hexa("cf4a3c"), 0.4),
    )
    if kind == "brick" or rng.random() < 0.3:
        top = height / 2 + (height if kind == "flip" else 0)
        scene.add(
            "aerial",
            cylinder(0.06, rng.uniform(0.3, 0.7), 0.045, 12, 0.02).at(
                width * 0.34, (height / 2 if kind == "flip" else top) + 0.15, depth * 0.2
            ),
            dark,
        )
    return scene


def _smartphone(
    rng: np.random.Generator, case: Material, size: Extent, corner: float, back: Mesh, dark: Material
) -> Scene:
    """Flat case, large screen, lenses on the back."""
    (width, height, depth), face = size, size.front
    scene = Scene()
    scene.add("case", back, case)
    scene.add("bezel", extrude(rounded(width * 0.95, height * 0.975, corner * 0.85), 0.02).at(0, 0, face - 0.004), dark)
    button = rng.random() < 0.4
    scene.add(
        "screen",
        extrude(rounded(width * 0.89, height * (0.8 if button else 0.92), corner * 0.6), 0.012).at(
            0, 0.0, face - 0.014
        ),
        mat.screen(rng, 96, 48),
    )
    if button:
        scene.add(
            "button",
            cylinder(0.06, 0.02, sides=18).rotated("x", 90).at(0, -height * 0.445, face - 0.012),
            mat.metal(rng),
        )
    scene.add(
        "earpiece", box(0.14, 0.022, 0.02).at(0, height * (0.445 if button else 0.44), face - 0.014), mat.metal(rng)
    )
    lenses = int(rng.integers(1, 4))
    scene.add(
        "island",
        extrude(rounded(0.2, 0.12 + 0.14 * lenses, 0.07), 0.03, 0.008).at(
            width * 0.28, height * 0.42 - 0.07 * lenses, depth / 2
        ),
        case if rng.random() < 0.5 else dark,
    )
    scene.add(
        "lenses",
        joined(
            [
                cylinder(0.055, 0.03, sides=14)
                .rotated("x", 90)
                .at(width * 0.28, height * 0.42 - 0.14 * i - 0.07, depth / 2 + 0.014)
                for i in range(lenses)
            ]
        ),
        LENS,
    )
    scene.add(
        "side keys",
        box(0.02, 0.2, depth * 0.4, 0.005).at(-width / 2, height * 0.18, 0)
        + box(0.02, 0.1, depth * 0.4, 0.005).at(width / 2, height * 0.22, 0),
        mat.metal(rng),
    )
    scene.add("badge", cylinder(0.07, 0.012, sides=16).rotated("x", 90).at(0, 0.0, depth / 2), mat.metal(rng))
    return scene


def _flip_lid(
    rng: np.random.Generator, scene: Scene, case: Material, size: Extent, back: Mesh, dark: Material, screen_h: float
) -> float:
    """The open lid with the screen, and the base; gives the height of the keypad."""
    (width, height, depth), face = size, size.front
    lid = back + cylinder(depth * 0.45, width * 0.55, sides=14).rotated("z", 90).at(0, -height / 2 - 0.02, -0.02)
    tilt = rng.uniform(15, 40)

    def unfolded(mesh: Mesh) -> Mesh:
        return mesh.at(0, height / 2, 0).rotated("x", tilt).at(0, height / 2, 0)

    scene.add("lid", unfolded(lid), case)
    scene.add("bezel", unfolded(extrude(rounded(width * 0.86, height * 0.82, 0.05), 0.02).at(0, 0, face - 0.004)), dark)
    scene.add(
        "screen",
        unfolded(extrude(rounded(width * 0.74, screen_h, 0.02), 0.02).at(0, 0, face - 0.012)),
        mat.screen(rng, 64, 56),
    )
    scene.add("base", back, mat.paint(mat.shade(case.color, 0.85), 0.4))
    return -height * 0.08


def _bar_case(
    rng: np.random.Generator,
    scene: Scene,
    case: Material,
    size: Extent,
    back: Mesh,
    dark: Material,
    screen_y: float,
    screen_h: float,
) -> None:
    """Case, panel, screen and earpiece."""
    (width, height, _), face = size, size.front
    scene.add("case", back, case)
    scene.add("panel", extrude(rounded(width * 0.84, screen_h * 1.2, 0.06), 0.03, 0.008).at(0, screen_y, face), dark)
    scene.add(
        "screen",
        extrude(rounded(width * 0.68, screen_h, 0.02), 0.02).at(0, screen_y, face - 0.014),
        mat.screen(rng, 56, 56) if rng.random() < 0.6 else mat.paint(mat.hexa("b7c98a"), 0.4),
    )
    scene.add("earpiece", box(0.2, 0.03, 0.02).at(0, height * 0.44, face - 0.002), dark)
