"""Records of older versions of the format in today's: the one place that knows what changed."""

from typing import Any

from threedie.benchmark.records.types import SCHEMA, RecordWarning
from threedie.benchmark.settings.recipe import OLD_NAMES, with_current_names
from threedie.benchmark.tasks import TASKS
from threedie.manifests.errors import ThreeDieError

_OLD_STATISTICS = {"normalisation_mean": "normalization_mean", "normalisation_std": "normalization_std"}
_OLD_SENTENCES = {"a random neighbour": "a random neighbor", "doesn't generalise to": "doesn't generalize to"}
"""Respelled, so that a floor or a warning of old and of new records is one in a table."""


def upgrade(record: Any) -> Any:
    """A record as read from JSON, in today's format; what isn't a record of an older version comes back as it is.

    Version 1 had warnings as texts, `task: text` where they are of a task, and British spelling in texts and `config`.
    Version 3 has fields that version 2 lacks, and is the same otherwise.

    Raises:
        ThreeDieError: its version is newer than this program.
    """
    version = record.get("schema") if isinstance(record, dict) else None
    if type(version) is not int:
        return record
    if version > SCHEMA:
        raise ThreeDieError(f"schema: version {version}; this program reads up to {SCHEMA}: update it")
    return _from_version_1(record) if version == 1 else record


def _from_version_1(record: dict[str, Any]) -> dict[str, Any]:
    upgraded = {**record, "schema": 2}
    if isinstance(record.get("warnings"), list):
        upgraded["warnings"] = [
            split_warning(_respelled(each)) if isinstance(each, str) else each for each in record["warnings"]
        ]
    if isinstance(record.get("results"), list):
        upgraded["results"] = [_respelled_floor(row) for row in record["results"]]
    if isinstance(record.get("config"), dict):
        upgraded["config"] = with_current_names(record["config"], {**OLD_NAMES, **_OLD_STATISTICS})
    return upgraded


def _respelled(text: str) -> str:
    for old, new in _OLD_SENTENCES.items():
        text = text.replace(old, new)
    return text


def _respelled_floor(row: Any) -> Any:
    note = row.get("floor_note") if isinstance(row, dict) else None
    return {**row, "floor_note": _respelled(note)} if isinstance(note, str) else row


def split_warning(line: str) -> RecordWarning:
    """A warning of version 1: its task, where it begins with one's name, and its text."""
    task, colon, text = line.partition(": ")
    return {"task": task, "text": text} if colon and text and task in TASKS else {"task": None, "text": line}


def warning_line(warning: RecordWarning) -> str:
    """A warning in one line, its task first; the inverse of `split_warning`."""
    return f"{warning['task']}: {warning['text']}" if warning["task"] else warning["text"]
