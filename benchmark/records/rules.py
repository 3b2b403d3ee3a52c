"""Rules between the fields of a record, which types can't express."""

import datetime
import json
import re
from collections.abc import Iterable
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from threedie.benchmark.records.bounds import MAX_OPTIONS
from threedie.benchmark.records.field_path import field_path
from threedie.benchmark.records.types import Name, Record
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.fields import Path, first_error

MEASURED: tuple[tuple[str, ...], ...] = (
    ("method", "options"), ("method", "parts"), ("dataset", "*"), ("trained_on", "*"),
    ("config",), ("code",), ("checkpoint",), ("hardware",), ("libraries",), ("times",), ("curves",), ("warnings",),
)  # fmt: skip
"""Fields that are never null in a measured record; `*` is every entry."""
WITH_WEIGHTS: tuple[tuple[str, ...], ...] = (("method", "parameters"),)
"""Fields that are never null either unless only features were measured."""
TRAINED_HERE: tuple[tuple[str, ...], ...] = (
    ("checkpoint", "epochs"), ("checkpoint", "steps"), ("times", "train_s"), ("seed",),
)  # fmt: skip
"""Fields that are never null either where this program trained the weights."""

_ROTATIONS = re.compile(r"[0-9]{1,3} to [0-9]{1,3}\Z")
"""Name of a group of rotations."""
_NAME: TypeAdapter[str] = TypeAdapter(Name)


def check_rules(record: Record) -> None:
    """Check the rules between fields.

    Args:
        record: one whose types are right.

    Raises:
        ThreeDieError: names the first wrong field and what to do.
    """
    _check_origin(record)
    _check_results(record)
    _check_breakdowns(record)
    _check_method(record)
    _check_config(record)
    _check_started(record)
    _check_curves(record)


def _check_origin(record: Record) -> None:
    origin = record["origin"]
    measured, imported = origin["kind"] == "measured", "weights" in origin
    features = origin.get("weights") == "features"
    if "source" not in origin and (imported or not measured):
        raise ThreeDieError("origin: 'source' is a required field: name the paper or the file the numbers are from")
    if not measured:
        return
    if "published" in record:
        raise ThreeDieError("published: is of published numbers, and these are measured; remove it")
    for path in (*MEASURED, *(() if features else WITH_WEIGHTS), *(() if imported else TRAINED_HERE)):
        for name, value in _values(record, path):
            if value is None:
                raise ThreeDieError(f"{field_path(name)}: may not be null in a measured record")
    if "epoch" not in cast("dict[str, Any]", record["curves"]):
        raise ThreeDieError("curves: 'epoch' is a required field of a measured record")


def _values(record: Any, path: tuple[str, ...]) -> Iterable[tuple[Path, Any]]:
    """Fields that a path of `MEASURED` leads to, with their values."""
    first, *rest = path
    value = record.get(first)
    if not rest:
        yield path, value
    elif rest == ["*"]:
        yield from (((first, key), entry) for key, entry in (value or {}).items())
    elif value is not None:
        yield path, value[rest[0]]


def _check_results(record: Record) -> None:
    keys = set()
    for index, row in enumerate(record["results"]):
        key = (row["task"], row["version"], row["metric"], row["part"], row["input"])
        if key in keys:
            raise ThreeDieError(f"results[{index}]: {' '.join(map(str, key))} is listed twice; remove one")
        keys.add(key)


def _check_breakdowns(record: Record) -> None:
    for index, row in enumerate(record.get("breakdowns", [])):
        where, groups = f"breakdowns[{index}]", row["groups"]
        lengths = {"values": len(row["values"]), "floors": len(row["floors"]), "counts": len(row["counts"])}
        for name, length in lengths.items():
            if length != len(groups):
                raise ThreeDieError(f"{where}.{name}: {length} for {len(groups)} groups; give one for each")
        if len(set(groups)) < len(groups):
            raise ThreeDieError(f"{where}.groups: a group is listed twice; remove one")
        if row["by"] == "rotation_deg" and not all(map(_ROTATIONS.match, groups)):
            raise ThreeDieError(f"{where}.groups: name each by its degrees, as in '0 to 15'")


def _check_method(record: Record) -> None:
    parts = record["method"]["parts"] or []
    if len(set(parts)) < len(parts):
        raise ThreeDieError("method.parts: a part is listed twice; remove one")
    options = len(json.dumps(record["method"]["options"]))
    if options > MAX_OPTIONS:
        raise ThreeDieError(f"method.options: {options:,} characters as JSON; {MAX_OPTIONS:,} at most")


def _check_config(record: Record) -> None:
    """The recipe's name is shown in tables; the rest of a configuration is open."""
    config = record["config"] or {}
    if "name" in config:
        check_name(config["name"], "config.name")


def check_name(name: object, where: str) -> None:
    """Check a name that tables show.

    Raises:
        ThreeDieError: it begins with `where`, the field or option.
    """
    try:
        _NAME.validate_python(name)
    except ValidationError as error:
        raise ThreeDieError(f"{where}: {first_error(error).statement()}") from error


def _check_started(record: Record) -> None:
    if record["times"] is None:
        return
    started = record["times"]["started"]
    try:
        datetime.datetime.fromisoformat(started[:19])
    except ValueError as error:
        raise ThreeDieError(f"times.started: {started!r} is no date and time") from error


def _check_curves(record: Record) -> None:
    curves = record["curves"] or {}
    for name, values in curves.items():
        if len(values) != len(curves.get("epoch", values)):
            raise ThreeDieError(
                f"{field_path(('curves', name))}: {len(values)} values for {len(curves['epoch'])} epochs; give one for "
                "each, or null"
            )
