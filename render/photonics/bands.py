r"""Band structure of a two-dimensional photonic crystal: TM polarization, square lattice.

With the electric field along z, Maxwell's equations at the frequency w become

    -(d^2/dx^2 + d^2/dy^2) E_z = (w / c)^2 eps(x, y) E_z

(Joannopoulos, Johnson, Winn and Meade, *Photonic Crystals: Molding the Flow of Light*, 2nd ed., chapters 2 and 5). With
Bloch's theorem and u = eps^1/2 E_z exp(-i k . r), periodic, it is the Hermitian problem H(k) u = w^2 u with

    H(k) = eps^-1/2 F^H |k + G|^2 F eps^-1/2,

where F is the discrete Fourier transform on the grid of pixels. MPB solves the same discrete problem (Johnson and
Joannopoulos, Optics Express 8, 173 (2001)). Units: lengths in the lattice constant a, wave vectors in 2 pi / a,
frequencies in 2 pi c / a, group velocities dw / dk in c.

H(k) = A_0 + k_x A_x + k_y A_y + |k|^2 A_1 is quadratic in k. So its modes at a few wave vectors, with their complex
conjugates (which are the modes at -k), span a space in which those at all others are approximated to second order: the
reduced basis of Hussein (Proc. R. Soc. A 465, 2825 (2009)), here in one real basis for the whole Brillouin zone. In it
H(k) is a matrix of some 70 to 100 rows. Velocities come from dH/dk by the Hellmann-Feynman theorem.

How good the basis is, is measured for every cell: for a Ritz pair (theta, x) with x^H x = 1,

    theta x^H H(k)^-1 x - 1 = r^H H(k)^-1 r / theta,    r = H(k) x - theta x,

estimates the relative excess of theta over the eigenvalue from above or nearly so (modes that are missing lie above),
and costs one Fourier transform. Where it is too large, the corrections H(k)^-1 r join the basis.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft, linalg
from threadpoolctl import threadpool_limits

from threedie.manifests.errors import ThreeDieError
from threedie.render.photonics.lanczos import lowest_modes, orders, wave_numbers

Array = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

BANDS, GRID = 10, 25
"""Bands, and wave vectors along each axis of the Brillouin zone, of the datasets."""

SAMPLES = (
    (0.15, 0.15), (0.15, -0.15), (0.45, 0.3), (0.45, -0.3), (0.3, 0.45), (-0.3, 0.45),
)  # fmt: skip
"""Wave vectors whose modes span the basis; with -k they have the symmetry of the square."""

EXTRA_MODES = 4
"""Modes of each of them beyond the bands that are wanted."""

POD_TOLERANCE = 1e-4
"""Directions of the basis are dropped below this share of the largest singular value, in the energy norm."""

ERROR_TOLERANCE = 5e-8
"""Estimated relative error of frequencies above which the basis is extended."""

_SHIFT = 0.1
"""A squared wave number, so that constant fields have an energy too."""

_CHECK_EVERY = 4
_ROUNDS = 8
_ZERO = 1e-10
"""Squared frequencies below it are those of the static field at k = 0."""


@dataclass(frozen=True)
class Bands:
    """Frequencies and group velocities on half of the Brillouin zone; the other half follows by time reversal.

    Attributes:
        k: wave vectors, (K, 2), in 2 pi / a.
        weight: 2 for each k that stands for -k too, else 1; (K,).
        frequency: (K, bands), ascending, in 2 pi c / a.
        velocity: d frequency / d k, (K, bands, 2), in c. Within a degenerate set it depends on the choice of its modes;
            0 for the static mode at k = 0.
        error: largest estimated relative error of the frequencies.
        basis: dimension of the reduced basis.
    """

    k: Array
    weight: Array
    frequency: Array
    velocity: Array
    error: float
    basis: int

    def whole_zone(self) -> tuple[Array, Array, Array]:
        """`k`, `frequency` and `velocity` of all wave vectors, those of `zone_grid` in its order."""
        mirrored = np.flatnonzero(self.weight == 2)[::-1]
        parts = (self.k, -self.k[mirrored]), (self.frequency, self.frequency[mirrored])
        velocity = np.concatenate([self.velocity, -self.velocity[mirrored]])
        return np.concatenate(parts[0]), np.concatenate(parts[1]), velocity


def zone_grid(points: int = GRID) -> Array:
    """Wave vectors (points^2, 2), the centers of equal squares of the Brillouin zone, kx fastest: k[-1 - i] = -k[i]."""
    edge = 0.5 - 0.5 / points
    line = np.linspace(-edge, edge, points)
    return np.stack([np.tile(line, points), np.repeat(line, points)], 1)


# The matrices are small: more threads would wait for each other, and every core may have a cell of its own.
@threadpool_limits.wrap(limits=1)
def solve_bands(epsilon: Array, bands: int = BANDS, points: int = GRID) -> Bands:
    """TM bands of a unit cell of the square lattice, on a grid of wave vectors that covers the Brillouin zone.

    Args:
        epsilon: relative permittivity on a grid of pixels, (n, n), axes x and y.
        bands: how many, lowest first.
        points: wave vectors along each axis.

    Raises:
        ThreeDieError: `epsilon` isn't a square array of positive numbers, or too small for so many bands.
    """
    epsilon = np.asarray(epsilon, np.float64)
    if epsilon.ndim != 2 or epsilon.shape[0] != epsilon.shape[1] or not (epsilon > 0).all():
        raise ThreeDieError(f"permittivity of shape {epsilon.shape}: give a square array of positive numbers")
    if not np.isfinite(epsilon).all() or epsilon.size < 16 * (bands + EXTRA_MODES):
        raise ThreeDieError(
            f"permittivity of {epsilon.size} pixels: {bands} bands need finite numbers, and more of them"
        )
    every = zone_grid(points)
    k = every[: (len(every) + 1) // 2]
    weight = np.full(len(k), 2.0)
    weight[-1] = 2.0 - len(every) % 2
    reduced, error = _accurate_basis(_with_origin(epsilon), bands, _check_points(points))
    squared, vectors = reduced.solve(k, bands)
    frequency = np.sqrt(np.where(squared < _ZERO, 0.0, squared))
    slope = reduced.slopes(k, vectors)
    velocity = np.where(frequency[..., None] > 0, slope, 0) / (2 * np.where(frequency > 0, frequency, 1)[..., None])
    return Bands(k, weight, frequency, velocity, error, len(reduced.basis))


@threadpool_limits.wrap(limits=1)
def frequencies(epsilon: Array, k: Array, bands: int = BANDS) -> Array:
    """Frequencies (K, bands) at wave vectors (K, 2) other than 0, each by Lanczos: without a reduced basis."""
    return np.concatenate([np.sqrt(lowest_modes(epsilon, one[None], bands)[0]) for one in k])


def _with_origin(epsilon: Array) -> Array:
    """The cell rolled so that its pixels, row after row, are the lexicographically smallest sequence.

    Bands don't depend on the origin; so cells that differ by a roll get the same numbers to the last bit.
    """
    side = len(epsilon)
    x, y = np.nonzero(epsilon == epsilon.min())
    for offset in range(1, epsilon.size):
        if len(x) == 1:
            break
        values = epsilon[(x + offset // side) % side, (y + offset % side) % side]
        smallest = values == values.min()
        x, y = x[smallest], y[smallest]
    return np.roll(epsilon, (-x[0], -y[0]), (0, 1))


def _check_points(points: int) -> Array:
    """Every fourth wave vector of half of the grid, outer ones included, without 0."""
    grid = zone_grid(points).reshape(points, points, 2)
    chosen = grid[::_CHECK_EVERY, ::_CHECK_EVERY].reshape(-1, 2)
    half = (chosen[:, 1] < -1e-9) | ((np.abs(chosen[:, 1]) <= 1e-9) & (chosen[:, 0] < -1e-9))
    return chosen[half]


def _accurate_basis(epsilon: Array, bands: int, check: Array) -> "tuple[_Reduced, float]":
    """A reduced basis whose frequencies are accurate at the wave vectors to check, and their estimated error."""
    squared, modes = lowest_modes(epsilon, np.array(SAMPLES), bands + EXTRA_MODES)
    reduced = _Reduced(epsilon, _compress(epsilon, squared, modes))
    for _ in range(_ROUNDS):
        error, corrections = reduced.residuals(check, bands)
        if error <= ERROR_TOLERANCE:
            break
        reduced = _Reduced(epsilon, _orthonormal(np.concatenate([reduced.basis, corrections])))
    else:
        error, _ = reduced.residuals(check, bands)
    return reduced, error


def _compress(epsilon: Array, squared: Array, modes: Complex) -> Array:
    """A real orthonormal basis (rows) of modes and their conjugates, by proper orthogonal decomposition.

    Each mode counts with energy 1, so that what is dropped is small in terms of the eigenvalues. The static field of
    k = 0, eps^1/2, is always part of it.
    """
    side = len(epsilon)
    rows = (modes / np.sqrt(squared)[..., None]).reshape(-1, side * side)
    rows = np.concatenate([rows.real, rows.imag])
    energy = _transform(epsilon, rows) * np.sqrt(_SHIFT + wave_numbers(np.zeros(2), side)).ravel()
    gram = np.concatenate([energy.real, energy.imag], 1)
    values, vectors = np.linalg.eigh(gram @ gram.T)
    kept = values > POD_TOLERANCE**2 * values[-1]
    compressed = (vectors[:, kept] / np.sqrt(values[kept])).T @ rows
    return _orthonormal(np.concatenate([np.sqrt(epsilon).reshape(1, -1), compressed]))


def _orthonormal(rows: Array) -> Array:
    columns, triangle, _ = linalg.qr(rows.T, mode="economic", pivoting=True, check_finite=False)
    size = np.abs(np.diag(triangle))
    basis: Array = np.ascontiguousarray(columns[:, size > 1e-10 * size[0]].T)
    return basis


def _transform(epsilon: Array, rows: npt.NDArray) -> Complex:
    """F eps^-1/2 of some vectors, (n, pixels)."""
    waves: Complex = fft.fft2(rows.reshape(-1, *epsilon.shape) / np.sqrt(epsilon), norm="ortho")
    return waves.reshape(len(rows), -1)


class _Reduced:
    """H(k) in a real orthonormal basis: A_0 + k_x A_x + k_y A_y + |k|^2 A_1, each (n, n)."""

    def __init__(self, epsilon: Array, basis: Array) -> None:
        self.epsilon, self.basis = epsilon, basis
        waves = _transform(epsilon, basis)
        both = np.concatenate([waves.real, waves.imag], 1)
        g, linear = orders(len(epsilon))
        square = ((g**2)[:, None] + (g**2)[None, :]).ravel()
        self.constant = (both * np.tile(square, 2)) @ both.T
        self.square = both @ both.T
        # Of real vectors the sum over G and -G leaves an imaginary, antisymmetric matrix.
        gx, gy = np.repeat(linear, len(linear)), np.tile(linear, len(linear))
        self.linear = [_antisymmetric(2 * (waves.real * each) @ waves.imag.T) for each in (gx, gy)]

    def matrix(self, k: Array) -> Complex:
        """H(k), (n, n)."""
        return self.constant + (k @ k) * self.square + 1j * (k[0] * self.linear[0] + k[1] * self.linear[1])

    def solve(self, k: Array, bands: int) -> tuple[Array, Complex]:
        """Squared frequencies (K, bands) and coefficients of the modes (K, n, bands)."""
        squared = np.empty((len(k), bands))
        vectors = np.empty((len(k), len(self.basis), bands), complex)
        for number, each in enumerate(k):
            squared[number], vectors[number] = linalg.eigh(
                self.matrix(each), subset_by_index=(0, bands - 1), overwrite_a=True, check_finite=False
            )
        return squared, vectors

    def slopes(self, k: Array, vectors: Complex) -> Array:
        """Derivatives of the squared frequencies by k_x and k_y, (K, bands, 2)."""
        conjugate = vectors.conj()
        square = 2 * (conjugate * (self.square @ vectors)).sum(1).real
        slopes = [
            (conjugate * (1j * linear @ vectors)).sum(1).real + k[:, axis, None] * square
            for axis, linear in enumerate(self.linear)
        ]
        return np.stack(slopes, -1)

    def residuals(self, k: Array, bands: int) -> tuple[float, Array]:
        """Largest estimated relative error of a frequency, and corrections (n, pixels) of poor modes."""
        squared, vectors = self.solve(k, bands)
        root, side = np.sqrt(self.epsilon), len(self.epsilon)
        worst, corrections = 0.0, [np.empty((0, side * side))]
        for one, theta, coefficients in zip(k, squared, vectors, strict=True):
            modes = (coefficients.T @ self.basis).reshape(bands, side, side)
            waves = fft.fft2(root * modes, norm="ortho")
            scaled = waves / wave_numbers(one, side)
            error = (theta * (waves.conj() * scaled).sum((1, 2)).real - 1) / 2
            worst = max(worst, float(error.max()))
            poor = error > ERROR_TOLERANCE
            if poor.any():
                inverse = root * fft.ifft2(scaled[poor], norm="ortho")
                rows = (modes[poor] - theta[poor, None, None] * inverse).reshape(-1, side * side)
                rows /= np.linalg.norm(rows, axis=1, keepdims=True)
                corrections += [rows.real, rows.imag]
        return worst, np.concatenate(corrections)


def _antisymmetric(matrix: Array) -> Array:
    """X^H G X = i (M - M^T) of the transforms X of real vectors, with M = Re(X)^T G Im(X)."""
    return matrix - matrix.T
