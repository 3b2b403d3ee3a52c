"""STL files, text and binary."""

import re

import numpy as np

from threedie.manifests.plurals import pluralize
from threedie.manifests.text import without_mark
from threedie.render.models.container import Container
from threedie.render.models.faces import linear_colors, usable_faces
from threedie.render.models.numbers import printable, read_numbers, unix_lines
from threedie.render.models.polygons import Floats, Ints
from threedie.render.models.source import ModelError
from threedie.render.models.srgb import decoded
from threedie.render.models.surface import GRAY, WHITE, Material, ReadMesh, Surface, triangles

_HEADER_BYTES = 80
_BEGIN = _HEADER_BYTES + 4
_RECORD = np.dtype([("normal", "<f4", 3), ("points", "<f4", (3, 3)), ("attribute", "<u2")])
_VALID = 1 << 15
_CHANNEL = 31
"""Largest value of five bits."""

_OBJECT_COLOR = re.compile(rb"COLOR=(.{4})", re.DOTALL)
_SOLID = re.compile(rb"^[ \t]*(?:end)?solid\b(?:(?!\bfacet[ \t]+normal\b)[^\n])*", re.IGNORECASE | re.MULTILINE)
"""Lines with names of solids, which may be any words; up to a facet where all is on one line."""
_CLOSED = re.compile(rb"\bendsolid\b", re.IGNORECASE)
_VERTEX = re.compile(rb"\bvertex\s+(\S+)\s+(\S+)\s+(\S+)")
_FIRST, _LAST, _FACET = 8e88, 7e77, 14
"""Numbers that stand for the first and last words of a facet, and how many numbers one is with them."""
_WORDS = {
    b"facet normal": b" 8e88 ", b"outer loop": b"", b"vertex": b"", b"endloop": b" 7e77 ", b"endfacet": b"",
}  # fmt: skip
_LONGEST_NUMBER = 60


def read_stl(container: Container, name: str) -> ReadMesh:
    """Read an STL file; facets are flat whatever normals it gives.

    Raises:
        ModelError: it can't be read, or has no facets.
    """
    content = container.read(name)
    if len(content) >= _BEGIN and len(content) == _BEGIN + _RECORD.itemsize * _promised(content):
        surface, notes = _binary(content)
    else:
        try:
            text = without_mark(content)
        except UnicodeDecodeError:
            text = content
        surface, notes = _text(text) if _is_text(text) else _binary(content)
    return ReadMesh((content,), (surface,), tuple(notes))


def _promised(content: bytes) -> int:
    return int.from_bytes(content[_HEADER_BYTES:_BEGIN], "little")


def _is_text(content: bytes) -> bool:
    # Binary files may begin with the word, too.
    return content[:1000].lstrip()[:5].lower() == b"solid" and b"\0" not in content


def _binary(content: bytes) -> tuple[Surface, list[str]]:
    if len(content) < _BEGIN:
        raise ModelError(f"neither a text STL file nor a binary one: {len(content)} bytes, without the word solid")
    count, room = _promised(content), (len(content) - _BEGIN) // _RECORD.itemsize
    if count > room or (count == 0 and room):
        raise ModelError(
            f"it says {pluralize(count, 'triangle')}, and has room for {room:,}; it is cut off, damaged or no STL file"
        )
    if count == 0:
        raise ModelError("it says 0 triangles, and has none")
    notes = []
    extra = len(content) - _BEGIN - count * _RECORD.itemsize
    if extra:
        notes.append(f"ignored {pluralize(extra, 'byte')} after the last triangle")
    records = np.frombuffer(content, _RECORD, count, _BEGIN)
    colors = _colors(content[:_HEADER_BYTES], records["attribute"].astype(np.int64), notes)
    points, sizes, corners = triangles(records["points"].reshape(-1, 3), np.arange(3 * count))
    if colors is None:
        return Surface("solid", points, sizes, corners), notes
    return Surface("solid", points, sizes, corners, Material(WHITE), colors=np.repeat(colors, 3, axis=0)), notes


def _colors(header: bytes, attributes: Ints, notes: list[str]) -> Floats | None:
    """Linear colors (F, 3) of facets by their attributes (F,), in the manner of Magics or of VisCAM; None without."""
    whole = _OBJECT_COLOR.search(header)
    if whole is not None:
        rgba = np.frombuffer(whole[1], np.uint8)
        if rgba[3] < 255:
            notes.append("the opacity of its color was not used")
        if b"MATERIAL=" in header:
            notes.append("the material in its header was not used, its color was")
        color = decoded(rgba[:3] / 255)
        # Attributes that are all zero would make everything black: they were never set.
        own = (attributes & _VALID == 0) & attributes.any()
        shifts = (0, 5, 10)
    else:
        own = attributes & _VALID != 0
        if not own.any():
            if attributes.any():
                notes.append("attributes of facets were not used: they are no colors")
            return None
        color, shifts = np.array(GRAY), (10, 5, 0)
        notes.append("attributes of facets were taken for colors of 15 bits, as VisCAM writes them")
    channels = np.stack([attributes >> shift & _CHANNEL for shift in shifts], axis=-1)
    return np.where(own[:, None], linear_colors(channels.astype(np.float64), _CHANNEL), color)


def _text(content: bytes) -> tuple[Surface, list[str]]:
    content = unix_lines(content)
    begun = sum(not match[0].lstrip().lower().startswith(b"end") for match in _SOLID.finditer(content))
    closed = len(_CLOSED.findall(content))
    facets = _SOLID.sub(b"\n", content).lower()
    points = _triangles(facets)
    sizes = np.full(len(points) // 3, 3, np.int64)
    if not len(points):
        points, sizes = _polygons(facets)
    if not len(sizes):
        some = f"its {begun} solids have" if begun > 1 else "its solid has"
        raise ModelError(f"{some} no facets")
    notes = []
    if closed < begun:
        notes.append("the word endsolid is missing at its end; it may be cut off")
    faces = usable_faces(sizes, np.arange(len(points)), len(points))
    return Surface("solid", points, faces.sizes, faces.corners), [*notes, *faces.notes]


def _triangles(facets: bytes) -> Floats:
    """Corners (3 F, 3) of text where all facets are triangles with a normal; none where it isn't so, or is damaged."""
    for word, number in _WORDS.items():
        facets = facets.replace(word, number)
    values, _, bad = read_numbers(facets)
    if bad or len(values) % _FACET:
        return np.empty((0, 3))
    rows = values.reshape(-1, _FACET)
    if not ((rows[:, 0] == _FIRST) & (rows[:, -1] == _LAST)).all():
        return np.empty((0, 3))
    return rows[:, 4:-1].reshape(-1, 3)


def _polygons(facets: bytes) -> tuple[Floats, Ints]:
    """Corners (C, 3) of text of whatever facets, and how many each has (F,)."""
    loops = facets.split(b"endloop")
    vertices_of_loops = [_VERTEX.findall(loop) for loop in loops]
    for loop, vertices in zip(loops, vertices_of_loops, strict=True):
        if len(vertices) != len(re.findall(rb"\bvertex\b", loop)):
            raise ModelError("a vertex has fewer than three numbers; it is cut off or damaged")
    if vertices_of_loops[-1]:
        raise ModelError(f"it ends within facet {len(loops) - 1:,} (counted from 0); it is cut off")
    words = [word for vertices in vertices_of_loops for vertex in vertices for word in vertex]
    if max(map(len, words), default=0) > _LONGEST_NUMBER:
        raise ModelError(f"a vertex is not a number: {printable(max(words, key=len))}")
    try:
        points = np.array(words, dtype=bytes).astype(np.float64).reshape(-1, 3)
    except ValueError as error:
        raise ModelError(f"a vertex is not a number ({error})") from error
    return points, np.array([len(vertices) for vertices in vertices_of_loops[:-1]], np.int64)
