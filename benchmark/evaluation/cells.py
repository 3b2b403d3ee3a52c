"""Fine-tuning an encoder on a few labeled unit cells, to predict their density of states."""

import copy
import hashlib
import json
import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from threedie.baselines.method import Method
from threedie.baselines.projector import build_perceptron
from threedie.benchmark.data.augmentation import Augmenter
from threedie.benchmark.data.identity import identify
from threedie.benchmark.data.pairs import Indices, count_batches, draw_pass, epoch_batches
from threedie.benchmark.data.source import ImageStore, LabeledCells
from threedie.benchmark.evaluation.density_file import (
    EXAMPLES,
    DensityResult,
    ExampleCells,
    read_density,
    write_density,
)
from threedie.benchmark.settings.fine_tuning import LABELS, FineTuning
from threedie.benchmark.tasks.density import relative_errors
from threedie.benchmark.tasks.scores import Array
from threedie.benchmark.tasks.subject import FineTuned
from threedie.benchmark.training.restore import TrainedMethod
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.photonics import empty_lattice
from threedie.manifests.progress import SILENT, Reporter

_VERSION = 1
"""Of the way numbers are made; files of another one are made anew."""
_BATCH = 512


class DensityNetwork(nn.Module):
    """A method's encoder and a perceptron that predicts the density of states minus that of the empty lattice.

    Args:
        method: whose representation is used; it isn't copied.
        width: of the representation.
        points: of the density of states.
    """

    def __init__(self, method: Method, width: int, points: int):
        super().__init__()
        self.method = method
        # Widths of E-SSL's code, as shares of the representation's.
        self.head = build_perceptron(width, (width, width, max(1, width // 2)), points)

    def forward(self, cells: Tensor) -> Tensor:
        """Normalized permittivities (N, 1, S, S) -> differences from the empty lattice (N, points)."""
        differences: Tensor = self.head(self.method.represent(cells))
        return differences


@dataclass(frozen=True, eq=False)
class LabeledInputs:
    """Cells as a network sees them, and what it should predict.

    Attributes:
        inputs: normalized permittivities (N, 1, S, S), on the device.
        differences: density of states minus that of the empty lattice, (N, P), on the device.
    """

    inputs: Tensor
    differences: Tensor

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, rows: slice) -> "LabeledInputs":
        return LabeledInputs(self.inputs[rows], self.differences[rows])

    def errors(self, network: nn.Module) -> tuple[Array, Array]:
        """Relative error of each cell (N,) and the predicted densities (N, P), with running batch statistics."""
        network.eval()
        with torch.inference_mode():
            blocks = [network(self.inputs[at : at + _BATCH]) for at in range(0, len(self), _BATCH)]
        empty = _empty(self.differences.shape[1])
        predicted = torch.cat(blocks).double().cpu().numpy() + empty
        return relative_errors(predicted, self.differences.double().cpu().numpy() + empty), predicted


def density_network(method: Method, cells: LabeledInputs) -> DensityNetwork:
    """A network for cells, on their device, its perceptron from torch's global generator; the method isn't copied."""
    method = method.to(cells.inputs.device).eval()
    with torch.inference_mode():
        width = method.represent(cells.inputs[:2]).shape[1]
    return DensityNetwork(method, width, cells.differences.shape[1]).to(cells.inputs.device)


@dataclass(frozen=True)
class Tuned:
    """A fine-tuned network's result.

    Attributes:
        epoch: whose weights the network has, 0 before the first.
        curve: error that epochs are chosen by, before the first and after each.
    """

    epoch: int
    curve: list[float]


def fine_tune(
    network: DensityNetwork,
    train: LabeledInputs,
    chosen_on: LabeledInputs,
    rules: FineTuning,
    seed: int,
    augment: Callable[[Tensor], Tensor],
    tick: Callable[[int], object] = lambda _: None,
) -> Tuned:
    """Train a network and leave it with the weights of the epoch with the smallest error.

    Args:
        network: trained in place.
        train: labeled cells.
        chosen_on: cells whose error chooses the epoch.
        rules: how.
        seed: of the order of the cells.
        augment: changes normalized cells at random.
        tick: called with the number of steps just done.
    """
    optimizer = torch.optim.Adam(network.parameters(), lr=rules.rate, weight_decay=rules.weight_decay)
    curve = [float(chosen_on.errors(network)[0].mean())]
    best, weights, epoch = curve[0], _copied(network), 0
    for number in range(1, epochs_of(rules, len(train)) + 1):
        network.train()
        batches = epoch_batches(np.arange(len(train)), 2, rules.batch_size, 1, seed, number)
        for drawn in batches:
            rows = torch.from_numpy(drawn.objects).to(train.inputs.device)
            optimizer.zero_grad(set_to_none=True)
            F.mse_loss(network(augment(train.inputs[rows])), train.differences[rows]).backward()
            optimizer.step()
        tick(len(batches))
        curve.append(float(chosen_on.errors(network)[0].mean()))
        # Comparisons with NaN are false: a network that diverged isn't chosen.
        if curve[-1] < best:
            best, weights, epoch = curve[-1], _copied(network), number
    network.load_state_dict(weights)
    return Tuned(epoch, curve)


def epochs_of(rules: FineTuning, cells: int) -> int:
    """Epochs over a number of labeled cells that a network is trained for."""
    return max(rules.epochs, math.ceil(rules.steps / count_batches(cells, rules.batch_size)))


def trained_cells(rules: FineTuning, labeled: int) -> int:
    """Of some labeled cells, how many are trained on and not held out."""
    return labeled - round(rules.holdout * labeled)


def fine_tuning_steps(rules: FineTuning, counts: Iterable[int], seeds: int) -> int:
    """Steps of fine-tuning on some numbers of labeled cells, each from some seeds."""
    cells = [trained_cells(rules, count) for count in counts]
    return seeds * sum(epochs_of(rules, count) * count_batches(count, rules.batch_size) for count in cells)


def label_counts(dataset: LabeledCells, tasks: tuple[str, ...] | None) -> list[int]:
    """Numbers of labeled cells that a dataset has enough cells for and that wanted tasks measure."""
    available = len(dataset.indices("train"))
    return [count for count in LABELS if count <= available and (tasks is None or f"density_{count}" in tasks)]


@dataclass(frozen=True, eq=False)
class CellProbes:
    """A pre-trained method, and the cells it is fine-tuned and measured on.

    Attributes:
        model: the trained method, with its settings and normalization.
        images, dataset: the cells.
        device: where to compute.
        folder: of the files with results.
        seeds: how many networks are fine-tuned on each number of labeled cells.
        reporter: shows notes about files that can't be used.
        tick: called with the number of steps just done.
    """

    model: TrainedMethod
    images: ImageStore
    dataset: LabeledCells
    device: torch.device
    folder: Path
    seeds: int = 1
    reporter: Reporter = SILENT
    tick: Callable[[int], object] = lambda _: None

    def fine_tuned(self, rules: FineTuning, labeled: int) -> FineTuned:
        """What networks predict of the test cells that are fine-tuned on a number of labeled cells; see `FineTuning`.

        The labeled cells are the same for every method and seed, and those of a smaller number are among them.
        """
        results = [self._result(rules, labeled, index) for index in range(self.seeds)]
        late = [
            f"fine-tuned on {labeled} cells with seed {result.seed}, the network diverged after epoch {result.epoch}"
            for result in results
            if any(error is None for error in result.curve)
        ]
        errors = [np.array(result.errors) for result in results]
        return FineTuned(errors, np.array(results[0].floor), late)

    def _result(self, rules: FineTuning, labeled: int, index: int) -> DensityResult:
        """From its file, or made and written there."""
        key = self._key(rules, labeled, index)
        path = self.folder / f"density-{labeled}-{index}-{key[:8]}.json"
        if path.exists():
            try:
                result = read_density(path)
                if result.key == key:
                    self.tick(fine_tuning_steps(rules, [labeled], 1))
                    return result
            except ThreeDieError as error:
                self.reporter.note(f"{error}; it is made anew")
        result = self._measure(rules, labeled, index, key)
        write_density(path, result)
        return result

    def _measure(self, rules: FineTuning, labeled: int, index: int, key: str) -> DensityResult:
        protocol = rules.protocol
        rows = draw_pass(self.dataset.indices("train"), 2, protocol.seed, 0, "heads").objects[:labeled]
        test_rows = self.dataset.indices("val")
        cut = trained_cells(rules, labeled)
        known, test = self._inputs(rows), self._inputs(test_rows)
        seed = int(hashlib.sha256(f"{key} seed".encode()).hexdigest()[:8], 16)
        # Numbers of the run's own generators aren't used up.
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            torch.manual_seed(seed)
            network = density_network(copy.deepcopy(self.model.method), test)
            augment = self._augmentation().view
            chosen_on = known[cut:] if cut < labeled else test
            tuned = fine_tune(network, known[:cut], chosen_on, rules, seed, augment, self.tick)
        errors, predicted = test.errors(network)
        empty = _empty(predicted.shape[1])
        expected = test.differences.double().cpu().numpy() + empty
        shown = test_rows[:EXAMPLES]
        examples = ExampleCells(
            [str(self.dataset.objects[row]) for row in shown],
            np.asarray(self.images.take(shown, 0 * shown), np.float32)[..., 0],
            expected[:EXAMPLES],
        )
        return DensityResult(
            key=key,
            weights=self.model.weights,
            protocol=[protocol.name, protocol.version],
            labeled=labeled,
            seed=index,
            epoch=tuned.epoch,
            curve=[error if math.isfinite(error) else None for error in tuned.curve],
            errors=errors.tolist(),
            floor=relative_errors(np.broadcast_to(empty, expected.shape), expected).tolist(),
            examples=examples.with_predictions(predicted[:EXAMPLES]),
        )

    def _inputs(self, rows: Indices) -> LabeledInputs:
        cells = self.model.normalization(self.images.take(rows, 0 * rows), self.device)
        return LabeledInputs(cells, torch.from_numpy(self.dataset.densities(rows)).to(self.device))

    def _augmentation(self) -> Augmenter:
        return self.images.augmentation(self.model.method, self.model.settings.recipe)

    def _key(self, rules: FineTuning, labeled: int, index: int) -> str:
        """SHA-256 of all that decides a result."""
        settings, identity = self.model.settings, identify(self.dataset)
        parts = [
            _VERSION, self.model.weights, asdict(identity), asdict(rules), settings.recipe.augmentation, settings.seed,
            labeled, index,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _empty(points: int) -> Array:
    return empty_lattice()[:points]


def _copied(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}
