"""Reading the text of an OBJ file: vertices, their colors, faces, and which other lines it has."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from threedie.manifests.errors import one_line
from threedie.manifests.plurals import pluralize
from threedie.render.models.numbers import as_text, unix_lines, unmarked
from threedie.render.models.polygons import Floats, Ints, fans
from threedie.render.models.source import ModelError
from threedie.render.models.srgb import MOST_FRACTION

_VERTEX = re.compile(rb"^[ \t]*v[ \t]+(\S+)[ \t]+(\S+)[ \t]+(\S+)", re.M)
_VERTEX_LINE = re.compile(rb"^[ \t]*v[ \t]", re.M)
FACE = re.compile(rb"^[ \t]*f[ \t]+([^\n#]+)", re.M)
_AFTER_SLASH = re.compile(rb"/\S*")
_TEXTURE_POINT = re.compile(rb"^[ \t]*vt[ \t]", re.M)
_NORMAL = re.compile(rb"^[ \t]*vn[ \t]", re.M)
_FACE_BEGIN = re.compile(rb"^[ \t]*f[ \t]", re.M)
_OTHER_LINE = re.compile(rb"^[ \t]*(?!(?:v|f|vt|vn)[ \t])([^\s#][^\s]*)", re.M)
_SIX_NUMBERS = re.compile(rb"^[ \t]*v(?:[ \t]+[^\s#]+){6}", re.M)
_MRGB = re.compile(rb"^[ \t]*#MRGB[ \t]+([0-9A-Fa-f]+)", re.M)
_WINDOWS_NAN = re.compile(rb"^[-+]?1\.#\w*$")
_MARK = b"\xef\xbb\xbf"

_FREE_FORM = {
    b"cstype", b"deg", b"bmat", b"step", b"curv", b"curv2", b"surf", b"parm", b"trim", b"hole", b"scrv", b"sp", b"end",
    b"con", b"vp", b"bzp", b"bsp", b"cdc", b"cdp", b"res", b"ctech", b"stech",
}  # fmt: skip
_READ = {b"g", b"o", b"s", b"usemtl", b"mtllib"}
_HARMLESS = {b"lod", b"bevel", b"c_interp", b"d_interp", b"mg", b"v", b"f", b"vt", b"vn", b"shadow_obj", b"trace_obj"}
_NOT_FACES = (
    (b"l", "line (l)", "lines (l)"),
    (b"p", "point (p)", "points (p)"),
    (b"fo", "outlined face (fo)", "outlined faces (fo)"),
)
"""Keyword of other elements -> singular and plural of what they are."""

_NAMED_KEYS = 3
_WIDEST_INDENT = 256

ONE, BYTE = 1.0, 255.0


@dataclass(frozen=True)
class ObjMesh:
    """The surface of an OBJ file.

    Attributes:
        vertices: float64 (V, 3), as written; may hold numbers that aren't finite.
        triangles: int64 (T, 3), indices of vertices; polygons are cut into fans.
    """

    vertices: Floats
    triangles: Ints

    @property
    def used(self) -> Floats:
        """The vertices (U, 3) that belong to a face."""
        used = np.zeros(len(self.vertices), bool)
        used[self.triangles.ravel()] = True
        return self.vertices[used]

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


def plain_text(content: bytes) -> bytes:
    """An OBJ or MTL file in UTF-8 with unix line ends, without byte-order marks, continued lines made one.

    Raises:
        ModelError: a byte-order mark says UTF-16, and the rest isn't.
    """
    content = unix_lines(unmarked(content)).replace(b"\\\n", b" ")
    # Files that were joined keep the marks of each.
    return content.replace(b"\n" + _MARK, b"\n")


def is_plain(content: bytes) -> bool:
    """Whether programs that know neither byte-order marks nor the line ends of old Macs read a file alike."""
    return (
        not content.startswith((_MARK, b"\xff\xfe", b"\xfe\xff"))
        and b"\n" + _MARK not in content
        and (b"\r" not in content or content.count(b"\r") == content.count(b"\r\n"))
    )


def keyword_lines(content: bytes, keyword: bytes) -> Iterator[tuple[int, bytes]]:
    """Where lines with a keyword begin in a plain text, and what stands after it.

    Much faster than a regular expression in files of millions of lines, few of which have it.
    """
    at = content.find(keyword)
    while at >= 0:
        end = content.find(b"\n", at)
        end = len(content) if end < 0 else end
        line = max(content.rfind(b"\n", max(0, at - _WIDEST_INDENT), at) + 1, at - _WIDEST_INDENT)
        after = at + len(keyword)
        if not content[max(0, line) : at].strip(b" \t") and (after == end or content[after] in b" \t"):
            yield max(0, line), content[after:end].strip()
            at = content.find(keyword, end)
        else:
            at = content.find(keyword, after)


def library_lines(content: bytes) -> list[bytes]:
    """What stands after each `mtllib` of a plain text, each once."""
    return list(dict.fromkeys(rest for _, rest in keyword_lines(content, b"mtllib") if rest))


def used_materials(content: bytes) -> list[str]:
    """Names of the materials that faces of a plain text use, in order; empty for faces without one."""
    marks = list(keyword_lines(content, b"usemtl"))
    begins = [(0, b""), *marks]
    ends = [place for place, _ in marks] + [len(content)]
    used: dict[bytes, None] = {}
    for (begin, name), end in zip(begins, ends, strict=True):
        if name not in used and _FACE_BEGIN.search(content, begin, end):
            used[name] = None
    return [as_text(name) for name in used]


def other_lines(content: bytes) -> list[str]:
    """Counts of what a plain text holds beside vertices, faces and materials, such as `2 points (p)`."""
    counts = Counter(_OTHER_LINE.findall(content))
    free_form = sum(counts.pop(key, 0) for key in _FREE_FORM)
    what = []
    for key, name, plural in _NOT_FACES:
        if number := counts.pop(key, 0):
            what.append(pluralize(number, name, plural))
    if free_form:
        what.append(f"{pluralize(free_form, 'line')} of free-form curves and surfaces")
    others = {key: number for key, number in counts.items() if key not in _READ | _HARMLESS}
    for key in sorted(others)[:_NAMED_KEYS]:
        what.append(f"{pluralize(others[key], 'line')} with the keyword {key[:20].decode('utf-8', 'replace')!r}")
    if len(others) > _NAMED_KEYS:
        rest = sum(others[key] for key in sorted(others)[_NAMED_KEYS:])
        what.append(pluralize(rest, "other line"))
    return what


def read_obj(content: bytes) -> ObjMesh:
    """Read vertices and faces.

    Raises:
        ModelError: no faces, a vertex without three numbers, or a face that uses a vertex that doesn't exist.
    """
    content = plain_text(content)
    counts, corners = _faces(content)
    return _mesh(content, counts, corners)


def mesh_of(content: bytes, corners: "Corners") -> ObjMesh:
    """The mesh of a plain text whose corners were read.

    Raises:
        ModelError: as `read_obj`.
    """
    return _mesh(content, corners.counts, corners.indices[:, 0])


def _mesh(content: bytes, counts: Ints, corners: Ints) -> ObjMesh:
    words = _VERTEX.findall(content)
    if len(words) != len(_VERTEX_LINE.findall(content)):
        raise ModelError("a vertex has fewer than three numbers")
    vertices = _floats(words).reshape(-1, 3)
    triangles = corners[fans(counts)[0]]
    if not len(triangles):
        raise ModelError("no faces")
    if triangles.min() < 0 or triangles.max() >= len(vertices):
        raise ModelError("a face uses a vertex that doesn't exist (OBJ files count from 1)")
    return ObjMesh(vertices, triangles)


def _floats(rows: list[tuple[bytes, ...]] | list[list[bytes]]) -> Floats:
    """Numbers of vertices, row by row."""
    try:
        return np.array(rows, dtype=bytes).astype(np.float64)
    except ValueError as error:
        for row in rows:
            if any(re.fullmatch(rb"[-+]?\d+,\d+", word) for word in row):
                line = b" ".join(row)[:60].decode("utf-8", "replace")
                raise ModelError(f"a vertex has decimal commas (v {line}); write numbers with points") from error
        mended = [[b"nan" if _WINDOWS_NAN.match(word) else word for word in row] for row in rows]
        if mended != [list(row) for row in rows]:
            return _floats(mended)
        raise ModelError(f"a vertex is not a number ({one_line(error)})") from error


@dataclass(frozen=True)
class Corners:
    """Corners of all faces, each face as it is written.

    Attributes:
        counts: int64 (F,), corners of each face.
        indices: int64 (C, 3), vertex, texture coordinate and normal of each corner, counted from 0; -1 for none.
        before: int64 (F, 3), how many of each were written before the face.
        totals: how many of each the file has.
    """

    counts: Ints
    indices: Ints
    before: Ints
    totals: tuple[int, int, int]

    def per_face(self, of_corners: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Whether any corner of a face (F,) has something (C,)."""
        face = np.repeat(np.arange(len(self.counts)), self.counts)
        return np.bincount(face, weights=of_corners, minlength=len(self.counts)) > 0

    def faces(self) -> Iterator[Ints]:
        """Corners (N, 3) of each face."""
        begin = 0
        for count in self.counts.tolist():
            yield self.indices[begin : begin + count]
            begin += count


def read_corners(content: bytes) -> Corners:
    """Read all corners of a plain text's faces.

    Raises:
        ModelError: a face is not made of numbers.
    """
    matches = list(FACE.finditer(content))
    lines = [match[1].split() for match in matches]
    counts = np.fromiter(map(len, lines), np.int64, len(lines))
    words = [word for line in lines for word in line]
    indices = _corner_numbers(words)
    places = np.array([match.start() for match in matches], np.int64)
    starts = [
        np.array([match.start() for match in pattern.finditer(content)], np.int64)
        for pattern in (_VERTEX_LINE, _TEXTURE_POINT, _NORMAL)
    ]
    before = np.stack([np.searchsorted(each, places) for each in starts], axis=-1).reshape(-1, 3)
    # Numbers count from 1, negative ones backwards from the latest; 0 stands for none.
    backwards = np.repeat(before, counts, axis=0) + indices
    # What points before the first is as wrong as what points behind the last.
    backwards = np.where(backwards < 0, _NOWHERE, backwards)
    indices = np.where(indices > 0, indices - 1, np.where(indices < 0, backwards, -1))
    return Corners(counts, indices, before, (len(starts[0]), len(starts[1]), len(starts[2])))


_NOWHERE = 2**62


def _corner_numbers(words: list[bytes]) -> Ints:
    """Numbers (C, 3) of corners such as `1/2/3`, `1//3`, `1/2` and `1`; 0 for those that lack."""
    numbers = np.zeros((len(words), 3), np.int64)
    text = b" ".join(words) + b" "
    try:
        for pattern, columns, separator in _FORMS:
            if pattern.fullmatch(text):
                flat = np.array(text.replace(separator, b" ").split(), dtype=bytes).astype(np.int64)
                numbers[:, columns] = flat.reshape(len(words), len(columns))
                return numbers
        for row, word in enumerate(words):
            for column, part in enumerate(word.split(b"/")[:3]):
                numbers[row, column] = int(part) if part else 0
    except (ValueError, OverflowError) as error:
        raise ModelError(f"a face is not made of numbers ({one_line(error)})") from error
    return numbers


_FORMS = [
    (re.compile(rb"(?:-?\d+ )*+"), [0], b" "),
    (re.compile(rb"(?:-?\d+/-?\d+/-?\d+ )*+"), [0, 1, 2], b"/"),
    (re.compile(rb"(?:-?\d+//-?\d+ )*+"), [0, 2], b"//"),
    (re.compile(rb"(?:-?\d+/-?\d+ )*+"), [0, 1], b"/"),
]


def vertex_colors(content: bytes) -> tuple[Floats | None, list[str]]:
    """sRGB colors (V, 3), 0 to 1, of a plain text's vertices, NaN for those that have none; and what was guessed.

    A vertex is `x y z r g b`, `x y z w r g b` or `x y z r g b a`; ZBrush writes colors as comments, `#MRGB`. `x y z`
    and `x y z w` have no color. None where no vertex has one.
    """
    rows = (
        [line.split(b"#", 1)[0].split()[1:] for line in _vertex_lines(content)] if _SIX_NUMBERS.search(content) else []
    )
    if rows:
        return _scaled_colors(_columns_of_colors(rows))
    packed = b"".join(_MRGB.findall(content))
    count = len(_VERTEX_LINE.findall(content))
    if not packed or not count:
        return None, []
    digits = packed[: len(packed) // 8 * 8]
    texels = np.frombuffer(bytes.fromhex(digits.decode()), np.uint8).reshape(-1, 4)[:, 1:]
    if len(texels) != count:
        return None, [f"{pluralize(len(texels), 'color')} (#MRGB) for {pluralize(count, 'vertex')}: left out"]
    return texels / BYTE, []


def _vertex_lines(content: bytes) -> list[bytes]:
    return re.findall(rb"^[ \t]*v[ \t][^\n]*", content, re.M)


def _columns_of_colors(rows: list[list[bytes]]) -> Floats:
    """Colors (V, 3) as they are written, NaN where a row has none."""
    lengths = np.array([len(row) for row in rows])
    colors = np.full((len(rows), 3), np.nan)
    for length in np.unique(lengths[lengths >= 6]).tolist():
        these = np.flatnonzero(lengths == length)
        try:
            values = np.array([rows[row][3:] for row in these], dtype=bytes).astype(np.float64)
        except ValueError:
            continue
        begin = 0
        if values.shape[1] > 3:
            alpha = (values[:, 3] == values[0, 3]).all() and values[0, 3] in (ONE, BYTE)
            # A weight is 1 unless the surface is a rational one.
            begin = 0 if alpha and not (values[:, 0] == 1).all() else 1
        colors[these] = values[:, begin : begin + 3]
    return colors


def _scaled_colors(colors: Floats) -> tuple[Floats | None, list[str]]:
    notes = []
    if not np.isfinite(colors).any():
        return None, ["colors of vertices are not numbers: left out"]
    highest = float(np.nanmax(np.where(np.isfinite(colors), colors, np.nan)))
    if highest > MOST_FRACTION:
        if highest <= BYTE:
            colors = colors / BYTE
            notes.append(f"colors of vertices go up to {highest:g}: taken as 0 to 255")
        else:
            colors = colors / highest
            notes.append(f"colors of vertices go up to {highest:g}: taken as 0 to that")
    if (colors < 0).any():
        notes.append("colors of vertices are negative: cut to 0")
    return np.clip(np.where(np.isfinite(colors).all(axis=1, keepdims=True), colors, np.nan), 0, 1), notes


def bounds(points: Floats) -> tuple[Floats, float]:
    """Middle (3,) and diagonal of the bounding box of points (N, 3).

    Raises:
        ModelError: they aren't finite, or all in one place.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    with np.errstate(all="ignore"):
        diagonal = float(np.linalg.norm(high - low))
    if not np.isfinite(points).all() or not np.isfinite(diagonal):
        raise ModelError("it has coordinates that are not finite")
    if diagonal == 0:
        raise ModelError("all its vertices are in one place")
    return (low + high) / 2, diagonal


def _faces(content: bytes) -> tuple[Ints, Ints]:
    """Number of corners of each face, and all corners' vertices one after the other, counted from 0."""
    lines = [_AFTER_SLASH.sub(b"", line).split() for line in FACE.findall(content)]
    counts = np.fromiter(map(len, lines), np.int64, len(lines))
    try:
        corners = np.fromiter((int(word) for line in lines for word in line), np.int64, int(counts.sum()))
    except (ValueError, OverflowError) as error:
        raise ModelError(f"a face is not made of numbers ({one_line(error)})") from error
    if (corners < 0).any():
        corners = _absolute(content, counts, corners)
    return counts, corners - 1


def _absolute(content: bytes, counts: Ints, corners: Ints) -> Ints:
    """Corners counted backwards from the latest vertex, counted from 1 instead."""
    vertices = np.array([match.start() for match in _VERTEX_LINE.finditer(content)])
    faces = np.array([match.start() for match in FACE.finditer(content)])
    before = np.repeat(np.searchsorted(vertices, faces), counts)
    return np.where(corners < 0, before + corners + 1, corners)
