"""Checked faces of a mesh file."""

from dataclasses import dataclass

import numpy as np

from threedie.manifests.plurals import pluralize
from threedie.render.models.polygons import Floats, Ints, first_corners
from threedie.render.models.source import ModelError
from threedie.render.models.srgb import decoded


@dataclass(frozen=True)
class Faces:
    """Faces that can be used.

    Attributes:
        sizes: (F,) corners of each face, 3 or more.
        corners: (C,) the vertex of each corner, none twice in a row.
        face_index: (F,) position of each among the file's faces.
        corner_index: (C,) position of each among the file's corners.
        notes: what was dropped.
    """

    sizes: Ints
    corners: Ints
    face_index: Ints
    corner_index: Ints
    notes: tuple[str, ...]


def usable_faces(sizes: Ints, corners: Ints, vertices: int) -> Faces:
    """Faces without those of fewer than three different corners.

    Args:
        sizes: (F,) corners of each face.
        corners: (C,) vertex of each corner.
        vertices: number of vertices.

    Raises:
        ModelError: no faces, or one uses a vertex that doesn't exist.
    """
    if not len(sizes):
        raise ModelError("no faces")
    bad = np.flatnonzero((corners < 0) | (corners >= vertices))
    if len(bad):
        face = int(np.searchsorted(np.cumsum(sizes), bad[0], side="right"))
        raise ModelError(
            f"face {face} (counted from 0) uses vertex {corners[bad[0]]} of {pluralize(vertices, 'vertex')}"
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
        notes.append(f"dropped {pluralize(np.count_nonzero(~kept), 'face')} with fewer than three different corners")
    repeated = np.count_nonzero(kept & (left < sizes))
    if repeated:
        notes.append(f"dropped corners that came twice in a row from {pluralize(repeated, 'face')}")
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
