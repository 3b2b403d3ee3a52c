"""One metric over groups of queries: by the size of the rotation, and by whether the class was trained on."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from threedie.benchmark.data.pairs import Indices
from threedie.benchmark.tasks.metric import Metric
from threedie.benchmark.tasks.outcome import Breakdown
from threedie.benchmark.tasks.subject import Array, Subject

STEP_DEG = 15
"""Width of a group of rotations."""
UNTRAINED, TRAINED = "classes held out of training", "classes trained on"


def by_rotation(
    metric: Metric, where: tuple[str, str], sizes: Array, values: Sequence[Array], floors: Array
) -> Breakdown:
    """The mean of a metric as a function of the size of the rotation.

    Args:
        metric: its declaration.
        where: input and part.
        sizes: angle of each query's rotation in degrees, 0 to 180, (Q,).
        values: the metric of each query, one (Q,) for each seed; seeds are averaged.
        floors: the metric of the best constant for each query, (Q,).
    """
    group = np.minimum(sizes // STEP_DEG, 180 // STEP_DEG - 1).astype(np.int64)
    names = [f"{low} to {low + STEP_DEG}" for low in range(0, 180, STEP_DEG)]
    return _grouped(metric, where, "rotation_deg", names, group, values, floors)


def by_class(
    metric: Metric, where: tuple[str, str], subject: Subject, values: Sequence[Array], floors: Array
) -> list[Breakdown]:
    """The mean of a metric over objects of classes with and without training objects.

    Empty where all have some, and where nothing is trained on.
    """
    if not len(subject.train_objects):
        return []
    labels = subject.eval_data.labels[subject.eval_objects]
    untrained = ~np.isin(labels, subject.train_data.labels[subject.train_objects])
    if not untrained.any():
        return []
    group = np.repeat(untrained, len(floors) // len(untrained)).astype(np.int64)
    return [_grouped(metric, where, "class", [TRAINED, UNTRAINED], group, values, floors)]


def _grouped(
    metric: Metric,
    where: tuple[str, str],
    by: str,
    names: Sequence[str],
    group: Indices,
    values: Sequence[Array],
    floors: Array,
) -> Breakdown:
    counts = np.bincount(group, minlength=len(names))

    def means(per_query: npt.NDArray) -> tuple[float | None, ...]:
        sums = np.bincount(group, weights=per_query, minlength=len(names))
        return tuple(float(total / count) if count else None for total, count in zip(sums, counts, strict=True))

    source, part = where
    return Breakdown(
        metric=metric.name,
        part=part,
        input=source,
        higher_is_better=metric.higher_is_better,
        by=by,
        groups=tuple(names),
        values=means(np.mean(values, 0)),
        floors=means(floors),
        counts=tuple(counts.tolist()),
    )
