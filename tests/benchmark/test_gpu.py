"""What only a GPU shows: the CPU's losses, the same run after an interruption, and no wait in a step."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from threedie.baselines.catalogue import CATALOGUE
from threedie.baselines.method import Batch
from threedie.benchmark.data.images import Images
from threedie.benchmark.data.inputs import prepare, training_inputs
from threedie.benchmark.settings.recipe import load_recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import build
from threedie.benchmark.training.checkpoints import weights_sha256
from threedie.benchmark.training.loop import Trainer, train
from threedie.benchmark.training.readings import Readings
from threedie.benchmark.training.signals import Interrupted
from threedie.benchmark.training.stepper import Stepper
from threedie.manifests.dataset import Dataset

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU, or torch can't use it"),
]
TINY = ["image_size=32", "width=8", "projector=32-32", "epochs=3", "passes=2", "batch_size=8", "warmup_epochs=1"]
TRAINED = [name for name in CATALOGUE if name != "random"]


@pytest.fixture(autouse=True)
def _exact_products() -> Iterator[None]:
    """Without TF32, whose products have 10 bits."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cudnn.allow_tf32 = before


def settings_for(dataset: Dataset, method: str, *overrides: str) -> RunSettings:
    return RunSettings(method, load_recipe("smoke", [*TINY, *overrides]), 0, dataset.fingerprint(), None)


def first_losses(dataset: Dataset, method: str, device: str, *overrides: str, steps: int = 2) -> list[dict[str, float]]:
    """Losses and terms of the first steps, from the same weights, batches and random numbers."""
    settings = settings_for(dataset, method, *overrides)
    torch.manual_seed(0)
    stepper = Stepper(build(settings), settings.recipe, device)
    images = Images(dataset, settings.recipe.image_size)
    views, augmentation = training_inputs(images, stepper.method, settings.recipe, stepper.device)
    normalization = images.normalization("dataset")
    readings = Readings(stepper.device)
    for drawn in views.batches(settings.recipe, 0, 0)[:steps]:
        loaded = views.load(drawn, stepper.method.action, absolute=stepper.method.needs_absolute)
        readings.add(stepper.step(prepare(loaded, augmentation, normalization, stepper.device), 1e-3))
    return readings.read()


@pytest.mark.parametrize("method", TRAINED)
def test_losses_are_the_cpus(dataset: Dataset, method: str):
    on_cpu, on_gpu = (first_losses(dataset, method, device)[0] for device in ("cpu", "cuda"))
    assert on_gpu == pytest.approx(on_cpu, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("method", TRAINED)
def test_half_precision_stays_finite(dataset: Dataset, method: str):
    for values in first_losses(dataset, method, "cuda", "precision=bf16-mixed", steps=4):
        assert all(torch.isfinite(torch.tensor(list(values.values()))))


@pytest.mark.parametrize("method", ["sie", "simclr", "byol", "seq_jepa"])
def test_a_step_and_its_batch_wait_for_nothing(dataset: Dataset, method: str):
    settings = settings_for(dataset, method)
    stepper = Stepper(build(settings), settings.recipe, "cuda")
    images = Images(dataset, settings.recipe.image_size)
    views, augmentation = training_inputs(images, stepper.method, settings.recipe, stepper.device)
    assert views.resident is not None
    normalization = images.normalization("dataset")
    plan = views.batches(settings.recipe, 0, 0)

    def step(place: int) -> None:
        loaded = views.load(plan[place], stepper.method.action)
        stepper.step(prepare(loaded, augmentation, normalization, stepper.device), 1e-3)

    step(0)
    torch.cuda.set_sync_debug_mode("error")
    try:
        step(1)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_an_interrupted_run_ends_the_same(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings, images = settings_for(dataset, "sie"), Images(dataset, 32)
    whole = train(settings, images, tmp_path / "whole", "cuda")
    save = Trainer._save

    def save_and_stop(self: Trainer, finished: bool = False) -> dict[str, Any]:
        content = save(self, finished)
        if not finished:
            raise Interrupted(15, self.state.epoch)
        return content

    monkeypatch.setattr(Trainer, "_save", save_and_stop)
    parts = None
    for _ in range(20):
        try:
            parts = train(settings, images, tmp_path / "parts", "cuda", save_every_s=0)
            break
        except Interrupted:
            continue
    assert parts is not None
    assert weights_sha256(parts["model"]) == weights_sha256(whole["model"])
    assert parts["progress"]["curves"] == whole["progress"]["curves"]


def test_pixels_from_memory_make_the_same_run(dataset: Dataset, tmp_path: Path):
    settings = settings_for(dataset, "vicreg")
    resident = train(settings, Images(dataset, 32), tmp_path / "resident", "cuda")
    streamed = train(settings, Images(dataset, 32, memory=0), tmp_path / "streamed", "cuda")
    assert weights_sha256(resident["model"]) == weights_sha256(streamed["model"])


def test_memory_of_a_step_is_bounded(dataset: Dataset):
    """A batch of 256 pairs at 64 px: the activations of both views and little else."""
    settings = settings_for(dataset, "sie", "image_size=64", "width=16", "precision=bf16-mixed")
    stepper = Stepper(build(settings), settings.recipe, "cuda")
    method = stepper.method
    views = torch.randn(2, 256, 3, 64, 64, device="cuda")
    batch = Batch(views[0], views[1], torch.randn(256, 4, device="cuda"), torch.zeros(256, dtype=torch.int64).cuda())
    stepper.step(batch, 1e-3)
    torch.cuda.reset_peak_memory_stats()
    stepper.step(batch, 1e-3)
    weights = sum(each.numel() * each.element_size() for each in method.parameters())
    assert torch.cuda.max_memory_allocated() < 1.0 * 2**30 + 5 * weights
