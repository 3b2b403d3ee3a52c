"""Views of unit cells: the symmetries of each kind, and no other."""

import numpy as np
import pytest
import torch

from threedie.benchmark.data.cell_augmentation import SYMMETRIES, CellAugmentation, transformed

CELL = torch.randn(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))


def test_transformations_are_torch_s_of_each_cell():
    generator = torch.Generator().manual_seed(1)
    cells = torch.randn(12, 2, 8, 8, generator=generator)
    shifts = torch.randint(8, (12, 2), generator=generator)
    flips, turns = torch.arange(12) % 3, torch.arange(12) % 4
    results = transformed(cells, shifts, flips, turns)
    for cell, shift, flip, turn, result in zip(cells, shifts, flips, turns, results, strict=True):
        expected = torch.roll(cell, tuple(shift.tolist()), (1, 2))
        expected = expected.flip([[], [1], [2]][int(flip)])
        assert torch.equal(result, torch.rot90(expected, int(turn), (1, 2)))
    assert torch.equal(transformed(cells), cells)


def orbit(kind: str, name: str, count: int = 4000) -> set[bytes]:
    """All views that come of one cell."""
    torch.manual_seed(0)
    views = CellAugmentation(SYMMETRIES[kind, name]).view(CELL.expand(count, 1, 32, 32))
    return {view.numpy().tobytes() for view in views}


@pytest.mark.parametrize(
    ("name", "size"),
    # Three mirrors times four turns are eight elements of the square's group; four shifts by half a cell.
    [("cells", 8), ("cells_transformed", 32)],
)
def test_blobs_stay_in_the_middle_unless_shifts_are_to_be_ignored(name: str, size: int):
    assert len(orbit("blob", name)) == size


@pytest.mark.parametrize(("name", "orientations"), [("cells", 3), ("cells_transformed", 8)])
def test_gpm_cells_are_shifted_anywhere_and_turned_only_if_turns_are_to_be_ignored(name: str, orientations: int):
    seen = set()
    for view in orbit("gpm", name, 500):
        cell = np.frombuffer(view, np.float32).reshape(32, 32)
        # Shifted so that its largest value comes first, a cell shows its orientation alone.
        place = np.unravel_index(cell.argmax(), cell.shape)
        seen.add(np.roll(cell, (-int(place[0]), -int(place[1])), (0, 1)).tobytes())
    assert len(seen) == orientations


def test_the_cell_itself_is_given_to_methods_that_transform_it():
    chosen = SYMMETRIES["blob", "cells"]
    assert CellAugmentation(chosen).crop(CELL) is None
    assert CellAugmentation(chosen, gives_cell=True).crop(CELL) is CELL
