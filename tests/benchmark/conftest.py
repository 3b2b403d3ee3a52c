"""A dataset of painted pictures whose colors tell the latents, made in a second."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from painted import FIELDS, TRANSLATION_FIELDS, draw_latents, paint

from threedie.manifests.classes import SYNSETS
from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_info import DatasetInfo, DatasetObject
from threedie.manifests.dataset_writer import write_dataset
from threedie.manifests.objects import ObjectRef

# Small tensors: two threads would spend their time waiting for each other.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def make_dataset() -> Callable[..., Path]:
    """`make_dataset(path, objects=…, views=…, size=…, classes=…, splits=…, …)` writes one, gives its path."""

    def make(
        path: Path,
        objects: int = 40,
        views: int = 10,
        size: int = 64,
        classes: int = 4,
        splits: list[str] | None = None,
        channel_order: str = "rgb",
        translated: bool = False,
    ) -> Path:
        latents = draw_latents(objects, views)
        if translated:
            latents = np.concatenate([latents, np.random.default_rng(1).uniform(-0.5, 0.5, (objects, views, 3))], -1)
        info = DatasetInfo(
            preset={"name": "painted"},
            fields=(*FIELDS, *TRANSLATION_FIELDS) if translated else FIELDS,
            seed=0,
            sampler="counter",
            views=views,
            image_size=size,
            channel_order=channel_order,
            quality={"name": "painted"},
            models={"source": "painted"},
        )
        items = []
        for index in range(objects):
            label = index % classes
            split = splits[index] if splits else ("val" if index // classes % 5 == 0 else "train")
            jpegs = [paint(latents[index, view, : len(FIELDS)], label, size) for view in range(views)]
            items.append(DatasetObject(ObjectRef(SYNSETS[label], f"{index:04d}"), split, latents[index], jpegs))
        total = sum(len(jpeg) for item in items for jpeg in item.jpegs)
        write_dataset(path, info, [{"renderer": "paint"}], objects, total, items)
        return path

    return make


@pytest.fixture(scope="session")
def dataset(make_dataset: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """20 objects of 4 classes, 6 views, 32 px."""
    return Dataset(make_dataset(tmp_path_factory.mktemp("data") / "dataset.h5", objects=20, views=6, size=32))
