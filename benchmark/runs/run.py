"""A run: one method trained on one dataset and measured, in a folder of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Unpack

from threedie.baselines.method import Method
from threedie.benchmark.data.identity import identify
from threedie.benchmark.data.source import ImageStore, Source
from threedie.benchmark.data.sources import DEFAULT_SOURCE, find_source
from threedie.benchmark.data.sources.cifar10 import RESULT_FILE
from threedie.benchmark.evaluation.pictures import neighbor_monitor
from threedie.benchmark.evaluation.plan import EvaluationPlan
from threedie.benchmark.evaluation.requirements import (
    form_note,
    require_kind,
    require_training,
    require_validation,
    require_views,
    size_warnings,
)
from threedie.benchmark.evaluation.scope import Scope
from threedie.benchmark.records.build import run_name
from threedie.benchmark.records.environment import Provenance
from threedie.benchmark.records.record import Record, read_record
from threedie.benchmark.runs.announce import Forecast
from threedie.benchmark.runs.cifar10_result import Cifar10Measurement
from threedie.benchmark.runs.folder import CONFIG_FILE, run_lock
from threedie.benchmark.runs.measurement import Measurement, record_path
from threedie.benchmark.runs.run_options import RunOptions, check_options
from threedie.benchmark.settings.defaults import DEFAULT_PROTOCOL, DEFAULT_WORKERS, SAVE_EVERY_S
from threedie.benchmark.settings.override_words import override_words
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.settings.recipe import Recipe, is_own_recipe, load_recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import build
from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE, load_checkpoint
from threedie.benchmark.training.device import find_device
from threedie.benchmark.training.loop import train
from threedie.benchmark.training.own_methods import require_method, resolve_method
from threedie.benchmark.training.restore import read_settings
from threedie.benchmark.training.resume import resumable
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import write_json
from threedie.manifests.places import DEFAULT_RUNS
from threedie.manifests.processes import find_processes
from threedie.manifests.progress import SILENT, Reporter, titled

_OLDER_FORMS: dict[str | None, type[Measurement]] = {RESULT_FILE: Cifar10Measurement}
"""`Source.older_result` -> the measurement that writes it beside the record."""


@dataclass
class Run:
    """One method trained on one dataset and evaluated.

    `train` trains, `evaluate` evaluates, `complete` does both. A stopped run resumes where it was, and nothing that is
    finished is repeated.

    Attributes:
        folder: its folder.
        settings: what decides its weights.
        source: the dataset; None for a run that is only read.
        protocol: the rules of evaluation.
        scope: which part of an evaluation is wanted.
        device: `auto`, `cpu` or `cuda`.
        workers: threads that decode images.
        save_every_s: seconds between checkpoints.
        reporter: shows what happens.
        name: what tables call it; None for the name that its record has, or its method's.
        data: path of the dataset, for suggested commands; None for the usual place.
        method_file: `FILE.py:CLASS` of a method that isn't one of this program's.
        recipe_file: the file of a recipe that isn't one of this program's.
    """

    folder: Path
    settings: RunSettings
    source: Source | None
    protocol: Protocol
    scope: Scope = field(default_factory=Scope)
    device: str = "auto"
    workers: int = DEFAULT_WORKERS
    save_every_s: float = SAVE_EVERY_S
    reporter: Reporter = SILENT
    name: str | None = None
    data: Path | None = None
    method_file: str | None = None
    recipe_file: Path | None = None
    _images: ImageStore | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        check_options(**{name: getattr(self, name) for name in RunOptions.__annotations__})
        find_device(self.device)

    @classmethod
    def create(
        cls,
        method: str | type[Method],
        data: Dataset | Path | str | None = None,
        *,
        dataset: str = DEFAULT_SOURCE,
        recipe: Recipe | str | Path | None = None,
        overrides: Mapping[str, Any] | Sequence[str] = (),
        seed: int = 0,
        out: Path | str = DEFAULT_RUNS,
        protocol: str = DEFAULT_PROTOCOL,
        **options: Unpack[RunOptions],
    ) -> "Run":
        """A run, new or to be resumed; nothing is written yet.

        Args:
            method: its name, `FILE.py:CLASS`, or a class. One of your own is taken from its file, which is imported
                once more.
            data: the dataset file, its path or opened; for other kinds the folder of the files; None for the usual
                place.
            dataset: kind of dataset; see `threedie.benchmark.data.sources.source_names`.
            recipe: how to train, or a recipe's name or TOML file; None for the usual one of that kind of dataset.
            overrides: changed settings of the recipe, `{"epochs": 10}` or `["epochs=10"]`; the method's own options
                are in `method_options`.
            seed: decides initial weights, pairs and order.
            out: folder that gets a folder for the run.
            protocol: name of the rules of evaluation.
            options: `scope`, `device`, `workers`, `save_every_s`, `reporter`, `name`: see the attributes.

        Raises:
            ThreeDieError: no such method, recipe, protocol or dataset, or they don't suit each other.
        """
        check_options(**options)
        # Before a dataset is opened, as it is quick and that may not be.
        name, method_file = resolve_method(method)
        kind, reporter = find_source(dataset), options.get("reporter", SILENT)
        recipe_file = None
        if not isinstance(recipe, Recipe):
            recipe_file = Path(recipe) if recipe and is_own_recipe(recipe) else None
            words = override_words(overrides)
            recipe = load_recipe(recipe or kind.recipe_for(name, words), words, name, reporter.note)
        elif overrides:
            raise ThreeDieError("overrides: only with the name of a recipe; dataclasses.replace changes a Recipe")
        rules = kind.find_protocol(protocol)
        place = _file_of(data)
        source = kind.open(place, reporter)
        require_training(source.dataset)
        require_validation(source.dataset)
        options["device"] = find_device(options.get("device", "auto"))
        identity = identify(source.dataset)
        recipe = source.adapt(name, recipe)
        settings = RunSettings(name, recipe, seed, identity.fingerprint, identity.images_sha256)
        require_kind(recipe, source.dataset)
        untrained = build(settings)
        source.check(settings, untrained)
        require_views(rules, name, untrained, source.dataset)
        folder = Path(out) / run_name(name, recipe.name, seed)
        return cls(
            folder, settings, source, rules, data=place, method_file=method_file, recipe_file=recipe_file, **options
        )

    @classmethod
    def open(
        cls,
        folder: Path | str,
        data: Dataset | Path | str | None = None,
        *,
        method: str | type[Method] | None = None,
        dataset: str = DEFAULT_SOURCE,
        protocol: str = DEFAULT_PROTOCOL,
        **options: Unpack[RunOptions],
    ) -> "Run":
        """The run in a folder.

        Args:
            folder: with a checkpoint.
            data: its dataset, if it is to be trained further or measured.
            method: `FILE.py:CLASS` or the class, where the run is of a method of your own; a checkpoint holds no code.
            dataset, protocol, options: see `create`.

        Raises:
            ThreeDieError: no checkpoint, or the dataset isn't the one it is trained on.
        """
        path = Path(folder) / CHECKPOINT_FILE
        settings = read_settings(load_checkpoint(path), path)
        kind = find_source(dataset)
        place = _file_of(data)
        source = None if place is None else kind.open(place)
        method_file = None if source is None else require_method(method, settings.method, path)
        if source and identify(source.dataset).fingerprint != settings.fingerprint:
            raise ThreeDieError(f"{place}: isn't the dataset that {folder} is trained on; name that one")
        rules = kind.find_protocol(protocol)
        return cls(Path(folder), settings, source, rules, data=place, method_file=method_file, **options)

    def with_seed(self, seed: int) -> "Run":
        """The same run from another seed, in a folder of its own beside this one's; decoded images are shared.

        Raises:
            ThreeDieError: no such seed.
        """
        settings = replace(self.settings, seed=seed)
        name = run_name(settings.method, settings.recipe.name, seed)
        other = replace(self, settings=settings, folder=self.folder.with_name(name))
        other._images = self._images
        return other

    @property
    def checkpoint(self) -> dict[str, Any] | None:
        """Content of its checkpoint; None before the first.

        Raises:
            ThreeDieError: it is damaged, or of other settings.
        """
        return resumable(self.folder / CHECKPOINT_FILE, self.settings)

    @property
    def record_file(self) -> Path:
        """Where its record is or will be; see `record_path`."""
        assert self.settings.fingerprint is not None
        return record_path(self.folder, self.protocol, self.settings.fingerprint)

    @property
    def record(self) -> Record | None:
        """Its record under its protocol; None before it is measured.

        Raises:
            ThreeDieError: it is damaged.
        """
        return read_record(self.record_file) if self.record_file.exists() else None

    def train(self) -> dict[str, Any]:
        """Train, or go on training; the content of the checkpoint.

        Raises:
            ThreeDieError: see `threedie.benchmark.training.loop.train`; or another process works in the folder.
            Interrupted: a signal came; the checkpoint is saved.
        """
        if not find_processes().first:
            return self._train()
        with run_lock(self.folder, report=self.reporter.wait):
            return self._train()

    def evaluate(self) -> Record:
        """Measure the trained method and write the record, or read one that is complete.

        Raises:
            ThreeDieError: it isn't trained to the end, can't be measured, or another process works in the folder.
        """
        provenance = Provenance.find(find_device(self.device))
        with run_lock(self.folder, report=self.reporter.wait):
            checkpoint = self.checkpoint
            if checkpoint is None or not checkpoint["finished"]:
                raise ThreeDieError(f"{self.folder}: isn't trained to the end; train it first")
            measurement = self._measurement(checkpoint, provenance)
            if not measurement.is_done():
                return measurement.run()
            measurement.rename()
            return read_record(measurement.record_file)

    def complete(self) -> Record | None:
        """Train and measure; the record, or None in all processes of a run but the first, which only train.

        Raises:
            ThreeDieError: see `train` and `evaluate`.
            Interrupted: a signal came; the checkpoint is saved.
        """
        processes = find_processes()
        if not processes.first:
            self._train()
            return None
        report = self.reporter.text
        self._introduce()
        if processes.note:
            report(titled("process", processes.note + processes.remedy))
        with run_lock(self.folder, report=self.reporter.wait):
            provenance = Provenance.find(find_device(self.device))
            before = self.checkpoint
            finished = before is not None and bool(before["finished"])
            if before and finished and (measurement := self._measurement(before, provenance)).is_done():
                report(f"\n{self.folder}: finished before; nothing to do")
                measurement.rename()
                return measurement.show()
            self._warn(finished)
            self._load_images()
            if finished:
                report(f"\n{self.folder}: trained before; only measuring")
            else:
                self._announce(before)
                if before:
                    report(titled("resume", f"from {_place_of(before)}"))
            measurement = self._measurement(self._train(), provenance)
            measurement.run()
            return measurement.show()

    def show_plan(self) -> None:
        """Report what would be trained and measured, where it goes and how long it takes; nothing is written.

        Raises:
            ThreeDieError: the folder holds a run with other settings, or a damaged checkpoint.
        """
        before = self.checkpoint
        finished = before is not None and bool(before["finished"])
        state = "new" if before is None else f"goes on from {_place_of(before)}"
        self._introduce()
        if before and finished:
            provenance = Provenance.find(find_device(self.device))
            if self._measurement(before, provenance).is_done():
                self.reporter.text(titled("folder", f"{self.folder}: finished before; nothing to do"))
                return
            state = "trained before; only to be measured"
        self._warn(finished)
        self.reporter.text(titled("folder", f"{self.folder}: {state}"))
        self._announce(before)

    def _introduce(self) -> None:
        self.reporter.text(self._require_source().summary())
        self.reporter.text(titled("recipe", self.settings.recipe.text()))

    def _warn(self, finished: bool) -> None:
        """Report what to know before training and measuring."""
        for warning in size_warnings(self._require_source().dataset, self.settings.recipe):
            self.reporter.text(titled("warning", str(warning)))
        if not finished and (note := form_note(self.settings.recipe)):
            self.reporter.text(titled("warning", note))

    def _require_source(self) -> Source:
        if self.source is None:
            raise ThreeDieError(f"{self.folder}: give its dataset to train or measure it: Run.open(folder, data)")
        return self.source

    def _load_images(self) -> ImageStore:
        """The images, decoded once."""
        if self._images is None:
            self._images = self._require_source().images(self.settings.recipe, self.workers, self.reporter)
        return self._images

    def _train(self) -> dict[str, Any]:
        images = self._load_images()
        if find_processes().first:
            write_json(self.folder / CONFIG_FILE, self.settings.to_json())
        monitor = neighbor_monitor(images) if self._require_source().watches_neighbors else None
        return train(self.settings, images, self.folder, self.device, self.save_every_s, monitor, self.reporter)

    def _measurement(self, checkpoint: dict[str, Any], provenance: Provenance) -> Measurement:
        kind = _OLDER_FORMS.get(self._require_source().older_result, Measurement)
        return kind(
            checkpoint=checkpoint,
            folder=self.folder,
            source=self._require_source(),
            images=self._load_images,
            plan=self._plan(),
            provenance=provenance,
            display_name=self.name,
        )

    def _plan(self) -> EvaluationPlan:
        return EvaluationPlan(self.protocol, self.scope, find_device(self.device), self.reporter)

    def _announce(self, before: dict[str, Any] | None) -> None:
        """Report how long it will take, and how to start a smaller run."""
        steps_done = before["progress"]["steps_done"] if before else 0
        forecast = Forecast(
            settings=self.settings,
            images=self._load_images(),
            plan=self._plan(),
            steps_done=steps_done,
            data=self.data,
            method_file=self.method_file,
            recipe_file=self.recipe_file,
            watches_neighbors=self._require_source().watches_neighbors,
        )
        for line in forecast.lines():
            self.reporter.text(line)


def _place_of(checkpoint: dict[str, Any]) -> str:
    """How far a checkpoint's training is."""
    progress = checkpoint["progress"]
    return f"epoch {progress['epoch'] + 1}, step {progress['steps_done']}"


def _file_of(data: Dataset | Path | str | None) -> Path | None:
    return data.path if isinstance(data, Dataset) else None if data is None else Path(data)
