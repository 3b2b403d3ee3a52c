"""Steps of training that don't wait for the device, and what becomes of a loss that isn't finite."""

import math
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from threedie.baselines.method import Batch
from threedie.benchmark.settings.recipe import load_recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import build
from threedie.benchmark.training.checkpoints import weights_sha256
from threedie.benchmark.training.probes import OnlineProbes
from threedie.benchmark.training.readings import Readings
from threedie.benchmark.training.stepper import Stepper

TINY = ["image_size=32", "width=8", "projector=32-32"]
CPU = torch.device("cpu")


def make_stepper(*overrides: str, method: str = "sie") -> Stepper:
    return Stepper(build(RunSettings(method, load_recipe("smoke", [*TINY, *overrides]), 0, "", "")), recipe(*overrides))


def recipe(*overrides: str) -> Any:
    return load_recipe("smoke", [*TINY, *overrides])


def make_batch(scale: float = 1.0) -> Batch:
    random = torch.Generator().manual_seed(0)
    view1, view2 = (scale * torch.randn(6, 3, 32, 32, generator=random) for _ in range(2))
    return Batch(view1, view2, torch.randn(6, 4, generator=random), torch.arange(6))


class Waits(TorchDispatchMode):
    """Counts operations that hand a number to Python, for which a GPU would have to finish all its work."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in (torch.ops.aten._local_scalar_dense.default, torch.ops.aten.is_nonzero.default):
            self.found.append(str(func))
        return func(*args, **(kwargs or {}))


def test_waits_are_counted():
    with Waits() as waits:
        torch.ones(()).item()
        bool(torch.ones(()) > 0)
    assert len(waits.found) == 2


@pytest.mark.parametrize("method", ["sie", "vicreg", "simclr", "byol", "equicaps", "essl"])
def test_a_step_with_probes_reads_nothing_back(method: str):
    stepper = make_stepper(method=method)
    if (crop := stepper.method.crop_side(32)) is not None:
        batch = Batch(**{**vars(make_batch()), "crop": torch.randn(6, 3, crop, crop)})
    else:
        batch = make_batch()
    probes = OnlineProbes(stepper.method.parts.representation, 0, CPU)

    def step() -> dict[str, torch.Tensor]:
        values = stepper.step(batch, 1e-3)
        assert stepper.representation is not None
        return values | probes.step(stepper.representation, batch.label, torch.ones(6, 4))

    step()
    with Waits() as waits:
        values = step()
    assert waits.found == []
    assert all(value.shape == () for value in values.values())


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "lars"])
def test_a_loss_that_is_not_finite_leaves_weights_and_averages(optimizer: str):
    stepper = make_stepper(f"optimizer={optimizer}")
    stepper.step(make_batch(), 1e-3)
    parameters = {name: value.detach().clone() for name, value in stepper.method.named_parameters()}
    averages = {
        (index, key): value.clone()
        for index, state in enumerate(stepper.optimizer.state.values())
        for key, value in state.items()
        if value is not None
    }
    infinite = make_batch(math.inf)
    # All later ones too: the batch-norms have seen the infinite pictures.
    losses = [float(stepper.step(batch, 1e-3)["loss"]) for batch in (infinite, make_batch(), make_batch())]
    assert not any(math.isfinite(loss) for loss in losses)
    assert weights_sha256(parameters) == weights_sha256(dict(stepper.method.named_parameters()))
    for index, state in enumerate(stepper.optimizer.state.values()):
        for key, value in state.items():
            assert value is None or torch.equal(value, averages[index, key])


def test_readings_are_those_of_the_steps_in_their_order():
    readings = Readings(CPU)
    assert readings.read() == []
    steps = [{"loss": torch.tensor(float(index)), "term": torch.tensor(index / 3)} for index in range(5)]
    for values in steps:
        readings.add(values)
    assert len(readings) == 5
    assert readings.due
    assert readings.read() == [{name: float(value) for name, value in values.items()} for values in steps]
    assert len(readings) == 0
    assert not readings.due


def test_a_gpu_is_read_less_often():
    assert Readings(torch.device("meta")).every > Readings(CPU).every == 1
