"""Evaluation: a trained method and a dataset to scores, by a protocol."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from baselines.method import Method
from benchmark.checkpoints import weights_sha256
from benchmark.features import FEATURES_FOLDER, extract_features, feature_key
from benchmark.heads import FeatureHeads
from benchmark.identity import identify
from benchmark.images import Images
from benchmark.pairs import every_view_first
from benchmark.protocol import Protocol
from benchmark.recipe import Recipe
from benchmark.tasks import TASKS
from benchmark.tasks.task import Array, Score, Subject
from benchmark.training import Normalisation, Settings, build
from manifests.dataset import Dataset
from manifests.errors import ThreeDieError

Progress = Callable[[Sequence[Any]], Iterable[Any]]

GENERALISING_OBJECTS = 1000
"""Training objects below which rotation isn't learned for new objects."""


@dataclass(frozen=True)
class Evaluation:
    """What came out.

    Attributes:
        scores: of each task by name, in the order of the tasks.
        warnings: what to know before believing a number.
        weights: SHA-256 of the weights.
        method: the method that was measured.
        features_s, tasks_s: seconds.
    """

    scores: dict[str, list[Score]]
    warnings: list[str]
    weights: str
    method: Method
    features_s: float
    tasks_s: float


def restore(checkpoint: dict[str, Any]) -> tuple[Settings, Method, Normalisation]:
    """Settings, trained method and normalisation of inputs from a checkpoint's content."""
    settings = Settings.from_json(checkpoint["settings"])
    method = build(settings)
    method.load_state_dict(checkpoint["model"])
    pixels = checkpoint["normalisation"]
    return settings, method.eval(), Normalisation(tuple(pixels["mean"]), tuple(pixels["std"]))


def require_validation(dataset: Dataset) -> None:
    """Refuse a dataset on which nothing could be measured.

    Raises:
        ThreeDieError: it has no validation objects.
    """
    if not len(dataset.indices("val")):
        raise ThreeDieError(
            f"{dataset.path}: none of its {len(dataset)} objects are for validation, so nothing could be measured; "
            "render more objects (about one in five goes to validation)"
        )


def require_training(dataset: Dataset) -> None:
    """Refuse a dataset on which neither a method nor a head could be trained.

    Raises:
        ThreeDieError: it has fewer than two training objects.
    """
    count = len(dataset.indices("train"))
    if count < 2:
        raise ThreeDieError(
            f"{dataset.path}: {count} of its {len(dataset)} objects are for training, and 2 or more are needed: "
            "methods and the heads that measure them are trained on those; render more objects"
        )


def size_warnings(dataset: Dataset, recipe: Recipe) -> list[str]:
    """What a dataset is too small for."""
    train, warnings = len(dataset.indices("train")), []
    if train < GENERALISING_OBJECTS:
        warnings.append(
            f"{train} training objects are too few to learn rotation for new objects: from 246 objects x 20 views even "
            "a supervised network doesn't generalise to new objects. Rotation scores here only show that everything "
            "runs."
        )
    if train < recipe.batch_size:
        warnings.append(
            f"batch_size is {recipe.batch_size} but no object comes twice in a batch: batches hold all {train} "
            "training objects"
        )
    return warnings


def evaluate(
    checkpoint: dict[str, Any],
    images: Images,
    protocol: Protocol,
    folder: Path,
    device: str = "cpu",
    progress: Progress = iter,
    tick: Callable[[int], object] = lambda _: None,
) -> Evaluation:
    """Features of every view once, then every task that applies.

    Args:
        checkpoint: content of a checkpoint.
        images: the dataset's images, at the size the method was trained on.
        protocol: the rules.
        folder: the run's folder; features are kept there.
        device: `cpu` or `cuda`.
        progress: wraps the iteration over batches of images.
        tick: called with the number of steps that heads have done.

    Raises:
        ThreeDieError: the dataset has no validation objects, or features aren't finite.
    """
    dataset = images.dataset
    require_validation(dataset)
    settings, method, normalise = restore(checkpoint)
    weights = weights_sha256(method.state_dict())
    began = time.monotonic()
    preprocessing = {
        "size": images.size,
        "channels": settings.recipe.channels,
        "mean": list(normalise.mean),
        "std": list(normalise.std),
    }
    known = identify(dataset)
    key = feature_key(weights, known.fingerprint, known.images_sha256, preprocessing)
    features = extract_features(method, images, normalise, folder / FEATURES_FOLDER, key, device, progress)
    features_s = time.monotonic() - began

    train, val = dataset.indices("train"), dataset.indices("val")
    parts = method.parts
    subject = Subject(
        fields=dataset.info.fields,
        latents=dataset.latents,
        labels=dataset.labels,
        train=train,
        val=val,
        representation_parts=parts.representation,
        embedding_parts=parts.embedding,
        embedding=features.embedding,
        action=method.action,
        predict=_predictor(method, device),
        heads=FeatureHeads(features.representation, train, protocol, device, tick),
        protocol=protocol,
        evaluation=every_view_first(val, dataset.info.views, protocol.seed),
    )
    scores, warnings = {}, size_warnings(dataset, settings.recipe)
    for name, task in TASKS.items():
        if task.applies(subject):
            outcome = task.measure(subject)
            scores[name] = outcome.scores
            warnings += [f"{name}: {line}" for line in outcome.warnings]
    return Evaluation(scores, warnings, weights, method, features_s, time.monotonic() - began - features_s)


def head_steps(protocol: Protocol, parts: int, train_objects: int) -> int:
    """Optimizer steps of all heads together at most: three tasks train one for each part."""
    return 3 * parts * protocol.head_steps(train_objects - round(protocol.holdout * train_objects))


def _predictor(
    method: Method, device: str
) -> Callable[[npt.NDArray[np.float32], Array], npt.NDArray[np.float32]] | None:
    if not method.has_predictor:
        return None

    def predict(embedding: npt.NDArray[np.float32], action: Array) -> npt.NDArray[np.float32]:
        with torch.inference_mode():
            said = method.predict(
                torch.from_numpy(np.ascontiguousarray(embedding)).to(device),
                torch.from_numpy(action).float().to(device),
            )
        return said.float().cpu().numpy()

    return predict
