"""Everything the tables hold as one JSON document, for programs."""

import json
from collections.abc import Sequence
from typing import Any

from threedie.benchmark.leaderboard.tables import Cell, Column, Entry, Group, measured, published
from threedie.benchmark.records.record import Record

FORMAT = 1
"""Version of this document's form."""


def render_json(records: Sequence[Record], others: Sequence[Record]) -> str:
    """The groups with their rows, each number over its runs, and the records they come from, without their curves."""
    groups = [*measured(records), *published([*records, *others])]
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
    }
