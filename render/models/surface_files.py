"""Surfaces written as an object in the ShapeNetCore v2 layout: OBJ, MTL and pictures."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from threedie.render.models.inspect import MAX_BYTES
from threedie.render.models.material_writer import FaceGroup, MaterialWriter
from threedie.render.models.obj import bounds
from threedie.render.models.polygons import NO_AREA, Floats, Ints, fans
from threedie.render.models.source import MESH_FILE, ModelError
from threedie.render.models.surface import Surface

_ROWS = 2**16
"""Lines that are made at a time: numbers take much more memory as objects than in an array."""
_NORMAL_STEPS = 10_000
"""Normals are written with four decimals."""


# Numbers too large to be squared become infinite, and infinite ones are refused where they count.
@np.errstate(over="ignore", invalid="ignore")
def surface_files(surfaces: Sequence[Surface], turn: Floats) -> tuple[dict[str, bytes], list[str]]:
    """The files of the object's folder in the ShapeNetCore v2 layout, by path, and notes on what couldn't be kept.

    Args:
        surfaces: faces with their materials.
        turn: rotation (3, 3) that brings their up axis to +Y.

    Raises:
        ModelError: no faces, numbers that aren't finite, or no area at all.
    """
    if not sum(len(surface.sizes) for surface in surfaces):
        raise ModelError("no faces")
    points = [surface.points @ turn.T for surface in surfaces]
    for surface, each in zip(surfaces, points, strict=True):
        if len(surface.corners) and (surface.corners.min() < 0 or surface.corners.max() >= len(each)):
            raise ModelError("a face uses a vertex that doesn't exist")
    used = [np.unique(surface.corners) for surface in surfaces]
    middle, size = bounds(np.concatenate([each[index] for each, index in zip(points, used, strict=True)]))
    points = [(each[index] - middle) / size for each, index in zip(points, used, strict=True)]
    corners = [np.searchsorted(index, each.corners) for each, index in zip(surfaces, used, strict=True)]
    if sum(map(_area, surfaces, points, corners)) <= NO_AREA:
        raise ModelError("its faces have no area")
    materials, text = MaterialWriter(), _ObjText()
    for number, (surface, each, index) in enumerate(zip(surfaces, points, corners, strict=True)):
        if not len(surface.sizes):
            continue
        normals = None if surface.normals is None else _finite(surface.normals) @ turn.T
        text.begin(f"part{number}", each, normals)
        for group in materials.face_groups(surface):
            text.add(index, group)
    obj, mtl = text.files()
    if len(obj) > MAX_BYTES:
        raise ModelError(f"it has too many faces: its OBJ file would be larger than {MAX_BYTES // 2**20} MiB")
    made = {MESH_FILE.as_posix(): obj, MESH_FILE.with_suffix(".mtl").as_posix(): mtl, **materials.pictures.files}
    return made, list(materials.notes)


def _area(surface: Surface, points: Floats, corners: Ints) -> float:
    triangles, _ = fans(surface.sizes)
    a, b, c = (points[corners[triangles[:, corner]]] for corner in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=-1).sum()) / 2


class _ObjText:
    """Collects the text of an OBJ file and of its material file."""

    def __init__(self) -> None:
        self._chunks = [f"mtllib {MESH_FILE.with_suffix('.mtl').name}\n"]
        self._materials: dict[tuple[str, ...], str] = {}
        self._next = np.ones(3, np.int64)
        self._first = self._next
        self._normals: Ints | None = None

    def begin(self, name: str, points: Floats, normals: Floats | None) -> None:
        """Begin a part: its points (V, 3), and a normal (C, 3) for each of its corners or None for flat faces."""
        self._first = self._next.copy()
        self._chunks += [f"o {name}\n", _rows("v %.7g %.7g %.7g\n", points)]
        self._next[0] += len(points)
        self._normals = None
        if normals is not None:
            unique, self._normals = _few_normals(normals)
            self._chunks.append(_rows("vn %.4f %.4f %.4f\n", unique))
            self._next[2] += len(unique)

    def add(self, corners: Ints, group: FaceGroup) -> None:
        """Add a group of the part's faces; `corners` (C,) are the vertices of all corners of the part."""
        material = self._materials.setdefault(group.lines, f"m{len(self._materials)}")
        columns, form = [corners[group.corner_index] + self._first[0]], "%d"
        self._chunks.append(f"usemtl {material}\n")
        if group.uv is not None and group.uv_index is not None:
            self._chunks.append(_rows("vt %.8g %.8g\n", group.uv))
            columns.append(group.uv_index + self._next[1])
            self._next[1] += len(group.uv)
            form += "/%d"
        if self._normals is not None:
            columns.append(self._normals[group.corner_index] + self._first[2])
            form += "/%d" if group.uv is not None else "//%d"
        lines = {size: "f" + f" {form}" * size + "\n" for size in np.unique(group.sizes).tolist()}
        values, ends = np.stack(columns, axis=-1), np.cumsum(group.sizes)
        for begin in range(0, len(group.sizes), _ROWS):
            sizes = group.sizes[begin : begin + _ROWS]
            some = values[ends[begin] - sizes[0] : ends[begin + len(sizes) - 1]]
            self._chunks.append("".join(map(lines.__getitem__, sizes.tolist())) % tuple(some.ravel().tolist()))

    def files(self) -> tuple[bytes, bytes]:
        """The OBJ file and the material file."""
        mtl = "\n".join("\n".join([f"newmtl {name}", *lines, ""]) for lines, name in self._materials.items())
        return "".join(self._chunks).encode(), mtl.encode()


def _finite(normals: Floats) -> Floats:
    """Normals (C, 3), zero where they aren't finite: where one is zero, Blender computes it."""
    return np.where(np.isfinite(normals).all(axis=-1, keepdims=True), normals, 0.0)


def _few_normals(normals: Floats) -> tuple[Floats, Ints]:
    """Normals (N, 3) as they are written, and which of them each corner (C,) has."""
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    unit = normals / np.where(length > 0, length, 1)
    steps = np.round(unit * _NORMAL_STEPS).astype(np.int64) + _NORMAL_STEPS
    base = 2 * _NORMAL_STEPS + 1
    packed, index = np.unique((steps[:, 0] * base + steps[:, 1]) * base + steps[:, 2], return_inverse=True)
    split = np.stack([packed // base**2, packed // base % base, packed % base], axis=-1)
    return (split - _NORMAL_STEPS) / _NORMAL_STEPS, index


def _rows(form: str, values: npt.NDArray[Any]) -> str:
    chunks = (values[begin : begin + _ROWS] for begin in range(0, len(values), _ROWS))
    return "".join((form * len(some)) % tuple(some.ravel().tolist()) for some in chunks)
