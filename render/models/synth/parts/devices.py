"""What electronic devices share: lenses, feet, keys."""

import numpy as np

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.shapes import Mesh, box, cylinder, joined, lathe

LENS = mat.paint(mat.hexa("3b4f6b"), 0.9)
RUBBER = mat.matte(mat.hexa("3a3d42"))


def facing(profile: list[tuple[float, float]], sides: int = 24) -> Mesh:
    """A profile of (radius, height) points turned about Z, its heights toward the front."""
    return lathe(profile, sides).rotated("x", -90)


def keypad(
    rng: np.random.Generator, columns: int, rows: int, pitch: tuple[float, float], size: tuple[float, float, float]
) -> Mesh:
    """Keys in a grid about the origin, in X and Y, rising toward -Z."""
    xs, ys = (np.arange(columns) - (columns - 1) / 2) * pitch[0], (np.arange(rows) - (rows - 1) / 2) * pitch[1]
    key = (
        box(*size)
        if rng.random() < 0.5
        else cylinder(min(size[:2]) / 2, size[2], sides=10).rotated("x", 90).scaled(x=size[0] / min(size[:2]))
    )
    return joined([key.at(x, y, 0) for x in xs for y in ys])
