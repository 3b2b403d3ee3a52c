"""Pairs read, decoded and given their action, against a file for every image and for every latent vector."""

import functools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from speed.comparison import Comparison, seconds_in_turns
from speed.plain_pairs import read_sample
from threedie.benchmark.data.images import Images
from threedie.benchmark.data.inputs import TrainingViews
from threedie.benchmark.data.normalization import FIXED_NORMALIZATIONS, Normalization
from threedie.benchmark.data.pairs import Sequences, epoch_batches
from threedie.manifests.classes import SYNSETS
from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_info import DatasetInfo, DatasetObject
from threedie.manifests.dataset_writer import write_dataset
from threedie.manifests.latents import UNITS, LatentField
from threedie.manifests.objects import ObjectRef

SUBJECT = "pairs of views read, decoded and given their action, 256 px, one core, against single files and PIL"
PICTURES = Path(__file__).parents[2] / "data" / "fidelity" / "original"
OBJECTS, VIEWS, BATCH, ROUNDS = 256, 6, 128, 3
PIXELS = 256


def compare() -> Iterator[Comparison]:
    """Milliseconds of a core for a pair.

    The plain loader normalizes each picture by itself, as the original's does in its workers; ours leaves that to the
    device, for a whole batch at once.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with tempfile.TemporaryDirectory(prefix="3die-bench-") as folder:
            dataset, folders = _write(Path(folder))
            source = TrainingViews(Images(dataset, PIXELS, workers=1, memory=0))
            plan = epoch_batches(dataset.indices("train"), VIEWS, BATCH, 1, 0, 0)
            normalize = Normalization(*FIXED_NORMALIZATIONS["original"])

            def ours(as_inputs: bool) -> None:
                for pairs in plan:
                    loaded = source.load(pairs, "rotation")
                    if as_inputs:
                        for pixels in loaded.pixels:
                            normalize(pixels, torch.device("cpu"))

            def plain(as_inputs: bool) -> None:
                for pairs in plan:
                    _collate([read_sample(*which, as_inputs) for which in _samples(pairs, folders)], as_inputs)

            for what, one, two, wanted in (
                ("what each loader hands over: pixels, against normalized float32", False, True, 8.0),
                ("both as pixels", False, False, 0.0),
                ("both as normalized float32", True, True, 0.0),
            ):
                sides = functools.partial(ours, one), functools.partial(plain, two)
                times = seconds_in_turns(*sides, ROUNDS, clock=time.process_time)
                milliseconds = [tuple(1000 * seconds / OBJECTS for seconds in side) for side in times]
                yield Comparison(what, "ms a pair", milliseconds[0], milliseconds[1], wanted)
    finally:
        torch.set_num_threads(before)


def _collate(samples: list[tuple], as_inputs: bool) -> list:
    return [torch.stack(list(each)) if as_inputs else np.stack(each) for each in list(zip(*samples, strict=True))[:3]]


def _samples(pairs: Sequences, folders: list[Path]) -> Iterator[tuple[Path, int, int, int]]:
    for index, view1, view2 in zip(pairs.objects, *pairs.views.T, strict=True):
        yield folders[index], 0, int(view1), int(view2)


def _write(folder: Path) -> tuple[Dataset, list[Path]]:
    """The original's own pictures, over and over, as a dataset file and as a tree of files."""
    pictures = [path.read_bytes() for path in sorted(PICTURES.glob("*/*/image_*.jpg"))]
    fields = tuple(LatentField(name, ((-1.0, 7.0),)) for name in list(UNITS)[:7])
    latents = np.random.Generator(np.random.PCG64(0)).uniform(0, 0.7, (OBJECTS, VIEWS, len(fields)))
    items, folders = [], []
    for index in range(OBJECTS):
        jpegs = [pictures[(index * VIEWS + view) % len(pictures)] for view in range(VIEWS)]
        items.append(DatasetObject(ObjectRef(SYNSETS[0], f"{index:05d}"), "train", latents[index], jpegs))
        folders.append(folder / SYNSETS[0] / f"{index:05d}")
        folders[-1].mkdir(parents=True)
        for view, jpeg in enumerate(jpegs):
            (folders[-1] / f"image_{view}.jpg").write_bytes(jpeg)
            np.save(folders[-1] / f"latent_{view}.npy", latents[index, view])
    info = DatasetInfo(
        preset={"name": "bench"}, fields=fields, seed=0, sampler="counter", views=VIEWS, image_size=PIXELS,
        channel_order="bgr", quality={"name": "bench"}, models={"source": "bench"},
    )  # fmt: skip
    path = folder / "dataset.h5"
    total = sum(len(jpeg) for item in items for jpeg in item.jpegs)
    write_dataset(path, info, [{"renderer": "bench"}], OBJECTS, total, items)
    return Dataset(path), folders
