"""Checks a mesh's files before Blender reads them: a bad one then costs a message instead of a crashed process."""

import io
import math
import os
from collections.abc import Iterator
from pathlib import Path

from threedie.manifests.errors import one_line
from threedie.manifests.files import explained
from threedie.manifests.objects import ObjectRef
from threedie.render.models.faults import Fault
from threedie.render.models.mtl import Material, make_visible, read_materials, undefined_faults
from threedie.render.models.mtl_names import library_names, map_names
from threedie.render.models.numbers import as_text
from threedie.render.models.obj import library_lines, plain_text, used_materials
from threedie.render.models.pictures import BLENDERS, PictureError, peek_picture
from threedie.render.models.source import MESH_FILE, ModelError

MAX_BYTES = 500 * 2**20
"""Largest OBJ file that is read. The largest of ShapeNetCore v2 is about 200 MiB."""

_LINE_BYTES = 2**16
_HEAD_BYTES = 2**16
_BLENDER_READS = {"PNG", "JPEG", "TIFF", "BMP", "TGA", "WEBP", "JPEG2000", "SGI", "PSD", "DDS"}
"""Pillow's names of the formats that both can read."""


def inspect_mesh(ref: ObjectRef, path: Path) -> list[str]:
    """Check an object's files and return warnings: what of its materials and textures a render will lack.

    Raises:
        ModelError: the mesh can't be used, or a material reaches out of the object's folder.
    """
    check_mesh(ref, path)
    check_textures(ref, path)
    return [f"{ref}: {one_line(fault.what)}" for fault in ObjectText(path).faults()]


def check_mesh(ref: ObjectRef, path: Path) -> None:
    """Check that a file looks like an OBJ mesh: at least 3 finite vertices and a face. Parses no more than needed.

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
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{ref}: {explained(error, path)}") from error
    try:
        vertices, faces, binary = _count(plain_text(content))
    except ModelError as error:
        raise ModelError(f"{ref}: {path.name}: {error}") from error
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
        raise ModelError(f"{ref}: {path.name} uses a file outside of the object's folder: {one_line(outside[0])}")


def escaping_textures(mesh_file: Path) -> list[str]:
    """Material files and textures whose path leads out of the object's folder, as the files write them."""
    text = ObjectText(mesh_file)
    named = [*((mesh_file, name) for name in text.written), *text.named_textures()]
    return [one_line(name) for beside, name in named if _escapes(mesh_file, beside, name)]


class ObjectText:
    """An object's OBJ and MTL files as plain text. What can't be read is empty.

    Attributes:
        mesh_file: the OBJ file.
        content: its text.
        written: names of material files, in each way that a line can be read.
        missing: material files that it names and that don't exist.
        libraries: existing material files, and the one of the mesh's own name, which Blender reads in any case.
        texts: text of each library.
    """

    def __init__(self, mesh_file: Path) -> None:
        self.mesh_file = mesh_file
        self.content = _plain(mesh_file)
        self.written: list[str] = []
        self.missing: list[str] = []
        libraries: dict[Path, None] = {}
        for line in library_lines(self.content):
            rest = as_text(line)
            names = library_names(rest, self._is_library)
            self.written += dict.fromkeys([rest.strip().strip('"').strip(), *names]) if names else []
            for name in names:
                if self._is_library(name):
                    libraries[join(mesh_file, name)] = None
                elif name not in self.missing:
                    self.missing.append(name)
        implied = mesh_file.with_suffix(".mtl")
        if implied.is_file():
            libraries[implied] = None
        self.libraries = list(libraries)
        self.texts = [as_text(_plain(library)) for library in self.libraries]

    def _is_library(self, name: str) -> bool:
        try:
            return not _escapes(self.mesh_file, self.mesh_file, name) and join(self.mesh_file, name).is_file()
        except (OSError, ValueError):  # a name too long, say, or with a zero byte
            return False

    def named_textures(self) -> list[tuple[Path, str]]:
        """Libraries and the textures they name, as they write them, each pair once."""
        pairs = zip(self.libraries, self.texts, strict=True)
        return list(dict.fromkeys((library, name) for library, text in pairs for name in map_names(text)))

    def texture_names(self) -> list[str]:
        """Textures of all libraries, as they write them, each once."""
        return list(dict.fromkeys(name for _, name in self.named_textures()))

    def texture(self, name: str) -> Path | None:
        """The file that Blender reads for a texture: of that path, or else of that name beside the materials."""
        plain = name.replace("\\", "/")
        for library in self.libraries or [self.mesh_file]:
            for path in (library.parent / plain, library.parent / Path(plain).name):
                try:
                    if path.is_file():
                        return path
                except (OSError, ValueError):
                    continue
        return None

    def materials(self) -> tuple[list[Material], list[Fault]]:
        """The materials of all libraries, and faults of the libraries."""
        return read_materials(self.texts)

    def faults(self) -> list[Fault]:
        """What a render will lack, as far as a quick check shows."""
        used = used_materials(self.content)
        materials, _ = self.materials()
        faults = [Fault("material", f"material file {one_line(name)} is missing") for name in self.missing]
        faults += [Fault("material", one_line(fault.what)) for fault in undefined_faults(set(used) - {""}, materials)]
        faults += make_visible(materials, set(used), lambda material: False)
        for name in self.texture_names():
            path = self.texture(name)
            reason = "is missing" if path is None else _unreadable(path)
            if reason:
                faults.append(Fault("texture" if path is None else "picture", f"texture {one_line(name)} {reason}"))
        return [Fault(fault.kind, one_line(fault.what)) for fault in faults]


def _unreadable(path: Path) -> str:
    """Why Blender can't read a picture, as far as its first bytes show; empty if it may be readable."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        if head.startswith(tuple(BLENDERS)):
            return ""
        kind = peek_picture(head)
    except OSError as error:
        return f"can't be read ({error.strerror})"
    except PictureError as error:
        # In some formats Pillow needs more than the first bytes.
        if len(head) == _HEAD_BYTES and "truncated" in str(error):
            return ""
        return str(error).partition(":")[0]
    return "" if kind in _BLENDER_READS else f"is a {kind} picture, which Blender can't read"


def _plain(path: Path) -> bytes:
    """A file as plain text; empty where it can't be read as such."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return b""
        return plain_text(path.read_bytes())
    except (OSError, ModelError):
        return b""


def _count(content: bytes) -> tuple[int, int, bool]:
    """Finite vertices (up to 3), faces (up to 1), and whether the file is binary."""
    vertices = faces = 0
    if b"\0" in content[:_LINE_BYTES]:
        return 0, 0, True
    for words in _words(content):
        if words[0] == b"v":
            vertices += vertices < 3 and _finite(words[1:4])
        elif words[0] == b"f":
            faces += len(words) >= 4
        if vertices >= 3 and faces:
            break
    return vertices, faces, False


def _words(content: bytes) -> Iterator[list[bytes]]:
    """The first words of each line."""
    for line in io.BytesIO(content):
        words = line[:_LINE_BYTES].split(None, 4)
        if words:
            yield words


def _finite(words: list[bytes]) -> bool:
    try:
        return len(words) == 3 and all(math.isfinite(float(word)) for word in words)
    except ValueError:
        return False


def join(beside: Path, name: str) -> Path:
    """The path that another file gives a file by a name, `\\` or `/` between folders."""
    return beside.parent / name.replace("\\", "/")


def _escapes(mesh_file: Path, beside: Path, name: str) -> bool:
    """Whether a name in a file leads out of the object's folder."""
    # By the text of the path, not by where links lead: data stores keep files as links to elsewhere.
    top = os.path.abspath(mesh_file.parents[len(MESH_FILE.parts) - 1])  # noqa: PTH100
    path = os.path.abspath(join(beside, name))  # noqa: PTH100
    return os.path.commonpath([top, path]) != top
