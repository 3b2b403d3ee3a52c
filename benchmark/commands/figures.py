"""`3die bench figures`: what people look at, from runs and their records."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from threedie.benchmark.records.record import Record
    from threedie.manifests.dataset import Dataset

PATH = click.Path(path_type=Path)
DEFAULT_DATASET = Path("3die-data/dataset.h5")
DEFAULT_OUT = Path("figures")
KINDS = (
    "tradeoff", "rotation_error", "neighbours", "steering", "maps", "predictor", "classes", "curves",
)  # fmt: skip
_OF_RECORDS = ("tradeoff", "rotation_error", "curves")


@click.command()
@click.argument("runs", nargs=-1, required=True, type=PATH)
@click.option("-o", "--out", type=PATH, default=DEFAULT_OUT, show_default=True, help="Folder to write.")
@click.option("--data", type=PATH, help=f"Dataset that was measured on.  [default: {DEFAULT_DATASET}]")
@click.option("--only", type=click.Choice(KINDS), multiple=True, help="Draw only this; may be given more than once.")
@click.option("--workers", type=click.IntRange(1, 256), default=min(os.cpu_count() or 1, 16), help="Decoding threads.")
def figures(runs: tuple[Path, ...], out: Path, data: Path | None, only: tuple[str, ...], workers: int) -> None:
    """Draw figures of runs, as PNG and SVG, for papers and for the leaderboard's page.

    RUNS are folders of runs, or folders with such at any depth. Of all together: classification against rotation, error
    against rotation. Of each method's first seed: views its predictor finds, steering, maps of its representation,
    whether its predictor keeps the laws of rotations, a table class by class, curves. A method without predictor has
    fewer. The numbers in the figures are in figures.json.
    """
    from threedie.benchmark.figures.style import save, styled
    from threedie.benchmark.figures.tables import rotation_errors, tradeoffs
    from threedie.benchmark.leaderboard.check import usable_records
    from threedie.benchmark.leaderboard.pictures import FORMAT, INDEX_FILE
    from threedie.manifests.errors import ThreeDieError
    from threedie.manifests.files import write_json

    wanted = only or KINDS
    found, refused = usable_records(runs)
    for verdict in refused:
        click.echo(f"refused {verdict.file}: {verdict.reason}", err=True)
    records = [record for record in found if record["origin"]["kind"] == "measured"]
    if not records:
        raise ThreeDieError(f"{', '.join(map(str, runs))}: no measured record in there; '3die bench run sie' makes one")
    rows: list[dict[str, Any]] = []
    with styled():
        for kind, draw in (("tradeoff", tradeoffs), ("rotation_error", rotation_errors)):
            drawings = draw(records) if kind in wanted else []
            for number, drawing in enumerate(drawings, 1):
                name = kind if len(drawings) == 1 else f"{kind}-{number}"
                rows.append(save(drawing, out, name))
                click.echo(f"drawn   {out / name}.png")
            if kind in wanted and not drawings:
                click.echo(f"without {kind}: no record has the results it needs; measure again with '3die bench eval'")
        dataset = _dataset(data) if set(wanted) - set(_OF_RECORDS) and _any_checkpoint(records, runs) else None
        for record in _first_seeds(records, dataset):
            rows += _of_one(record, runs, out, dataset, data is not None, wanted, workers)
    if not rows:
        raise ThreeDieError(f"{', '.join(map(str, runs))}: nothing to draw in there; see the lines above")
    # Kind by kind, so that a page with too little room for all has the same ones of each run.
    rows.sort(key=lambda row: KINDS.index(row["kind"]))
    write_json(out / INDEX_FILE, {"format": FORMAT, "figures": rows})
    click.echo(f"numbers {out / INDEX_FILE}")
    click.echo(f"next    3die leaderboard {' '.join(map(str, runs))} --figures {out}")
    if refused:
        raise SystemExit(1)


def _first_seeds(records: list["Record"], dataset: "Dataset | None") -> list["Record"]:
    """The first record of each row of the tables; says which others there are.

    A run that was measured more than once is drawn once: as measured on the dataset at hand, by the newest rules.
    """
    from threedie.benchmark.data.identity import identify
    from threedie.benchmark.leaderboard.tables import measured

    at_hand = identify(dataset).fingerprint if dataset else None
    chosen: dict[str, Record] = {}
    for group in measured(records):
        for entry in group.entries:
            first = entry.records[0]
            if len(entry.records) > 1 and first["id"] not in chosen:
                click.echo(f"        {entry.method}: {len(entry.records)} runs, drawn of the first, {first['id']}")
            best = max(chosen.get(first["id"], first), first, key=lambda record: _nearness(record, at_hand))
            chosen[first["id"]] = best
    return list(chosen.values())


def _nearness(record: "Record", at_hand: str | None) -> tuple[bool, bool, int]:
    return record["dataset"]["fingerprint"] == at_hand, "trained_on" not in record, record["protocol"]["version"]


def _of_one(
    record: "Record",
    runs: tuple[Path, ...],
    out: Path,
    dataset: "Dataset | None",
    strict: bool,
    wanted: tuple[str, ...],
    workers: int,
) -> list[dict[str, Any]]:
    """Draw the figures of one run that there can be; one line for those that there can't."""
    from threedie.benchmark.figures.classes import per_class
    from threedie.benchmark.figures.curves import curves
    from threedie.benchmark.figures.maps import maps
    from threedie.benchmark.figures.predictor import predictor
    from threedie.benchmark.figures.strips import neighbours, steering
    from threedie.benchmark.figures.study import open_study
    from threedie.benchmark.figures.style import save
    from threedie.manifests.errors import ThreeDieError
    from threedie.manifests.progress import bar

    drawings = [curves(record)] if "curves" in wanted else []
    inner = {"neighbours": neighbours, "steering": steering, "maps": maps, "predictor": predictor, "classes": per_class}
    missing = [] if drawings != [None] else ["curves (it was not trained)"]
    asked = {kind: draw for kind, draw in inner.items() if kind in wanted}
    folder = _folder(record, runs) if asked else None
    if asked and (folder is None or dataset is None):
        missing.append(f"{', '.join(asked)} (no checkpoint beside its record)")
    elif asked and folder is not None and dataset is not None:
        try:
            study = open_study(
                record, folder, dataset, workers, lambda items: bar("features", len(items), "batch", items)
            )
        except ThreeDieError as error:
            if strict:
                raise
            missing.append(f"{', '.join(asked)} ({error})")
        else:
            for kind, draw in asked.items():
                drawing = draw(study)
                drawings.append(drawing)
                if drawing is None:
                    missing.append(kind if kind != "classes" else "classes (measured by other rules)")
            if not study.method.has_predictor and set(asked) & {"neighbours", "steering", "predictor"}:
                missing.append("(no predictor)")
    rows = []
    for drawing in drawings:
        if drawing is not None:
            name = f"{drawing.kind}-{record['id']}"
            rows.append(save(drawing, out, name))
            click.echo(f"drawn   {out / name}.png")
    if missing:
        click.echo(f"without {record['id']}: {', '.join(missing).replace(', (', ' (')}")
    return rows


def _dataset(data: Path | None) -> "Dataset":
    from threedie.manifests.dataset import Dataset
    from threedie.manifests.errors import ThreeDieError

    if data is None and not DEFAULT_DATASET.is_file():
        raise ThreeDieError(
            f"{DEFAULT_DATASET}: no dataset here, and figures show its pictures; name it with --data FILE, or draw "
            f"what needs none: {' '.join(f'--only {kind}' for kind in _OF_RECORDS)}"
        )
    return Dataset(data or DEFAULT_DATASET)


def _any_checkpoint(records: list["Record"], runs: tuple[Path, ...]) -> bool:
    return any(_folder(record, runs) is not None for record in records)


def _folder(record: "Record", runs: tuple[Path, ...]) -> Path | None:
    """The folder with the checkpoint of a record: where the record lies, or the one above."""
    from threedie.benchmark.records.record import find_records, read_record
    from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE
    from threedie.manifests.errors import ThreeDieError

    for run in runs:
        for file in find_records([run]):
            try:
                same = read_record(file) == record
            except ThreeDieError:
                # Named as refused when all were read.
                continue
            if same:
                for place in (file.parent, file.parent.parent):
                    if (place / CHECKPOINT_FILE).is_file():
                        return place
    return None
