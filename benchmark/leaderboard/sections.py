"""A group of records with everything that a table of it shows: shared by the page, Markdown and LaTeX."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from threedie.baselines.parts import ALL
from threedie.benchmark.leaderboard.columns import Column, TaskMetric
from threedie.benchmark.leaderboard.entries import Cell, Entry
from threedie.benchmark.leaderboard.groups import Group
from threedie.benchmark.leaderboard.pictures import Picture
from threedie.benchmark.leaderboard.published import published_facts
from threedie.benchmark.leaderboard.ranking import sort_key
from threedie.benchmark.leaderboard.selection import EVERYTHING, Selection, without_gaps

LETTERS_NOTE = (
    "Rows that share a superscript letter within a column are not told apart (paired bootstrap over objects and seeds, "
    "Holm-corrected at 5 %)"
)
_MOST_COLUMNS = 10
"""Of one table: so many fit on a page of 1400 pixels."""


@dataclass(frozen=True)
class Section:
    """A group as it is shown.

    Attributes:
        id: prefix of its anchors on the page; "" elsewhere.
        table: the group.
        as_published: whether numbers have the digits that papers give.
        selection: what is shown.
        pictures: figures of its runs.
    """

    id: str
    table: Group
    as_published: bool = False
    selection: Selection = EVERYTHING
    pictures: tuple[Picture, ...] = ()

    def text(self, column: Column, value: float) -> str:
        """A number as this section shows it."""
        return column.metric.published_text(value) if self.as_published else column.metric.text(value)

    def heads(self, columns: Sequence[Column]) -> list[tuple[TaskMetric, list[str]]]:
        """Each metric with its parts, for the first line of a table's head."""
        parts: dict[TaskMetric, list[str]] = {}
        for metric, part in columns:
            parts.setdefault(metric, []).append(part)
        return list(parts.items())

    def floor_texts(self, columns: Sequence[Column]) -> list[str]:
        """The floor of each column, "" for columns without a common one."""
        cells = [self.table.floors.get(column) for column in columns]
        return [
            self.text(column, cell.floor) if cell and cell.floor is not None else ""
            for column, cell in zip(columns, cells, strict=True)
        ]

    def edges(self, columns: Sequence[Column]) -> set[Column]:
        """The first of some columns of each metric, which has a line on its left."""
        return {Column(metric, parts[0]) for metric, parts in self.heads(columns)}

    def rows(self, columns: Sequence[Column]) -> list[Entry]:
        """The rows that have any of some columns, best first in the first column; published ones by name."""
        rows = [entry for entry in self.table.entries if not entry.cells.keys().isdisjoint(columns)]
        return rows if self.as_published else sorted(rows, key=lambda entry: sort_key(entry, columns[0]))

    def anchor(self, entry: Entry) -> str:
        """Of the runs of a row on the page."""
        return f"{self.id}-{self.table.entries.index(entry) + 1}"

    def tables(self, columns: Sequence[Column]) -> list[tuple[Column, ...]]:
        """Some columns in tables without columns of empty cells."""
        return without_gaps(columns, [entry.cells for entry in self.table.entries], _MOST_COLUMNS)

    @property
    def main_tables(self) -> list[tuple[Column, ...]]:
        """The main results in tables without columns of empty cells: the leading columns, then all others."""
        counts = {column: sum(column in entry.cells for entry in self.table.entries) for column in self.table.lead}
        lead = tuple(column for column in counts if 2 * counts[column] >= len(self.table.entries)) or self.table.lead
        first, *more = (lead[start : start + _MOST_COLUMNS] for start in range(0, len(lead), _MOST_COLUMNS))
        return [first, *more, *self.tables([column for column in self.table.main if column not in lead])]

    def title(self, columns: Sequence[Column]) -> str:
        """What a further table of main results is about."""
        tasks = list(dict.fromkeys(column.metric.task_title for column in columns))
        if len(tasks) > 1 and all(column.part != ALL for column in columns):
            return "Parts of the representation"
        return ", ".join(tasks)

    def interval(self, cell: Cell) -> tuple[float, float] | None:
        """The interval of a number if it has one and intervals are shown."""
        return cell.interval if self.selection.intervals else None

    def higher(self, column: Column) -> bool:
        """Whether more is better in a column."""
        return next(entry.cells[column].higher_is_better for entry in self.table.entries if column in entry.cells)

    @cached_property
    def seeds(self) -> int:
        """The most seeds that a row has."""
        return max(len(entry.records) for entry in self.table.entries)

    @property
    def has_intervals(self) -> bool:
        """Whether a number of the first tables has an interval to show."""
        return any(
            self.interval(entry.cells[column]) is not None
            for entry in self.table.entries
            for column in self.table.main
            if column in entry.cells
        )

    def letters_note(self, columns: Sequence[Column]) -> str:
        """What the letters in a table mean; "" for a table without any."""
        entries = [entry for entry in self.table.entries if any(column in entry.cells for column in columns)]
        lettered = [column for column in columns if any(entry.letters.get(column) for entry in entries)]
        if not lettered:
            return ""
        note = LETTERS_NOTE
        if any(column in entry.cells and column not in entry.letters for column in lettered for entry in entries):
            note += "; a row without a letter where others have one lacks the draws to compare it"
        if any(len(entry.records) == 1 and entry.letters for entry in entries):
            note += "; between two rows with one run each, this holds for their weights alone"
        return f"{note}."

    def peers(self, entry: Entry, column: Column) -> str:
        """In words, the rows that one isn't told apart from in a column."""
        own = set(entry.letters[column])
        names = [
            other.name
            for other in self.table.entries
            if other is not entry and own & set(other.letters.get(column, ""))
        ]
        return f"Not told apart from {', '.join(names)}" if names else "Told apart from every other row with a letter"

    @property
    def published_facts(self) -> list[str]:
        """What to know of published rows, in sentences."""
        return published_facts([record for entry in self.table.entries for record in entry.records])

    @property
    def figures(self) -> list[Picture]:
        """Figures that compare the group's runs."""
        return [picture for picture in self.pictures if picture.group]

    def run_figures(self, run: str) -> list[Picture]:
        """Figures of one run alone."""
        return [picture for picture in self.pictures if not picture.group and picture.records == (run,)]

    @property
    def tasks(self) -> list[tuple[str, list[Column]]]:
        """All columns by the title of their task."""
        columns: dict[str, list[Column]] = {}
        for column in self.table.columns:
            columns.setdefault(column.metric.task_title, []).append(column)
        return list(columns.items())

    @property
    def floor_notes(self) -> list[str]:
        """What the floors of the overview are, each once."""
        notes: dict[str, None] = {}
        for column in self.table.main:
            cell, metric = self.table.floors.get(column), column.metric
            if cell and cell.note:
                notes[f"Floor of {metric.task_title.lower()}, {metric.title.removesuffix(', %')}: {cell.note}."] = None
        return list(notes)
