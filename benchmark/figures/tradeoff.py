"""What representations hold of the object against what they hold of its pose, a point for each method and part."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from threedie.baselines.parts import ALL, EQUIVARIANT, INVARIANT, PARTS
from threedie.benchmark.figures.comparison import (
    OBJECT,
    POSE,
    entry_label,
    family_title,
    figure_title,
    main_cell,
    rows_to_draw,
    scale_of,
    task_with_role,
)
from threedie.benchmark.figures.labels import place_labels
from threedie.benchmark.figures.style import FAMILY_COLORS, GRAY, PART_MARKERS, Drawing, clean, new_figure
from threedie.benchmark.leaderboard.entries import Cell, Entry
from threedie.benchmark.leaderboard.groups import Group, measured
from threedie.benchmark.records.record import Record
from threedie.benchmark.tasks.task import Task

_MARGIN = 0.08
_PATH = (INVARIANT, ALL, EQUIVARIANT)
"""Parts in the order of the line that joins them."""


@dataclass(frozen=True)
class _Axis:
    """The main metric of a task.

    Attributes:
        task: the task.
        key: name of its values among the figure's numbers.
    """

    task: Task
    key: str

    @property
    def scale(self) -> int:
        """100 for a share that is shown in percent."""
        return scale_of(self.task)

    @property
    def label(self) -> str:
        return f"{self.task.axis_label} →"


@dataclass(frozen=True)
class _Point:
    """One part of one row, with its results on both axes."""

    entry: Entry
    part: str
    x: Cell
    y: Cell
    scales: tuple[int, int]

    @property
    def place(self) -> tuple[float, float]:
        return self.scales[0] * self.x.mean, self.scales[1] * self.y.mean

    @property
    def errors(self) -> tuple[float | None, float | None]:
        """Standard deviations over runs, None with a single run."""
        x, y = (
            None if cell.deviation is None else scale * cell.deviation
            for cell, scale in zip((self.x, self.y), self.scales, strict=True)
        )
        return x, y

    @property
    def color(self) -> str:
        return FAMILY_COLORS[self.entry.family]


def draw_tradeoffs(records: Sequence[Record], all_rows: bool = False) -> list[Drawing]:
    """A figure for each group of records that has results of an object task and of a pose task.

    Args:
        records: measured ones.
        all_rows: whether every row of a method is drawn, however many there are.
    """
    pose, of_object = task_with_role(POSE), task_with_role(OBJECT)
    if pose is None or of_object is None:
        return []
    x_axis, y_axis = _Axis(pose, f"{pose.name}_{pose.main}"), _Axis(of_object, of_object.main)
    drawings = (_draw(group, x_axis, y_axis, all_rows) for group in measured(records))
    return [drawing for drawing in drawings if drawing]


def _draw(group: Group, x_axis: _Axis, y_axis: _Axis, all_rows: bool) -> Drawing | None:
    def score(entry: Entry) -> float:
        """How good a whole representation is on the y axis."""
        cell = main_cell(entry, y_axis.task, ALL)
        return -np.inf if cell is None else cell.mean if cell.higher_is_better else -cell.mean

    rows = rows_to_draw(group.entries, score, y_axis.task.axis_label, all_rows)
    points = [
        _Point(entry, part, x, y, (x_axis.scale, y_axis.scale))
        for entry in rows.entries
        for part in PARTS
        if (x := main_cell(entry, x_axis.task, part)) and (y := main_cell(entry, y_axis.task, part))
    ]
    if not points:
        return None
    figure = new_figure(7.2, 5.2)
    axes = clean(figure.add_subplot())
    _join_parts(axes, group, points)
    _mark_points(axes, points)
    floors = (
        _scaled_floor((point.x for point in points), x_axis.scale),
        _scaled_floor((point.y for point in points), y_axis.scale),
    )
    if floors[0] is not None:
        axes.axvline(floors[0], color=GRAY, linestyle=":", linewidth=1)
    if floors[1] is not None:
        axes.axhline(floors[1], color=GRAY, linestyle=":", linewidth=1)
    axes.margins(_MARGIN + 0.06, _MARGIN)
    axes.set_xlabel(x_axis.label)
    axes.set_ylabel(y_axis.label)
    axes.set_title(figure_title(group, rows), loc="left", color=GRAY)
    handles = _legend_handles(axes, points)
    figure.legend(handles=handles, loc="outside lower center", ncols=min(4, len(handles)), frameon=False)
    _label_points(axes, group, points, floors)
    seeds = max(len(entry.records) for entry in rows.entries)
    caption = (
        "What a representation holds of an object's class, against what it holds of its rotation. Up and "
        "to the right is better for a whole representation; an invariant part belongs at the upper left."
        + (" Bars: standard deviation over runs." if seeds > 1 else "")
        + (f" {rows.note}" if rows.note else "")
    )
    numbers = [
        {
            "method": point.entry.method, "variant": point.entry.variant, "part": point.part,
            x_axis.key: point.x.mean, y_axis.key: point.y.mean,
        }
        for point in points
    ]  # fmt: skip
    return Drawing(
        "tradeoff", "Class against rotation.", caption, group.record_ids, figure, {"points": numbers}, group.key
    )


def _join_parts(axes: Axes, group: Group, points: Sequence[_Point]) -> None:
    """A line from a row's invariant part to its equivariant one, by way of both together."""
    for entry in group.entries:
        by_part = {point.part: point for point in points if point.entry is entry}
        path = [by_part[part] for part in _PATH if part in by_part]
        if len(path) > 1:
            xs, ys = zip(*(point.place for point in path), strict=True)
            axes.plot(xs, ys, color=path[0].color, linewidth=1, alpha=0.45, zorder=2)


def _mark_points(axes: Axes, points: Sequence[_Point]) -> None:
    for point in points:
        x_error, y_error = point.errors
        axes.errorbar(
            *point.place, xerr=x_error, yerr=y_error, marker=PART_MARKERS[point.part], markersize=7, color=point.color,
            linestyle="none", markerfacecolor=point.color if point.part == ALL else "white", elinewidth=1, capsize=2,
            zorder=3,
        )  # fmt: skip


def _scaled_floor(cells: Iterable[Cell], scale: int) -> float | None:
    return next((scale * cell.floor for cell in cells if cell.floor is not None), None)


def _legend_handles(axes: Axes, points: Sequence[_Point]) -> list[Line2D]:
    """Families of methods, parts, and the floor."""
    families = [name for name in FAMILY_COLORS if any(point.entry.family == name for point in points)]
    handles = [axes.plot([], [], "o", color=FAMILY_COLORS[name], label=family_title(name))[0] for name in families]
    if any(point.part != ALL for point in points):
        handles += [
            axes.plot([], [], PART_MARKERS[part], color=GRAY, markerfacecolor="white", label=f"{part} part alone")[0]
            for part in (INVARIANT, EQUIVARIANT)
        ]
    return [*handles, axes.plot([], [], ":", color=GRAY, label="floor: best constant")[0]]


def _label_points(
    axes: Axes, group: Group, points: Sequence[_Point], floors: tuple[float | None, float | None]
) -> None:
    """Name each whole representation; lines of the figure are kept free of the names."""
    labels = [entry_label(point.entry, group) if point.part == ALL else "" for point in points]
    obstacles: list[tuple[float, float]] = []
    if floors[0] is not None:
        obstacles += [(floors[0], y) for y in np.linspace(*axes.get_ylim(), 30)]
    if floors[1] is not None:
        obstacles += [(x, floors[1]) for x in np.linspace(*axes.get_xlim(), 40)]
    for line in axes.lines:
        ends = np.asarray(line.get_xydata(), float)
        if len(ends) > 1 and line.get_linestyle() == "-":
            obstacles += [tuple(spot) for one, other in pairwise(ends) for spot in np.linspace(one, other, 12)]
    blank = [""] * len(obstacles)
    places = [point.place for point in points]
    place_labels(axes, [*places, *obstacles], [*labels, *blank], [*(point.color for point in points), *blank])
