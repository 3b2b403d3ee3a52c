"""Two rows side by side: which of their main scores differ by more than chance."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threedie.baselines.parts import ALL, PARTS
from threedie.benchmark.leaderboard.check import Verdict, usable_files
from threedie.benchmark.leaderboard.columns import Column, TaskMetric
from threedie.benchmark.leaderboard.datasets import dataset_name
from threedie.benchmark.leaderboard.entries import Cell, Entry
from threedie.benchmark.leaderboard.groups import Group, measured
from threedie.benchmark.leaderboard.letters import row_scores
from threedie.benchmark.leaderboard.significance import Difference, difference
from threedie.benchmark.leaderboard.variants import setting_words
from threedie.benchmark.records.draws import DrawsByRecord, draws_beside
from threedie.benchmark.records.record import Record, in_order
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.suggest import suggest

FORMAT = 1
"""Version of the JSON document."""
_MOST_NAMED = 6
_PART = re.compile(rf"(.+):({'|'.join(PARTS)})")


@dataclass(frozen=True)
class Side:
    """What one argument names.

    Attributes:
        argument: the argument.
        part: the part of its representation; None where the argument names none.
        rows: group and matching rows, by the group's key.
        draws: of its records.
        refused: records that can't be used.
        notes: on files of draws that can't be used.
    """

    argument: str
    part: str | None
    rows: dict[str, tuple[Group, tuple[Entry, ...]]]
    draws: DrawsByRecord
    refused: tuple[Verdict, ...]
    notes: tuple[str, ...]

    @classmethod
    def find(cls, argument: str, records: Path) -> "Side":
        """What an argument names.

        Args:
            argument: a file or folder of records, or the name of a row; then, maybe, `:` and a part.
            records: folder with the records of named rows.

        Raises:
            ThreeDieError: nothing or more than one row is named.
        """
        match = None if _exists(argument) else _PART.fullmatch(argument)
        name, part = (match[1], match[2]) if match else (argument, None)
        named = not _exists(name)
        if named and not records.exists():
            raise ThreeDieError(f"{name}: no such file or folder, and there is no {records} with rows of that name")
        place = records if named else Path(name)
        files, refused = usable_files([place])
        if not files:
            reason = f"{refused[0].file}: {refused[0].reason}" if refused else "no record.json in there"
            raise ThreeDieError(f"{place}: {reason}; '3die bench run' makes records")
        groups = measured(in_order(files))
        rows = {
            group.key: (group, entries)
            for group in groups
            if (entries := _called(name, group.entries) if named else group.entries)
        }
        if not rows:
            names = list(dict.fromkeys(entry.name for group in groups for entry in group.entries))
            shown = f"the rows in {records} are {_listed(names)}"
            raise ThreeDieError(f"{name}: no such file, folder or row; {suggest(name, names, shown)}")
        draws, notes = draws_beside(files)
        return cls(argument, part, rows, draws, tuple(refused), tuple(notes))

    def row(self, key: str) -> Entry:
        """Its one row in a group.

        Raises:
            ThreeDieError: there are several.
        """
        _, entries = self.rows[key]
        if len(entries) > 1:
            names = _listed([entry.name for entry in entries])
            raise ThreeDieError(
                f"{self.argument}: {len(entries)} rows, {names}; name one as it is written here, or by its folder"
            )
        return entries[0]


@dataclass(frozen=True)
class ScoreComparison:
    """One score of two rows.

    Attributes:
        metric: of both.
        parts: of each.
        cells: of each.
        difference: the first minus the second; None where a run lacks its draws.
    """

    metric: TaskMetric
    parts: tuple[str, str]
    cells: tuple[Cell, Cell]
    difference: Difference | None

    @property
    def verdict(self) -> str:
        """Which is higher, or lower where that is better."""
        if self.difference is None:
            return "no draws"
        if not self.difference.told_apart:
            return "not told apart"
        if self.cells[0].higher_is_better:
            return "A higher" if self.difference.value > 0 else "B higher"
        return "A lower (better)" if self.difference.value < 0 else "B lower (better)"

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        change, metric = self.difference, self.metric
        return {
            "task": metric.task,
            "version": metric.version,
            "metric": metric.name,
            "input": metric.input,
            "parts": list(self.parts),
            "means": [cell.mean for cell in self.cells],
            "runs": [len(cell.values) for cell in self.cells],
            "higher_is_better": self.cells[0].higher_is_better,
            "difference": self.cells[0].mean - self.cells[1].mean,
            "interval": None if change is None else list(change.interval),
            "p": None if change is None else change.p,
            "verdict": self.verdict,
        }


@dataclass(frozen=True)
class RowComparison:
    """Two rows on one dataset under one protocol.

    Attributes:
        record: any of their records, for what they have in common.
        names: what each is called.
        rows: the two.
        scores: their main scores, in the order of the tables.
    """

    record: Record
    names: tuple[str, str]
    rows: tuple[Entry, Entry]
    scores: tuple[ScoreComparison, ...]

    @property
    def data(self) -> str:
        """Dataset and protocol in words."""
        return _data(self.record)

    @property
    def same_runs(self) -> bool:
        """Whether both rows are of the same runs, as two parts of one are."""
        first, second = ({record["id"] for record in row.records} for row in self.rows)
        return first == second

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "dataset": self.record["dataset"]["fingerprint"],
            "protocol": self.record["protocol"],
            "rows": [
                {"name": name, "records": [record["id"] for record in row.records]}
                for name, row in zip(self.names, self.rows, strict=True)
            ],
            "results": [score.to_json() for score in self.scores],
        }


def compare_sides(one: Side, other: Side) -> list[RowComparison]:
    """Compare two rows on each dataset and protocol that both were measured on.

    Raises:
        ThreeDieError: there is none, or a side has several rows.
    """
    common = [key for key in one.rows if key in other.rows]
    if not common:
        first, second = (" and ".join(_data(group.record) for group, _ in side.rows.values()) for side in (one, other))
        raise ThreeDieError(
            f"{one.argument} was measured on {first}, {other.argument} on {second}: only scores of the same objects "
            "under the same protocol can be compared"
        )
    return [_compare(key, one, other) for key in common]


def _compare(key: str, one: Side, other: Side) -> RowComparison:
    sides, rows = (one, other), (one.row(key), other.row(key))
    draws = {**one.draws, **other.draws}
    names = [row.name for row in rows]
    if names[0] == names[1] and rows[0].records != rows[1].records:
        names = [f"{row.name} in {side.argument}" for row, side in zip(rows, sides, strict=True)]
    names = [f"{name}, {side.part}" if side.part else name for name, side in zip(names, sides, strict=True)]
    scores = []
    for metric in _main_metrics(rows):
        parts = tuple({column.part for column in row.cells if column.metric == metric} for row in rows)
        for pair in _pairs_of_parts((one.part, other.part), parts):
            columns = [Column(metric, part) for part in pair]
            pair_scores = [row_scores(row, column, draws) for row, column in zip(rows, columns, strict=True)]
            apart = difference(pair_scores[0], pair_scores[1]) if pair_scores[0] and pair_scores[1] else None
            cells = (rows[0].cells[columns[0]], rows[1].cells[columns[1]])
            scores.append(ScoreComparison(metric, pair, cells, apart))
    if not scores:
        raise ThreeDieError(
            f"{names[0]} and {names[1]} have no main score in common; both need the same tasks and parts"
        )
    return RowComparison(one.rows[key][0].record, (names[0], names[1]), rows, tuple(scores))


def _main_metrics(rows: Sequence[Entry]) -> list[TaskMetric]:
    """Main metrics that all rows have and that are ranked, in the order of the tables."""
    each = [
        {TaskMetric.of(result) for record in row.records for result in record["results"] if result["main"]}
        for row in rows
    ]
    return sorted((metric for metric in set.intersection(*each) if metric.ranked), key=lambda metric: metric.order)


def _pairs_of_parts(chosen: tuple[str | None, str | None], parts: tuple[set[str], ...]) -> list[tuple[str, str]]:
    """Which parts are compared: those chosen; else, against a chosen one, the whole; else each that both have."""
    first, second = chosen
    if first is None and second is None:
        return [(part, part) for part in PARTS if part in parts[0] & parts[1]]
    first = first or (ALL if ALL in parts[0] else second)
    second = second or (ALL if ALL in parts[1] else first)
    return [(first, second)] if first in parts[0] and second in parts[1] and first and second else []


def _called(name: str, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The rows of a name: a method, then any of the settings in the variant, as `sie` or `sie epochs 28`.

    One whose settings are all named is preferred to those that have more.
    """
    exact = tuple(entry for entry in entries if entry.name == name)
    if exact:
        return exact
    unnamed = {place: count for place, entry in enumerate(entries) if (count := _unnamed(entry, name)) is not None}
    whole = tuple(entries[place] for place, count in unnamed.items() if count == 0)
    return whole or tuple(entries[place] for place in unnamed)


def _unnamed(entry: Entry, name: str) -> int | None:
    """How many settings of a row's label a name leaves out, without the recipe; None where it isn't the row's."""
    rest = name.removeprefix(entry.method)
    if rest == name or (rest and rest[0] not in " ,("):
        return None
    named = {setting.strip(" ()").replace("=", " ") for setting in rest.split(",")} - {""}
    settings = [*filter(None, entry.variant.replace(" and ", ", ").split(", "))]
    if not named <= {*settings, *setting_words(entry.records[0]).values()}:
        return None
    # The first is the recipe, which most rows share.
    return len(set(settings[1:]) - named) if named else len(settings)


def _exists(argument: str) -> bool:
    """Whether an argument is a path that exists; a name may be too long for one."""
    try:
        return Path(argument).exists()
    except (OSError, ValueError):
        return False


def _data(record: Record) -> str:
    dataset, protocol = record["dataset"], record["protocol"]
    return (
        f"{dataset_name(dataset)} ({str(dataset['fingerprint'])[:12]}) under protocol {protocol['name']}, version "
        f"{protocol['version']}"
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
