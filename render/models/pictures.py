"""Textures on their way into an object's folder: decoded once to see that they are whole, kept as they are if possible.

Transparency gets files of its own, because rendering follows a rule of the original: where a material has several
image textures and one drives alpha, the alpha is that picture's colour, inverted. A mask is therefore written inverted
for such a material, and as an alpha channel where it is the material's only picture.
"""

import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

_KEPT = {"JPEG": ".jpg", "PNG": ".png"}
_MODES = {"1", "L", "LA", "P", "RGB", "RGBA"}


class Pictures:
    """The textures of one object, each once, under names such as `images/texture0.jpg`.

    Attributes:
        files: content of each file, by its path in the object's folder.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self._names: dict[tuple[str, bytes], str] = {}

    def add_file(self, content: bytes) -> str | None:
        """Take a picture file; gives how a material names it, or None where it isn't a whole picture."""
        return self._add("as it is", content, lambda: _kept(content))

    def add_mask(self, content: bytes, *, alone: bool) -> str | None:
        """Take a picture that drives transparency: its alpha channel, or its brightness where it has none.

        Args:
            content: the picture file.
            alone: whether it is its material's only picture.
        """
        return self._add("alone" if alone else "inverted", content, lambda: _mask(content, alone))

    def add_pixels(self, pixels: Image.Image) -> str:
        """Take a decoded picture."""
        content = _png(pixels)
        return self._add("pixels", content, lambda: (content, ".png")) or ""

    def _add(self, how: str, content: bytes, make: Callable[[], tuple[bytes, str]]) -> str | None:
        if (how, content) not in self._names:
            try:
                made, suffix = make()
            # Pillow raises whatever its decoders happen to run into.
            except Exception:
                return None
            name = f"texture{len(self.files)}{suffix}"
            self.files[f"images/{name}"] = made
            self._names[how, content] = f"../images/{name}"
        return self._names[how, content]


def decode_picture(content: bytes) -> Image.Image:
    """A picture file's pixels.

    Raises:
        Exception: whatever Pillow's decoders happen to run into, or it is too large.
    """
    with warnings.catch_warnings():
        # Between its two limits Pillow only warns of a picture that is very large.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        picture = Image.open(io.BytesIO(content))
        picture.load()
    return picture


def _kept(content: bytes) -> tuple[bytes, str]:
    picture = decode_picture(content)
    if picture.format in _KEPT and picture.mode in _MODES:
        return content, _KEPT[picture.format]
    return _png(picture.convert("RGBA" if "A" in picture.getbands() else "RGB")), ".png"


def _mask(content: bytes, alone: bool) -> tuple[bytes, str]:
    return _png(mask_picture(decode_picture(content), alone=alone)), ".png"


def mask_picture(picture: Image.Image, *, alone: bool) -> Image.Image:
    """The picture from which rendering takes a transparency."""
    has_alpha = "A" in picture.getbands() or "transparency" in picture.info
    alpha = picture.convert("RGBA").getchannel("A") if has_alpha else picture.convert("L")
    if alone:
        return Image.merge("LA", (Image.new("L", alpha.size, 255), alpha))
    return Image.fromarray(255 - np.asarray(alpha, dtype=np.uint8))


def _png(picture: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
