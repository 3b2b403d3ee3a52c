"""An OBJ file with its materials and textures, made an object in the ShapeNetCore v2 layout."""

import re
from collections.abc import Iterator

import numpy as np

from render.models.container import Container, find
from render.models.inspect import map_file_name
from render.models.obj import Floats, plain_lines, read_obj
from render.models.pictures import Pictures
from render.models.source import MESH_FILE, ModelError

_KEPT_LINES = (b"vt", b"vn", b"f", b"g", b"o", b"s", b"usemtl")
_MAPS = {name.lower(): name for name in ("map_Kd", "map_Ks", "map_Ke", "map_Ns", "map_d", "map_Bump", "norm")} | {
    "bump": "map_Bump"
}
"""Maps that Blender's importer reads, by their name in lower case."""

_DROPPED_MAPS = {"map_ka", "map_refl", "refl", "map_disp", "disp", "decal", "map_aat", "map_pr", "map_pm", "map_ps"}
_HIGHEST_ILLUM = 2
"""Models of illumination above this one ask for mirrors and glass, which scenes without glossy rays show as black."""


class ObjFiles:
    """An OBJ file and what it refers to.

    Attributes:
        content: the OBJ file.
        materials: content of each material file that is there.
        textures: content of each texture that is there, by the material file's position and the name it uses.
        notes: what is missing.
    """

    def __init__(self, container: Container, name: str) -> None:
        """Read an OBJ file and all it refers to.

        Raises:
            ModelError: a file is too large or can't be read.
        """
        self.content = plain_lines(container.read(name))
        self.materials: list[bytes] = []
        self.textures: dict[tuple[int, str], bytes] = {}
        self.notes: list[str] = []
        for line in dict.fromkeys(re.findall(rb"^[ \t]*mtllib[ \t]+([^\n]+)", self.content, re.M)):
            wanted = _text(line).strip().strip('"')
            found = find(container, name, wanted)
            if found is None:
                self.notes.append(f"material file {wanted} is missing")
                continue
            self.materials.append(plain_lines(container.read(found)))
            for _, _, texture in _map_lines(self.materials[-1]):
                place = find(container, found, texture) if texture else None
                if place is not None:
                    self.textures[len(self.materials) - 1, texture] = container.read(place)

    def pieces(self) -> Iterator[bytes]:
        """All contents, in an order of their own making: what the object's id is made of."""
        yield self.content
        yield from self.materials
        yield from (self.textures[key] for key in sorted(self.textures))


def normalised_files(files: ObjFiles, turn: Floats) -> tuple[dict[str, bytes], list[str]]:
    """The files of the object's folder, by path, and notes on what was lost.

    Args:
        files: what was read.
        turn: rotation (3, 3) that brings its up axis to +Y.

    Raises:
        ModelError: no faces, or numbers that can't be used.
    """
    mesh = read_obj(files.content)
    middle, size = bounds(mesh.used @ turn.T)
    points = (mesh.vertices @ turn.T - middle) / size
    pictures = Pictures()
    mtl, notes = materials(files, pictures)
    made = {
        MESH_FILE.as_posix(): _rewritten(files.content, points, turn),
        MESH_FILE.with_suffix(".mtl").as_posix(): mtl,
        **pictures.files,
    }
    return made, notes


def bounds(points: Floats) -> tuple[Floats, float]:
    """Middle (3,) and diagonal of the bounding box of points (N, 3).

    Raises:
        ModelError: they aren't finite, or all in one place.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    diagonal = float(np.linalg.norm(high - low))
    if not np.isfinite(points).all() or not np.isfinite(diagonal):
        raise ModelError("it has coordinates that are not finite")
    if diagonal == 0:
        raise ModelError("all its vertices are in one place")
    return (low + high) / 2, diagonal


def _rewritten(content: bytes, points: Floats, turn: Floats) -> bytes:
    # What no face uses may be anything, but must stay, since faces count vertices.
    safe = np.where(np.isfinite(points), points, 0.0)
    vertices = iter((("v %.7g %.7g %.7g\n" * len(safe)) % tuple(safe.ravel().tolist())).encode().splitlines(True))
    turned = not np.array_equal(turn, np.eye(3))
    lines = [f"mtllib {MESH_FILE.with_suffix('.mtl').name}\n".encode()]
    for line in content.split(b"\n"):
        words = line.split(None, 1)
        if not words:
            continue
        if words[0] == b"v":
            lines.append(next(vertices))
        elif words[0] == b"vn" and turned:
            lines.append(_turned_normal(line, turn))
        elif words[0] in _KEPT_LINES:
            lines.append(line.strip() + b"\n")
    return b"".join(lines)


def _turned_normal(line: bytes, turn: Floats) -> bytes:
    try:
        x, y, z = turn @ np.array([float(word) for word in line.split()[1:4]])
    except ValueError:
        return b"vn 0 1 0\n"
    return b"vn %.5f %.5f %.5f\n" % (x, y, z)


def materials(files: ObjFiles, pictures: Pictures) -> tuple[bytes, list[str]]:
    """One material file of all, whose textures are added to `pictures`; and notes on what was lost."""
    lines: list[str] = []
    notes = dict.fromkeys(files.notes)
    for number, material_file in enumerate(files.materials):
        # The text before the first `newmtl` belongs to nothing.
        for block in re.split(r"^[ \t]*(?=newmtl[ \t])", _text(material_file), flags=re.M)[1:]:
            maps = [
                (key, options, name, files.textures.get((number, name)))
                for key, options, name in _map_lines(block.encode("utf-8", "surrogateescape"))
            ]
            alone = sum(content is not None for _, _, _, content in maps) == 1
            lines += [line for line in map(_plain_line, block.split("\n")) if line]
            for key, options, name, content in maps:
                kept = None
                if content is not None:
                    kept = pictures.add_mask(content, alone=alone) if key == "map_d" else pictures.add_file(content)
                    reason = "" if kept else "is not a whole picture"
                else:
                    reason = "is missing"
                if kept:
                    lines.append(" ".join(filter(None, (key, options, kept))))
                else:
                    notes[f"texture {name} {reason}"] = None
            lines.append("")
    return "\n".join(lines).encode("utf-8", "surrogateescape"), list(notes)


def _plain_line(line: str) -> str:
    """A line of a material that isn't a map, without its comment."""
    words = line.split("#", 1)[0].split()
    if not words or words[0].lower() in _MAPS or words[0].lower() in _DROPPED_MAPS:
        return ""
    if words[0] == "illum" and len(words) > 1 and words[1].isdigit():
        return f"illum {min(int(words[1]), _HIGHEST_ILLUM)}"
    return line.strip() if words[0] == "newmtl" else " ".join(words)


def _map_lines(material: bytes) -> Iterator[tuple[str, str, str]]:
    """Name of the map, its options and the file of each map line that Blender reads."""
    for line in _text(material).split("\n"):
        words = line.strip().split(None, 1)
        if len(words) == 2 and words[0].lower() in _MAPS:
            name = map_file_name(words[1])
            yield _MAPS[words[0].lower()], words[1].strip().strip('"').removesuffix(name).strip(), name


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")
