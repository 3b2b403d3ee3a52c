"""Whether two scores differ by more than chance: a paired bootstrap over objects, and the spread over seeds.

Draw b of two scores measured on the same objects takes the same objects, so an object that is hard for everyone cancels
in their difference. The variance of the difference of two means over seeds is the sum of

- that over the draws of objects, of the difference of the means over seeds, and
- for each row with n > 1 seeds, s^2 / n, with s the standard deviation (n - 1) of its seeds: the variance of resampled
  seeds whose deviations are scaled by sqrt(n / (n - 1)); without the scale a bootstrap of few seeds is too narrow.

Interval and p come from Student's t with the degrees of freedom of Welch and Satterthwaite. Quantiles of resampled
seeds would be too narrow where there are few, and a p counted in draws, 0 or at least 1 / DRAWS, couldn't be corrected
for many pairs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from threedie.benchmark.records.draws import ScoreDraws
from threedie.benchmark.tasks.spread import COVERAGE
from threedie.manifests.errors import ThreeDieError

LEVEL = 1 - COVERAGE
"""Probability of telling two equal scores apart."""


@dataclass(frozen=True, eq=False)
class RowScores:
    """One score of the runs of a row, a run for each seed.

    Attributes:
        name: what messages call it.
        runs: identifies each run, so that two scores of the same runs are paired by run.
        scores: the score of each, with its draws.
    """

    name: str
    runs: tuple[str, ...]
    scores: tuple[ScoreDraws, ...]

    @property
    def seeds(self) -> int:
        """How many runs there are."""
        return len(self.runs)

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """The score of each run, (n,)."""
        return np.array([each.value for each in self.scores])

    @property
    def mean_draws(self) -> npt.NDArray[np.float64]:
        """The mean over runs in each draw, (DRAWS,)."""
        return np.mean([each.values for each in self.scores], 0, dtype=np.float64)

    @property
    def objects(self) -> tuple[int, int]:
        """Count of the measured objects and seed of the draws.

        Raises:
            ThreeDieError: they aren't the same for all runs.
        """
        if len(set(kinds := [(each.objects, each.seed) for each in self.scores])) > 1:
            raise ThreeDieError(f"{self.name}: its runs were measured on different objects; compare each by itself")
        return kinds[0]


@dataclass(frozen=True)
class Difference:
    """The difference of two means over seeds.

    Attributes:
        value: the first minus the second.
        interval: of 95 %.
        p: two-sided probability of one as large between equal scores.
    """

    value: float
    interval: tuple[float, float]
    p: float

    @property
    def told_apart(self) -> bool:
        """Whether it is beyond chance, at 5 %."""
        return self.p < LEVEL


def difference(one: RowScores, other: RowScores) -> Difference:
    """The difference of two scores measured on the same data under the same protocol.

    Rows of the same runs, such as two parts of one row, are paired by run too.

    Raises:
        ThreeDieError: they were measured on different objects, or share some runs and not all.
    """
    if one.objects != other.objects:
        raise ThreeDieError(
            f"{one.name} was measured on {_words(one.objects)}, {other.name} on {_words(other.objects)}: only scores "
            "of the same objects can be compared; evaluate both by one protocol"
        )
    paired = sorted(one.runs) == sorted(other.runs)
    if not paired and set(one.runs) & set(other.runs):
        raise ThreeDieError(f"{one.name} and {other.name} share some of their runs; give rows without common runs")
    drawn = one.mean_draws - other.mean_draws
    finite = drawn[np.isfinite(drawn)]
    objects = one.objects[0]
    variances = [(float(finite.var(ddof=1)) if len(finite) > 1 else math.nan, objects - 1)]
    if paired:
        order = [other.runs.index(run) for run in one.runs]
        variances += _seed_variance(one.values - other.values[order])
    else:
        variances += _seed_variance(one.values) + _seed_variance(other.values)
    return _estimate(float(one.values.mean() - other.values.mean()), variances, objects)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values of several tests (Holm 1979): below 5 % for any of the true ones at most 5 % of the time."""
    order = np.argsort(p_values, kind="stable")
    adjusted, largest = [0.0] * len(order), 0.0
    for place, test in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - place) * p_values[test]))
        adjusted[test] = largest
    return adjusted


def _seed_variance(values: npt.NDArray[np.float64]) -> list[tuple[float, int]]:
    """Variance of a mean over seeds, and its degrees of freedom; nothing of a single one, which shows none."""
    return [(float(values.var(ddof=1)) / len(values), len(values) - 1)] if len(values) > 1 else []


def _estimate(value: float, variances: Sequence[tuple[float, int]], objects: int) -> Difference:
    """A difference with its interval and p, from independent variances and their degrees of freedom."""
    total = sum(variance for variance, _ in variances)
    if not math.isfinite(total):
        return Difference(value, (-math.inf, math.inf), 1.0)
    if total == 0:
        # Each object tells the same: as by a sign test.
        return Difference(value, (value, value), 1.0 if value == 0 else 2.0 ** (1 - objects))
    freedom = total**2 / sum(variance**2 / degrees for variance, degrees in variances)
    error = math.sqrt(total)
    half = float(stdtrit(freedom, (1 + COVERAGE) / 2)) * error
    return Difference(value, (value - half, value + half), float(2 * stdtr(freedom, -abs(value) / error)))


def _words(objects: tuple[int, int]) -> str:
    return f"{objects[0]} objects (draws of seed {objects[1]})"
