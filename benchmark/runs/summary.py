"""The results of a run as text for the terminal."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from threedie.baselines.parts import PARTS
from threedie.benchmark.records.record import Record
from threedie.benchmark.records.upgrade import warning_line
from threedie.benchmark.runs.curves import CURVES_FILE
from threedie.benchmark.tasks.subject import EMBEDDING, REPRESENTATION
from threedie.benchmark.training.loop import LOG_FOLDER
from threedie.manifests.progress import titled


def results_text(record: Record, record_file: Path, folder: Path, records: Path) -> str:
    """The results, and the files that hold them.

    Args:
        record: the record.
        record_file: its file.
        folder: of the run, with its curves and its log.
        records: folder of records for the suggested next command.
    """
    protocol = record["protocol"]
    lines = [f"\n{record['id']}, protocol {protocol['name']} v{protocol['version']}\n", results_table(record), ""]
    lines += [titled("warning", warning_line(warning)) for warning in record["warnings"] or []]
    lines.append(titled("record", str(record_file)))
    if (record["curves"] or {}).get("epoch"):
        lines.append(titled("curves", str(folder / CURVES_FILE)))
        if (folder / LOG_FOLDER).is_dir():
            lines.append(titled("log", f"tensorboard --logdir {shlex.quote(str(folder / LOG_FOLDER))}"))
    lines.append(titled("next", f"3die leaderboard {shlex.quote(str(records))}"))
    return "\n".join(lines)


def results_table(record: Mapping[str, Any]) -> str:
    """The results of a record: a line for each metric, a column for each part, and the floor beside them."""
    measured = {row["part"] for row in record["results"]}
    parts = [part for part in PARTS if part in measured]
    lines: dict[tuple[str, str, str], dict[str, Mapping[str, Any]]] = {}
    for row in record["results"]:
        lines.setdefault((row["task"], row["metric"], row["input"]), {})[row["part"]] = row
    table = [["task", "metric", *parts, "floor", "the floor is"]]
    for (task, metric, source), rows in lines.items():
        row = next(iter(rows.values()))
        values = [_value(rows[part]) if part in rows else "" for part in parts]
        suffix = " of the embedding" if source == EMBEDDING and (task, metric, REPRESENTATION) in lines else ""
        suffix += "" if row["higher_is_better"] else " (lower is better)"
        table.append([task, metric + suffix, *values, _number(row["floor"]), row["floor_note"] or ""])
    return aligned(table)


def _value(row: Mapping[str, Any]) -> str:
    deviation = row.get("deviation")
    return _number(row["value"]) + (f" ±{_number(deviation)}" if deviation is not None else "")


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def aligned(table: Sequence[Sequence[str]]) -> str:
    """A table of equally long rows as text: the first two columns and the last at the left, others at the right."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    last = len(widths) - 1
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in (0, 1, last) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    )
