"""Error of the predicted rotation against the size of the rotation, a line for each method."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from threedie.baselines.parts import ALL, EQUIVARIANT
from threedie.benchmark.figures.comparison import (
    POSE,
    entry_label,
    family_title,
    figure_title,
    main_cell,
    rows_to_draw,
    task_with_role,
)
from threedie.benchmark.figures.labels import stack_labels
from threedie.benchmark.figures.style import FAMILY_COLORS, GRAY, MARKERS, Drawing, clean, new_figure
from threedie.benchmark.leaderboard.columns import find_metric
from threedie.benchmark.leaderboard.entries import Entry
from threedie.benchmark.leaderboard.groups import Group, measured
from threedie.benchmark.records.record import Record
from threedie.benchmark.records.types import Breakdown
from threedie.benchmark.tasks.metric import DEGREES
from threedie.benchmark.tasks.task import REPRESENTATION, Task

_BY = "rotation_deg"
"""Breakdowns by the size of the rotation."""
_LINE_STYLES = ("-", "--", "-.")


@dataclass(frozen=True)
class _Line:
    """The breakdowns of one row.

    Attributes:
        entry: the row.
        part: of the representation.
        breakdowns: one per run, over the same groups of rotations.
    """

    entry: Entry
    part: str
    breakdowns: list[Breakdown]

    @property
    def groups(self) -> list[str]:
        """Ranges of rotations, as "0 to 15"."""
        return list(self.breakdowns[0]["groups"])

    @property
    def sum(self) -> float:
        """Of the means, to order lines by."""
        return sum(value or 0 for value in self.means)

    @property
    def means(self) -> list[float | None]:
        """Mean error of each group over the runs, in degrees."""
        return _means([row["values"] for row in self.breakdowns])


def draw_rotation_errors(records: Sequence[Record], all_rows: bool = False) -> list[Drawing]:
    """A figure for each group of records with such breakdowns of the pose task.

    Args:
        records: measured ones.
        all_rows: whether every row of a method is drawn, however many there are.
    """
    task = task_with_role(POSE)
    if task is None:
        return []
    return [drawing for group in measured(records) if (drawing := _draw(group, task, all_rows))]


def _draw(group: Group, task: Task, all_rows: bool) -> Drawing | None:
    every = {id(entry): line for entry in group.entries if (line := _read_line(entry, task))}
    if not every:
        return None
    # Rows that were measured on other groups of rotations have no place on the axis.
    first = next(iter(every.values()))
    every = {key: line for key, line in every.items() if line.groups == first.groups}
    entries = [line.entry for line in every.values()]
    rows = rows_to_draw(entries, lambda entry: -every[id(entry)].sum, "mean error of the rotation", all_rows)
    lines = sorted((every[id(entry)] for entry in rows.entries), key=lambda line: -line.sum)
    labels = [
        entry_label(line.entry, group) + (f" ({line.part} part)" if line.part == EQUIVARIANT else "") for line in lines
    ]
    floors = _means([first.breakdowns[0]["floors"]])
    centers, edges = _centers(first.groups)
    figure = new_figure(5.4 + 0.075 * max(map(len, labels)), max(6.2, 2.4 + 0.21 * len(lines)))
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.6))
    ends = _draw_lines((clean(above), clean(below)), centers, lines, floors)
    above.set_ylabel("mean error, degrees")
    above.set_ylim(bottom=0)
    above.set_title(figure_title(group, rows), loc="left", color=GRAY)
    below.set_ylabel("mean error minus the floor's, degrees")
    below.set_xlabel("size of the rotation between the views, degrees")
    below.set_xticks(edges)
    families = [name for name in FAMILY_COLORS if any(line.entry.family == name for line in lines)]
    handles = [Line2D([], [], color=FAMILY_COLORS[name], label=family_title(name)) for name in families]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    names = [
        *zip(labels, (FAMILY_COLORS[line.entry.family] for line in lines), strict=True),
        ("floor: best constant", GRAY),
    ]
    # A row without a result for the largest rotations has no end to be named at.
    named = [(end, *name) for end, name in zip(ends, names, strict=True) if np.isfinite(end)]
    stack_labels(
        below,
        [(centers[-1], end) for end, _, _ in named],
        [text for _, text, _ in named],
        [color for _, _, color in named],
        1.03,
    )
    caption = (
        "Error of the relative rotation that a head reads from two views, by the size of the rotation between "
        "them: above, and as its difference from the floor below. The floor always predicts the same rotation."
        + (f" {rows.note}" if rows.note else "")
    )
    numbers = [
        {"method": line.entry.method, "variant": line.entry.variant, "part": line.part, "degrees": line.means}
        for line in lines
    ]
    shown = {"groups": edges, "lines": numbers}
    return Drawing("rotation_error", "Error against rotation.", caption, group.record_ids, figure, shown, group.key)


def _draw_lines(
    panels: tuple[Axes, Axes], centers: Sequence[float], lines: Sequence[_Line], floors: Sequence[float | None]
) -> list[float]:
    """Draw errors into the first panel and their differences from the floor into the second; gives where those end."""
    floor, drawn, ends = np.asarray(_with_gaps(floors)), dict[str, int](), []
    for line in lines:
        family, errors = line.entry.family, np.asarray(_with_gaps(line.means))
        place = drawn[family] = drawn.get(family, -1) + 1
        for axes, values in zip(panels, (errors, errors - floor), strict=True):
            axes.plot(
                centers, values, color=FAMILY_COLORS[family], marker=MARKERS[place % len(MARKERS)], markersize=4.5,
                linewidth=1.3, linestyle=_LINE_STYLES[place % len(_LINE_STYLES)],
            )  # fmt: skip
        ends.append(float((errors - floor)[-1]))
    for axes, values in zip(panels, (floor, floor - floor), strict=True):
        axes.plot(centers, values, ":", color=GRAY)
    return [*ends, float((floor - floor)[-1])]


def _read_line(entry: Entry, task: Task) -> _Line | None:
    """A row's line, of the equivariant part where it has one; None where its records lack the breakdown."""
    part = EQUIVARIANT if main_cell(entry, task, EQUIVARIANT) else ALL
    rows = [
        row
        for record in entry.records
        for row in record.get("breakdowns", [])
        if (row["by"], row["task"], row["part"], row["input"]) == (_BY, task.name, part, REPRESENTATION)
        and _is_angle(row)
    ]
    if not rows or any(row["groups"] != rows[0]["groups"] for row in rows):
        return None
    return _Line(entry, part, rows)


def _is_angle(row: Breakdown) -> bool:
    metric = find_metric(row["task"], row["metric"])
    return metric is not None and metric.unit == DEGREES


def _centers(groups: Sequence[str]) -> tuple[list[float], list[float]]:
    """Centers and edges of groups named "0 to 15"."""
    pairs = [tuple(float(word) for word in name.split(" to ")) for name in groups]
    return [(low + high) / 2 for low, high in pairs], [pairs[0][0], *(high for _, high in pairs)]


def _with_gaps(values: Sequence[float | None]) -> list[float]:
    return [np.nan if value is None else value for value in values]


def _means(rows: Sequence[Sequence[float | None]]) -> list[float | None]:
    """Mean of each column, without missing values; None where all are missing."""
    columns = [[value for value in column if value is not None] for column in zip(*rows, strict=True)]
    return [sum(values) / len(values) if values else None for values in columns]
