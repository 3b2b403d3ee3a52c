"""A generated object: named parts, each a shape and a material, written as OBJ, MTL and textures."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from threedie.render.models.source import MESH_FILE
from threedie.render.models.synth.materials import Material
from threedie.render.models.synth.shapes import Floats, Mesh
from threedie.render.models.write import whole_object, write_files

Item = TypeVar("Item")
Ints = NDArray[np.int64]

SHARP = np.cos(np.radians(38))
"""Faces that meet at a greater angle than 38 degrees show an edge."""


def pick(rng: np.random.Generator, items: Sequence[Item]) -> Item:
    """One of the items, all equally likely."""
    return items[int(rng.integers(len(items)))]


@dataclass(frozen=True)
class Part:
    """A named piece of an object."""

    name: str
    mesh: Mesh
    material: Material


@dataclass
class Scene:
    """An object as its parts. In any size and place: `normalized` centers and scales it."""

    parts: list[Part] = field(default_factory=list)

    def add(self, name: str, mesh: Mesh, material: Material) -> None:
        """Add a part."""
        self.parts.append(Part(name, mesh, material))

    def stretched(self, x: float, y: float, z: float) -> "Scene":
        """The object with other proportions."""
        return Scene([Part(part.name, part.mesh.scaled(x, y, z), part.material) for part in self.parts])

    def normalized(self) -> "Scene":
        """The object with its bounding box centered at the origin and the box's diagonal 1, as ShapeNet has it."""
        points = np.concatenate([part.mesh.vertices for part in self.parts])
        low, high = points.min(axis=0), points.max(axis=0)
        middle, size = (low + high) / 2, float(np.linalg.norm(high - low))
        return Scene(
            [
                Part(part.name, Mesh((part.mesh.vertices - middle) / size, part.mesh.faces), part.material)
                for part in self.parts
            ]
        )


def write_scene(scene: Scene, folder: Path) -> Path:
    """Write an object to its own folder in the ShapeNetCore v2 layout, whole or not at all; give the OBJ file.

    An existing folder is left alone: another process wrote it first.

    Raises:
        ThreeDieError: it can't be written.
    """
    with whole_object(folder) as temporary:
        write_files(temporary / MESH_FILE.parent, scene_files(scene))
    return folder / MESH_FILE


def scene_files(scene: Scene) -> dict[str, bytes]:
    """Names and contents of an object's files: OBJ, MTL and textures, after `normalized`."""
    scene = scene.normalized()
    materials = list({id(part.material): part.material for part in scene.parts}.values())
    names = {id(material): f"m{index}" for index, material in enumerate(materials)}
    obj_file = MESH_FILE.name
    files = {obj_file: _obj(scene, names).encode(), MESH_FILE.with_suffix(".mtl").name: _mtl(materials, names).encode()}
    for material in materials:
        if material.texture is not None:
            content = io.BytesIO()
            Image.fromarray(material.texture).save(content, "PNG")
            files[f"{names[id(material)]}.png"] = content.getvalue()
    return files


def _mtl(materials: list[Material], names: dict[int, str]) -> str:
    lines = []
    for material in materials:
        name = names[id(material)]
        # The format's colors are linear; a texture takes the place of Kd.
        linear = [_linear(value) for value in material.color]
        lines += [f"newmtl {name}", "Kd {:.4f} {:.4f} {:.4f}".format(*linear)]
        lines += [f"Ks {material.shine:.3f} {material.shine:.3f} {material.shine:.3f}", f"Ns {material.gloss:.1f}"]
        lines += [f"d {material.opacity:.3f}", "illum 2"]
        lines += [f"map_Kd {name}.png"] * (material.texture is not None) + [""]
    return "\n".join(lines)


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _obj(scene: Scene, names: dict[int, str]) -> str:
    chunks = [f"mtllib {MESH_FILE.with_suffix('.mtl').name}\n"]
    vertex_count = uv_count = 1
    for part in scene.parts:
        vertices, faces = split_sharp(part.mesh)
        chunks.append(f"o {part.name}\n")
        chunks.append(("v %.5f %.5f %.5f\n" * len(vertices)) % tuple(vertices.ravel().tolist()))
        numbers = faces + vertex_count
        vertex_count += len(vertices)
        if part.material.texture is None:
            rows, form = numbers, "f %d %d %d\n"
        else:
            uv, index = np.unique(np.round(texture_places(part), 3).reshape(-1, 2), axis=0, return_inverse=True)
            chunks.append(("vt %.3f %.3f\n" * len(uv)) % tuple(uv.ravel().tolist()))
            rows = np.stack([numbers, index.reshape(-1, 3) + uv_count], -1).reshape(len(numbers), 6)
            uv_count += len(uv)
            form = "f %d/%d %d/%d %d/%d\n"
        chunks.append(f"usemtl {names[id(part.material)]}\ns 1\n")
        chunks.append((form * len(rows)) % tuple(rows.ravel().tolist()))
    return "".join(chunks)


def normals(mesh: Mesh) -> Floats:
    """Unit normals (F, 3) of the faces; zero for a face without area."""
    a, b, c = (mesh.vertices[mesh.faces[:, i]] for i in range(3))
    cross = np.cross(b - a, c - a)
    return cross / np.maximum(np.linalg.norm(cross, axis=1, keepdims=True), 1e-300)


def split_sharp(mesh: Mesh) -> tuple[Floats, Ints]:
    """Vertices and faces with vertices doubled along sharp edges, so that smooth shading stops there."""
    count = len(mesh.faces)
    facing = normals(mesh)
    start, end = mesh.faces.ravel(), np.roll(mesh.faces, -1, axis=1).ravel()
    corner, after = np.arange(3 * count), (np.arange(3 * count).reshape(-1, 3)[:, [1, 2, 0]]).ravel()
    # In a closed mesh every edge is met by one face each way: sorting both directions by the same edge aligns the two.
    forth = np.lexsort((end, start))
    back = np.lexsort((start, end))
    soft = np.einsum("ij,ij->i", facing[forth // 3], facing[back // 3]) > SHARP
    one, other = forth[soft], back[soft]
    rows, columns = np.concatenate([corner[one], after[one]]), np.concatenate([after[other], corner[other]])
    links = coo_matrix((np.ones(len(rows), bool), (rows, columns)), (3 * count, 3 * count))
    total, group = connected_components(links, directed=False)
    vertices = np.empty((total, 3))
    vertices[group] = mesh.vertices[start]
    return vertices, group.reshape(-1, 3).astype(np.int64)


def texture_places(part: Part) -> Floats:
    """Texture coordinates (F, 3, 2) of every face's corners, by the material's mapping."""
    points = part.mesh.vertices[part.mesh.faces]
    low, high = part.mesh.vertices.min(axis=0), part.mesh.vertices.max(axis=0)
    unit = (points - low) / np.maximum(high - low, 1e-9)
    mapping, repeat = part.material.mapping, part.material.repeat
    if mapping == "front":
        return np.stack([1 - unit[..., 0], unit[..., 1]], -1)
    if mapping == "top":
        return np.stack([1 - unit[..., 0], unit[..., 2]], -1)
    if mapping == "wrap":
        middle = (low + high) / 2
        turn = np.arctan2(middle[0] - points[..., 0], middle[2] - points[..., 2]) / (2 * np.pi)
        # A face across the seam would show the whole picture squeezed, so its corners go beyond 1.
        turn = turn - np.round(turn - turn[:, :1])
        return np.stack([turn * repeat + 0.5, unit[..., 1]], -1)
    side = np.abs(normals(part.mesh)).argmax(axis=1)
    first, second = np.array([2, 0, 0])[side], np.array([1, 2, 1])[side]
    rows, corners = np.arange(len(points))[:, None], np.arange(3)[None]
    if mapping == "grain":
        size = _piece_sizes(part.mesh)
        along = size[rows[:, 0], first] > size[rows[:, 0], second]
        first, second = np.where(along, second, first), np.where(along, first, second)
    return repeat * 4 * np.stack([points[rows, corners, first[:, None]], points[rows, corners, second[:, None]]], -1)


def _piece_sizes(mesh: Mesh) -> Floats:
    """Size (F, 3) of the bounding box of the connected piece that each face belongs to."""
    count = len(mesh.vertices)
    links = coo_matrix(
        (np.ones(2 * len(mesh.faces), bool), (mesh.faces[:, [0, 1]].ravel(), mesh.faces[:, [1, 2]].ravel())),
        (count, count),
    )
    total, piece = connected_components(links, directed=False)
    low, high = np.full((total, 3), np.inf), np.full((total, 3), -np.inf)
    np.minimum.at(low, piece, mesh.vertices)
    np.maximum.at(high, piece, mesh.vertices)
    return (high - low)[piece[mesh.faces[:, 0]]]
