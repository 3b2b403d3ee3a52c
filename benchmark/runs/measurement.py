"""Measuring a checkpoint: from its content and a dataset to a record in a folder."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from threedie.benchmark.data.identity import identify
from threedie.benchmark.data.source import ImageStore, Source
from threedie.benchmark.evaluation.evaluate import Evaluation, evaluate
from threedie.benchmark.evaluation.features import FEATURES_FOLDER
from threedie.benchmark.evaluation.plan import EvaluationPlan
from threedie.benchmark.evaluation.scope import due_tasks
from threedie.benchmark.records.build import build_record, with_display_name, with_other_tasks
from threedie.benchmark.records.draws import DRAWS_FILE, DrawsByScore, main_draws, read_draws, write_draws
from threedie.benchmark.records.environment import Provenance
from threedie.benchmark.records.record import RECORD_FILE, Record, read_record, weights_of, write_record
from threedie.benchmark.runs.curves import CURVES_FILE, draw_curves
from threedie.benchmark.runs.summary import results_text
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.training.checkpoints import weights_sha256
from threedie.benchmark.training.restore import restore
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.progress import titled


def record_path(folder: Path, protocol: Protocol, fingerprint: str, trained_on: str | None = None) -> Path:
    """Where a record goes: the first one beside the checkpoint, those of other protocols or datasets below it.

    Args:
        folder: of the run.
        protocol: the rules.
        fingerprint: of the dataset that is measured on.
        trained_on: of the one that heads are trained on, where it is another.
    """
    first, rules = folder / RECORD_FILE, f"{protocol.name}-v{protocol.version}"
    if trained_on is not None:
        return folder / f"{rules}-{trained_on[:8]}-on-{fingerprint[:8]}" / RECORD_FILE
    if first.exists():
        existing = read_record(first)
        same = {"name": protocol.name, "version": protocol.version}
        if (existing["protocol"], existing["dataset"]["fingerprint"]) != (same, fingerprint):
            return folder / f"{rules}-{fingerprint[:8]}" / RECORD_FILE
    return first


@dataclass
class Measurement:
    """A checkpoint, what it is measured on and by which rules.

    Attributes:
        checkpoint: content of a finished checkpoint.
        folder: gets the record, the features and the picture of the curves.
        source: the dataset that heads are trained on, and that is measured on without an `eval_source`.
        images: gives its images, which need not be decoded before they are needed.
        plan: rules, scope, device and reporter.
        provenance: program, libraries and machine, and when the work began.
        eval_source, eval_images: another dataset to measure on.
        display_name: what tables call the record; None for the existing record's, or the method's name.
        records: folder whose records the suggested next command reads; by default the parent of `folder`.
    """

    checkpoint: dict[str, Any]
    folder: Path
    source: Source
    images: Callable[[], ImageStore]
    plan: EvaluationPlan
    provenance: Provenance
    eval_source: Source | None = None
    eval_images: ImageStore | None = None
    display_name: str | None = None
    records: Path | None = None
    record_file: Path = field(init=False)
    _adds: bool = field(init=False)

    def __post_init__(self) -> None:
        train_on, measure_on = (
            identify(each.dataset).fingerprint for each in (self.source, self.eval_source or self.source)
        )
        trained_on = train_on if self.eval_source else None
        self.record_file = record_path(self.folder, self.plan.protocol, measure_on, trained_on)
        scope = self.plan.scope
        # Only of tasks that were chosen: those of a kind of dataset are all that it has.
        self._adds = scope.tasks is not None
        if self.plan.protocol.on_aggregate:
            scope = scope.under(self.plan.protocol, restore(self.checkpoint).method)
        if scope.tasks is None and self.source.tasks is not None:
            scope = replace(scope, tasks=self.source.tasks)
        self.plan = replace(self.plan, scope=scope)

    def is_done(self) -> bool:
        """Whether a record of this checkpoint has all of today's tasks that are wanted, in this scope."""
        if not self.record_file.exists():
            return False
        record = read_record(self.record_file)
        if weights_of(record) != weights_sha256(self.checkpoint["model"]):
            return False
        measured = {(row["task"], row["version"]) for row in record["results"]}
        # A task whose every score is undefined on this data has a warning instead.
        tried = {task for task, _ in measured} | {warning["task"] for warning in record["warnings"] or []}
        due = due_tasks(restore(self.checkpoint).method, self.source.dataset)
        if self.plan.scope.tasks is not None:
            due &= set(self.plan.scope.tasks)
        current = {(task.name, task.version) for task in TASKS.values()}
        return due <= tried and record.get("evaluation", {}) == self.plan.scope.to_json() and measured <= current

    def run(self) -> Record:
        """Measure, and write the draws, the curves and the record.

        Raises:
            ThreeDieError: see `threedie.benchmark.evaluation.evaluate.evaluate`; or the record of some tasks can't be
                added to the existing one.
        """
        self._check_addition()
        features = self.folder / FEATURES_FOLDER
        result = evaluate(restore(self.checkpoint), self.plan, features, self.images(), self.eval_images)
        measured_on = self.eval_source or self.source
        trained_on = self.source.describe() if self.eval_source else None
        record = build_record(self.checkpoint, result, self.provenance, measured_on.describe(), trained_on)
        draws = main_draws(result.outcomes)
        record = with_display_name(record, self.display_name or self._existing_name())
        if self._adds and self.record_file.exists():
            record = with_other_tasks(record, read_record(self.record_file))
            draws = self._existing_draws(record) | draws
        if self.checkpoint["progress"]["curves"]["epoch"]:
            draw_curves(self.folder / CURVES_FILE, self.checkpoint["progress"]["curves"], record["id"])
        # Before the record: with it the measurement is done, and isn't repeated for a missing file.
        write_draws(self.record_file.with_name(DRAWS_FILE), record, draws)
        write_record(self.record_file, record)
        self._write_more(record, result)
        return record

    def rename(self) -> None:
        """Give the existing record the display name, if there is one."""
        if self.display_name is not None and self._existing_name() != self.display_name:
            write_record(self.record_file, with_display_name(read_record(self.record_file), self.display_name))

    def _existing_name(self) -> str | None:
        """The display name of an existing record of these weights."""
        if not self.record_file.exists():
            return None
        record = read_record(self.record_file)
        same = weights_of(record) == weights_sha256(self.checkpoint["model"])
        return record.get("display_name") if same else None

    def show(self) -> Record:
        """Report the existing record as text, and return it."""
        record = read_record(self.record_file)
        self.plan.reporter.text(results_text(record, self.record_file, self.folder, self.records or self.folder.parent))
        return record

    def _write_more(self, record: Record, result: Evaluation) -> None:
        """Write further files of some kinds of datasets beside the record."""

    def _existing_draws(self, record: Record) -> DrawsByScore:
        """Draws beside the record of scores that it keeps; none, with a note, where they can't be read."""
        try:
            return read_draws(self.record_file.with_name(DRAWS_FILE), record)
        except ThreeDieError as error:
            self.plan.reporter.text(titled("note", f"{error}. The other tasks' draws are lost"))
            return {}

    def _check_addition(self) -> None:
        """Refuse to add some tasks to a record that was measured in another scope."""
        if not self._adds or not self.record_file.exists():
            return
        existing = read_record(self.record_file)
        same = weights_of(existing) == weights_sha256(self.checkpoint["model"])
        if same and existing.get("evaluation") != self.plan.scope.to_json():
            raise ThreeDieError(
                f"{self.record_file}: was measured with other --seeds or another --on-embedding, so some tasks can't "
                "be added to it; give the same, or leave --tasks out to measure all anew"
            )
