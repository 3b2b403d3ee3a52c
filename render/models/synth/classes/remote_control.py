"""Generator of class 04074963, remote control."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.parts.devices import keypad
from threedie.render.models.synth.scene import Scene
from threedie.render.models.synth.shapes import box, cylinder, extrude, rounded, smooth, torus


def remote_control(rng: np.random.Generator) -> Scene:
    """Hand-held remote control, upright, its keys to the front."""
    scene = Scene()
    height, width = rng.uniform(1.5, 2.0), rng.uniform(0.36, 0.52)
    depth = rng.uniform(0.13, 0.2)
    case = mat.paint(mat.color(rng, mat.DARK + mat.NEUTRAL + mat.BRIGHT[5:9]), 0.35)
    light_case = sum(case.color) > 1.6
    keys = mat.paint(mat.color(rng, mat.DARK[:3] if light_case else mat.NEUTRAL[:4]), 0.3)
    waist, belly = rng.uniform(0.8, 1.0), rng.uniform(1.0, 1.25)
    side = smooth([(0.5 * belly, -0.5), (0.5 * belly, -0.3), (0.5 * waist, 0.0), (0.5, 0.3), (0.46, 0.5)], 12)
    outline = np.concatenate([side, (side * (-1, 1))[::-1]]) * (width, height)
    scene.add("case", extrude(outline, depth, depth * 0.25), case)
    face = -depth / 2 - 0.008
    panel = mat.paint(mat.mixed(case.color, mat.WHITE if not light_case else mat.BLACK, 0.2), 0.3)
    scene.add(
        "panel", extrude(rounded(width * 0.78, height * 0.9, 0.06), 0.03, 0.008).at(0, 0, -depth / 2 + 0.006), panel
    )
    scene.add(
        "power",
        cylinder(0.045, 0.05, sides=14).rotated("x", 90).at(width * 0.24, height * 0.4, face - 0.008),
        mat.paint(mat.hexa("d2453a"), 0.4),
    )
    scene.add(
        "source", cylinder(0.04, 0.05, sides=14).rotated("x", 90).at(-width * 0.24, height * 0.4, face - 0.008), keys
    )
    rows = int(rng.integers(3, 5))
    pitch = (width * 0.25, 0.105)
    scene.add(
        "numbers",
        keypad(rng, 3, rows, pitch, (width * 0.18, 0.07, 0.05)).at(0, height * 0.34 - rows * 0.0525, face),
        keys,
    )
    y = height * 0.34 - rows * 0.105 - 0.2
    scene.add("ring", torus(width * 0.25, 0.045, 26, 8).rotated("x", 90).at(0, y, face), mat.metal(rng))
    scene.add("ok", cylinder(width * 0.12, 0.06, sides=18, bevel=0.01).rotated("x", 90).at(0, y, face - 0.005), keys)
    low = y - 0.26
    scene.add("rockers", box(0.075, 0.2, 0.06, 0.03).at(width * 0.24, low, face).both(), keys)
    colors = [mat.hexa(code) for code in ("d2453a", "5aa35c", "e8c547", "4a78c0")]
    if low - 0.22 > -height * 0.44:
        for index, tone in enumerate(colors):
            scene.add(
                "colour key",
                box(width * 0.13, 0.045, 0.05, 0.012).at((1.5 - index) * width * 0.18, low - 0.18, face),
                mat.paint(tone, 0.4),
            )
    scene.add(
        "eye", box(width * 0.4, 0.06, depth * 0.6, 0.02).at(0, height / 2 - 0.01, 0), mat.paint(mat.hexa("7c2f3a"), 0.7)
    )
    scene.add(
        "hatch", extrude(rounded(width * 0.7, height * 0.36, 0.05), 0.02, 0.005).at(0, -height * 0.22, depth / 2), panel
    )
    return scene
