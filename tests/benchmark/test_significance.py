"""The paired bootstrap: right at its level, sharper than an unpaired one, and sure of a known difference."""

import itertools

import numpy as np
import pytest

from threedie.benchmark.leaderboard.significance import Difference, RowScores, difference, holm
from threedie.benchmark.records.draws import ScoreDraws
from threedie.benchmark.tasks.spread import draws
from threedie.manifests.errors import ThreeDieError

OBJECTS = 100
COUNTS = draws(OBJECTS, 0) / OBJECTS


def row(name: str, per_object: np.ndarray, runs: tuple[str, ...] = ()) -> RowScores:
    """A row of runs from the score of each object in each, (runs, OBJECTS)."""
    drawn = (per_object @ COUNTS.T).astype(np.float32)
    scores = (ScoreDraws(float(run.mean()), OBJECTS, 0, draw) for run, draw in zip(per_object, drawn, strict=True))
    return RowScores(name, runs or tuple(f"{name}{at}" for at in range(len(per_object))), tuple(scores))


def simulated(
    repeats: int, seeds: tuple[int, int], shift: float = 0.0, between_seeds: float = 0.0, interaction: float = 0.0
) -> list[Difference]:
    """Differences of two rows whose objects are equally hard for both.

    Args:
        repeats: how many.
        seeds: of each row.
        shift: of the first row.
        between_seeds: deviation of the seeds' levels.
        interaction: deviation of what a seed does to single objects.
    """
    generator = np.random.default_rng(0)
    hard = generator.normal(0, 1, (repeats, 1, OBJECTS))
    rows = []
    for name, count, level in zip("ab", seeds, (shift, 0.0), strict=True):
        own = generator.normal(0, 0.5, (repeats, 1, OBJECTS))
        of_seeds = generator.normal(0, between_seeds, (repeats, count, 1))
        of_both = generator.normal(0, interaction, (repeats, count, OBJECTS))
        rows.append([row(name, each) for each in hard + own + level + of_seeds + of_both])
    return [difference(one, other) for one, other in zip(*rows, strict=True)]


@pytest.mark.parametrize(
    ("seeds", "between_seeds", "interaction"),
    [((1, 1), 0.0, 0.0), ((3, 3), 0.1, 0.5), ((3, 3), 1.0, 0.0), ((2, 5), 1.0, 0.5), ((3, 1), 0.3, 0.5)],
)
def test_equal_rows_are_told_apart_at_about_the_level(
    seeds: tuple[int, int], between_seeds: float, interaction: float
) -> None:
    results = simulated(400, seeds, 0.0, between_seeds, interaction)
    # Two deviations of a share of 5 % in 400 are 2.2 %.
    assert 0.02 < np.mean([each.told_apart for each in results]) < 0.08
    assert all(each.told_apart == (not each.interval[0] <= 0 <= each.interval[1]) for each in results)


def test_a_known_difference_is_found_and_lies_in_the_interval() -> None:
    results = simulated(200, (3, 3), 0.5, 0.05, 0.1)
    assert np.mean([each.told_apart for each in results]) > 0.99
    assert 0.9 < np.mean([each.interval[0] <= 0.5 <= each.interval[1] for each in results]) < 0.99
    assert np.mean([each.value for each in results]) == pytest.approx(0.5, abs=0.02)


def test_pairs_tell_more_than_two_intervals() -> None:
    generator = np.random.default_rng(2)
    hard = generator.normal(0, 1, OBJECTS)
    one, other = (
        row(name, (hard + generator.normal(0, 0.1, OBJECTS) + level)[None]) for name, level in (("a", 0.1), ("b", 0))
    )
    paired = difference(one, other)
    assert paired.told_apart
    half = 1.96 * np.hypot(one.draws.std(), other.draws.std())
    assert np.ptp(paired.interval) < half / 2
    # The standard error of a mean of paired differences.
    differences = np.hypot(0.1, 0.1) / np.sqrt(OBJECTS)
    assert np.ptp(paired.interval) == pytest.approx(2 * 1.98 * differences, rel=0.2)


def test_seeds_that_disagree_widen_the_interval_by_their_students_t() -> None:
    level = np.zeros(OBJECTS)
    seeds = np.array([[0.0], [0.3], [0.6]])
    result = difference(row("a", level + seeds + 1), row("b", level + seeds))
    # Equal deviations of 0.3 in three seeds each: four degrees of freedom.
    half = 2.776 * 0.3 * np.sqrt(2 / 3)
    assert result.interval == pytest.approx((1 - half, 1 + half), abs=1e-3)


def test_two_parts_of_a_row_are_paired_by_run() -> None:
    generator = np.random.default_rng(3)
    base = generator.normal(0, 1, (1, OBJECTS)) + np.array([[0.0], [2.0], [4.0]])
    better = base + 0.1 + generator.normal(0, 0.05, base.shape)
    runs = ("x", "y", "z")
    parts = difference(row("one", better, runs), row("other", base, runs))
    assert parts.told_apart
    assert parts.interval[1] - parts.interval[0] < 0.1
    # The order of the runs doesn't matter; other runs aren't paired, and seeds that far apart say nothing.
    turned = difference(row("one", better, runs), row("other", base[::-1], runs[::-1]))
    assert turned.interval == pytest.approx(parts.interval)
    assert not difference(row("one", better), row("other", base)).told_apart


def test_what_says_nothing_is_not_told_apart() -> None:
    same = row("a", np.ones((1, OBJECTS)))
    assert difference(same, row("b", np.ones((1, OBJECTS)))) == Difference(0.0, (0.0, 0.0), 1.0)
    undefined = RowScores("c", ("c",), (ScoreDraws(0.5, OBJECTS, 0, np.full(1000, np.nan, np.float32)),))
    assert not difference(same, undefined).told_apart
    # Every object says so, and there are enough of them.
    assert difference(same, row("b", np.zeros((1, OBJECTS)))).p == pytest.approx(0, abs=1e-20)
    few = [
        RowScores(name, (name,), (ScoreDraws(value, 3, 0, np.full(1000, value, np.float32)),))
        for name, value in (("a", 1.0), ("b", 0.0))
    ]
    assert difference(*few).p == 0.25


def test_other_objects_and_shared_runs_are_refused_by_name() -> None:
    one = row("a", np.ones((2, OBJECTS)))
    other = RowScores("b", ("b",), (ScoreDraws(0.5, 40, 0, np.zeros(1000, np.float32)),))
    with pytest.raises(
        ThreeDieError, match=r"a was measured on 100 objects .*, b on 40 objects .*: only scores of the same"
    ):
        difference(one, other)
    with pytest.raises(ThreeDieError, match="a and c share some of their runs"):
        difference(one, row("c", np.ones((2, OBJECTS)), ("a0", "c1")))
    mixed = RowScores("d", ("d0", "d1"), (one.scores[0], other.scores[0]))
    with pytest.raises(ThreeDieError, match="d: its runs were measured on different objects"):
        difference(mixed, one)


def test_holms_correction() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    for p_values in itertools.permutations([0.2, 0.9, 0.6]):
        assert holm(p_values) == pytest.approx([{0.2: 0.6, 0.9: 1.0, 0.6: 1.0}[p] for p in p_values])


@pytest.mark.parametrize("noise", [0.0, 1e-12, 1e-9, 1e-7])
def test_the_same_weights_evaluated_twice_are_not_told_apart(noise: float) -> None:
    generator = np.random.default_rng(3)
    scores = generator.normal(0, 1, (1, OBJECTS))
    assert not difference(row("a", scores), row("b", scores + noise * generator.normal(1, 1, (1, OBJECTS)))).told_apart


def test_a_single_run_is_taken_to_vary_as_the_seeds_that_it_is_compared_with() -> None:
    level = np.zeros(OBJECTS)
    seeds = np.array([[0.0], [0.3], [0.6]])
    result = difference(row("a", level + seeds + 1), row("b", (level + 0.3)[None]))
    # A deviation of 0.3 in three and in one, known from three: two degrees of freedom.
    assert np.ptp(result.interval) / 2 == pytest.approx(4.303 * 0.3 * np.sqrt(4 / 3), rel=1e-3)
