"""Points on the surface of an object, with what a picture shows of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from threedie.render.models.container import Folder
from threedie.render.models.mtl import INVISIBLE
from threedie.render.models.obj_import import ObjFiles, ObjObject
from threedie.render.models.polygons import Floats, Ints
from threedie.render.models.source import MESH_FILE, ModelError
from threedie.render.models.srgb import encoded
from threedie.render.models.surface import Surface
from threedie.render.models.triangulate import triangulate

IMPORTED: Floats = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
"""From a file's axes to the scene's (3, 3): Blender turns +Y, up in the file, to +Z."""


@dataclass(frozen=True, eq=False)
class PointCloud:
    """Points on a surface, spread evenly over its area.

    Attributes:
        points: (N, 3), in the scene's axes (z is up); the bounding box of the surface has its center at the origin and
            its diagonal is 1.
        normals: (N, 3), of length 1, of the faces.
        colors: (N, 3), sRGB, 0 to 1.
    """

    points: Floats
    normals: Floats
    colors: Floats


def sample_object(mesh_file: Path, count: int, rng: np.random.Generator) -> PointCloud:
    """Points on the surface of an object in the ShapeNetCore v2 layout.

    Args:
        mesh_file: its OBJ file.
        count: number of points.
        rng: draws them.

    Raises:
        ModelError: the file can't be used, or shows no surface.
    """
    folder = mesh_file.parents[len(MESH_FILE.parts) - 1]
    files = ObjFiles(Folder(folder), mesh_file.relative_to(folder).as_posix())
    return sample_surfaces(ObjObject(files).surfaces(), count, rng)


def sample_surfaces(surfaces: Sequence[Surface], count: int, rng: np.random.Generator) -> PointCloud:
    """Points on some surfaces, as many on each as its share of the area; invisible ones are left out.

    Raises:
        ModelError: nothing visible, or coordinates that aren't finite.
    """
    visible = [surface for surface in surfaces if surface.material.opacity >= INVISIBLE]
    parts = [triangulate(surface.points, surface.sizes, surface.corners)[0] for surface in visible]
    triangles = [surface.points[surface.corners[part]] for surface, part in zip(visible, parts, strict=True)]
    corners = np.concatenate([*triangles, np.empty((0, 3, 3))])
    with np.errstate(all="ignore"):
        cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        areas = np.linalg.norm(cross, axis=1)
        total = float(areas.sum())
    if not (np.isfinite(total) and total > 0):
        raise ModelError("it has no visible surface, or coordinates that are not finite")
    chosen = np.sort(rng.choice(len(areas), count, p=areas / total))
    weights = _barycentric(rng, count)
    low, high = corners.reshape(-1, 3).min(axis=0), corners.reshape(-1, 3).max(axis=0)
    points = np.einsum("nk,nkd->nd", weights, corners[chosen])
    firsts = np.cumsum([0, *map(len, parts)])
    owner = np.searchsorted(firsts, chosen, side="right") - 1
    colors = np.empty((count, 3))
    for index in np.unique(owner):
        these = owner == index
        part = parts[index][chosen[these] - firsts[index]]
        colors[these] = _colors(visible[index], part, weights[these])
    return PointCloud(
        (points - (low + high) / 2) @ IMPORTED.T / np.linalg.norm(high - low),
        (cross[chosen] / areas[chosen, None]) @ IMPORTED.T,
        colors,
    )


def _barycentric(rng: np.random.Generator, count: int) -> Floats:
    """Weights (N, 3) of a triangle's corners, even over its area."""
    root, other = np.sqrt(rng.random(count)), rng.random(count)
    return np.stack([1 - root, root * (1 - other), root * other], axis=1)


def _colors(surface: Surface, corners: Ints, weights: Floats) -> Floats:
    """sRGB colors (N, 3) at points within triangles.

    Args:
        surface: whose triangles.
        corners: positions of the triangles' corners among the surface's, (N, 3).
        weights: of each corner, (N, 3).
    """
    picture = surface.material.picture
    if picture is None or surface.uv is None:
        return np.broadcast_to(encoded(np.clip(surface.material.color, 0, 1)), (len(corners), 3))
    pixels: npt.NDArray[np.uint8] = np.asarray(picture.convert("RGB"))
    height, width = pixels.shape[:2]
    uv = np.nan_to_num(np.einsum("nk,nkd->nd", weights, surface.uv[corners]))
    column = np.floor(uv[:, 0] % 1 * width).astype(np.int64).clip(0, width - 1)
    row = np.floor((1 - uv[:, 1] % 1) * height).astype(np.int64).clip(0, height - 1)
    return np.asarray(pixels[row, column] / 255)
