"""Error of the predicted rotation against the size of the rotation, a line for each method."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from threedie.baselines.parts import ALL, EQUIVARIANT
from threedie.benchmark.figures.comparison import POSE, entry_label, group_title, main_cell, task_with_role
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
    def means(self) -> list[float | None]:
        """Mean error of each group over the runs, in degrees."""
        return _means([row["values"] for row in self.breakdowns])


def draw_rotation_errors(records: Sequence[Record]) -> list[Drawing]:
    """A figure for each group of records with such breakdowns of the pose task."""
    task = task_with_role(POSE)
    if task is None:
        return []
    return [drawing for group in measured(records) if (drawing := _draw(group, task))]


def _draw(group: Group, task: Task) -> Drawing | None:
    lines = [line for entry in group.entries if (line := _read_line(entry, task))]
    if not lines:
        return None
    lines.sort(key=lambda line: -sum(value or 0 for value in line.means))
    labels = [
        entry_label(line.entry, group) + (f" ({line.part} part)" if line.part == EQUIVARIANT else "") for line in lines
    ]
    figure = new_figure(5.2 + 0.08 * max(map(len, labels)), max(4.4, 0.5 + 0.21 * len(lines)))
    axes = clean(figure.add_subplot())
    first = lines[0]
    centers, edges = _centers(first.groups)
    drawn: dict[str, int] = {}
    numbers = []
    for line, label in zip(lines, labels, strict=True):
        if line.groups != first.groups:
            continue
        entry = line.entry
        numbers.append({
            "method": entry.method, "variant": entry.variant, "part": line.part, "degrees": line.means
        })  # fmt: skip
        place = drawn[entry.family] = drawn.get(entry.family, -1) + 1
        axes.plot(
            centers, _with_gaps(line.means), color=FAMILY_COLORS[entry.family], marker=MARKERS[place % len(MARKERS)],
            markersize=5, linewidth=1.3, linestyle=_LINE_STYLES[place % len(_LINE_STYLES)], label=label,
        )  # fmt: skip
    floors = _means([first.breakdowns[0]["floors"]])
    axes.plot(centers, _with_gaps(floors), ":", color=GRAY, label="floor: best constant")
    axes.set_xlabel("size of the rotation between the views, degrees")
    axes.set_ylabel("mean error of the predicted rotation, degrees")
    axes.set_xticks(edges)
    axes.set_ylim(bottom=0)
    axes.set_title(group_title(group), loc="left", color=GRAY)
    figure.legend(loc="outside right upper", frameon=False)
    caption = (
        "Error of the relative rotation that a head reads from two views, by the size of the rotation between "
        "them. The floor always predicts the same rotation."
    )
    shown = {"groups": edges, "lines": numbers}
    return Drawing("rotation_error", "Error against rotation.", caption, group.record_ids, figure, shown, group.key)


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
