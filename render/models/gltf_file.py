"""The layers of a glTF 2.0 file below its meshes: GLB chunks, JSON, buffers, accessors.

Nothing in the file is trusted: each index, count and offset is checked before it is used, and memory is bounded.
"""

import base64
import binascii
import struct
import urllib.parse
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from threedie.manifests.errors import one_line
from threedie.manifests.plurals import pluralize
from threedie.manifests.text import MAX_JSON_BYTES, parse_json, without_mark
from threedie.render.models.container import Container, find
from threedie.render.models.source import ModelError

Numbers = npt.NDArray[Any]
Decoded = Mapping[int, Numbers]
"""Values that were unpacked from a compressed primitive, by accessor."""

MAX_ITEMS = 2**24
"""Nodes, meshes, accessors and so on that a file may have, and numbers in a list."""
MAX_VALUES = 2**26
"""Numbers that one accessor may hold."""

_MAGIC = b"glTF"
_JSON, _BIN = b"JSON", b"BIN\0"
COMPONENTS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
SIZES = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_LONGEST_NAME = 1024
_MAX_NOTES = 24


class Notes:
    """Short sentences on what was dropped, replaced or guessed, each once."""

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}

    def add(self, text: str) -> None:
        """Add a sentence."""
        self._texts[text] = None

    def all(self) -> tuple[str, ...]:
        """The sentences, in order; those beyond a bound are counted."""
        texts = list(self._texts)
        rest = len(texts) - _MAX_NOTES
        return tuple(texts if rest <= 0 else [*texts[:_MAX_NOTES], pluralize(rest, "more note")])


class GltfFile:
    """A glTF file's JSON, and the arrays that it describes.

    Attributes:
        json: the top object.
        notes: collects what was dropped, replaced or guessed.
    """

    def __init__(self, container: Container, name: str) -> None:
        """Read a `.gltf` or `.glb` file, told apart by the first bytes.

        Raises:
            ModelError: it isn't glTF 2, or is cut off.
        """
        self.notes = Notes()
        self._container, self._name = container, name
        self._content = container.read(name)
        self._read: dict[str, bytes] = {}
        self._buffers: dict[int, bytes] = {}
        self._arrays: dict[int, Numbers] = {}
        text, self._chunk = self._chunks() if self._content[:4] == _MAGIC else (self._content, None)
        if len(text) > MAX_JSON_BYTES:
            raise ModelError(
                f"its JSON is larger than {MAX_JSON_BYTES // 2**20} MiB; keep buffers in a file of their own"
            )
        try:
            # Some programs fill chunks up with zero bytes instead of spaces.
            value = parse_json(without_mark(text).rstrip(b"\0").decode())
        except ValueError as error:
            raise ModelError(f"not a glTF file: its JSON can't be read ({one_line(error)})") from error
        if not isinstance(value, dict):
            raise ModelError("not a glTF file: its JSON isn't an object")
        self.json: dict[str, Any] = value
        self._check_version()

    def pieces(self) -> tuple[bytes, ...]:
        """The file's content and that of each other file that was read, by name."""
        return (self._content, *(self._read[key] for key in sorted(self._read)))

    def _chunks(self) -> tuple[bytes, bytes | None]:
        """The JSON chunk and the binary one of a GLB file."""
        content = self._content
        version, length = struct.unpack_from("<II", content.ljust(12, b"\0"), 4)
        if version != 2:
            raise ModelError(f"GLB version {version}, of which only 2 can be read; convert it to glTF 2.0")
        chunks: dict[bytes, bytes] = {}
        place = 12
        # Whatever length the header promises, the chunks have theirs.
        while place + 8 <= len(content) and (_JSON not in chunks or place < length) and _BIN not in chunks:
            size, kind = struct.unpack_from("<I4s", content, place)
            if place + 8 + size > len(content) and kind in (_JSON, _BIN):
                raise ModelError(
                    f"the GLB file is cut off: {len(content):,} bytes of {place + 8 + size:,}; get it again"
                )
            chunks.setdefault(kind, content[place + 8 : place + 8 + size])
            place += 8 + size
        if _JSON not in chunks:
            raise ModelError("not a GLB file: it has no JSON chunk")
        if length < len(content):
            self.notes.add(f"ignored {pluralize(len(content) - length, 'byte')} after the end of the GLB file")
        return chunks[_JSON], chunks.get(_BIN)

    def _check_version(self) -> None:
        version = mapping(self.json.get("asset")).get("version")
        if version is None:
            self.notes.add("the file doesn't say its glTF version; read as 2.0")
        elif not str(version).startswith("2."):
            raise ModelError(f"glTF version {one_line(version)}, of which only 2 can be read; convert it to glTF 2.0")

    def items(self, key: str) -> list[Any]:
        """A list of the top object, such as `nodes`; empty where the file has none.

        Raises:
            ModelError: it isn't a list.
        """
        value = self.json.get(key, [])
        if not isinstance(value, list) or len(value) > MAX_ITEMS:
            raise ModelError(f"its {key} aren't a list")
        return value

    def item(self, key: str, index: object) -> dict[str, Any]:
        """An entry of a list of the top object.

        Raises:
            ModelError: the list has no such entry.
        """
        values = self.items(key)
        # True is an int to Python.
        if type(index) is not int or not 0 <= index < len(values) or not isinstance(values[index], dict):
            raise ModelError(f"it refers to number {one_line(index)} of {key}, which doesn't exist")
        item: dict[str, Any] = values[index]
        return item

    def resource(self, uri: object) -> bytes | None:
        """Content of what a URI names: inline data, or a file of the container; None where it names neither.

        Raises:
            ModelError: the file is too large or can't be read.
        """
        if not isinstance(uri, str):
            return None
        if uri[:5].lower() == "data:":
            head, comma, data = uri.partition(",")
            raw = urllib.parse.unquote_to_bytes(data)
            if not head.lower().endswith(";base64"):
                return raw if comma else None
            try:
                return base64.b64decode(raw + b"=" * (-len(raw) % 4))
            except (binascii.Error, ValueError):
                return None
        if not uri or len(uri) > _LONGEST_NAME:
            return None
        try:
            names = (uri, urllib.parse.unquote(uri))
            spelled = next(filter(None, (find(self._container, self._name, name) for name in names)), None)
        except (OSError, ValueError):  # a name that no file system takes
            return None
        if spelled is None:
            return None
        if spelled not in self._read:
            self._read[spelled] = self._container.read(spelled)
        return self._read[spelled]

    def view(self, index: object) -> tuple[bytes | memoryview, int]:
        """Bytes of a buffer view, as far as the buffer has them, and its stride in bytes, 0 if packed.

        Raises:
            ModelError: it has none.
        """
        view = self.item("bufferViews", index)
        offset, length = natural(view, "byteOffset", 0), natural(view, "byteLength")
        content = memoryview(self._buffer(view.get("buffer")))
        return content[offset : offset + length], natural(view, "byteStride", 0)

    def _buffer(self, index: object) -> bytes:
        buffer = self.item("buffers", index)
        assert isinstance(index, int)
        if index not in self._buffers:
            uri = buffer.get("uri")
            if uri is None and index == 0 and self._chunk is not None:
                content: bytes | None = self._chunk
            elif uri is None:
                if any(name.endswith("meshopt_compression") for name in mapping(buffer.get("extensions"))):
                    raise ModelError("needs EXT_meshopt_compression, which isn't read; unpack it with gltf-transform")
                raise ModelError(f"buffer {index} has no content")
            else:
                content = self.resource(uri)
            if content is None:
                if isinstance(uri, str) and uri[:5].lower() == "data:":
                    raise ModelError(f"buffer {index} has data that can't be decoded")
                raise ModelError(f"{one_line(uri)}, which it refers to, is missing")
            self._buffers[index] = content
        return self._buffers[index]

    def accessor(
        self, index: object, sizes: tuple[str, ...], rows: Numbers | None = None, decoded: Decoded | None = None
    ) -> Numbers:
        """Values (count, components) of an accessor, sparse ones put in, normalized integers as floats.

        Args:
            index: of the accessor.
            sizes: types that are allowed, such as `VEC3`.
            rows: elements to give; None for all.
            decoded: values that were unpacked from elsewhere, by accessor.

        Raises:
            ModelError: it lies outside of its buffer, lacks a row, or is malformed.
        """
        accessor = self.item("accessors", index)
        assert isinstance(index, int)
        if accessor.get("type") not in sizes:
            raise ModelError(
                f"accessor {index} is of type {one_line(accessor.get('type'))} instead of {' or '.join(sizes)}"
            )
        if decoded is not None and index in decoded:
            values = decoded[index]
        else:
            if index not in self._arrays:
                self._arrays[index] = self._values(accessor, f"accessor {index}")
            values = self._arrays[index]
        if rows is not None:
            if len(rows) and rows.max() >= len(values):
                raise ModelError(f"a face uses a vertex that doesn't exist (accessor {index} has {len(values):,})")
            values = values[rows]
        if accessor.get("normalized") is True and values.dtype.kind in "iu":
            values = np.maximum(values / np.iinfo(values.dtype).max, -1.0)
        return values

    def _values(self, accessor: dict[str, Any], what: str) -> Numbers:
        kind, count, width = component(accessor), natural(accessor, "count"), SIZES[accessor["type"]]
        if count * width > MAX_VALUES:
            raise ModelError(f"{what} has {count:,} elements, more than can be read")
        if accessor.get("bufferView") is None:
            values: Numbers = np.broadcast_to(np.zeros(1, kind), (count, width))
        else:
            values = self._elements(accessor, kind, count, width, what)
        if accessor.get("sparse") is not None:
            sparse = mapping(accessor["sparse"])
            number = natural(sparse, "count")
            if number > count:
                raise ModelError(f"{what} has more sparse values than elements")
            indices, items = mapping(sparse.get("indices")), mapping(sparse.get("values"))
            places = self._elements(indices, component(indices), number, 1, what)[:, 0]
            if places.dtype.kind != "u" or (number and places.max() >= count):
                raise ModelError(f"{what} has sparse values for elements that don't exist")
            values = values.copy()
            values[places] = self._elements(items, kind, number, width, what)
        return values

    def _elements(self, place: dict[str, Any], kind: "np.dtype[Any]", count: int, width: int, what: str) -> Numbers:
        content, stride = self.view(place.get("bufferView"))
        offset, size = natural(place, "byteOffset", 0), kind.itemsize * width
        stride = stride or size
        if count and offset + stride * (count - 1) + size > len(content):
            raise ModelError(f"{what} reaches beyond its buffer, which may be cut off")
        if not count:
            return np.zeros((0, width), kind)
        return np.ndarray((count, width), kind, content, offset, (stride, kind.itemsize))


def component(accessor: Mapping[str, Any]) -> "np.dtype[Any]":
    """The type of an accessor's numbers.

    Raises:
        ModelError: glTF has no such type.
    """
    kind = accessor.get("componentType")
    if not isinstance(kind, int) or kind not in COMPONENTS:
        raise ModelError(f"an accessor has the component type {one_line(kind)}, which glTF doesn't define")
    return np.dtype(COMPONENTS[kind])


def mapping(value: object) -> dict[str, Any]:
    """A JSON object, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def natural(values: Mapping[str, Any], key: str, default: int | None = None) -> int:
    """An integer, 0 or more.

    Raises:
        ModelError: it isn't one.
    """
    value = values.get(key, default)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or not 0 <= value < 2**53:
        raise ModelError(f"{key} is {one_line(value)} instead of a count")
    return value


def numbers(value: object, length: int) -> npt.NDArray[np.float64] | None:
    """Numbers (length,) of a JSON list; None where it isn't one of so many finite numbers."""
    if not isinstance(value, list) or len(value) != length:
        return None
    if not all(type(each) in (int, float) for each in value):
        return None
    try:
        array = np.array(value, np.float64)
    except OverflowError:  # an integer of hundreds of digits
        return None
    return array if np.isfinite(array).all() else None


def number(value: object, default: float) -> float:
    """A finite number, or the default in place of anything else."""
    values = numbers([value], 1)
    return default if values is None else float(values[0])
