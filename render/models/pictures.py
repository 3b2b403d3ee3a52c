"""Textures of imported objects: decoded once to check that they are whole, and kept unchanged if possible.

Transparency gets files of its own, because rendering follows a rule of the original: where a material has several
image textures and one drives alpha, the alpha is that picture's color, decoded from sRGB and inverted. A mask is
therefore written inverted and encoded for such a material, and as an alpha channel where it is the material's only
picture.
"""

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageFile

from threedie.manifests.errors import one_line
from threedie.manifests.signatures import HEAD_BYTES, is_lfs_pointer, is_web_page
from threedie.render.models.polygons import Floats
from threedie.render.models.srgb import encoded

_KEPT = {"JPEG": ".jpg", "PNG": ".png"}
_MODES = {"1", "L", "LA", "P", "RGB", "RGBA"}

_FORMATS = (
    "PNG", "JPEG", "TIFF", "BMP", "DIB", "TGA", "GIF", "WEBP", "DDS", "JPEG2000", "PSD", "PCX", "PPM", "SGI", "ICO",
    "QOI", "AVIF",
)  # fmt: skip
"""Formats that Pillow may open. Others aren't textures, or start programs: EPS starts Ghostscript."""

_SIGNATURES = (
    (b"\xabKTX 20", "is a KTX2 picture, which can't be read: save it as PNG"),
    (b"\xabKTX 11", "is a KTX picture, which can't be read: save it as PNG"),
    (b"sB\x14", "is a Basis picture, which can't be read: save it as PNG"),
    (b"v/1\x01", "is an OpenEXR picture, which can't be read here: save it as PNG"),
    (b"#?R", "is a Radiance HDR picture, which can't be read here: save it as PNG"),
    (b"DDS ", "is a DDS picture of a kind that can't be read: save it as PNG"),
    (b"\xff\x0a", "is a JPEG XL picture, which can't be read: save it as PNG"),
    (b"\x00\x00\x00\x0cJXL ", "is a JPEG XL picture, which can't be read: save it as PNG"),
)
_HEIF = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif", b"ftypavis")

BLENDERS = {b"v/1\x01": ("OpenEXR", ".exr"), b"#?R": ("Radiance HDR", ".hdr")}
"""Signatures of formats that Blender reads and Pillow doesn't: name and suffix."""

_WHITE_8, _WHITE_16 = 255, 65535
_AS_IT_IS: Floats = np.arange(_WHITE_8 + 1) / _WHITE_8
_MAX_HIGHLIGHT = 2.0
"""Largest value of floats from 0 to 1 with highlights; larger ones are from 0 to 255."""

_FEWER_BITS = "has 16 bits a channel: 8 were kept"


class PictureError(ValueError):
    """A picture can't be read; the message follows its name, as in `is empty`."""


@dataclass(frozen=True)
class Picture:
    """A picture that was decoded.

    Attributes:
        pixels: 8 bits a channel, mode L, LA, RGB or RGBA, as they are stored: neither turned as EXIF says nor converted
            as a color profile says, since Blender does neither. Nothing else of the file is in it.
        notes: what was lost or guessed; each follows the picture's name, the remedy behind a colon, as in
            `is truncated: what is left of it was kept`.
        as_it_is: suffix of a file in which the content may be kept unchanged: it is whole, and of a usual kind.
    """

    pixels: Image.Image
    notes: tuple[str, ...] = ()
    as_it_is: str | None = None


class Pictures:
    """The textures of one object, each once, under names such as `images/texture0.jpg`.

    Attributes:
        files: content of each file, by its path in the object's folder.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self._made: dict[tuple[str, bytes], tuple[str | None, tuple[str, ...]]] = {}

    def add_file(self, content: bytes) -> tuple[str | None, tuple[str, ...]]:
        """Take a picture file.

        Returns:
            How a material names it, or None where it can't be read; and what was lost, see `Picture.notes`.
        """
        return self._add("as it is", content, _kept)

    def add_mask(self, content: bytes, *, alone: bool) -> tuple[str | None, tuple[str, ...]]:
        """Take a picture that drives transparency: its alpha channel, or its brightness where it has none.

        Args:
            content: the picture file.
            alone: whether it is its material's only picture.

        Returns:
            As `add_file`.
        """

        def make(content: bytes) -> tuple[bytes, str, tuple[str, ...]]:
            picture = read_picture(content)
            return _png(mask_picture(opacity_of(picture.pixels), alone=alone)), ".png", picture.notes

        return self._add("alone" if alone else "inverted", content, make)

    def add_pixels(self, pixels: Image.Image) -> str:
        """Take a decoded picture."""
        name, _ = self._add("pixels", _png(pixels), lambda content: (content, ".png", ()))
        return name or ""

    def _add(
        self, how: str, content: bytes, make: Callable[[bytes], tuple[bytes, str, tuple[str, ...]]]
    ) -> tuple[str | None, tuple[str, ...]]:
        if (how, content) not in self._made:
            try:
                made, suffix, notes = make(content)
            except PictureError as error:
                self._made[how, content] = (None, (str(error),))
            else:
                name = f"texture{len(self.files)}{suffix}"
                self.files[f"images/{name}"] = made
                self._made[how, content] = (f"../images/{name}", notes)
        return self._made[how, content]


def decode_picture(content: bytes) -> Image.Image:
    """The pixels of `read_picture`.

    Raises:
        PictureError: it can't be read.
    """
    return read_picture(content).pixels


def read_picture(content: bytes) -> Picture:
    """Decode a picture file, as far as it goes where it is truncated.

    Raises:
        PictureError: it can't be read, or is too large.
    """
    opened = _opened(content)
    notes: list[str] = []
    with warnings.catch_warnings():
        # Decoders warn of what they ignore.
        warnings.simplefilter("ignore")
        try:
            opened.load()
        # Decoders of Pillow raise exceptions of any type.
        except Exception as error:
            opened = _truncated(content, error)
            notes.append("is truncated or damaged: what is left of it was kept")
        frames = _frames(opened)
        whole = not notes and opened.format in _KEPT and opened.mode in _MODES
        if frames > 1 and opened.format != "MPO":
            notes.append(f"has {frames} frames: the first was taken")
        try:
            pixels, guesses = _eight_bits(opened)
        except Exception as error:
            raise PictureError(f"has pixels of a kind that can't be read ({opened.mode}): save it as PNG") from error
    return Picture(pixels, (*notes, *guesses), _KEPT[opened.format] if whole and opened.format else None)


def _frames(picture: Image.Image) -> int:
    try:
        return int(getattr(picture, "n_frames", 1))
    # Counting the frames reads further, and may fail.
    except Exception:
        return 1


def peek_picture(content: bytes) -> str:
    """Pillow's name of the format, by the file's first bytes.

    Raises:
        PictureError: it isn't one that can be read, or is too large.
    """
    return str(_opened(content).format)


def _opened(content: bytes) -> Image.Image:
    if not content:
        raise PictureError("is empty")
    try:
        with warnings.catch_warnings():
            # Between its two limits Pillow only warns of a picture that is very large.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            Image.init()
            return Image.open(io.BytesIO(content), formats=[name for name in _FORMATS if name in Image.OPEN])
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise PictureError(
            f"has more than the {Image.MAX_IMAGE_PIXELS or 0:,} pixels allowed: make it smaller"
        ) from error
    except Exception as error:
        raise PictureError(_why(content)) from error


def _why(content: bytes) -> str:
    """Why a file isn't a picture, as far as its first bytes show."""
    for signature, reason in _SIGNATURES:
        if content.startswith(signature):
            return reason
    if is_lfs_pointer(content):
        return "is a Git LFS pointer, not the picture: run 'git lfs pull'"
    if is_web_page(content[:HEAD_BYTES]) or content[:HEAD_BYTES].lstrip().lower().startswith(b"<svg"):
        return "is a web page or a drawing (HTML, SVG), not a picture of pixels: save it as PNG"
    if content[4:12] in _HEIF:
        return "is a HEIF or AVIF picture, which can't be read: save it as PNG"
    if content.startswith((b"\x89PNG", b"\xff\xd8", b"GIF8", b"RIFF", b"II*\0", b"MM\0*")):
        return "is truncated before its first pixel, or damaged: get it again"
    return "is no picture, or one of a kind that can't be read"


def _truncated(content: bytes, error: Exception) -> Image.Image:
    """The part of a truncated picture that can be decoded."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        picture = _opened(content)
        picture.load()
        extrema = picture.getextrema()
    except Exception as second:
        raise PictureError(f"is damaged and can't be decoded ({one_line(error)}): get it again") from second
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    channels = extrema if isinstance(extrema[0], tuple) else (extrema,)
    if all(low == high for low, high in channels):
        raise PictureError("is truncated before its first pixel, or damaged: get it again") from error
    return picture


def _eight_bits(picture: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """A picture of any mode in L, LA, RGB or RGBA, without anything but its pixels; and what was guessed."""
    mode = picture.mode
    notes: tuple[str, ...] = ()
    if mode.startswith("I;16"):
        # Pillow's own conversion cuts what is over 255.
        levels = _scaled(np.arange(_WHITE_16 + 1), _WHITE_16)
        made, notes = Image.fromarray(levels[np.asarray(picture).astype(np.uint16)]), (_FEWER_BITS,)
    elif mode == "I":
        made, notes = _of_integers(picture)
    elif mode == "F":
        made, notes = _of_floats(picture)
    elif mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        made = ImageCms.applyTransform(picture, ImageCms.buildTransform(lab, srgb, "LAB", "RGB"))  # type: ignore[assignment]
    elif mode in ("PA", "RGBa") or "transparency" in picture.info:
        made = picture.convert("RGBA")
    elif mode == "La":
        made = picture.convert("LA")
    elif mode in ("L", "LA", "RGB", "RGBA"):
        made = picture.copy()
    else:
        made = picture.convert("L" if mode == "1" else "RGB")
    if mode == "CMYK":
        notes = ("has the colors of a print (CMYK): they were converted without a color profile",)
    made.info = {}
    return made, notes


def _of_integers(picture: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """Gray of 32 bits. Pillow gives 16 bits in this form too, and doesn't say whether 32 have a sign."""
    values = np.asarray(picture)
    if picture.format != "TIFF":
        return Image.fromarray(_scaled(values.astype(np.float64), _WHITE_16)), (_FEWER_BITS,)
    tags: Any = getattr(picture, "tag_v2", {})
    signed = tags.get(339, (1,))[0] == 2
    full = 2**31 - 1 if signed else 2**32 - 1
    if not signed:
        values = values.view(np.uint32)
    if values.max() <= _WHITE_16:
        full = _WHITE_8 if values.max() <= _WHITE_8 else _WHITE_16
        note = f"has 32 bits a pixel, but no value over {full}: {full} was taken for white"
        return Image.fromarray(_scaled(values.astype(np.float64), full)), (note,)
    return Image.fromarray(_scaled(values.astype(np.float64), full)), ()


def _of_floats(picture: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """Gray of floats: 0 to 1 from black to white, as Blender shows them, or 0 to 255 or 65535 where one is larger."""
    values = np.nan_to_num(np.asarray(picture).astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    highest = float(values.max())
    if highest <= 1:
        return Image.fromarray(_scaled(values, 1)), ("has floats: 8 bits a channel were kept",)
    full = 1 if highest <= _MAX_HIGHLIGHT else _WHITE_8 if highest <= _WHITE_8 else _WHITE_16
    what = "values over 1 became white" if full == 1 else f"{full} was taken for white"
    return Image.fromarray(_scaled(values, full)), (f"has values up to {highest:.4g}: {what}",)


def _scaled(values: Any, full: float) -> Any:
    return np.round(np.clip(values / full, 0, 1) * _WHITE_8).astype(np.uint8)


def _kept(content: bytes) -> tuple[bytes, str, tuple[str, ...]]:
    for signature, (name, suffix) in BLENDERS.items():
        if content.startswith(signature):
            return content, suffix, (f"is of the format {name}: kept as it is for Blender, unchecked",)
    picture = read_picture(content)
    if picture.as_it_is:
        return content, picture.as_it_is, picture.notes
    return _png(picture.pixels), ".png", picture.notes


def opacity_of(picture: Image.Image) -> Image.Image:
    """The opacity (mode L) that a picture drives: its alpha channel, or its brightness where it has none."""
    has_alpha = "A" in picture.getbands() or "transparency" in picture.info
    return picture.convert("RGBA").getchannel("A") if has_alpha else picture.convert("L")


def mask_picture(opacity: Image.Image, *, alone: bool, curve: Floats = _AS_IT_IS) -> Image.Image:
    """The picture from which rendering takes an opacity.

    Args:
        opacity: mode L.
        alone: whether it is its material's only picture.
        curve: (256,) opacity from 0 to 1 that each value of `opacity` stands for.
    """
    if alone:
        alpha = opacity.point(np.round(curve * _WHITE_8).astype(int).tolist())
        return Image.merge("LA", (Image.new("L", alpha.size, _WHITE_8), alpha))
    # Blender decodes the values as sRGB before rendering inverts them.
    return opacity.point(np.round(encoded(1 - curve) * _WHITE_8).astype(int).tolist())


def _png(picture: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
