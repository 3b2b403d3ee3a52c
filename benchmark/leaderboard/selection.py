"""What tables show of the records: tasks, parts, methods, metrics, and how much beside the numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from threedie.benchmark.leaderboard.columns import Column
from threedie.benchmark.leaderboard.families import method_key
from threedie.benchmark.records.record import Record
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.suggest import suggest

MOST_LEADING = 5
"""Columns of the narrow table, beside the one of names."""


@dataclass(frozen=True)
class Selection:
    """What tables show. An empty tuple is no choice: everything, or in the first table what leads.

    Attributes:
        tasks, parts, metrics: names of columns that are kept.
        methods: names of methods, as in records or in tables; "Barlow Twins" is barlow_twins.
        intervals: whether the 95 % interval of a single run is shown.
        published: whether results from papers are shown.
        caption: of measured tables, instead of a sentence on the data.
    """

    tasks: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    intervals: bool = True
    published: bool = True
    caption: str | None = None

    @property
    def names_columns(self) -> bool:
        """Whether columns were chosen."""
        return bool(self.tasks or self.parts or self.metrics)

    def check(self, records: Sequence[Record]) -> None:
        """Refuse names that no record has.

        Args:
            records: measured and published ones.

        Raises:
            ThreeDieError: names the option and the nearest name.
        """
        rows = [row for record in records for row in record["results"]]
        existing: dict[str, tuple[tuple[str, ...], set[str]]] = {
            "--tasks": (self.tasks, {row["task"] for row in rows}),
            "--parts": (self.parts, {str(row["part"]) for row in rows}),
            "--metrics": (self.metrics, {row["metric"] for row in rows}),
        }
        for option, (names, choices) in existing.items():
            for name in names:
                if name not in choices:
                    what = option.removeprefix("--").removesuffix("s")
                    raise ThreeDieError(
                        f"{option}: no record has the {what} {name!r}; {suggest(name, sorted(choices))}"
                    )
        keys = {key for record in records for key in _method_keys(record)}
        for name in self.methods:
            if method_key(name) not in keys:
                names_of = sorted({record.get("display_name", record["method"]["name"]) for record in records})
                raise ThreeDieError(f"--methods: no record is of {name!r}; {suggest(name, names_of)}")

    def has_method(self, record: Record) -> bool:
        """Whether a record is of one of the methods."""
        wanted = set(map(method_key, self.methods))
        return not wanted or not wanted.isdisjoint(_method_keys(record))

    def has_column(self, column: Column) -> bool:
        """Whether a column is kept."""
        metric, part = column
        chosen = ((self.tasks, metric.task), (self.parts, part), (self.metrics, metric.name))
        return all(not names or name in names for names, name in chosen)

    def choose_main(self, columns: Sequence[Column], main: Sequence[Column]) -> tuple[Column, ...]:
        """The columns of the first tables, of those kept: all of named metrics, else those of main metrics."""
        kept = tuple(column for column in columns if self.has_column(column))
        if self.metrics:
            return kept
        return tuple(column for column in main if column in kept) or kept


EVERYTHING = Selection()


def leading(main: Sequence[Column], rows: Sequence[Iterable[Column]]) -> tuple[Column, ...]:
    """The columns of a narrow table: of each main metric the part that the most rows have, the whole one first.

    Where there are more than `MOST_LEADING`, those that fewer than half of the rows have give way, then the last ones.

    Args:
        main: columns of the main metrics, in order.
        rows: the columns that each row has.
    """
    available = [set(row) for row in rows]
    counts = {column: sum(column in row for row in available) for column in main}
    best: dict[object, Column] = {}
    for column in main:
        if column.metric not in best or counts[column] > counts[best[column.metric]]:
            best[column.metric] = column
    columns = list(best.values())
    order = sorted(columns, key=lambda column: 2 * counts[column] < len(available))[:MOST_LEADING]
    return tuple(column for column in columns if column in order)


def without_gaps(columns: Sequence[Column], rows: Sequence[Iterable[Column]], most: int) -> list[tuple[Column, ...]]:
    """Columns in tables that have few empty cells or none.

    The first table has those that at least half of the rows have; columns that the same few rows have share a further
    one.

    Args:
        columns: of all tables, in order.
        rows: the columns that each row has.
        most: columns of one table.
    """
    available = [set(row) for row in rows]
    tables: dict[tuple[int, ...], list[Column]] = {}
    for column in columns:
        having = tuple(place for place, row in enumerate(available) if column in row)
        tables.setdefault(() if 2 * len(having) >= len(available) else having, []).append(column)
    ordered = sorted(tables, key=bool)
    return [tuple(tables[key][start : start + most]) for key in ordered for start in range(0, len(tables[key]), most)]


def _method_keys(record: Record) -> set[str]:
    return {method_key(record["method"]["name"]), method_key(record.get("display_name", record["method"]["name"]))}
