"""Files of photonic crystals: unit cells with the density of states of their bands.

One HDF5 file:

    /epsilon     float64 (N, 32, 32)   relative permittivity of the pixels, axes x and y
    /label       float64 (N, 500)      density of states over reduced frequency (`label_axis`), in units of the same
    /parameters  float64 (N, 4)        fill, eps_in, eps_out, level
    /accuracy    float64 (N, 2)        estimated relative error of the frequencies; dimension of the reduced basis
    /checksums   uint32  (N,)          CRC-32 of a cell's bytes in the four tables above, in this order
    /seal        uint8   (72,)         SHA-256 of all bytes of the file; see `seal`
    attributes: format, version, info (JSON: what the collection is), made (JSON: the program and libraries)

Cells are a pure function of kind, seed and index, with the generator's version; cell i of the file has the index
`first` + i. The file is checked against its seal when it is opened.
"""

import json
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from threedie.manifests.errors import DamagedFileError, ThreeDieError
from threedie.manifests.files import replacing
from threedie.manifests.hdf5 import explained_damage, open_hdf5, read_array, read_attribute
from threedie.manifests.plurals import pluralize
from threedie.manifests.seal import blank_seal, seal

Array = npt.NDArray[np.float64]

FORMAT = "3die-photonics"
VERSION = 1

KINDS = ("blob", "gpm")
"""Kinds of unit cells; the position of each is part of its cells' seeds."""

SIDE = 32
"""Pixels along each axis of a unit cell."""

LABEL_POINTS = 500
LABEL_END = 1.2
"""Highest reduced frequency of a label, in 2 pi c / (a sqrt(mean permittivity))."""

PARAMETERS = ("fill", "eps_in", "eps_out", "level")
_SHAPES: dict[str, tuple[int, ...]] = {
    "epsilon": (SIDE, SIDE), "label": (LABEL_POINTS,), "parameters": (len(PARAMETERS),), "accuracy": (2,),
}  # fmt: skip

_LARGEST = 1e6
"""Above any permittivity or density of states of a cell."""
_REMEDY = "delete it and run the same '3die photonics make' again"


def label_axis() -> Array:
    """Reduced frequencies of a label, (500,) from 0 to 1.2."""
    return np.linspace(0, LABEL_END, LABEL_POINTS)


def empty_lattice() -> Array:
    """The density of states of a uniform cell over `label_axis`, 2 pi x; (500,)."""
    return 2 * np.pi * label_axis()


@dataclass(frozen=True)
class PhotonicInfo:
    """What a collection of cells is: all that decides its numbers.

    Attributes:
        kind: `blob` or `gpm`.
        seed: seed of the cells.
        cells: number of cells.
        generator: version of the generator of cells.
        solver: settings of the band solver and of the density of states.
        first: index of the first cell.
    """

    kind: str
    seed: int
    cells: int
    generator: int
    solver: dict[str, Any]
    first: int = 0

    def check(self) -> None:
        """Raise ValueError where a value can't be."""
        counts = (self.seed, self.cells, self.generator, self.first)
        if self.kind not in KINDS or not all(type(each) is int and each >= 0 for each in counts):
            raise ValueError(f"kind {self.kind!r}, seed, cells, generator, first {counts}")

    def same_cells(self, other: "PhotonicInfo") -> bool:
        """Whether a cell of the same index is the same in both."""
        return replace(self, cells=0, first=0) == replace(other, cells=0, first=0)


@dataclass(frozen=True)
class PhotonicCell:
    """One unit cell of a file; see the module for the arrays."""

    epsilon: Array
    label: Array
    parameters: Array
    accuracy: Array

    def checksum(self) -> int:
        """CRC-32 of all of it."""
        value = 0
        for name in _SHAPES:
            value = zlib.crc32(np.ascontiguousarray(getattr(self, name), np.float64).tobytes(), value)
        return value


class PhotonicCells:
    """A file of photonic crystals, opened for reading.

    Attributes:
        path: the file.
        info: what the collection is.
        made: the program and libraries that made it.
        parameters: fill, eps_in, eps_out and level, (N, 4).
        accuracy: estimated relative error of the frequencies, and dimension of the reduced basis, (N, 2).
        checksums: CRC-32 of each cell, uint32 (N,).
    """

    def __init__(self, path: Path | str) -> None:
        """Open and check a file.

        Raises:
            DamagedFileError: not such a file, truncated or damaged.
            ThreeDieError: no such file, it can't be read, or is of a newer version.
        """
        self.path = Path(path)
        if not self.path.is_file():
            raise ThreeDieError(f"{self.path}: no such file; make one with '3die photonics make'")
        damage = explained_damage(self.path, "a file of photonic crystals", lambda: _REMEDY)
        with damage, open_hdf5(self.path) as file:
            self._read(file)

    def _read(self, file: "h5py.h5f.FileID") -> None:
        if read_attribute(file, "format") != FORMAT:
            raise ValueError("its attribute 'format' says otherwise")
        version = read_attribute(file, "version")
        if version > VERSION:
            raise ThreeDieError(
                f"{self.path}: format version {version:.0f}, and this program reads up to {VERSION}: update it"
            )
        self.info = PhotonicInfo(**json.loads(read_attribute(file, "info")))
        self.info.check()
        self.made: dict[str, Any] = json.loads(read_attribute(file, "made"))
        self.parameters: Array = read_array(file, "parameters")
        self.accuracy: Array = read_array(file, "accuracy")
        self.checksums: npt.NDArray[np.uint32] = read_array(file, "checksums")
        for name, shape in _SHAPES.items():
            table = h5py.h5d.open(file, name.encode())
            if table.shape != (self.info.cells, *shape) or table.dtype != np.float64:
                raise ValueError(f"{name} {table.dtype} of shape {table.shape}, expected {(self.info.cells, *shape)}")
        if self.checksums.shape != (self.info.cells,):
            raise ValueError(f"checksums of shape {self.checksums.shape}")

    def __len__(self) -> int:
        """Number of cells, N."""
        return self.info.cells

    def __repr__(self) -> str:
        return f"PhotonicCells({str(self.path)!r}): {pluralize(len(self), 'cell')} of kind {self.info.kind}"

    def epsilon(self, begin: int = 0, end: int | None = None) -> Array:
        """Permittivities of a range of cells, (n, 32, 32).

        Raises:
            DamagedFileError: a value isn't positive, or is above 1e6.
        """
        return self._checked_rows("epsilon", begin, end)

    def labels(self, begin: int = 0, end: int | None = None) -> Array:
        """Densities of states of a range of cells over `label_axis`, (n, 500).

        Raises:
            DamagedFileError: a value is negative or above 1e6, or all values of a cell are zero.
        """
        return self._checked_rows("label", begin, end)

    def cell(self, index: int) -> PhotonicCell:
        """One cell, whatever its values."""
        rows = {name: self._rows(name, index, index + 1)[0] for name in _SHAPES}
        return PhotonicCell(**rows)

    def _rows(self, name: str, begin: int, end: int | None) -> Array:
        with h5py.File(self.path, "r", locking=False) as file:
            values: Array = file[name][begin:end]
        return values

    def _checked_rows(self, name: str, begin: int, end: int | None) -> Array:
        """Rows of a table; what no cell has, such as NaN, is refused, because scores would be made of it."""
        values = self._rows(name, begin, end)
        axes = tuple(range(1, values.ndim))
        positive = (values > 0).all(axes) if name == "epsilon" else (values > 0).any(axes)
        fits = positive & ((values >= 0) & (values < _LARGEST)).all(axes)
        if not fits.all():
            raise DamagedFileError(
                f"{self.path}: {name} of cell {begin + int(fits.argmin())} has values that no cell has; {_REMEDY}"
            )
        return values


def write_cells(path: Path, info: PhotonicInfo, made: dict[str, Any], cells: Iterable[PhotonicCell]) -> None:
    """Write a file of photonic crystals from cells that come one at a time; whole or not at all.

    Raises:
        ThreeDieError: the disk is full, or the number of cells differs from `info`.
    """
    with replacing(path) as temporary:
        with h5py.File(temporary, "w", libver=("earliest", "v110")) as file:
            # First, so that it lies near the beginning.
            file["seal"] = np.frombuffer(blank_seal(), np.uint8)
            file.attrs["format"], file.attrs["version"] = FORMAT, VERSION
            file.attrs["info"], file.attrs["made"] = json.dumps(asdict(info)), json.dumps(made, sort_keys=True)
            tables = {
                name: file.create_dataset(name, (info.cells, *shape), np.float64) for name, shape in _SHAPES.items()
            }
            checksums = np.zeros(info.cells, np.uint32)
            count = 0
            for cell in cells:
                if count < info.cells:
                    for name, table in tables.items():
                        table[count] = getattr(cell, name)
                    checksums[count] = cell.checksum()
                count += 1
            if count != info.cells:
                raise ThreeDieError(f"{path}: {count:,} cells were written, {info.cells:,} were announced")
            file["checksums"] = checksums
        seal(temporary, temporary.stat().st_size, 0)
