"""Result records on disk: one JSON file per run, checked when it is written and when it is read.

The format is in `types.py`, `bounds.py` and `rules.py`; `upgrade.py` reads older versions of it.
"""

import errno
import json
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from threedie.benchmark.records.bounds import MAX_BYTES, MAX_DEPTH
from threedie.benchmark.records.field_path import field_path
from threedie.benchmark.records.types import Record
from threedie.benchmark.records.upgrade import upgrade
from threedie.benchmark.records.validate import validate
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import explained, write_json
from threedie.manifests.litter import is_litter
from threedie.manifests.text import without_mark

__all__ = [
    "RECORD_FILE", "Record", "RecordsById", "add_record", "data_of_heads", "find_records", "head_seeds", "identity_of",
    "in_order", "read_record", "read_records", "validate", "weights_of", "write_record",
]  # fmt: skip

RECORD_FILE = "record.json"
"""Name of a record within its run's folder."""

RecordsById = dict[tuple[str, ...], tuple[Path, Record]]
"""Records by checkpoint, protocol and data, each with its file."""


def write_record(path: Path, record: Record) -> None:
    """Check a record and write it, whole or not at all.

    Raises:
        ThreeDieError: the record is wrong, or the file can't be written.
    """
    validate(record)
    write_json(path, record)


def read_record(path: Path) -> Record:
    """Read and check one record; one of an older version comes in today's format.

    Raises:
        ThreeDieError: names the file and the wrong field.
    """
    try:
        record = upgrade(_parse(_read(path)))
        validate(record)
    except OSError as error:
        raise explained(error, path) from error
    except ThreeDieError as error:
        raise ThreeDieError(f"{path}: {error}") from error
    checked: Record = record
    return checked


def _read(path: Path) -> bytes:
    """A file's bytes, if it is a regular file of a record's size: a pipe would block, and a device never ends."""
    about = path.stat()
    if stat.S_ISDIR(about.st_mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder")
    if not stat.S_ISREG(about.st_mode):
        raise ThreeDieError("a pipe or a device; put the record itself in its place, as a file")
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
        return json.loads(text, parse_int=_integer, object_pairs_hook=_without_duplicates)
    except RecursionError as error:
        raise ThreeDieError(f"nested deeper than {MAX_DEPTH} levels") from error
    except ValueError as error:
        raise ThreeDieError(f"not a JSON file ({error})") from error


def _integer(digits: str) -> int:
    """An integer; of a long one its first 30 digits, which are too large for any field too."""
    return int(digits[:30])


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for key, value in pairs:
        if key in table:
            raise ThreeDieError(f"{field_path((key,))}: given twice in one object; remove one")
        table[key] = value
    return table


def find_records(paths: Sequence[Path]) -> list[Path]:
    """Every `record.json` of some folders, at any depth, and the files among the paths, each once.

    Folders and broken links of that name are returned too, so that reading them is refused by name. Hidden folders and
    those that file managers leave behind aren't searched.

    Raises:
        ThreeDieError: a path doesn't exist, or a folder can't be read.
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


def read_records(paths: Path | str | Iterable[Path | str]) -> list[Record]:
    """Read all records of some files and folders, in an order that doesn't depend on where they are.

    Args:
        paths: a record file, or a folder that is searched to any depth for `record.json`; or several.

    Raises:
        ThreeDieError: a path doesn't exist, a record is bad (the message names file and field), or two records
            of one checkpoint under one protocol differ.
    """
    each = [paths] if isinstance(paths, Path | str) else paths
    records: RecordsById = {}
    for file in find_records([Path(path) for path in each]):
        add_record(records, file, read_record(file))
    return in_order(records)


def in_order(records: RecordsById) -> list[Record]:
    """Records sorted by checkpoint, protocol and data."""
    return [records[key][1] for key in sorted(records)]


def add_record(records: RecordsById, file: Path, record: Record) -> None:
    """Add a record to others.

    Raises:
        ThreeDieError: among them is a different one of the same checkpoint, protocol and data.
    """
    first, existing = records.setdefault(identity_of(record), (file, record))
    if existing != record:
        raise ThreeDieError(
            f"{file}: another record of {record['id']} under the same protocol than {first}; keep the one you mean"
        )


def weights_of(record: Record) -> str | None:
    """SHA-256 of a record's weights; None if unknown, as for a paper's."""
    return record["checkpoint"] and record["checkpoint"]["sha256"]


def head_seeds(record: Record) -> int:
    """How many seeds the heads were trained with."""
    evaluation = record.get("evaluation")
    return evaluation["head_seeds"] if evaluation else 1


def data_of_heads(record: Record) -> str | None:
    """Fingerprint of the dataset that heads were trained on, where it isn't the one that was measured on."""
    trained_on = record.get("trained_on")
    return trained_on and trained_on["fingerprint"]


def identity_of(record: Record) -> tuple[str, ...]:
    """Checkpoint, protocol and data of a record: no two records of a table have the same."""
    protocol, dataset = record["protocol"], record["dataset"]
    return (
        record["id"],
        protocol["name"],
        f"{protocol['version']:06d}",
        dataset["fingerprint"] or dataset["preset"],
        data_of_heads(record) or "",
    )
