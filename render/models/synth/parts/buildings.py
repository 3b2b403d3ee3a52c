"""What buildings share: windows, gables, roofs."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from threedie.render.models.synth import materials as mat
from threedie.render.models.synth.shapes import Floats, Mesh, box, joined, lathe

PANE = mat.paint(mat.hexa("4d5f72"), 0.8)
GLOW = mat.paint(mat.hexa("f7e3a0"), 0.5)


def gable_outline(width: float, wall: float, ridge: float) -> Floats:
    """Outline (5, 2) of a wall under a pitched roof: `wall` high at the sides, `ridge` in the middle."""
    return np.array([(-width / 2, 0.0), (width / 2, 0.0), (width / 2, wall), (0.0, ridge), (-width / 2, wall)])


def gable_roof(width: float, wall: float, ridge: float, depth: float, over: float, thick: float) -> Mesh:
    """Two roof boards on a gable, standing over by `over`."""
    run, rise = width / 2, ridge - wall
    slope = np.arctan2(rise, run)
    long = np.hypot(run, rise) + over
    middle = (
        np.array([run, wall])
        + np.array([-np.cos(slope), np.sin(slope)]) * (long / 2 - over)
        + np.array([np.sin(slope), np.cos(slope)]) * thick * 0.4
    )
    return (
        box(long, thick, depth, thick * 0.2)
        .rotated("z", -float(np.degrees(slope)))
        .at(float(middle[0]), float(middle[1]), 0)
        .both()
    )


def drum(profile: ArrayLike, sides: int = 32) -> Mesh:
    """A round tower's body: `lathe` with more sides."""
    return lathe(profile, sides)


def windows(spots: Sequence[tuple[float, float, float]], width: float, height: float) -> Mesh:
    """Upright windows looking outward: (turn from the front in degrees, height, distance from the axis)."""
    return joined([box(width, height, 0.08, 0.01).at(0, y, -r).rotated("y", turn) for turn, y, r in spots])
