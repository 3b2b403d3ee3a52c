"""Writing surfaces as faces of an OBJ file with materials: lines of the MTL file, pictures, texture coordinates.

Colors of corners go into pictures, since OBJ files have no others that Blender shows without a material of its own: a
texel for each color where faces have one color each, and a small patch of texels for each triangle where they don't.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from threedie.render.models.mtl import INVISIBLE
from threedie.render.models.pictures import Pictures, mask_picture, opacity_of
from threedie.render.models.polygons import Floats, Ints, corners_of, first_corners
from threedie.render.models.srgb import OF_BYTE, Pixels, decoded, to_bytes
from threedie.render.models.surface import WHITE, Material, Rgb, Surface, rgb
from threedie.render.models.triangulate import triangulate

MAX_TEXELS = 2**24
"""Most texels for the triangles of one surface together, unless two along each side are more."""

_SIDES = (2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
"""Texels along a side of a triangle's patch."""

_CONTRASTS = (0.06, 0.12, 0.25)
"""Largest difference of sRGB values within a triangle for two texels a side, for four and for eight; for more there are
sixteen. Renderers interpolate 8-bit texels as sRGB values, and colors are to change linearly."""

_CHUNK = 2**20


@dataclass(frozen=True)
class FaceGroup:
    """Faces of one material, as the OBJ file has them.

    Attributes:
        lines: of the MTL file.
        sizes: (F,) corners of each face.
        corner_index: (C,) position of each of their corners in the surface's `corners`.
        uv: (U, 2) texture coordinates, or None.
        uv_index: (C,) row of `uv` that each corner has.
    """

    lines: tuple[str, ...]
    sizes: Ints
    corner_index: Ints
    uv: Floats | None = None
    uv_index: Ints | None = None


class MaterialWriter:
    """Turns the surfaces of one object into face groups; collects the pictures they need.

    Attributes:
        pictures: the textures.
        notes: what couldn't be kept, once each.
    """

    def __init__(self) -> None:
        self.pictures = Pictures()
        self.notes: dict[str, None] = {}
        self._made: dict[tuple[object, ...], str | None] = {}
        self._alive: list[object] = []

    def face_groups(self, surface: Surface) -> Iterator[FaceGroup]:
        """The faces of a surface in one or more groups."""
        surface = self._usable(surface)
        material = surface.material
        pictured = material.picture is not None or material.emission_picture is not None
        if surface.colors is not None:
            texels = to_bytes(surface.colors * np.asarray(material.color))
            if (texels == texels[:1]).all():
                surface = _tinted(surface, surface.colors.mean(axis=0))
            elif pictured:
                yield from self._patches(surface, texels, np.arange(len(surface.sizes)))
                return
            else:
                yield from self._colored(surface, texels)
                return
        places = np.arange(len(surface.corners))
        if not pictured or surface.uv is None:
            yield FaceGroup(self._lines(surface.name, surface.material), surface.sizes, places)
            return
        # Two numbers as one complex one: rows are sorted much faster like that.
        unique, index = np.unique(np.ascontiguousarray(surface.uv).view(np.complex128).ravel(), return_inverse=True)
        yield FaceGroup(
            self._lines(surface.name, surface.material),
            surface.sizes,
            places,
            unique.view(np.float64).reshape(-1, 2),
            index,
        )

    def _usable(self, surface: Surface) -> Surface:
        """The surface with finite texture coordinates and colors, and without a texture that can't be placed."""
        material, uv, colors = surface.material, surface.uv, surface.colors
        if uv is None and (material.picture is not None or material.emission_picture is not None):
            self.notes[f"{surface.name}: it has no texture coordinates, so that its texture isn't used"] = None
            material = replace(material, picture=None, emission_picture=None)
        if uv is not None and not np.isfinite(uv).all():
            self.notes[f"{surface.name}: texture coordinates that aren't finite became 0"] = None
            uv = np.nan_to_num(uv, nan=0, posinf=0, neginf=0)
        if colors is not None:
            if not np.isfinite(colors).all():
                self.notes[f"{surface.name}: colors of corners that aren't finite became white"] = None
            colors = np.clip(np.nan_to_num(colors, nan=1), 0, 1)
        if (opacity := _opacity(material)) < INVISIBLE:
            self.notes[f"{surface.name}: its opacity is {opacity:.3g}, so that it is invisible"] = None
        return replace(surface, material=material, uv=uv, colors=colors)

    def _colored(self, surface: Surface, texels: Pixels) -> Iterator[FaceGroup]:
        """Groups of a surface whose corners have colors (C, 3) and which has no pictures."""
        begins = first_corners(surface.sizes)
        packed = (texels.astype(np.int64) * (65536, 256, 1)).sum(axis=-1)
        first = packed[begins]
        varying = np.add.reduceat(packed != np.repeat(first, surface.sizes), begins) > 0
        plain = np.flatnonzero(~varying)
        if len(plain):
            yield self._palette(surface, first[plain], plain)
        if varying.any():
            yield from self._patches(surface, texels, np.flatnonzero(varying))

    def _palette(self, surface: Surface, colors: Ints, faces: Ints) -> FaceGroup:
        """Group of faces (F,) with one color each, packed into an integer."""
        palette, index = np.unique(colors, return_inverse=True)
        sizes, places = surface.sizes[faces], corners_of(surface.sizes, faces)
        material = surface.material
        if len(palette) == 1:
            texel = palette[0] >> np.array([16, 8, 0]) & 255
            return FaceGroup(self._lines(surface.name, replace(material, color=rgb(OF_BYTE[texel]))), sizes, places)
        side = int(np.ceil(np.sqrt(len(palette))))
        picture = np.zeros((side * side, 3), np.uint8)
        picture[: len(palette)] = palette[:, None] >> np.array([16, 8, 0]) & 255
        entries = np.arange(len(palette))
        uv = np.stack([(entries % side + 0.5) / side, 1 - (entries // side + 0.5) / side], axis=-1)
        drawn = replace(material, color=WHITE, picture=Image.fromarray(picture.reshape(side, side, 3)))
        return FaceGroup(self._lines(surface.name, drawn), sizes, places, uv, np.repeat(index, sizes))

    def _patches(self, surface: Surface, texels: Pixels, faces: Ints) -> Iterator[FaceGroup]:
        """Groups of faces (F,) that are cut into triangles with a patch of texels each; texels (C, 3) of corners."""
        places = corners_of(surface.sizes, faces)
        triangles, _ = triangulate(surface.points, surface.sizes[faces], surface.corners[places])
        triangles = places[triangles]
        side = _contrast_sides(texels[triangles])
        material = surface.material
        pictured = [picture for picture in (material.picture, material.emission_picture) if picture is not None]
        if pictured and surface.uv is not None:
            extent = np.max([picture.size for picture in pictured], axis=0)
            side = np.maximum(side, _picture_sides(surface.uv[triangles] * extent))
        cap = _SIDES[-1]
        while cap > _SIDES[0] and (np.minimum(side, cap) ** 2).sum() > MAX_TEXELS:
            cap = max(each for each in _SIDES if each < cap)
        if pictured and (side > cap).any():
            self.notes[f"{surface.name}: its texture became coarser, since colors of corners are drawn into it"] = None
        side = np.minimum(side, cap)
        for each in np.unique(side):
            yield self._patch_group(surface, triangles[side == each], int(each))

    def _patch_group(self, surface: Surface, triangles: Ints, side: int) -> FaceGroup:
        """Group of triangles (T, 3), positions in `corners`, with patches of `side` texels."""
        count = len(triangles)
        columns = int(np.ceil(np.sqrt(count)))
        rows = -(-count // columns)
        baked = _baked(surface, triangles, side, rows, columns)
        # The corners' texels: top left, top right and bottom left ones of a patch.
        corner = np.array([[0, 0], [side - 1, 0], [0, side - 1]])
        patch = np.arange(count)
        texel = np.stack([patch % columns, patch // columns], axis=-1)[:, None] * side + corner + 0.5
        uv = texel / (columns * side, rows * side)
        uv[..., 1] = 1 - uv[..., 1]
        sizes, every = np.full(count, 3, np.int64), np.arange(3 * count)
        return FaceGroup(self._lines(surface.name, baked), sizes, triangles.ravel(), uv.reshape(-1, 2), every)

    def _lines(self, name: str, material: Material) -> tuple[str, ...]:
        """Lines of the MTL file; pictures are added."""
        opacity, glows = _opacity(material), max(material.emission) > 0
        color = self._added(material.picture, material.color)
        glow = self._added(material.emission_picture, _tint(material)) if glows else None
        mask = self._mask(name, material)
        lines = [_numbers("Kd", material.color if color is None else WHITE), "Ks 0 0 0"]
        if glows:
            lines.append(_numbers("Ke", material.emission if glow is None else (_strength(material),) * 3))
        lines += [f"d {1 if mask else opacity:.6g}", "illum 1"]
        named = (("map_Kd", color), ("map_Ke", glow), ("map_d", mask))
        return (*lines, *(f"{key} {file}" for key, file in named if file))

    def _added(self, picture: Image.Image | None, factor: Rgb) -> str | None:
        """Name of the picture multiplied by a linear factor."""
        if picture is None:
            return None
        key = (id(picture), factor)
        if key not in self._made:
            pixels = picture.convert("RGB")
            if factor != WHITE:
                pixels = pixels.point([value for channel in factor for value in to_bytes(OF_BYTE * channel).tolist()])
            # Kept alive: the key is its address in memory.
            self._alive.append(picture)
            self._made[key] = self.pictures.add_pixels(pixels)
        return self._made[key]

    def _mask(self, name: str, material: Material) -> str | None:
        """Name of the picture that drives transparency, beside that of the color; None where the opacity says all."""
        picture = material.picture
        if picture is None or not _sees_through(material):
            return None
        key = (id(picture), material.opacity, material.cutoff)
        if key not in self._made:
            alpha = _cut(np.arange(256) / 255 * material.opacity, material.cutoff)
            values = opacity_of(picture)
            least, most = (alpha[int(extreme)] for extreme in values.getextrema())  # type: ignore[arg-type]
            if most < INVISIBLE <= _opacity(material):
                self.notes[f"{name}: the alpha of its texture makes it invisible"] = None
            self._alive.append(picture)
            if least == most == _opacity(material):
                self._made[key] = None
            else:
                self._made[key] = self.pictures.add_pixels(mask_picture(values, alone=False, curve=alpha))
        return self._made[key]


def _tinted(surface: Surface, tint: Floats) -> Surface:
    material = replace(surface.material, color=rgb(tint * np.asarray(surface.material.color)))
    return replace(surface, material=material, colors=None)


def _numbers(key: str, values: Rgb) -> str:
    return " ".join([key, *(f"{value:.6g}" for value in values)])


def _tint(material: Material) -> Rgb:
    """Color that the picture of the emission is multiplied by."""
    return rgb(np.asarray(material.emission) / _strength(material))


def _strength(material: Material) -> float:
    """Strength of the emission of a picture. Blender reads none below 1 beside a picture, which is darkened instead."""
    return max(1.0, *material.emission)


def _opacity(material: Material) -> float:
    """Opacity where the picture's alpha is 1."""
    return float(_cut(np.clip(material.opacity, 0, 1), material.cutoff)) if material.uses_alpha else 1.0


def _cut(alpha: Floats, cutoff: float | None) -> Floats:
    return alpha if cutoff is None else (alpha >= cutoff).astype(np.float64)


def _sees_through(material: Material) -> bool:
    """Whether the picture's alpha says anything."""
    picture = material.picture
    has_alpha = picture is not None and ("A" in picture.getbands() or "transparency" in picture.info)
    return has_alpha and material.uses_alpha and _opacity(material) > 0


def _contrast_sides(texels: Pixels) -> Ints:
    """Texels along a side (T,) that colors of corners (T, 3, 3) need to change linearly."""
    contrast = np.ptp(texels, axis=1).max(axis=-1) / 255
    return np.asarray(_SIDES)[np.searchsorted(_CONTRASTS, contrast)]


def _picture_sides(uv: Floats) -> Ints:
    """Texels along a side (T,) that show all texels of a picture, given corners (T, 3, 2) in texels."""
    longest = np.abs(uv - np.roll(uv, 1, axis=1)).max(axis=(1, 2))
    return np.asarray(_SIDES)[np.minimum(np.searchsorted(_SIDES, longest + 1), len(_SIDES) - 1)]


def _baked(surface: Surface, triangles: Ints, side: int, rows: int, columns: int) -> Material:
    """The surface's material with patches of triangles (T, 3) in pictures of `rows` by `columns` patches."""
    material, uv = surface.material, surface.uv
    picture = None if material.picture is None else np.asarray(material.picture.convert("RGB"))
    glow = None if material.emission_picture is None else np.asarray(material.emission_picture.convert("RGB"))
    alpha = None
    if material.picture is not None and _sees_through(material):
        alpha = np.asarray(opacity_of(material.picture))[..., None]
    across = np.arange(side) / (side - 1)
    right, down = np.meshgrid(across, across)
    weights = np.stack([1 - right - down, right, down], axis=-1).reshape(-1, 3)
    factor = np.asarray(material.color)

    def draw(corners: Ints) -> Iterator[Pixels]:
        """Colors, alpha and emission of patches (T, side * side, N)."""
        colors = np.clip(weights @ _at(surface.colors, corners), 0, 1) * factor
        place = weights @ _at(uv, corners)
        yield to_bytes(colors if picture is None else colors * decoded(_sampled(picture, place)))
        if alpha is not None:
            yield np.round(_sampled(alpha, place) * 255).astype(np.uint8)
        if glow is not None and max(material.emission) > 0:
            yield to_bytes(decoded(_sampled(glow, place)) * np.asarray(_tint(material)))

    step = max(1, _CHUNK // side**2)
    sheets: list[Pixels] = []
    for begin in range(0, len(triangles), step):
        for number, patches in enumerate(draw(triangles[begin : begin + step])):
            if begin == 0:
                sheets.append(np.zeros((rows * columns, side * side, patches.shape[-1]), np.uint8))
            sheets[number][begin : begin + len(patches)] = patches
    images = [
        sheet.reshape(rows, columns, side, side, -1).swapaxes(1, 2).reshape(rows * side, columns * side, -1)
        for sheet in sheets
    ]
    drawn = images.pop(0) if alpha is None else np.concatenate([images.pop(0), images.pop(0)], axis=-1)
    return replace(
        material,
        color=WHITE,
        picture=Image.fromarray(drawn),
        emission=(_strength(material),) * 3 if images else material.emission,
        emission_picture=Image.fromarray(images[0]) if images else None,
    )


def _at(values: Floats | None, corners: Ints) -> Floats:
    """Values (T, 3, N) of corners (T, 3); zeros (T, 3, 2) where there are none."""
    return np.zeros((*corners.shape, 2)) if values is None else values[corners]


def _sampled(pixels: Pixels, uv: Floats) -> Floats:
    """A repeated picture's values, 0 to 1, at (..., 2), interpolated as renderers do."""
    height, width = pixels.shape[:2]
    x, y = uv[..., 0] * width - 0.5, (1 - uv[..., 1]) * height - 0.5
    left, top = np.floor(x), np.floor(y)
    right, down = (x - left)[..., None], (y - top)[..., None]
    columns, rows = (np.stack([low, low + 1]) % size for low, size in ((left, width), (top, height)))
    columns, rows = columns.astype(np.int64), rows.astype(np.int64)
    upper = pixels[rows[0], columns[0]] * (1 - right) + pixels[rows[0], columns[1]] * right
    lower = pixels[rows[1], columns[0]] * (1 - right) + pixels[rows[1], columns[1]] * right
    values: Floats = (upper * (1 - down) + lower * down) / 255
    return values
