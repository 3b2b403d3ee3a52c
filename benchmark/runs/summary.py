"""Text for the terminal: what is about to run, and what came out."""

from collections.abc import Mapping, Sequence
from typing import Any

from threedie.manifests.dataset import Dataset


def dataset_summary(dataset: Dataset) -> str:
    """A dataset in two lines."""
    info = dataset.info
    order = " (red and blue exchanged in the files, as the original has them)" if info.channel_order == "bgr" else ""
    return (
        f"dataset  {dataset.path}: preset {info.preset.get('name', 'unnamed')}, {len(dataset):,} objects of "
        f"{len(set(dataset.labels.tolist()))} classes x {info.views} views, {info.image_size} px, "
        f"channels {info.channel_order}{order}\n"
        f"         {len(dataset.indices('train')):,} objects for training, "
        f"{len(dataset.indices('val')):,} for validation"
    )


def indented(title: str, text: str) -> str:
    """Lines under a title, in a column of their own."""
    first, *rest = text.splitlines() or [""]
    return "\n".join([f"{title:<9}{first}", *(f"{'':<9}{line}" for line in rest)])


def results_table(record: Mapping[str, Any]) -> str:
    """The results of a record: a line for each metric, a column for each part, and the floor beside them."""
    parts = [
        part for part in ("all", "invariant", "equivariant") if any(row["part"] == part for row in record["results"])
    ]
    lines: dict[tuple[str, str, str], dict[str, Mapping[str, Any]]] = {}
    for row in record["results"]:
        lines.setdefault((row["task"], row["metric"], row["input"]), {})[row["part"]] = row
    table = [["task", "metric", *parts, "floor", "the floor is"]]
    for (task, metric, source), found in lines.items():
        row = next(iter(found.values()))
        values = [_value(found[part]) if part in found else "" for part in parts]
        words = " of the embedding" if source == "embedding" and (task, metric, "representation") in lines else ""
        words += "" if row["higher_is_better"] else " (lower is better)"
        table.append([task, metric + words, *values, _number(row["floor"]), row["floor_note"] or ""])
    return _aligned(table)


def _value(row: Mapping[str, Any]) -> str:
    deviation = row.get("deviation")
    return _number(row["value"]) + (f" ±{_number(deviation)}" if deviation is not None else "")


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def _aligned(table: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    last = len(widths) - 1
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in (0, 1, last) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    )
