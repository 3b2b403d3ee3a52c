"""A copy of an object's files that Blender's importer reads as intended, where it would misread the originals."""

import re
from pathlib import Path

from threedie.render.models.inspect import ObjectText, join
from threedie.render.models.mtl_names import library_names, map_names, unquoted
from threedie.render.models.numbers import as_bytes, as_text
from threedie.render.models.obj import is_plain, library_lines
from threedie.render.models.source import MESH_FILE

_MTLLIB = re.compile(rb"^[ \t]*mtllib[ \t]+([^\n]+)$", re.M)


def blender_file(mesh_file: Path, scratch: Path) -> Path:
    """The file that Blender imports: the object's own, or a copy in `scratch`, an empty or missing folder.

    A copy is made of files with byte-order marks or the line ends of old Macs, and where one line names several
    libraries. Nothing else is changed; textures are links.

    Raises:
        OSError: the copy can't be written.
    """
    text = ObjectText(mesh_file)
    unclean = [library for library in text.libraries if not is_plain(library.read_bytes())]
    if is_plain(mesh_file.read_bytes()) and not unclean and not _misses_library(text):
        return mesh_file
    top = mesh_file.parents[len(MESH_FILE.parts) - 1].absolute()

    def place(path: Path) -> Path:
        copied = scratch / path.absolute().relative_to(top)
        copied.parent.mkdir(parents=True, exist_ok=True)
        return copied

    copy = place(mesh_file)
    copy.write_bytes(_MTLLIB.sub(lambda match: _one_library_a_line(text, match), text.content))
    for library, content in zip(text.libraries, text.texts, strict=True):
        place(_without_dots(library)).write_bytes(as_bytes(content))
        for name in map_names(content):
            plain = name.replace("\\", "/")
            for path in (library.parent / plain, library.parent / Path(plain).name):
                if path.is_file() and not (link := place(_without_dots(path))).exists():
                    link.symlink_to(path.absolute())
    return copy


def _misses_library(text: ObjectText) -> bool:
    """Whether Blender, for which a line is one name, would miss a library."""
    reads = {text.mesh_file.with_suffix(".mtl")}
    for line in library_lines(text.content):
        reads.add(text.mesh_file.parent / unquoted(as_text(line)))
    return any(library not in reads for library in text.libraries)


def _one_library_a_line(text: ObjectText, match: re.Match[bytes]) -> bytes:
    """A `mtllib` line for each library that a line names."""
    rest = as_text(match[1])
    names = library_names(rest, lambda name: join(text.mesh_file, name) in text.libraries)
    lines = [f"mtllib {name.replace(chr(92), '/')}" for name in names]
    return as_bytes("\n".join(lines))


def _without_dots(path: Path) -> Path:
    """A path without `..`, by its text."""
    parts: list[str] = []
    for part in path.absolute().parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return Path(*parts)
