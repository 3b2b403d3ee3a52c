"""Result records: one JSON file per run, checked on the way out and on the way in.

`record.schema.json` is the contract; this module adds what a schema can't say: every number is finite, no field is
given twice, no result is listed twice, the curves have one value per epoch. And it keeps bounds, named below, so that a
record from elsewhere neither exhausts a reader's memory nor makes tables out of proportion.
"""

import datetime
import errno
import functools
import json
import math
import os
import re
import stat
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import explained, write_json
from threedie.manifests.litter import is_litter
from threedie.manifests.text import without_mark

Record = dict[str, Any]

RECORD_FILE = "record.json"
"""Name of a record within its run's folder."""

MAX_BYTES = 4 * 2**20
"""Size of a record's file; one of 2000 epochs with ten curves takes half a megabyte."""
MAX_DEPTH = 16
"""Levels of lists and objects within each other."""
MAX_TEXT = 4000
"""Characters of a text."""
MAX_KEY = 200
"""Characters of the name of a field, where the schema leaves it open."""
MAX_ITEMS = 2000
"""Entries of a list or object, but for curves."""
MAX_EPOCHS = 200_000
"""Values of a curve."""
MAX_OPTIONS = 2000
"""Characters of a method's options as JSON: tables give them with every result."""
MAX_INTEGER = 2**63 - 1
MAX_REASON = 200
"""Characters of what is said about a field: a wrong one may be as long as the file."""


def validate(record: Any) -> None:
    """Check a record against the bounds, the schema and the rules.

    Raises:
        ThreeDieError: names the first wrong field and says what it should be.
    """
    from jsonschema.exceptions import relevance  # noqa: PLC0415  (a tenth of a second that --help needn't spend)

    _check_bounds(record)
    errors = sorted(_validator().iter_errors(record), key=lambda error: (list(map(str, error.path)), error.message))
    if errors:
        # An error inside if/then sits below the condition that brought it: the deepest one names the field.
        error = min(errors, key=relevance)
        raise ThreeDieError(f"{_field(error.path)}: {_reason(error)}")
    _check_rules(record)


def _check_bounds(record: Any) -> None:
    """Refuse what no record needs before anything works through it: sizes, depth, numbers that are none."""
    ahead: list[tuple[tuple[str | int, ...], Any]] = [((), record)]
    while ahead:
        path, value = ahead.pop()
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise ThreeDieError(f"{_field(path)}: {len(value):,} characters; {MAX_TEXT:,} at most")
        if isinstance(value, float) and not math.isfinite(value):
            raise ThreeDieError(
                f"{_field(path)}: {value} is no result; leave an undefined number out and say so in 'warnings'"
            )
        if isinstance(value, int) and abs(value) > MAX_INTEGER:
            raise ThreeDieError(f"{_field(path)}: an integer of more than 64 bits")
        if isinstance(value, dict | list):
            most = MAX_EPOCHS if len(path) == 2 and path[0] == "curves" else MAX_ITEMS
            if len(value) > most:
                raise ThreeDieError(f"{_field(path)}: {len(value):,} entries; {most:,} at most")
            if len(path) >= MAX_DEPTH:
                raise ThreeDieError(f"{_field(path)}: nested deeper than {MAX_DEPTH} levels")
        # The last one put there is looked at first: turned round, the first wrong field is the one that is named.
        if isinstance(value, dict):
            for key in value:
                if len(key) > MAX_KEY:
                    raise ThreeDieError(f"{_field((*path, key))}: a name of {len(key):,} characters; {MAX_KEY} at most")
            ahead += [((*path, key), value[key]) for key in reversed(value)]
        elif isinstance(value, list):
            ahead += [((*path, index), value[index]) for index in range(len(value) - 1, -1, -1)]


def _check_rules(record: Record) -> None:
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
        if len(set(row["groups"])) < len(row["groups"]):
            raise ThreeDieError(f"breakdowns[{index}].groups: a group is listed twice; remove one")
        if row["by"] == "rotation_deg" and not all(map(_ROTATIONS.match, row["groups"])):
            raise ThreeDieError(f"breakdowns[{index}].groups: name each by its degrees, as in '0 to 15'")
    parts = record["method"]["parts"] or []
    if len(set(parts)) < len(parts):
        raise ThreeDieError("method.parts: a part is listed twice; remove one")
    options = len(json.dumps(record["method"]["options"]))
    if options > MAX_OPTIONS:
        raise ThreeDieError(f"method.options: {options:,} characters as JSON; {MAX_OPTIONS:,} at most")
    started = (record["times"] or {}).get("started")
    if started is not None:
        try:
            datetime.datetime.fromisoformat(started[:19])
        except ValueError as error:
            raise ThreeDieError(f"times.started: {started!r} is no date and time") from error
    curves = record["curves"] or {}
    for name, values in curves.items():
        if len(values) != len(curves.get("epoch", values)):
            raise ThreeDieError(
                f"{_field(('curves', name))}: {len(values)} values for {len(curves['epoch'])} epochs; give one for "
                "each, or null"
            )


_ROTATIONS = re.compile(r"[0-9]{1,3} to [0-9]{1,3}\Z")
"""Name of a group of rotations."""


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
    try:
        record = _parse(_read(path))
        validate(record)
    except OSError as error:
        raise explained(error, path) from error
    except ThreeDieError as error:
        raise ThreeDieError(f"{path}: {error}") from error
    return dict(record)


def _read(path: Path) -> bytes:
    """A file's bytes, if it is one and of a record's size: a pipe would be waited for, and a device never ends."""
    about = path.stat()
    if stat.S_ISDIR(about.st_mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder")
    if not stat.S_ISREG(about.st_mode):
        raise ThreeDieError("a pipe or a device; put the record itself there, as a file")
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        size = max(about.st_size, len(content))
        raise ThreeDieError(f"{size:,} bytes; a record has at most {MAX_BYTES:,}: is it the right file?")
    return content


def _parse(content: bytes) -> Any:
    try:
        text = without_mark(content).decode()
    except UnicodeDecodeError as error:
        raise ThreeDieError(f"not a JSON file in UTF-8 ({error.reason} at byte {error.start})") from error
    try:
        return json.loads(text, parse_int=_integer, object_pairs_hook=_without_twice)
    except RecursionError as error:
        raise ThreeDieError(f"nested deeper than {MAX_DEPTH} levels") from error
    except ValueError as error:
        raise ThreeDieError(f"not a JSON file ({error})") from error


def _integer(digits: str) -> int:
    """An integer; of one that is too long for any field its beginning, which is too large as well."""
    return int(digits[:30])


def _without_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ThreeDieError(f"{_field((key,))}: given twice in one object; remove one")
        found[key] = value
    return found


def find_records(paths: Sequence[Path]) -> list[Path]:
    """Every `record.json` of some folders, at any depth, and the files among the paths, each once.

    What is named so is given whatever it is: a folder, or a link that leads nowhere, is refused by name and not
    overlooked. Hidden folders and those that file managers leave behind aren't searched.

    Raises:
        ThreeDieError: a path that isn't there, or a folder that can't be read.
    """
    files: dict[Path, None] = {}
    for path in paths:
        if not path.is_dir():
            if not os.path.lexists(path):
                raise ThreeDieError(f"{path}: no such file or folder; '3die bench run' makes records")
            files[path] = None
            continue
        here = []
        for place, folders, names in os.walk(path, onerror=_unreadable):
            folders[:] = [name for name in folders if not is_litter(name)]
            here += [Path(place, name) for name in (*folders, *names) if name == RECORD_FILE]
        files |= dict.fromkeys(sorted(here))
    return list(files)


def _unreadable(error: OSError) -> None:
    raise explained(error, Path(error.filename)) from error


def read_records(paths: Sequence[Path]) -> list[Record]:
    """Read all records of some files and folders, sorted by what they hold and not by where they lie.

    Args:
        paths: record files, or folders searched to any depth for `record.json`.

    Raises:
        ThreeDieError: a path that isn't there, a bad record (the message names file and field), or two different
            records of one checkpoint under one protocol.
    """
    found: Found = {}
    for file in find_records(paths):
        add_record(found, file, read_record(file))
    return in_order(found)


def in_order(found: "Found") -> list[Record]:
    """Records by what they hold."""
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
    from jsonschema import Draft202012Validator, validators  # noqa: PLC0415

    schema = json.loads(
        resources.files("threedie.benchmark.records").joinpath("record.schema.json").read_text(encoding="utf-8")
    )
    # JSON Schema takes 2.0 for an integer. What reads records doesn't.
    types = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    )
    return validators.extend(Draft202012Validator, type_checker=types)(schema)


def _field(path: Sequence[str | int]) -> str:
    """A field's place as text; names of other than letters are quoted, and of a long one the middle is left out."""
    steps = [
        f"[{step}]" if isinstance(step, int) else f".{step}" if _WORD.match(step) else f".{step[:MAX_REASON]!a}"
        for step in path
    ]
    if len(steps) > MAX_DEPTH:
        steps = [*steps[: MAX_DEPTH - 2], " ... ", *steps[-1:]]
    return _shortened("".join(steps)).lstrip(".") or "the record"


_WORD = re.compile(r"[\w+-][\w. +-]*\Z", re.ASCII)


def _reason(error: Any) -> str:
    if error.validator == "not":
        return "may not be null in a measured record"
    if error.validator == "pattern" and "description" in error.schema:
        return f"{error.instance[: MAX_REASON // 4]!a} isn't {error.schema['description']}"
    if error.validator == "maxLength":
        return f"{len(error.instance):,} characters; {error.validator_value:,} at most"
    if error.validator in ("maxItems", "maxProperties"):
        return f"{len(error.instance):,} entries; {error.validator_value:,} at most"
    return _shortened(" ".join(str(error.message).split()))


def _shortened(text: str) -> str:
    if len(text) <= MAX_REASON:
        return text
    return f"{text[: MAX_REASON * 3 // 5]} ... {text[-MAX_REASON * 3 // 10 :]}"
