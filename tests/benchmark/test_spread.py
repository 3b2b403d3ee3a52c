import numpy as np
import pytest

from threedie.benchmark.tasks.scores import r2_per_component, r2_pooled
from threedie.benchmark.tasks.spread import DRAWS, Bootstrap, draws


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def test_draws_are_the_same_every_time_and_draw_all_objects():
    counts = draws(40, 3)
    assert (counts.sum(1) == 40).all()
    assert abs(counts.mean() - 1) < 1e-9
    # Variance of a count of Binomial(40, 1 / 40).
    assert abs(counts.var() - 39 / 40) < 0.03
    draws.cache_clear()
    assert (draws(40, 3) == counts).all()
    assert (draws(40, 4) != counts).any()


def test_the_interval_of_a_mean_is_that_of_its_standard_error(generator: np.random.Generator):
    objects, views = 400, 5
    # Views of an object agree: only objects count.
    values = generator.normal(2, 1, (objects, 1)).repeat(views, 1).reshape(-1)
    estimate = Bootstrap(objects, 0).mean([values])
    assert estimate.value == pytest.approx(values.mean())
    assert estimate.deviation is None
    half = 1.96 / np.sqrt(objects)
    assert estimate.interval == pytest.approx((estimate.value - half, estimate.value + half), abs=0.03)


def test_deviation_is_over_seeds(generator: np.random.Generator):
    values = [generator.normal(mean, 1, 60) for mean in (0, 1, 2)]
    estimate = Bootstrap(20, 0).mean(values)
    means = [one.mean() for one in values]
    assert estimate.value == pytest.approx(np.mean(means))
    assert estimate.deviation == pytest.approx(np.std(means, ddof=1))
    assert estimate.interval[0] < estimate.value < estimate.interval[1]


def test_each_draw_is_the_metric_of_the_drawn_objects(generator: np.random.Generator):
    objects, views = 7, 4
    target = generator.standard_normal((objects * views, 3))
    predictions = target + 0.5 * generator.standard_normal(target.shape)
    errors = np.abs(target - predictions).sum(1)
    boot = Bootstrap(objects, 1)
    drawn = {"pooled": [], "own": [], "median": []}
    for counts in draws(objects, 1):
        rows = np.repeat(np.arange(objects), counts)[:, None] * views + np.arange(views)
        one, other = target[rows.reshape(-1)], predictions[rows.reshape(-1)]
        drawn["pooled"].append(r2_pooled(one, other))
        drawn["own"].append(r2_per_component(one, other))
        drawn["median"].append(np.sort(errors[rows.reshape(-1)])[(rows.size - 1) // 2])
    assert len(drawn["own"]) == DRAWS
    for name, estimate in (
        ("pooled", boot.r2_pooled(target, [predictions])),
        ("own", boot.r2_per_component(target, [predictions])),
        ("median", boot.median([errors])),
    ):
        assert estimate.interval == pytest.approx(tuple(np.quantile(drawn[name], [0.025, 0.975])), abs=1e-9), name


def test_one_object_has_no_interval():
    boot = Bootstrap(1, 0)
    assert boot.mean([np.arange(3.0)]).interval is None
    assert boot.median([np.arange(3.0)]).interval is None


def test_what_is_undefined_stays_so():
    target = np.ones((6, 2))
    estimate = Bootstrap(3, 0).r2_pooled(target, [target, target])
    assert np.isnan(estimate.value)
    assert (estimate.deviation, estimate.interval) == (None, None)
