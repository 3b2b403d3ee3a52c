"""Meshes that Draco compressed, unpacked by the library that comes with Blender's glTF importer.

The library is C++ and reads files of any origin: it runs in a child process (`draco_child.py`), one for all meshes of
a file, which may crash, hang or allocate too much memory at the cost of one message.
"""

import importlib.util
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from threedie.render.models.gltf_file import Decoded, GltfFile, Numbers, component, mapping, natural
from threedie.render.models.source import ModelError

EXTENSION = "KHR_draco_mesh_compression"
TIME_LIMIT_S = 300.0
"""Seconds that the meshes of one file may take."""

_CHILD = (sys.executable, "-P", "-m", "threedie.render.models.draco_child")


def draco_library() -> Path | None:
    """Path of the library, or None without a Blender that has it."""
    # Located without loading Blender, which takes seconds.
    module = importlib.util.find_spec("bpy")
    if module is None or module.origin is None:
        return None
    places = Path(module.origin).parent.glob("*/scripts/addons_core/io_scene_gltf2/*extern_draco*")
    return next((place for place in sorted(places) if place.suffix in (".so", ".dylib", ".dll")), None)


class DracoMeshes:
    """The compressed primitives of a file, unpacked when the first of them is needed."""

    def __init__(self, file: GltfFile) -> None:
        self._file = file
        self._arrays: dict[str, dict[str, Numbers]] | None = None

    def decoded(self, primitive: dict[str, Any]) -> Decoded | None:
        """Indices (N, 1) and attributes (V, components) of a primitive, by accessor.

        Returns:
            None where it isn't compressed, or can't be unpacked but is in the file uncompressed, too.

        Raises:
            ModelError: it can't be unpacked, and the file has no uncompressed copy.
        """
        if EXTENSION not in mapping(primitive.get("extensions")):
            return None
        try:
            if self._arrays is None:
                self._arrays = {}
                self._arrays = _unpacked(self._file)
            arrays = self._arrays.get(_key(primitive))
            if arrays is None:
                raise ModelError(f"{EXTENSION}: its data is damaged")
        except ModelError:
            accessors = [primitive.get("indices"), *mapping(primitive.get("attributes")).values()]
            present = [self._file.item("accessors", index) for index in accessors if index is not None]
            if any(accessor.get("bufferView") is None for accessor in present):
                raise
            return None
        by_accessor = {
            index: arrays[name] for name, index in mapping(primitive.get("attributes")).items() if name in arrays
        }
        if primitive.get("indices") is not None:
            self._file.item("accessors", primitive["indices"])
            by_accessor[primitive["indices"]] = arrays["indices"]
        return by_accessor


def _key(primitive: dict[str, Any]) -> str:
    """Identifies compressed data and the attributes needed of it."""
    extension = mapping(primitive.get("extensions")).get(EXTENSION)
    return json.dumps([extension, primitive.get("attributes")], sort_keys=True)


def _unpacked(file: GltfFile) -> dict[str, dict[str, Numbers]]:
    """Arrays of all compressed primitives, by key and name; those that can't be unpacked are left out."""
    library = draco_library()
    if library is None:
        raise ModelError(f"needs {EXTENSION}, which is read with Blender's library; install bpy (Python 3.11)")
    keys: list[str] = []
    contents: list[bytes] = []
    wanted: list[dict[str, tuple[int, int, str]]] = []
    for mesh in file.items("meshes"):
        primitives = mapping(mesh).get("primitives")
        for primitive in map(mapping, primitives if isinstance(primitives, list) else []):
            extension = mapping(mapping(primitive.get("extensions")).get(EXTENSION))
            if not extension or _key(primitive) in keys:
                continue
            try:
                attributes = _attributes(file, primitive, extension)
                contents.append(bytes(file.view(extension.get("bufferView"))[0]))
            except ModelError:
                continue
            keys.append(_key(primitive))
            wanted.append(attributes)
    arrays = _run(library, contents, wanted)
    by_key: dict[str, dict[str, Numbers]] = {}
    for name, values in arrays.items():
        number, _, attribute = name.partition("/")
        by_key.setdefault(keys[int(number)], {})[attribute] = values
    return by_key


def _attributes(
    file: GltfFile, primitive: dict[str, Any], extension: dict[str, Any]
) -> dict[str, tuple[int, int, str]]:
    """Number among the compressed data, component type and type of each attribute."""
    wanted = {}
    numbers = mapping(extension.get("attributes"))
    for name, index in mapping(primitive.get("attributes")).items():
        if name in numbers:
            accessor = file.item("accessors", index)
            component(accessor)
            wanted[name] = (natural(numbers, name), accessor["componentType"], str(accessor.get("type")))
    return wanted


def _run(
    library: Path, contents: Sequence[bytes], wanted: Sequence[dict[str, tuple[int, int, str]]]
) -> dict[str, Numbers]:
    """Arrays of compressed meshes under names such as `0/POSITION`; none where the child died."""
    head = json.dumps([[len(content), want] for content, want in zip(contents, wanted, strict=True)])
    sent = head.encode() + b"\n" + b"".join(contents)
    try:
        done = subprocess.run(
            [*_CHILD, str(library)], input=sent, capture_output=True, timeout=TIME_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"{EXTENSION}: unpacking took more than {TIME_LIMIT_S:g} s") from error
    try:
        with np.load(io.BytesIO(done.stdout), allow_pickle=False) as arrays:
            return dict(arrays)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f"{EXTENSION}: its data is damaged") from error
