"""Statistics of a dataset: counts, and mean and standard deviation of the pixels."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from threedie.manifests.classes import name_of
from threedie.manifests.collection import Collection
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import TRAIN, VAL

LEVELS = 256


def collect(collection: Collection, progress: Callable[[Iterable[Any], int], Iterable[Any]]) -> dict[str, Any]:
    """Count and measure everything, one object in memory per core.

    Returns:
        `objects`, `views`, `images`, `image_size`, `splits` (objects of each), `classes` (objects of each, by name),
        `channel_order`, `mean` and `std` (3 numbers each, 0 to 1, in the order the files have their channels, over all
        pixels, exact up to the last rounding), `jpeg_bytes_mean`.

    Raises:
        ThreeDieError: an image that doesn't decode.
    """
    counts = np.zeros((3, LEVELS), np.int64)
    jpeg_bytes = 0
    total = len(collection.objects)
    if not total:
        raise ThreeDieError("the dataset holds no objects")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for part, size in progress(pool.map(lambda index: _measure(collection, index), range(total)), total):
            counts += part
            jpeg_bytes += size
    images = total * collection.info.views
    moments = [_moments(channel) for channel in counts]
    classes: dict[str, int] = {}
    for ref in sorted(collection.objects):
        classes[name_of(ref.synset)] = classes.get(name_of(ref.synset), 0) + 1
    return {
        "objects": total,
        "views": collection.info.views,
        "images": images,
        "image_size": collection.info.image_size,
        "splits": {split: collection.splits.count(split) for split in (TRAIN, VAL)},
        "classes": classes,
        "channel_order": collection.info.channel_order,
        "mean": [mean for mean, _ in moments],
        "std": [deviation for _, deviation in moments],
        "jpeg_bytes_mean": jpeg_bytes / images,
    }


def _measure(collection: Collection, index: int) -> tuple[npt.NDArray[np.int64], int]:
    from simplejpeg import decode_jpeg  # noqa: PLC0415  (readers of latents alone need no decoder)

    item = collection.object(index)
    counts = np.zeros((3, LEVELS), np.int64)
    for view, jpeg in enumerate(item.jpegs):
        try:
            pixels = decode_jpeg(jpeg, colorspace="RGB")
        except ValueError as error:
            raise ThreeDieError(
                f"{item.ref}: image of view {view} doesn't decode: {error}; see '3die data verify'"
            ) from error
        size = collection.info.image_size
        if pixels.shape[:2] != (size, size):
            raise ThreeDieError(
                f"{item.ref}: image of view {view} is {pixels.shape[1]} x {pixels.shape[0]} pixels, "
                f"not {size} x {size}; see '3die data verify'"
            )
        for channel in range(3):
            counts[channel] += np.bincount(pixels[..., channel].ravel(), minlength=LEVELS)
    return counts, sum(len(jpeg) for jpeg in item.jpegs)


def _moments(counts: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Mean and standard deviation in 0..1 from how often each level occurs, in whole numbers till the end."""
    number = sum(counts.tolist())
    first = sum(level * count for level, count in enumerate(counts.tolist()))
    second = sum(level * level * count for level, count in enumerate(counts.tolist()))
    variance = Fraction(number * second - first * first, number * number)
    return float(Fraction(first, number) / (LEVELS - 1)), float(variance) ** 0.5 / (LEVELS - 1)
