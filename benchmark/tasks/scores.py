"""The metrics as functions of arrays (R2, angles, ranks), and the floor of each."""

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

Array = npt.NDArray[np.float64]

TIE = 1e-12
"""Dot products in double precision that differ by less, relative to their size, are tied."""


def r2_pooled(target: Array, prediction: Array) -> float:
    """1 - SSres / SStot with one mean over all components together, as in SIE's code. (Q, T), (Q, T).

    nan where the target is constant.
    """
    total = np.square(target - target.mean()).sum()
    return float(1 - np.square(target - prediction).sum() / total) if total > 0 else float("nan")


def r2_per_component(target: Array, prediction: Array) -> float:
    """Mean over components of each one's own R2; the best constant scores 0. (Q, T), (Q, T).

    nan where a component of the target is constant.
    """
    total = np.square(target - target.mean(0)).sum(0)
    if not (total > 0).all():
        return float("nan")
    return float(np.mean(1 - np.square(target - prediction).sum(0) / total))


def r2_pooled_floor(target: Array) -> float:
    """`r2_pooled` of the best constant: the mean of each component.

    It is above zero where components differ in their means: 0.229 for relative quaternions of 3DIEBench.
    """
    return r2_pooled(target, np.broadcast_to(target.mean(0), target.shape))


def geodesic_degrees(target: Array, prediction: Array) -> Array:
    """Angle of the rotation between two quaternions, in degrees, (Q,): 2 arccos |q . p|. q and -q are one rotation.

    Predictions (Q, 4) are normalized first; one of length zero counts as the identity.
    """
    length = np.linalg.norm(prediction, axis=-1, keepdims=True)
    unit = np.where(length > 1e-12, prediction / np.maximum(length, 1e-12), [0.0, 0.0, 0.0, 1.0])
    cosine = np.abs((target * unit).sum(-1)).clip(0, 1)
    return np.asarray(np.degrees(2 * np.arccos(cosine)))


def rotation_degrees(quaternions: Array) -> Array:
    """Angle of the rotation of each unit quaternion (Q, 4), 0 to 180 degrees, (Q,)."""
    return np.asarray(np.degrees(2 * np.arccos(np.abs(quaternions[:, 3]).clip(0, 1))))


def best_constant_rotation(target: Array) -> Array:
    """The quaternion (4,) whose mean angle to all of (Q, 4) is least.

    From the chordal mean (Markley et al., "Averaging quaternions", 2007, eq. 12) downhill on the mean angle.
    """
    sample = target[:: max(1, len(target) // 4000)]
    start = np.linalg.eigh(sample.T @ sample)[1][:, -1]

    def rotated(vector: Array) -> Array:
        return np.asarray((Rotation.from_quat(start) * Rotation.from_rotvec(vector)).as_quat())

    best = minimize(
        lambda vector: float(geodesic_degrees(sample, np.broadcast_to(rotated(vector), sample.shape)).mean()),
        np.zeros(3),
        method="Nelder-Mead",
        options={"initial_simplex": 0.2 * np.vstack([np.zeros(3), np.eye(3)]), "xatol": 1e-3, "fatol": 1e-3},
    )
    return rotated(best.x)


def top_k(logits: Array, labels: npt.NDArray[np.int64], k: int) -> Array:
    """Whether each row's class is among its k highest logits, (Q,); ties count as their mean over random orders.

    Args:
        logits: (Q, classes).
        labels: class of each row, (Q,).
        k: how many.
    """
    own = np.take_along_axis(logits, labels[:, None], 1)
    return hits(np.stack([(logits > own).sum(1), (logits == own).sum(1)], 1), k)


def hits(places: npt.NDArray[np.int64], k: int) -> Array:
    """Chance of being among the first k, (Q,).

    Args:
        places: of each item, how many rank before it and how many tie with it, itself included, (Q, 2).
        k: how many.
    """
    ahead, tied = places[:, 0], places[:, 1]
    return np.asarray(((k - ahead) / tied).clip(0, 1))


def reciprocal_ranks(places: npt.NDArray[np.int64]) -> Array:
    """Mean of 1 / rank over the ranks that a tied item could have, (Q,).

    So an embedding that is the same for all views scores exactly as a random order does.

    Args:
        places: as in `hits`, (Q, 2).
    """
    ahead, tied = places[:, 0], places[:, 1]
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, int((ahead + tied).max()) + 1))])
    return np.asarray((harmonic[ahead + tied] - harmonic[ahead]) / tied)


def harmonic_mean_rank(count: int) -> float:
    """Expected 1 / rank in a random order of `count` items: H(count) / count."""
    return float((1 / np.arange(1, count + 1)).sum() / count)
