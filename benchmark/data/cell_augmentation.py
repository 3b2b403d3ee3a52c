"""Random augmentations of unit cells of photonic crystals: symmetries of their density of states."""

from dataclasses import dataclass

import torch
from torch import Tensor

from threedie.benchmark.data.crops import RandomCrop

AUGMENTATIONS = ("cells", "cells_transformed")
"""Names in recipes: the usual symmetries of a kind of cells, or with the one too that E-SSL predicts."""

_FLIPS, _TURNS = 3, 4


@dataclass(frozen=True)
class Symmetries:
    """Which symmetries a view is drawn from, each uniformly; they are applied in this order.

    Attributes:
        step: shifts are by multiples of this many pixels, along both axes; None for no shift.
        flips: whether cells are mirrored along the first axis, the second, or not.
        turns: whether cells are turned by quarters.
    """

    step: int | None
    flips: bool
    turns: bool


SYMMETRIES: dict[tuple[str, str], Symmetries] = {
    ("blob", "cells"): Symmetries(step=None, flips=True, turns=True),
    ("blob", "cells_transformed"): Symmetries(step=16, flips=True, turns=True),
    ("gpm", "cells"): Symmetries(step=1, flips=True, turns=False),
    ("gpm", "cells_transformed"): Symmetries(step=1, flips=True, turns=True),
}
"""Kind of cells and name in recipes -> symmetries, as E-SSL's code for photonic crystals has them."""


class CellAugmentation:
    """Views of unit cells that have the same density of states.

    Random numbers come from torch's global generator on the CPU, whose state a checkpoint holds.
    """

    changes_nothing = False

    def __init__(self, symmetries: Symmetries, gives_cell: bool = False) -> None:
        """Choose.

        Args:
            symmetries: what views are drawn from.
            gives_cell: whether the method transforms a cell itself and wants it as it is.
        """
        self.symmetries, self.gives_cell = symmetries, gives_cell

    def view(self, cells: Tensor, second: bool = False) -> Tensor:
        """A random view of each cell, (B, C, S, S) to the same shape; the second is drawn as the first."""
        count, side, chosen = len(cells), cells.shape[-1], self.symmetries
        shifts = flips = turns = None
        if chosen.step is not None:
            shifts = chosen.step * torch.randint(side // chosen.step, (count, 2))
        if chosen.flips:
            flips = torch.randint(_FLIPS, (count,))
        if chosen.turns:
            turns = torch.randint(_TURNS, (count,))
        return transformed(cells, shifts, flips, turns)

    def cuts(self, side: int) -> list[RandomCrop]:
        """None: cells are seen whole."""
        return []

    def crop(self, cells: Tensor) -> Tensor | None:
        """The cells as they are, or None where the method wants none."""
        return cells if self.gives_cell else None


def transformed(
    cells: Tensor, shifts: Tensor | None = None, flips: Tensor | None = None, turns: Tensor | None = None
) -> Tensor:
    """Cells that are shifted, then mirrored, then turned, each in its own way: (B, C, S, S) to the same shape.

    Args:
        cells: square.
        shifts: pixels along both axes, int64 (B, 2); what leaves a cell enters it on the other side.
        flips: 1 mirrors the first axis, 2 the second, 0 neither, int64 (B,).
        turns: quarters counter-clockwise, int64 (B,).
    """
    if shifts is not None:
        side = cells.shape[-1]
        places = torch.arange(side, device=cells.device)
        down, right = ((places - each[:, None]) % side for each in shifts.to(cells.device).T)
        item = torch.arange(len(cells), device=cells.device)[:, None, None]
        # Indices around a slice put the channels last.
        cells = cells[item, :, down[:, :, None], right[:, None, :]].permute(0, 3, 1, 2)
    if flips is not None:
        cells = _chosen([cells, cells.flip(2), cells.flip(3)], flips)
    if turns is not None:
        cells = _chosen([torch.rot90(cells, turn, (2, 3)) for turn in range(_TURNS)], turns)
    return cells


def _chosen(choices: list[Tensor], which: Tensor) -> Tensor:
    """Each cell from one of several batches."""
    stacked = torch.stack(choices)
    return stacked[which.to(stacked.device), torch.arange(len(which), device=stacked.device)]
