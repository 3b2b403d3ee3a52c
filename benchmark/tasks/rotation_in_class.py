"""Rotation within a class: how an object stands, by a linear regression for each class."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg

from threedie.benchmark.data.pairs import Indices, spread_over
from threedie.benchmark.tasks.absolute_rotation import unsigned_rotations
from threedie.benchmark.tasks.metric import R2_PER_COMPONENT
from threedie.benchmark.tasks.needs import MIN_TRAIN_OBJECTS, Needs
from threedie.benchmark.tasks.outcome import Outcome
from threedie.benchmark.tasks.rows import Rows
from threedie.benchmark.tasks.spread import Bootstrap
from threedie.benchmark.tasks.subject import Array, Floats, Subject
from threedie.benchmark.tasks.task import Task
from threedie.manifests.latents import ROTATION

PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3, 1e4)
"""Of the ridge, in units of the number of views."""
FOLDS = 5
CLASS_VIEWS = 10_000
"""Training views of a class that its regression sees at most."""
_LEAST_DEVIATION = 1e-6


class RotationInClass(Task):
    """The orientation in one view, by a ridge regression for each class."""

    name = "rotation_in_class"
    version = 1
    order = 50
    title = "Rotation in a class"
    needs = Needs(train_objects=MIN_TRAIN_OBJECTS, labels=True, fields=ROTATION)
    metrics = (R2_PER_COMPONENT,)
    figure_role = "pose_in_class"
    axis_label = "rotation in a class, R² per component"
    definition = (
        "For each class a linear (ridge) regression from the features of one view to the absolute quaternion, as in "
        "absolute_rotation, on the class's training objects. Each dimension is divided by its deviation over those of "
        f"all measured classes. The penalty is the best of {', '.join(f'{penalty:g}' for penalty in PENALTIES)} times "
        f"the number of views in {FOLDS}-fold cross-validation over objects; at most {CLASS_VIEWS:,} views a class "
        "take part. R2 of each component against the best constant of each class, over all measured views together; "
        "mean over components. The class is given: this measures how much of the pose the features hold, however hard "
        "the class is to tell from them, and no perceptron has to be trained. Validation objects of classes with fewer "
        f"than {FOLDS} training objects are left out."
    )

    def measure(self, subject: Subject) -> Outcome:
        """The R2 of each part, on each input."""
        outcome = Outcome(self.name)
        train_objects, eval_objects = _objects_by_class(subject)
        measured = sum(map(len, eval_objects.values()))
        if measured < len(subject.eval_objects):
            outcome.notes.append(
                f"{len(subject.eval_objects) - measured} validation objects are of classes with fewer than {FOLDS} "
                "training objects; left out"
            )
        if not measured:
            return outcome
        train_data, eval_data = subject.train_data, subject.eval_data
        limit = max(FOLDS, CLASS_VIEWS // train_data.views)
        train_objects = {label: spread_over(objects, limit) for label, objects in train_objects.items()}
        train_targets = {label: unsigned_rotations(train_data, objects) for label, objects in train_objects.items()}
        eval_targets = {label: unsigned_rotations(eval_data, objects) for label, objects in eval_objects.items()}
        target = np.concatenate([rotations - rotations.mean(0) for rotations in eval_targets.values()])
        draws = Bootstrap(measured, subject.protocol.seed)
        for source in subject.head_sources:
            train_features, eval_features = train_data.features(source), eval_data.features(source)
            for part, dims in subject.parts(source).items():
                scale = _scale(_rows(train_features, objects, dims) for objects in train_objects.values())
                predictions = []
                for label, objects in train_objects.items():
                    folds = np.arange(len(objects)).repeat(train_data.views) % FOLDS
                    inputs = _rows(train_features, objects, dims) / scale
                    weights, constant = fit(inputs, train_targets[label], folds)
                    for begin in range(0, len(eval_objects[label]), limit):
                        rows = _rows(eval_features, eval_objects[label][begin : begin + limit], dims) / scale
                        predictions.append(rows @ weights + constant - eval_targets[label].mean(0))
                estimate = draws.r2_per_component(target, [np.concatenate(predictions)])
                note = "the best constant quaternion of each class"
                outcome.add(self.score("r2_per_component", (source, part), estimate, 0.0, note))
        return outcome


def fit(inputs: Array, targets: Array, folds: Indices) -> tuple[Array, Array]:
    """A ridge regression whose penalty is the best in cross-validation.

    Args:
        inputs: (N, D).
        targets: (N, T).
        folds: fold of each row, (N,).

    Returns:
        Weights (D, T) and constants (T,): predictions are rows (Q, D) @ weights + constants.
    """
    # Centered first: subtracting a fold's sums from those of all then loses fewer digits.
    shift, mean = inputs.mean(0), targets.mean(0)
    inputs, targets = inputs - shift, targets - mean
    pieces = [_Sums.of(inputs[folds == fold], targets[folds == fold]) for fold in np.unique(folds)]
    everything = _Sums(*(sum(part) for part in zip(*(piece.parts for piece in pieces), strict=True)))
    errors = np.zeros(len(PENALTIES))
    for fold, piece in zip(np.unique(folds), pieces, strict=True):
        left = _Sums(*(all_of_it - part for all_of_it, part in zip(everything.parts, piece.parts, strict=True)))
        for place, penalty in enumerate(PENALTIES):
            weights, constant = left.solve(penalty)
            predictions = inputs[folds == fold] @ weights + constant
            errors[place] += np.square(predictions - targets[folds == fold]).sum()
    weights, constant = everything.solve(PENALTIES[int(errors.argmin())])
    return weights, constant + mean - shift @ weights


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sufficient statistics of a regression: count, sums and sums of products of rows."""

    count: float
    x: Array
    y: Array
    xx: Array
    xy: Array

    @classmethod
    def of(cls, inputs: Array, targets: Array) -> "_Sums":
        """Of rows (N, D) and (N, T)."""
        return cls(len(inputs), inputs.sum(0), targets.sum(0), inputs.T @ inputs, inputs.T @ targets)

    @property
    def parts(self) -> tuple[Any, ...]:
        """All five."""
        return self.count, self.x, self.y, self.xx, self.xy

    def solve(self, penalty: float) -> tuple[Array, Array]:
        """Weights (D, T) and constants (T,) at a penalty in units of the number of rows."""
        x, y = self.x / self.count, self.y / self.count
        products = self.xx / self.count - np.outer(x, x)
        products[np.diag_indices_from(products)] += penalty
        weights = linalg.solve(products, self.xy / self.count - np.outer(x, y), assume_a="pos", overwrite_a=True)
        return np.asarray(weights), np.asarray(y - x @ weights)


def _objects_by_class(subject: Subject) -> tuple[dict[int, Indices], dict[int, Indices]]:
    """Training and measured objects of each class that has both, and enough of the former, by sorted label."""
    train, measured = subject.train_objects, subject.eval_objects
    train_labels, eval_labels = subject.train_data.labels[train], subject.eval_data.labels[measured]
    labels, counts = np.unique(train_labels, return_counts=True)
    chosen = np.intersect1d(labels[counts >= FOLDS], eval_labels).tolist()
    return (
        {label: train[train_labels == label] for label in chosen},
        {label: measured[eval_labels == label] for label in chosen},
    )


def _scale(rows: Iterable[Array]) -> Array:
    """Deviation of each dimension over all rows, (D,); infinite where it doesn't vary."""
    count, first, second, most = 0, 0.0, 0.0, 1e-30
    for block in rows:
        count, most = count + len(block), max(most, float(np.abs(block).max()))
        first, second = first + block.sum(0), second + np.square(block).sum(0)
    deviation = np.sqrt(np.maximum(second / count - np.square(first / count), 0))
    return np.where(deviation > _LEAST_DEVIATION * most, deviation, np.inf)


def _rows(features: Floats, objects: Indices, dims: slice) -> Array:
    return Rows(features, objects, dims)[:].astype(np.float64)
