"""A dataset of painted pictures whose colors tell the latents, made in a second."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from painted import write_painted

from threedie.manifests.dataset import Dataset

# Small tensors: two threads would spend their time waiting for each other.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def make_dataset() -> Callable[..., Path]:
    """`make_dataset(path, objects=…, views=…, size=…, classes=…, splits=…, …)` writes one, gives its path."""
    return write_painted


@pytest.fixture(scope="session")
def dataset(make_dataset: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """20 objects of 4 classes, 6 views, 32 px."""
    return Dataset(make_dataset(tmp_path_factory.mktemp("data") / "dataset.h5", objects=20, views=6, size=32))
