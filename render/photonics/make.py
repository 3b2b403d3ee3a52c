"""Making a file of photonic crystals: cells in parts, in several processes, resumable, joined into one file."""

import math
import platform
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from threedie import __version__
from threedie.manifests.dataset_writer import lock_dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.photonics import PhotonicCell, PhotonicCells, PhotonicInfo, write_cells
from threedie.manifests.progress import SILENT, Reporter
from threedie.render.models.pool import over_all
from threedie.render.photonics.bands import (
    BANDS,
    ERROR_TOLERANCE,
    EXTRA_MODES,
    GRID,
    POD_TOLERANCE,
    SAMPLES,
    solve_bands,
)
from threedie.render.photonics.cells import GENERATOR, SMOOTHING, unit_cell
from threedie.render.photonics.density import BINS, LARGEST, SMOOTHING_BINS, label_of_bands

PART_CELLS = 32
"""Cells of a part file: what a killed process loses at most."""

PARTS_SUFFIX = ".parts"

SOLVER = {
    "version": 1, "polarization": "TM", "lattice": "square", "bands": BANDS, "k_points": GRID, "subpixels": SMOOTHING,
    "sampled_k": len(SAMPLES), "extra_modes": EXTRA_MODES, "pod_tolerance": POD_TOLERANCE,
    "error_tolerance": ERROR_TOLERANCE, "dos_bins": BINS, "dos_limit": LARGEST, "dos_smoothing_bins": SMOOTHING_BINS,
}  # fmt: skip
"""Settings of solver and density of states, as files record them."""


def describe(kind: str, seed: int, cells: int) -> PhotonicInfo:
    """What a file of this program would be."""
    return PhotonicInfo(kind, seed, cells, GENERATOR, dict(SOLVER))


def solve_cell(info: PhotonicInfo, index: int) -> PhotonicCell:
    """The cell of an index, with its density of states."""
    cell = unit_cell(info.kind, info.seed, index)
    bands = solve_bands(cell.epsilon)
    return PhotonicCell(
        cell.epsilon,
        label_of_bands(bands, cell.epsilon),
        np.array([cell.fill, cell.eps_in, cell.eps_out, cell.level]),
        np.array([bands.error, float(bands.basis)]),
    )


def make(path: Path, info: PhotonicInfo, workers: int, reporter: Reporter = SILENT) -> bool:
    """Write the file of a collection; False where it exists already.

    Part files are kept in `FILE.parts/` until all are there, so that the same call goes on after an interruption.

    Raises:
        ThreeDieError: the file exists and is another collection, another process is writing it, or the disk is full.
    """
    parts = path.with_name(path.name + PARTS_SUFFIX)
    with lock_dataset(path, "3die photonics make", reporter.wait):
        if path.exists():
            if PhotonicCells(path).info != info:
                raise ThreeDieError(f"{path}: another collection of cells; delete it or choose another file with -o")
            shutil.rmtree(parts, ignore_errors=True)
            return False
        plan = [replace(info, first=first, cells=min(PART_CELLS, info.cells - first))
                for first in range(0, info.cells, PART_CELLS)]  # fmt: skip
        missing = [part for part in plan if not _is_done(_part_path(parts, part), part)]
        done = info.cells - sum(part.cells for part in missing)
        with reporter.bar("cells", info.cells, " cells", initial=done) as bar:
            _solve_parts(parts, info, missing, workers, bar)
        write_cells(path, info, made_by(), _joined(parts, plan))
        shutil.rmtree(parts, ignore_errors=True)
    return True


def made_by() -> dict[str, str]:
    """The program and libraries, as files record them."""
    return {
        "threedie": __version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "python": platform.python_version(),
    }


def _solve_parts(folder: Path, info: PhotonicInfo, missing: list[PhotonicInfo], workers: int, bar: Any) -> None:
    indices = [index for part in missing for index in range(part.first, part.first + part.cells)]
    solved = over_all(solve_cell, info, indices, min(workers, max(1, math.ceil(len(indices) / 8))))
    for part in missing:
        write_cells(_part_path(folder, part), part, made_by(), _counted(solved, part.cells, bar))


def _counted(cells: Iterator[PhotonicCell], count: int, bar: Any) -> Iterator[PhotonicCell]:
    for _ in range(count):
        yield next(cells)
        bar.update()


def _joined(folder: Path, plan: Iterable[PhotonicInfo]) -> Iterator[PhotonicCell]:
    for part in plan:
        opened = PhotonicCells(_part_path(folder, part))
        for index in range(part.cells):
            yield opened.cell(index)


def _part_path(folder: Path, part: PhotonicInfo) -> Path:
    return folder / f"{part.first:08d}.h5"


def _is_done(path: Path, part: PhotonicInfo) -> bool:
    """Whether a part file is whole and of this collection; others are made again."""
    try:
        return PhotonicCells(path).info == part
    except ThreeDieError:
        return False
