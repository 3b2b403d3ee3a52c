"""OFF files (Object File Format of Geomview, ModelNet and others)."""

import re
from dataclasses import dataclass

import numpy as np

from threedie.manifests.plurals import pluralize
from threedie.render.models.container import Container
from threedie.render.models.faces import linear_colors, usable_faces
from threedie.render.models.numbers import printable, read_numbers, to_integers, too_few, unix_lines, unmarked
from threedie.render.models.polygons import Floats, Ints, first_corners, ranges
from threedie.render.models.source import ModelError
from threedie.render.models.srgb import MOST_FRACTION
from threedie.render.models.surface import GRAY, WHITE, Material, ReadMesh, Surface

_COMMENT = re.compile(rb"#[^\n]*")
_WORD = re.compile(rb"\s*([A-Za-z0-9]*?)(OFF)(?![A-Za-z])", re.IGNORECASE)
_PREFIX = re.compile(r"ST|C|N|4|n")


@dataclass(frozen=True)
class _Rows:
    """Numbers of lines, one after the other: `sizes` (L,) of them in each."""

    values: Floats
    sizes: Ints


def read_off(container: Container, name: str) -> ReadMesh:
    """Read an OFF file: polygons, with normals and colors of vertices or colors of faces where it has them.

    Raises:
        ModelError: it can't be read, or has no faces.
    """
    content = container.read(name)
    text = _COMMENT.sub(b"", unix_lines(unmarked(content)))
    notes: list[str] = []
    kinds, text = _kinds(text, notes)
    counts, text = _counts(text)
    values, sizes, bad = read_numbers(text)
    rows = _Rows(values, sizes)
    points, attributes, rows = _vertices(rows, counts, kinds, bad, notes)
    face_sizes, corners, face_colors, left = _faces(rows, counts[1], bad, notes)
    if left:
        notes.append(f"ignored {pluralize(left, 'number')} after the last face")
    elif bad:
        notes.append(f"ignored what comes after the last face: {bad}")
    faces = usable_faces(face_sizes, corners, len(points))
    colors = None
    if attributes.colors is not None:
        colors = attributes.colors[faces.corners]
        if face_colors is not None:
            notes.append("colors of faces were not used, since vertices have colors too")
    elif face_colors is not None:
        colors = np.repeat(face_colors[faces.face_index], faces.sizes, axis=0)
    normals = None if attributes.normals is None else attributes.normals[faces.corners]
    material = Material(WHITE) if colors is not None else Material()
    surface = Surface("mesh", points, faces.sizes, faces.corners, material, normals=normals, colors=colors)
    return ReadMesh((content,), (surface,), (*notes, *faces.notes))


def _kinds(text: bytes, notes: list[str]) -> tuple[set[str], bytes]:
    """What vertices have (ST, C, N) and the text after the format's name."""
    match = _WORD.match(text)
    if match is None:
        if not re.match(rb"\s*\d+\s+\d+\s", text):
            begin = text.split(maxsplit=1)[:1]
            raise ModelError(f"not an OFF file: it begins with {printable(begin[0]) if begin else 'nothing'}")
        notes.append("the word OFF at its beginning is missing; it was read all the same")
        return set(), text
    prefix, word = match[1].decode(), match[0].strip().decode()
    if match[2] == b"off":
        prefix = prefix.upper()
    kinds = set(_PREFIX.findall(prefix))
    if _PREFIX.sub("", prefix):
        raise ModelError(f"its kind, {word}, is no kind of OFF file")
    if kinds & {"4", "n"}:
        raise ModelError(f"its kind, {word}, has vertices that aren't in three dimensions; convert it to OFF first")
    rest = text[match.end() :]
    if re.match(rb"\s*BINARY\b", rest, re.IGNORECASE):
        raise ModelError(f"{word} BINARY can't be read; convert it to a text OFF file, with Geomview or MeshLab say")
    return kinds, rest


def _counts(text: bytes) -> tuple[tuple[int, int], bytes]:
    """Numbers of vertices and faces, and the text after them and the number of edges, which may be missing."""
    match = re.match(rb"\s*([^\s]+)(\s+)([^\s]+)(?:[^\S\n]+([^\s]+))?", text)
    # Three numbers on three lines, too.
    if match is not None and b"\n" in match[2]:
        match = re.match(rb"\s*([^\s]+)(\s+)([^\s]+)(?:\s+([^\s]+))?", text)
    if match is None:
        raise ModelError("it ends before the numbers of its vertices and faces")
    words = [match[1], match[3]]
    if not all(re.fullmatch(rb"\d{1,18}", word) for word in words):
        raise ModelError(f"its numbers of vertices and faces are {printable(b' '.join(words))}")
    if int(words[1]) == 0:
        raise ModelError(f"it has {pluralize(int(words[0]), 'vertex')} and no faces")
    return (int(words[0]), int(words[1])), text[match.end() :]


@dataclass(frozen=True)
class _VertexAttributes:
    """Linear colors (V, 3) and normals (V, 3) of vertices, or None."""

    colors: Floats | None = None
    normals: Floats | None = None


def _vertices(
    rows: _Rows, counts: tuple[int, int], kinds: set[str], bad: str, notes: list[str]
) -> tuple[Floats, _VertexAttributes, _Rows]:
    """Positions of vertices (V, 3), their attributes, and the lines after them."""
    count = counts[0]
    least = 3 + 3 * ("N" in kinds) + 2 * ("ST" in kinds)
    sizes = rows.sizes[:count]
    by_line = len(sizes) == count and count > 0 and (sizes == sizes[0]).all() and sizes[0] >= least
    width = int(sizes[0]) if by_line else least + 4 * ("C" in kinds)
    if count * width > len(rows.values):
        raise too_few(pluralize(count, "vertex"), len(rows.values) // width, bad)
    table = rows.values[: count * width].reshape(count, width)
    left = rows.sizes[count:] if by_line else np.empty(0, np.int64)
    rest = _Rows(rows.values[count * width :], left)
    at = 3
    normals = table[:, 3:6] if "N" in kinds else None
    at += 3 * ("N" in kinds)
    more = width - least
    colors = None
    if more in (3, 4) and ("C" in kinds or (table[:, at : at + 3] >= 0).all()):
        colors = _scaled(table[:, at : at + more], notes, "vertices")
        if "C" not in kinds:
            notes.append(f"the {more} numbers after each vertex were taken for its color")
    elif more:
        notes.append(f"did not use {pluralize(more, 'further number')} of each vertex")
    if "C" in kinds and colors is None:
        notes.append("its vertices have no colors although its name is COFF")
    if "ST" in kinds:
        notes.append("texture coordinates were not used: OFF files name no texture")
    return table[:, :3], _VertexAttributes(colors, normals), rest


def _faces(rows: _Rows, count: int, bad: str, notes: list[str]) -> tuple[Ints, Ints, Floats | None, int]:
    """Corners of each face (F,), all corners (C,), linear colors of faces (F, 3) or None; how many numbers are left.

    Faces are on lines of their own; where lines don't fit, all numbers are taken one after the other.
    """
    values, sizes = rows.values, rows.sizes[:count]
    begins = first_corners(sizes)
    whole = len(sizes) == count and int(sizes.sum()) <= len(values)
    if whole:
        corners = values[begins]
        whole = bool(((corners >= 0) & (corners < sizes) & (corners == np.floor(corners))).all())
    if not whole:
        corner_counts, words, end = _faces_without_lines(values, count, bad)
        return corner_counts, words, None, len(values) - end
    corner_counts = values[begins].astype(np.int64)
    places = ranges(begins + 1, corner_counts)
    colors = _face_colors(values, begins + 1 + corner_counts, sizes - 1 - corner_counts, notes)
    return corner_counts, to_integers(values[places], "the corner of a face"), colors, len(values) - int(sizes.sum())


def _faces_without_lines(values: Floats, count: int, bad: str) -> tuple[Ints, Ints, int]:
    """Corners of each face (F,), all corners (C,), and where in the numbers they end."""
    sizes, places, at = [], [], 0
    for face in range(count):
        size = int(to_integers(values[at : at + 1], "the number of corners of a face")[0]) if at < len(values) else 0
        if at >= len(values) or at + 1 + size > len(values):
            raise too_few(pluralize(count, "face"), face, bad)
        if size < 0:
            raise ModelError(f"face {face} (counted from 0) has {size} corners")
        sizes.append(size)
        places.append(np.arange(at + 1, at + 1 + size))
        at += 1 + size
    return np.array(sizes), to_integers(values[np.concatenate(places)], "the corner of a face"), at


def _face_colors(values: Floats, begins: Ints, counts: Ints, notes: list[str]) -> Floats | None:
    """Linear colors (F, 3) by the numbers after each face; None without."""
    odd = np.count_nonzero((counts == 2) | (counts > 4))
    if odd:
        notes.append(f"did not use the numbers after the corners of {pluralize(odd, 'face')}: they are no color")
    indexed = np.count_nonzero(counts == 1)
    if indexed:
        notes.append(
            f"did not use the colors of {pluralize(indexed, 'face')}: numbers in a color map that the file doesn't have"
        )
    colored = np.flatnonzero((counts == 3) | (counts == 4))
    if not len(colored):
        return None
    rows = np.full((len(colored), 4), np.inf)
    rows[:, :3] = values[begins[colored, None] + np.arange(3)]
    with_alpha = counts[colored] == 4
    rows[with_alpha, 3] = values[begins[colored[with_alpha]] + 3]
    # Faces without a color of their own stay gray.
    colors = np.tile(np.array(GRAY), (len(counts), 1))
    colors[colored] = _scaled(rows, notes, "faces")
    return colors


def _scaled(colors: Floats, notes: list[str], what: str) -> Floats:
    """Linear colors (N, 3) of those of a file (N, 3 or 4), integers up to 255 or fractions up to 1."""
    rgb = colors[:, :3]
    if not np.isfinite(rgb).all():
        notes.append(f"colors of {what} that aren't finite became white")
    large = rgb > MOST_FRACTION
    whole = np.ones(len(rgb))
    if large.any():
        # Some files have both; a row of fractions is one of fractions.
        fractions = ((rgb != np.floor(rgb)) & ~large).any(axis=1) & ~large.any(axis=1)
        whole[~fractions] = 255
    if colors.shape[1] == 4 and (colors[:, 3] < whole).any():
        notes.append(f"the opacity of the colors of {what} was not used")
    return linear_colors(rgb / whole[:, None], 1)
