"""Shapes that objects are put together from. Every one is closed, of triangles, wound so that normals point out.

Axes of an object: +Y up, front toward -Z; lengths in any unit, since a finished object is scaled to size.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from operator import add
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Point = Sequence[float]


class Extent(NamedTuple):
    """Width (X), height (Y) and depth (Z) of an object."""

    width: float
    height: float
    depth: float

    @property
    def front(self) -> float:
        """Z of the front, where the middle is at 0."""
        return -self.depth / 2


@dataclass(frozen=True)
class Mesh:
    """Triangles: vertices (V, 3) float, faces (F, 3) int, counter-clockwise seen from outside."""

    vertices: Floats
    faces: NDArray[np.int64]

    def __add__(self, other: "Mesh") -> "Mesh":
        faces = np.concatenate([self.faces, other.faces + len(self.vertices)])
        return Mesh(np.concatenate([self.vertices, other.vertices]), faces)

    def at(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> "Mesh":
        """The mesh translated by (x, y, z)."""
        return Mesh(np.add(self.vertices, (x, y, z)), self.faces)

    def rotated(self, axis: str, degrees: float) -> "Mesh":
        """The mesh rotated about an axis through the origin, counter-clockwise as seen from the axis's tip."""
        first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
        angle = np.radians(degrees)
        vertices = self.vertices.copy()
        vertices[:, first] = np.cos(angle) * self.vertices[:, first] - np.sin(angle) * self.vertices[:, second]
        vertices[:, second] = np.sin(angle) * self.vertices[:, first] + np.cos(angle) * self.vertices[:, second]
        return Mesh(vertices, self.faces)

    def scaled(self, x: float = 1.0, y: float = 1.0, z: float = 1.0) -> "Mesh":
        """The mesh stretched along the axes; a negative factor mirrors it."""
        return Mesh(self.vertices * (x, y, z), self.faces if x * y * z > 0 else self.faces[:, ::-1])

    def mirrored(self, axis: str) -> "Mesh":
        """The mesh mirrored: left for right with `x`."""
        return self.scaled(**{axis: -1.0})

    def both(self, axis: str = "x") -> "Mesh":
        """The mesh and its mirror image."""
        return self + self.mirrored(axis)

    def deformed(self, change: Callable[[Floats], Floats]) -> "Mesh":
        """The mesh with its vertices (V, 3) moved by a function that keeps the inside inside."""
        return Mesh(change(self.vertices.copy()), self.faces)

    def volume(self) -> float:
        """Enclosed volume; negative where it is inside out."""
        a, b, c = (self.vertices[self.faces[:, i]] for i in range(3))
        return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def joined(meshes: Sequence[Mesh]) -> Mesh:
    """Several meshes as one."""
    return reduce(add, meshes)


def _closed(vertices: Floats, faces: NDArray[np.int64]) -> Mesh:
    """A mesh with equal vertices merged, faces that thereby vanish left out, and the outside outside."""
    _, first, inverse = np.unique(np.round(vertices, 9), axis=0, return_index=True, return_inverse=True)
    faces = inverse.reshape(-1)[faces]
    distinct = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    mesh = Mesh(vertices[first], faces[distinct])
    return mesh if mesh.volume() > 0 else Mesh(mesh.vertices, mesh.faces[:, ::-1])


def loft(rings: ArrayLike, closed: bool = False) -> Mesh:
    """Skin over closed rings of points, (rings, points, 3): hulls, bodies, bowls (up outside, then down inside).

    The first and last ring are filled, or joined to each other where `closed`. A ring may shrink to one point.
    """
    points = np.asarray(rings, float)
    count, around = points.shape[:2]
    index = np.arange(count * around).reshape(count, around)
    low = index if closed else index[:-1]
    high = np.roll(index, -1, axis=0) if closed else index[1:]
    next_low, next_high = np.roll(low, -1, axis=1), np.roll(high, -1, axis=1)
    sides = [np.stack([low, next_low, next_high], -1), np.stack([low, next_high, high], -1)]
    faces = [np.stack(sides, axis=2).reshape(-1, 3)]
    vertices = [points.reshape(-1, 3)]
    if not closed:
        for middle, ring, nearby in ((0, index[0], (1, 0)), (1, index[-1], (0, 1))):
            rim = np.stack([ring, np.roll(ring, -1)], -1)[:, nearby]
            faces.append(np.column_stack([rim, np.full(around, count * around + middle)]))
            vertices.append(points[0 if middle == 0 else -1].mean(axis=0, keepdims=True))
    return _closed(np.concatenate(vertices), np.concatenate(faces))


def lathe(profile: ArrayLike, sides: int = 24) -> Mesh:
    """A profile of (radius, height) points turned about Y. For a hollow thing go up outside and down inside."""
    line = np.asarray(profile, float)
    angles = np.arange(sides) * 2 * np.pi / sides
    around = np.stack([np.cos(angles), np.zeros(sides), np.sin(angles)], -1)
    return loft(line[:, None, :1] * around + line[:, None, 1:] * [0.0, 1.0, 0.0])


def box(width: float, height: float, depth: float, bevel: float = 0.0, steps: int = 1) -> Mesh:
    """A box about the origin, width along X, height along Y, depth along Z, its edges rounded with radius `bevel`.

    A rounded edge has 2 `steps` facets.
    """
    half = np.array([width, height, depth]) / 2
    if bevel <= 0:
        keys, faces = _cube_grid(2)
        return Mesh((2.0 * keys - 1.0) * half, faces)
    radius = min(bevel, 0.98 * float(half.min()))
    keys, faces = _cube_grid(2 * steps + 2)
    side = np.where(keys <= steps, -1.0, 1.0)
    # Each corner is an eighth of a sphere under an even grid; the flat middles lie between the two halves of the lines.
    turn = np.where(keys <= steps, keys / steps - 1.0, (keys - steps - 1) / steps)
    direction = np.tan(turn * np.pi / 4)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    return Mesh(side * (half - radius) + radius * direction, faces)


@cache
def _cube_grid(lines: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Surface of a cube cut by `lines` grid lines per axis: integer places (V, 3) and faces (F, 3)."""
    u, v = (axis.ravel() for axis in np.meshgrid(np.arange(lines - 1), np.arange(lines - 1), indexing="ij"))
    corners = []
    for axis in range(3):
        for end in (0, lines - 1):
            quad = np.empty((len(u), 4, 3), np.int64)
            quad[..., axis] = end
            quad[..., (axis + 1) % 3] = np.stack([u, u + 1, u + 1, u], -1)
            quad[..., (axis + 2) % 3] = np.stack([v, v, v + 1, v + 1], -1)
            corners.append(quad if end else quad[:, ::-1])
    quads = np.concatenate(corners)
    keys, inverse = np.unique(quads.reshape(-1, 3), axis=0, return_inverse=True)
    index = inverse.reshape(-1, 4)
    return keys, np.concatenate([index[:, [0, 1, 2]], index[:, [0, 2, 3]]])


def cylinder(radius: float, height: float, top: float | None = None, sides: int = 20, bevel: float = 0.0) -> Mesh:
    """A cylinder about Y, centered; a cone with another radius at the `top`; its rims cut off by `bevel`."""
    top = radius if top is None else top
    half = height / 2
    if bevel > 0:
        rims = [(radius - bevel, -half), (radius, -half + bevel), (top, half - bevel), (top - bevel, half)]
    else:
        rims = [(radius, -half), (top, half)]
    return lathe(rims, sides)


def ellipsoid(x: float, y: float, z: float, sides: int = 16, rings: int = 10) -> Mesh:
    """An ellipsoid of half axes x, y, z about the origin."""
    angles = np.linspace(-np.pi / 2, np.pi / 2, rings + 1)
    profile = np.stack([np.cos(angles), np.sin(angles)], -1)
    profile[[0, -1], 0] = 0.0
    return lathe(profile, sides).scaled(x, y, z)


def torus(radius: float, thickness: float, sides: int = 24, around: int = 10) -> Mesh:
    """A ring about Y; `thickness` is the radius of its tube."""
    angles = np.arange(sides) * 2 * np.pi / sides
    path = np.stack([radius * np.cos(angles), np.zeros(sides), radius * np.sin(angles)], -1)
    return tube(path, thickness, around, closed=True)


def tube(path: ArrayLike, radius: ArrayLike, sides: int = 8, closed: bool = False) -> Mesh:
    """A round pipe along a path (points, 3); one radius, or one for each point."""
    points = np.asarray(path, float)
    return sweep(ngon(sides), points, np.broadcast_to(np.asarray(radius, float), len(points)), closed=closed)


def rod(start: ArrayLike, end: ArrayLike, radius: float, end_radius: float | None = None, sides: int = 8) -> Mesh:
    """A straight round bar between two points."""
    return tube(np.array([start, end], float), [radius, radius if end_radius is None else end_radius], sides)


def sweep(
    section: ArrayLike,
    path: ArrayLike,
    size: float | ArrayLike = 1.0,
    up: Point = (0.0, 1.0, 0.0),
    closed: bool = False,
) -> Mesh:
    """A section (points, 2) carried along a path (steps, 3), with `size` at each step.

    The section's second axis starts out toward `up` and turns with the path without twisting.
    """
    points = np.asarray(path, float)
    ahead = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    if not closed:
        ahead[0], ahead[-1] = points[1] - points[0], points[-1] - points[-2]
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    raised = np.asarray(up, float)
    if abs(raised @ ahead[0]) > 0.95:
        raised = np.array([0.0, 0.0, 1.0]) if abs(ahead[0][2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    flat = np.asarray(section, float)
    sizes = np.broadcast_to(np.asarray(size, float), len(points))
    rings = []
    for point, direction, scale in zip(points, ahead, sizes, strict=True):
        raised = raised - (raised @ direction) * direction
        raised = raised / np.linalg.norm(raised)
        rings.append(point + scale * (flat[:, :1] * np.cross(direction, raised) + flat[:, 1:] * raised))
    return loft(rings, closed)


def extrude(outline: ArrayLike, depth: float, bevel: float = 0.0) -> Mesh:
    """A plate: an outline (points, 2) in X and Y, which may be hollowed, given `depth` along Z about z = 0.

    `bevel` cuts off the rims; keep it well below the width of the outline's narrowest place.
    """
    flat = np.asarray(outline, float)
    if _area(flat) < 0:
        flat = flat[::-1]
    levels = [(flat, -depth / 2), (flat, depth / 2)]
    if bevel > 0:
        inner = inset(flat, bevel)
        levels = [(inner, -depth / 2), (flat, bevel - depth / 2), (flat, depth / 2 - bevel), (inner, depth / 2)]
    count = len(flat)
    vertices = np.concatenate([np.column_stack([ring, np.full(count, z)]) for ring, z in levels])
    here = np.arange(count)
    after = np.roll(here, -1)
    sides = [
        np.concatenate(
            [
                np.column_stack([low + here, low + after, low + count + after]),
                np.column_stack([low + here, low + count + after, low + count + here]),
            ]
        )
        for low in count * np.arange(len(levels) - 1)
    ]
    cap = _triangles(levels[0][0])
    return Mesh(vertices, np.concatenate([*sides, cap[:, ::-1], cap + count * (len(levels) - 1)]))


def frame(width: float, height: float, border: float, depth: float, corner: float = 0.0) -> Mesh:
    """A rectangular rim in X and Y, `depth` along Z, about the origin."""
    outer = rounded(width, height, max(corner, 1e-3), 3)
    inner = rounded(width - 2 * border, height - 2 * border, max(corner - border / 2, 1e-3), 3)
    rings = [(outer, -depth / 2), (outer, depth / 2), (inner, depth / 2), (inner, -depth / 2)]
    return loft([np.column_stack([ring, np.full(len(ring), z)]) for ring, z in rings], closed=True)


def cushion(width: float, height: float, depth: float, square: float = 4.0, sides: int = 24, rings: int = 8) -> Mesh:
    """A padded block about the origin: round at the edges, nearly rectangular from above the higher `square` is."""
    base = superellipse(width / 2, depth / 2, square, sides)
    angles = np.linspace(-np.pi / 2, np.pi / 2, rings + 1)
    shrink = np.maximum(np.cos(angles), 0.0) ** (1.4 / square)
    shrink[[0, -1]] = 0.0
    rise = np.sign(np.sin(angles)) * np.abs(np.sin(angles)) ** 0.8 * height / 2
    return loft(
        [
            np.column_stack([s * base[:, 0], np.full(sides, y), s * base[:, 1]])
            for s, y in zip(shrink, rise, strict=True)
        ]
    )


def ngon(sides: int, radius: float = 1.0) -> Floats:
    """Outline (sides, 2) of a regular polygon."""
    angles = np.arange(sides) * 2 * np.pi / sides
    return radius * np.stack([np.cos(angles), np.sin(angles)], -1)


def superellipse(x: float, y: float, power: float = 2.0, sides: int = 24) -> Floats:
    """Outline (sides, 2): an ellipse at power 2, nearer to a rectangle above."""
    angles = (np.arange(sides) + 0.5) * 2 * np.pi / sides
    circle = np.stack([np.cos(angles), np.sin(angles)], -1)
    return np.sign(circle) * np.abs(circle) ** (2 / power) * (x, y)


def rounded(width: float, height: float, corner: float, steps: int = 4) -> Floats:
    """Outline (4 (steps + 1), 2) of a rectangle about the origin with round corners."""
    corner = min(corner, 0.499 * width, 0.499 * height)
    turns = np.linspace(0, np.pi / 2, steps + 1)
    arcs = []
    for quarter, (right, top) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        angles = turns + quarter * np.pi / 2
        middle = np.array([right * (width / 2 - corner), top * (height / 2 - corner)])
        arcs.append(middle + corner * np.stack([np.cos(angles), np.sin(angles)], -1))
    return np.concatenate(arcs)


def smooth(points: ArrayLike, count: int, closed: bool = False) -> Floats:
    """A smooth curve (count, D) through points (N, D): Catmull-Rom, evenly in the points' index."""
    controls = np.asarray(points, float)
    if closed:
        padded = np.concatenate([controls[-1:], controls, controls[:2]])
        places = np.arange(count) * len(controls) / count
    else:
        padded = np.concatenate([2 * controls[:1] - controls[1:2], controls, 2 * controls[-1:] - controls[-2:-1]])
        places = np.linspace(0, len(controls) - 1, count)
    index = np.minimum(places.astype(int), len(padded) - 4)
    t = (places - index)[:, None]
    a, b, c, d = (padded[index + i] for i in range(4))
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def inset(outline: Floats, distance: float) -> Floats:
    """A counter-clockwise outline (points, 2) moved inward by `distance`."""
    before, after = outline - np.roll(outline, 1, axis=0), np.roll(outline, -1, axis=0) - outline
    normals = [
        np.stack([-side[:, 1], side[:, 0]], -1) / np.linalg.norm(side, axis=1, keepdims=True)
        for side in (before, after)
    ]
    middle = normals[0] + normals[1]
    # At a sharp corner the miter is longer than the distance; bounded, so that it can't cross the other side.
    length = np.maximum((middle**2).sum(axis=1, keepdims=True), 0.8)
    return outline + 2 * distance * middle / length


def _area(outline: Floats) -> float:
    x, y = outline.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def _cross(a: Floats, b: Floats, c: Floats) -> Floats:
    return (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])


def _triangles(outline: Floats) -> NDArray[np.int64]:
    """Triangles (N - 2, 3) of a counter-clockwise outline, by cutting off ears, the fattest of them first."""
    left = list(range(len(outline)))
    triangles = []
    while len(left) > 3:
        ring = outline[left]
        before, after = np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0)
        turn = _cross(before, ring, after)
        spread = (
            np.linalg.norm(ring - before, axis=1) * np.linalg.norm(after - ring, axis=1)
            + np.linalg.norm(after - before, axis=1) ** 2
        )
        order = np.argsort(-turn / spread, kind="stable")
        hollow = ring[turn <= 0]
        for ear in order:
            a, b, c = before[ear], ring[ear], after[ear]
            inside = (_cross(a, b, hollow) >= 0) & (_cross(b, c, hollow) >= 0) & (_cross(c, a, hollow) >= 0)
            corner = (hollow == a).all(axis=1) | (hollow == b).all(axis=1) | (hollow == c).all(axis=1)
            if not (inside & ~corner).any():
                break
        else:
            ear = order[0]
        triangles.append([left[ear - 1], left[ear], left[(ear + 1) % len(left)]])
        del left[ear]
    return np.array([*triangles, left])
