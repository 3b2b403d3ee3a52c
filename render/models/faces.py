"""Faces of a file, checked."""

from dataclasses import dataclass

import numpy as np

from threedie.render.models.numbers import counted
from threedie.render.models.polygons import Floats, Ints, first_corners
from threedie.render.models.source import ModelError
from threedie.render.models.srgb import decoded


@dataclass(frozen=True)
class Faces:
    """Faces that can be used.

    Attributes:
        sizes: (F,) corners of each face, 3 or more.
        corners: (C,) the vertex of each corner, none twice in a row.
        rows: (F,) which of the file's faces each is.
        places: (C,) which of the file's corners each is.
        notes: what was dropped.
    """

    sizes: Ints
    corners: Ints
    rows: Ints
    places: Ints
    notes: tuple[str, ...]


def usable_faces(sizes: Ints, corners: Ints, vertices: int) -> Faces:
    """Faces without those of fewer than three different corners.

    Args:
        sizes: (F,) corners of each face.
        corners: (C,) vertex of each corner.
        vertices: how many there are.

    Raises:
        ModelError: there are none, or one uses a vertex that isn't there.
    """
    if not len(sizes):
        raise ModelError("no faces")
    bad = np.flatnonzero((corners < 0) | (corners >= vertices))
    if len(bad):
        face = int(np.searchsorted(np.cumsum(sizes), bad[0], side="right"))
        raise ModelError(
            f"face {face} (counted from 0) uses vertex {corners[bad[0]]}, and there are {vertices:,} vertices"
        )
    rows = np.repeat(np.arange(len(sizes)), sizes)
    before = np.arange(len(corners)) - 1
    filled = sizes > 0
    before[first_corners(sizes)[filled]] = (np.cumsum(sizes) - 1)[filled]
    single = corners != corners[before]
    left = np.bincount(rows[single], minlength=len(sizes))
    kept = left >= 3
    places = np.flatnonzero(single & kept[rows])
    notes = []
    if not kept.all():
        notes.append(f"dropped {counted(np.count_nonzero(~kept), 'face')} with fewer than three different corners")
    repeated = np.count_nonzero(kept & (left < sizes))
    if repeated:
        notes.append(f"dropped corners that came twice in a row from {counted(repeated, 'face')}")
    if not kept.any():
        raise ModelError(f"no face of its {len(sizes):,} has three different corners")
    return Faces(left[kept], corners[places], np.flatnonzero(kept), places, tuple(notes))


def linear_colors(values: Floats, whole: float) -> Floats:
    """Linear colors (N, 3) of sRGB ones (N, 3 or more) that are `whole` where they are brightest.

    Files with 8 bits a channel mean what a screen shows, as Blender takes them.
    """
    safe = np.nan_to_num(values[:, :3] / whole, nan=1)
    linear: Floats = decoded(np.clip(safe, 0, 1))
    return linear
