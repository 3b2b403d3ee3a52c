"""Evaluation: a trained method and a dataset to scores, by a protocol."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from threedie.baselines.method import Method
from threedie.benchmark.data.identity import identify
from threedie.benchmark.data.inputs import preprocessing
from threedie.benchmark.data.source import ImageStore, LabeledViews, is_pictures
from threedie.benchmark.evaluation.features import extract_features, feature_key
from threedie.benchmark.evaluation.measure import build_subject, measure
from threedie.benchmark.evaluation.pictures import PictureProbes
from threedie.benchmark.evaluation.predictor import view_predictor
from threedie.benchmark.evaluation.requirements import (
    measured_objects,
    origin_warnings,
    require_action,
    require_validation,
    size_warnings,
)
from threedie.benchmark.evaluation.scope import Scope, head_count, head_steps
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.outcome import Outcome
from threedie.benchmark.tasks.subject import Data
from threedie.benchmark.tasks.warning import ResultWarning
from threedie.benchmark.training.checkpoints import weights_sha256
from threedie.benchmark.training.restore import TrainedMethod
from threedie.manifests.progress import SILENT, Reporter


@dataclass(frozen=True)
class Evaluation:
    """The result of an evaluation.

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
    warnings: list[ResultWarning]
    weights: str
    method: Method
    measured_on: LabeledViews
    trained_on: LabeledViews
    scope: Scope
    features_s: float
    tasks_s: float


def evaluate(
    model: TrainedMethod,
    train_images: ImageStore,
    eval_images: ImageStore | None,
    protocol: Protocol,
    scope: Scope,
    features_folder: Path,
    device: str = "cpu",
    reporter: Reporter = SILENT,
) -> Evaluation:
    """Features of every view once, then every task that applies.

    Args:
        model: the trained method, with its settings and normalization.
        train_images: of the dataset that heads are trained on, at the size the method was trained on.
        eval_images: of the dataset that is measured on; None where that is the same one.
        protocol: the rules.
        scope: what is wanted.
        features_folder: where features are kept.
        device: `cpu` or `cuda`.
        reporter: shows progress, and notes about cached features that can't be used.

    Raises:
        ThreeDieError: the dataset has no validation objects, or features aren't finite.
    """
    eval_images = eval_images or train_images
    dataset, other = train_images.dataset, eval_images.dataset
    require_validation(other)
    for each in (dataset, other):
        require_action(model.method, each)
    weights = weights_sha256(model.method.state_dict())
    # Here and not where features are made: they may be cached, and the predictor is needed all the same.
    method = model.method.to(torch.device(device))
    began = time.monotonic()
    # Tasks on pictures work with the network itself.
    folder = features_folder if any(not TASKS[name].needs.pictures for name in scope.tasks or TASKS) else None
    train_data = _load_data(model, weights, train_images, folder, device, reporter)
    eval_data = train_data
    if eval_images is not train_images:
        eval_data = _load_data(model, weights, eval_images, folder, device, reporter)
    features_s = time.monotonic() - began
    eval_objects, object_warnings = measured_objects(dataset, other)
    train_objects = dataset.indices("train")
    predictor = None
    if method.has_predictor and method.action is not None:
        predictor = view_predictor(method.predict, method.action, device)
    heads = head_count(dataset.info.fields, len(method.parts.representation), scope)
    with reporter.bar("tasks", head_steps(protocol, heads, len(train_objects)), "step") as steps:
        subject = build_subject(
            train_data,
            train_objects,
            eval_data,
            eval_objects,
            method.parts,
            predictor,
            protocol,
            device,
            steps.update,
            scope,
        )
        if is_pictures(other):
            seed = model.settings.seed or 0
            pictures = PictureProbes(method, eval_images, model.normalization, torch.device(device), seed)
            subject = replace(subject, pictures=pictures)
        outcomes, task_warnings = measure(subject, scope.tasks)
    return Evaluation(
        outcomes,
        [
            *map(ResultWarning, model.notes),
            *size_warnings(dataset, model.settings.recipe),
            *origin_warnings(model.settings, dataset),
            *object_warnings,
            *task_warnings,
        ],
        weights,
        method,
        other,
        dataset,
        scope,
        features_s,
        time.monotonic() - began - features_s,
    )


def _load_data(
    model: TrainedMethod, weights: str, images: ImageStore, folder: Path | None, device: str, reporter: Reporter
) -> Data:
    """A dataset with the features of its every view, from the folder or made anew; without features if it is None."""
    dataset = images.dataset
    fields, latents = dataset.info.fields, dataset.latents
    if folder is None:
        nothing = np.zeros((*latents.shape[:2], 0), np.float32)
        return Data(fields, latents, dataset.labels, nothing, nothing)
    identity, pixels = identify(dataset), preprocessing(model.settings.recipe, model.normalization)
    key = feature_key(weights, identity.fingerprint, identity.images_sha256, pixels)
    features = extract_features(
        model.method,
        images,
        model.normalization,
        folder,
        key,
        device,
        lambda batches: reporter.bar("features", len(batches), "batch", batches),
        reporter.note,
    )
    return Data(fields, latents, dataset.labels, features.representation, features.embedding)
