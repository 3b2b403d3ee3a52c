"""Submitted records: whether each can go into the tables, and if not, which field is in the way."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmark.results import RECORD_FILE, Found, Record, add_record, read_record
from manifests.errors import ThreeDieError

MOST_BYTES = 4 * 2**20
"""Size of a record; one of 2000 epochs with ten curves takes half a megabyte."""

# Metric -> lowest and highest value there can be; r2 of whatever is 1 at most.
_RANGES: dict[str, tuple[float, float]] = {
    "top1": (0, 1), "top5": (0, 1), "mrr": (0, 1), "h1": (0, 1), "h2": (0, 1), "h5": (0, 1), "h10": (0, 1),
    "pre": (0, 1), "pre_train_train": (0, 1), "pre_val_val": (0, 1), "pre_val_all": (0, 1),
    "geodesic_mean_deg": (0, 180), "geodesic_median_deg": (0, 180),
}  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """What was found about one file.

    Attributes:
        file: the file.
        reason: why it is refused; None where it isn't.
        remarks: what a reader of the table should know, though it is no reason to refuse.
    """

    file: Path
    reason: str | None
    remarks: tuple[str, ...] = ()


def check_folder(folder: Path) -> list[Verdict]:
    """Look at every JSON file of a folder, at any depth, in the order of the names.

    Raises:
        ThreeDieError: the folder isn't there or has no record.
    """
    if not folder.is_dir():
        raise ThreeDieError(f"{folder}: no such folder; give the one with the records")
    files = sorted(folder.glob(f"**/{RECORD_FILE}"))
    if not files:
        raise ThreeDieError(f"{folder}: no {RECORD_FILE} in there; '3die bench run' makes one in the run's folder")
    good: Found = {}
    return [_look(file, good) for file in files]


def _look(file: Path, good: Found) -> Verdict:
    """One file; a good record is put to the good ones."""
    if file.is_symlink():
        return Verdict(file, "a link; put the file itself there")
    size = file.stat().st_size
    if size > MOST_BYTES:
        return Verdict(file, f"{size:,} bytes; a record has at most {MOST_BYTES:,}: is it the right file?")
    try:
        record = read_record(file)
        reason = next(_impossible(record), None)
        if reason is None:
            add_record(good, file, record)
    except ThreeDieError as error:
        return Verdict(file, str(error).removeprefix(f"{file}: "))
    return Verdict(file, reason, tuple(_remarks(record)) if reason is None else ())


def _impossible(record: Record) -> Iterator[str]:
    for index, row in enumerate(record["results"]):
        most = 1.0 if row["metric"].split("_")[0] == "r2" else float("inf")
        low, high = _RANGES.get(row["metric"], (float("-inf"), most))
        for name in ("value", "floor"):
            if row[name] is not None and not low - 1e-9 <= row[name] <= high + 1e-9:
                yield (
                    f"results[{index}].{name}: {row['metric']} of {row[name]:g} can't be; it lies between {low:g} and "
                    f"{high:g} (shares are given from 0 to 1, not in %)"
                )
        interval = row.get("interval")
        if interval and interval[0] > interval[1]:
            yield f"results[{index}].interval: {interval[0]:g} to {interval[1]:g} is the wrong way round"


def _remarks(record: Record) -> Iterator[str]:
    from benchmark.protocol import PROTOCOLS  # noqa: PLC0415

    if record["origin"]["kind"] == "published":
        yield "published: shown apart and not ranked"
        return
    name, version = record["protocol"]["name"], record["protocol"]["version"]
    known = PROTOCOLS.get(name)
    if known is None or known.version != version:
        yield f"protocol {name}, version {version}, isn't one of this program's: it gets a table of its own"
    if record["code"]["modified"]:
        yield "measured by code with changes that aren't committed"
    elif record["code"]["commit"] is None:
        yield "measured by code of no known commit"
