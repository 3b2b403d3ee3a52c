"""One metric over groups of queries: by the size of the rotation, and by whether the class was trained on."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from threedie.benchmark.tasks.task import Array, Breakdown, Indices, Subject

STEP_DEG = 15
"""Width of a group of rotations."""
HELD_OUT, TRAINED = "classes held out of training", "classes trained on"


def by_rotation(
    metric: str,
    where: tuple[str, str],
    sizes: Array,
    values: Sequence[Array],
    floors: Array,
    higher_is_better: bool = False,
) -> Breakdown:
    """The mean of a metric as a function of the size of the rotation.

    Args:
        metric: its name.
        where: input and part.
        sizes: angle of each query's rotation in degrees, 0 to 180, (Q,).
        values: the metric of each query, one (Q,) for each seed; seeds are averaged.
        floors: the metric of the best constant for each query, (Q,).
        higher_is_better: the direction.
    """
    group = np.minimum(sizes // STEP_DEG, 180 // STEP_DEG - 1).astype(np.int64)
    names = [f"{low} to {low + STEP_DEG}" for low in range(0, 180, STEP_DEG)]
    return _grouped(metric, where, "rotation_deg", names, group, values, floors, higher_is_better)


def by_class(
    metric: str,
    where: tuple[str, str],
    subject: Subject,
    values: Sequence[Array],
    floors: Array,
    higher_is_better: bool = False,
) -> list[Breakdown]:
    """The mean of a metric over objects of classes with and without training objects.

    Empty where all have some, and where nothing is trained on.
    """
    if not len(subject.train):
        return []
    held_out = ~np.isin(subject.asked.labels[subject.val], subject.taught.labels[subject.train])
    if not held_out.any():
        return []
    group = np.repeat(held_out, len(floors) // len(held_out)).astype(np.int64)
    return [_grouped(metric, where, "class", [TRAINED, HELD_OUT], group, values, floors, higher_is_better)]


def _grouped(
    metric: str,
    where: tuple[str, str],
    by: str,
    names: Sequence[str],
    group: Indices,
    values: Sequence[Array],
    floors: Array,
    higher_is_better: bool,
) -> Breakdown:
    counts = np.bincount(group, minlength=len(names))

    def means(per_query: npt.NDArray) -> tuple[float | None, ...]:
        sums = np.bincount(group, weights=per_query, minlength=len(names))
        return tuple(float(total / count) if count else None for total, count in zip(sums, counts, strict=True))

    source, part = where
    return Breakdown(
        metric,
        part,
        source,
        higher_is_better,
        by,
        tuple(names),
        means(np.mean(values, 0)),
        means(floors),
        tuple(counts.tolist()),
    )
