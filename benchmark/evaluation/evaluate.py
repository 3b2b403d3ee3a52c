"""Evaluation: a trained method and a dataset to scores, by a protocol."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from threedie.baselines.method import Method
from threedie.benchmark.data.identity import identify
from threedie.benchmark.data.images import Images
from threedie.benchmark.data.inputs import preprocessing
from threedie.benchmark.evaluation.features import FEATURES_FOLDER, extract_features, feature_key
from threedie.benchmark.evaluation.measure import build_subject, measure
from threedie.benchmark.evaluation.predictor import mover
from threedie.benchmark.evaluation.requirements import (
    measured_objects,
    origin_warnings,
    require_action,
    require_validation,
    size_warnings,
)
from threedie.benchmark.evaluation.scope import Scope
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.tasks.task import Data, Outcome
from threedie.benchmark.training.checkpoints import weights_sha256
from threedie.benchmark.training.restore import restore
from threedie.manifests.dataset import Dataset

Floats = npt.NDArray[np.float32]

Progress = Callable[[Sequence[Any]], Iterable[Any]]


@dataclass(frozen=True)
class Evaluation:
    """What came out.

    Attributes:
        outcomes: of each task by name, in the order of the tasks.
        warnings: what to know before believing a number.
        weights: SHA-256 of the weights.
        method: the method that was measured.
        measured_on: the dataset that was measured on.
        trained_on: the dataset that heads were trained on.
        scope: what was wanted.
        features_s, tasks_s: seconds.
    """

    outcomes: dict[str, Outcome]
    warnings: list[str]
    weights: str
    method: Method
    measured_on: Dataset
    trained_on: Dataset
    scope: Scope
    features_s: float
    tasks_s: float


def evaluate(
    checkpoint: dict[str, Any],
    images: Images,
    protocol: Protocol,
    folder: Path,
    device: str = "cpu",
    progress: Progress = iter,
    tick: Callable[[int], object] = lambda _: None,
    scope: Scope | None = None,
    asked: Images | None = None,
    note: Callable[[str], object] = lambda _: None,
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
        scope: what is wanted.
        asked: the images of another dataset to measure on, with heads trained on the first one.
        note: called with what to tell the user of cached features that can't be used.

    Raises:
        ThreeDieError: the dataset has no validation objects, or features aren't finite.
    """
    scope = scope or Scope()
    dataset, other = images.dataset, (asked or images).dataset
    require_validation(other)
    settings, method, normalise = restore(checkpoint)
    for known in (dataset, other):
        require_action(method, known)
    weights = weights_sha256(method.state_dict())
    # Here and not where features are made: they may be there already, and the predictor is still to be asked.
    method = method.to(torch.device(device))
    began = time.monotonic()

    def look(seen: Images) -> Data:
        known = identify(seen.dataset)
        key = feature_key(weights, known.fingerprint, known.images_sha256, preprocessing(settings.recipe, normalise))
        found = extract_features(method, seen, normalise, folder / FEATURES_FOLDER, key, device, progress, note)
        fields, latents = seen.dataset.info.fields, seen.dataset.latents
        return Data(fields, latents, seen.dataset.labels, found.representation, found.embedding)

    taught = look(images)
    shown = taught if asked is None else look(asked)
    features_s = time.monotonic() - began
    val, warnings = measured_objects(dataset, other)
    moved = mover(method.predict, method.action, device) if method.has_predictor and method.action else None
    subject = build_subject(
        taught,
        dataset.indices("train"),
        shown,
        val,
        method.parts,
        moved,
        protocol,
        device,
        tick,
        scope,
    )
    outcomes, told = measure(subject, scope.tasks)
    return Evaluation(
        outcomes,
        [
            *checkpoint.get("imported", {}).get("notes", []),
            *size_warnings(dataset, settings.recipe),
            *origin_warnings(settings, dataset),
            *warnings,
            *told,
        ],
        weights,
        method,
        other,
        dataset,
        scope,
        features_s,
        time.monotonic() - began - features_s,
    )
