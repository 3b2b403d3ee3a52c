"""Which records are drawn one by one, and where their checkpoints are."""

from collections.abc import Callable, Sequence
from pathlib import Path

from threedie.benchmark.data.identity import identify
from threedie.benchmark.leaderboard.groups import measured
from threedie.benchmark.records.record import Record, find_records, read_record
from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError


def first_seeds(records: Sequence[Record], dataset: Dataset | None, report: Callable[[str], None]) -> list[Record]:
    """The first record of each row of the tables; a row with several runs is reported.

    A run that was measured more than once is drawn once: as measured on this dataset, under the newest protocol.
    """
    fingerprint = identify(dataset).fingerprint if dataset else None

    def preference(record: Record) -> tuple[bool, bool, int]:
        same_dataset = record["dataset"]["fingerprint"] == fingerprint
        return same_dataset, "trained_on" not in record, record["protocol"]["version"]

    chosen: dict[str, Record] = {}
    for group in measured(records):
        for entry in group.entries:
            first = entry.records[0]
            if len(entry.records) > 1 and first["id"] not in chosen:
                report(f"        {entry.method}: {len(entry.records)} runs, drawn of the first, {first['id']}")
            chosen[first["id"]] = max(chosen.get(first["id"], first), first, key=preference)
    return list(chosen.values())


def checkpoint_folder(record: Record, runs: Sequence[Path]) -> Path | None:
    """The folder with a record's checkpoint: beside the record or one level above it; None if neither has one."""
    for file in find_records(runs):
        try:
            same = read_record(file) == record
        except ThreeDieError:
            # Reported as refused when all records were read.
            continue
        if same:
            for folder in (file.parent, file.parent.parent):
                if (folder / CHECKPOINT_FILE).is_file():
                    return folder
    return None
