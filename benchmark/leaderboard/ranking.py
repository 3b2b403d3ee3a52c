"""The order of rows, and which values of a column are its best and second best."""

from collections.abc import Sequence
from typing import Any

from threedie.baselines.parts import INVARIANT
from threedie.benchmark.leaderboard.columns import Column
from threedie.benchmark.leaderboard.entries import Cell, Entry


def sort_key(entry: Entry, column: Column) -> tuple[Any, ...]:
    """Sorts rows by their mean in a column, best first; those without a value last."""
    cell = entry.cells.get(column)
    if cell is None:
        return (1, 0.0, entry.method, entry.variant)
    return (0, -cell.mean if cell.higher_is_better else cell.mean, entry.method, entry.variant)


def is_ranked(column: Column) -> bool:
    """Whether the rows of a column are ranked."""
    # An invariant part isn't meant to hold anything but what the object is.
    return column.metric.ranked and (column.part != INVARIANT or column.metric.about_objects)


def ranked_means(entries: Sequence[Entry], column: Column) -> list[float]:
    """The means of a column above its floor, best first; empty where a column isn't ranked or has a single row."""
    if not is_ranked(column):
        return []
    cells = [entry.cells[column] for entry in entries if column in entry.cells]
    if len(cells) < 2:
        return []
    return sorted((cell.mean for cell in cells if cell.above_floor), reverse=cells[0].higher_is_better)


def common_floor(entries: Sequence[Entry], column: Column) -> Cell | None:
    """A cell with the floor that all rows of a column share as it is printed, or None."""
    cells = [entry.cells[column] for entry in entries if column in entry.cells]
    texts = {None if cell.floor is None else column.metric.text(cell.floor) for cell in cells}
    return cells[0] if len(texts) == 1 and cells[0].floor is not None else None
