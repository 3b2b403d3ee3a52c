"""Random unit cells of two-dimensional photonic crystals: level sets of Fourier sums, a pure function of seed and
index.

A cell has the permittivity `eps_in` where s(x, y) > level and `eps_out` elsewhere, with

    s(x, y) = Re sum_g c_g exp(2 pi i g . r),    r = (x, y) in [-1/2, 1/2)^2,

and `level` the quantile `fill` of s, so that `fill` is the share of `eps_out`. Two kinds:

- `gpm`: g in {-1, 0, 1}^2 with random c_g, and the mirror x -> -x (wallpaper group pm): c(gx, gy) = c(|gx|, gy). A
  quarter turn exchanges the axes, so that it can be told from the picture which way the mirror lies. (Half a turn gives
  a cell of the same distribution.) Drawn as Loh et al. (SIB-CL, arXiv:2111.12660) and Dangovski et al. (E-SSL, ICLR
  2022) do.
- `blob`: one inclusion around the center of the cell. E-SSL's generator of blobs is unpublished; this one adds random
  terms with g in {-2 .. 2}^2 to cos 2 pi x + cos 2 pi y, and halves them until the inclusion is one piece that contains
  the center and doesn't touch the border. Moved by half a cell along x, y or both, it can be told from the original.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from threedie.manifests.errors import ThreeDieError, shown_value
from threedie.manifests.photonics import KINDS, SIDE

Array = npt.NDArray[np.float64]

GENERATOR = 1
"""Version of this generator; raised whenever a cell of some seed and index changes."""

SMOOTHING = 3
"""A pixel is the mean of this many points squared, as in MPB with its default `mesh_size`."""

_LEVEL_POINTS = 50
_EPSILON = (1.0, 20.0)
_FILL = {"gpm": (0.01, 0.99), "blob": (0.6, 0.97)}
_BLOB_ORDER = 2
_BLOB_AMPLITUDE = 0.5
"""Largest modulus of a random coefficient with |g| = 1; it falls as 1 / |g|^2."""


@dataclass(frozen=True)
class Cell:
    """A unit cell.

    Attributes:
        epsilon: relative permittivity, (32, 32) with axes x and y; pixel i is centered at i / 32 - 1/2.
        fill: share of the cell that has `eps_out`.
        eps_in: permittivity where the level function is above `level`.
        eps_out: permittivity elsewhere.
        level: threshold of the level function.
    """

    epsilon: Array
    fill: float
    eps_in: float
    eps_out: float
    level: float


def unit_cell(kind: str, seed: int, index: int) -> Cell:
    """The cell number `index` of a kind and a seed.

    Args:
        kind: `blob` or `gpm`.
        seed: seed of the collection, 0 or more.
        index: number of the cell, 0 or more.

    Raises:
        ThreeDieError: no such kind.
    """
    if kind not in KINDS:
        raise ThreeDieError(f"kind {shown_value(kind)}: choose from {', '.join(KINDS)}")
    rng = np.random.Generator(np.random.PCG64([seed, KINDS.index(kind), index]))
    return draw_blob(rng) if kind == "blob" else draw_fourier(rng, mirror=True)


def draw_fourier(rng: np.random.Generator, mirror: bool) -> Cell:
    """A level set of nine random Fourier terms, with the mirror x -> -x if asked for.

    Draws in this order: nine moduli (0 to 1), nine phases, fill, eps_in, eps_out; g has gx fastest.
    """
    g = _orders(1)
    coefficients = rng.uniform(0, 1, len(g)) * np.exp(2j * np.pi * rng.uniform(0, 1, len(g)))
    fill, eps_in, eps_out = rng.uniform(*_FILL["gpm"]), rng.uniform(*_EPSILON), rng.uniform(*_EPSILON)
    if mirror:
        place = {tuple(order): number for number, order in enumerate(g.tolist())}
        coefficients = coefficients[[place[abs(gx), gy] for gx, gy in g.tolist()]]
    return _cell(partial(fourier_sum, g, coefficients), fill, eps_in, eps_out)


def draw_blob(rng: np.random.Generator) -> Cell:
    """One inclusion of random shape around the center of the cell.

    Draws in this order: 25 moduli, 25 phases, fill, eps_in, eps_out; g has gx fastest.
    """
    g = _orders(_BLOB_ORDER)
    noise = rng.uniform(0, 1, len(g)) * np.exp(2j * np.pi * rng.uniform(0, 1, len(g)))
    noise *= _BLOB_AMPLITUDE / np.maximum((g**2).sum(1), 1)
    fill, eps_in, eps_out = rng.uniform(*_FILL["blob"]), rng.uniform(*_EPSILON), rng.uniform(*_EPSILON)
    base = 0.5 * ((g**2).sum(1) == 1)
    while True:
        coefficients = base + noise
        cell = _cell(partial(fourier_sum, g, coefficients), fill, eps_in, eps_out)
        if _is_one_blob(cell):
            return cell
        noise = noise / 2


def fourier_sum(g: npt.NDArray[np.int64], coefficients: npt.NDArray[np.complex128], x: Array, y: Array) -> Array:
    """Re sum_g c_g exp(2 pi i g . r).

    Args:
        g: orders, (n, 2).
        coefficients: (n,).
        x: positions in units of the lattice constant, broadcast against `y`.
        y: the other coordinate.
    """
    total = np.zeros(np.broadcast_shapes(x.shape, y.shape))
    for (gx, gy), coefficient in zip(g, coefficients, strict=True):
        total += (coefficient * np.exp(2j * np.pi * (gx * x + gy * y))).real
    return total


def pixelate(epsilon: Callable[[Array, Array], Array], side: int = SIDE) -> Array:
    """The pixels (side, side) of a permittivity given as a function of x and y.

    Pixel i is centered at i / side - 1/2 and is the mean of 3 x 3 points, a third of a pixel apart. This equals MPB's
    own grid for fields along z with `mesh_size` 3.
    """
    third = (np.arange(SMOOTHING) - SMOOTHING // 2) / (SMOOTHING * side)
    points = (np.arange(side)[:, None] / side - 0.5 + third[None, :]).ravel()
    values = epsilon(points[:, None], points[None, :])
    pixels: Array = values.reshape(side, SMOOTHING, side, SMOOTHING).mean((1, 3))
    return pixels


def _cell(level_function: Callable[[Array, Array], Array], fill: float, eps_in: float, eps_out: float) -> Cell:
    points = np.linspace(-0.5, 0.5, _LEVEL_POINTS)
    level = float(np.quantile(level_function(points[:, None], points[None, :]), fill))
    share = pixelate(lambda x, y: np.where(level_function(x, y) > level, 1.0, 0.0))
    epsilon = np.where(share == 0, eps_out, np.where(share == 1, eps_in, eps_out + share * (eps_in - eps_out)))
    return Cell(epsilon, fill, eps_in, eps_out, level)


def _is_one_blob(cell: Cell) -> bool:
    """Whether the pixels of the inclusion are one piece that contains the center and no pixel of the border."""
    inside, middle = cell.epsilon != cell.eps_out, len(cell.epsilon) // 2
    border = inside[[0, -1]].any() or inside[:, [0, -1]].any()
    return bool(cell.epsilon[middle, middle] == cell.eps_in and not border and ndimage.label(inside)[1] == 1)


def _orders(largest: int) -> npt.NDArray[np.int64]:
    """All (gx, gy) up to an order, gx fastest."""
    values = range(-largest, largest + 1)
    return np.array([(gx, gy) for gy in values for gx in values])
