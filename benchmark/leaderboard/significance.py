"""Whether two scores differ by more than chance: a paired bootstrap over objects, and the spread over seeds.

Draw b of two scores measured on the same objects takes the same objects, so an object that is hard for everyone cancels
in their difference. The variance of the difference of two means over seeds is the sum of

- for each row with n seeds, s^2 / n, with s the standard deviation (n - 1) of its seeds: the variance of resampled
  seeds whose deviations are scaled by sqrt(n / (n - 1)); without the scale a bootstrap of few seeds is too narrow;
- that over the draws of objects, of the difference of the means over seeds, less what the first one holds already:
  seeds differ also by what each does to single objects, which a bootstrap over both counts twice (Owen 2007).

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

Floats = npt.NDArray[np.float64]

LEVEL = 1 - COVERAGE
"""Probability of telling two equal scores apart."""

_ROUNDING = 1e-6
"""Scores of the same weights differ by less between machines and numbers of threads; draws are kept to fewer digits."""


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
    def values(self) -> Floats:
        """The score of each run, (n,)."""
        return np.array([each.value for each in self.scores])

    @property
    def draws(self) -> Floats:
        """The score of each run in each draw, (n, DRAWS)."""
        return np.stack([each.values for each in self.scores]).astype(np.float64)

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
    if paired:
        order = [other.runs.index(run) for run in one.runs]
        samples = [(one.values - other.values[order], one.draws - other.draws[order])]
    else:
        samples = [(one.values, one.draws), (-other.values, -other.draws)]
    finite = np.isfinite(np.concatenate([draws for _, draws in samples])).all(0)
    value = float(one.values.mean() - other.values.mean())
    if finite.sum() < 2:
        return Difference(value, (-math.inf, math.inf), 1.0)
    return _estimate(value, [(values, draws[:, finite]) for values, draws in samples], one.objects[0])


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values of several tests (Holm 1979): below 5 % for any of the true ones at most 5 % of the time."""
    order = np.argsort(p_values, kind="stable")
    adjusted, largest = [0.0] * len(order), 0.0
    for place, test in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - place) * p_values[test]))
        adjusted[test] = largest
    return adjusted


def _estimate(value: float, samples: Sequence[tuple[Floats, Floats]], objects: int) -> Difference:
    """A difference with its interval and p, from independent samples whose means have it as their sum.

    Args:
        value: the difference.
        samples: values of the runs of each, (n,), and their draws, (n, B).
        objects: how many are drawn.
    """
    over_objects = float(np.sum([draws.mean(0) for _, draws in samples], 0).var(ddof=1))
    # A single run shows no spread over seeds: it is taken to be that of the other sample's runs.
    single = sum(len(values) == 1 for values, _ in samples)
    variances = []
    for values, draws in samples:
        if (seeds := len(values)) > 1:
            # What a seed does to single objects: the spread over draws of its deviation from the other seeds.
            own = float((draws - draws.mean(0)).var(1, ddof=1).sum()) / (seeds - 1)
            over_objects -= own / seeds
            variances.append((max(float(values.var(ddof=1)), own) * (1 / seeds + single), seeds - 1))
    variances.append((max(0.0, over_objects), objects - 1))
    total = sum(variance for variance, _ in variances)
    if total == 0:
        # Each object tells the same: as by a sign test.
        return Difference(value, (value, value), 1.0 if abs(value) < _ROUNDING else 2.0 ** (1 - objects))
    freedom = total**2 / sum(variance**2 / degrees for variance, degrees in variances)
    error = math.hypot(math.sqrt(total), _ROUNDING)
    half = float(stdtrit(freedom, (1 + COVERAGE) / 2)) * error
    return Difference(value, (value - half, value + half), float(2 * stdtr(freedom, -abs(value) / error)))


def _words(objects: tuple[int, int]) -> str:
    return f"{objects[0]} objects (draws of seed {objects[1]})"
