"""The tables for programs: as one JSON document, and as CSV with a line for each result or for each row."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from threedie.benchmark.leaderboard.columns import Column, TaskMetric, column_order
from threedie.benchmark.leaderboard.entries import Cell, Entry
from threedie.benchmark.leaderboard.groups import Group, measured, published
from threedie.benchmark.leaderboard.selection import EVERYTHING, Selection
from threedie.benchmark.records.draws import DrawsByRecord
from threedie.benchmark.records.record import Record, data_of_heads

FORMAT = 1
"""Version of the JSON document."""
CSV_COLUMNS = (
    "origin", "source", "preset", "dataset", "split", "trained_on", "protocol", "protocol_version", "method", "family",
    "options", "recipe", "seed", "id", "task", "task_version", "metric", "input", "part", "value", "interval_low",
    "interval_high", "floor", "floor_note", "higher_is_better", "name", "formula", "published",
)  # fmt: skip
WIDE_COLUMNS = (
    "origin", "source", "preset", "dataset", "split", "trained_on", "protocol", "protocol_version", "name", "method",
    "variant", "family", "runs",
)  # fmt: skip
"""Columns of the wide CSV before those of metrics."""
_FORMULAS = tuple("=+-@\t\r\n＝＋－＠")
"""First characters of a formula in a spreadsheet, also in full width."""


def render_json(
    records: Sequence[Record],
    others: Sequence[Record],
    draws: DrawsByRecord | None = None,
    selection: Selection = EVERYTHING,
) -> str:
    """The groups with their rows, each number over its runs, and their records without curves and results."""
    groups = [*measured(records, draws, selection), *published([*records, *others], selection)]
    document = {
        "format": FORMAT,
        "groups": [_group(group) for group in groups],
        "records": [
            {key: value for key, value in record.items() if key not in ("curves", "results")}
            for group in groups
            for entry in group.entries
            for record in entry.records
        ],
    }
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=True) + "\n"


def _group(group: Group) -> dict[str, Any]:
    record = group.record
    return {
        "origin": record["origin"],
        "dataset": record["dataset"],
        "trained_on": record.get("trained_on"),
        "protocol": record["protocol"],
        "warnings": [{"text": text, "runs": len(methods)} for text, methods in group.warnings],
        "rows": [_row(group, entry) for entry in group.entries],
    }


def _row(group: Group, entry: Entry) -> dict[str, Any]:
    return {
        "method": entry.records[0]["method"]["name"],
        "name": entry.method,
        "variant": entry.variant,
        "family": entry.family,
        "records": [record["id"] for record in entry.records],
        "seeds": [record["seed"] for record in entry.records],
        "results": [
            _result(group, entry, column, entry.cells[column]) for column in group.columns if column in entry.cells
        ],
    }


def _result(group: Group, entry: Entry, column: Column, cell: Cell) -> dict[str, Any]:
    metric, part = column
    return {
        "task": metric.task,
        "version": metric.version,
        "metric": metric.name,
        "formula": metric.formula,
        "input": metric.input,
        "part": part,
        "mean": cell.mean,
        "deviation": cell.deviation,
        "runs": len(cell.values),
        "values": list(cell.values),
        "intervals": [list(ends) for ends in cell.intervals],
        "floor": cell.floor,
        "floor_note": cell.note,
        "higher_is_better": cell.higher_is_better,
        "best": group.is_best(entry, column),
        "second": group.is_second(entry, column),
        **({"letters": entry.letters[column]} if column in entry.letters else {}),
    }


def render_csv(records: Sequence[Record], others: Sequence[Record], selection: Selection = EVERYTHING) -> str:
    """A line of CSV for each result of each record."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for group in (*measured(records, None, selection), *published([*records, *others], selection)):
        for entry in group.entries:
            for record in entry.records:
                dataset, protocol = record["dataset"], record["protocol"]
                common = (
                    record["origin"]["kind"], record["origin"].get("source"), dataset["preset"], dataset["fingerprint"],
                    dataset["split"], data_of_heads(record), protocol["name"],
                    protocol["version"], record["method"]["name"],
                    entry.family, json.dumps(record["method"]["options"], sort_keys=True),
                    (record["config"] or {}).get("name"),
                    record["seed"], record["id"],
                )  # fmt: skip
                for row in record["results"]:
                    if not selection.has_column(Column(TaskMetric.of(row), row["part"])):
                        continue
                    result = (
                        row["task"], row["version"], row["metric"], row["input"], row["part"], row["value"],
                        *(row.get("interval") or (None, None)), row["floor"], row["floor_note"],
                        row["higher_is_better"], entry.method, TaskMetric.of(row).formula,
                        json.dumps(record["published"], sort_keys=True) if "published" in record else None,
                    )  # fmt: skip
                    writer.writerow([_without_formula(value) for value in (*common, *result)])
    return buffer.getvalue()


def render_wide_csv(records: Sequence[Record], others: Sequence[Record], selection: Selection = EVERYTHING) -> str:
    """A line of CSV for each row of the tables, with a column for each metric, and for what is around its number.

    A metric's column is called `TASK.METRIC.PART`, with `.INPUT` where it isn't the task's usual one and `.vN` where
    the task isn't of version 1. Beside it are `_deviation`, over several runs, and `_low` and `_high`, the interval of
    a single one, if any row has them.
    """
    rows: list[dict[str, object]] = []
    names: dict[str, None] = {}
    groups = [*measured(records, None, selection), *published([*records, *others], selection)]
    for column in sorted({column for group in groups for column in group.columns}, key=column_order):
        names |= dict.fromkeys(_wide_names(column))
    for group in groups:
        for entry in group.entries:
            row = dict(zip(WIDE_COLUMNS, _about(group, entry), strict=True))
            for column in group.columns:
                if cell := entry.cells.get(column):
                    low, high = (cell.interval if selection.intervals else None) or (None, None)
                    row |= zip(_wide_names(column), (cell.mean, cell.deviation, low, high), strict=True)
            rows.append(row)
    used = [name for name in names if any(row.get(name) is not None for row in rows)]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(map(_without_formula, (*WIDE_COLUMNS, *used)))
    writer.writerows([_without_formula(row.get(name)) for name in (*WIDE_COLUMNS, *used)] for row in rows)
    return buffer.getvalue()


def _about(group: Group, entry: Entry) -> tuple[object, ...]:
    """The values of `WIDE_COLUMNS`."""
    record = group.record
    dataset, protocol = record["dataset"], record["protocol"]
    return (
        record["origin"]["kind"], record["origin"].get("source") if record["origin"]["kind"] == "published" else None,
        dataset["preset"], dataset["fingerprint"], dataset["split"], data_of_heads(record), protocol["name"],
        protocol["version"], entry.method, entry.records[0]["method"]["name"], entry.variant, entry.family,
        len(entry.records),
    )  # fmt: skip


def _wide_names(column: Column) -> tuple[str, str, str, str]:
    metric, part = column
    name = f"{metric.task}.{metric.name}.{part}"
    name += "" if metric.on_usual_input else f".{metric.input}"
    name += f".v{metric.version}" if metric.version > 1 else ""
    return name, f"{name}_deviation", f"{name}_low", f"{name}_high"


def _without_formula(value: object) -> object:
    """Puts a quote in front of text that a spreadsheet would evaluate."""
    return f"'{value}" if isinstance(value, str) and value[:1] in _FORMULAS else value
