"""Impossible values in a record, by what its tasks declare: ranges, directions, order of metrics, counts."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, cast

from threedie.baselines.catalogue import CATALOGUE
from threedie.benchmark.leaderboard.columns import find_metric
from threedie.benchmark.records.record import Record
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.metric import ROUNDING, Metric
from threedie.benchmark.tasks.subject import EMBEDDING

CHANNELS = {"resnet18": 8, "resnet34": 8, "resnet50": 32}
"""Backbone -> dimensions of its representation for each channel of its first layer (`threedie.baselines.resnet`)."""
_INTERVAL_SLACK = 0.1
"""Share of its length by which an interval may miss its value: with few objects, R2 is biased in the draws."""


def impossible_values(record: Record) -> Iterator[str]:
    """A line for each value that can't be, with its field and the reason.

    Args:
        record: a valid one (`threedie.benchmark.records.record.validate`).
    """
    yield from _impossible_counts(record)
    for index, row in enumerate(record["results"]):
        yield from _impossible_row(record, row, f"results[{index}]")
    yield from _wrong_order(record["results"])
    for index, breakdown in enumerate(record.get("breakdowns", [])):
        yield from _impossible_breakdown(record, breakdown, f"breakdowns[{index}]")


def _impossible_counts(record: Record) -> Iterator[str]:
    for name in ("dataset", "trained_on"):
        counts: Mapping[str, Any] = cast("Mapping[str, Any]", record).get(name) or {}
        for key in ("objects", "views", "image_size", "classes"):
            # Single pictures may have several sizes, which 0 stands for.
            if counts.get(key) == 0 and not (key == "image_size" and counts.get("views") == 1):
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
    metric = find_metric(row["task"], row["metric"])
    numbers = {"value": row["value"], "floor": row["floor"]}
    for index, end in enumerate(row.get("interval") or ()):
        numbers[f"interval[{index}]"] = end
    for name, value in numbers.items():
        yield from _out_of_range(record, row, metric, f"{where}.{name}", value)
    yield from _wrong_declaration(row, metric, where)
    yield from _impossible_deviation(record, row, metric, where)
    yield from _impossible_interval(row, metric, where)


def _impossible_deviation(record: Record, row: Mapping[str, Any], metric: Metric | None, where: str) -> Iterator[str]:
    deviation, highest = row.get("deviation"), _highest(record, row, metric)
    if deviation is None or metric is None or metric.low is None or highest is None:
        return
    # Numbers from 0 to 1 deviate most where there are two, 0 and 1.
    most = (highest - metric.low) / math.sqrt(2)
    if deviation > most + ROUNDING * max(1, most):
        yield (
            f"{where}.deviation: {deviation!r} can't be: {row['metric']} of task {row['task']} lies from "
            f"{metric.low:g} to {highest:,g}, so that its deviation is at most {most:.4g}"
        )


def _impossible_interval(row: Mapping[str, Any], metric: Metric | None, where: str) -> Iterator[str]:
    if not row.get("interval"):
        return
    low, high = row["interval"]
    slack = ROUNDING * max(1, abs(row["value"])) + _INTERVAL_SLACK * (high - low)
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
    if not metric.allows(value):
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
    """The most dimensions that a representation or an embedding can have; None where the record doesn't say."""
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
    """Metrics of one task that break its `ascending` order."""
    by_column: dict[tuple[Any, ...], dict[str, tuple[int, Mapping[str, Any]]]] = {}
    for index, row in enumerate(rows):
        column = (row["task"], row["version"], row["part"], row["input"])
        by_column.setdefault(column, {})[row["metric"]] = index, row
    for (task, *_), by_metric in by_column.items():
        for chain in TASKS[task].ascending if task in TASKS else ():
            names = [name for name in chain if name in by_metric]
            for less, more in pairwise(names):
                for key in ("value", "floor"):
                    (index, row), (_, other) = by_metric[less], by_metric[more]
                    if row[key] is not None and other[key] is not None and row[key] > other[key] + ROUNDING:
                        yield (
                            f"results[{index}].{key}: {less} of {row[key]!r} can't be: in task {task} it is at most "
                            f"{more}, which is {other[key]!r}"
                        )


def _impossible_breakdown(record: Record, row: Mapping[str, Any], where: str) -> Iterator[str]:
    metric = find_metric(row["task"], row["metric"])
    for name in ("values", "floors"):
        for index, (value, count) in enumerate(zip(row[name], row["counts"], strict=True)):
            if (value is None) != (count == 0):
                yield f"{where}.{name}[{index}]: {value!r} of {count:,} queries; null is for groups without queries"
            yield from _out_of_range(record, row, metric, f"{where}.{name}[{index}]", value)
    yield from _wrong_declaration(row, metric, where)
