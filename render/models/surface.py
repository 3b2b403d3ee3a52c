"""The common result of all mesh readers: faces with materials, as plain arrays."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PIL import Image

from threedie.render.models.polygons import Floats, Ints

Rgb = tuple[float, float, float]

GRAY: Rgb = (0.5, 0.5, 0.5)
WHITE: Rgb = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Material:
    """How faces look.

    Attributes:
        color: linear RGB, 0 to 1; multiplied with `picture` if given.
        opacity: 0 to 1, multiplied with the picture's alpha; ignored unless `uses_alpha`.
        emission: linear RGB, 0 or more; multiplied with `emission_picture` if given.
        picture: the color, 8 bits, sRGB; repeated in both directions.
        emission_picture: the same for the emission.
        uses_alpha: whether alpha makes faces transparent; otherwise they are opaque.
        cutoff: alpha below it is invisible, all else opaque; None for gradual transparency.
    """

    color: Rgb = GRAY
    opacity: float = 1.0
    emission: Rgb = (0.0, 0.0, 0.0)
    picture: Image.Image | None = None
    emission_picture: Image.Image | None = None
    uses_alpha: bool = False
    cutoff: float | None = None


@dataclass(frozen=True)
class Surface:
    """Faces of one material.

    Attributes:
        name: for messages.
        points: float64 (V, 3).
        sizes: int64 (F,), corners of each face, 3 or more. Polygons may be concave; they stay polygons.
        corners: int64 (C,), the vertex of each corner, face after face.
        material: of all faces.
        uv: float64 (C, 2), of each corner, v upwards; None without.
        normals: float64 (C, 3), of each corner; None for flat faces.
        colors: float64 (C, 3), linear RGB of each corner, multiplied with the material's; None without.
    """

    name: str
    points: Floats
    sizes: Ints
    corners: Ints
    material: Material = field(default_factory=Material)
    uv: Floats | None = None
    normals: Floats | None = None
    colors: Floats | None = None


@dataclass(frozen=True)
class ReadMesh:
    """The content of a mesh file.

    Attributes:
        pieces: contents of it and of all files it refers to, in a fixed order: the object's id is a hash of them.
        surfaces: its faces; at least one.
        notes: what was dropped, replaced or guessed, one short sentence each.
    """

    pieces: tuple[bytes, ...]
    surfaces: tuple[Surface, ...]
    notes: tuple[str, ...] = ()


def triangles(points: npt.ArrayLike, faces: npt.ArrayLike) -> tuple[Floats, Ints, Ints]:
    """Points, sizes and corners of a `Surface` made of triangles: points (V, 3), faces (F, 3)."""
    corners = np.asarray(faces, np.int64).reshape(-1)
    return np.asarray(points, np.float64), np.full(len(corners) // 3, 3, np.int64), corners


def rgb(values: npt.ArrayLike) -> Rgb:
    """A color as a tuple of floats."""
    red, green, blue = (float(value) for value in np.asarray(values))
    return red, green, blue
