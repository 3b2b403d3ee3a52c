"""Everything in the tables for programs: as one JSON document, and as CSV with a line for each result."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from threedie.benchmark.leaderboard.columns import Column, TaskMetric
from threedie.benchmark.leaderboard.entries import Cell, Entry
from threedie.benchmark.leaderboard.groups import Group, measured, published
from threedie.benchmark.records.draws import DrawsByRecord
from threedie.benchmark.records.record import Record, data_of_heads

FORMAT = 1
"""Version of the JSON document."""
CSV_COLUMNS = (
    "origin", "source", "preset", "dataset", "split", "trained_on", "protocol", "protocol_version", "method", "family",
    "options", "recipe", "seed", "id", "task", "task_version", "metric", "input", "part", "value", "interval_low",
    "interval_high", "floor", "floor_note", "higher_is_better", "formula", "published",
)  # fmt: skip
_FORMULAS = tuple("=+-@\t\r\n＝＋－＠")
"""First characters of a formula in a spreadsheet, also in full width."""


def render_json(records: Sequence[Record], others: Sequence[Record], draws: DrawsByRecord | None = None) -> str:
    """The groups with their rows, each number over its runs, and their records without curves and results."""
    groups = [*measured(records, draws), *published([*records, *others])]
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
        "method": entry.method,
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


def render_csv(records: Sequence[Record], others: Sequence[Record]) -> str:
    """A line of CSV for each result of each record."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for group in (*measured(records), *published([*records, *others])):
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
                    result = (
                        row["task"], row["version"], row["metric"], row["input"], row["part"], row["value"],
                        *(row.get("interval") or (None, None)), row["floor"], row["floor_note"],
                        row["higher_is_better"], TaskMetric.of(row).formula,
                        json.dumps(record["published"], sort_keys=True) if "published" in record else None,
                    )  # fmt: skip
                    writer.writerow([_without_formula(value) for value in (*common, *result)])
    return buffer.getvalue()


def _without_formula(value: object) -> object:
    """Puts a quote in front of text that a spreadsheet would evaluate."""
    return f"'{value}" if isinstance(value, str) and value[:1] in _FORMULAS else value
