"""Looks at a mesh's files before Blender sees them: a bad one costs a message here, and a crashed process there."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

from manifests.files import explained
from manifests.objects import ObjectRef
from render.models.source import MESH_FILE, ModelError

MAX_BYTES = 500 * 2**20
"""Largest OBJ file that is tried. The largest of ShapeNetCore v2 is about 200 MiB."""

_LINE_BYTES = 2**16
_HEAD_BYTES = 2**20
_MAPS = {"map_kd", "map_ks", "map_ka", "map_ke", "map_ns", "map_d", "map_refl", "refl", "map_bump", "bump", "norm"}
_WORD_OPTIONS = {"-blendu", "-blendv", "-bm", "-boost", "-cc", "-clamp", "-imfchan", "-texres", "-type"}
_VECTOR_OPTIONS = {"-mm": 2, "-o": 3, "-s": 3, "-t": 3}


def inspect_mesh(ref: ObjectRef, path: Path) -> list[str]:
    """Check an object's files and return warnings: its materials or textures that are missing.

    Raises:
        ModelError: the mesh can't be used, or a material reaches out of the object's folder.
    """
    check_mesh(ref, path)
    check_textures(ref, path)
    warnings = [f"{ref}: material file {name} is missing" for name in missing_materials(path)]
    return warnings + [f"{ref}: texture {name} is missing" for name in missing_textures(path)]


def check_mesh(ref: ObjectRef, path: Path) -> None:
    """Check that a file looks like an OBJ mesh: at least 3 finite vertices and a face. Reads no further than needed.

    Raises:
        ModelError: it doesn't; the message says why.
    """
    try:
        if not path.exists():
            raise ModelError(f"{ref}: no {path.name}")
        if not path.is_file():
            raise ModelError(f"{ref}: {path.name} is not a regular file")
        size = path.stat().st_size
        if size == 0:
            raise ModelError(f"{ref}: {path.name} is empty")
        if size > MAX_BYTES:
            raise ModelError(
                f"{ref}: {path.name} has {size / 2**20:.0f} MiB, more than the {MAX_BYTES // 2**20} allowed"
            )
        vertices, faces, binary = _count(path)
    except OSError as error:
        raise ModelError(f"{ref}: {explained(error, path)}") from error
    if binary or not (vertices or faces):
        raise ModelError(f"{ref}: {path.name} is not an OBJ file")
    if vertices < 3:
        raise ModelError(f"{ref}: fewer than 3 finite vertices in {path.name}")
    if not faces:
        raise ModelError(f"{ref}: no faces in {path.name}")


def check_textures(ref: ObjectRef, path: Path) -> None:
    """Check that no material file and no texture lies outside the object's folder.

    Raises:
        ModelError: one does.
    """
    outside = escaping_textures(path)
    if outside:
        raise ModelError(f"{ref}: {path.name} uses a file outside of the object's folder: {outside[0]}")


def missing_materials(mesh_file: Path) -> list[str]:
    """Material files that a mesh names and that aren't there, as it writes them."""
    return [_printable(name) for name in _material_names(mesh_file) if not _join(mesh_file, name).is_file()]


def missing_textures(mesh_file: Path) -> list[str]:
    """Textures that a mesh's materials name and that aren't there, as they write them, each once."""
    folder = mesh_file.parent
    missing = []
    for name in _texture_names(mesh_file):
        # Blender's importer, too, falls back on a file of that name beside the materials.
        beside = folder / Path(name.replace("\\", "/")).name
        if not (_join(mesh_file, name).is_file() or beside.is_file()):
            missing.append(_printable(name))
    return missing


def escaping_textures(mesh_file: Path) -> list[str]:
    """Material files and textures whose path leads out of the object's folder, as the files write them."""
    return [
        _printable(name)
        for name in (*_material_names(mesh_file), *_texture_names(mesh_file))
        if _escapes(mesh_file, name)
    ]


def _count(path: Path) -> tuple[int, int, bool]:
    """Finite vertices (up to 3), faces (up to 1), and whether the file is binary."""
    vertices = faces = 0
    with path.open("rb") as file:
        if b"\0" in file.read(_LINE_BYTES):
            return 0, 0, True
        file.seek(0)
        while (vertices < 3 or not faces) and (line := file.readline(_LINE_BYTES)):
            words = line.split(None, 4)
            if not words:
                continue
            if words[0] == b"v":
                vertices += vertices < 3 and _finite(words[1:4])
            elif words[0] == b"f":
                faces += len(words) >= 4
    return vertices, faces, False


def _finite(words: list[bytes]) -> bool:
    try:
        return len(words) == 3 and all(math.isfinite(float(word)) for word in words)
    except ValueError:
        return False


def _lines(path: Path) -> Iterator[str]:
    """Lines of the first MiB of a text file; nothing where it can't be read."""
    try:
        with path.open("rb") as file:
            # File names are bytes to the system: whatever they are coded in, they must come out as they went in.
            yield from file.read(_HEAD_BYTES).decode("utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return


def _material_names(mesh_file: Path) -> list[str]:
    names = []
    for line in _lines(mesh_file):
        key, _, rest = line.strip().partition(" ")
        if key == "mtllib" and rest.strip():
            names.append(_unquoted(rest))
    return list(dict.fromkeys(names))


def _texture_names(mesh_file: Path) -> list[str]:
    """Textures of all material files, the one Blender looks for unasked (same name as the mesh) included."""
    names = []
    for material in (*_material_names(mesh_file), mesh_file.with_suffix(".mtl").name):
        if _escapes(mesh_file, material):
            continue
        for line in _lines(_join(mesh_file, material)):
            words = line.split(None, 1)
            if len(words) == 2 and words[0].lower() in _MAPS and (name := map_file_name(words[1])):
                names.append(name)
    return list(dict.fromkeys(names))


def map_file_name(text: str) -> str:
    """The file name of a map line: what remains after the options. It may have spaces."""
    rest = text.strip()
    while rest.startswith("-"):
        option, _, after = rest.partition(" ")
        if option in _WORD_OPTIONS:
            rest = after.strip().partition(" ")[2].strip()
        elif option in _VECTOR_OPTIONS:
            rest = after.strip()
            for _ in range(_VECTOR_OPTIONS[option]):
                number, _, after = rest.partition(" ")
                if not _finite([number.encode(errors="replace")] * 3):
                    break
                rest = after.strip()
        else:
            break
    return _unquoted(rest)


def _unquoted(text: str) -> str:
    return text.strip().strip('"').strip()


def _join(mesh_file: Path, name: str) -> Path:
    return mesh_file.parent / name.replace("\\", "/")


def _escapes(mesh_file: Path, name: str) -> bool:
    # By the text of the path, not by where links lead: data stores keep files as links to elsewhere.
    top = os.path.abspath(mesh_file.parents[len(MESH_FILE.parts) - 1])  # noqa: PTH100
    path = os.path.abspath(_join(mesh_file, name))  # noqa: PTH100
    return os.path.commonpath([top, path]) != top


def _printable(name: str) -> str:
    return name.encode("utf-8", errors="replace").decode("utf-8")
