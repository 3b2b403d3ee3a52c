"""The lowest modes of a unit cell at a few wave vectors, by block Lanczos on the inverse of the operator.

The inverse of H(k) = eps^-1/2 F^H |k + G|^2 F eps^-1/2 is known exactly where k isn't a reciprocal lattice vector:
eps^1/2 F^H |k + G|^-2 F eps^1/2, two Fourier transforms. Its largest eigenvalues are those wanted, and Lanczos
converges on them in a few dozen steps. All wave vectors go through each step together.
"""

import numpy as np
import numpy.typing as npt
from scipy import fft

Array = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

BLOCK = 3
"""Vectors of a block: degenerate modes of this multiplicity are told apart."""

_FIRST_STEPS, _MORE_STEPS, _MOST_STEPS = 24, 6, 66
_RESIDUAL = 1e-7
"""Largest norm of the residual of an eigenvector, relative to its eigenvalue."""


def wave_numbers(k: Array, side: int) -> Array:
    """|k + G|^2 of the plane waves of a grid, (..., side, side), for wave vectors (..., 2), in units of (2 pi / a)^2.

    The wave at the Nyquist frequency of an even grid stands for +G and -G alike, and gets the mean of both. So the
    modes at -k are the complex conjugates of those at k. (MPB takes -G, which makes its frequencies at k and -k differ
    by some 1e-7.)
    """
    g, linear = orders(side)
    quadratic = (g**2)[:, None] + (g**2)[None, :]
    kx, ky = k[..., 0, None, None], k[..., 1, None, None]
    total: Array = quadratic + 2 * (kx * linear[:, None] + ky * linear[None, :]) + kx**2 + ky**2
    return total


def orders(side: int) -> tuple[Array, Array]:
    """Orders G of a grid along one axis, as FFT sorts them: for |G|^2, and for terms linear in G (0 at Nyquist)."""
    g = np.fft.fftfreq(side, 1 / side)
    linear = g.copy()
    if side % 2 == 0:
        linear[side // 2] = 0
    return g, linear


def lowest_modes(epsilon: Array, k: Array, count: int, seed: int = 0) -> tuple[Array, Complex]:
    """The lowest modes at some wave vectors, none of which is a reciprocal lattice vector.

    Args:
        epsilon: permittivity, (n, n).
        k: wave vectors in units of 2 pi / a, (K, 2).
        count: modes at each.
        seed: seed of the vectors to start from; the modes don't depend on it beyond rounding noise.

    Returns:
        Squared frequencies (K, count), ascending, in units of (2 pi c / a)^2; and the periodic part of eps^1/2 E_z of
        each mode, of norm 1, (K, count, n * n).
    """
    side = len(epsilon)
    root, inverse = np.sqrt(epsilon), 1 / wave_numbers(k, side)[:, None]
    shape = (len(k), BLOCK, side * side)
    rng = np.random.Generator(np.random.PCG64(seed))
    block = (rng.standard_normal((2, *shape)) * np.array([1, 1j])[:, None, None, None]).sum(0)
    space: Complex = np.zeros((len(k), _MOST_STEPS * BLOCK, side * side), complex)
    image = np.zeros_like(space)
    block, _ = _orthonormal(block, space[:, :0])
    for step in range(_MOST_STEPS):
        here, size = slice(step * BLOCK, (step + 1) * BLOCK), (step + 1) * BLOCK
        space[:, here] = block
        fields = root * block.reshape(len(k), BLOCK, side, side)
        image[:, here] = (root * fft.ifft2(inverse * fft.fft2(fields))).reshape(shape)
        block, coupling = _orthonormal(image[:, here], space[:, :size])
        if step + 1 < _FIRST_STEPS or (step + 1 - _FIRST_STEPS) % _MORE_STEPS:
            continue
        small = space[:, :size].conj() @ image[:, :size].swapaxes(1, 2)
        values, vectors = np.linalg.eigh((small + small.conj().swapaxes(1, 2)) / 2)
        values, vectors = values[:, : -count - 1 : -1], vectors[:, :, : -count - 1 : -1]
        residual = np.linalg.norm(coupling.swapaxes(1, 2) @ vectors[:, here], axis=1)
        if (residual <= _RESIDUAL * values).all():
            break
    return 1 / values, vectors.swapaxes(1, 2) @ space[:, :size]


def _orthonormal(block: Complex, space: Complex) -> tuple[Complex, Complex]:
    """A block made orthonormal and orthogonal to a space; and the block's coefficients in what came out.

    Rows are vectors: block = (part within space) + coefficients^T @ result.
    """
    coefficients: Complex = np.eye(block.shape[1], dtype=complex)
    for _ in range(2):
        block = block - (block @ space.conj().swapaxes(1, 2)) @ space
        columns, triangle = np.linalg.qr(block.swapaxes(1, 2))
        block = np.ascontiguousarray(columns.swapaxes(1, 2))
        coefficients = triangle @ coefficients
    return block, coefficients.swapaxes(1, 2)
