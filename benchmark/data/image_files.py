"""Reading one image file: format and size by its head, pixels at a scale, upright, red first."""

import io
import struct
from dataclasses import dataclass

import numpy as np
import simplejpeg
from PIL import ExifTags, Image

from threedie.benchmark.data.normalization import Pixels
from threedie.manifests.errors import one_line

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"})
"""Ends of names of files that are images: those of torchvision's `ImageFolder`."""
MOST_PIXELS = 1 << 27
"""Larger images are refused: they would fill the memory of several threads."""

_FORMATS = ("JPEG", "PNG", "PPM", "BMP", "TIFF", "WEBP", "GIF")
"""What Pillow may take a file for, whatever its name: some others it hands to a program, as EPS to Ghostscript."""

_JPEG, _START_OF_SCAN, _END = b"\xff\xd8\xff", b"\xff\xda", b"\xff\xd9"
_EXIF, _EXIF_WITHIN = b"Exif\0\0", 4096
_DIRECT = frozenset({"YCbCr", "RGB", "Gray"})
"""Color spaces that the fast decoder turns into RGB; others, as CMYK, are left to Pillow."""
_SCALES = (8, 4, 2)
_SIDEWAYS = 5
"""EXIF orientations from this number on exchange width and height."""


class BadImageError(ValueError):
    """A file that isn't an image, or a damaged one; the message says what is wrong with it."""


@dataclass(frozen=True)
class ImageHead:
    """What the first bytes of an image file say.

    Attributes:
        height, width: in pixels, upright.
        orientation: EXIF's number, 1 to 8; 1 for an image that is stored upright.
        scalable: whether the fast decoder takes it, which also decodes at a half, a quarter or an eighth of the size.
    """

    height: int
    width: int
    orientation: int
    scalable: bool


def read_head(content: bytes) -> ImageHead:
    """Size and orientation of an image file.

    Raises:
        BadImageError: it isn't an image, or has too many pixels.
    """
    if not content:
        raise BadImageError("empty")
    height = width = 0
    scalable = False
    if content.startswith(_JPEG):
        try:
            height, width, space, _ = simplejpeg.decode_jpeg_header(content, strict=False)
            scalable = space in _DIRECT
        except (ValueError, KeyError):
            pass  # Pillow may read it all the same.
    if not height:
        with _opened(content) as image:
            width, height = image.size
    if height * width > MOST_PIXELS:
        raise BadImageError(f"{width} x {height} pixels, more than {MOST_PIXELS:,}")
    orientation = _orientation(content)
    if orientation >= _SIDEWAYS:
        height, width = width, height
    return ImageHead(height, width, orientation, scalable)


def decode(content: bytes, head: ImageHead, scale: int = 1) -> Pixels:
    """Pixels of an image file, upright: uint8 (ceil(height / scale), ceil(width / scale), 3).

    Images without color get three equal channels, CMYK becomes RGB, transparency is left out: as Pillow's
    `convert("RGB")` does it.

    Args:
        content: the file.
        head: what `read_head` gave for it.
        scale: 1, or 2, 4 or 8 if the head says `scalable`: the decoder then leaves out what a smaller image doesn't
            show, which is faster.

    Raises:
        BadImageError: the file is damaged.
    """
    pixels = _fast(content, head, scale) if head.scalable else None
    if pixels is None:
        pixels = _slow(content)
        if scale > 1:
            size = -(-pixels.shape[1] // scale), -(-pixels.shape[0] // scale)
            pixels = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
    return _upright(pixels, head.orientation)


def coarsest_scale(sides: list[tuple[int, int]]) -> int:
    """The largest of 1, 2, 4 and 8 at which no crop is decoded smaller than it is wanted.

    Args:
        sides: shorter side of each crop in the whole image, and the side wanted, in pixels.
    """
    return next((scale for scale in _SCALES if all(side >= scale * wanted for side, wanted in sides)), 1)


def check_complete(content: bytes) -> ImageHead:
    """Refuse a file that isn't a whole image, decoding it only where its ends don't show that it is.

    Raises:
        BadImageError: says what is wrong.
    """
    head = read_head(content)
    # Nothing but a marker follows 0xff in compressed data, so a whole file has the end's behind the last scan's.
    if not head.scalable or content.rfind(_END) < content.rfind(_START_OF_SCAN):
        decode(content, head)
    return head


def _fast(content: bytes, head: ImageHead, scale: int) -> Pixels | None:
    """None where the decoder warns: Pillow then decides whether the file is damaged."""
    height, width = (head.width, head.height) if head.orientation >= _SIDEWAYS else (head.height, head.width)
    least = {"min_height": -(-height // scale), "min_width": -(-width // scale)} if scale > 1 else {}
    try:
        pixels: Pixels = simplejpeg.decode_jpeg(content, colorspace="RGB", **least)
    except ValueError:
        return None
    return pixels


def _slow(content: bytes) -> Pixels:
    with _opened(content) as image:
        try:
            if image.mode in ("I;16", "I;16B", "I"):
                # Pillow would clip 16 bits to 8 instead of scaling them.
                deep = np.asarray(image, np.uint32)
                return np.repeat((deep >> 8).clip(0, 255).astype(np.uint8)[..., None], 3, 2)
            # Palettes may have transparency, which `convert` handles best in two steps.
            whole = image.convert("RGBA") if image.mode == "P" else image
            return np.array(whole.convert("RGB"))
        except Exception as error:
            # What Pillow makes of damaged data depends on the format.
            raise BadImageError(f"damaged ({one_line(error)})") from error


def _opened(content: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(content), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise BadImageError(f"more than {MOST_PIXELS:,} pixels") from error
    except Exception as error:
        raise BadImageError("not an image of a known format, or a damaged one") from error


def _orientation(content: bytes) -> int:
    """EXIF's orientation; 1 where it is missing or damaged, as viewers take it, or Pillow turns the image itself."""
    if _EXIF not in content[:_EXIF_WITHIN] and content.startswith(_JPEG):
        return 1
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            if image.format == "TIFF":
                return 1
            # Not a PNG's own `getexif`, which decodes all pixels to look for EXIF behind them.
            number = Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1)
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, struct.error, Image.DecompressionBombError):
        return 1
    return number if isinstance(number, int) and 1 <= number <= 8 else 1


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    if orientation in (2, 3, 4):
        return pixels[:: -1 if orientation > 2 else 1, :: -1 if orientation < 4 else 1]
    if orientation < _SIDEWAYS:
        return pixels
    turned = pixels.swapaxes(0, 1)
    return turned[:: -1 if orientation in (7, 8) else 1, :: -1 if orientation in (6, 7) else 1]
