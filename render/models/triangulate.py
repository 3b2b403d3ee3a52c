"""Cutting polygons, concave ones included, into triangles."""

import numpy as np

from threedie.render.models.polygons import Floats, Ints, fans, first_corners

MAX_CORNERS = 1000
"""Polygons with more corners are cut into fans: finding ears takes quadratic time."""


def triangulate(points: Floats, sizes: Ints, corners: Ints) -> tuple[Ints, Ints]:
    """Cut faces into triangles inside of them.

    Args:
        points: (V, 3).
        sizes: (F,) corners of each face, 3 or more.
        corners: (C,) vertex of each corner.

    Returns:
        Positions in `corners` (T, 3), face after face, and the face (T,) of each triangle.
    """
    triangles, face = fans(sizes)
    begins, first = first_corners(sizes), first_corners(sizes - 2)
    _split_quads(points, corners, triangles, np.flatnonzero(sizes == 4), begins, first)
    for each in np.flatnonzero((sizes > 4) & (sizes <= MAX_CORNERS)):
        begin, size = int(begins[each]), int(sizes[each])
        ears = _ears(points[corners[begin : begin + size]])
        triangles[first[each] : first[each] + size - 2] = begin + ears
    return triangles, face


def _split_quads(points: Floats, corners: Ints, triangles: Ints, quads: Ints, begins: Ints, first: Ints) -> None:
    """Cut those quads along the other diagonal whose first one lies outside."""
    if not len(quads):
        return
    begin = begins[quads]
    a, b, c, d = (points[corners[begin + corner]] for corner in range(4))
    outside = (np.cross(b - a, c - a) * np.cross(c - a, d - a)).sum(axis=-1) < 0
    place, other = first[quads[outside]], begin[outside]
    triangles[place] = np.stack([other, other + 1, other + 3], axis=-1)
    triangles[place + 1] = np.stack([other + 1, other + 2, other + 3], axis=-1)


def _ears(polygon: Floats) -> Ints:
    """Triangles (N - 2, 3) of a polygon (N, 3), by cutting off ears."""
    flat = _flattened(polygon)
    spokes = flat[1:] - flat[0]
    if (_cross(spokes[:-1], spokes[1:]) > 0).all():
        # Convex, most often: a fan, at once.
        second = np.arange(1, len(flat) - 1)
        return np.stack([np.zeros_like(second), second, second + 1], axis=-1)
    left = list(range(len(flat)))
    made = []
    while len(left) > 3:
        ear = _find_ear(flat, np.array(left))
        made.append((left[ear - 1], left[ear], left[(ear + 1) % len(left)]))
        del left[ear]
    return np.array([*made, left], np.int64)


def _flattened(polygon: Floats) -> Floats:
    """The polygon (N, 2) as seen along its normal, counter-clockwise."""
    centered = polygon - polygon[0]
    normal = np.cross(centered, np.roll(centered, -1, axis=0)).sum(axis=0)
    length = np.linalg.norm(normal)
    if not length > 0:
        return centered[:, :2]
    normal /= length
    across = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))])
    across /= np.linalg.norm(across)
    return np.stack([centered @ across, centered @ np.cross(normal, across)], axis=-1)


def _find_ear(flat: Floats, left: Ints) -> int:
    """Position in `left` of a corner whose triangle is convex and holds no other corner; the best one if none is."""
    here, before, after = flat[left], flat[np.roll(left, 1)], flat[np.roll(left, -1)]
    area = _cross(here - before, after - before)
    for ear in np.flatnonzero(area > 0):
        a, b, c = before[ear], here[ear], after[ear]
        inside = (_cross(b - a, here - a) >= 0) & (_cross(c - b, here - b) >= 0) & (_cross(a - c, here - c) >= 0)
        corner = (here == a).all(axis=-1) | (here == b).all(axis=-1) | (here == c).all(axis=-1)
        if not (inside & ~corner).any():
            return int(ear)
    # What is left is flat or crosses itself.
    return int(np.argmin(np.abs(area)))


def _cross(a: Floats, b: Floats) -> Floats:
    value: Floats = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return value
