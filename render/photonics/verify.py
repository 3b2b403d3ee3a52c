"""Checks files of photonic crystals: numbers, the cells' own seeds, and a sample of cells solved again."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from threedie.manifests.photonics import PhotonicCell, PhotonicCells
from threedie.render.photonics.bands import ERROR_TOLERANCE
from threedie.render.photonics.cells import GENERATOR, unit_cell
from threedie.render.photonics.make import SOLVER, solve_cell

Progress = Callable[[Iterable[int], int], Iterable[int]]

LABEL_TOLERANCE = 1e-5
"""Largest difference of a label that is solved again; other processors and libraries round differently."""

_CELL_TOLERANCE = 1e-12


def verify(path: Path, solve: int, progress: Progress = lambda items, _: items) -> list[str]:
    """What is wrong with a file, one line each; an empty list where nothing is.

    Args:
        path: the file.
        solve: cells, evenly spread, whose bands are computed again.
        progress: wraps an iterable of given length, to show progress.

    Raises:
        ThreeDieError: the file can't be read, or its bytes differ from those written.
    """
    cells = PhotonicCells(path)
    again = {int(index) for index in np.linspace(0, len(cells) - 1, min(solve, len(cells))).round()} if solve else set()
    problems: list[str] = []
    comparable = cells.info.generator == GENERATOR and cells.info.solver == SOLVER
    if not comparable:
        problems.append("made with another version of the generator or the solver; cells aren't compared with either")
    for index in progress(range(len(cells)), len(cells)):
        cell = cells.cell(index)
        faults = list(_faults(cell, int(cells.checksums[index])))
        if comparable and not faults:
            faults = list(_differences(cells, cell, index, index in again))
        problems += [f"cell {index}: {fault}" for fault in faults]
    return problems


def _faults(cell: PhotonicCell, checksum: int) -> Iterable[str]:
    """What can't be, whatever the cell."""
    if cell.checksum() != checksum:
        yield "differs from its checksum"
    elif not all(np.isfinite(part).all() for part in (cell.epsilon, cell.label, cell.parameters, cell.accuracy)):
        yield "numbers that aren't finite"
    elif cell.epsilon.min() < 1 or cell.label.min() < 0:
        yield "permittivity below 1 or density of states below 0"
    elif cell.accuracy[0] > ERROR_TOLERANCE:
        yield f"frequencies are accurate to {cell.accuracy[0]:.1e} only, instead of {ERROR_TOLERANCE:g}"


def _differences(cells: PhotonicCells, cell: PhotonicCell, index: int, solve: bool) -> Iterable[str]:
    """How a cell differs from the one that its seed gives."""
    number = cells.info.first + index
    expected: Any = unit_cell(cells.info.kind, cells.info.seed, number)
    if np.abs(expected.epsilon - cell.epsilon).max() > _CELL_TOLERANCE:
        yield f"isn't the cell of kind {cells.info.kind}, seed {cells.info.seed}, index {number}"
    elif solve:
        difference = float(np.abs(solve_cell(cells.info, number).label - cell.label).max())
        if difference > LABEL_TOLERANCE:
            yield f"its density of states differs by {difference:.1e} when it is computed again"
