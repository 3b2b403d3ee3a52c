"""Records from elsewhere: whether each can go into the tables, and if not, which field is in the way."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from threedie.baselines.catalogue import CATALOGUE
from threedie.benchmark.leaderboard.legible import shortened
from threedie.benchmark.leaderboard.tables import metric_of
from threedie.benchmark.records.record import (
    RECORD_FILE,
    Found,
    Record,
    add_record,
    find_records,
    in_order,
    read_record,
)
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.metric import ROUNDING, Metric
from threedie.benchmark.tasks.subject import EMBEDDING
from threedie.manifests.errors import ThreeDieError

CHANNELS = {"resnet18": 8, "resnet34": 8, "resnet50": 32}
"""Backbone -> dimensions of its representation for each channel of its first layer (`threedie.baselines.resnet`)."""
_BESIDE = 0.1
"""By which share of its own length an interval may miss its value: of few objects, R2 is biased in the draws."""


@dataclass(frozen=True)
class Verdict:
    """What was found about one file.

    Attributes:
        file: the file.
        reason: why it is refused; None where it isn't.
        remarks: what a reader of the table should know, though it is no reason to refuse.
    """

    file: Path
    reason: str | None
    remarks: tuple[str, ...] = ()


def check_folder(folder: Path) -> list[Verdict]:
    """Check every record of a folder, at any depth, in the order of the names.

    Raises:
        ThreeDieError: the folder isn't there or has no record.
    """
    if not folder.is_dir():
        raise ThreeDieError(f"{folder}: no such folder; give the one with the records")
    files = find_records([folder])
    if not files:
        raise ThreeDieError(f"{folder}: no {RECORD_FILE} in there; '3die bench run' makes one in the run's folder")
    good: Found = {}
    return [
        Verdict(file, "a link; put the file itself there") if file.is_symlink() else _check(file, good)
        for file in files
    ]


def usable_records(paths: Sequence[Path]) -> tuple[list[Record], list[Verdict]]:
    """The records of some files and folders that can go into tables, sorted, and the verdicts on those that can't.

    Of two different records of one checkpoint, protocol and data the first file's is kept.

    Raises:
        ThreeDieError: a path that isn't there.
    """
    good: Found = {}
    verdicts = [_check(file, good) for file in find_records(paths)]
    return in_order(good), [verdict for verdict in verdicts if verdict.reason is not None]


def _check(file: Path, good: Found) -> Verdict:
    """One file; a good record is put to the good ones."""
    try:
        record = read_record(file)
        reason = next(impossible(record), None)
        if reason is None:
            add_record(good, file, record)
    except ThreeDieError as error:
        return Verdict(file, str(error).removeprefix(f"{file}: "))
    return Verdict(file, reason, tuple(_remarks(record)) if reason is None else ())


def impossible(record: Record) -> Iterator[str]:
    """What a record says that can't be, by what its tasks declare; each with its field.

    Args:
        record: a record that `threedie.benchmark.records.record.validate` takes.
    """
    yield from _impossible_counts(record)
    for index, row in enumerate(record["results"]):
        yield from _impossible_row(record, row, f"results[{index}]")
    yield from _wrong_order(record["results"])
    for index, row in enumerate(record.get("breakdowns", [])):
        yield from _impossible_breakdown(record, row, f"breakdowns[{index}]")


def _impossible_counts(record: Record) -> Iterator[str]:
    for name in ("dataset", "trained_on"):
        counts = record.get(name) or {}
        for key in ("objects", "views", "image_size", "classes"):
            if counts.get(key) == 0:
                yield f"{name}.{key}: 0; a dataset that something was measured on has some"
        objects, classes = counts.get("objects"), counts.get("classes")
        train, val = counts.get("train_objects"), counts.get("val_objects")
        if objects is not None and classes is not None and classes > objects:
            yield f"{name}.classes: {classes:,} classes of {objects:,} objects"
        if objects is not None and train is not None and val is not None and train + val > objects:
            yield f"{name}.train_objects: {train:,} and {val:,} to validate on are more than all {objects:,} objects"
    if record["dataset"]["val_objects"] == 0:
        yield "dataset.val_objects: 0; nothing can have been measured"


def _impossible_row(record: Record, row: Mapping[str, Any], where: str) -> Iterator[str]:
    metric = metric_of(row["task"], row["metric"])
    ends = row.get("interval")
    named = {"value": row["value"], "floor": row["floor"]} | dict(
        zip(("interval[0]", "interval[1]"), ends or (), strict=False)
    )
    for name, value in named.items():
        yield from _out_of_range(record, row, metric, f"{where}.{name}", value)
    yield from _wrong_declaration(row, metric, where)
    deviation = row.get("deviation")
    highest = _highest(record, row, metric)
    if deviation is not None and metric and metric.low is not None and highest is not None:
        # Numbers from 0 to 1 deviate most where there are two, 0 and 1.
        most = (highest - metric.low) / math.sqrt(2)
        if deviation > most + ROUNDING * max(1, most):
            yield (
                f"{where}.deviation: {deviation!r} can't be: {row['metric']} of task {row['task']} lies from "
                f"{metric.low:g} to {highest:,g}, so that its deviation is at most {most:.4g}"
            )
    if ends:
        low, high = ends
        slack = ROUNDING * max(1, abs(row["value"])) + _BESIDE * (high - low)
        if low > high:
            yield f"{where}.interval: {low!r} to {high!r} is the wrong way round"
        elif metric and metric.in_interval and not low - slack <= row["value"] <= high + slack:
            yield (
                f"{where}.interval: {low!r} to {high!r} doesn't hold {row['metric']} of task {row['task']} itself, "
                f"{row['value']!r}"
            )


def _wrong_declaration(row: Mapping[str, Any], metric: Metric | None, where: str) -> Iterator[str]:
    task = TASKS.get(row["task"])
    if task and row["version"] == task.version and task.metric(row["metric"]) is None:
        names = ", ".join(each.name for each in task.metrics)
        yield f"{where}.metric: task {row['task']} of version {task.version} has {names}, but no {row['metric']}"
    if metric and row["higher_is_better"] != metric.higher_is_better:
        direction = "higher" if metric.higher_is_better else "lower"
        yield f"{where}.higher_is_better: of {row['metric']} of task {row['task']}, {direction} is better"


def _out_of_range(
    record: Record, row: Mapping[str, Any], metric: Metric | None, where: str, value: float | None
) -> Iterator[str]:
    if metric is None or value is None:
        return
    if not metric.holds(value):
        hint = "; shares are given from 0 to 1, not in %" if metric.percent or (metric.high == 1 and value > 1) else ""
        yield f"{where}: {row['metric']} of {value!r} can't be: in task {row['task']} it lies {metric.range}{hint}"
        return
    highest = _highest(record, row, metric)
    if highest is not None and value > highest + ROUNDING * max(1, highest):
        yield (
            f"{where}: {row['metric']} of {value!r} can't be: in task {row['task']} it lies from {metric.low:g} to "
            f"{highest:,}, for this {row['input']} and this number of measured views"
        )


def _highest(record: Record, row: Mapping[str, Any], metric: Metric | None) -> float | None:
    """The greatest value that a row's metric can have on its record's data; None where nothing bounds it."""
    dataset, task = record["dataset"], TASKS.get(row["task"])
    if metric is None or task is None or not dataset["val_objects"] or not dataset["views"]:
        return None if metric is None else metric.high
    return task.highest(metric, _dimensions(record, row["input"]), dataset["val_objects"], dataset["views"])


def _dimensions(record: Record, source: str) -> int | None:
    """The most dimensions that a representation or an embedding can have; None where the record doesn't tell."""
    config, name = record["config"] or {}, record["method"]["name"]
    backbone, width, projector = (config.get(key) for key in ("backbone", "width", "projector"))
    if name not in CATALOGUE or not isinstance(backbone, str) or backbone not in CHANNELS or not isinstance(width, int):
        return None
    representation = CHANNELS[backbone] * width
    if source != EMBEDDING:
        return representation
    last = str(projector).rpartition("-")[2]
    # Methods with two projectors set their outputs side by side; one without any gives the representation.
    return max(representation, 2 * int(last)) if last.isdecimal() else None


def _wrong_order(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    by_place: dict[tuple[Any, ...], dict[str, tuple[int, Mapping[str, Any]]]] = {}
    for index, row in enumerate(rows):
        place = (row["task"], row["version"], row["part"], row["input"])
        by_place.setdefault(place, {})[row["metric"]] = index, row
    for (task, *_), rows_of in by_place.items():
        for chain in TASKS[task].ascending if task in TASKS else ():
            names = [name for name in chain if name in rows_of]
            for less, more in pairwise(names):
                for key in ("value", "floor"):
                    (at, row), (_, other) = rows_of[less], rows_of[more]
                    if row[key] is not None and other[key] is not None and row[key] > other[key] + ROUNDING:
                        yield (
                            f"results[{at}].{key}: {less} of {row[key]!r} can't be: in task {task} it is at most "
                            f"{more}, which is {other[key]!r}"
                        )


def _impossible_breakdown(record: Record, row: Mapping[str, Any], where: str) -> Iterator[str]:
    metric = metric_of(row["task"], row["metric"])
    for name in ("values", "floors"):
        for index, (value, count) in enumerate(zip(row[name], row["counts"], strict=True)):
            if (value is None) != (count == 0):
                yield f"{where}.{name}[{index}]: {value!r} of {count:,} queries; it is null where there are none, only"
            yield from _out_of_range(record, row, metric, f"{where}.{name}[{index}]", value)
    yield from _wrong_declaration(row, metric, where)


def _remarks(record: Record) -> Iterator[str]:
    from threedie.benchmark.settings.protocol import PROTOCOLS  # noqa: PLC0415

    if record["origin"]["kind"] == "published":
        yield "published: shown apart and not ranked"
        return
    name, version = record["protocol"]["name"], record["protocol"]["version"]
    known = PROTOCOLS.get(name)
    if known is None or known.version != version:
        yield f"protocol {name}, version {version}, isn't one of this program's: it gets a table of its own"
    strange = sorted({row["task"] for row in record["results"] if row["task"] not in TASKS})
    if strange:
        names = ", ".join(shortened(name, 40) for name in strange[:8]) + (" and others" if len(strange) > 8 else "")
        yield f"tasks that this program doesn't have, so that their values can't be checked: {names}"
    own = [row for row in record["results"] if row["task"] in TASKS and row["version"] == TASKS[row["task"]].version]
    if any(row["main"] != (row["metric"] == TASKS[row["task"]].main) for row in own):
        yield "marks other main scores than its tasks have: the first table gets columns that it lacks otherwise"
    one_seed = record.get("evaluation", {}).get("head_seeds") == 1
    if one_seed and any(row.get("deviation") is not None for row in record["results"]):
        yield "has deviations, though its heads were trained with one seed (evaluation.head_seeds)"
    if record["code"]["modified"]:
        yield "measured by code with changes that aren't committed"
    elif record["code"]["commit"] is None:
        yield "measured by code of no known commit"
