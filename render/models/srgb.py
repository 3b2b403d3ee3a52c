"""Conversion between sRGB and linear colors."""

from typing import Any

import numpy as np
import numpy.typing as npt

from threedie.render.models.polygons import Floats

Pixels = npt.NDArray[np.uint8]

MOST_FRACTION = 1.001
"""Largest color that counts as a fraction of 1, with its rounding; larger ones go up to 255 or more."""


def decoded(color: Any) -> Floats:
    """Linear values of sRGB ones, both 0 to 1, of any shape."""
    value = np.asarray(color, np.float64)
    return np.where(value <= 0.04045, value / 12.92, ((np.maximum(value, 0.0) + 0.055) / 1.055) ** 2.4)


def encoded(color: Any) -> Floats:
    """sRGB values of linear ones, both 0 to 1, of any shape."""
    value = np.asarray(color, np.float64)
    return np.where(value <= 0.0031308, value * 12.92, 1.055 * np.maximum(value, 0.0) ** (1 / 2.4) - 0.055)


OF_BYTE: Floats = decoded(np.arange(256) / 255)
"""Linear value of each 8-bit one."""

_STEPS = 2**16
"""Steps of a table of linear values; the darkest 8-bit values are 20 steps apart."""

_BYTE_OF: Pixels = np.round(encoded(np.arange(_STEPS + 1) / _STEPS) * 255).astype(np.uint8)


def to_bytes(color: Any) -> Pixels:
    """8-bit sRGB values of linear ones, which are clipped to 0 to 1; the inverse of `OF_BYTE`."""
    value = np.clip(np.asarray(color, np.float64), 0, 1)
    return _BYTE_OF[(value * _STEPS + 0.5).astype(np.int32)]
