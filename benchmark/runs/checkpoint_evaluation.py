"""Measuring existing weights, of a run or from elsewhere, on the dataset of their heads or on another."""

import errno
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from threedie.benchmark.data.source import Source
from threedie.benchmark.data.sources import find_source
from threedie.benchmark.evaluation.plan import EvaluationPlan
from threedie.benchmark.evaluation.requirements import require_training, require_validation, size_warnings
from threedie.benchmark.evaluation.scope import Scope
from threedie.benchmark.records.environment import Provenance
from threedie.benchmark.records.record import Record
from threedie.benchmark.runs.folder import run_lock
from threedie.benchmark.runs.measurement import Measurement
from threedie.benchmark.runs.weights import Weights
from threedie.benchmark.settings.defaults import DEFAULT_PROTOCOL, DEFAULT_WORKERS
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.training.device import find_device
from threedie.benchmark.training.imported import ImportOptions
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.progress import SILENT, Reporter, titled


@dataclass
class CheckpointEvaluation:
    """Weights, the dataset that heads are trained on, and what is measured.

    Attributes:
        weights: what is measured.
        source: the dataset that heads are trained on, and that is measured on without an `eval_source`.
        eval_source: another dataset to measure on.
        protocol: the rules.
        scope: which part of an evaluation is wanted.
        out: folder for the record and the features; None for the weights' own.
        device: `auto`, `cpu` or `cuda`.
        workers: threads that decode images.
        reporter: shows what happens.
        display_name: what tables call the record of a checkpoint of this program.
    """

    weights: Weights
    source: Source
    eval_source: Source | None
    protocol: Protocol
    scope: Scope = field(default_factory=Scope)
    out: Path | None = None
    device: str = "auto"
    workers: int = DEFAULT_WORKERS
    reporter: Reporter = SILENT
    display_name: str | None = None

    @classmethod
    def create(
        cls,
        checkpoint: Path,
        data: Path | None = None,
        eval_data: Path | None = None,
        *,
        import_options: ImportOptions | None = None,
        method_file: str | None = None,
        protocol: str = DEFAULT_PROTOCOL,
        **options: Any,
    ) -> "CheckpointEvaluation":
        """Open weights and datasets; nothing is written yet.

        Args:
            checkpoint: file of weights; see `Weights.open`.
            data: dataset file; None for the usual place.
            eval_data: another one to measure on.
            import_options: for weights of another program.
            method_file: `FILE.py:CLASS` of the method, if it isn't one of this program's.
            protocol: name of the rules.
            options: `scope`, `out`, `device`, `workers`, `reporter`: see the attributes.

        Raises:
            ThreeDieError: weights or datasets can't be used.
        """
        kind = find_source()
        rules, reporter = kind.find_protocol(protocol), options.get("reporter", SILENT)
        source = kind.open(data, reporter)
        eval_source = None if eval_data is None else kind.open(eval_data, reporter)
        require_training(source.dataset)
        require_validation((eval_source or source).dataset)
        weights = Weights.open(checkpoint, source.dataset.info.image_size, import_options)
        for title, line in zip(["weights", *["note"] * len(weights.notes)], weights.notes, strict=False):
            reporter.text(titled(title, line))
        weights.check(method_file)
        weights = weights.evaluated_with(import_options.overrides if import_options else ())
        if import_options and "imported" not in weights.content:
            options["display_name"] = import_options.name
        return cls(weights, source, eval_source, rules, **options)

    def run(self) -> Record:
        """Measure and write the record.

        Raises:
            ThreeDieError: the folder can't be written to or has the record of other weights; see `Measurement.run`.
        """
        recipe, report = self.weights.recipe, self.reporter.text
        provenance = Provenance.find(find_device(self.device))
        report(self.source.summary())
        for warning in size_warnings(self.source.dataset, recipe):
            report(titled("warning", str(warning)))
        folder = self.out or self.weights.folder
        with self._lock(folder):
            if self.out is not None:
                self.weights.check_folder(folder)
            images = self.source.images(recipe, self.workers, self.reporter)
            eval_images = None
            if self.eval_source is not None:
                report(f"measured on\n{self.eval_source.summary()}")
                eval_images = self.eval_source.images(recipe, self.workers, self.reporter)
            measurement = Measurement(
                checkpoint=dict(self.weights.content),
                folder=folder,
                source=self.source,
                images=lambda: images,
                plan=EvaluationPlan(self.protocol, self.scope, find_device(self.device), self.reporter),
                provenance=provenance,
                eval_source=self.eval_source,
                eval_images=eval_images,
                display_name=self.display_name,
                records=folder if self.out else folder.parent,
            )
            measurement.run()
            return measurement.show()

    @contextmanager
    def _lock(self, folder: Path) -> Iterator[None]:
        """Lock the folder that gets the record, before anything is computed."""
        lock = run_lock(folder, self.weights.owns_folder and self.out is None, self.reporter.wait)
        with ExitStack() as stack:
            try:
                stack.enter_context(lock)
            except ThreeDieError as error:
                cause = error.__cause__
                unwritable = isinstance(cause, OSError) and cause.errno in (errno.EROFS, errno.EACCES, errno.EPERM)
                if self.out is not None or not unwritable:
                    raise
                read_only = isinstance(cause, OSError) and cause.errno == errno.EROFS
                reason = "is read-only" if read_only else "can't be written to"
                raise ThreeDieError(
                    f"{folder}: the record would go here, and this folder {reason}; name another with --out FOLDER"
                ) from error
            yield
