"""Figures of all methods side by side: from records alone, one for each dataset and protocol."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from threedie.benchmark.figures.style import (
    FAMILY_COLOURS,
    GREY,
    MARKERS,
    PART_COLOURS,
    Drawing,
    clean,
    new_figure,
    place_labels,
    shorten,
)  # fmt: skip
from threedie.benchmark.leaderboard.datasets import dataset_name
from threedie.benchmark.leaderboard.tables import Cell, Entry, Group, measured
from threedie.benchmark.records.record import Record, data_of_heads
from threedie.benchmark.records.types import Breakdown

_MARGIN = 0.08
PART_MARKERS = {"all": "o", "invariant": "v", "equivariant": "^"}


def tradeoffs(records: Sequence[Record]) -> list[Drawing]:
    """Classification against rotation, a point for each method and part; nothing for a group that lacks either."""
    return [drawing for group in measured(records) if (drawing := _tradeoff(group))]


def rotation_errors(records: Sequence[Record]) -> list[Drawing]:
    """Error against the size of the rotation, a line for each method; nothing for records made without that."""
    return [drawing for group in measured(records) if (drawing := _rotation_error(group))]


def _cell(entry: Entry, task: str, metric: str, part: str) -> Cell | None:
    for (found, where), cell in entry.cells.items():
        if (found.task, found.name, found.input, where) == (task, metric, "representation", part):
            return cell
    return None


def _title(group: Group) -> str:
    dataset, protocol = group.record["dataset"], group.record["protocol"]
    heads = data_of_heads(group.record)
    words = f"{dataset_name(dataset)}, {protocol['name']} v{protocol['version']}, {str(dataset['fingerprint'])[:8]}"
    return shorten(words + (f", heads of {heads[:8]}" if heads else ""), 80)


def _name(entry: Entry, group: Group) -> str:
    """Method, and its variant where the group has several of it: without the recipe where all have the same."""
    if sum(other.method == entry.method for other in group.entries) == 1:
        return shorten(entry.method, 34)
    recipes = {other.variant.split(", ")[0] for other in group.entries}
    words = entry.variant.split(", ")[1:] if len(recipes) == 1 else [entry.variant]
    return shorten(f"{entry.method} ({', '.join(words)})" if any(words) else entry.method, 42)


def _ids(group: Group) -> tuple[str, ...]:
    return tuple(record["id"] for entry in group.entries for record in entry.records)


def _tradeoff(group: Group) -> Drawing | None:
    found = []
    for entry in group.entries:
        for part in PART_COLOURS:
            x, y = _cell(entry, "rotation", "r2", part), _cell(entry, "classification", "top1", part)
            if x and y:
                found.append((entry, part, x, y))
    if not found:
        return None
    figure = new_figure(7.2, 5.2)
    axes = clean(figure.add_subplot())
    for entry in group.entries:
        colour = FAMILY_COLOURS[entry.family]
        own = {part: (x.mean, 100 * y.mean) for other, part, x, y in found if other is entry}
        # From the invariant part to the equivariant one, by way of both together.
        path = [own[part] for part in ("invariant", "all", "equivariant") if part in own]
        axes.plot(*zip(*path, strict=True), color=colour, linewidth=1, alpha=0.45, zorder=2) if len(path) > 1 else None
    for entry, part, x, y in found:
        axes.errorbar(
            x.mean, 100 * y.mean, xerr=x.deviation, yerr=None if y.deviation is None else 100 * y.deviation,
            marker=PART_MARKERS[part], markersize=7, color=FAMILY_COLOURS[entry.family], linestyle="none",
            markerfacecolor=FAMILY_COLOURS[entry.family] if part == "all" else "white", elinewidth=1, capsize=2,
            zorder=3,
        )  # fmt: skip
    floor_x, floor_y = (next((cell.floor for *_, cell in rows if cell.floor is not None), None) for rows in (
        [(x,) for _, _, x, _ in found], [(y,) for *_, y in found]))  # fmt: skip
    if floor_x is not None:
        axes.axvline(floor_x, color=GREY, linestyle=":", linewidth=1)
    if floor_y is not None:
        axes.axhline(100 * floor_y, color=GREY, linestyle=":", linewidth=1)
    axes.margins(_MARGIN + 0.06, _MARGIN)
    axes.set_xlabel("rotation between two views, R² →")
    axes.set_ylabel("classification, top-1 % →")
    axes.set_title(_title(group), loc="left", color=GREY)
    families = [name for name in FAMILY_COLOURS if any(entry.family == name for entry, *_ in found)]
    handles = [
        axes.plot(
            [], [], "o", color=FAMILY_COLOURS[name], label=f"{name} methods" if name != "control" else "controls"
        )[0]
        for name in families
    ]
    if any(part != "all" for _, part, *_ in found):
        handles += [
            axes.plot([], [], PART_MARKERS[part], color=GREY, markerfacecolor="white", label=f"{part} part alone")[0]
            for part in ("invariant", "equivariant")
        ]
    handles.append(axes.plot([], [], ":", color=GREY, label="floor: nothing known")[0])
    figure.legend(handles=handles, loc="outside lower center", ncols=min(4, len(handles)), frameon=False)
    labels = [_name(entry, group) if part == "all" else "" for entry, part, *_ in found]
    points = [(x.mean, 100 * y.mean) for *_, x, y in found]
    if floor_x is not None:
        points += [(floor_x, y) for y in np.linspace(*axes.get_ylim(), 30)]
    if floor_y is not None:
        points += [(x, 100 * floor_y) for x in np.linspace(*axes.get_xlim(), 40)]
    for line in axes.lines:
        ends = np.asarray(line.get_xydata(), float)
        if len(ends) > 1 and line.get_linestyle() == "-":
            points += [tuple(spot) for one, other in pairwise(ends) for spot in np.linspace(one, other, 12)]
    colours = [FAMILY_COLOURS[entry.family] for entry, *_ in found]
    blank = len(points) - len(labels)
    place_labels(axes, points, labels + [""] * blank, colours + [""] * blank)
    seeds = max(len(entry.records) for entry in group.entries)
    caption = (
        "What a representation tells of an object's class, against what it tells of how the object was turned. Up and "
        "to the right is better for a whole representation; an invariant part belongs at the upper left."
        + (" Bars: standard deviation over runs." if seeds > 1 else "")
    )
    shown = [
        {"method": e.method, "variant": e.variant, "part": part, "rotation_r2": x.mean, "top1": y.mean}
        for e, part, x, y in found
    ]
    return Drawing("tradeoff", "Class against rotation.", caption, _ids(group), figure, {"points": shown}, group.key)


def _rotation_error(group: Group) -> Drawing | None:
    lines = []
    for entry in group.entries:
        part = "equivariant" if _cell(entry, "rotation", "r2", "equivariant") else "all"
        rows = [row for record in entry.records for row in record.get("breakdowns", []) if _is_angle(row, part)]
        if rows and all(row["groups"] == rows[0]["groups"] for row in rows):
            lines.append((entry, part, rows))
    if not lines:
        return None
    lines.sort(key=lambda line: -sum(value or 0 for value in _mean([row["values"] for row in line[2]])))
    labels = {
        id(entry): _name(entry, group) + (" (equivariant part)" if part == "equivariant" else "")
        for entry, part, _ in lines
    }
    figure = new_figure(5.2 + 0.08 * max(map(len, labels.values())), max(4.4, 0.5 + 0.21 * len(lines)))
    axes = clean(figure.add_subplot())
    centres, edges = _centres(lines[0][2][0]["groups"])
    used: dict[str, int] = {}
    numbers = []
    for entry, part, rows in lines:
        if rows[0]["groups"] != lines[0][2][0]["groups"]:
            continue
        values = _mean([row["values"] for row in rows])
        numbers.append({"method": entry.method, "variant": entry.variant, "part": part, "degrees": values})
        place = used[entry.family] = used.get(entry.family, -1) + 1
        axes.plot(
            centres, [np.nan if value is None else value for value in values], color=FAMILY_COLOURS[entry.family],
            marker=MARKERS[place % len(MARKERS)], markersize=5, linewidth=1.3,
            linestyle=("-", "--", "-.")[place % 3], label=labels[id(entry)],
        )  # fmt: skip
    floors = _mean([lines[0][2][0]["floors"]])
    axes.plot(
        centres, [np.nan if value is None else value for value in floors], ":", color=GREY, label="floor: best constant"
    )
    axes.set_xlabel("size of the rotation between the views, degrees")
    axes.set_ylabel("mean error of the rotation told, degrees")
    axes.set_xticks(edges)
    axes.set_ylim(bottom=0)
    axes.set_title(_title(group), loc="left", color=GREY)
    figure.legend(loc="outside right upper", frameon=False)
    caption = (
        "Error of the relative rotation that a head reads from two views, by how far the object was turned between "
        "them. The floor always says the same rotation."
    )
    return Drawing(
        "rotation_error",
        "Error against rotation.",
        caption,
        _ids(group),
        figure,
        {"groups": edges, "lines": numbers},
        group.key,
    )


def _is_angle(row: Breakdown, part: str) -> bool:
    return (
        row["by"] == "rotation_deg" and row["task"] == "rotation" and row["part"] == part
        and row["input"] == "representation" and str(row["metric"]).startswith("geodesic")
    )  # fmt: skip


def _centres(groups: Sequence[str]) -> tuple[list[float], list[float]]:
    """Middles and edges of groups named "0 to 15"."""
    pairs = [tuple(float(word) for word in name.split(" to ")) for name in groups]
    return [(low + high) / 2 for low, high in pairs], [pairs[0][0], *(high for _, high in pairs)]


def _mean(rows: Sequence[Sequence[float | None]]) -> list[float | None]:
    found = [[value for value in column if value is not None] for column in zip(*rows, strict=True)]
    return [sum(values) / len(values) if values else None for values in found]
