"""Replay recorded numbers of E-SSL on photonic crystals: python tests/replay_photonics.py FILE...

FILE is of either form. `*.json` holds what the authors' networks gave: `records` of pre-training and of fine-tuning,
whose state and inputs are rebuilt from the seed, and `schedule`, learning rates by step. `*.npz` holds bands of unit
cells: for each the permittivity (`cell{i}_eps`), MPB's frequencies and velocities (`cell{i}_freq`, `cell{i}_vel`), the
density of states (`cell{i}_dos`) and labels (`cell{i}_label`) made of them, on the wave vectors `k`.

For each record or cell the worst differences are printed; the exit status is 1 if one is above its tolerance.
"""

import json
import math
import sys
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from threedie.baselines.cell_encoder import CellEncoder
from threedie.baselines.method import Batch, Method
from threedie.baselines.random import Random
from threedie.baselines.registry import build_method
from threedie.benchmark.data.cell_augmentation import SYMMETRIES, transformed
from threedie.benchmark.data.cells import POINTS
from threedie.benchmark.data.sources.photonics import method_defaults
from threedie.benchmark.evaluation.cells import DensityNetwork
from threedie.benchmark.settings.recipe import load_recipe
from threedie.benchmark.tasks.density import relative_errors
from threedie.benchmark.training.schedule import learning_rate
from threedie.manifests.photonics import empty_lattice
from threedie.render.photonics.bands import solve_bands, zone_grid
from threedie.render.photonics.density import density_of_states, label_of

LOSS_TOLERANCE = 1e-5
GRADIENT_TOLERANCE = 1e-4
"""Of norms over a module, and of those of single parameters in float64."""
SINGLE_TOLERANCE = 1e-3
"""Of norms of single parameters in float32: the authors' own differ by up to 4e-4 from those in float64."""
RATE_TOLERANCE = 1e-6
FREQUENCY_TOLERANCE = 1e-6
LABEL_TOLERANCE = 1e-6
DENSITY_TOLERANCE = 1e-7
SMALL_GRADIENT = 1e-3
"""Share of the largest gradient below which one is compared absolutely: of biases before a batch-norm, only rounding
noise is left."""

# The authors' names of layers -> ours.
LAYERS = {
    "projector.projector.proj_block.0": "projector.layers.0",
    "projector.projector.proj_block.1": "projector.norm",
    "projector.projector.proj_block.3": "projector.layers.1",
    "projector.projector.proj_block.6": "projector.layers.2",
    "classifier.classifier.clas_block.0": "predictor.layers.0",
    "classifier.classifier.clas_block.1": "predictor.norm",
    "classifier.classifier.clas_block.3": "predictor.layers.1",
    "classifier.classifier.clas_block.6": "predictor.layers.2",
    "enc.fcpart.": "backbone.linear.",
    "enc.enc_block2d.": "backbone.convolutions.",
    "predictor.DOSband.": "head.",
}
MODES = {"simclr": ("simclr", "cells"), "simclr_trans": ("simclr", "cells_transformed"), "simclr_ee": ("essl", "cells")}
"""The authors' mode -> method and augmentation."""
PREFIXES = {"simclr_ee": "base.", "fine-tuned": "method."}
"""What encoder and projector are part of."""


class Report:
    """The differences of a record, by what was compared."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.differences: list[tuple[str, float, float]] = []

    def add(self, name: str, difference: float, tolerance: float) -> None:
        self.differences.append((name, difference if math.isfinite(difference) else math.inf, tolerance))

    def relative(self, name: str, ours: float, theirs: float, tolerance: float, floor: float = 1e-12) -> None:
        self.add(name, abs(ours - theirs) / max(abs(theirs), floor), tolerance)

    @property
    def passed(self) -> bool:
        return bool(self.differences) and all(each <= tolerance for _, each, tolerance in self.differences)

    def __str__(self) -> str:
        worst: dict[float, tuple[str, float]] = {}
        for name, difference, tolerance in self.differences:
            if tolerance not in worst or difference > worst[tolerance][1]:
                worst[tolerance] = name, difference
        texts = [f"{name} {difference:.1e} of {tolerance:.0e}" for tolerance, (name, difference) in worst.items()]
        return f"{'ok  ' if self.passed else 'FAIL'} {self.title:44} {'; '.join(texts)}"


def recorded_entry(name: str, shape: list[int], seed: int) -> torch.Tensor:
    """An entry of the authors' state, under the name that it has there, in float64."""
    if name.endswith("num_batches_tracked"):
        return torch.tensor(0)
    x = np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())])).standard_normal(shape)
    if name.endswith("running_var"):
        x = 1 + 0.1 * np.abs(x)
    elif name.endswith("running_mean"):
        x = 0.1 * x
    elif len(shape) == 1:
        x = 1 + 0.1 * x if name.endswith("weight") else 0.1 * x
    else:
        x = x / math.sqrt(math.prod(shape[1:]))
    return torch.from_numpy(x)


def our_name(theirs: str, record: Mapping[str, Any]) -> str:
    """Our name of an entry or a parameter."""
    short, mode = theirs.removeprefix("encoder."), record.get("mode", "fine-tuned")
    for before, after in LAYERS.items():
        if short.startswith(before):
            inside = after.startswith(("backbone", "projector"))
            return PREFIXES.get(mode, "") * inside + after + short.removeprefix(before)
    raise KeyError(theirs)


class Inputs:
    """Cells, random transformations of two views and densities, as every record of a seed and batch got them."""

    def __init__(self, seed: int, count: int) -> None:
        generator = np.random.Generator(np.random.PCG64([seed, 7]))
        cells = (generator.uniform(1, 20, (count, 32, 32)) - 1) / 19
        self.cells = torch.from_numpy(cells)[:, None]
        self.views = []
        for _ in range(2):
            half = 16 * generator.integers(0, 2, (count, 2))
            anywhere = generator.integers(0, 32, (count, 2))
            flips, turns = generator.integers(0, 3, count), generator.integers(0, 4, count)
            self.views.append({16: half, 1: anywhere, "flips": flips, "turns": turns})
        self.empty = empty_lattice()[:POINTS]
        self.densities = self.empty * (1 + 0.1 * generator.standard_normal((count, POINTS)))

    def view(self, number: int, kind: str, augmentation: str) -> torch.Tensor:
        """A view of the cells by the symmetries that a run would draw from."""
        drawn, chosen = self.views[number], SYMMETRIES[kind, augmentation]
        return transformed(
            self.cells,
            None if chosen.step is None else torch.from_numpy(drawn[chosen.step]),
            torch.from_numpy(drawn["flips"]) if chosen.flips else None,
            torch.from_numpy(drawn["turns"]) if chosen.turns else None,
        )


def replay_networks(content: Mapping[str, Any]) -> Iterator[Report]:
    """A report for each record, and one of each schedule."""
    for record in content["records"]:
        yield pretraining(record) if record["kind"] == "pretrain" else fine_tuning(record)
    for kind, schedule in content.get("schedule", {}).items():
        report = Report(f"schedule {kind}")
        recipe = replace(load_recipe("photonics"), epochs=schedule["epochs"] - 1)
        for step, rate in schedule["lr_at"].items():
            ours = learning_rate(recipe, int(step), schedule["iterations_per_epoch"])
            report.add(f"rate at {step}", abs(ours - rate) / recipe.learning_rate, RATE_TOLERANCE)
        yield report


def load_recorded(module: nn.Module, record: Mapping[str, Any]) -> nn.Module:
    """A module with the authors' state, in the record's type."""
    state = {
        our_name(name, record): recorded_entry(name, shape, record["seed"]) for name, shape in record["state"].items()
    }
    module = module.to(getattr(torch, record["dtype"].removeprefix("torch.")))
    module.load_state_dict(state)
    return module


def pretraining(record: Mapping[str, Any]) -> Report:
    """Loss, terms, gradients, buffers and number of parameters of a pre-training step."""
    kind, mode, dtype = record["dataset"], record["mode"], getattr(torch, record["dtype"].removeprefix("torch."))
    report = Report(f"{kind} {mode} seed {record['seed']} {record['dtype'].removeprefix('torch.')}")
    name, augmentation = MODES[mode]
    recipe = load_recipe("photonics")
    method = build_method(
        name,
        backbone=recipe.backbone,
        width=recipe.width,
        projector=recipe.projector,
        options=method_defaults(name, kind),
    )
    load_recorded(method, record)
    assert isinstance(method, Method)
    method.train()
    inputs = Inputs(record["seed"], record["batch"])
    views = [inputs.view(number, kind, augmentation).to(dtype) for number in range(2)]
    count = len(views[0])
    nothing = torch.zeros(count, 0), torch.zeros(count, dtype=torch.int64)
    output = method(Batch(views[0], views[1], *nothing, crop=inputs.cells.to(dtype)))
    output.loss.backward()
    report.relative("loss", output.loss.item(), record["loss"], LOSS_TOLERANCE)
    report.relative("contrast", output.terms["invariance"].item(), record["contrastive"], LOSS_TOLERANCE)
    if "prediction" in record:
        report.relative("prediction", output.terms["equivariance"].item(), record["prediction"], LOSS_TOLERANCE)
    compare_module(report, method, record)
    return report


def fine_tuning(record: Mapping[str, Any]) -> Report:
    """Loss, relative error, gradients, buffers and number of parameters of a fine-tuning step."""
    dtype = getattr(torch, record["dtype"].removeprefix("torch."))
    report = Report(f"fine-tuning seed {record['seed']} {record['dtype'].removeprefix('torch.')}")
    encoder = CellEncoder()
    network = load_recorded(DensityNetwork(Random(encoder), encoder.dim, POINTS), record)
    inputs = Inputs(record["seed"], record["batch"])
    network.eval()
    with torch.no_grad():
        predicted = network(inputs.cells.to(dtype)).double().numpy() + inputs.empty
    error = float(relative_errors(predicted, inputs.densities).mean())
    report.relative("relative error", error, record["eval_mode_relative_error"], LOSS_TOLERANCE)
    empty = np.broadcast_to(inputs.empty, inputs.densities.shape)
    floor = float(relative_errors(empty, inputs.densities).mean())
    report.relative("floor", floor, record["relative_error_of_the_empty_lattice"], LOSS_TOLERANCE)
    network.train()
    target = torch.from_numpy(inputs.densities - inputs.empty).to(dtype)
    loss = nn.functional.mse_loss(network(inputs.cells.to(dtype)), target)
    loss.backward()
    report.relative("loss", loss.item(), record["loss"], LOSS_TOLERANCE)
    compare_module(report, network, record)
    return report


def compare_module(report: Report, module: nn.Module, record: Mapping[str, Any]) -> None:
    """Gradient norms, buffers after the step, and the number of parameters."""
    parameters = dict(module.named_parameters())
    tolerance = GRADIENT_TOLERANCE if record["dtype"].endswith("float64") else SINGLE_TOLERANCE
    largest, squares = max(record["grad_norm"].values()), dict.fromkeys(record["grad_norm_by_module"], 0.0)
    for theirs, norm in record["grad_norm"].items():
        gradient = parameters[our_name(theirs, record)].grad
        ours = math.nan if gradient is None else float(gradient.double().norm())
        squares[theirs.split(".")[0]] += ours**2
        report.relative(f"gradient of {theirs}", ours, norm, tolerance, max(norm, SMALL_GRADIENT * largest))
    for name, norm in record["grad_norm_by_module"].items():
        report.relative(f"gradient of all of {name}", math.sqrt(squares[name]), norm, GRADIENT_TOLERANCE)
    state = module.state_dict()
    for theirs, sums in record["buffers_after"].items():
        buffer = state[our_name(theirs, record)].double()
        values = [float(buffer)] if buffer.ndim == 0 else [float(buffer.sum()), float(buffer.square().sum())]
        for ours, expected in zip(values, sums if isinstance(sums, list) else [sums], strict=True):
            report.relative(f"buffer {theirs}", ours, expected, LOSS_TOLERANCE, max(1.0, abs(expected)))
    report.add("parameters", abs(sum(each.numel() for each in parameters.values()) - record["parameters"]), 0.0)


def replay_bands(content: Mapping[str, npt.NDArray[Any]]) -> Iterator[Report]:
    """A report for each cell: frequencies, density of states and labels."""
    if not np.allclose(content["k"], zone_grid()):
        raise SystemExit("k: other wave vectors than the 25 x 25 that the solver computes")
    for name in sorted(key.removesuffix("_eps") for key in content if key.endswith("_eps")):
        report, epsilon = Report(name), content[f"{name}_eps"]
        frequency, velocity = content[f"{name}_freq"], content[f"{name}_vel"]
        density = density_of_states(frequency, velocity)
        if f"{name}_dos" in content:
            expected = content[f"{name}_dos"]
            largest = float(np.abs(density.density - expected).max() / expected.max())
            report.add("density of MPB's bands, of the largest value", largest, DENSITY_TOLERANCE)
        mean, expected = float(epsilon.mean()), content[f"{name}_label"]

        def difference(frequency: npt.NDArray[Any], velocity: npt.NDArray[Any], mean: float, expected: Any) -> float:
            return float(np.abs(label_of(density_of_states(frequency, velocity), mean) - expected).max())

        report.add("label of MPB's bands", difference(frequency, velocity, mean, expected), LABEL_TOLERANCE)
        k, own, own_velocity = solve_bands(epsilon).whole_zone()
        moving = frequency > 0
        report.add("frequency", float(np.abs(own[moving] / frequency[moving] - 1).max()), FREQUENCY_TOLERANCE)
        whole = difference(own, own_velocity, mean, expected) / float(expected.max())
        report.add("label, of the largest value", whole, LABEL_TOLERANCE)
        # MPB hasn't converged in its highest band at k = 0, which sets the bins (docs/photonics.md).
        center = np.flatnonzero(~k.any(1))
        own[center], own_velocity[center] = frequency[center], velocity[center]
        same = difference(own, own_velocity, mean, expected)
        report.add("label, with MPB's numbers at k = 0", same, LABEL_TOLERANCE)
        yield report


def main(paths: list[str]) -> int:
    failures = 0
    for path in paths:
        if path.endswith(".npz"):
            with np.load(path, allow_pickle=False) as arrays:
                reports = list(replay_bands(dict(arrays)))
        else:
            reports = list(replay_networks(json.loads(Path(path).read_text())))
        for report in reports:
            print(report, flush=True)
            failures += not report.passed
        failures += not reports
    return 1 if failures else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python tests/replay_photonics.py FILE...")
    sys.exit(main(sys.argv[1:]))
