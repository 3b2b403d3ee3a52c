"""From the renderer's colours to the bytes of a JPEG."""

import numpy as np
import numpy.typing as npt
import simplejpeg

DITHERS = ("original", "none")
ORIGINAL_DITHER = 0.0033
"""Width of the noise that Blender up to 4.2 adds to a colour in [0, 1] when it makes a byte of it."""


def quantise(colors: npt.NDArray[np.float32], dither: str) -> npt.NDArray[np.uint8]:
    """Colours in [0, 1] of shape (H, W, 3) as bytes.

    `none` rounds to the nearest. `original` adds the noise of the Blender that made 3DIEBench first, uniform in 0 to
    0.84 of a level and always the same at the same place: it makes the picture 0.4 levels brighter on average, which
    is worth 0.6 dB of agreement with the original's files. Blender 4.5 has another noise, without that offset.
    """
    levels = colors * np.float32(255)
    if dither == "original":
        levels = levels + _original_noise(*colors.shape[:2])[..., None]
    elif dither != "none":
        raise ValueError(f"dither {dither!r}: choose from {', '.join(DITHERS)}")
    return np.clip(np.floor(levels + np.float32(0.5)), 0, 255).astype(np.uint8)


def _original_noise(height: int, width: int) -> npt.NDArray[np.float32]:
    row, column = np.mgrid[0:height, 0:width].astype(np.float32)
    wave = np.sin(column / np.float32(width) * np.float32(12.9898) + row / np.float32(height) * np.float32(78.233))
    wave *= np.float32(43758.5453)
    return (wave - np.floor(wave)) * np.float32(ORIGINAL_DITHER * 255)


def jpeg(pixels: npt.NDArray[np.uint8], channel_order: str, quality: int) -> bytes:
    """Encode RGB pixels (H, W, 3) as a JPEG with 4:2:0 subsampling; `bgr` stores red and blue exchanged."""
    ordered = pixels[..., ::-1] if channel_order == "bgr" else pixels
    encoded = simplejpeg.encode_jpeg(
        np.ascontiguousarray(ordered), quality=quality, colorspace="RGB", colorsubsampling="420", fastdct=False
    )
    return bytes(encoded)
