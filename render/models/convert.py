"""Meshes of other formats (PLY, STL, OFF, glTF) as OBJ files with materials and textures, by way of trimesh."""

import io
import urllib.parse
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from render.models.container import Container, find
from render.models.obj import Floats
from render.models.obj_import import bounds
from render.models.pictures import Pictures, mask_picture
from render.models.source import MESH_FILE, ModelError

FORMATS = {".ply": "ply", ".stl": "stl", ".off": "off", ".glb": "glb", ".gltf": "gltf"}
"""Suffix -> trimesh's name of the format. A further one that trimesh reads needs a line here."""

_SMOOTH = {"glb", "gltf"}
"""Formats whose vertices are split where an edge is meant, so that shading may be smooth."""

_GREY = (0.5, 0.5, 0.5)
_COLOUR_STEP = 8
_NO_AREA = 1e-12


class _Neighbours:
    """Gives trimesh the files that a glTF file refers to, and remembers them."""

    def __init__(self, container: Container, name: str) -> None:
        self._container, self._name = container, name
        self.read: dict[str, bytes] = {}

    def __getitem__(self, name: str) -> bytes:
        found = find(self._container, self._name, name) or find(self._container, self._name, urllib.parse.unquote(name))
        if found is None:
            raise ModelError(f"{name}, which it refers to, is missing")
        self.read[found] = self._container.read(found)
        return self.read[found]

    def get(self, name: str) -> bytes:
        return self[name]

    def keys(self) -> list[str]:
        return []


@dataclass(frozen=True)
class MeshFiles:
    """A mesh that was read, and the contents it was read from."""

    pieces: tuple[bytes, ...]
    meshes: tuple[Any, ...]
    kind: str


def read_mesh(container: Container, name: str, kind: str) -> MeshFiles:
    """Read a mesh file and what it refers to.

    Raises:
        ModelError: it can't be read, or has no faces.
    """
    import trimesh  # noqa: PLC0415 - slow to load, and most imports are of OBJ files

    content = container.read(name)
    # Some of ModelNet's files have no line end after the format's name.
    text = content
    if kind == "off" and content[:3].upper() == b"OFF" and content[3:4].isdigit():
        text = content[:3] + b"\n" + content[3:]
    neighbours = _Neighbours(container, name)
    resolver: Any = neighbours
    try:
        loaded = trimesh.load(io.BytesIO(text), file_type=kind, resolver=resolver, process=False)
        parts = loaded.dump() if isinstance(loaded, trimesh.Scene) else [loaded]
    except ModelError:
        raise
    # trimesh raises whatever its readers happen to run into.
    except Exception as error:
        raise ModelError(f"trimesh can't read it ({type(error).__name__}: {error})") from error
    meshes = tuple(part for part in parts if isinstance(part, trimesh.Trimesh) and len(part.faces))
    if not meshes:
        raise ModelError("no faces")
    return MeshFiles((content, *(neighbours.read[key] for key in sorted(neighbours.read))), meshes, kind)


def converted_files(files: MeshFiles, turn: Floats) -> dict[str, bytes]:
    """The files of the object's folder in the ShapeNetCore v2 layout, by path.

    Args:
        files: what was read.
        turn: rotation (3, 3) that brings its up axis to +Y.

    Raises:
        ModelError: numbers that aren't finite, or no surface at all.
    """
    points = [np.asarray(mesh.vertices, np.float64) @ turn.T for mesh in files.meshes]
    for each, mesh in zip(points, files.meshes, strict=True):
        if mesh.faces.min() < 0 or mesh.faces.max() >= len(each):
            raise ModelError("a face uses a vertex that isn't there")
    used = [each[np.unique(mesh.faces)] for each, mesh in zip(points, files.meshes, strict=True)]
    middle, size = bounds(np.concatenate(used))
    if sum(float(mesh.area) for mesh in files.meshes) <= _NO_AREA * size**2:
        raise ModelError("its faces have no area")
    pictures, writer = Pictures(), _Writer()
    for number, (mesh, each) in enumerate(zip(files.meshes, points, strict=True)):
        look = _look(mesh, pictures)
        normals = np.asarray(mesh.vertex_normals) @ turn.T if files.kind in _SMOOTH else None
        writer.add(f"part{number}", (each - middle) / size, mesh.faces, look, normals)
    return {
        MESH_FILE.as_posix(): writer.obj(),
        MESH_FILE.with_suffix(".mtl").as_posix(): writer.mtl(),
        **pictures.files,
    }


@dataclass(frozen=True)
class _Look:
    """A material: lines of the MTL file, and texture coordinates, one per vertex or, with `by_face`, per face."""

    lines: tuple[str, ...]
    uv: Floats | None = None
    by_face: bool = False


def _look(mesh: Any, pictures: Pictures) -> _Look:
    kind = getattr(mesh.visual, "kind", None)
    if kind == "texture":
        return _textured(mesh.visual, pictures)
    if kind in ("vertex", "face"):
        return _coloured(np.asarray(mesh.visual.face_colors, np.uint8), pictures)
    return _Look(_plain(*_GREY))


def _textured(visual: Any, pictures: Pictures) -> _Look:
    material = visual.material
    picture = getattr(material, "baseColorTexture", None) or getattr(material, "image", None)
    linear = hasattr(material, "baseColorFactor")
    factor = material.baseColorFactor if linear else getattr(material, "diffuse", None)
    colour = np.ones(4) if factor is None else np.asarray(factor, float).ravel() / _scale(factor)
    colour = np.append(colour, np.ones(4 - len(colour)))[:4]
    if picture is None or visual.uv is None:
        if factor is None:
            return _Look(_plain(*_GREY))
        rgb = colour[:3] if linear else _linear(colour[:3])
        return _Look(_plain(rgb[0], rgb[1], rgb[2], colour[3]))
    lines = _plain(1, 1, 1, colour[3])
    rgba = picture.convert("RGBA")
    see_through = getattr(material, "alphaMode", None) in ("MASK", "BLEND") and rgba.getextrema()[3][0] < 255
    pixels = np.asarray(rgba.convert("RGB"), np.float64)
    if (colour[:3] < 1).any():
        # Factors are linear and pictures aren't; a power of a product is the product of powers, near enough.
        pixels = pixels * (_encoded(colour[:3]) if linear else colour[:3])
    name = pictures.add_pixels(Image.fromarray(np.round(pixels).astype(np.uint8)))
    lines += (f"map_Kd {name}",)
    if see_through:
        lines += (f"map_d {pictures.add_pixels(mask_picture(rgba, alone=False))}",)
    return _Look(lines, np.asarray(visual.uv, np.float64))


def _coloured(colours: npt.NDArray[np.uint8], pictures: Pictures) -> _Look:
    """Colours of faces (F, 4), in which those of vertices are averaged, as a palette with a texel for each."""
    coarse = np.minimum(np.round(colours[:, :3] / _COLOUR_STEP) * _COLOUR_STEP, 255).astype(np.uint8)
    palette, place = np.unique(coarse, axis=0, return_inverse=True)
    place = place.ravel()
    if len(palette) == 1:
        rgb = _linear(colours[:, :3].mean(axis=0) / 255)
        return _Look(_plain(*rgb))
    side = int(np.ceil(np.sqrt(len(palette))))
    picture = np.zeros((side * side, 3), np.uint8)
    picture[: len(palette)] = palette
    name = pictures.add_pixels(Image.fromarray(picture.reshape(side, side, 3)))
    uv = np.stack([(place % side + 0.5) / side, 1 - (place // side + 0.5) / side], axis=-1)
    return _Look((*_plain(1, 1, 1), f"map_Kd {name}"), uv, by_face=True)


def _scale(factor: Any) -> float:
    return 255.0 if np.asarray(factor).dtype.kind in "iu" else 1.0


def _linear(colour: Floats) -> Floats:
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


def _encoded(colour: Floats) -> Floats:
    return np.where(colour <= 0.0031308, colour * 12.92, 1.055 * np.maximum(colour, 0.0) ** (1 / 2.4) - 0.055)


def _plain(red: float, green: float, blue: float, opacity: float = 1) -> tuple[str, ...]:
    return (f"Kd {red:.4f} {green:.4f} {blue:.4f}", "Ks 0 0 0", f"d {opacity:.3f}", "illum 1")


class _Writer:
    """Collects the text of an OBJ file and of its material file."""

    def __init__(self) -> None:
        self._chunks = [f"mtllib {MESH_FILE.with_suffix('.mtl').name}\n"]
        self._materials: dict[tuple[str, ...], str] = {}
        self._counts = np.ones(3, np.int64)

    def add(self, name: str, points: Floats, faces: Any, look: _Look, normals: Floats | None) -> None:
        """Add a mesh: vertices (V, 3), faces (F, 3), a normal for each vertex (V, 3) or None for flat faces."""
        material = self._materials.setdefault(look.lines, f"m{len(self._materials)}")
        v, vt, vn = self._counts
        columns = [np.asarray(faces, np.int64) + v]
        form = "%d"
        self._chunks += [f"o {name}\nusemtl {material}\n", _rows("v %.7g %.7g %.7g\n", points)]
        self._counts += [len(points), 0 if look.uv is None else len(look.uv), 0 if normals is None else len(normals)]
        if look.uv is not None:
            self._chunks.append(_rows("vt %.6g %.6g\n", np.nan_to_num(look.uv[:, :2])))
            index = np.repeat(np.arange(len(faces))[:, None], 3, axis=1) if look.by_face else np.asarray(faces)
            columns.append(index + vt)
            form += "/%d"
        if normals is not None:
            self._chunks.append(_rows("vn %.4f %.4f %.4f\n", np.nan_to_num(normals)))
            columns.append(np.asarray(faces, np.int64) + vn)
            form += "/%d" if look.uv is not None else "//%d"
        rows = np.stack(columns, axis=-1).reshape(len(faces), -1)
        self._chunks.append(_rows(f"f {form} {form} {form}\n", rows))

    def obj(self) -> bytes:
        """The OBJ file."""
        return "".join(self._chunks).encode()

    def mtl(self) -> bytes:
        """The material file."""
        return "\n".join(
            "\n".join([f"newmtl {name}", *lines, ""]) for lines, name in self._materials.items()
        ).encode()  # fmt: skip


def _rows(form: str, values: npt.NDArray[Any]) -> str:
    return (form * len(values)) % tuple(values.ravel().tolist())
