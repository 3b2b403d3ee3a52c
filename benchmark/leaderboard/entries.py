"""Rows of the tables: the runs of one method under one configuration, with a cell for each column."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from threedie.benchmark.leaderboard.columns import Column, TaskMetric
from threedie.benchmark.leaderboard.families import family
from threedie.benchmark.records.record import Record
from threedie.benchmark.records.types import Result


@dataclass(frozen=True)
class Cell:
    """One method's result in one column, over its seeds.

    Attributes:
        values: one per run that has it.
        floors: one per value, where the record gives it.
        higher_is_better: the direction.
        note: what the floor is.
        intervals: lower and upper end of each value's interval, where the record gives them.
    """

    values: tuple[float, ...]
    floors: tuple[float, ...]
    higher_is_better: bool
    note: str
    intervals: tuple[tuple[float, float], ...] = ()

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return statistics.fmean(self.values)

    @property
    def deviation(self) -> float | None:
        """Standard deviation over the seeds (n - 1); None with one seed."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The interval of a single run; None with several runs, which have a deviation, or without an interval."""
        return self.intervals[0] if len(self.values) == 1 and self.intervals else None

    @property
    def floor(self) -> float | None:
        """Mean of the floors."""
        return statistics.fmean(self.floors) if self.floors else None

    @property
    def above_floor(self) -> bool:
        """Whether the mean is better than the floor; true without a floor."""
        if self.floor is None:
            return True
        return self.mean > self.floor if self.higher_is_better else self.mean < self.floor


@dataclass(frozen=True)
class Entry:
    """One row: a method under one configuration, with a record per seed.

    Attributes:
        method: what the method is called.
        variant: the recipe, and the settings that differ from it; see `variants.name_variants`.
        records: its records, by seed.
        cells: result by column.
        family: the family of methods it belongs to.
        letters: compact letter display of some columns; see `letters.letters`.
    """

    method: str
    variant: str
    records: tuple[Record, ...]
    cells: dict[Column, Cell]
    family: str
    letters: dict[Column, str] = field(default_factory=dict)

    @classmethod
    def of(cls, records: Sequence[Record], method: str, variant: str) -> "Entry":
        """The row of records that differ in nothing but the seed."""
        ordered = sorted(records, key=lambda record: (record["seed"] or 0, record["id"]))
        rows: dict[Column, list[Result]] = {}
        for record in ordered:
            for row in record["results"]:
                rows.setdefault(Column(TaskMetric.of(row), row["part"]), []).append(row)
        cells = {column: _cell(results) for column, results in rows.items()}
        return cls(method, variant, tuple(ordered), cells, family(records[0]["method"]))

    @property
    def name(self) -> str:
        """Method and variant."""
        return f"{self.method} ({self.variant})" if self.variant else self.method

    @property
    def runs(self) -> str:
        """How many records, in words."""
        return f"{len(self.records)} {'run' if len(self.records) == 1 else 'runs'}"


def _cell(results: Sequence[Result]) -> Cell:
    return Cell(
        tuple(row["value"] for row in results),
        tuple(row["floor"] for row in results if row["floor"] is not None),
        results[0]["higher_is_better"],
        results[0]["floor_note"] or "",
        tuple((float(ends[0]), float(ends[1])) for row in results if (ends := row.get("interval"))),
    )
