"""Results from papers that the program comes with: tables of `published_tables/` as records."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, cast

from threedie.baselines.parts import ALL
from threedie.benchmark.leaderboard.columns import Column, TaskMetric
from threedie.benchmark.records.record import Record, validate
from threedie.benchmark.records.types import SCHEMA
from threedie.benchmark.tasks import TASKS
from threedie.manifests.errors import ThreeDieError

FORMAT = 1
"""Version of the files: a paper, its tables, and of each the columns (`task.metric`) and rows."""
_TABLE = {"table", "dataset", "columns", "rows"}
"""Entries of a table that aren't of its rows too; the others are fields of `PublishedInfo`."""
_UNKNOWN: tuple[str, ...] = (
    "config", "seed", "code", "checkpoint", "hardware", "libraries", "times", "curves", "warnings",
)  # fmt: skip
_UNKNOWN_OF_DATASET = (
    "fingerprint", "images_sha256", "models", "objects", "views", "image_size", "classes", "train_objects",
    "val_objects", "split",
)  # fmt: skip
_FORMULA_NOTES = {
    "stated": "The paper states its formula of R².",
    "code": "The formula of R² is that of the released code.",
    "supposed": "The formula of R² is supposed from the released code.",
}
_SEEN = {"paper": "Read in the paper", "repository": "Read in its repository", "abstract": "Read in the abstract alone"}
_SETTINGS = {
    "seen": "{}", "backbone": "{}", "image_size": "{} px", "batch_size": "batch {}", "epochs": "{} epochs",
}  # fmt: skip
"""Settings that are put in words; names of rows say how many views or tokens were used."""


@cache
def published_records() -> tuple[Record, ...]:
    """Records of results from papers that the program comes with.

    Raises:
        ThreeDieError: names the file and what is wrong with it.
    """
    folder = resources.files("threedie.benchmark").joinpath("leaderboard/published_tables")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    records: list[Record] = []
    for file in files:
        try:
            records += records_of(json.loads(file.read_text(encoding="utf-8")))
        except ThreeDieError as error:
            raise ThreeDieError(f"{file.name}: {error}") from error
    return tuple(records)


def records_of(paper: Mapping[str, Any]) -> Iterator[Record]:
    """A record for each row of a paper's tables.

    Args:
        paper: the content of a file: `format`, `id`, `paper` (as tables name it) and `tables`. A table has its name
            `table`, the `dataset`'s preset, `columns` and `rows`; a row has a `method`, `values` (null where the paper
            has none), and `columns` if they are others. Fields of `PublishedInfo` may stand in the table, for all its
            rows, or in a row.

    Raises:
        ThreeDieError: of a newer format, a column that no task has, or rows that make no record.
    """
    if paper["format"] != FORMAT:
        raise ThreeDieError(f"format {paper['format']}; this program reads {FORMAT}: update it")
    for table in paper["tables"]:
        for row in table["rows"]:
            record = _record(paper, table, row)
            try:
                validate(record)
            except ThreeDieError as error:
                raise ThreeDieError(f"{table['table']}, {row['method']}: {error}") from error
            yield record


def _record(paper: Mapping[str, Any], table: Mapping[str, Any], row: Mapping[str, Any]) -> Record:
    common = {name: value for name, value in table.items() if name not in _TABLE}
    own = {name: value for name, value in row.items() if name not in ("method", "columns", "values", "notes")}
    details = common | own
    if "notes" in row:
        details["notes"] = [*common.get("notes", ()), *(f"{row['method']}: {note}" for note in row["notes"])]
    columns, values = row.get("columns", table["columns"]), row["values"]
    if len(columns) != len(values):
        raise ThreeDieError(f"{table['table']}, {row['method']}: {len(values)} values for {len(columns)} columns")
    name = f"{paper['id']} {table['table']} {table['dataset']} {row['method']}".replace("+", " plus")
    record = {
        "schema": SCHEMA,
        "id": f"published-{re.sub('[^a-z0-9]+', '-', name.casefold()).strip('-')}",
        "origin": {"kind": "published", "source": f"{paper['paper']}, {table['table']}"},
        "published": details,
        "protocol": {"name": f"{paper['id']} {table['table']}", "version": 1},
        "method": {"name": row["method"], "options": None, "parts": None, "parameters": None},
        "dataset": {"preset": table["dataset"], **dict.fromkeys(_UNKNOWN_OF_DATASET)},
        **dict.fromkeys(_UNKNOWN),
        "results": [_result(*pair) for pair in zip(columns, values, strict=True) if pair[1] is not None],
    }
    return cast("Record", record)


def _result(column: str, value: float) -> dict[str, Any]:
    name, _, metric_name = column.partition(".")
    task = TASKS.get(name)
    metric = task.metric(metric_name) if task else None
    if task is None or metric is None:
        raise ThreeDieError(f"{column}: no task has this metric")
    return {
        "task": name, "version": task.version, "metric": metric_name, "part": ALL, "input": task.input, "value": value,
        "floor": None, "floor_note": None, "higher_is_better": metric.higher_is_better,
        "main": metric_name == task.main,
    }  # fmt: skip


def published_columns(records: Iterable[Record] = ()) -> set[Column]:
    """The columns that published results have: those that the program comes with, and those among some records."""
    return {
        Column(TaskMetric.of(result), result["part"])
        for record in (*published_records(), *records)
        if record["origin"]["kind"] == "published"
        for result in record["results"]
    }


def published_facts(records: Sequence[Record]) -> list[str]:
    """What a reader should know of published rows of one source, in sentences: how they were trained, and notes."""
    known = {record["method"]["name"]: record["published"] for record in records if "published" in record}
    details = list(known.values())
    formulas = dict.fromkeys(each["formula"] for each in details if "formula" in each)
    hours = [f"{name} {each['gpu_hours']:g}" for name, each in known.items() if "gpu_hours" in each]
    return [
        *_setups(cast("dict[str, dict[str, Any]]", known)),
        *(_FORMULA_NOTES[formula] for formula in formulas),
        *dict.fromkeys(note for each in details for note in each.get("notes", ())),
        *([f"Hours of training on one GPU: {', '.join(hours)}."] if hours else []),
    ]


def _setups(known: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Where the rows were read and how they were trained: what all share, then what some have."""
    methods: dict[str, list[str]] = {}
    for method, details in known.items():
        for name, text in _SETTINGS.items():
            value = details.get(name)
            if value is not None:
                methods.setdefault(_SEEN[value] if name == "seen" else text.format(value), []).append(method)
    shared = [text for text, names in methods.items() if len(names) == len(known)]
    if shared:
        yield f"{', '.join(shared)}."
    partial: dict[tuple[str, ...], list[str]] = {}
    for text, names in methods.items():
        if text not in shared:
            partial.setdefault(tuple(names), []).append(text)
    for some, texts in partial.items():
        yield f"{', '.join(some)}: {', '.join(texts)}."
