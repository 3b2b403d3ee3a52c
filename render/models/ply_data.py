"""The header of a PLY file, and its elements as arrays."""

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from threedie.manifests.errors import one_line
from threedie.manifests.plurals import pluralize
from threedie.render.models.numbers import as_text, printable, read_numbers, too_few, unix_lines, unmarked
from threedie.render.models.polygons import Floats, Ints, ranges
from threedie.render.models.source import ModelError

_TYPES = {
    "char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4",
    "double": "f8", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4",
    "int64": "i8", "uint64": "u8", "float32": "f4", "float64": "f8",
}  # fmt: skip
"""Name in a header -> numpy's kind and bytes."""

_CODES = {"i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "i8": "q", "u8": "Q"}
"""numpy's kind and bytes -> code of `struct`, for the types that may be a list's length."""

_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_HEADER_BYTES = 2**20
_FIRST = re.compile(rb"ply[ \t]*(\r\n|\n|\r)")
_END = re.compile(rb"(?:\n|\r)[ \t]*end_header[ \t]*(\r\n|\n|\r)")


@dataclass(frozen=True)
class _Property:
    """A number, or a list of numbers where `count` is the type of its length."""

    name: str
    kind: str
    count: str = ""


@dataclass(frozen=True)
class _Element:
    name: str
    count: int
    properties: tuple[_Property, ...]


@dataclass(frozen=True)
class Header:
    """The header of a PLY file.

    Attributes:
        order: byte order `<` or `>`; empty for text.
        elements: in the order of their data.
        textures: file names after `comment TextureFile`.
        begin: where the data begins in the text without a byte-order mark.
    """

    order: str
    elements: tuple[_Element, ...]
    textures: tuple[str, ...]
    begin: int


@dataclass(frozen=True)
class Column:
    """One property of all rows of an element.

    Attributes:
        kind: its type as numpy writes it, such as `u1`.
        values: (N,), or of lists all numbers one after the other (M,).
        sizes: (N,) lengths of lists; None for numbers.
    """

    kind: str
    values: npt.NDArray[Any]
    sizes: Ints | None = None


@dataclass(frozen=True)
class Table:
    """An element: `count` rows of columns by name."""

    name: str
    count: int
    columns: dict[str, Column]


def read_header(content: bytes) -> Header:
    """Read the header of a file's content.

    Raises:
        ModelError: it isn't one, or is damaged.
    """
    text = _unmarked(content)
    first = _FIRST.match(text)
    if first is None:
        raise ModelError(f"not a PLY file: it begins with {printable(text[:10])}")
    match = _END.search(text, 0, _HEADER_BYTES)
    if match is None:
        raise ModelError("its header has no end (end_header); it is cut off")
    # Where lines end with a carriage return, a line feed after it is data.
    begin = match.start(1) + 1 if first[1] == b"\r" else match.end()
    counts: dict[str, int] = {}
    properties: dict[str, dict[str, _Property]] = {}
    order, textures, last = None, [], ""
    for line in re.split(r"\r\n|\n|\r", as_text(text[: match.start()]))[1:]:
        words = line.split()
        if not words or words[0] == "obj_info":
            continue
        if words[0] == "comment":
            if len(words) > 2 and words[1].lower() == "texturefile":
                textures.append(line.split(None, 2)[2].strip().strip('"'))
        elif words[0] == "format" and len(words) >= 2 and words[1] in _ORDERS:
            if words[2:] not in ([], ["1.0"]):
                raise ModelError(f"its format is version {' '.join(words[2:])[:40]!r}; only 1.0 can be read")
            order = _ORDERS[words[1]]
        elif words[0] == "element" and len(words) == 3 and re.fullmatch(r"[0-9]{1,18}", words[2]):
            last = words[1]
            if last in counts:
                raise ModelError(f"its header has two elements {one_line(last)!r}")
            counts[last], properties[last] = int(words[2]), {}
        elif words[0] == "property" and counts:
            made = _property(words, line)
            if made.name in properties[last]:
                raise ModelError(f"its header has two properties {one_line(made.name)!r} of element {one_line(last)!r}")
            properties[last][made.name] = made
        else:
            raise ModelError(f"its header has the line {line.strip()[:60]!r}, which PLY files don't have")
    if order is None:
        raise ModelError("its header names no format (ascii, binary_little_endian or binary_big_endian)")
    elements = (_Element(name, count, tuple(properties[name].values())) for name, count in counts.items())
    return Header(order, tuple(elements), tuple(textures), begin)


def _property(words: Sequence[str], line: str) -> _Property:
    if len(words) == 3 and words[1] in _TYPES:
        return _Property(words[2], _TYPES[words[1]])
    if len(words) == 5 and words[1] == "list" and _TYPES.get(words[2]) in _CODES and words[3] in _TYPES:
        return _Property(words[4], _TYPES[words[3]], _TYPES[words[2]])
    raise ModelError(f"its header has a property of an unknown type: {line.strip()[:60]!r}")


def _unmarked(content: bytes) -> bytes:
    # Only text begins with a mark.
    return content if content.startswith(b"ply") else unmarked(content)


def read_tables(header: Header, content: bytes, notes: list[str]) -> dict[str, Table]:
    """The elements by name; what comes after them gets a note.

    Raises:
        ModelError: the file has less data than its header says, or is damaged.
    """
    data = _unmarked(content)[header.begin :]
    return _text_tables(header, data, notes) if not header.order else _binary_tables(header, data, notes)


def _text_tables(header: Header, data: bytes, notes: list[str]) -> dict[str, Table]:
    values, _, bad = read_numbers(unix_lines(data))
    tables, at = {}, 0
    for element in header.elements:
        width = len(element.properties)
        if element.count * width > len(values) - at:
            raise _too_few(element, (len(values) - at) // width, bad)
        if any(each.count for each in element.properties):
            table, at = _text_lists(element, values, at, bad)
        else:
            rows = values[at : at + element.count * width].reshape(element.count if width else 0, width)
            columns = {each.name: Column(each.kind, rows[:, n]) for n, each in enumerate(element.properties)}
            table, at = Table(element.name, element.count, columns), at + element.count * width
        tables[element.name] = table
    if at < len(values):
        notes.append(f"ignored {pluralize(len(values) - at, 'number')} after the last element")
    elif bad:
        notes.append(f"ignored what comes after the last element: {bad}")
    return tables


def _text_lists(element: _Element, values: Floats, at: int, bad: str) -> tuple[Table, int]:
    """An element with lists, from a position in the numbers on; and where it ends."""
    if (alike := _alike_in_text(element, values, at)) is not None:
        return alike
    # Where each property of each row begins, and how long it is.
    begins = np.empty((len(element.properties), element.count), np.int64)
    sizes = np.ones_like(begins)
    plain = values.tolist()
    end = len(plain)
    for row in range(element.count):
        for number, each in enumerate(element.properties):
            begins[number, row] = at
            if each.count:
                size = plain[at] if at < end else -1
                if at >= end or not 0 <= size < end or size != int(size):
                    raise _bad_list(element, row, each, size) if at < end else _too_few(element, row, bad)
                begins[number, row] += 1
                sizes[number, row] = size
                at += int(size)
            at += 1
        if at > end:
            raise _too_few(element, row, bad)
    columns = {}
    for number, each in enumerate(element.properties):
        if each.count:
            columns[each.name] = Column(each.kind, values[ranges(begins[number], sizes[number])], sizes[number])
        else:
            columns[each.name] = Column(each.kind, values[begins[number]])
    return Table(element.name, element.count, columns), at


def _alike_in_text(element: _Element, values: Floats, at: int) -> tuple[Table, int] | None:
    """The same, faster, if the lists of all rows are as long as those of the first; else None."""
    place, slices = at, []
    for each in element.properties:
        if place >= len(values) or (each.count and not 0 <= values[place] < len(values)):
            return None
        begin = place + bool(each.count)
        place = begin + int(values[place]) if each.count else begin + 1
        slices.append(slice(begin - at, place - at))
    width, end = place - at, at + element.count * (place - at)
    if end > len(values):
        return None
    rows = values[at:end].reshape(element.count, width)
    columns = {}
    for each, part in zip(element.properties, slices, strict=True):
        length = part.stop - part.start
        if each.count and not (rows[:, part.start - 1] == length).all():
            return None
        sizes = np.full(element.count, length, np.int64) if each.count else None
        columns[each.name] = Column(each.kind, rows[:, part].ravel(), sizes)
    return Table(element.name, element.count, columns), end


def _binary_tables(header: Header, data: bytes, notes: list[str]) -> dict[str, Table]:
    tables, at = {}, 0
    for element in header.elements:
        least = sum(int((each.count or each.kind)[1]) for each in element.properties)
        if element.count * least > len(data) - at:
            raise _too_few(element, (len(data) - at) // least, "")
        if not least:
            tables[element.name] = Table(element.name, element.count, {})
        elif any(each.count for each in element.properties):
            tables[element.name], at = _binary_lists(element, data, at, header.order)
        else:
            names = [each.name for each in element.properties]
            kind = np.dtype({"names": names, "formats": [header.order + each.kind for each in element.properties]})
            rows = np.frombuffer(data, kind, element.count, at)
            columns = {each.name: Column(each.kind, _native(rows[each.name])) for each in element.properties}
            tables[element.name], at = Table(element.name, element.count, columns), at + element.count * least
    if at < len(data):
        notes.append(f"ignored {pluralize(len(data) - at, 'byte')} after the last element")
    return tables


def _native(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return values.astype(values.dtype.newbyteorder("="))


def _binary_lists(element: _Element, data: bytes, at: int, order: str) -> tuple[Table, int]:
    """An element with lists, from a position in the data on; and where it ends."""
    if (alike := _alike_in_binary(element, data, at, order)) is not None:
        return alike
    begins = np.empty((len(element.properties), element.count), np.int64)
    sizes = np.ones_like(begins)
    counters = [struct.Struct(order + _CODES[each.count]) if each.count else None for each in element.properties]
    widths = [int(each.kind[1]) for each in element.properties]
    end = len(data)
    for row in range(element.count):
        for number, counter in enumerate(counters):
            if counter is None:
                begins[number, row] = at
                at += widths[number]
                continue
            if at + counter.size > end:
                raise _too_few(element, row, "")
            size = counter.unpack_from(data, at)[0]
            if size < 0:
                raise _bad_list(element, row, element.properties[number], size)
            at += counter.size
            begins[number, row] = at
            sizes[number, row] = min(size, end)
            at += size * widths[number]
        if at > end:
            raise _too_few(element, row, "")
    columns = {}
    letters = np.frombuffer(data, np.uint8)
    for number, each in enumerate(element.properties):
        width = widths[number]
        places = ranges(begins[number], sizes[number] * width)
        values = _native(letters[places].view(order + each.kind))
        columns[each.name] = Column(each.kind, values, sizes[number] if each.count else None)
    return Table(element.name, element.count, columns), at


def _alike_in_binary(element: _Element, data: bytes, at: int, order: str) -> tuple[Table, int] | None:
    """The same, faster, if the lists of all rows are as long as those of the first; else None."""
    fields: list[tuple[str, str, int]] = []
    place = at
    for number, each in enumerate(element.properties):
        length = 1
        if each.count:
            counter = struct.Struct(order + _CODES[each.count])
            if place + counter.size > len(data):
                return None
            length = counter.unpack_from(data, place)[0]
            fields.append((f"count {number}", order + each.count, 1))
            place += counter.size
        if not 0 <= length <= len(data):
            return None
        fields.append((f"values {number}", order + each.kind, length))
        place += length * int(each.kind[1])
    width = place - at
    if element.count * width > len(data) - at or not element.count:
        return None
    rows = np.frombuffer(data, [(name, kind, (length,)) for name, kind, length in fields], element.count, at)
    columns = {}
    for number, each in enumerate(element.properties):
        values = rows[f"values {number}"]
        if each.count and not (rows[f"count {number}"] == values.shape[1]).all():
            return None
        sizes = np.full(element.count, values.shape[1], np.int64) if each.count else None
        columns[each.name] = Column(each.kind, _native(values).ravel(), sizes)
    return Table(element.name, element.count, columns), at + element.count * width


def _bad_list(element: _Element, row: int, each: _Property, size: float) -> ModelError:
    return ModelError(
        f"{one_line(each.name)!r} of row {row} (counted from 0) of element {one_line(element.name)!r} is a list of "
        f"{size:.6g}"
    )


def _too_few(element: _Element, count: int, bad: str) -> ModelError:
    return too_few(f"{element.count:,} of element {one_line(element.name)!r}", count, bad)
