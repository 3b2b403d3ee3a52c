"""Rotation within a class: how an object stands, by a linear regression for each class."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg

from threedie.benchmark.data.pairs import Indices, spread_over
from threedie.benchmark.tasks.absolute_rotation import unsigned_rotations
from threedie.benchmark.tasks.metric import r2
from threedie.benchmark.tasks.rows import Rows
from threedie.benchmark.tasks.scores import r2_per_component
from threedie.benchmark.tasks.spread import Bootstrap
from threedie.benchmark.tasks.task import Array, Floats, Outcome, Score, Subject, Task

PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3, 1e4)
"""Of the ridge, in units of the number of views."""
FOLDS = 5
CLASS_VIEWS = 10_000
"""Training views of a class that its regression sees at most."""
_LEAST_DEVIATION = 1e-6


class RotationInClass(Task):
    """Share of the variance of the rotation within each class that a regression for that class tells."""

    name = "rotation_in_class"
    version = 1
    title = "Rotation in a class"
    main = "r2_per_component"
    metrics = (r2("r2_per_component", "R² per component"),)
    definition = (
        "For each class a linear (ridge) regression from the features of one view to the absolute quaternion, as in "
        "absolute_rotation, on the class's training objects. Each dimension is divided by its deviation over those of "
        f"all measured classes. The penalty is the best of {', '.join(f'{penalty:g}' for penalty in PENALTIES)} times "
        f"the number of views in {FOLDS}-fold cross-validation over objects; at most {CLASS_VIEWS:,} views a class "
        "take part. R2 of each component against the best constant of each class, over all measured views together; "
        "mean over components. The class is given: this tells how much of the pose the features hold, however hard the "
        "class is to tell from them, and no perceptron has to be trained. Validation objects of classes with fewer "
        f"than {FOLDS} training objects are left out."
    )

    def measure(self, subject: Subject) -> Outcome:
        """The R2 of each part, on each input."""
        outcome = Outcome()
        taught = {label: subject.train[subject.taught.labels[subject.train] == label] for label in _classes(subject)}
        labels = subject.asked.labels[subject.val]
        asked = {label: subject.val[labels == label] for label in taught}
        left = len(subject.val) - sum(map(len, asked.values()))
        if left:
            outcome.notes.append(
                f"{left} validation objects are of classes with fewer than {FOLDS} training objects; left out"
            )
        if not asked:
            return outcome
        most = max(FOLDS, CLASS_VIEWS // subject.taught.views)
        taught = {label: spread_over(objects, most) for label, objects in taught.items()}
        wanted = {label: unsigned_rotations(subject.taught, objects) for label, objects in taught.items()}
        truth = {label: unsigned_rotations(subject.asked, objects) for label, objects in asked.items()}
        target = np.concatenate([true - true.mean(0) for true in truth.values()])
        draws = Bootstrap(len(subject.val) - left, subject.protocol.seed)
        for source in subject.head_sources:
            for part, where in subject.parts(source).items():
                known, other = subject.taught.features(source), subject.asked.features(source)
                scale = _scale(_rows(known, objects, where) for objects in taught.values())
                said = []
                for label, objects in taught.items():
                    folds = np.arange(len(objects)).repeat(subject.taught.views) % FOLDS
                    weights, constant = fit(_rows(known, objects, where) / scale, wanted[label], folds)
                    for begin in range(0, len(asked[label]), most):
                        rows = _rows(other, asked[label][begin : begin + most], where) / scale
                        said.append(rows @ weights + constant - truth[label].mean(0))
                score = draws.r2_per_component(target, [np.concatenate(said)], r2_per_component)
                note = "the best constant quaternion of each class"
                outcome.add(Score.of("r2_per_component", (source, part), score, 0.0, note, main=True))
        return outcome


def fit(inputs: Array, targets: Array, folds: Indices) -> tuple[Array, Array]:
    """A ridge regression whose penalty is the best in cross-validation.

    Args:
        inputs: (N, D).
        targets: (N, T).
        folds: fold of each row, (N,).

    Returns:
        Weights (D, T) and constants (T,): rows (Q, D) @ weights + constants is what it says.
    """
    # Both less their means, which all sums below are of: less is lost where a fold's sums are taken away from all.
    shift, mean = inputs.mean(0), targets.mean(0)
    inputs, targets = inputs - shift, targets - mean
    pieces = [_Sums.of(inputs[folds == fold], targets[folds == fold]) for fold in np.unique(folds)]
    everything = _Sums(*(sum(part) for part in zip(*(piece.parts for piece in pieces), strict=True)))
    errors = np.zeros(len(PENALTIES))
    for fold, piece in zip(np.unique(folds), pieces, strict=True):
        left = _Sums(*(all_of_it - part for all_of_it, part in zip(everything.parts, piece.parts, strict=True)))
        for place, penalty in enumerate(PENALTIES):
            weights, constant = left.solve(penalty)
            said = inputs[folds == fold] @ weights + constant
            errors[place] += np.square(said - targets[folds == fold]).sum()
    weights, constant = everything.solve(PENALTIES[int(errors.argmin())])
    return weights, constant + mean - shift @ weights


@dataclass(frozen=True, eq=False)
class _Sums:
    """What a regression needs to know of rows: their count, sums and sums of products."""

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


def _classes(subject: Subject) -> Indices:
    """Labels of the classes that can be asked, sorted."""
    labels, counts = np.unique(subject.taught.labels[subject.train], return_counts=True)
    return np.intersect1d(labels[counts >= FOLDS], subject.asked.labels[subject.val])


def _scale(rows: Iterable[Array]) -> Array:
    """Deviation of each dimension over all rows, (D,); infinite where it doesn't vary."""
    count, first, second, most = 0, 0.0, 0.0, 1e-30
    for some in rows:
        count, most = count + len(some), max(most, float(np.abs(some).max()))
        first, second = first + some.sum(0), second + np.square(some).sum(0)
    deviation = np.sqrt(np.maximum(second / count - np.square(first / count), 0))
    return np.where(deviation > _LEAST_DEVIATION * most, deviation, np.inf)


def _rows(features: Floats, objects: Indices, part: slice) -> Array:
    return Rows(features, objects, part)[:].astype(np.float64)
