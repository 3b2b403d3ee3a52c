"""Materials and pictures of a glTF file, and the surfaces that pieces of its scene become with them.

An OBJ file has one set of texture coordinates for all pictures of a material, repeats pictures, and has one opacity.
What glTF has beyond that is drawn into the pictures or worked into the coordinates; where that is impossible, a note
says so.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from threedie.manifests.errors import one_line
from threedie.render.models.gltf_file import GltfFile, mapping, number, numbers
from threedie.render.models.gltf_pieces import Piece
from threedie.render.models.pictures import PictureError, read_picture
from threedie.render.models.polygons import Floats
from threedie.render.models.source import ModelError
from threedie.render.models.srgb import OF_BYTE
from threedie.render.models.surface import GRAY, WHITE, Material, Surface, rgb, triangles

DEFAULT_CUTOFF = 0.5
MAX_SIDE = 4096
"""Longest side of a picture into which tiles are drawn."""

_CLAMP, _MIRROR, _REPEAT = 33071, 33648, 10497
_NEAREST = 9728
_SHARP_SIDE = 512
"""Pictures that are shown as squares, not smoothly, get more texels up to this side."""
_ALPHA_LEVELS = 16
_STEPS = 64
"""Parts of a picture by which it is made larger."""
_OUTSIDE = 1e-4
"""How far beyond the picture coordinates may be by rounding."""

_PICTURE_EXTENSIONS = {
    "EXT_texture_webp": "WebP", "EXT_texture_avif": "AVIF", "KHR_texture_basisu": "KTX2", "MSFT_texture_dds": "DDS",
}  # fmt: skip
_KTX2 = b"\xabKTX 20\xbb"
_GLOSSY = {
    "clearcoat": "clearcoat", "transmission": "transmission", "volume": "volume", "ior": "", "specular": "",
    "sheen": "sheen", "iridescence": "iridescence", "anisotropy": "anisotropy", "dispersion": "dispersion",
    "diffuse_transmission": "diffuse transmission",
}  # fmt: skip
"""Extensions of materials that scenes without glossy rays don't show -> what a note calls it; empty: not worth one."""


@dataclass(frozen=True)
class _Texture:
    """A picture as a material uses it.

    Attributes:
        picture: its pixels.
        name: for notes.
        uv_set: number of its texture coordinates.
        transform: of the coordinates, (2, 3).
        wrap: how it continues beyond its edges, along u and v.
    """

    picture: Image.Image
    name: str
    uv_set: int
    transform: Floats
    wrap: tuple[int, int]


@dataclass(frozen=True)
class _Parsed:
    """A material without its coordinates: `material` has no pictures yet."""

    material: Material
    base: _Texture | None
    glow: _Texture | None


def surfaces_of(file: GltfFile, pieces: Iterable[Piece]) -> list[Surface]:
    """Surfaces of pieces of a scene, with their materials."""
    materials = _Materials(file)
    return [surface for piece in pieces for surface in materials.surfaces(piece)]


class _Materials:
    """The materials of a file, each read when it is first used."""

    def __init__(self, file: GltfFile) -> None:
        self._file = file
        self._parsed: dict[int | None, _Parsed] = {}
        self._pictures: dict[int, Image.Image | str] = {}
        self._drawn: dict[tuple[object, ...], Image.Image] = {}

    def surfaces(self, piece: Piece) -> Iterable[Surface]:
        """The surface of a piece; several where opacity changes within it."""
        if piece.material not in self._parsed:
            self._parsed[piece.material] = self._read(piece.material)
        parsed = self._parsed[piece.material]
        name = "default" if piece.material is None else self._name(piece.material)
        material, uv = self._placed(parsed, piece)
        points, sizes, corners = triangles(piece.points, piece.faces)
        colors = None if piece.colors is None else piece.colors[:, :3]
        whole = Surface(name, points, sizes, corners, material, uv, piece.normals, colors)
        if piece.colors is None or not material.uses_alpha or (piece.colors[:, 3] == 1).all():
            return [whole]
        # One opacity for each triangle: in steps, or all or nothing where it is cut.
        alpha = piece.colors[:, 3].reshape(-1, 3).mean(axis=1)
        if material.cutoff is not None and material.picture is None:
            alpha = (material.opacity * alpha >= material.cutoff).astype(np.float64)
        else:
            alpha = np.round(alpha * _ALPHA_LEVELS) / _ALPHA_LEVELS
        return [_part(whole, alpha == level, float(level)) for level in np.unique(alpha)]

    def _name(self, index: int) -> str:
        name = mapping(self._file.items("materials")[index]).get("name")
        return one_line(name) if isinstance(name, str) and name else f"material {index}"

    def _read(self, index: int | None) -> _Parsed:
        if index is None:
            return _Parsed(Material(WHITE), None, None)
        value, name = mapping(self._file.items("materials")[index]), self._name(index)
        extensions = mapping(value.get("extensions"))
        metallic = mapping(value.get("pbrMetallicRoughness"))
        specular = extensions.get("KHR_materials_pbrSpecularGlossiness")
        if specular is not None:
            factor, info = mapping(specular).get("diffuseFactor"), mapping(specular).get("diffuseTexture")
        else:
            factor, info = metallic.get("baseColorFactor"), metallic.get("baseColorTexture")
        self._note_dropped(value, extensions, metallic, name)
        rgba = self._factor(factor, [1.0, 1.0, 1.0, 1.0], f"{name}: base color")
        base, is_missing = self._texture(info, name)
        color = rgba[:3]
        if is_missing and (color == 1).all():
            # White is only the factor of the missing picture.
            color = np.asarray(GRAY)
        mode = value.get("alphaMode", "OPAQUE")
        if mode not in ("OPAQUE", "BLEND", "MASK"):
            self._file.notes.add(f"{name}: alpha mode {one_line(mode)} is unknown; opaque")
        emission, glow = self._emission(value, extensions, name)
        material = Material(
            rgb(color),
            float(rgba[3]),
            rgb(emission),
            uses_alpha=mode in ("BLEND", "MASK"),
            cutoff=number(value.get("alphaCutoff"), DEFAULT_CUTOFF) if mode == "MASK" else None,
        )
        return _Parsed(material, base, glow)

    def _emission(self, value: dict[str, Any], extensions: dict[str, Any], name: str) -> tuple[Floats, _Texture | None]:
        factor = self._factor(value.get("emissiveFactor"), [0.0, 0.0, 0.0], f"{name}: emission")
        strength = mapping(extensions.get("KHR_materials_emissive_strength")).get("emissiveStrength")
        factor = factor * max(0.0, number(strength, 1.0))
        if not factor.any():
            return factor, None
        glow, is_missing = self._texture(value.get("emissiveTexture"), name)
        if is_missing:
            # It would glow all over instead of where the picture says.
            return np.zeros(3), None
        return factor, glow

    def _factor(self, value: object, default: list[float], what: str) -> Floats:
        if value is None:
            return np.array(default)
        factor = numbers(value, len(default))
        if factor is None:
            self._file.notes.add(f"{what} isn't {len(default)} numbers; the default is used")
            return np.array(default)
        if factor.min() < 0 or factor.max() > 1:
            self._file.notes.add(f"{what} cut to 0 to 1")
        return np.clip(factor, 0, 1)

    def _note_dropped(
        self, value: dict[str, Any], extensions: dict[str, Any], metallic: dict[str, Any], name: str
    ) -> None:
        dropped = []
        if number(metallic.get("metallicFactor"), 0.0) > 0 or "metallicRoughnessTexture" in metallic:
            dropped.append("metalness")
        dropped += [what for key, what in (("normalTexture", "normal map"), ("occlusionTexture", "occlusion map"))
                    if key in value]  # fmt: skip
        dropped += [what for key, what in _GLOSSY.items() if what and f"KHR_materials_{key}" in extensions]
        if dropped:
            self._file.notes.add(f"{name}: {', '.join(dropped)} left out, surfaces are matte")
        if "KHR_materials_unlit" in extensions:
            self._file.notes.add(f"{name}: unlit, but is lit like all others")

    def _texture(self, info: object, material: str) -> tuple[_Texture | None, bool]:
        """The texture of an entry of a material, and whether it has one that can't be read."""
        if info is None:
            return None, False
        try:
            return self._whole_texture(mapping(info)), False
        except ModelError as error:
            self._file.notes.add(f"{material}: {error}")
            return None, True

    def _whole_texture(self, info: dict[str, Any]) -> _Texture:
        texture = self._file.item("textures", info.get("index"))
        picture, name = self._picture(texture)
        sampler = self._sampler(texture.get("sampler"))
        wrap = [sampler.get(key, _REPEAT) for key in ("wrapS", "wrapT")]
        wrap = [each if each in (_CLAMP, _MIRROR, _REPEAT) else _REPEAT for each in wrap]
        if sampler.get("magFilter") == _NEAREST:
            times = max(1, _SHARP_SIDE // max(picture.size))
            picture = picture.resize([side * times for side in picture.size], Image.Resampling.NEAREST)
        extension = mapping(mapping(info.get("extensions")).get("KHR_texture_transform"))
        uv_set = extension.get("texCoord", info.get("texCoord", 0))
        if type(uv_set) is not int or uv_set < 0:
            raise ModelError(f"texture {name} names texture coordinates {one_line(uv_set)}")
        return _Texture(picture, name, uv_set, _transform(extension), (wrap[0], wrap[1]))

    def _sampler(self, index: object) -> dict[str, Any]:
        if index is None:
            return {}
        try:
            return self._file.item("samplers", index)
        except ModelError as error:
            self._file.notes.add(f"{error}; the default is used")
            return {}

    def _picture(self, texture: dict[str, Any]) -> tuple[Image.Image, str]:
        """The first of a texture's pictures that can be read, and its name."""
        extensions = mapping(texture.get("extensions"))
        sources = [texture.get("source"), *(mapping(extensions.get(key)).get("source") for key in _PICTURE_EXTENSIONS)]
        sources = [source for source in sources if source is not None]
        if not sources:
            raise ModelError("a texture names no picture")
        reasons = []
        for source in sources:
            image = self._file.item("images", source)
            try:
                return self._decoded(source, image), _image_name(source, image)
            except ModelError as error:
                reasons.append(f"texture {_image_name(source, image)} {error}")
        raise ModelError("; ".join(reasons))

    def _decoded(self, index: Any, image: dict[str, Any]) -> Image.Image:
        if index not in self._pictures:
            try:
                read = read_picture(self._content(image))
                self._pictures[index] = read.pixels.convert("RGBA" if "A" in read.pixels.getbands() else "RGB")
                for note in read.notes:
                    self._file.notes.add(f"texture {_image_name(index, image)} {note}")
            except (ModelError, PictureError) as error:
                self._pictures[index] = str(error)
        picture = self._pictures[index]
        if isinstance(picture, str):
            raise ModelError(picture)
        return picture

    def _content(self, image: dict[str, Any]) -> bytes:
        if image.get("bufferView") is not None:
            content: bytes | None = bytes(self._file.view(image["bufferView"])[0])
        else:
            content = self._file.resource(image.get("uri"))
        if not content:
            raise ModelError("is missing")
        if content.startswith(_KTX2):
            raise ModelError("is a KTX2 picture, which isn't read")
        return content

    def _placed(self, parsed: _Parsed, piece: Piece) -> tuple[Material, Floats | None]:
        """The material with pictures for the coordinates (C, 2) of a piece, v upwards, and these."""
        material = parsed.material
        base, base_uv = self._coordinates(parsed.base, piece)
        glow, glow_uv = self._coordinates(parsed.glow, piece)
        if parsed.base is not None and base is None:
            material = replace(material, color=rgb(np.asarray(material.color) * _mean(parsed.base.picture)))
        both = glow is not None and base_uv is not None and glow_uv is not None
        if glow is not None and both and not np.allclose(base_uv, glow_uv, atol=_OUTSIDE):  # type: ignore[arg-type]
            self._file.notes.add(f"texture {glow.name} of the emission has coordinates of its own; its mean is used")
            glow = None
        if parsed.glow is not None and glow is None:
            material = replace(material, emission=rgb(np.asarray(material.emission) * _mean(parsed.glow.picture)))
        uv = base_uv if base is not None else glow_uv if glow is not None else None
        if uv is None:
            return material, None
        used = [texture for texture in (base, glow) if texture is not None]
        spans = tuple(_span(used, axis, uv[:, axis]) for axis in (0, 1))
        uv = np.stack([(uv[:, axis] - begin) / count for axis, (begin, count) in enumerate(spans)], axis=-1)
        pictures = [self._spread(texture, spans) for texture in used]
        if base is not None:
            material = replace(material, picture=pictures.pop(0))
        if glow is not None:
            material = replace(material, emission_picture=pictures.pop(0))
        return material, np.stack([uv[:, 0], 1 - uv[:, 1]], axis=-1)

    def _coordinates(self, texture: _Texture | None, piece: Piece) -> tuple[_Texture | None, Floats | None]:
        """A texture and its coordinates (C, 2), v downwards; None, with a note, where the piece has none."""
        if texture is None:
            return None, None
        uv = piece.uv.get(texture.uv_set)
        if uv is None:
            self._file.notes.add(
                f"texture {texture.name} needs TEXCOORD_{texture.uv_set}, which its faces lack; its mean is used"
            )
            return None, None
        transformed: Floats = uv @ texture.transform[:, :2].T + texture.transform[:, 2]
        return texture, np.nan_to_num(transformed, nan=0.0, posinf=0.0, neginf=0.0)

    def _spread(self, texture: _Texture, spans: tuple[tuple[float, float], ...]) -> Image.Image:
        """A texture's picture with what lies around it drawn, over a span along u and v."""
        if spans == ((0, 1), (0, 1)):
            return texture.picture
        key = (id(texture.picture), texture.wrap, spans)
        if key not in self._drawn:
            places = []
            for side, wrap, (begin, count) in zip(texture.picture.size, texture.wrap, spans, strict=True):
                length = round(min(side * count, max(MAX_SIDE, side)))
                if length < round(side * count):
                    self._file.notes.add(
                        f"texture {texture.name} became coarser: it is drawn {count:.3g} times as wide"
                    )
                at = begin + (np.arange(length) + 0.5) / length * count
                places.append(np.minimum(_wrapped(at, wrap) * side, side - 1).astype(np.int64))
            self._drawn[key] = Image.fromarray(np.asarray(texture.picture)[places[1][:, None], places[0]])
        return self._drawn[key]


def _span(textures: Sequence[_Texture], axis: int, values: Floats) -> tuple[float, float]:
    """Where a picture must begin and how wide it must be, in tiles, to be right where it is repeated."""
    low, high = float(values.min(initial=0)), float(values.max(initial=1))
    wraps = {texture.wrap[axis] for texture in textures}
    if wraps == {_REPEAT} or (low >= -_OUTSIDE and high <= 1 + _OUTSIDE):
        return 0, 1
    # Texels stay whole.
    step = math.gcd(_STEPS, *(texture.picture.size[axis] for texture in textures))
    begin, end = math.floor(low * step) / step, math.ceil(high * step) / step
    if _CLAMP not in wraps and end - begin > 2:
        return 0, 2  # a tile and its mirror image
    return begin, end - begin


def _wrapped(values: Floats, wrap: int) -> Floats:
    """Coordinates within a picture, 0 to 1, of ones beyond it."""
    if wrap == _CLAMP:
        return np.clip(values, 0, 1)
    if wrap == _MIRROR:
        return 1 - np.abs(1 - values % 2)
    return values % 1


def _transform(extension: dict[str, Any]) -> Floats:
    """The matrix (2, 3) of KHR_texture_transform: scaled, rotated, moved; v downwards."""
    offset, scale = numbers(extension.get("offset"), 2), numbers(extension.get("scale"), 2)
    angle = number(extension.get("rotation"), 0.0)
    cosine, sine = math.cos(angle), math.sin(angle)
    x, y = (1.0, 1.0) if scale is None else scale
    matrix = np.array([[cosine * x, sine * y, 0.0], [-sine * x, cosine * y, 0.0]])
    matrix[:, 2] = 0 if offset is None else offset
    return matrix


def _part(surface: Surface, faces: npt.NDArray[np.bool_], opacity: float) -> Surface:
    """Some triangles (F,) of a surface, with a further opacity."""
    corners = np.repeat(faces, 3)
    return replace(
        surface,
        sizes=surface.sizes[faces],
        corners=surface.corners[corners],
        material=replace(surface.material, opacity=surface.material.opacity * opacity),
        uv=None if surface.uv is None else surface.uv[corners],
        normals=None if surface.normals is None else surface.normals[corners],
        colors=None if surface.colors is None else surface.colors[corners],
    )


def _mean(picture: Image.Image) -> Floats:
    """Mean linear color (3,)."""
    counts = np.array(picture.convert("RGB").histogram(), np.float64).reshape(3, 256)
    mean: Floats = counts @ OF_BYTE / counts.sum(axis=1)
    return mean


def _image_name(index: object, image: dict[str, Any]) -> str:
    for key in ("uri", "name"):
        value = image.get(key)
        if isinstance(value, str) and value and value[:5].lower() != "data:":
            return one_line(value)
    return f"image {index}"
