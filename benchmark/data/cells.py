"""Unit cells of photonic crystals as training and evaluation see them: cells in memory, splits, densities of states."""

import functools
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from threedie.baselines.method import Method
from threedie.benchmark.data.augmentation import Augmenter
from threedie.benchmark.data.cell_augmentation import SYMMETRIES, CellAugmentation
from threedie.benchmark.data.normalization import FIXED_NORMALIZATIONS, Statistics
from threedie.benchmark.data.pairs import Indices
from threedie.benchmark.data.source import ImageStore
from threedie.benchmark.settings.recipe import Recipe
from threedie.manifests.latents import LatentField
from threedie.manifests.photonics import SIDE, PhotonicCells, empty_lattice

Floats = npt.NDArray[np.float32]

POINTS = 400
"""Points of the density of states that are predicted, the first of the label's 500."""
MOST_TEST_CELLS = 2000
_TEST_SHARE = 5
"""One in so many cells is for test, up to `MOST_TEST_CELLS`."""
_BLOCK = 4096


@dataclass(frozen=True)
class CellsInfo:
    """Facts that hold for all cells; see `ViewsInfo`."""

    fields: tuple[LatentField, ...] = ()
    views: int = 1
    image_size: int = SIDE


class UnitCells:
    """A file of unit cells as N objects of one view without latents; see `LabeledCells`.

    The last fifth of the cells, at most 2000, is for test (`val`), all others for training. Cells are drawn one
    independently of the other, so any will do.
    """

    info = CellsInfo()

    def __init__(self, file: PhotonicCells) -> None:
        self.file, self.path = file, file.path
        self.labels = np.zeros(len(file), np.int64)
        self.latents = np.zeros((len(file), 1, 0))

    def __len__(self) -> int:
        return len(self.file)

    @property
    def kind(self) -> str:
        """`blob` or `gpm`."""
        return self.file.info.kind

    @functools.cached_property
    def objects(self) -> Sequence[str]:
        """A name of each cell."""
        info = self.file.info
        return [f"{info.kind}/{info.seed}/{info.first + index}" for index in range(len(self))]

    def indices(self, split: str) -> Indices:
        """Positions of the cells of `train` or `val`."""
        cut = len(self) - min(MOST_TEST_CELLS, len(self) // _TEST_SHARE)
        return np.arange(cut) if split == "train" else np.arange(cut, len(self))

    def densities(self, objects: Indices) -> Floats:
        """Density of states of some cells minus that of the empty lattice, float32 (n, 400)."""
        differences = np.empty((len(objects), POINTS), np.float32)
        empty = empty_lattice()[:POINTS]
        for begin, end in _blocks(len(self)):
            inside = (objects >= begin) & (objects < end)
            if inside.any():
                labels = self.file.labels(begin, end)[objects[inside] - begin, :POINTS]
                differences[inside] = labels - empty
        return differences

    def fingerprint(self) -> str:
        """SHA-256 of what decides the cells: kind, seed, number, generator and solver."""
        return hashlib.sha256(json.dumps(asdict(self.file.info), sort_keys=True).encode()).hexdigest()

    def images_sha256(self) -> str:
        """SHA-256 of all permittivities and labels."""
        digest = hashlib.sha256()
        for begin, end in _blocks(len(self)):
            digest.update(self.file.epsilon(begin, end).tobytes())
            digest.update(self.file.labels(begin, end).tobytes())
        return digest.hexdigest()


class CellImages(ImageStore):
    """The permittivities, which lie in memory."""

    pairs_repeat_views = True

    def __init__(self, dataset: UnitCells) -> None:
        self.dataset: UnitCells = dataset
        self.cells: Floats = np.empty((len(dataset), SIDE, SIDE, 1), np.float32)
        for begin, end in _blocks(len(dataset)):
            self.cells[begin:end, ..., 0] = dataset.file.epsilon(begin, end)

    @property
    def classes(self) -> int:
        """None: cells have no classes."""
        return 0

    def take(self, objects: Indices, views: Indices) -> Floats:
        """Permittivities of cells by their positions, float32 (B, 32, 32, 1); each cell has view 0 alone."""
        return self.cells[objects]

    def statistics(self) -> Statistics:
        """The range of permittivities, whatever the cells."""
        return FIXED_NORMALIZATIONS["permittivity"]

    def augmentation(self, method: Method, recipe: Recipe) -> Augmenter:
        """Symmetries of this kind of cells that the recipe names, and whole cells for a method that wants them."""
        symmetries = SYMMETRIES[self.dataset.kind, recipe.augmentation]
        return CellAugmentation(symmetries, method.crop_side(SIDE) is not None)


def _blocks(count: int) -> list[tuple[int, int]]:
    return [(begin, min(count, begin + _BLOCK)) for begin in range(0, count, _BLOCK)]
