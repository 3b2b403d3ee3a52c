"""Density of states by the generalized Gilat-Raubenheimer method, and the curve that networks are trained to predict.

Liu, Johnson, Joannopoulos and Lu, *Generalized Gilat-Raubenheimer method for density-of-states calculation in photonic
crystals*, Journal of Optics 20, 044005 (2018), arXiv:1711.07993; in two dimensions. The Brillouin zone is divided into
squares of half-width h = 1 / (2 points) around the wave vectors. Within a square a band is taken to be linear, with the
frequency and the group velocity at the center. The length of the line of constant frequency in a square, over the
speed, is then an elementary function of frequency. All squares and bands are summed.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.photonics import label_axis
from threedie.render.photonics.bands import Bands

Array = npt.NDArray[np.float64]

BINS = 20000
LARGEST = 40.0
"""Densities are cut off here, as in the data of SIB-CL and E-SSL."""

SMOOTHING_BINS = 100
"""Standard deviation of the Gaussian that smooths the density before it is resampled, in bins."""

_MARGIN = 1.05


@dataclass(frozen=True)
class Density:
    """A density of states.

    Attributes:
        frequency: where it is given, (bins + 1,), in 2 pi c / a.
        density: states per unit of frequency and cell, (bins + 1,).
    """

    frequency: Array
    density: Array


def density_of_states(
    frequency: Array,
    velocity: Array,
    weight: Array | None = None,
    bins: int = BINS,
    largest: float | None = LARGEST,
) -> Density:
    """Density of states of a two-dimensional crystal, by the generalized Gilat-Raubenheimer method.

    For a state of frequency w0 with absolute velocity components v1 >= v2, at the distance d = |w - w0|:

        4 h^2 / v1                                     where d <= h (v1 - v2)
        2 (h^2 (v1 + v2) - h d) / (v1 v2)              where h (v1 - v2) < d < h (v1 + v2)
        0                                              beyond,

    at most 8 h^3 / step; the sum over all states times the number of wave vectors along an axis, so that it
    approximates the number of states per unit of w, times a constant: of the empty lattice it tends to 2 pi w. States
    whose velocity is so small that no bin lies within h (v1 + v2) are lost, as in the authors' program.

    Args:
        frequency: of each wave vector and band, (K, bands), in 2 pi c / a; the K wave vectors (or, with weights, those
            they stand for) are the centers of n x n equal squares that tile the Brillouin zone.
        velocity: d frequency / d k, (K, bands, 2), in c.
        weight: how many wave vectors each stands for, (K,); 1 each by default.
        bins: number of steps from 0 to 1.05 times the highest frequency.
        largest: upper bound of the result, or None.

    Raises:
        ThreeDieError: shapes disagree, numbers aren't finite, or the number of wave vectors isn't a square.
    """
    frequency, velocity = np.asarray(frequency, np.float64), np.asarray(velocity, np.float64)
    weight = np.ones(len(frequency)) if weight is None else np.asarray(weight, np.float64)
    points = round(float(np.sqrt(weight.sum())))
    if frequency.ndim != 2 or velocity.shape != (*frequency.shape, 2) or weight.shape != frequency.shape[:1]:
        raise ThreeDieError(f"frequency {frequency.shape}, velocity {velocity.shape}, weight {weight.shape}: give "
                            "(K, bands), (K, bands, 2) and (K,)")  # fmt: skip
    if points < 1 or points**2 != weight.sum():
        raise ThreeDieError(f"{weight.sum():g} wave vectors: give those of a square grid over the whole Brillouin zone")
    if not (np.isfinite(frequency).all() and np.isfinite(velocity).all() and frequency.max() > 0):
        raise ThreeDieError("frequency and velocity: give finite numbers, and frequencies above 0")
    step = _MARGIN * float(frequency.max()) / bins
    weights = np.broadcast_to(weight[:, None], frequency.shape).ravel()
    total = _sum_states(frequency.ravel(), np.abs(velocity).reshape(-1, 2), weights, 0.5 / points, step, bins)
    density = points * total
    return Density(step * np.arange(bins + 1), density if largest is None else np.minimum(density, largest))


def _sum_states(frequency: Array, speed: Array, weight: Array, h: float, step: float, bins: int) -> Array:
    """The sum over states (N,) at each bin; see `density_of_states`."""
    v1, v2 = speed.max(1), speed.min(1)
    reach = h * (v1 + v2)
    first = np.clip(np.ceil((frequency - reach) / step), 0, bins + 1).astype(np.int64)
    last = np.clip(np.floor((frequency + reach) / step), -1, bins).astype(np.int64)
    counts = np.maximum(last - first + 1, 0)
    state = np.repeat(np.arange(len(frequency)), counts)
    starts = np.cumsum(counts) - counts
    place = np.arange(counts.sum()) - np.repeat(starts - first, counts)
    distance = np.abs(frequency[state] - step * place)
    v1, v2, reach = v1[state], v2[state], reach[state]
    with np.errstate(divide="ignore", invalid="ignore"):
        plateau, slope = 4 * h**2 / v1, 2 * h * (reach - distance) / (v1 * v2)
    value = np.where(distance <= h * (v1 - v2), plateau, slope)
    value = np.minimum(np.where(distance <= reach, value, 0.0), 8 * h**3 / step)
    return np.asarray(np.bincount(place, value * weight[state], bins + 1), np.float64)


def label_of(density: Density, mean_epsilon: float) -> Array:
    """The curve to predict: the smoothed density over reduced frequency, (500,), which scales with the empty lattice's.

    The bin at 0 is dropped, the rest smoothed with a Gaussian of 100 bins; frequencies are multiplied and densities
    divided by sqrt(mean permittivity); linear interpolation to `threedie.manifests.photonics.label_axis`. Of a uniform
    cell it is 2 pi x, whatever its permittivity.
    """
    smooth = ndimage.gaussian_filter1d(density.density[1:], SMOOTHING_BINS, mode="reflect", truncate=4.0)
    root = float(np.sqrt(mean_epsilon))
    label: Array = np.interp(label_axis(), density.frequency[1:] * root, smooth) / root
    return label


def label_of_bands(bands: Bands, epsilon: Array) -> Array:
    """`label_of` the density of states of a cell's bands, with the mean of its pixels; (500,)."""
    return label_of(density_of_states(bands.frequency, bands.velocity, bands.weight), float(np.mean(epsilon)))
