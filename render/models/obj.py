"""The text of an OBJ file: its vertices and triangles, and the same mesh moved and scaled."""

import hashlib
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from render.models.source import ModelError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_VERTEX = re.compile(rb"^[ \t]*v[ \t]+(\S+)[ \t]+(\S+)[ \t]+(\S+)", re.M)
_VERTEX_LINE = re.compile(rb"^[ \t]*v[ \t]", re.M)
_FACE = re.compile(rb"^[ \t]*f[ \t]+([^\n#]+)", re.M)
_AFTER_SLASH = re.compile(rb"/\S*")


@dataclass(frozen=True)
class ObjMesh:
    """What an OBJ file's surface is made of.

    Attributes:
        vertices: float64 (V, 3), as written; may hold numbers that aren't finite.
        triangles: int64 (T, 3), indices of vertices; polygons are cut into fans.
    """

    vertices: Floats
    triangles: Ints

    @property
    def used(self) -> Floats:
        """The vertices (U, 3) that belong to a face."""
        there = np.zeros(len(self.vertices), bool)
        there[self.triangles.ravel()] = True
        return self.vertices[there]

    def areas(self) -> Floats:
        """Area (T,) of each triangle."""
        a, b, c = (self.vertices[self.triangles[:, corner]] for corner in range(3))
        areas: Floats = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
        return areas

    def content_hash(self) -> str:
        """SHA-256 of the surface: the same for files that differ in comments, names, materials or unused vertices."""
        used, places = np.unique(self.triangles, return_inverse=True)
        digest = hashlib.sha256(self.vertices[used].astype("<f4").tobytes())
        digest.update(places.astype("<i8").tobytes())
        return digest.hexdigest()


def plain_lines(content: bytes) -> bytes:
    """An OBJ or MTL file with unix line ends, and with lines that a backslash continues made one."""
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\\\n", b" ")


def read_obj(content: bytes) -> ObjMesh:
    """Read vertices and faces.

    Raises:
        ModelError: no faces, a vertex without three numbers, or a face that points at a vertex that isn't there.
    """
    content = plain_lines(content)
    words = _VERTEX.findall(content)
    if len(words) != len(_VERTEX_LINE.findall(content)):
        raise ModelError("a vertex has fewer than three numbers")
    try:
        vertices = np.array(words, dtype=bytes).astype(np.float64).reshape(-1, 3)
    except ValueError as error:
        raise ModelError(f"a vertex is not a number ({error})") from error
    counts, corners = _faces(content)
    triangles = _fans(counts, corners)
    if not len(triangles):
        raise ModelError("no faces")
    if triangles.min() < 0 or triangles.max() >= len(vertices):
        raise ModelError("a face uses a vertex that isn't there")
    return ObjMesh(vertices, triangles)


def _faces(content: bytes) -> tuple[Ints, Ints]:
    """Number of corners of each face, and all corners' vertices one after the other, counted from 0."""
    lines = [_AFTER_SLASH.sub(b"", line).split() for line in _FACE.findall(content)]
    counts = np.fromiter(map(len, lines), np.int64, len(lines))
    try:
        corners = np.fromiter((int(word) for line in lines for word in line), np.int64, int(counts.sum()))
    except (ValueError, OverflowError) as error:
        raise ModelError(f"a face is not made of numbers ({error})") from error
    if (corners < 0).any():
        corners = _absolute(content, counts, corners)
    return counts, corners - 1


def _absolute(content: bytes, counts: Ints, corners: Ints) -> Ints:
    """Corners counted backwards from the latest vertex, counted from 1 instead."""
    vertices = np.array([match.start() for match in _VERTEX_LINE.finditer(content)])
    faces = np.array([match.start() for match in _FACE.finditer(content)])
    before = np.repeat(np.searchsorted(vertices, faces), counts)
    return np.where(corners < 0, before + corners + 1, corners)


def _fans(counts: Ints, corners: Ints) -> Ints:
    """Triangles (T, 3) of polygons, in their order."""
    begins = np.cumsum(counts) - counts
    fans = np.maximum(counts - 2, 0)
    first = np.repeat(begins, fans)
    step = np.arange(int(fans.sum())) - np.repeat(np.cumsum(fans) - fans, fans)
    return np.stack([corners[first], corners[first + step + 1], corners[first + step + 2]], axis=-1)
