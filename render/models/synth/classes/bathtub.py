"""Generator of class 02808440, bathtub."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.scene import Scene
from threedie.render.models.synth.shapes import cylinder, ellipsoid, loft, rod, smooth, superellipse, tube


def bathtub(rng: np.random.Generator) -> Scene:
    """Free-standing or built-in tub with taps at one end."""
    scene = Scene()
    length, width, height = rng.uniform(1.5, 1.85), rng.uniform(0.7, 0.85), rng.uniform(0.5, 0.62)
    built_in = rng.random() < 0.4
    white = mat.paint(mat.color(rng, mat.NEUTRAL[:2] + mat.SOFT), 0.5)
    outside = white if rng.random() < 0.4 else mat.paint(mat.color(rng), 0.4)
    power = 12 if built_in else rng.uniform(2.3, 3.5)
    outline, hole = (
        superellipse(length / 2, width / 2, power, 40),
        superellipse(length / 2, width / 2, 3.0 if built_in else power, 40),
    )
    slope = 0 if built_in else rng.uniform(0.0, 0.14)

    def ring(points: np.ndarray, scale: float, y: float) -> np.ndarray:
        # A slipper tub rises toward the end one leans on.
        lift = slope * np.clip(points[:, 0] / length * 2, 0, 1) ** 2 * (y > 0.3)
        return np.column_stack([points[:, 0] * scale, y + lift, points[:, 1] * scale])

    foot = 0.0 if built_in else 0.1
    low = 1.0 if built_in else 0.72
    hull = [
        ring(outline, low, foot),
        ring(outline, 0.5 + low / 2, foot + 0.15),
        ring(outline, 0.98, height - 0.06),
        ring(outline, 1.0, height),
        ring(hole, 0.97 if not built_in else 0.86, height),
        ring(hole, 0.88 if not built_in else 0.82, height - 0.06),
        ring(hole, 0.76, foot + 0.2),
        ring(hole, 0.62, foot + 0.1),
    ]
    scene.add("tub", loft(hull), outside)
    lining = [
        ring(hole, 0.985 if not built_in else 0.84, height + 0.008),
        ring(hole, 0.87 if not built_in else 0.8, height - 0.05),
        ring(hole, 0.75, foot + 0.21),
        ring(hole, 0.6, foot + 0.11),
    ]
    inner = [
        ring(hole, 0.63, foot + 0.09),
        ring(hole, 0.78, foot + 0.18),
        ring(hole, 0.9 if not built_in else 0.83, height - 0.06),
    ]
    scene.add("lining", loft([*lining[::-1], *inner[::-1]]), white)
    if not built_in:
        if rng.random() < 0.6:
            leg = ellipsoid(0.05, 0.1, 0.05, 10, 6).at(length * 0.28, 0.08, width * 0.24)
            scene.add("feet", (leg + leg.mirrored("z")).both(), mat.metal(rng))
        else:
            scene.add("plinth", loft([ring(outline, 0.74, 0.0), ring(outline, 0.74, 0.12)]), outside)
        scene.add("rim", tube(ring(outline, 0.985, height), 0.022, 8, closed=True), white)
    _tap(rng, scene, length, height)
    if rng.random() < 0.5:
        water = superellipse(length / 2, width / 2, 3.0 if built_in else power, 40)
        level = foot + rng.uniform(0.24, 0.32)
        scene.add(
            "water",
            loft([ring(water, 0.76, level - 0.015), ring(water, 0.76, level - 0.005)]),
            mat.paint(mat.hexa("8fc7dc"), 0.6),
        )
    return scene


def _tap(rng: np.random.Generator, scene: Scene, length: float, height: float) -> None:
    """A tap at one end, on the rim or on a pipe from the floor."""
    chrome = mat.metal(rng)
    x = -length / 2 + 0.07
    if rng.random() < 0.5:
        spout = smooth(
            [(x, height - 0.02, 0), (x, height + 0.14, 0), (x + 0.05, height + 0.2, 0), (x + 0.14, height + 0.17, 0)], 9
        )
        scene.add(
            "tap", tube(spout, 0.02) + cylinder(0.03, 0.07, sides=12).at(x, height + 0.03, 0.11).both("z"), chrome
        )
    else:
        spout = smooth(
            [
                (x - 0.02, 0.0, 0),
                (x - 0.02, height + 0.3, 0),
                (x + 0.06, height + 0.38, 0),
                (x + 0.16, height + 0.3, 0),
            ],
            14,
        )
        scene.add(
            "tap",
            tube(spout, 0.018) + rod((x - 0.02, height + 0.12, -0.1), (x - 0.02, height + 0.12, 0.1), 0.015),
            chrome,
        )
