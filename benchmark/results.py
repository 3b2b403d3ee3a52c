"""Result records: one JSON file per run, checked on the way out and on the way in.

`record.schema.json` is the contract; this module adds what a schema can't say: every number is finite, no result is
listed twice, the curves have one value per epoch.
"""

import functools
import json
import math
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from manifests.errors import ThreeDieError
from manifests.files import read_json, write_json

Record = dict[str, Any]

RECORD_FILE = "record.json"
"""Name of a record within its run's folder."""


def validate(record: Any) -> None:
    """Check a record against the schema and its rules.

    Raises:
        ThreeDieError: names the first wrong field and says what it should be.
    """
    from jsonschema.exceptions import relevance  # noqa: PLC0415  (a tenth of a second that --help needn't spend)

    errors = sorted(_validator().iter_errors(record), key=lambda error: (list(map(str, error.path)), error.message))
    if errors:
        # An error inside if/then sits below the condition that brought it: the deepest one names the field.
        error = min(errors, key=relevance)
        raise ThreeDieError(f"{_field(error.path)}: {_reason(error)}")
    for where, number in _numbers("", record):
        if not math.isfinite(number):
            raise ThreeDieError(
                f"{where}: {number} is no result; leave an undefined number out and say so in 'warnings'"
            )
    seen = set()
    for index, row in enumerate(record["results"]):
        key = (row["task"], row["version"], row["metric"], row["part"], row["input"])
        if key in seen:
            raise ThreeDieError(f"results[{index}]: {' '.join(map(str, key))} is listed twice; remove one")
        seen.add(key)
    for index, row in enumerate(record.get("breakdowns", [])):
        for name in ("values", "floors", "counts"):
            if len(row[name]) != len(row["groups"]):
                raise ThreeDieError(
                    f"breakdowns[{index}].{name}: {len(row[name])} for {len(row['groups'])} groups; give one for each"
                )
    curves = record["curves"] or {}
    for name, values in curves.items():
        if len(values) != len(curves.get("epoch", values)):
            raise ThreeDieError(
                f"curves.{name}: {len(values)} values for {len(curves['epoch'])} epochs; give one for each, or null"
            )


def write_record(path: Path, record: Record) -> None:
    """Check a record and write it, whole or not at all.

    Raises:
        ThreeDieError: the record is wrong, or the file can't be written.
    """
    validate(record)
    write_json(path, record)


def read_record(path: Path) -> Record:
    """Read and check one record.

    Raises:
        ThreeDieError: names the file and the wrong field.
    """
    record = read_json(path)
    try:
        validate(record)
    except ThreeDieError as error:
        raise ThreeDieError(f"{path}: {error}") from error
    return dict(record)


def read_records(paths: Sequence[Path]) -> list[Record]:
    """Read all records of some files and folders, sorted by what they hold and not by where they lie.

    Args:
        paths: record files, or folders searched to any depth for `record.json`.

    Raises:
        ThreeDieError: a path that isn't there, a bad record (the message names file and field), or two different
            records of one checkpoint under one protocol.
    """
    found: Found = {}
    for path in paths:
        if not path.exists():
            raise ThreeDieError(f"{path}: no such file or folder; '3die bench run' makes records")
        for file in sorted(path.glob(f"**/{RECORD_FILE}")) if path.is_dir() else [path]:
            add_record(found, file, read_record(file))
    return [found[key][1] for key in sorted(found)]


Found = dict[tuple[str, ...], tuple[Path, Record]]
"""Records by what they are of, each with its file."""


def add_record(found: Found, file: Path, record: Record) -> None:
    """Put a record to others.

    Raises:
        ThreeDieError: among them is a different one of the same checkpoint, protocol and data.
    """
    first, known = found.setdefault(_identity(record), (file, record))
    if known != record:
        raise ThreeDieError(
            f"{file}: another record of {record['id']} under the same protocol than {first}; keep the one you mean"
        )


def _identity(record: Record) -> tuple[str, ...]:
    protocol = record["protocol"]
    return (
        record["id"],
        protocol["name"],
        f"{protocol['version']:06d}",
        record["dataset"]["fingerprint"] or record["dataset"]["preset"],
        (record.get("trained_on") or {}).get("fingerprint") or "",
    )


@functools.cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    schema = json.loads(resources.files("benchmark").joinpath("record.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema)


def _field(path: Sequence[str | int]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.lstrip(".") or "the record"


def _reason(error: Any) -> str:
    if error.validator == "not":
        return "may not be null in a measured record"
    message = str(error.message)
    return message if len(message) <= 200 else f"{message[:120]} ... {message[-60:]}"


def _numbers(where: str, value: Any) -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for key in value:
            yield from _numbers(f"{where}.{key}".lstrip("."), value[key])
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _numbers(f"{where}[{index}]", entry)
    elif isinstance(value, float):
        yield where, value
