"""Surfaces of an OBJ file whose vertices have colors: what OBJ files can't say in a way that Blender shows."""

import re
from collections.abc import Callable, Collection

import numpy as np
import numpy.typing as npt
from PIL import Image

from threedie.render.models.mtl import Material, default_color
from threedie.render.models.numbers import as_text
from threedie.render.models.obj import FACE, Corners
from threedie.render.models.polygons import Floats, Ints, corners_of, first_corners
from threedie.render.models.srgb import decoded
from threedie.render.models.surface import WHITE, Surface
from threedie.render.models.surface import Material as SurfaceMaterial

Mask = npt.NDArray[np.bool_]
ColorPicture = Callable[[Material | None], Image.Image | None]

_STATE = re.compile(rb"^[ \t]*(usemtl|s)(?:[ \t]+([^\n]*))?$", re.M)
_FLAT = {b"off", b"0", b""}


def colored_faces(content: bytes, corners: Corners, colors: Floats, textured: Collection[str]) -> Mask:
    """Which faces (F,) of 3 and more corners take their color from their vertices: colors (V, 3), NaN for none."""
    names, of_face, _ = face_states(content)
    has = np.isfinite(colors).all(axis=1)[np.clip(corners.indices[:, 0], 0, len(colors) - 1)]
    free = np.array([name not in textured for name in names], bool)[of_face]
    return free & ~corners.per_face(~has) & (corners.counts >= 3)


def surfaces_of(
    content: bytes,
    vertices: Floats,
    corners: Corners,
    colors: Floats,
    materials: dict[str, Material],
    picture: ColorPicture,
) -> list[Surface]:
    """Surfaces of a plain text.

    Args:
        content: the OBJ file.
        vertices: (V, 3).
        corners: of its faces.
        colors: sRGB of each vertex (V, 3), NaN for none.
        materials: by name.
        picture: gives the texture of a material, with its transparency as alpha.
    """
    names, of_face, smooth = face_states(content)
    pictures = [picture(materials.get(name)) for name in names]
    textured = {name for name, each in zip(names, pictures, strict=True) if each is not None}
    colored = colored_faces(content, corners, colors, textured)
    texture_points, normals = _rows(content, b"vt", 2), _rows(content, b"vn", 3)
    has_uv, has_normals = (
        ~corners.per_face((corners.indices[:, column] < 0) | (corners.indices[:, column] >= len(rows)))
        for column, rows in ((1, texture_points), (2, normals))
    )
    averaged = _averaged_normals(vertices, corners, smooth & ~has_normals)
    kinds = np.stack([of_face, colored, has_uv, has_normals, smooth], axis=-1).astype(np.int64)
    made: list[Surface] = []
    for kind in np.unique(kinds[corners.counts >= 3], axis=0):
        faces = np.flatnonzero((kinds == kind).all(axis=1) & (corners.counts >= 3))
        where = corners_of(corners.counts, faces)
        index = corners.indices[where]
        name = names[kind[0]]
        material = _surface_material(materials.get(name), pictures[kind[0]], colored=bool(kind[1]))
        made.append(
            Surface(
                name or f"part{len(made)}",
                vertices,
                corners.counts[faces],
                index[:, 0],
                material,
                uv=texture_points[index[:, 1]] if kind[2] else None,
                normals=normals[index[:, 2]] if kind[3] else averaged[where] if kind[4] else None,
                colors=decoded(colors[index[:, 0]]) if kind[1] else None,
            )
        )
    return made


def _surface_material(material: Material | None, picture: Image.Image | None, *, colored: bool) -> SurfaceMaterial:
    opacity = 1.0 if material is None or material.opacity is None else material.opacity
    emission = (0.0, 0.0, 0.0) if material is None or material.emission is None else material.emission
    see_through = opacity < 1 or (picture is not None and "A" in picture.getbands())
    color = WHITE if colored or picture is not None else default_color(material)
    return SurfaceMaterial(color, opacity, emission, picture, uses_alpha=see_through)


def face_states(content: bytes) -> tuple[list[str], Ints, Mask]:
    """Names of materials, which of them each face (F,) has, and whether it is smooth (F,)."""
    faces = np.array([match.start() for match in FACE.finditer(content)], np.int64)
    names: dict[bytes, int] = {b"": 0}
    places, numbers, smooth_places, smooths = [-1], [0], [-1], [False]
    for match in _STATE.finditer(content):
        value = (match[2] or b"").strip()
        if match[1] == b"usemtl":
            places.append(match.start())
            numbers.append(names.setdefault(value, len(names)))
        else:
            smooth_places.append(match.start())
            smooths.append(value.lower() not in _FLAT)
    of_face = np.array(numbers)[np.searchsorted(places, faces) - 1]
    smooth = np.array(smooths)[np.searchsorted(smooth_places, faces) - 1]
    return [as_text(name) for name in names], of_face, smooth


def _rows(content: bytes, key: bytes, columns: int) -> Floats:
    """Numbers (N, columns) of the lines of a keyword; 0 where a line lacks one or has something else there."""
    rows = []
    for line in re.findall(rb"^[ \t]*" + key + rb"[ \t]+([^\n#]*)", content, re.M):
        row = [0.0] * columns
        for place, word in enumerate(line.split()[:columns]):
            try:
                row[place] = float(word)
            except ValueError:
                continue
        rows.append(row)
    return np.nan_to_num(np.array(rows, np.float64).reshape(-1, columns), nan=0, posinf=0, neginf=0)


def _averaged_normals(vertices: Floats, corners: Corners, smooth: Mask) -> Floats:
    """Normals (C, 3) of corners as averages over smooth faces (F,), weighed by their areas."""
    face = np.repeat(np.arange(len(corners.counts)), corners.counts)
    begins = first_corners(corners.counts)
    following = np.arange(len(face)) + 1
    last = following == (begins + corners.counts)[face]
    following[last] = begins[face[last]]
    points = np.nan_to_num(vertices, nan=0, posinf=0, neginf=0)[np.clip(corners.indices[:, 0], 0, len(vertices) - 1)]
    # Newell's sum over the corners is twice the area along the normal.
    areas = np.zeros((len(corners.counts), 3))
    np.add.at(areas, face, np.cross(points, points[following]))
    of_smooth = smooth[face]
    totals = np.zeros_like(vertices)
    np.add.at(totals, corners.indices[of_smooth, 0], areas[face[of_smooth]])
    lengths = np.linalg.norm(totals, axis=1, keepdims=True)
    unit = np.divide(totals, lengths, out=np.tile([0.0, 1.0, 0.0], (len(totals), 1)), where=lengths > 0)
    return unit[np.clip(corners.indices[:, 0], 0, len(vertices) - 1)]
