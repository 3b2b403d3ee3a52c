"""The order of the color channels in the files of a dataset, judged from the images."""

import colorsys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FEWEST_IMAGES = 16
CLEAR_MARGIN = 0.2


def guess_channel_order(images: Sequence[npt.NDArray[np.uint8]], floor_hues: Sequence[float]) -> str | None:
    """`rgb` or `bgr`: the order under which the background's hue follows the floor hue, or None where it isn't clear.

    The floor fills the border of nearly every view. Exchanging red and blue mirrors a hue, so over some views with
    different floors only one of the two orders fits; the colored light makes a single view unreliable.

    Args:
        images: pixels (H, W, 3), channels in file order.
        floor_hues: floor hue of each, 0 to 1; images whose hue isn't a finite number are left out.
    """
    pairs = [(image, hue) for image, hue in zip(images, floor_hues, strict=True) if np.isfinite(hue)]
    if len(pairs) < FEWEST_IMAGES:
        return None
    agreement = {"rgb": 0.0, "bgr": 0.0}
    for image, floor in pairs:
        first, second, third = _border_color(image)
        for order, color in (("rgb", (first, second, third)), ("bgr", (third, second, first))):
            hue = colorsys.rgb_to_hsv(*color)[0]
            agreement[order] += float(np.cos(2 * np.pi * (hue - floor))) / len(pairs)
    if abs(agreement["rgb"] - agreement["bgr"]) < CLEAR_MARGIN:
        return None
    return max(agreement, key=lambda order: agreement[order])


def _border_color(image: npt.NDArray[np.uint8]) -> tuple[float, float, float]:
    band = max(1, image.shape[0] // 16)
    inner = np.zeros(image.shape[:2], dtype=bool)
    inner[band:-band, band:-band] = True
    first, second, third = np.median(image[~inner], axis=0) / 255
    return float(first), float(second), float(third)
