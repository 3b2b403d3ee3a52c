"""Density of states: against the formulas walked through state by state, and its errors."""

import numpy as np
import pytest

from threedie.manifests.errors import ThreeDieError
from threedie.render.photonics.density import density_of_states


def plain(frequency: np.ndarray, velocity: np.ndarray, bins: int) -> np.ndarray:
    """The formulas of the paper, one state and bin after the other."""
    points = round(len(frequency) ** 0.5)
    h, step = 0.5 / points, 1.05 * frequency.max() / bins
    total = np.zeros(bins + 1)
    for w, (a, b) in zip(frequency.ravel(), np.abs(velocity).reshape(-1, 2), strict=True):
        v1, v2 = max(a, b), min(a, b)
        for n in range(bins + 1):
            d = abs(w - n * step)
            value = 0.0
            if d <= h * (v1 - v2):
                value = 4 * h**2 / v1 if v1 else np.inf
            elif d < h * (v1 + v2):
                value = 2 * (h**2 * (v1 + v2) - h * d) / (v1 * v2)
            total[n] += min(value, 8 * h**3 / step)
    return total * points


def test_the_sum_is_that_of_the_formulas() -> None:
    rng = np.random.default_rng(0)
    frequency, velocity = rng.uniform(0, 1, (9, 3)), rng.uniform(-0.6, 0.6, (9, 3, 2))
    velocity[0, 0] = 0
    frequency[0, 0] = 0
    velocity[1, 0, 1] = 0
    velocity[2, 0] = 0.3
    density = density_of_states(frequency, velocity, bins=400, largest=None)
    assert np.abs(density.density - plain(frequency, velocity, 400)).max() < 1e-11


def test_weights_stand_for_repeated_wave_vectors() -> None:
    rng = np.random.default_rng(1)
    frequency, velocity = rng.uniform(0.1, 1, (5, 2)), rng.uniform(-0.5, 0.5, (5, 2, 2))
    weight = np.array([2.0, 2, 2, 2, 1])
    twice = np.repeat(np.arange(5), weight.astype(int))
    one = density_of_states(frequency, velocity, weight).density
    assert np.allclose(one, density_of_states(frequency[twice], velocity[twice]).density, atol=1e-12)


def test_the_integral_counts_the_states_that_lie_inside() -> None:
    frequency, velocity = np.array([[0.5], [0.51], [0.52], [1.0]]), np.full((4, 1, 2), (0.02, 0.01))
    density = density_of_states(frequency, velocity, largest=None)
    inside = density.frequency < 0.8
    # Each state's trapezoid has the area 8 h^3 = (2 h)^2 * 2 h, times the points along an axis: one square of the zone.
    states = density.density[inside].sum() * density.frequency[1]
    assert states == pytest.approx(3 * 2 * 8 * 0.25**3, rel=1e-3)


@pytest.mark.parametrize(
    ("frequency", "velocity", "match"),
    [
        (np.ones((4, 2)), np.ones((4, 2)), "give"),
        (np.ones((3, 2)), np.ones((3, 2, 2)), "square grid"),
        (np.full((4, 1), np.nan), np.ones((4, 1, 2)), "finite"),
    ],
)
def test_what_is_no_band_structure_is_refused(frequency: np.ndarray, velocity: np.ndarray, match: str) -> None:
    with pytest.raises(ThreeDieError, match=match):
        density_of_states(frequency, velocity)
