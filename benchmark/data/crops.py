"""Random crops of images of any size, as functions of numbers, and the crop that is measured."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from threedie.benchmark.data.normalization import Pixels

ASPECTS = (3 / 4, 4 / 3)
"""Smallest and largest width over height."""
_TRIES = 10
SHOWN = 224 / 256
"""Side of the square that is measured over the shorter side of the image: 256 px, of which the middle 224 are seen."""


@dataclass(frozen=True)
class Box:
    """A rectangle of an image, in pixels."""

    top: int
    left: int
    height: int
    width: int


@dataclass(frozen=True)
class RandomCrop:
    """Crops of random area and aspect, brought to a square.

    As Szegedy et al., "Going Deeper with Convolutions", CVPR 2015, section 6, and torchvision's `RandomResizedCrop`:
    the area is uniform, the aspect log-uniform; after ten that don't fit, the largest middle one of a permitted aspect.

    Attributes:
        side: width and height wanted, in pixels.
        area: smallest and largest share of the image's area.
    """

    side: int
    area: tuple[float, float]

    def box(self, number: int, height: int, width: int) -> Box:
        """The crop of an image of some size: a pure function of its arguments."""
        # Raw integers, which no later numpy draws differently.
        drawn = (np.random.Philox(key=number).random_raw(4 * _TRIES) >> np.uint64(11)) * 2.0**-53
        lowest, highest = (math.log(aspect) for aspect in ASPECTS)
        for size, shape, down, right in drawn.reshape(_TRIES, 4).tolist():
            area = height * width * (self.area[0] + size * (self.area[1] - self.area[0]))
            aspect = math.exp(lowest + shape * (highest - lowest))
            w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if 0 < w <= width and 0 < h <= height:
                return Box(int(down * (height - h + 1)), int(right * (width - w + 1)), h, w)
        h = min(height, max(1, round(width / ASPECTS[0])))
        w = min(width, max(1, round(height * ASPECTS[1])))
        return Box((height - h) // 2, (width - w) // 2, h, w)


def middle(height: int, width: int) -> Box:
    """The square that is measured."""
    side = max(1, round(min(height, width) * SHOWN))
    return Box((height - side) // 2, (width - side) // 2, side, side)


def cut(pixels: Pixels, box: Box, scale: int, side: int) -> Pixels:
    """A crop as a square: uint8 (side, side, 3), bicubic over the area that a pixel covers.

    Args:
        pixels: the image, decoded at 1 / scale of its size.
        box: in pixels of the whole image.
        scale: see `pixels`.
        side: wanted.
    """
    top, left = min(box.top // scale, pixels.shape[0] - 1), min(box.left // scale, pixels.shape[1] - 1)
    height, width = (max(1, round(length / scale)) for length in (box.height, box.width))
    part = np.ascontiguousarray(pixels[top : top + height, left : left + width])
    if part.shape[:2] == (side, side):
        return part
    # Four times as fast as Pillow, with the same filter.
    image = torch.from_numpy(part).permute(2, 0, 1)[None]
    resized = F.interpolate(image, size=(side, side), mode="bicubic", antialias=True)
    return resized[0].permute(1, 2, 0).numpy()
