"""Records sorted into tables: one for each dataset and protocol, a row a method, a column a metric and part."""

import json
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from threedie.benchmark.leaderboard.families import family
from threedie.benchmark.leaderboard.legible import legible, shortened
from threedie.benchmark.records.record import Record
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.metric import Metric as Declared
from threedie.benchmark.tasks.subject import REPRESENTATION

PARTS = ("all", "invariant", "equivariant")
_METRICS = {metric.name: metric for task in reversed(TASKS.values()) for metric in reversed(task.metrics)}
"""Every metric of every task by name, for records of tasks that this program doesn't have: of one name, the first."""
_METRIC_ORDER = list(dict.fromkeys(metric.name for task in TASKS.values() for metric in task.metrics))
_TASK_ORDER = list(TASKS)


def metric_of(task: str, name: str) -> Declared | None:
    """What a task declares of a metric, or another task of one of that name; None where no task has such a one."""
    own = TASKS[task].metric(name) if task in TASKS else None
    return own or _METRICS.get(name)


NO_SETTINGS = ("seed", "normalisation_mean", "normalisation_std")
"""Entries of a configuration that don't tell one row from another."""


@dataclass(frozen=True)
class Metric:
    """What is measured: a task's metric on the representation or on the embedding."""

    task: str
    version: int
    name: str
    input: str

    @property
    def order(self) -> tuple[Any, ...]:
        """Sorts metrics as the tables show them: as the tasks stand in their registry and their metrics in them."""
        own = [metric.name for metric in TASKS[self.task].metrics] if self.task in TASKS else []
        names = own if self.name in own else _METRIC_ORDER
        return (
            _TASK_ORDER.index(self.task) if self.task in TASKS else len(TASKS),
            self.task,
            self.version,
            # What the task is about first.
            not self._usual,
            self.name not in own,
            names.index(self.name) if self.name in names else len(names),
            self.name,
        )

    @property
    def task_title(self) -> str:
        """The task in words, with what it was measured on where that isn't the usual."""
        task = TASKS.get(self.task)
        title = task.title if task else self.task.replace("_", " ").capitalize()
        return title if self._usual else f"{title}, on the {self.input}"

    @property
    def in_overview(self) -> bool:
        """Whether the overview has it, where it is a main metric."""
        return self._usual and (self.task not in TASKS or TASKS[self.task].in_overview)

    @property
    def ranked(self) -> bool:
        """Whether its best value is marked."""
        return self.task not in TASKS or TASKS[self.task].ranked

    @property
    def about_objects(self) -> bool:
        """Whether it asks what an object is."""
        return self.task in TASKS and TASKS[self.task].about_objects

    @property
    def _usual(self) -> bool:
        """Whether it was measured on what its task is about."""
        return self.input == (TASKS[self.task].input if self.task in TASKS else REPRESENTATION)

    @property
    def declared(self) -> Declared | None:
        """What its task says of it, or another task of a metric of that name; None where no task has such a one."""
        return metric_of(self.task, self.name)

    @property
    def title(self) -> str:
        """The metric in words, with its unit."""
        return self.declared.title if self.declared else self.name.replace("_", " ")

    def text(self, value: float) -> str:
        """A value of this metric as the tables show it."""
        if self._percent:
            return f"{100 * value:.1f}"
        if self.name.endswith("_deg"):
            return f"{value:.1f}"
        return f"{value:.3f}"

    def published_text(self, value: float) -> str:
        """A value with the digits that papers give: two behind the point, or one where the second is zero in %."""
        if self._percent:
            return f"{100 * value:.2f}".removesuffix("0")
        return f"{value:.2f}"

    @property
    def _percent(self) -> bool:
        return self.declared is not None and self.declared.percent


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
        """Standard deviation over the seeds (n - 1), or None with one seed."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The interval of the only run; None with several runs, whose deviation says more, or where none is given."""
        return self.intervals[0] if len(self.values) == 1 and self.intervals else None

    @property
    def floor(self) -> float | None:
        """Mean of the floors."""
        return statistics.fmean(self.floors) if self.floors else None

    @property
    def above_floor(self) -> bool:
        """Whether the mean is better than what knowing nothing scores."""
        if self.floor is None:
            return True
        return self.mean > self.floor if self.higher_is_better else self.mean < self.floor


Column = tuple[Metric, str]


@dataclass(frozen=True)
class Entry:
    """One row: a method under one configuration, with a record per seed.

    Attributes:
        method: the method's name.
        variant: what tells it from other rows of the same method.
        records: its records, by seed.
        cells: result by column.
        family: the family of methods it belongs to.
    """

    method: str
    variant: str
    records: tuple[Record, ...]
    cells: dict[Column, Cell]
    family: str

    @property
    def runs(self) -> str:
        """How many records, in words."""
        return f"{len(self.records)} {'run' if len(self.records) == 1 else 'runs'}"


@dataclass(frozen=True)
class Group:
    """Records that may be compared: one dataset, one protocol.

    Attributes:
        record: any of its records, for what they have in common.
        entries: the rows, best first in the first column.
        columns: all columns, in order.
        main: the columns of the overview.
        floors: floor of each column, where all rows agree.
        best: best mean of each column that has one to mark.
        second: second best mean of those columns, where one holds the best alone.
        warnings: warnings, each with the methods of the runs that gave it, a method for each run.
    """

    record: Record
    entries: tuple[Entry, ...]
    columns: tuple[Column, ...]
    main: tuple[Column, ...]
    floors: dict[Column, Cell]
    best: dict[Column, float]
    second: dict[Column, float]
    warnings: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def key(self) -> str:
        """What tells it from other groups, as text."""
        return " ".join(map(str, _place(self.record)))

    @property
    def runs(self) -> int:
        """Number of records."""
        return sum(len(entry.records) for entry in self.entries)

    def is_best(self, entry: Entry, column: Column) -> bool:
        """Whether a row holds the best mean of a column."""
        return column in self.best and column in entry.cells and entry.cells[column].mean == self.best[column]

    def is_second(self, entry: Entry, column: Column) -> bool:
        """Whether a row holds the second best mean of a column."""
        return column in self.second and column in entry.cells and entry.cells[column].mean == self.second[column]


def measured(records: Sequence[Record]) -> list[Group]:
    """Groups of the measured records. Records of different datasets, splits or protocols never share one."""
    own = [legible(record) for record in records if record["origin"]["kind"] == "measured"]
    return _groups(own, _place)


def published(records: Sequence[Record]) -> list[Group]:
    """Groups of the published records, one per source and dataset: by name, nothing in them marked as best."""
    others = [legible(record) for record in records if record["origin"]["kind"] == "published"]
    groups = _groups(others, lambda record: (*_place(record), record["origin"]["source"]))
    return [
        replace(
            group, best={}, second={}, entries=tuple(sorted(group.entries, key=lambda entry: entry.method.casefold()))
        )
        for group in groups
    ]


def _place(record: Record) -> tuple[Any, ...]:
    dataset, protocol = record["dataset"], record["protocol"]
    return (
        dataset["preset"],
        dataset["fingerprint"] or "",
        dataset["split"] or "",
        protocol["name"],
        protocol["version"],
        (record.get("trained_on") or {}).get("fingerprint") or "",
    )


def _groups(records: Sequence[Record], place: Callable[[Record], tuple[Any, ...]]) -> list[Group]:
    gathered: dict[tuple[Any, ...], list[Record]] = {}
    for record in sorted(records, key=lambda record: (record["id"], json.dumps(record, sort_keys=True))):
        gathered.setdefault(place(record), []).append(record)
    return [_group(gathered[key]) for key in sorted(gathered)]


def _group(records: Sequence[Record]) -> Group:
    by_setting: dict[str, list[Record]] = {}
    for record in records:
        by_setting.setdefault(_setting(record), []).append(record)
    variants = _variants({key: rows[0] for key, rows in by_setting.items()})
    entries = [_entry(rows, variants[key]) for key, rows in by_setting.items()]
    columns = sorted(
        {column for entry in entries for column in entry.cells},
        key=lambda column: (*column[0].order, PARTS.index(column[1])),
    )
    mains = {_metric(row) for record in records for row in record["results"] if row["main"]}
    leading = tuple(column for column in columns if column[0] in mains)
    main = tuple(column for column in leading if column[0].in_overview) or leading or tuple(columns)
    ranked = {column: means for column in columns if (means := _ranked(entries, column))}
    return Group(
        records[0],
        tuple(sorted(entries, key=lambda entry: _rank(entry, main[0]))),
        tuple(columns),
        main,
        {column: cell for column in columns if (cell := _common_floor(entries, column))},
        {column: means[0] for column, means in ranked.items()},
        {column: means[1] for column, means in ranked.items() if len(means) > 1 and means[1] != means[0]},
        _warnings(records),
    )


def _metric(row: dict[str, Any]) -> Metric:
    return Metric(row["task"], row["version"], row["metric"], row["input"])


def _setting(record: Record) -> str:
    """What two records must share to be seeds of one row."""
    return json.dumps([record["method"], _settings(record)], sort_keys=True)


def _settings(record: Record) -> dict[str, Any]:
    """The configuration and the method's options, flat: without the seed, and without what was measured on the pixels.

    Pixels differ in the last bit between machines, which makes no other configuration.
    """
    config, options = dict(record["config"] or {}), record["method"]["options"] or {}
    if config.get("method_options") == options:
        del config["method_options"]
    flat: dict[str, Any] = {}

    def walk(where: str, value: Any) -> None:
        if isinstance(value, dict) and value:
            for key in value:
                walk(f"{where}.{key}".lstrip("."), value[key])
        elif where.rpartition(".")[2] not in NO_SETTINGS:
            flat[where] = value

    # A method may have an option of a name that the recipe has too, as BYOL's momentum.
    walk("", {**config, **{f"method.{name}" if name in config else name: value for name, value in options.items()}})
    return flat


def _variants(samples: dict[str, Record]) -> dict[str, str]:
    """For each row its recipe, and the settings in which it differs from other rows of its method or recipe.

    What isn't set has its default and isn't named. Of a recipe's rows most say what is usual; where none is in the
    majority, each names its own.
    """
    variants = {}
    usual = _usual(samples.values())
    for key, record in samples.items():
        ours = _settings(record)
        namesakes = [
            _settings(other) for other in samples.values() if other["method"]["name"] == record["method"]["name"]
        ]
        differing = sorted(
            {name for other in namesakes for name in ours.keys() | other.keys() if ours.get(name) != other.get(name)}
        )
        recipe = (record["config"] or {}).get("name")
        common = usual.get(str(recipe), {})
        differing = sorted({*differing, *(name for name in common if ours.get(name) != common[name])})
        words = [str(recipe)] if isinstance(recipe, str) else []
        words += [
            f"{shortened(name)} {shortened(json.dumps(ours.get(name), sort_keys=True))}"
            for name in differing
            if name in ours and name != "name"
        ]
        variants[key] = ", ".join(words[:4]) + (f" and {len(words) - 4} more" if len(words) > 4 else "")
    return variants


def _usual(records: Iterable[Record]) -> dict[str, dict[str, Any]]:
    """For each recipe the value of each setting, but for those of methods, that more than half of its rows have."""
    by_recipe: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        config = {name: value for name, value in (record["config"] or {}).items() if name != "method_options"}
        settings = _settings({**record, "config": config, "method": {"options": {}}})
        by_recipe.setdefault(str(config.get("name")), []).append(settings)
    found: dict[str, dict[str, Any]] = {}
    for recipe, rows in by_recipe.items():
        for name in set().union(*rows):
            values = [row.get(name) for row in rows]
            commonest = max(values, key=values.count)
            majority = 2 * values.count(commonest) > len(values)
            found.setdefault(recipe, {})[name] = commonest if majority else _NOTHING
    return found


_NOTHING = object()
"""A value that no row has."""


def _entry(records: Sequence[Record], variant: str) -> Entry:
    ordered = sorted(records, key=lambda record: (record["seed"] or 0, record["id"]))
    rows: dict[Column, list[dict[str, Any]]] = {}
    for record in ordered:
        for row in record["results"]:
            rows.setdefault((_metric(row), row["part"]), []).append(row)
    cells = {
        column: Cell(
            tuple(row["value"] for row in found),
            tuple(row["floor"] for row in found if row["floor"] is not None),
            found[0]["higher_is_better"],
            found[0]["floor_note"] or "",
            tuple(ends for row in found if (ends := _interval(row))),
        )
        for column, found in rows.items()
    }
    return Entry(records[0]["method"]["name"], variant, tuple(ordered), cells, family(records[0]["method"]))


def _interval(row: dict[str, Any]) -> tuple[float, float] | None:
    ends = row.get("interval")
    return (float(ends[0]), float(ends[1])) if ends else None


def _rank(entry: Entry, column: Column) -> tuple[Any, ...]:
    cell = entry.cells.get(column)
    if cell is None:
        return (1, 0.0, entry.method, entry.variant)
    return (0, -cell.mean if cell.higher_is_better else cell.mean, entry.method, entry.variant)


def _common_floor(entries: Sequence[Entry], column: Column) -> Cell | None:
    """A cell with the floor that all rows of a column share, or None."""
    cells = [entry.cells[column] for entry in entries if column in entry.cells]
    texts = {None if cell.floor is None else column[0].text(cell.floor) for cell in cells}
    return cells[0] if len(texts) == 1 and cells[0].floor is not None else None


def _ranked(entries: Sequence[Entry], column: Column) -> list[float]:
    """The means of a column above its floor, best first; none where there is nothing to compare."""
    # An invariant part that tells the rotation or the colour well is no success.
    if column[1] == "invariant" and not column[0].about_objects:
        return []
    cells = [entry.cells[column] for entry in entries if column in entry.cells and column[0].ranked]
    if len(cells) < 2:
        return []
    return sorted((cell.mean for cell in cells if cell.above_floor), reverse=cells[0].higher_is_better)


def _warnings(records: Sequence[Record]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: dict[str, list[str]] = {}
    for record in records:
        for warning in dict.fromkeys(record["warnings"] or []):
            found.setdefault(warning, []).append(record["method"]["name"])
    return tuple((text, tuple(found[text])) for text in sorted(found, key=lambda text: (-len(found[text]), text)))
