"""Generator of class 04330267, stove."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.parts.appliances import PANE, bar_handle, contrast_paint, enamel, knob_row
from threedie.render.models.synth.scene import Scene, pick
from threedie.render.models.synth.shapes import (
    box,
    cylinder,
    ellipsoid,
    extrude,
    joined,
    lathe,
    rod,
    rounded,
    smooth,
    torus,
    tube,
)


def stove(rng: np.random.Generator) -> Scene:
    """Stove with rings or gas burners, an oven below, or an old iron stove with a pipe."""
    scene = Scene()
    body, metal = enamel(rng), mat.metal(rng)
    trim = contrast_paint(body.color)
    dark = mat.matte(mat.hexa("3c3f44"))
    if rng.random() < 0.2:
        return _iron_stove(rng, scene, metal)
    width, depth, height = rng.uniform(1.0, 1.5), rng.uniform(0.9, 1.05), rng.uniform(1.2, 1.35)
    front = -depth / 2
    scene.add("body", box(width, height - 0.1, depth, 0.03).at(0, height / 2 + 0.05, 0), body)
    scene.add("legs", box(width * 0.94, 0.12, depth * 0.9).at(0, 0.06, 0.02), dark)
    cooktop_y = height
    gas = rng.random() < 0.6
    scene.add(
        "hob",
        box(width * 1.01, 0.06, depth * 1.01, 0.02).at(0, cooktop_y + 0.01, 0),
        metal if gas else mat.paint(mat.hexa("464a51"), 0.8),
    )
    columns = 2 if width < 1.3 else 3
    xs = (np.arange(columns) - (columns - 1) / 2) * width * 0.86 / columns
    spots = [
        (x, z, radius)
        for index, x in enumerate(xs)
        for z, radius in ((-depth * 0.23, 0.13 + 0.02 * (index % 2)), (depth * 0.2, 0.15 - 0.02 * (index % 2)))
    ]
    if gas:
        _gas_burners(scene, dark, cooktop_y, spots)
    else:
        hot = mat.paint(mat.hexa(pick(rng, ("d9583f", "b9bdc2", "8f959c"))), 0.4)
        scene.add(
            "rings",
            joined(
                [torus(r * s, 0.014, 20, 4).at(x, cooktop_y + 0.04, z) for x, z, r in spots for s in (0.4, 0.75, 1.05)]
            ),
            hot,
        )
    oven_h = height * rng.uniform(0.5, 0.6)
    oven_y = height * 0.2 + oven_h / 2
    scene.add(
        "oven door",
        extrude(rounded(width * 0.93, oven_h, 0.04), 0.07, 0.015).at(0, oven_y, front - 0.02),
        trim if rng.random() < 0.5 else body,
    )
    scene.add(
        "window", box(width * 0.64, oven_h * 0.48, 0.05, 0.015).at(0, oven_y - oven_h * 0.06, front - 0.045), PANE
    )
    scene.add("handle", bar_handle(width * 0.72, oven_y + oven_h * 0.38, front - 0.05), metal)
    scene.add(
        "drawer",
        box(width * 0.93, height * 0.11, 0.05, 0.015).at(0, height * 0.12 + 0.02, front - 0.015),
        mat.paint(mat.shade(body.color, 0.88), 0.4),
    )
    level = oven_y + oven_h / 2 + (height - oven_y - oven_h / 2) * 0.5
    scene.add("knob panel", box(width * 0.95, height * 0.12, 0.05, 0.015).at(0, level, front), trim)
    count = len(spots) + 1
    scene.add("knobs", knob_row(np.linspace(-0.4, 0.4, count) * width, level, front - 0.02, 0.042), metal)
    back = rng.random()
    if back < 0.6:
        tall = rng.uniform(0.2, 0.4)
        scene.add("splashback", box(width, tall, 0.09, 0.02).at(0, cooktop_y + tall / 2, depth / 2 - 0.045), body)
        scene.add(
            "clock",
            box(0.3, 0.12, 0.03, 0.01).at(0, cooktop_y + tall * 0.6, depth / 2 - 0.09),
            mat.paint(mat.hexa("7fd0a4"), 0.6),
        )
    _pot(rng, scene, metal, cooktop_y, gas, spots)
    return scene


def _gas_burners(scene: Scene, dark: Material, cooktop_y: float, spots: list[tuple[float, float, float]]) -> None:
    """Burners under grates."""
    scene.add(
        "burners",
        joined(
            [
                lathe([(0, 0), (r * 0.62, 0), (r * 0.62, 0.03), (r * 0.45, 0.05), (0, 0.055)], 18).at(
                    x, cooktop_y + 0.03, z
                )
                for x, z, r in spots
            ]
        ),
        dark,
    )
    bars = [box(2.5 * r, 0.025, 0.03).rotated("y", a).at(x, cooktop_y + 0.1, z) for x, z, r in spots for a in (45, 135)]
    feet = [
        rod(
            (x + 1.2 * r * np.cos(t), cooktop_y + 0.03, z + 1.2 * r * np.sin(t)),
            (x + 1.2 * r * np.cos(t), cooktop_y + 0.1, z + 1.2 * r * np.sin(t)),
            0.015,
            sides=4,
        )
        for x, z, r in spots
        for t in np.pi / 4 + np.arange(4) * np.pi / 2
    ]
    scene.add("grates", joined(bars + feet), dark)


def _pot(
    rng: np.random.Generator,
    scene: Scene,
    metal: Material,
    cooktop_y: float,
    gas: bool,
    spots: list[tuple[float, float, float]],
) -> None:
    """Sometimes a pot on one of the rings."""
    if rng.random() < 0.55:
        x, z, _ = spots[int(rng.integers(len(spots)))]
        pot = mat.paint(mat.color(rng, mat.BRIGHT), 0.5)
        radius, high = rng.uniform(0.16, 0.2), rng.uniform(0.14, 0.26)
        base = cooktop_y + (0.115 if gas else 0.05)
        scene.add("pot", cylinder(radius, high, sides=24, bevel=0.015).at(x, base + high / 2, z), pot)
        scene.add(
            "lid",
            lathe([(0, 0), (radius * 1.03, 0), (radius * 0.9, 0.03), (0.03, 0.06), (0.04, 0.11), (0, 0.12)], 24).at(
                x, base + high, z
            ),
            metal,
        )
        scene.add(
            "pot handles",
            torus(0.05, 0.018, 12, 6).at(radius + 0.03, 0, 0).both().at(x, base + high * 0.75, z),
            mat.matte(mat.DARK[0]),
        )


def _iron_stove(rng: np.random.Generator, scene: Scene, metal: Material) -> Scene:
    iron = mat.paint(mat.color(rng, mat.DARK + mat.NEUTRAL[5:] + mat.BRIGHT[5:7]), 0.3)
    width, height, depth = rng.uniform(0.8, 1.0), rng.uniform(0.9, 1.1), rng.uniform(0.65, 0.8)
    front = -depth / 2
    scene.add("body", box(width, height, depth, 0.06).at(0, height / 2 + 0.2, 0), iron)
    scene.add("top", box(width + 0.12, 0.07, depth + 0.12, 0.03).at(0, height + 0.22, 0), iron)
    scene.add("base", box(width + 0.08, 0.07, depth + 0.08, 0.03).at(0, 0.2, 0), iron)
    leg = tube(
        smooth(
            [(width * 0.4, 0.2, front + 0.1), (width * 0.47, 0.12, front + 0.03), (width * 0.45, 0.0, front + 0.02)], 7
        ),
        [0.06, 0.055, 0.05, 0.045, 0.04, 0.04, 0.05],
    )
    scene.add("legs", (leg + leg.mirrored("z")).both(), iron)
    scene.add(
        "door",
        extrude(rounded(width * 0.72, height * 0.58, 0.06), 0.06, 0.015).at(0, height * 0.6 + 0.1, front),
        mat.paint(mat.shade(iron.color, 1.25), 0.3),
    )
    scene.add(
        "fire",
        box(width * 0.54, height * 0.38, 0.05, 0.02).at(0, height * 0.6 + 0.1, front - 0.02),
        mat.paint(mat.hexa("f09a3c"), 0.5),
    )
    scene.add(
        "grid",
        joined(
            [box(0.025, height * 0.38, 0.06).at(x * width, height * 0.6 + 0.1, front - 0.025) for x in (-0.13, 0, 0.13)]
        ),
        iron,
    )
    scene.add(
        "handle",
        box(0.04, 0.16, 0.08, 0.015).at(-width * 0.31, height * 0.6 + 0.1, front - 0.05)
        + ellipsoid(0.04, 0.04, 0.04, 10, 6).at(0, height * 0.24 + 0.05, front - 0.04),
        metal,
    )
    scene.add(
        "drawer",
        box(width * 0.6, height * 0.14, 0.05, 0.01).at(0, height * 0.15 + 0.17, front),
        mat.paint(mat.shade(iron.color, 1.25), 0.3),
    )
    pipe = (
        smooth([(0, height + 0.2, 0.1), (0, height + 0.75, 0.1), (0, height + 1.0, 0.16), (0, height + 1.08, 0.5)], 14)
        if rng.random() < 0.5
        else np.array([(0, height + 0.2, 0.1), (0, height + 1.2, 0.1)])
    )
    scene.add("pipe", tube(pipe, 0.11, 16), iron)
    scene.add(
        "collars",
        torus(0.12, 0.03, 18, 6).at(0, height + 0.27, 0.1) + torus(0.12, 0.025, 18, 6).at(0, height + 0.6, 0.1),
        metal,
    )
    kettle = lathe([(0, 0), (0.17, 0), (0.18, 0.06), (0.12, 0.18), (0.05, 0.21), (0.03, 0.25), (0, 0.26)], 20)
    spout = tube([(0.14, 0.06, 0), (0.25, 0.12, 0), (0.28, 0.2, 0)], [0.04, 0.03, 0.022])
    scene.add(
        "kettle", (kettle + spout).at(-width * 0.28, height + 0.25, -0.12), mat.paint(mat.color(rng, mat.BRIGHT), 0.5)
    )
    return scene
