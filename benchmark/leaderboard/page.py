"""The page: one HTML file that needs nothing else."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from threedie.benchmark.leaderboard.curves import HEIGHT, WIDTH, curves
from threedie.benchmark.leaderboard.datasets import dataset_name
from threedie.benchmark.leaderboard.pictures import Picture
from threedie.benchmark.leaderboard.tables import Column, Group, Metric, measured, published
from threedie.benchmark.records.record import Record


@dataclass(frozen=True)
class Section:
    """A group with what the template asks of it."""

    id: str
    table: Group
    as_published: bool = False
    pictures: tuple[Picture, ...] = ()

    def text(self, column: Column, value: float) -> str:
        """A number as this section shows it."""
        return column[0].published_text(value) if self.as_published else column[0].text(value)

    def heads(self, columns: Sequence[Column]) -> list[tuple[Metric, list[str]]]:
        """Each metric with its parts, for the first line of a table's head."""
        found: dict[Metric, list[str]] = {}
        for metric, part in columns:
            found.setdefault(metric, []).append(part)
        return list(found.items())

    @cached_property
    def edges(self) -> set[Column]:
        """The first column of each metric: it has a line on its left."""
        return {(metric, parts[0]) for metric, parts in self.heads(self.table.columns)}

    def higher(self, metric: Metric, part: str) -> bool:
        """Whether more is better in a column."""
        return next(e.cells[metric, part].higher_is_better for e in self.table.entries if (metric, part) in e.cells)

    @cached_property
    def seeds(self) -> int:
        """The most seeds that a row has."""
        return max(len(entry.records) for entry in self.table.entries)

    @property
    def has_intervals(self) -> bool:
        """Whether a number of the overview has an interval to show."""
        return any(
            entry.cells[column].interval is not None
            for entry in self.table.entries
            for column in self.table.main
            if column in entry.cells
        )

    @property
    def figures(self) -> list[Picture]:
        """Figures that compare the group's runs."""
        return [each for each in self.pictures if each.group]

    def run_figures(self, run: str) -> list[Picture]:
        """Figures of one run alone."""
        return [each for each in self.pictures if not each.group and each.records == (run,)]

    @property
    def tasks(self) -> list[tuple[str, list[Column]]]:
        """All columns by task."""
        found: dict[str, list[Column]] = {}
        for column in self.table.columns:
            found.setdefault(column[0].task_title, []).append(column)
        return list(found.items())

    @property
    def floor_notes(self) -> list[str]:
        """What the floors of the overview are, each once."""
        notes: dict[str, None] = {}
        for metric, part in self.table.main:
            cell = self.table.floors.get((metric, part))
            if cell and cell.note:
                notes[f"Floor of {metric.task_title.lower()}, {metric.title.removesuffix(', %')}: {cell.note}."] = None
        return list(notes)


def render_page(
    records: Sequence[Record], others: Sequence[Record], picture: bytes | None, figures: Sequence[Picture] = ()
) -> str:
    """The page as HTML.

    Args:
        records: what was measured here, and published records given along with them.
        others: further published records.
        picture: a PNG of the dataset, or None.
        figures: what `3die bench figures` drew; those of runs that aren't among the records are left out.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415
    from markupsafe import Markup  # noqa: PLC0415

    environment = Environment(
        loader=PackageLoader("threedie.benchmark", "leaderboard"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "curves": curves,
        "duration": duration,
        "settings": settings,
        "dataset_name": dataset_name,
        "tojson_plain": lambda value: json.dumps(value, sort_keys=True, ensure_ascii=False),
    }
    style = environment.get_template("page.css.j2").render()
    script = environment.get_template("page.js.j2").render()
    digest = base64.b64encode(hashlib.sha256(f"\n{script}".encode()).digest()).decode()
    groups = measured(records)
    return environment.get_template("page.html.j2").render(
        measured=[
            Section(f"m{number}", group, pictures=_of_group(number - 1, groups, figures))
            for number, group in enumerate(groups, 1)
        ],
        published=[
            Section(f"p{number}", group, True) for number, group in enumerate(published([*records, *others]), 1)
        ],
        picture=picture and "data:image/png;base64," + base64.b64encode(picture).decode(),
        # The program's own files; everything from a record goes through autoescape.
        style=Markup(style),
        script=Markup(script),
        script_hash=f"sha256-{digest}",
        box=(WIDTH, HEIGHT),
    )


def _of_group(number: int, groups: Sequence[Group], figures: Sequence[Picture]) -> tuple[Picture, ...]:
    """The figures for a group: what compares its runs, and those of single runs that no later group has too."""
    ids = [{record["id"] for entry in group.entries for record in entry.records} for group in groups]
    later = set[str]().union(*ids[number + 1 :])
    return tuple(
        each
        for each in figures
        if ids[number].issuperset(each.records)
        and (each.group == groups[number].key if each.group else later.isdisjoint(each.records))
    )


def settings(config: dict[str, Any]) -> str:
    """A configuration as text, a setting a line."""
    return "\n".join(f"{key} = {json.dumps(config[key], sort_keys=True, ensure_ascii=False)}" for key in sorted(config))


def duration(seconds: float) -> str:
    """Seconds in words, two units at most."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
