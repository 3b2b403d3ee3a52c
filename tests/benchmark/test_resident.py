"""Pixels kept on the device: the same batches, and the same run, as from memory."""

from pathlib import Path
from typing import Any

import pytest
import torch

from threedie.benchmark.data import resident
from threedie.benchmark.data.images import Images
from threedie.benchmark.data.inputs import TrainingViews
from threedie.benchmark.data.pairs import draw_sequences
from threedie.benchmark.data.resident import ResidentPixels
from threedie.benchmark.settings.recipe import load_recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.checkpoints import weights_sha256
from threedie.benchmark.training.loop import train
from threedie.manifests.dataset import Dataset

CPU = torch.device("cpu")
TINY = ["image_size=32", "width=8", "projector=32-32", "epochs=2", "passes=2", "batch_size=8", "warmup_epochs=1"]


def settings_for(dataset: Dataset, method: str, *overrides: str) -> RunSettings:
    return RunSettings(method, load_recipe("smoke", [*TINY, *overrides]), 0, dataset.fingerprint(), None)


@pytest.mark.parametrize("at_once", [1, 10**4, 2**28])
def test_copied_pixels_are_those_in_memory(dataset: Dataset, at_once: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(resident, "_COPIED_AT_ONCE", at_once)
    images = Images(dataset, 32)
    assert images.pixels is not None
    copied = ResidentPixels.copied(images, CPU)
    assert torch.equal(copied.pixels, torch.from_numpy(images.pixels))
    drawn = draw_sequences(dataset.indices("train"), dataset.info.views, 3, 0, 0)
    source = TrainingViews(images, 3)
    loaded = source.load(drawn, "rotation")
    again = TrainingViews(images, 3, resident=copied).load(drawn, "rotation")
    for one, two in zip(loaded.pixels, again.pixels, strict=True):
        assert torch.equal(one, two)


def test_on_a_cpu_and_without_pixels_in_memory_nothing_is_copied(dataset: Dataset):
    assert ResidentPixels.fitting(Images(dataset, 32), CPU) is None
    assert ResidentPixels.fitting(Images(dataset, 32, memory=0), torch.device("cuda")) is None


@pytest.mark.parametrize(("free", "fits"), [(1, False), (2, False), (3, True)])
def test_pixels_take_a_share_of_a_gpus_free_memory(
    dataset: Dataset, free: int, fits: bool, monkeypatch: pytest.MonkeyPatch
):
    images = Images(dataset, 32)
    assert images.pixels is not None
    bytes_free = free * images.pixels.nbytes
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (bytes_free, 10 * bytes_free))
    monkeypatch.setattr(ResidentPixels, "copied", classmethod(lambda cls, images, device: "copied"))
    found: Any = ResidentPixels.fitting(images, torch.device("cuda"))
    assert found == ("copied" if fits else None)


@pytest.mark.parametrize("method", ["vicreg", "seq_jepa", "essl"])
def test_a_run_is_the_same(dataset: Dataset, method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    images = Images(dataset, 32)
    settings = settings_for(dataset, method, *(["augmentation=essl"] if method == "essl" else []))
    from_memory = train(settings, images, tmp_path / "memory", "cpu")
    monkeypatch.setattr(ResidentPixels, "fitting", ResidentPixels.copied)
    from_device = train(settings, images, tmp_path / "device", "cpu")
    assert weights_sha256(from_memory["model"]) == weights_sha256(from_device["model"])
    assert from_memory["progress"]["curves"] == from_device["progress"]["curves"]
