"""Scores against images seen in training, a line for each method that was trained with several budgets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from threedie.baselines.parts import ALL, EQUIVARIANT, INVARIANT, PARTS
from threedie.benchmark.figures.comparison import (
    OBJECT,
    POSE,
    POSE_IN_CLASS,
    group_title,
    main_cell,
    row_label,
    scale_of,
    spread,
    task_with_role,
)
from threedie.benchmark.figures.labels import stack_labels
from threedie.benchmark.figures.style import (
    BLACK,
    BLUE,
    GRAY,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    Drawing,
    clean,
    new_figure,
    shorten,
)
from threedie.benchmark.leaderboard.entries import Cell, Entry
from threedie.benchmark.leaderboard.groups import Group, measured
from threedie.benchmark.leaderboard.variants import name_variants, row_key
from threedie.benchmark.records.budget import images_seen
from threedie.benchmark.records.record import Record
from threedie.benchmark.tasks.task import Task

_COLORS = (BLUE, VERMILION, GREEN, PURPLE, BLACK, ORANGE, SKY)
_DASHES = {ALL: "-", INVARIANT: ":", EQUIVARIANT: "--"}
_WIDTH, _PANEL_HEIGHT = 7.2, 2.7
_MOST_LETTERS = 29
"""Of a label at the left, within a panel."""
_LETTER_WIDTH, _LEADER_WIDTH = 0.0105, 0.07
"""What a letter of such a label and the line to its point take, as shares of a panel's width."""
_MARGIN = 0.04
_TICK_RATIO = 1.15
"""Budgets nearer to each other than this share a tick."""


@dataclass(frozen=True)
class _Line:
    """The rows of a method that differ only in how long they were trained.

    Attributes:
        label: the method, and settings where other lines have other ones.
        color: of its lines.
        rows: by rising number of images.
        images: that each row saw in training.
    """

    label: str
    color: str
    rows: tuple[Entry, ...]
    images: tuple[int, ...]

    @property
    def dot_label(self) -> str:
        """The label where there is one budget."""
        return shorten(self.label, _MOST_LETTERS)

    def points(self, task: Task, part: str) -> list[tuple[int, Entry, Cell]]:
        """Images, row and result of each row that has one."""
        rows = zip(self.images, self.rows, strict=True)
        return [(images, entry, cell) for images, entry in rows if (cell := main_cell(entry, task, part))]


def draw_budgets(records: Sequence[Record]) -> list[Drawing]:
    """A figure for each group of records in which a method was trained with more than one budget."""
    tasks = [task for role in (OBJECT, POSE, POSE_IN_CLASS) if (task := task_with_role(role))]
    return [drawing for group in measured(records) if (drawing := _draw(group, tasks))]


def _draw(group: Group, tasks: Sequence[Task]) -> Drawing | None:
    lines = _lines(group)
    panels = [task for task in tasks if any(len(line.points(task, part)) > 1 for line in lines for part in PARTS)]
    if not panels:
        return None
    figure = new_figure(_WIDTH, _PANEL_HEIGHT * len(panels) + 0.5)
    every = sorted({images for line in lines for images in line.images if images})
    for index, task in enumerate(panels):
        axes = clean(figure.add_subplot(len(panels), 1, index + 1))
        _set_budgets(axes, every, lines)
        ends = [end for line in lines for end in _draw_line(axes, line, task, every[-1])]
        floor = _draw_floor(axes, lines, task)
        axes.set_ylabel(task.axis_label)
        if index == 0:
            axes.set_title(group_title(group), loc="left", color=GRAY)
        if index == len(panels) - 1:
            axes.set_xlabel("images seen in training")
        _label(axes, [*ends, *floor], every[0])
    several = any(len(row.records) > 1 for line in lines for row in line.rows)
    caption = (
        "Scores against images seen in training (epochs x passes x objects x 2 views). Of methods with parts, the "
        "invariant one is dotted and the equivariant one dashed. A dot is a method trained with one budget; other "
        "settings of a method that has a line aren't shown. "
        + ("Bands and bars: standard deviation over runs, or the 95 % interval of a single one." if several
           else "Bands and bars: 95 % intervals.")
    )  # fmt: skip
    numbers = [row for task in panels for line in lines for row in _numbers(line, task)]
    return Drawing("budgets", "Images seen.", caption, group.record_ids, figure, {"points": numbers}, group.key)


def _lines(group: Group) -> list[_Line]:
    """The group's rows by their settings without `epochs`; those with several budgets first, as they get colors."""
    rows: dict[str, list[tuple[int, Entry]]] = {}
    samples: dict[str, Record] = {}
    for entry in group.entries:
        images = images_seen(entry.records[0])
        if images is not None:
            sample = _without_epochs(entry.records[0])
            samples[row_key(sample)] = sample
            rows.setdefault(row_key(sample), []).append((images, entry))
    variants = name_variants(samples)
    names = {key: (entries[0][1].method, variants[key]) for key, entries in rows.items()}
    order = sorted(rows, key=lambda key: (len(rows[key]) == 1, names[key]))
    several = sum(len(entries) > 1 for entries in rows.values())
    methods = {names[key][0] for key in order[:several]}
    order = order[:several] + [key for key in order[several:] if names[key][0] not in methods]
    lines = []
    for place, key in enumerate(order):
        entries = sorted(rows[key], key=lambda row: row[0])
        # Where colors don't suffice for all, only lines have one.
        colored = place < several or len(order) <= len(_COLORS)
        color = _COLORS[place % len(_COLORS)] if colored and entries[-1][0] else GRAY
        label = row_label(*names[key], list(names.values()))
        lines.append(_Line(label, color, tuple(entry for _, entry in entries), tuple(images for images, _ in entries)))
    return lines


def _without_epochs(record: Record) -> Record:
    config = {name: value for name, value in (record["config"] or {}).items() if name != "epochs"}
    return {**record, "config": config}


def _set_budgets(axes: Axes, every: Sequence[int], lines: Sequence[_Line]) -> None:
    """A logarithmic axis with a tick at each budget, and room for the labels of dots at the left."""
    axes.set_xscale("log")
    ticks: list[int] = []
    for images in every:
        if not ticks or images > _TICK_RATIO * ticks[-1]:
            ticks.append(images)
    axes.set_xticks(ticks, [_count(images) for images in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    letters = max((len(line.dot_label) for line in lines if 0 < line.images[-1] <= every[0]), default=0)
    left = letters * _LETTER_WIDTH + _LEADER_WIDTH if letters else _MARGIN
    width = max(np.log10(every[-1] / every[0]), 0.1) / (1 - left - _MARGIN)
    axes.set_xlim(every[0] / 10 ** (left * width), every[-1] * 10 ** (_MARGIN * width))


def _count(images: int) -> str:
    return f"{images / 10**6:.2g} million" if images >= 10**5 else f"{images:,}"


End = tuple[tuple[float, float], str, str]
"""A point, the label beside it and its color."""


def _draw_line(axes: Axes, line: _Line, task: Task, most: int) -> list[End]:
    """Draw a method's parts; gives their labels."""
    scale, ends = scale_of(task), []
    for part in PARTS:
        points = line.points(task, part)
        # A part is named by its method's color alone.
        if not points or (part != ALL and line.color == GRAY):
            continue
        means = [scale * cell.mean for _, _, cell in points]
        name = line.label if len(points) > 1 else line.dot_label
        label = name if part == ALL else f"{part} part"
        if points[-1][0] == 0:
            axes.axhline(means[-1], color=GRAY, linewidth=1, dashes=(6, 3))
            ends.append(((float(most), means[-1]), label, GRAY))
            continue
        images = [count for count, _, _ in points]
        axes.plot(
            images, means, _DASHES[part], color=line.color, marker="o", markersize=4, linewidth=1.5,
            markerfacecolor=line.color if part == ALL else "white",
        )  # fmt: skip
        ranges = [spread(cell) or (cell.mean, cell.mean) for _, _, cell in points]
        low, high = ([scale * value for value in values] for values in zip(*ranges, strict=True))
        if len(points) > 1:
            axes.fill_between(images, low, high, color=line.color, alpha=0.13, linewidth=0)
        else:
            axes.vlines(images, low, high, color=line.color, linewidth=1)
        ends.append(((float(images[-1]), means[-1]), label, line.color))
    return ends


def _draw_floor(axes: Axes, lines: Sequence[_Line], task: Task) -> list[End]:
    """Draw the floor; gives its label."""
    cells = (cell for line in lines for _, _, cell in line.points(task, ALL))
    floor = next((scale_of(task) * cell.floor for cell in cells if cell.floor is not None), None)
    if floor is None:
        return []
    axes.axhline(floor, color=GRAY, linestyle=":", linewidth=1)
    return [((axes.get_xlim()[1], floor), "floor", GRAY)]


def _label(axes: Axes, ends: Sequence[End], least: int) -> None:
    """Name lines in the right margin, and those that end at the smallest budget at the left within the panel."""
    axes.margins(y=0.06)
    right = [end for end in ends if end[0][0] > least]
    left = [end for end in ends if end[0][0] <= least]
    for group, x in ((right, 1.03), (left, 0.01)):
        stack_labels(
            axes, [point for point, _, _ in group], [text for _, text, _ in group], [color for _, _, color in group], x
        )


def _numbers(line: _Line, task: Task) -> list[dict[str, Any]]:
    rows = []
    for part in PARTS:
        for images, entry, cell in line.points(task, part):
            low, high = spread(cell) or (None, None)
            rows.append({
                "task": task.name, "metric": task.main, "method": entry.method, "variant": entry.variant, "part": part,
                "images": images, "value": cell.mean, "low": low, "high": high, "floor": cell.floor,
            })  # fmt: skip
    return rows
