"""From the renderer's colors to the bytes of a JPEG."""

import numpy as np
import numpy.typing as npt
import simplejpeg

DITHERS = ("original", "none")
ORIGINAL_DITHER = 0.0033
"""Scale of the noise that Blender 4.2 adds to a color in [0, 1] when it converts it to a byte."""

ORIGINAL_DITHER_WAVES = ((12.9898, 78.233, 43758.5453), (19.9898, 119.233, 43798.5453))
ORIGINAL_DITHER_BAND = 64
"""Rows after which that noise repeats, counted from the bottom."""


def quantize(colors: npt.NDArray[np.float32], dither: str) -> npt.NDArray[np.uint8]:
    """Colors in [0, 1] of shape (H, W, 3) as bytes.

    `none` rounds to the nearest. `original` adds the noise of the Blender that made 3DIEBench: triangular, from -0.4 to
    1.3 of a level, always the same at the same place. It makes the picture 0.4 levels brighter on average, and adding
    it is worth 2 dB of agreement with the original's files. Blender 4.5 has another noise, without that offset.
    """
    levels = colors * np.float32(255)
    if dither == "original":
        levels = levels + _original_noise(*colors.shape[:2])[..., None]
    elif dither != "none":
        raise ValueError(f"dither {dither!r}: choose from {', '.join(DITHERS)}")
    return np.clip(np.floor(levels + np.float32(0.5)), 0, 255).astype(np.uint8)


def _original_noise(height: int, width: int) -> npt.NDArray[np.float32]:
    """In levels, (height, width). Single precision matters: the waves are steep enough to make its roundings a hash."""
    x = np.arange(width, dtype=np.float32) / np.float32(width)
    y = (np.arange(height)[::-1] % ORIGINAL_DITHER_BAND).astype(np.float32) / np.float32(ORIGINAL_DITHER_BAND)
    total = np.full((height, width), -0.5, np.float32)
    for across, up, steepness in ORIGINAL_DITHER_WAVES:
        angle = x[None] * np.float32(across) + y[:, None] * np.float32(up)
        # Through double precision, so that every machine's sine rounds alike.
        wave = np.sin(angle.astype(np.float64)).astype(np.float32) * np.float32(steepness)
        total += wave - np.floor(wave)
    return total * np.float32(ORIGINAL_DITHER * 255)


def jpeg(pixels: npt.NDArray[np.uint8], channel_order: str, quality: int) -> bytes:
    """Encode RGB pixels (H, W, 3) as a JPEG with 4:2:0 subsampling; `bgr` stores red and blue exchanged."""
    ordered = pixels[..., ::-1] if channel_order == "bgr" else pixels
    encoded = simplejpeg.encode_jpeg(
        np.ascontiguousarray(ordered), quality=quality, colorspace="RGB", colorsubsampling="420", fastdct=False
    )
    return bytes(encoded)
