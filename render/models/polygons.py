"""Polygons as arrays: how many corners each face has, and all corners one after the other."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NO_AREA = 1e-12
"""Area up to which a surface counts as having none, in squares of its bounding box's diagonal."""


def first_corners(sizes: Ints) -> Ints:
    """Where each face (F,) begins among the corners."""
    begins: Ints = np.cumsum(sizes) - sizes
    return begins


def ranges(begins: Ints, sizes: Ints) -> Ints:
    """The integers (M,) from each begin (N,) on, as many as each size (N,) says."""
    within: Ints = np.arange(int(sizes.sum())) - np.repeat(first_corners(sizes), sizes)
    return within + np.repeat(begins, sizes)


def corners_of(sizes: Ints, faces: Ints) -> Ints:
    """Positions (C,) among all corners of the corners of some faces; sizes (F,) are those of all faces."""
    return ranges(first_corners(sizes)[faces], sizes[faces])


def fans(sizes: Ints) -> tuple[Ints, Ints]:
    """Corners (T, 3) of the triangles into which faces (F,) are cut from their first corner, and the face (T,) of each.

    Wrong for concave faces; good for sums over triangles.
    """
    count = np.maximum(sizes - 2, 0)
    face = np.repeat(np.arange(len(sizes)), count)
    first = first_corners(sizes)[face]
    second = ranges(first_corners(sizes) + 1, count)
    return np.stack([first, second, second + 1], axis=-1), face
