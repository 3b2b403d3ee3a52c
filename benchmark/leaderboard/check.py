"""Checking records from elsewhere: whether each can go into the tables, and if not, which field is wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from threedie.benchmark.leaderboard.ranges import impossible_values
from threedie.benchmark.leaderboard.safe_text import truncate
from threedie.benchmark.records.draws import DRAWS_FILE, read_draws
from threedie.benchmark.records.record import (
    RECORD_FILE,
    Record,
    RecordsById,
    add_record,
    find_records,
    in_order,
    read_record,
)
from threedie.benchmark.settings.protocol import existing_protocol
from threedie.benchmark.tasks import TASKS
from threedie.manifests.errors import ThreeDieError

_MOST_NAMED = 8
_MOST_CHARACTERS = 40
"""Names of unknown tasks that a remark lists, and characters of each."""


@dataclass(frozen=True)
class Verdict:
    """The result of checking one file.

    Attributes:
        file: the file.
        reason: why it is refused; None if it is accepted.
        remarks: what a reader of the table should know about an accepted record.
    """

    file: Path
    reason: str | None
    remarks: tuple[str, ...] = ()


def check_folder(folder: Path) -> list[Verdict]:
    """Check every record of a folder, at any depth, sorted by path.

    Raises:
        ThreeDieError: the folder doesn't exist or has no record.
    """
    if not folder.is_dir():
        raise ThreeDieError(f"{folder}: no such folder; give the one with the records")
    files = find_records([folder])
    if not files:
        raise ThreeDieError(f"{folder}: no {RECORD_FILE} in there; '3die bench run' makes one in the run's folder")
    accepted: RecordsById = {}
    return [
        Verdict(file, "a link; put the file itself in its place") if file.is_symlink() else _check(file, accepted)
        for file in files
    ]


def usable_records(paths: Sequence[Path]) -> tuple[list[Record], list[Verdict]]:
    """The records of some files and folders that can go into tables, sorted, and the verdicts on the refused ones.

    See `usable_files`.
    """
    accepted, refused = usable_files(paths)
    return in_order(accepted), refused


def usable_files(paths: Sequence[Path]) -> tuple[RecordsById, list[Verdict]]:
    """The records of some files and folders that can go into tables, with their files, and verdicts on refused ones.

    Of two different records of one checkpoint, protocol and dataset the first file's is kept.

    Raises:
        ThreeDieError: a path that doesn't exist.
    """
    accepted: RecordsById = {}
    verdicts = [_check(file, accepted) for file in find_records(paths)]
    return accepted, [verdict for verdict in verdicts if verdict.reason is not None]


def _check(file: Path, accepted: RecordsById) -> Verdict:
    """Check one file; its record is added to the accepted ones if nothing is wrong with it."""
    try:
        record = read_record(file)
        reason = next(impossible_values(record), None)
        if reason is None:
            add_record(accepted, file, record)
    except ThreeDieError as error:
        return Verdict(file, str(error).removeprefix(f"{file}: "))
    return Verdict(file, reason, (*_remarks(record), *_remarks_on_draws(file, record)) if reason is None else ())


def _remarks_on_draws(file: Path, record: Record) -> Iterator[str]:
    try:
        read_draws(file.with_name(DRAWS_FILE), record)
    except ThreeDieError as error:
        yield f"{error}: the tables can't say what it differs from beyond chance"


def _remarks(record: Record) -> Iterator[str]:
    if record["origin"]["kind"] == "published":
        yield "published: shown apart and not ranked"
        return
    name, version = record["protocol"]["name"], record["protocol"]["version"]
    protocol = existing_protocol(name)
    if protocol is None or protocol.version != version:
        yield f"protocol {name}, version {version}, isn't one of this program's: it gets a table of its own"
    unknown = sorted({row["task"] for row in record["results"] if row["task"] not in TASKS})
    if unknown:
        names = ", ".join(truncate(name, _MOST_CHARACTERS) for name in unknown[:_MOST_NAMED])
        names += " and others" if len(unknown) > _MOST_NAMED else ""
        yield f"tasks that this program doesn't have, so that their values can't be checked: {names}"
    own = [row for row in record["results"] if row["task"] in TASKS and row["version"] == TASKS[row["task"]].version]
    if any(row["main"] != (row["metric"] == TASKS[row["task"]].main_under(protocol)) for row in own):
        yield "marks other main scores than its tasks have: the first table gets columns that it lacks otherwise"
    one_seed = record.get("evaluation", {}).get("head_seeds") == 1
    if one_seed and any(row.get("deviation") is not None for row in record["results"]):
        yield "has deviations, though its heads were trained with one seed (evaluation.head_seeds)"
    code = record["code"] or {"modified": None, "commit": None}
    if code["modified"]:
        yield "measured by code with changes that aren't committed"
    elif code["commit"] is None:
        yield "measured by code of no known commit"
