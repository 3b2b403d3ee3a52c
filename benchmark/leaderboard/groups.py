"""Records sorted into groups that may be compared: one for each dataset and protocol, a row for each method."""

import json
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from threedie.benchmark.leaderboard.columns import Column, TaskMetric, column_order
from threedie.benchmark.leaderboard.entries import Cell, Entry
from threedie.benchmark.leaderboard.letters import letters_of_column
from threedie.benchmark.leaderboard.published import published_columns
from threedie.benchmark.leaderboard.ranking import common_floor, ranked_means, sort_key
from threedie.benchmark.leaderboard.safe_text import mask_hidden
from threedie.benchmark.leaderboard.selection import EVERYTHING, Selection, leading
from threedie.benchmark.leaderboard.variants import name_rows, row_key
from threedie.benchmark.records.draws import DrawsByRecord
from threedie.benchmark.records.record import Record, data_of_heads
from threedie.benchmark.records.upgrade import warning_line
from threedie.benchmark.settings.protocol import existing_protocol


@dataclass(frozen=True)
class Group:
    """Records that may be compared: one dataset, one protocol.

    Attributes:
        record: any of its records, for what they have in common.
        entries: the rows, best first in the first column.
        columns: all columns, in order.
        main: the columns of main metrics, or those that were chosen.
        lead: the columns of a narrow table of the main results.
        floors: floor of each column, where all rows agree.
        best: best mean of each ranked column.
        second: second best mean of those columns, where one row alone holds the best.
        warnings: warnings, each with the methods of the runs that gave it, a method for each run.
    """

    record: Record
    entries: tuple[Entry, ...]
    columns: tuple[Column, ...]
    main: tuple[Column, ...]
    lead: tuple[Column, ...]
    floors: dict[Column, Cell]
    best: dict[Column, float]
    second: dict[Column, float]
    warnings: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def key(self) -> str:
        """Distinguishes it from other groups, as text."""
        return " ".join(map(str, _comparable(self.record)))

    @property
    def runs(self) -> int:
        """Number of records."""
        return sum(len(entry.records) for entry in self.entries)

    @property
    def record_ids(self) -> tuple[str, ...]:
        """Ids of all records, row by row."""
        return tuple(record["id"] for entry in self.entries for record in entry.records)

    def is_best(self, entry: Entry, column: Column) -> bool:
        """Whether a row holds the best mean of a column."""
        return column in self.best and column in entry.cells and entry.cells[column].mean == self.best[column]

    def is_second(self, entry: Entry, column: Column) -> bool:
        """Whether a row holds the second best mean of a column."""
        return column in self.second and column in entry.cells and entry.cells[column].mean == self.second[column]


def measured(
    records: Sequence[Record], draws: DrawsByRecord | None = None, selection: Selection = EVERYTHING
) -> list[Group]:
    """Groups of the measured records. Records of different datasets, splits or protocols never share one.

    With bootstrap draws, rows have letters that say which differences are beyond chance. The overview has R2 by both
    formulas where a published result has the other one.
    """
    measured_records = [record for record in records if record["origin"]["kind"] == "measured"]
    groups = _group_by(measured_records, _comparable, selection, published_columns(records))
    return [_with_letters(group, draws) for group in groups] if draws else groups


def published(records: Sequence[Record], selection: Selection = EVERYTHING) -> list[Group]:
    """Groups of the published records, one per source and dataset: rows by name, no best value marked.

    Sources are in alphabetical order, and their tables in that of their numbers.
    """
    groups = _group_by(
        [record for record in records if record["origin"]["kind"] == "published" and selection.published],
        lambda record: (*_comparable(record), record["origin"]["source"]),
        selection,
    )
    return [
        replace(
            group, best={}, second={}, entries=tuple(sorted(group.entries, key=lambda entry: _in_order(entry.method)))
        )
        for group in sorted(groups, key=_source_order)
    ]


def _source_order(group: Group) -> tuple[str, str]:
    return _in_order(group.record["origin"]["source"]), group.record["dataset"]["preset"]


def _in_order(text: str) -> str:
    """Sorts texts by letters and by the numbers in them."""
    return re.sub("[0-9]+", lambda digits: digits[0].zfill(9), text.casefold())


def _with_other_formula(
    shown: Sequence[Column], columns: Sequence[Column], elsewhere: Collection[Column]
) -> tuple[Column, ...]:
    """Columns that are shown, and those of their R2 by the other formula, of the parts that published results have."""
    others = {
        column
        for column in columns
        if column in elsewhere
        and any(column.metric.is_other_formula_of(one.metric) and column.part == one.part for one in shown)
    }
    return tuple(column for column in columns if column in others or column in shown)


def _comparable(record: Record) -> tuple[Any, ...]:
    """Equal for records that may be compared."""
    dataset, protocol = record["dataset"], record["protocol"]
    return (
        dataset["preset"],
        dataset["fingerprint"] or "",
        dataset["split"] or "",
        protocol["name"],
        protocol["version"],
        data_of_heads(record) or "",
    )


def _group_by(
    records: Sequence[Record],
    key: Callable[[Record], tuple[Any, ...]],
    selection: Selection,
    elsewhere: Collection[Column] = (),
) -> list[Group]:
    """Groups by a key, in its order; without those in which nothing is left of a selection.

    `elsewhere` are the columns of published results, see `_with_other_formula`.
    """
    groups: dict[tuple[Any, ...], list[Record]] = {}
    masked = map(mask_hidden, filter(selection.has_method, records))
    for record in sorted(masked, key=lambda record: (record["id"], json.dumps(record, sort_keys=True))):
        groups.setdefault(key(record), []).append(record)
    return [group for key in sorted(groups) if (group := _group(groups[key], selection, elsewhere)).columns]


def _with_letters(group: Group, draws: DrawsByRecord) -> Group:
    letters = {column: letters_of_column(group.entries, column, draws) for column in group.columns}
    return replace(
        group,
        entries=tuple(
            replace(entry, letters={column: of[place] for column, of in letters.items() if place in of})
            for place, entry in enumerate(group.entries)
        ),
    )


def _group(records: Sequence[Record], selection: Selection, elsewhere: Collection[Column]) -> Group:
    by_row: dict[str, list[Record]] = {}
    for record in records:
        by_row.setdefault(row_key(record), []).append(record)
    names = name_rows({key: seeds[0] for key, seeds in by_row.items()})
    entries = [Entry.of(seeds, *names[key]) for key, seeds in by_row.items()]
    columns = sorted(
        {column for entry in entries for column in entry.cells if selection.has_column(column)},
        key=column_order,
    )
    overview = _with_other_formula(_overview(records, columns, selection), columns, elsewhere)
    main = selection.choose_main(columns, overview)
    entries = [entry for entry in entries if not entry.cells.keys().isdisjoint(columns)]
    ranked = {column: means for column in columns if (means := ranked_means(entries, column))}
    return Group(
        record=records[0],
        entries=tuple(sorted(entries, key=lambda entry: sort_key(entry, main[0]))) if main else (),
        columns=tuple(columns),
        main=main,
        lead=main if selection.names_columns else leading(main, [entry.cells for entry in entries]),
        floors={column: cell for column in columns if (cell := common_floor(entries, column))},
        best={column: means[0] for column, means in ranked.items()},
        second={column: means[1] for column, means in ranked.items() if len(means) > 1 and means[1] != means[0]},
        warnings=_warnings(records),
    )


def _overview(records: Sequence[Record], columns: Sequence[Column], selection: Selection) -> tuple[Column, ...]:
    """Columns of the main metrics that belong in the overview; without any, those of all main metrics, or all.

    Tasks that were chosen all belong there.
    """
    mains = {TaskMetric.of(row) for record in records for row in record["results"] if row["main"]}
    of_mains = tuple(column for column in columns if column.metric in mains)
    protocol = existing_protocol(records[0]["protocol"]["name"])
    added = protocol.overview if protocol else ()
    mains_shown = () if selection.tasks else tuple(column for column in of_mains if column.metric.in_overview(added))
    return mains_shown or of_mains or tuple(columns)


def _warnings(records: Sequence[Record]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each warning with the methods of its runs, most frequent first."""
    methods: dict[str, list[str]] = {}
    for record in records:
        for text in dict.fromkeys(map(warning_line, record["warnings"] or [])):
            methods.setdefault(text, []).append(record["method"]["name"])
    return tuple((text, tuple(methods[text])) for text in sorted(methods, key=lambda text: (-len(methods[text]), text)))
