"""What a perfect answer to the tasks of rotation can reach, where an object looks the same after some rotations.

An object with the symmetry group G looks the same at R and at R g, for every g of G. No picture tells which of them was
rendered. The answer with the least squared error is the mean of the target over all of them, weighted by how likely the
sampler draws each; its R2 is the ceiling. Orientations outside of a preset's ranges have no weight: of two that differ
by half a turn about an axis of the object, at most one lies in those of 3DIEBench, whose angles end at 90 degrees.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from threedie.manifests.latents import ROTATION, LatentField, quaternions
from threedie.render.models.polygons import Floats
from threedie.render.models.symmetry import ANY, Symmetry, turns
from threedie.render.sampling import spread

DRAWS = 2048
"""Orientations over which a ceiling is averaged."""

_FINER = 8
"""Steps into which each of a continuous group's is divided."""
_OWN = 1e-6
"""Weight of the drawn orientation beside such steps, which may all be outside of the ranges."""
_SPREADING = 1.2207440846057596
"""Root of x^4 = x + 1. Multiples of its inverse powers fill the cube evenly (Roberts, 2018)."""
_ROUNDING = 1e-6
"""How far an angle may lie outside of its range by rounding, in radians."""
_LEAST_COSINE = 1e-9


@dataclass(frozen=True)
class Ceiling:
    """The highest scores that are possible. Those of several objects together are the means of theirs.

    Attributes:
        rotation: pooled R2 of the relative quaternion of two views, as `r2` of the task `rotation`.
        rotation_in_class: R2 per component of the quaternion of one view, as the task `rotation_in_class` has it.
    """

    rotation: float
    rotation_in_class: float


@dataclass(frozen=True, eq=False)
class Orbit:
    """The orientations at which an object looks as it does at each of N drawn ones.

    Attributes:
        angles: (N, M, 3) in radians about the fixed axes x, then y, then z.
        weights: probability of each, given what is seen, (N, M); 0 for those that are never drawn.
    """

    angles: Floats
    weights: Floats

    def mean(self, values: Floats) -> Floats:
        """Weighted means (N, D) of values (N, M, D)."""
        return np.asarray(np.einsum("nm,nmd->nd", self.weights, values))


class CeilingOf:
    """Ceilings of symmetry groups for a dataset whose angles are uniform in some ranges. Translations don't count."""

    def __init__(self, fields: Sequence[LatentField], draws: int = DRAWS) -> None:
        """Spread orientations over the ranges.

        Args:
            fields: latent fields of a preset or dataset.
            draws: number of orientations.
        """
        self._ranges = [next(field for field in fields if field.name == name) for name in ROTATION]
        uniform = (0.5 + np.arange(1, draws + 1)[:, None] * _SPREADING ** -np.arange(1.0, 4.0)) % 1
        self.angles: Floats = np.stack([spread(field, uniform[:, at]) for at, field in enumerate(self._ranges)], axis=1)
        signed, unsigned = quaternions(self.angles), _unsigned(quaternions(self.angles))
        self._mean, self._mean_unsigned = signed.mean(0), unsigned.mean(0)
        self._variance = unsigned.var(0)
        # The mean of q1^-1 q2 over independent views is the product of the means.
        relative = _product(self._mean * [-1, -1, -1, 1], self._mean)
        self._total = 1 - 4 * relative.mean() ** 2

    @property
    def floor(self) -> Ceiling:
        """What the best constant reaches, each in its task's sense."""
        return Ceiling(self._relative(float(self._mean @ self._mean)), 0.0)

    def __call__(self, symmetry: Symmetry) -> Ceiling:
        """The ceilings of one object."""
        if symmetry.sphere:
            return self.floor
        orbit = self.orbit(*_steps(symmetry))
        signed = quaternions(orbit.angles)
        squared_length = np.square(orbit.mean(signed)).sum(axis=1).mean()
        unsigned = _unsigned(signed)
        unexplained = (orbit.mean(np.square(unsigned)) - np.square(orbit.mean(unsigned))).mean(axis=0)
        varies = self._variance > _ROUNDING
        in_class = float(np.mean(1 - unexplained[varies] / self._variance[varies])) if varies.any() else float("nan")
        return Ceiling(self._relative(float(squared_length)), in_class)

    def orbit(self, rotations: Floats, measure: Floats) -> Orbit:
        """Where an object looks as it does at the drawn orientations.

        Args:
            rotations: its symmetry group (G, 3, 3), or steps all over it.
            measure: how much of the group each stands for, (G,).
        """
        x, y, z = (self.angles[:, None, at] for at in range(3))
        turned = _matrices(x, y, z) @ rotations
        # An orientation has two triples of angles, and each angle any number of full turns more.
        first = _euler(turned)
        second = np.stack([first[..., 0] + np.pi, np.pi - first[..., 1], first[..., 2] + np.pi], axis=-1)
        both = [self._into_ranges(angles) for angles in (first, second)]
        angles = np.concatenate([each for each, _ in both], axis=1)
        inside = np.concatenate([each for _, each in both], axis=1)
        # Rotations have the measure cos(y) dx dy dz: angles drawn evenly are dense in them where y nears 90 degrees.
        density = inside / np.maximum(np.abs(np.cos(angles[..., 1])), _LEAST_COSINE)
        weights = density * np.tile(measure, 2)
        return Orbit(angles, weights / weights.sum(axis=1, keepdims=True))

    def _into_ranges(self, angles: Floats) -> tuple[Floats, Floats]:
        """Angles (..., 3) with full turns added to be in their ranges, and whether all three are, 0 or 1."""
        moved, inside = angles.copy(), np.ones(angles.shape[:-1])
        for at, field in enumerate(self._ranges):
            in_range = np.zeros(angles.shape[:-1], bool)
            for turn in (0, 1, -1):
                values = angles[..., at] + turn * 2 * np.pi
                fits = _contains(field, values) & ~in_range
                moved[..., at][fits] = values[fits]
                in_range |= fits
            inside *= in_range
        return moved, inside

    def _relative(self, squared_length: float) -> float:
        """R2 for posterior means of one view's quaternion of a mean squared length."""
        # Both views are independent given the object, so that the squared length of the product's mean is the product.
        return float(1 - (1 - squared_length**2) / self._total)


def _steps(symmetry: Symmetry) -> tuple[Floats, Floats]:
    """Rotations (G, 3, 3) that stand for a group, and how much of it each stands for (G,)."""
    if symmetry.axis is None:
        return symmetry.rotations, np.ones(len(symmetry.rotations))
    # Half a step off the drawn orientation: it is one point of many, not one of few.
    finer = turns(symmetry.axis, 2 * _FINER * ANY)[1 : 2 * _FINER : 2]
    steps = (finer[:, None] @ symmetry.rotations).reshape(-1, 3, 3)
    return np.concatenate([np.eye(3)[None], steps]), np.append(_OWN, np.ones(len(steps)))


def _contains(field: LatentField, values: Floats) -> np.ndarray:
    widened = tuple((low - _ROUNDING, high + _ROUNDING) for low, high in field.ranges)
    return LatentField(field.name, widened).contains(values)


def _unsigned(rotations: Floats) -> Floats:
    """Quaternions (..., 4) with w not negative, as the tasks on one view have them."""
    return np.where(rotations[..., 3:] < 0, -rotations, rotations)


def _product(first: Floats, second: Floats) -> Floats:
    """Product of two quaternions (4,), x y z w, of any length."""
    vector = first[3] * second[:3] + second[3] * first[:3] + np.cross(first[:3], second[:3])
    return np.append(vector, first[3] * second[3] - first[:3] @ second[:3])


def _matrices(x: Floats, y: Floats, z: Floats) -> Floats:
    """Rotation matrices (..., 3, 3) of angles about the fixed axes x, then y, then z."""
    a, b, c, d, e, f = np.cos(x), np.sin(x), np.cos(y), np.sin(y), np.cos(z), np.sin(z)
    rows = [
        [e * c, e * d * b - f * a, e * d * a + f * b],
        [f * c, f * d * b + e * a, f * d * a - e * b],
        [-d, c * b, c * a],
    ]
    return np.stack([np.stack(np.broadcast_arrays(*row), axis=-1) for row in rows], axis=-2)


def _euler(matrices: Floats) -> Floats:
    """Angles (..., 3) of rotation matrices (..., 3, 3), the middle one within 90 degrees."""
    x = np.arctan2(matrices[..., 2, 1], matrices[..., 2, 2])
    y = np.arcsin(np.clip(-matrices[..., 2, 0], -1, 1))
    return np.stack([x, y, np.arctan2(matrices[..., 1, 0], matrices[..., 0, 0])], axis=-1)
