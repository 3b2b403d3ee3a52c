"""Photonic crystals: error against the number of labeled cells, and densities of states of a few cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from threedie.baselines.parts import ALL
from threedie.benchmark.evaluation.density_file import FOLDER, DensityResult, Example, read_density
from threedie.benchmark.figures.comparison import entry_label, group_title, main_cell, scale_of, spread
from threedie.benchmark.figures.style import (
    BLACK,
    BLUE,
    GRAY,
    GREEN,
    MARKERS,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    Drawing,
    clean,
    new_figure,
)
from threedie.benchmark.leaderboard.check import usable_files
from threedie.benchmark.leaderboard.entries import Cell, Entry
from threedie.benchmark.leaderboard.groups import Group, measured
from threedie.benchmark.records.record import weights_of
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.density import FIRST_POINT, Density
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.photonics import empty_lattice, label_axis

_COLORS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
_CELLS = 3
_WIDTH, _HEIGHT, _CELLS_HEIGHT = 8.6, 3.3, 2.4
"""In inches."""
_INSET = (0.03, 0.66, 0.32, 0.32)
"""Place of a cell's picture, as shares of its panel."""


@dataclass(frozen=True)
class _Line:
    """A row of the tables: its errors by number of labeled cells."""

    label: str
    color: str
    marker: str
    entry: Entry
    cells: dict[int, Cell]


def draw_densities(folders: Sequence[Path]) -> list[Drawing]:
    """A figure for each group of records with densities of states of photonic crystals."""
    files, _ = usable_files(folders)
    paths = {record["id"]: path for path, record in files.values()}
    drawings = (_draw(group, paths) for group in measured([record for _, record in files.values()]))
    return [drawing for drawing in drawings if drawing]


def _draw(group: Group, paths: dict[str, Path]) -> Drawing | None:
    lines = _lines(group)
    if not lines:
        return None
    labeled, results = _fine_tuned(lines, paths)
    names = [example.name for example in next(iter(results.values())).examples[:_CELLS]] if results else []
    figure = new_figure(_WIDTH, _HEIGHT + (_CELLS_HEIGHT if names else 0))
    rows = [_CELLS_HEIGHT, _HEIGHT] if names else [_HEIGHT]
    grid = figure.add_gridspec(len(rows), max(1, len(names)), height_ratios=rows)
    for column, name in enumerate(names):
        axes = figure.add_subplot(grid[0, column])
        _draw_cell(axes, name, lines, results)
        if column == 0:
            axes.set_ylabel("density of states")
    axes = clean(figure.add_subplot(grid[-1, :]))
    _draw_errors(axes, lines)
    figure.suptitle(group_title(group), color=GRAY, fontsize=9)
    shown = (
        f"Above, three test cells: black as computed, in color as predicted with {labeled} labels. " if names else ""
    )
    caption = (
        f"{shown}Relative error of the density of states of test cells against the number of labeled cells; bars are "
        "deviations over runs, or the interval over cells of a single run. Dashed: an empty lattice."
    )
    numbers = {
        line.label: {str(count): [cell.mean, cell.deviation] for count, cell in line.cells.items()} for line in lines
    }
    return Drawing("densities", "Density of states.", caption, group.record_ids, figure, numbers, group.key)


def _lines(group: Group) -> list[_Line]:
    tasks = {task.labeled: task for task in TASKS.values() if isinstance(task, Density)}
    lines = []
    for number, entry in enumerate(group.entries):
        cells = {count: cell for count, task in tasks.items() if (cell := main_cell(entry, task, ALL))}
        if cells:
            style = _COLORS[number % len(_COLORS)], MARKERS[number % len(MARKERS)]
            lines.append(_Line(entry_label(entry, group), *style, entry, cells))
    return lines


def _fine_tuned(lines: Sequence[_Line], paths: dict[str, Path]) -> tuple[int, dict[str, DensityResult]]:
    """The most labeled cells of which every row has a result file, and the file of each row's first run."""
    found: dict[int, dict[str, DensityResult]] = {}
    for line in lines:
        for result in _results(paths[line.entry.records[0]["id"]], line):
            found.setdefault(result.labeled, {})[line.label] = result
    whole = [count for count, results in found.items() if len(results) == len(lines)]
    return (max(whole), found[max(whole)]) if whole else (0, {})


def _results(record_file: Path, line: _Line) -> list[DensityResult]:
    """First seeds of a record's result files, which lie beside it or, for another protocol, a level above."""
    results, record = [], line.entry.records[0]
    weights, protocol = weights_of(record), record["protocol"]
    for folder in (record_file.parent / FOLDER, record_file.parent.parent / FOLDER):
        for path in sorted(folder.glob("density-*.json")):
            try:
                result = read_density(path)
            except ThreeDieError:
                continue  # Evaluation reports such a file and makes it anew.
            if result.seed == 0 and (result.weights, result.protocol) == (weights, [*protocol.values()]):
                results.append(result)
    return results


def _draw_cell(axes: Axes, name: str, lines: Sequence[_Line], results: dict[str, DensityResult]) -> None:
    examples: dict[str, Example] = {
        label: example for label, result in results.items() for example in result.examples if example.name == name
    }
    one = next(iter(examples.values()))
    x = label_axis()[: len(one.expected)]
    axes.plot(x, empty_lattice()[: len(x)], color=GRAY, linestyle="--", linewidth=0.8)
    axes.plot(x, one.expected, color=BLACK, linewidth=1.3)
    for line in lines:
        if line.label in examples:
            axes.plot(x, examples[line.label].predicted, color=line.color, linewidth=0.9)
    axes.axvspan(0, x[min(FIRST_POINT, len(x) - 1)], color=GRAY, alpha=0.08, linewidth=0)
    axes.set_xlim(0, float(x[-1]))
    axes.set_ylim(0, None)
    axes.set_xlabel("reduced frequency")
    inset = axes.inset_axes(_INSET)
    # Arrays are indexed x first, pictures row first.
    inset.imshow(np.array(one.epsilon).T, cmap="Greys", origin="lower", vmin=1, vmax=20)
    inset.set_xticks([])
    inset.set_yticks([])


def _draw_errors(axes: Axes, lines: Sequence[_Line]) -> None:
    scale = scale_of(next(task for task in TASKS.values() if isinstance(task, Density)))
    for line in lines:
        counts = sorted(line.cells)
        means = np.array([line.cells[count].mean for count in counts])
        ends = [spread(line.cells[count]) or (mean, mean) for count, mean in zip(counts, means, strict=True)]
        bars = np.abs(np.array(ends).T - means)
        axes.errorbar(
            counts, scale * means, scale * bars, color=line.color, marker=line.marker, markersize=4.5, linewidth=1.3,
            capsize=2, label=line.label,
        )  # fmt: skip
    floors = [cell.floor for line in lines for cell in line.cells.values() if cell.floor is not None]
    if floors:
        axes.axhline(scale * float(np.mean(floors)), color=GRAY, linestyle="--", linewidth=0.9)
    counts = sorted({count for line in lines for count in line.cells})
    axes.set_xscale("log")
    axes.set_xticks(counts, [f"{count:,}" for count in counts], minor=False)
    axes.minorticks_off()
    axes.set_xlabel("labeled cells")
    axes.set_ylabel("relative error, %")
    axes.legend(frameon=False)
