"""How long a run will take, from a few steps of a throwaway copy."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch

from threedie.baselines.method import Method
from threedie.benchmark.data.augmentation import Augmenter
from threedie.benchmark.data.inputs import Loaded, prepare, training_inputs, view_arrays
from threedie.benchmark.data.normalization import Normalization
from threedie.benchmark.data.pairs import Sequences, draw_pass, draw_sequences
from threedie.benchmark.data.source import ImageStore, LabeledViews, augmentation_for, is_cells
from threedie.benchmark.evaluation.cells import (
    LabeledInputs,
    density_network,
    epochs_of,
    fine_tune,
    label_counts,
    trained_cells,
)
from threedie.benchmark.evaluation.heads import FeatureHeads
from threedie.benchmark.evaluation.plan import EvaluationPlan
from threedie.benchmark.evaluation.scope import head_work
from threedie.benchmark.settings.fine_tuning import RULES
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.settings.recipe import Recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.tasks.subject import REPRESENTATION, Data, HeadSpec
from threedie.benchmark.training.build import build
from threedie.benchmark.training.stepper import Stepper

_PROBE_PAIRS = 128
"""Pairs in a timed step on a CPU, where time grows with their number; a GPU gets the whole batch."""
_PROBE_PICTURES = 32
"""The same, for pictures that need no decoding."""
_PROBE_STEPS = 3
_PROBE_HEAD_STEPS = 8
_USUAL_PATIENCES = 3
"""A head that stops early does so after about three times its patience."""


@dataclass(frozen=True)
class Estimate:
    """Expected seconds of a run's stages."""

    train_s: float
    features_s: float
    tasks_s: float

    @property
    def total_s(self) -> float:
        """All stages together."""
        return self.train_s + self.features_s + self.tasks_s

    def __str__(self) -> str:
        return (
            f"about {span(self.total_s)}: training {span(self.train_s)}, features {span(self.features_s)}, "
            f"tasks {span(self.tasks_s)}"
        )


def span(seconds: float) -> str:
    """A length of time in two figures at most: `40 s`, `12 min`, `3.5 h`, `2.1 days`."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    if seconds < 100 * 60:
        return f"{round(seconds / 60)} min"
    hours = seconds / 3600
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"


def estimate(
    settings: RunSettings,
    dataset: LabeledViews,
    plan: EvaluationPlan,
    images: ImageStore | None = None,
) -> Estimate:
    """Time some steps and multiply by their number. No random number of the run is touched.

    Args:
        settings: what would be trained.
        dataset: on what.
        plan: how it would be measured, and the device.
        images: the images to time loading with; random pixels, and no loading, where None.
    """
    recipe, seed, protocol = settings.recipe, settings.seed or 0, plan.protocol
    objects = dataset.indices("train")
    with _probe(settings, plan.device) as (method, stepper):
        batch = min(len(objects), recipe.batch_size, 1 << 20 if stepper.device.type == "cuda" else _PROBE_PAIRS)
        batch = batch // method.group * method.group or batch
        pixels, loading_s = _pixels(dataset, images, recipe, seed, batch)
        drawn = draw_sequences(objects, dataset.info.views, method.views, seed, 0)[:batch]
        arrays = view_arrays(dataset, drawn, method.action, method.needs_absolute)
        loaded = Loaded([torch.from_numpy(pixels)] * method.views, arrays)
        step_s = _step_seconds(stepper, augmentation_for(method, recipe), loaded) if method.needs_training else 0.0
        view = _any_normalization(pixels.shape[-1])(pixels, stepper.device)
        method.eval()
        with torch.inference_mode():
            image_s = _timed(lambda: method.represent(view).sum().item(), _PROBE_STEPS) / batch
            width = method.represent(view[:2]).shape[1]
        parts, scope = method.parts, plan.scope.under(protocol, method)
    # Loading runs beside the steps: the slower of the two sets the pace.
    object_s = max(step_s, method.views * loading_s) / batch
    rows = len(objects) * recipe.passes * recipe.epochs if method.needs_training else 0
    images_in_all = len(dataset) * dataset.info.views
    work = head_work(protocol, scope, parts, dataset.info.fields, len(objects))
    steps = work.steps
    if protocol.patience:
        steps = min(steps, work.heads * _USUAL_PATIENCES * protocol.patience)
    heads = steps * _head_seconds(width, protocol, str(stepper.device))
    return Estimate(rows * object_s, images_in_all * max(image_s, loading_s / batch), heads)


def step_seconds(settings: RunSettings, images: ImageStore, device: str) -> float:
    """Seconds of a training step on pictures, for a method without an action. No random number of the run is touched.

    Args:
        settings: what would be trained.
        images: of a dataset of pictures.
        device: `auto`, `cpu` or `cuda`.
    """
    objects, recipe = images.dataset.indices("train"), settings.recipe
    batch = min(recipe.batch_size, len(objects))
    with _probe(settings, device) as (method, stepper):
        if not method.needs_training:
            return 0.0
        # On a CPU a step's time grows with the batch, so a few pictures suffice; a GPU gets them all.
        probed = batch if stepper.device.type == "cuda" else min(batch, _PROBE_PICTURES)
        inputs, augmentation = training_inputs(images, method, recipe, stepper.device)
        drawn = Sequences(objects[:probed], np.zeros((probed, method.views), np.int64))
        began = time.perf_counter()
        loaded = inputs.load(drawn, method.action, absolute=method.needs_absolute)
        loading_s = time.perf_counter() - began
        return max(_step_seconds(stepper, augmentation, loaded), loading_s) * batch / probed


def fine_tuning_seconds(settings: RunSettings, images: ImageStore, plan: EvaluationPlan) -> float:
    """Seconds of fine-tuning on unit cells by a protocol; 0 for other data. No random number of the run is touched."""
    dataset = images.dataset
    if not is_cells(dataset):
        return 0.0
    rules, counts = RULES[plan.protocol.name], label_counts(dataset, plan.scope.tasks)
    short = replace(rules, epochs=1, steps=0)
    rows = dataset.indices("train")[:_PROBE_PICTURES]
    normalization = images.normalization(settings.recipe.normalization)
    with _probe(settings, plan.device) as (method, stepper):
        inputs = normalization(images.take(rows, 0 * rows), stepper.device)
        cells = LabeledInputs(inputs, torch.from_numpy(dataset.densities(rows)).to(stepper.device))
        network = density_network(method, cells)
        augment = images.augmentation(method, settings.recipe).view
        step_s = _timed(lambda: fine_tune(network, cells, cells[:2], short, 0, augment), _PROBE_STEPS)
    trained = [epochs_of(rules, count) * count for count in (trained_cells(rules, count) for count in counts)]
    return step_s / len(rows) * sum(trained) * plan.scope.head_seeds


@contextmanager
def _probe(settings: RunSettings, device: str) -> Iterator[tuple[Method, Stepper]]:
    """A throwaway copy of the method and its optimizer; random numbers drawn meanwhile leave no trace."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        method = build(settings)
        yield method, Stepper(method, settings.recipe, device)


def _step_seconds(stepper: Stepper, augmentation: Augmenter, loaded: Loaded) -> float:
    """Median seconds of a training step on a batch."""
    normalization = _any_normalization(loaded.pixels[0].shape[-1])

    def step() -> None:
        values = stepper.step(prepare(loaded, augmentation, normalization, stepper.device), 0.0)
        # Waits for the device.
        values["loss"].item()

    return _timed(step, _PROBE_STEPS)


def _any_normalization(channels: int) -> Normalization:
    """Of pictures with some channels; what it costs doesn't depend on the numbers."""
    return Normalization((0.5,) * channels, (0.25,) * channels)


def _pixels(
    dataset: LabeledViews, images: ImageStore | None, recipe: Recipe, seed: int, batch: int
) -> tuple[np.ndarray, float]:
    if images is None:
        shape = (batch, recipe.image_size, recipe.image_size, 3)
        return np.random.Generator(np.random.PCG64(seed)).integers(0, 256, shape, np.uint8), 0.0
    drawn = draw_pass(dataset.indices("train"), dataset.info.views, seed, 0)[:batch]
    began = time.perf_counter()
    pixels = images.take(drawn.objects, drawn.view1)
    return pixels, time.perf_counter() - began


def _head_seconds(width: int, protocol: Protocol, device: str) -> float:
    """Mean seconds of a head's step, over the heads of a part: a linear one, the others perceptrons."""
    generator = np.random.Generator(np.random.PCG64(0))
    features = generator.standard_normal((protocol.batch_size, 2, width), np.float32)
    marks = [time.perf_counter()]
    short = replace(protocol, epochs=None, steps=_PROBE_HEAD_STEPS, holdout=0.0)
    rows = np.arange(len(features))
    data = Data((), np.zeros((len(rows), 2, 0)), rows, features, features)
    heads = FeatureHeads(data, rows, short, device, lambda _: marks.append(time.perf_counter()))
    spec = HeadSpec("probe", 2, lambda _, pairs: np.zeros((len(pairs), 4)))
    heads.predictions(spec, REPRESENTATION, slice(None), data, draw_pass(rows[:8], 2, 0, 0))
    return float(np.median(np.diff(marks))) * 4 / 5


def _timed(work: Callable[[], object], times: int) -> float:
    """Median seconds of a call, after one to warm up."""
    spent = []
    for _ in range(times + 1):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return float(np.median(spent[1:]))
