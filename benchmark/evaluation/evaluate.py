"""Evaluating a trained method on a dataset: from images to scores, by a protocol."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from threedie.baselines.method import Method
from threedie.benchmark.data.source import ImageStore, is_cells, is_pictures
from threedie.benchmark.evaluation.cells import CellProbes, fine_tuning_steps, label_counts
from threedie.benchmark.evaluation.context import give_context
from threedie.benchmark.evaluation.density_file import FOLDER as DENSITY_FOLDER
from threedie.benchmark.evaluation.features import load_features
from threedie.benchmark.evaluation.measure import FeatureSpace, Split, build_subject, measure
from threedie.benchmark.evaluation.pictures import PictureProbes
from threedie.benchmark.evaluation.plan import EvaluationPlan
from threedie.benchmark.evaluation.predictor import view_predictor
from threedie.benchmark.evaluation.requirements import (
    measured_objects,
    origin_warnings,
    require_action,
    require_validation,
    require_views,
    size_warnings,
)
from threedie.benchmark.evaluation.scope import head_work
from threedie.benchmark.evaluation.sequences import sequence_embeddings
from threedie.benchmark.settings.fine_tuning import RULES as FINE_TUNING
from threedie.benchmark.tasks.outcome import Outcome
from threedie.benchmark.tasks.subject import Data
from threedie.benchmark.tasks.warning import ResultWarning
from threedie.benchmark.training.restore import TrainedMethod


@dataclass(frozen=True)
class Evaluation:
    """The result of an evaluation.

    Attributes:
        outcomes: of each task by name, in the order of the tasks.
        warnings: what to know before believing a number.
        weights: SHA-256 of the weights.
        method: the method that was measured.
        plan: how it was measured.
        features_s, tasks_s: seconds.
    """

    outcomes: dict[str, Outcome]
    warnings: list[ResultWarning]
    weights: str
    method: Method
    plan: EvaluationPlan
    features_s: float
    tasks_s: float


def evaluate(
    model: TrainedMethod,
    plan: EvaluationPlan,
    features_folder: Path,
    train_images: ImageStore,
    eval_images: ImageStore | None = None,
) -> Evaluation:
    """Features of every view once, then every task that applies.

    Args:
        model: the trained method, with its settings and normalization.
        plan: rules, scope and device.
        features_folder: where features are kept.
        train_images: of the dataset that heads are trained on, at the size the method was trained on.
        eval_images: of the dataset that is measured on; None where that is the same one.

    Raises:
        ThreeDieError: the dataset has no validation objects, or features aren't finite.
    """
    eval_images = eval_images or train_images
    train_dataset, eval_dataset = train_images.dataset, eval_images.dataset
    require_validation(eval_dataset)
    for dataset in (train_dataset, eval_dataset):
        require_action(model.method, dataset)
        require_views(plan.protocol, model.settings.method, model.method, dataset)
    weights = model.weights
    # Here and not where features are made: they may be cached, and the predictor is needed all the same.
    method = model.method.to(torch.device(plan.device))
    began = time.monotonic()
    give_context(model, plan.protocol.seed, train_images, plan.device)
    train_data = _load_data(model, plan, features_folder, train_images)
    eval_data = train_data
    if eval_images is not train_images:
        eval_data = _load_data(model, plan, features_folder, eval_images)
    features_s = time.monotonic() - began
    eval_objects, object_warnings = measured_objects(train_dataset, eval_dataset)
    train, measured = Split(train_data, train_dataset.indices("train")), Split(eval_data, eval_objects)
    work = head_work(plan.protocol, plan.scope, method.parts, train_dataset.info.fields, len(train.objects))
    total = work.steps
    if is_cells(eval_dataset):
        rules = FINE_TUNING[plan.protocol.name]
        total += fine_tuning_steps(rules, label_counts(eval_dataset, plan.scope.tasks), plan.scope.head_seeds)
    with plan.reporter.bar("tasks", total, "step") as steps:
        subject = build_subject(train, measured, _space(method, plan.device), plan, steps.update)
        if is_pictures(eval_dataset):
            seed = model.settings.seed or 0
            pictures = PictureProbes(method, eval_images, model.normalization, torch.device(plan.device), seed)
            subject = replace(subject, pictures=pictures)
        elif is_cells(eval_dataset):
            cells = CellProbes(
                model,
                eval_images,
                eval_dataset,
                torch.device(plan.device),
                features_folder.with_name(DENSITY_FOLDER),
                plan.scope.head_seeds,
                plan.reporter,
                steps.update,
            )
            subject = replace(subject, cells=cells)
        outcomes, task_warnings = measure(subject, plan.scope.tasks)
    warnings = [
        *map(ResultWarning, model.notes),
        *size_warnings(train_dataset, model.settings.recipe),
        *origin_warnings(model.settings, train_dataset),
        *object_warnings,
        *task_warnings,
    ]
    return Evaluation(
        outcomes=outcomes,
        warnings=warnings,
        weights=weights,
        method=method,
        plan=plan,
        features_s=features_s,
        tasks_s=time.monotonic() - began - features_s,
    )


def _space(method: Method, device: str) -> FeatureSpace:
    if not method.has_predictor or method.action is None:
        return FeatureSpace(method.parts)
    from_representation = method.predicts_from_representation
    return FeatureSpace(method.parts, view_predictor(method.predict, method.action, device, from_representation))


def _load_data(model: TrainedMethod, plan: EvaluationPlan, folder: Path, images: ImageStore) -> Data:
    """A dataset with the features of every view, from the folder or made anew; without any if no task needs them."""
    dataset = images.dataset
    fields, latents = dataset.info.fields, dataset.latents
    if not plan.scope.needs_features:
        nothing = np.zeros((*latents.shape[:2], 0), np.float32)
        return Data(fields, latents, dataset.labels, nothing, nothing, not is_cells(dataset))
    features = load_features(model, images, folder, plan.device, plan.reporter)
    embedding = features.embedding
    if plan.protocol.views_per_input > 1:
        embedding = sequence_embeddings(model, features, dataset, folder, plan)
    return Data(fields, latents, dataset.labels, features.representation, embedding)
