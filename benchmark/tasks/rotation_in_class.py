"""Rotation within a class: how an object stands, by a linear regression for each class."""

from collections.abc import Iterable

import numpy as np

from benchmark.pairs import Indices, spread_over
from benchmark.tasks.absolute_rotation import unsigned_rotations
from benchmark.tasks.scores import r2_per_component
from benchmark.tasks.spread import Bootstrap
from benchmark.tasks.task import Array, Floats, Outcome, Score, Subject, Task

PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""Of the ridge, in units of the number of views."""
FOLDS = 5
CLASS_VIEWS = 10_000
"""Training views of a class that its regression sees at most."""
_LEAST_DEVIATION = 1e-6


class RotationInClass(Task):
    """Share of the variance of the rotation within each class that a regression for that class tells."""

    name = "rotation_in_class"
    version = 1
    main = "r2_per_component"
    definition = (
        "For each class a linear (ridge) regression from the features of one view to the absolute quaternion, as in "
        "absolute_rotation, on the class's training objects. Each dimension is divided by its deviation over those of "
        f"all classes. The penalty is the best of {', '.join(f'{penalty:g}' for penalty in PENALTIES)} times the "
        f"number of views in {FOLDS}-fold cross-validation over objects; at most {CLASS_VIEWS:,} views a class take "
        "part. R2 of each component against the best constant of each class, over all measured views together; mean "
        "over components. The class is given: this tells how much of the pose the features hold, however hard the "
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
                said = [
                    ridge(
                        _rows(known, objects, where) / scale,
                        wanted[label],
                        np.arange(len(objects)).repeat(subject.taught.views) % FOLDS,
                        _rows(other, asked[label], where) / scale,
                    )
                    - truth[label].mean(0)
                    for label, objects in taught.items()
                ]
                score = draws.r2_per_component(target, [np.concatenate(said)], r2_per_component)
                note = "the best constant quaternion of each class"
                outcome.add(Score.of("r2_per_component", (source, part), score, 0.0, note, main=True))
        return outcome


def ridge(inputs: Array, targets: Array, folds: Indices, asked: Array) -> Array:
    """What a ridge regression says of other rows, its penalty chosen by cross-validation.

    Args:
        inputs: (N, D).
        targets: (N, T).
        folds: fold of each row, 0 to F - 1, (N,).
        asked: (Q, D).

    Returns:
        (Q, T).
    """
    errors = np.zeros(len(PENALTIES))
    for fold in np.unique(folds):
        held = folds == fold
        for place, said in enumerate(_answers(inputs[~held], targets[~held], inputs[held], PENALTIES)):
            errors[place] += np.square(said - targets[held]).sum()
    return _answers(inputs, targets, asked, (PENALTIES[int(errors.argmin())],))[0]


def _answers(inputs: Array, targets: Array, asked: Array, penalties: tuple[float, ...]) -> list[Array]:
    centre, mean = inputs.mean(0), targets.mean(0)
    known, other = inputs - centre, asked - centre
    products, wanted = known.T @ known, known.T @ (targets - mean)
    eye = np.eye(len(products))
    return [mean + other @ np.linalg.solve(products + penalty * len(known) * eye, wanted) for penalty in penalties]


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
    taken = features[objects][..., part].astype(np.float64)
    return np.asarray(taken.reshape(-1, taken.shape[-1]))
