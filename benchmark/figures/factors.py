"""What the shape of a dataset does to one method: its scores against classes, objects, views and pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from threedie.baselines.parts import ALL
from threedie.benchmark.figures.comparison import (
    OBJECT,
    POSE,
    POSE_IN_CLASS,
    main_cell,
    scale_of,
    spread,
    task_with_role,
)
from threedie.benchmark.figures.labels import stack_labels
from threedie.benchmark.figures.study_file import FACTORS, DatasetStudy, Level, Panel, find_studies, read_study
from threedie.benchmark.figures.style import BLUE, GRAY, GREEN, VERMILION, Drawing, clean, new_figure, shorten
from threedie.benchmark.leaderboard.entries import Cell, Entry
from threedie.benchmark.leaderboard.groups import measured
from threedie.benchmark.tasks.task import Task

_ROWS = ((OBJECT,), (POSE, POSE_IN_CLASS))
"""Roles of the tasks that share a row of panels."""
_COLORS = {OBJECT: BLUE, POSE: VERMILION, POSE_IN_CLASS: GREEN}
_HEIGHTS = (1.7, 2.6)
_LEVEL_WIDTH, _LABEL_WIDTH = 0.62, 2.0
"""In inches: of a level, and of what stands beside the panels."""


@dataclass(frozen=True)
class _Point:
    """The runs of one dataset at one level of a factor.

    Attributes:
        level: of the factor.
        views: of all training objects.
        entry: the runs, which differ in the seed.
        is_base: whether the study's base is among them.
    """

    level: Level
    views: int
    entry: Entry
    is_base: bool


@dataclass(frozen=True)
class _Row:
    """Tasks that share an axis, each with its color."""

    tasks: tuple[tuple[Task, str], ...]

    @property
    def label(self) -> str:
        """Of the axis."""
        return self.tasks[0][0].axis_label if len(self.tasks) == 1 else "R²"


def draw_factors(folders: Sequence[Path]) -> list[Drawing]:
    """A figure for each `study.toml` in some folders.

    Raises:
        ThreeDieError: a file or a record in it is wrong.
    """
    return [_draw(read_study(file)) for file in find_studies(folders)]


def _draw(study: DatasetStudy) -> Drawing:
    columns = [_points(panel, study) for panel in study.panels]
    rows = _rows(columns)
    widths = [max(2, len(points)) for points in columns]
    figure = new_figure(_LEVEL_WIDTH * sum(widths) + _LABEL_WIDTH, sum(_HEIGHTS[: len(rows)]) + 0.6)
    grid = figure.add_gridspec(len(rows), len(columns), width_ratios=widths, height_ratios=_HEIGHTS[: len(rows)])
    for place, row in enumerate(rows):
        first: Axes | None = None
        for column, (panel, points) in enumerate(zip(study.panels, columns, strict=True)):
            axes = clean(figure.add_subplot(grid[place, column], sharey=first))
            first = first or axes
            for task, color in row.tasks:
                _draw_scores(axes, points, task, color)
            _set_levels(axes, panel, points, is_lowest=place == len(rows) - 1)
            axes.tick_params(labelleft=column == 0)
        assert first is not None
        first.set_ylabel(row.label)
        first.margins(y=0.08)
    for place, row in enumerate(rows):
        _label_scores(figure.axes[(place + 1) * len(columns) - 1], columns[-1], row)
    method, protocol = study.base["method"]["name"], study.base["protocol"]["name"]
    below = "below each value: training views in all; filled: the base; dotted: floors"
    title = f"{shorten(method)}, {shorten(protocol)}; {below}"
    figure.suptitle(title, color=GRAY, fontsize=9)
    caption = (
        "Scores on new objects against one property of the dataset at a time; the others, and the images seen in "
        "training, are as in the base unless the study names other records. Bars: standard deviation "
        "over runs, or the 95 % interval of a single one."
    )
    ids = tuple(dict.fromkeys(each["id"] for points in columns for point in points for each in point.entry.records))
    numbers = [
        {"factor": panel.factor, **row}
        for panel, points in zip(study.panels, columns, strict=True)
        for point in points
        for row in _numbers(point, rows)
    ]
    return Drawing("factors", "Shape of the dataset.", caption, ids, figure, {"points": numbers})


def _points(panel: Panel, study: DatasetStudy) -> list[_Point]:
    """A point for each dataset and setting, by rising level."""
    level_of = FACTORS[panel.factor].level
    points = []
    for group in measured(panel.records):
        for entry in group.entries:
            record = entry.records[0]
            level, dataset = level_of(record), record["dataset"]
            assert level is not None  # checked when the study was read
            views = (dataset["train_objects"] or 0) * (dataset["views"] or 0)
            is_base = study.base["id"] in {each["id"] for each in entry.records}
            points.append(_Point(level, views, entry, is_base))
    return sorted(points, key=lambda point: (point.level, point.views, point.entry.records[0]["id"]))


def _rows(columns: Sequence[Sequence[_Point]]) -> list[_Row]:
    """The rows of tasks of which there are results."""
    entries = [point.entry for points in columns for point in points]
    rows = []
    for roles in _ROWS:
        tasks = [(task, _COLORS[role]) for role in roles if (task := task_with_role(role))]
        measured_tasks = [pair for pair in tasks if any(main_cell(entry, pair[0], ALL) for entry in entries)]
        if measured_tasks:
            rows.append(_Row(tuple(measured_tasks)))
    return rows


def _scores(points: Sequence[_Point], task: Task) -> list[tuple[int, _Point, Cell]]:
    """Place, point and result of each point that has one."""
    return [(place, point, cell) for place, point in enumerate(points) if (cell := main_cell(point.entry, task, ALL))]


def _draw_scores(axes: Axes, points: Sequence[_Point], task: Task, color: str) -> None:
    scores, scale = _scores(points, task), scale_of(task)
    places = [place for place, _, _ in scores]
    axes.plot(places, [scale * cell.mean for _, _, cell in scores], color=color, linewidth=1.4, zorder=2)
    floors = [(place, scale * cell.floor) for place, _, cell in scores if cell.floor is not None]
    if floors:
        axes.plot(*zip(*floors, strict=True), color=color, linestyle=":", linewidth=1, alpha=0.8)
    for place, point, cell in scores:
        low, high = spread(cell) or (cell.mean, cell.mean)
        axes.vlines(place, scale * low, scale * high, color=color, linewidth=1.2)
        face = color if point.is_base else "white"
        axes.plot(place, scale * cell.mean, "o", color=color, markerfacecolor=face, markersize=5.5, zorder=3)


def _set_levels(axes: Axes, panel: Panel, points: Sequence[_Point], *, is_lowest: bool) -> None:
    factor = FACTORS[panel.factor]
    axes.set_xlim(-0.5, max(2, len(points)) - 0.5)
    texts = [f"{factor.text(point.level)}\n{_thousands(point.views)}" for point in points]
    axes.set_xticks(range(len(points)), texts)
    axes.tick_params(labelbottom=is_lowest)
    if is_lowest:
        axes.set_xlabel(factor.title)


def _thousands(views: int) -> str:
    return f"{views / 1000:,.3g}k" if views < 10**6 else f"{views / 10**6:.3g}M"


def _label_scores(axes: Axes, points: Sequence[_Point], row: _Row) -> None:
    """Name the lines, in the margin beside the last panel."""
    ends, texts, colors = [], [], []
    for task, color in row.tasks:
        scores = _scores(points, task)
        if scores:
            place, _, cell = scores[-1]
            ends.append((float(place), scale_of(task) * cell.mean))
            texts.append(task.title)
            colors.append(color)
    stack_labels(axes, ends, texts, colors, 1.04)


def _numbers(point: _Point, rows: Sequence[_Row]) -> list[dict[str, Any]]:
    dataset = point.entry.records[0]["dataset"]
    numbers = []
    for task, _ in (pair for row in rows for pair in row.tasks):
        cell = main_cell(point.entry, task, ALL)
        if cell is not None:
            low, high = spread(cell) or (None, None)
            numbers.append({
                "level": list(point.level), "views": point.views, "dataset": dataset["fingerprint"],
                "runs": len(point.entry.records), "task": task.name, "metric": task.main, "value": cell.mean,
                "low": low, "high": high, "floor": cell.floor,
            })  # fmt: skip
    return numbers
