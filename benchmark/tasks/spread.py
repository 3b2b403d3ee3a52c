"""Uncertainty of a number: deviation over seeds of heads, bootstrap intervals over objects."""

import functools
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from threedie.benchmark.tasks.scores import Array, r2_per_component, r2_pooled

DRAWS = 1000
COVERAGE = 0.95
_ROUNDING = 1e-12
_ENTRIES = 4_000_000
"""Numbers in memory at once while medians are drawn."""


@dataclass(frozen=True, eq=False)
class BootstrapDraws:
    """A number in each draw of the measured objects.

    Two of the same count and seed, measured on the same data, are paired: draw by draw of the same objects.

    Attributes:
        values: the number in each draw, (DRAWS,); NaN where it is undefined.
        objects: count of the measured objects.
        seed: seed of the draws.
    """

    values: Array
    objects: int
    seed: int


@dataclass(frozen=True)
class Estimate:
    """A number, its standard deviation over seeds (None with one) and its bootstrap interval (None with one object).

    `draws` are what the interval is made of: the number in each draw, the mean over seeds.
    """

    value: float
    deviation: float | None = None
    interval: tuple[float, float] | None = None
    draws: BootstrapDraws | None = field(default=None, compare=False, repr=False)


class Bootstrap:
    """Percentile intervals from `DRAWS` draws of the measured objects with replacement (Efron 1979).

    Views of one object are not independent, so objects are drawn and not queries. Queries come as (Q, ...) with
    Q = objects x a fixed number, those of one object together. The draws are a pure function of count and seed.
    """

    def __init__(self, objects: int, seed: int) -> None:
        self.objects, self.seed = objects, seed

    def mean(self, values: Sequence[Array]) -> Estimate:
        """Mean over queries, of each seed's (Q,)."""
        sums = [per_query.reshape(self.objects, -1).sum(1, keepdims=True) for per_query in values]
        counts = values[0].size / self.objects
        return self._estimate(
            [float(per_query.mean()) for per_query in values],
            sums,
            lambda drawn: drawn[:, 0] / (counts * self.objects),
        )

    def median(self, values: Sequence[Array]) -> Estimate:
        """Median over queries, of each seed's (Q,); in the draws the lower one of two."""
        points = [float(np.median(per_query)) for per_query in values]
        if self.objects < 2:
            return self._estimated(points, None)
        weights = draws(self.objects, self.seed)
        medians = np.zeros(DRAWS)
        for per_query in values:
            order = np.argsort(per_query, kind="stable")
            owner = order // (len(per_query) // self.objects)
            rows = max(1, _ENTRIES // len(per_query))
            for begin in range(0, DRAWS, rows):
                below = weights[begin : begin + rows, owner].cumsum(1, dtype=np.int64)
                middle = (2 * below >= below[:, -1:]).argmax(1)
                medians[begin : begin + rows] += per_query[order[middle]] / len(values)
        return self._estimated(points, medians)

    def r2_pooled(self, target: Array, predictions: Sequence[Array]) -> Estimate:
        """R2 with one mean over all components of (Q, T), of each seed's predictions."""

        def of(drawn: Array) -> Array:
            residual, first, second, count = drawn.T
            with np.errstate(all="ignore"):
                return np.asarray(1 - residual / _spread(first, second, count))

        count = np.full(len(target), target.shape[1])
        stats = [
            np.stack([np.square(target - one).sum(1), target.sum(1), np.square(target).sum(1), count], 1)
            for one in predictions
        ]
        return self._estimate(
            [r2_pooled(target, one) for one in predictions], [self._per_object(rows) for rows in stats], of
        )

    def r2_per_component(self, target: Array, predictions: Sequence[Array]) -> Estimate:
        """Mean over components of each one's R2, of each seed's predictions (Q, T)."""
        width = target.shape[1]

        def of(drawn: Array) -> Array:
            residual, first, second = (drawn[:, at * width : (at + 1) * width] for at in range(3))
            with np.errstate(all="ignore"):
                return np.asarray((1 - residual / _spread(first, second, drawn[:, -1:])).mean(1))

        ones = np.ones((len(target), 1))
        stats = [np.concatenate([np.square(target - one), target, np.square(target), ones], 1) for one in predictions]
        return self._estimate(
            [r2_per_component(target, one) for one in predictions], [self._per_object(rows) for rows in stats], of
        )

    def _per_object(self, stats: Array) -> Array:
        return np.asarray(stats.reshape(self.objects, -1, stats.shape[1]).sum(1))

    def _estimate(self, points: Sequence[float], sums: Sequence[Array], value: Callable[[Array], Array]) -> Estimate:
        """Points of each seed, and statistics (objects, K) whose sums over drawn objects give `value`."""
        if self.objects < 2:
            return self._estimated(points, None)
        weights = draws(self.objects, self.seed).astype(np.float64)
        return self._estimated(points, np.mean([value(weights @ stats) for stats in sums], 0))

    def _estimated(self, points: Sequence[float], drawn: Array | None) -> Estimate:
        """The estimate of each seed's number, and of the mean over seeds in each draw."""
        value = statistics.fmean(points)
        deviation = statistics.stdev(points) if len(points) > 1 and all(map(np.isfinite, points)) else None
        finite = np.empty(0) if drawn is None else drawn[np.isfinite(drawn)]
        if drawn is None or not len(finite) or not np.isfinite(value):
            return Estimate(value, deviation)
        low, high = np.quantile(finite, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
        return Estimate(value, deviation, (float(low), float(high)), BootstrapDraws(drawn, self.objects, self.seed))


@functools.lru_cache(maxsize=2)
def draws(objects: int, seed: int) -> npt.NDArray[np.int32]:
    """How often each object comes in each draw, (DRAWS, objects)."""
    raw = np.random.Philox(key=np.array([seed, objects], np.uint64))
    counts = np.empty((DRAWS, objects), np.int32)
    for row in counts:
        row[:] = np.bincount((raw.random_raw(objects) % np.uint64(objects)).astype(np.int64), minlength=objects)
    return counts


def _spread(first: Array, second: Array, count: Array) -> Array:
    """Sum of squares about the mean from the sums of values and squares; nan where that is rounding noise.

    A draw of few objects may hold a single one again and again, whose target doesn't vary.
    """
    total = second - first**2 / count
    return np.where(total > _ROUNDING * second, total, np.nan)
