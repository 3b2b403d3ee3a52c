"""Triangles of glTF primitives: morphed, skinned, placed in the scene and merged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from threedie.render.models.polygons import Floats, Ints
from threedie.render.models.source import ModelError

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Piece:
    """Triangles of one primitive, or of several of the same material, in the scene's space.

    Attributes:
        material: number of their material; None for the default one.
        points: float64 (V, 3).
        faces: int64 (F, 3).
        normals: float64 (F * 3, 3), of each corner; None for flat faces.
        colors: float64 (F * 3, 4), linear RGBA of each corner; None without.
        uv: texture coordinates, float64 (F * 3, 2), v downward, by the number of their set.
    """

    material: int | None
    points: Floats
    faces: Ints
    normals: Floats | None
    colors: Floats | None
    uv: Mapping[int, Floats]


@dataclass(frozen=True)
class Primitive:
    """A primitive in its mesh's space, with the vertices that its triangles use."""

    material: int | None
    faces: Ints
    points: Floats
    normals: Floats | None
    colors: Floats | None
    uv: Mapping[int, Floats]
    morph_points: tuple[Floats | None, ...]
    morph_normals: tuple[Floats | None, ...]
    joints: Ints | None
    weights: Floats | None


def morphed(primitive: Primitive, weights: Sequence[float]) -> tuple[Floats, Floats | None]:
    """Points and normals (V, 3) of a primitive after its morph targets, each times its weight."""
    points, normals = primitive.points, primitive.normals
    for weight, offsets, normal_offsets in zip(weights, primitive.morph_points, primitive.morph_normals, strict=False):
        if weight and offsets is not None:
            points = points + weight * offsets
        if weight and normal_offsets is not None and normals is not None:
            normals = normals + weight * normal_offsets
    return points, normals


def blended(primitive: Primitive, skin: Floats) -> Floats:
    """Matrix (V, 4, 4) of each vertex; without weights or joints, it goes with the first joint."""
    if primitive.joints is None or primitive.weights is None:
        return np.broadcast_to(skin[0], (len(primitive.points), 4, 4))
    if primitive.joints.min(initial=0) < 0 or primitive.joints.max(initial=0) >= len(skin):
        raise ModelError("a vertex is bound to a joint that doesn't exist")
    weights = primitive.weights.copy()
    total = weights.sum(axis=1)
    weights[total == 0, 0] = 1
    weights /= np.where(total == 0, 1, total)[:, None]
    blended = np.zeros((len(weights), 4, 4))
    for column in range(weights.shape[1]):
        blended += weights[:, column, None, None] * skin[primitive.joints[:, column]]
    return blended


def placed_copies(primitive: Primitive, points: Floats, normals: Floats | None, matrices: Floats) -> Piece:
    """Copies of a primitive, each placed by a matrix (N, 4, 4)."""
    linear = matrices[:, :3, :3]
    placed = np.einsum("nij,vj->nvi", linear, points) + matrices[:, None, :3, 3]
    rotated = None if normals is None else np.einsum("nij,vj->nvi", _normal_matrices(linear), normals)
    mirrored = np.broadcast_to(_mirrors(linear)[:, None], (len(matrices), len(primitive.faces)))
    return _piece(primitive, placed, rotated, mirrored)


def skinned(primitive: Primitive, points: Floats, normals: Floats | None, matrices: Floats) -> Piece:
    """A primitive each vertex of which is placed by its matrix (V, 4, 4)."""
    linear = matrices[:, :3, :3]
    placed = np.einsum("vij,vj->vi", linear, points) + matrices[:, :3, 3]
    rotated = None if normals is None else np.einsum("vij,vj->vi", _normal_matrices(linear), normals)[None]
    return _piece(primitive, placed[None], rotated, _mirrors(linear)[primitive.faces[None, :, 0]])


def _piece(primitive: Primitive, points: Floats, normals: Floats | None, mirrored: Bools) -> Piece:
    """Copies of a primitive with points and normals (N, V, 3) of its vertices, and which faces (N, F) are mirrored."""
    # A mirroring matrix would turn faces inside out.
    order = np.where(mirrored[..., None], [0, 2, 1], [0, 1, 2])
    vertices = np.take_along_axis(np.broadcast_to(primitive.faces, order.shape), order, axis=-1)
    copies, size = points.shape[:2]
    faces = (vertices + np.arange(copies)[:, None, None] * size).reshape(-1, 3)
    # Normals, colors and texture coordinates go with the vertices.
    corners = vertices.ravel()
    return Piece(
        primitive.material,
        points.reshape(-1, 3),
        faces,
        None if normals is None else _unit(normals.reshape(-1, 3))[faces.ravel()],
        None if primitive.colors is None else primitive.colors[corners],
        {key: uv[corners] for key, uv in primitive.uv.items()},
    )


def _mirrors(linear: Floats) -> Bools:
    mirrors: Bools = np.linalg.det(linear) < 0
    return mirrors


def _normal_matrices(linear: Floats) -> Floats:
    """Matrices (N, 3, 3) for normals of surfaces placed by `linear` (N, 3, 3): cofactors, which need no inverse."""
    a, b, c = linear[..., 0], linear[..., 1], linear[..., 2]
    cofactors = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)], axis=-1)
    signed: Floats = cofactors * np.where(_mirrors(linear), -1, 1)[:, None, None]
    return signed


def _unit(normals: Floats) -> Floats:
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    return np.nan_to_num(np.where(length > 0, normals / length, 0.0))


def merged(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces of the same material and attributes as one, in order of their first."""
    groups: dict[tuple[Any, ...], list[Piece]] = {}
    for piece in pieces:
        key = (piece.material, piece.normals is None, piece.colors is None, tuple(piece.uv))
        groups.setdefault(key, []).append(piece)
    return [_joined(group) for group in groups.values()]


def _joined(pieces: Sequence[Piece]) -> Piece:
    first = pieces[0]
    if len(pieces) == 1:
        return first
    begins = np.cumsum([0, *(len(piece.points) for piece in pieces[:-1])])
    return Piece(
        first.material,
        np.concatenate([piece.points for piece in pieces]),
        np.concatenate([piece.faces + begin for piece, begin in zip(pieces, begins, strict=True)]),
        None if first.normals is None else np.concatenate([np.asarray(piece.normals) for piece in pieces]),
        None if first.colors is None else np.concatenate([np.asarray(piece.colors) for piece in pieces]),
        {key: np.concatenate([piece.uv[key] for piece in pieces]) for key in first.uv},
    )
