"""What kitchen and laundry appliances share: enamel, knobs, handles."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.materials import Color, Material
from threedie.render.models.synth.shapes import Mesh, box, joined, lathe, tube

PANE = mat.paint(mat.hexa("47566a"), 0.8)


def enamel(rng: np.random.Generator) -> Material:
    """The lacquer of a casing: white, soft or bright."""
    return mat.paint(mat.color(rng, mat.NEUTRAL[:5] + mat.SOFT + mat.BRIGHT), 0.4)


def contrast_paint(base: Color) -> Material:
    """A panel that stands out from its surroundings."""
    return mat.paint(mat.mixed(base, mat.BLACK if sum(base) > 1.4 else mat.WHITE, 0.55), 0.4)


def knob_row(xs: np.ndarray, y: float, z: float, radius: float = 0.045) -> Mesh:
    """Knobs with pointers on a panel facing the front, at (x, y, z) for each of `xs`."""
    knob = lathe(
        [(0, 0), (radius * 1.3, 0), (radius * 1.3, 0.015), (radius, 0.02), (radius * 0.85, 0.07), (0, 0.07)], 16
    ).rotated("x", -90)
    pointer = box(radius * 0.3, radius * 1.5, 0.03).at(0, 0, -0.07)
    return joined([(knob + pointer).at(float(x), y, z) for x in xs])


def bar_handle(width: float, y: float, z: float, radius: float = 0.022) -> Mesh:
    """A horizontal door handle standing off the door at z."""
    ends = [(-width / 2, y, z + 0.02), (-width / 2, y, z - 0.05), (width / 2, y, z - 0.05), (width / 2, y, z + 0.02)]
    return tube(ends, radius, 8)
