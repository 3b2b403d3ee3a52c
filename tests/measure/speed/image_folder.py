"""Views of images as recipe `imagenet` wants them, against Pillow, one image at a time."""

import functools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from speed.comparison import Comparison, seconds_in_turns
from speed.plain_image_folder import read_views
from threedie.benchmark.data.folder_images import FolderImages
from threedie.benchmark.data.image_folder import ImageFolder, list_folder
from threedie.benchmark.data.inputs import prepare, training_inputs
from threedie.benchmark.data.normalization import FIXED_NORMALIZATIONS, Normalization
from threedie.benchmark.settings.recipe import load_recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import build

SUBJECT = "two views of 224 px and a crop of 96 px of JPEGs, one core, against Pillow with an image at a time"
IMAGES, BATCH, ROUNDS = 32, 32, 3
SIZES = {"500 x 375": (375, 500, 96), "2000 x 1500": (1500, 2000, 85)}
"""Height, width and quality; the first as ImageNet's usual ones, of about 110 kB."""
WANTED = 4.0


def compare() -> Iterator[Comparison]:
    """Milliseconds of a core for an image.

    The plain pipeline changes colors in the loader's workers; ours leaves that to the network's device, for a whole
    batch at once. One comparison has the CPU do that too.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for name, (height, width, quality) in SIZES.items():
            with tempfile.TemporaryDirectory(prefix="3die-bench-") as folder:
                size = _write(Path(folder), height, width, quality)
                yield from _compare(Path(folder), f"{name}, {size / 1000:.0f} kB", on_cpu=height < 1000)
    finally:
        torch.set_num_threads(before)


def _compare(folder: Path, name: str, on_cpu: bool) -> Iterator[Comparison]:
    dataset = ImageFolder(folder, list_folder(folder), "")
    recipe = load_recipe("imagenet", [f"batch_size={BATCH}", "width=1", "projector=1"], "essl")
    method = build(RunSettings("essl", recipe, 0, None, None))
    inputs, augmentation = training_inputs(FolderImages(dataset, recipe.image_size, workers=1), method, recipe)
    normalization = Normalization(*FIXED_NORMALIZATIONS["imagenet"])
    (pairs,) = inputs.batches(recipe, 0, 0)

    def ours(whole: bool) -> None:
        loaded = inputs.load(pairs, None)
        if whole:
            prepare(loaded, augmentation, normalization, torch.device("cpu"))

    def plain() -> None:
        views = [read_views(folder / path, 224, 96) for path in dataset.files.paths[: len(pairs)]]
        for each in zip(*views, strict=True):
            np.stack(each)

    choices = [("what the loader's cores do", False, WANTED), ("all of it on the CPU", True, 0.0)]
    for what, whole, wanted in choices[: 2 if on_cpu else 1]:
        times = seconds_in_turns(functools.partial(ours, whole), plain, ROUNDS, clock=time.process_time)
        costs = [tuple(1000 * seconds / len(pairs) for seconds in side) for side in times]
        rates = [1000 / float(np.median(side)) for side in costs]
        title = f"{name}, {what} ({rates[0]:.0f} against {rates[1]:.0f} images a second and core)"
        yield Comparison(title, "ms an image", costs[0], costs[1], wanted)


def _write(folder: Path, height: int, width: int, quality: int) -> float:
    """Pictures with details of every size, as photographs have them; mean bytes of a file."""
    generator = np.random.Generator(np.random.PCG64(0))
    (folder / "val" / "a").mkdir(parents=True)
    (folder / "train" / "a").mkdir(parents=True)
    sizes = []
    for index in range(IMAGES):
        pixels = np.zeros((height, width, 3), np.float32)
        for step in (2, 4, 8, 16, 32, 64, 128):
            coarse = generator.standard_normal((height // step + 1, width // step + 1, 3)).astype(np.float32)
            for channel in range(3):
                layer = Image.fromarray(coarse[..., channel]).resize((width, height), Image.Resampling.BICUBIC)
                pixels[..., channel] += np.asarray(layer) * step**0.3
        pixels = 128 + 50 * (pixels - pixels.mean()) / pixels.std()
        image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
        path = folder / "train" / "a" / f"{index:03d}.JPEG"
        image.save(path, quality=quality)
        sizes.append(path.stat().st_size)
        if not index:
            image.save(folder / "val" / "a" / "0.JPEG", quality=quality)
    return float(np.mean(sizes))
