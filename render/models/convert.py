"""Readers of mesh formats other than OBJ, by suffix."""

import io
import urllib.parse
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from render.models.container import Container, find
from render.models.obj import Floats
from render.models.off import read_off
from render.models.ply import read_ply
from render.models.source import ModelError
from render.models.srgb import decoded
from render.models.stl import read_stl
from render.models.surface import GREY, Material, ReadMesh, Surface, triangles

Reader = Callable[[Container, str], ReadMesh]
"""Reads the mesh file of a name and what it refers to. Raises ModelError where it can't be read or has no faces."""


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


def _by_trimesh(kind: str) -> Reader:
    """A reader of a format by trimesh's name of it."""

    def read(container: Container, name: str) -> ReadMesh:
        import trimesh  # noqa: PLC0415 - slow to load, and most imports are of OBJ files

        content = container.read(name)
        neighbours = _Neighbours(container, name)
        resolver: Any = neighbours
        try:
            loaded = trimesh.load(io.BytesIO(content), file_type=kind, resolver=resolver, process=False)
            parts = loaded.dump() if isinstance(loaded, trimesh.Scene) else [loaded]
        except ModelError:
            raise
        # trimesh raises whatever its readers happen to run into.
        except Exception as error:
            raise ModelError(f"trimesh can't read it ({type(error).__name__}: {error})") from error
        meshes = [part for part in parts if isinstance(part, trimesh.Trimesh) and len(part.faces)]
        if not meshes:
            raise ModelError("no faces")
        pieces = (content, *(neighbours.read[key] for key in sorted(neighbours.read)))
        smooth = kind in ("glb", "gltf")
        return ReadMesh(pieces, tuple(_surface(mesh, f"part{n}", smooth) for n, mesh in enumerate(meshes)))

    return read


def _surface(mesh: Any, name: str, smooth: bool) -> Surface:
    points, sizes, corners = triangles(mesh.vertices, mesh.faces)
    normals = np.asarray(mesh.vertex_normals)[corners] if smooth else None
    kind = getattr(mesh.visual, "kind", None)
    if kind in ("vertex", "face"):
        colors = decoded(np.asarray(mesh.visual.face_colors)[:, :3].repeat(3, axis=0) / 255)
        return Surface(name, points, sizes, corners, Material((1.0, 1.0, 1.0)), normals=normals, colors=colors)
    if kind != "texture":
        return Surface(name, points, sizes, corners, normals=normals)
    uv = None if mesh.visual.uv is None else np.asarray(mesh.visual.uv, np.float64)[corners, :2]
    return Surface(name, points, sizes, corners, _material(mesh.visual.material), uv, normals)


def _material(material: Any) -> Material:
    picture: Image.Image | None = getattr(material, "baseColorTexture", None) or getattr(material, "image", None)
    linear = hasattr(material, "baseColorFactor")
    factor = material.baseColorFactor if linear else getattr(material, "diffuse", None)
    if factor is None:
        return Material(GREY if picture is None else (1.0, 1.0, 1.0), picture=picture)
    values = np.asarray(factor, float).ravel() / (255.0 if np.asarray(factor).dtype.kind in "iu" else 1.0)
    rgb: Floats = values[:3] if linear else decoded(values[:3])
    return Material(
        (float(rgb[0]), float(rgb[1]), float(rgb[2])),
        float(values[3]) if len(values) > 3 else 1.0,
        picture=picture,
        uses_alpha=getattr(material, "alphaMode", None) in ("MASK", "BLEND"),
        cutoff=getattr(material, "alphaCutoff", None) if getattr(material, "alphaMode", None) == "MASK" else None,
    )


FORMATS: dict[str, Reader] = {
    ".ply": read_ply,
    ".stl": read_stl,
    ".off": read_off,
    ".glb": _by_trimesh("glb"),
    ".gltf": _by_trimesh("gltf"),
}
"""Suffix -> reader. A further format needs a line here."""
