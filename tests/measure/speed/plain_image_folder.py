"""Views of an image as E-SSL's ImageNet code makes them: Pillow, one image and one change at a time."""

import io
import math
import random
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from threedie.benchmark.data.normalization import FIXED_NORMALIZATIONS

MEAN, STD = (np.array(each, np.float32) for each in FIXED_NORMALIZATIONS["imagenet"])
BRIGHTNESS, CONTRAST, SATURATION, HUE = 0.4, 0.4, 0.2, 0.1


def read_views(path: Path, side: int, small: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two views and the small crop of an image file, each normalized float32 (3, side, side)."""
    image = Image.open(io.BytesIO(path.read_bytes())).convert("RGB")
    return (
        _change(_crop(image, side, (0.08, 1.0), Image.Resampling.BICUBIC), 1.0, 0.0),
        _change(_crop(image, side, (0.08, 1.0), Image.Resampling.BICUBIC), 0.1, 0.2),
        _change(_crop(image, small, (0.05, 0.14), Image.Resampling.BILINEAR), 0.1, 0.0),
    )


def _crop(image: Image.Image, side: int, area: tuple[float, float], resample: Image.Resampling) -> Image.Image:
    width, height = image.size
    for _ in range(10):
        wanted = random.uniform(*area) * width * height
        aspect = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(wanted * aspect)), round(math.sqrt(wanted / aspect))
        if w <= width and h <= height:
            left, top = random.randint(0, width - w), random.randint(0, height - h)
            return image.crop((left, top, left + w, top + h)).resize((side, side), resample)
    return image.resize((side, side), resample)


def _change(image: Image.Image, blur: float, solarize: float) -> np.ndarray:
    if random.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if random.random() < 0.8:
        changes = [_brighten, _contrast, _saturate, _shift_hue]
        random.shuffle(changes)
        for change in changes:
            image = change(image)
    if random.random() < 0.2:
        image = image.convert("L").convert("RGB")
    if random.random() < blur:
        image = image.filter(ImageFilter.GaussianBlur(random.uniform(0.1, 2.0)))
    if random.random() < solarize:
        image = ImageOps.solarize(image)
    pixels = np.asarray(image, np.float32) / 255
    return np.ascontiguousarray(((pixels - MEAN) / STD).transpose(2, 0, 1))


def _brighten(image: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(random.uniform(1 - BRIGHTNESS, 1 + BRIGHTNESS))


def _contrast(image: Image.Image) -> Image.Image:
    return ImageEnhance.Contrast(image).enhance(random.uniform(1 - CONTRAST, 1 + CONTRAST))


def _saturate(image: Image.Image) -> Image.Image:
    return ImageEnhance.Color(image).enhance(random.uniform(1 - SATURATION, 1 + SATURATION))


def _shift_hue(image: Image.Image) -> Image.Image:
    hue, saturation, value = image.convert("HSV").split()
    shifted = np.asarray(hue) + np.uint8(int(random.uniform(-HUE, HUE) * 255) % 256)
    return Image.merge("HSV", (Image.fromarray(shifted), saturation, value)).convert("RGB")
