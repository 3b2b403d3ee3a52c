"""Draws the figures of some runs into a folder, with an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threedie.benchmark.figures.kinds import KINDS
from threedie.benchmark.figures.selection import checkpoint_folder, first_seeds
from threedie.benchmark.figures.study import open_study
from threedie.benchmark.figures.style import Drawing, save, styled
from threedie.benchmark.leaderboard.pictures import FORMAT, INDEX_FILE
from threedie.benchmark.records.record import Record
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import write_json
from threedie.manifests.places import DEFAULT_DATASET
from threedie.manifests.progress import SILENT, Reporter

_WITHOUT_RESULTS = "no record has the results it needs; measure again with '3die bench eval'"


@dataclass(frozen=True)
class FigureRequest:
    """What to draw.

    Attributes:
        records: measured ones.
        runs: the files and folders they come from; checkpoints lie beside the records.
        out: folder to write.
        data: the dataset that was measured on; it must be that of every run. None takes `DEFAULT_DATASET` where one is
            needed, and leaves figures of other runs out.
        kinds: names in `KINDS`.
        workers: threads that decode images.
        all_rows: whether figures with a mark for each row show all, however many.
    """

    records: Sequence[Record]
    runs: Sequence[Path]
    out: Path
    data: Path | None
    kinds: Sequence[str]
    workers: int
    all_rows: bool = False

    def kinds_from(self, source: str) -> list[str]:
        """The kinds that are drawn from a source."""
        return [name for name, kind in KINDS.items() if name in self.kinds and kind.source == source]

    def comparisons(self) -> list[tuple[str, Sequence[Any]]]:
        """The kinds of figures of several runs, each with what it is drawn from."""
        sources = {"records": self.records, "folders": self.runs}
        return [
            (name, sources[kind.source])
            for name, kind in KINDS.items()
            if name in self.kinds and kind.source in sources
        ]

    def open_dataset(self) -> Dataset | None:
        """The dataset; None if no figure needs it or no run has a checkpoint.

        Raises:
            ThreeDieError: no dataset is named, and the default path has none.
        """
        if not self.kinds_from("study") or not any(checkpoint_folder(record, self.runs) for record in self.records):
            return None
        if self.data is None and not DEFAULT_DATASET.is_file():
            others = " ".join(f"--only {name}" for name, kind in KINDS.items() if kind.source != "study")
            raise ThreeDieError(
                f"{DEFAULT_DATASET}: no dataset here, and figures show its pictures; name it with --data FILE, or draw "
                f"what needs none: {others}"
            )
        return Dataset(self.data or DEFAULT_DATASET)


def draw_figures(request: FigureRequest, reporter: Reporter = SILENT) -> Path:
    """Draw the figures of a request as PNG, SVG and PDF, and write their index.

    Args:
        request: what to draw.
        reporter: shows a line for each figure, and for those that can't be drawn.

    Returns:
        The index.

    Raises:
        ThreeDieError: there is nothing to draw, a dataset doesn't fit, or a file can't be written.
    """
    rows: list[dict[str, Any]] = []
    report = reporter.text

    def write(drawing: Drawing, name: str) -> None:
        rows.append(save(drawing, request.out, name))
        report(f"drawn   {request.out / name}.png")

    with styled():
        for kind, source in request.comparisons():
            options = {"all_rows": request.all_rows} if KINDS[kind].of_rows else {}
            drawings = KINDS[kind].load()(source, **options)
            for number, drawing in enumerate(drawings, 1):
                write(drawing, kind if len(drawings) == 1 else f"{kind}-{number}")
            # Few have a study of datasets: nobody has to be told each time that there is none.
            if not drawings and (source is request.records or len(request.kinds) == 1):
                report(f"without {kind}: {KINDS[kind].absent or _WITHOUT_RESULTS}")
        dataset = request.open_dataset()
        for record in first_seeds(request.records, dataset, report):
            drawings, reasons = _draw_run(record, request, dataset, reporter)
            for drawing in drawings:
                write(drawing, f"{drawing.kind}-{record['id']}")
            if reasons:
                report(f"without {record['id']}: {reasons}")
    if not rows:
        raise ThreeDieError(f"{', '.join(map(str, request.runs))}: nothing to draw in there; see the lines above")
    # Kind by kind, so that a page with too little room for all has the same ones of each run.
    rows.sort(key=lambda row: list(KINDS).index(row["kind"]))
    write_json(request.out / INDEX_FILE, {"format": FORMAT, "figures": rows})
    return request.out / INDEX_FILE


def _draw_run(
    record: Record, request: FigureRequest, dataset: Dataset | None, reporter: Reporter
) -> tuple[list[Drawing], str]:
    """The figures of one run, and which can't be drawn and why, in words.

    Raises:
        ThreeDieError: the request names a dataset, and it isn't the run's.
    """
    drawings: list[Drawing] = []
    absent: dict[str, list[str]] = {}

    def draw(kind: str, source: Any, reason: str) -> None:
        drawing = KINDS[kind].load()(source)
        if drawing is None:
            absent.setdefault(reason, []).append(kind)
        else:
            drawings.append(drawing)

    for kind in request.kinds_from("record"):
        draw(kind, record, KINDS[kind].absent)
    kinds = request.kinds_from("study")
    folder = checkpoint_folder(record, request.runs) if kinds else None
    if kinds and (folder is None or dataset is None):
        absent["no checkpoint beside its record"] = kinds
    elif folder is not None and dataset is not None:
        try:
            study = open_study(record, folder, dataset, request.workers, reporter)
        except ThreeDieError as error:
            if request.data is not None:
                raise
            absent[str(error)] = kinds
        else:
            for kind in kinds:
                without_predictor = KINDS[kind].needs_predictor and not study.method.has_predictor
                draw(kind, study, "no predictor" if without_predictor else KINDS[kind].absent)
    return drawings, ", ".join(f"{', '.join(names)} ({reason})" for reason, names in absent.items())
