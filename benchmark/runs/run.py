"""A run: one method trained on one dataset and measured, in a folder of its own."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Any, TypedDict, Unpack

import numpy as np

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
from threedie.benchmark.records.rules import check_name
from threedie.benchmark.runs.announce import Forecast
from threedie.benchmark.runs.cifar10_result import Cifar10Measurement
from threedie.benchmark.runs.folder import CONFIG_FILE, run_lock
from threedie.benchmark.runs.measurement import Measurement, record_path
from threedie.benchmark.settings.defaults import DEFAULT_PROTOCOL, DEFAULT_WORKERS, SAVE_EVERY_S
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.settings.recipe import Recipe, load_recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import build
from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE, load_checkpoint
from threedie.benchmark.training.device import find_device
from threedie.benchmark.training.loop import train
from threedie.benchmark.training.own_methods import require_method, resolve_method
from threedie.benchmark.training.restore import read_settings
from threedie.benchmark.training.resume import resumable
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError, shown_value
from threedie.manifests.files import write_json
from threedie.manifests.places import DEFAULT_RUNS
from threedie.manifests.processes import find_processes
from threedie.manifests.progress import SILENT, Reporter, titled


class RunOptions(TypedDict, total=False):
    """Attributes of a run that decide no number."""

    scope: Scope
    device: str
    workers: int
    save_every_s: float
    reporter: Reporter
    name: str | None


_OLDER_FORMS: dict[str | None, type[Measurement]] = {RESULT_FILE: Cifar10Measurement}
"""`Source.older_result` -> the measurement that writes it beside the record."""

_OPTION_TYPES: dict[str, tuple[type | UnionType, str]] = {
    "scope": (Scope, "a threedie.Scope"),
    "device": (str, "'auto', 'cpu' or 'cuda'"),
    "workers": (int, "a whole number"),
    "save_every_s": (int | float, "a number of seconds"),
    "reporter": (Reporter, "a Reporter"),
    "name": (str | None, "a name"),
}


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
    _images: ImageStore | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        for name, (kind, words) in _OPTION_TYPES.items():
            if not isinstance(getattr(self, name), kind):
                raise ThreeDieError(f"{name} {shown_value(getattr(self, name))}: give {words}")
        if self.workers < 1:
            raise ThreeDieError(f"workers {self.workers}: give 1 or more")
        if not self.save_every_s >= 0:
            raise ThreeDieError(f"save_every_s {self.save_every_s}: give 0 or more seconds")
        if self.name is not None:
            check_name(self.name, "name")
        find_device(self.device)

    @classmethod
    def create(
        cls,
        method: str | type[Method],
        data: Dataset | Path | str | None = None,
        *,
        dataset: str = DEFAULT_SOURCE,
        recipe: Recipe | str | None = None,
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
            recipe: how to train, or the name of a recipe; None for the usual one of that kind of dataset.
            overrides: changed settings of the recipe, `{"epochs": 10}` or `["epochs=10"]`; the method's own options
                are in `method_options`.
            seed: decides initial weights, pairs and order.
            out: folder that gets a folder for the run.
            protocol: name of the rules of evaluation.
            options: `scope`, `device`, `workers`, `save_every_s`, `reporter`, `name`: see the attributes.

        Raises:
            ThreeDieError: no such method, recipe, protocol or dataset, or they don't suit each other.
        """
        # First of all, as it is quick and a dataset may not be.
        name, method_file = resolve_method(method)
        kind = find_source(dataset)
        if not isinstance(recipe, Recipe):
            words = _as_words(overrides)
            recipe = load_recipe(recipe or kind.recipe_for(name, words), words, name)
        elif overrides:
            raise ThreeDieError("overrides: only with the name of a recipe; dataclasses.replace changes a Recipe")
        rules = kind.find_protocol(protocol)
        place = _file_of(data)
        source = kind.open(place, options.get("reporter", SILENT))
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
        return cls(folder, settings, source, rules, data=place, method_file=method_file, **options)

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
        report, source = self.reporter.text, self._require_source()
        report(source.summary())
        report(titled("recipe", self.settings.recipe.text()))
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
            for warning in size_warnings(source.dataset, self.settings.recipe):
                report(titled("warning", str(warning)))
            if not finished and (note := form_note(self.settings.recipe)):
                report(titled("warning", note))
            self._load_images()
            if finished:
                report(f"\n{self.folder}: trained before; only measuring")
            else:
                self._announce(before)
            measurement = self._measurement(self._train(), provenance)
            measurement.run()
            return measurement.show()

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
        """Report how long it will take, how to start a smaller run, and where this one resumes."""
        steps_done = before["progress"]["steps_done"] if before else 0
        forecast = Forecast(
            settings=self.settings,
            images=self._load_images(),
            plan=self._plan(),
            steps_done=steps_done,
            data=self.data,
            method_file=self.method_file,
            watches_neighbors=self._require_source().watches_neighbors,
        )
        for line in forecast.lines():
            self.reporter.text(line)
        if before:
            epoch = before["progress"]["epoch"] + 1
            self.reporter.text(f"resume   from epoch {epoch}, step {steps_done}")


def _file_of(data: Dataset | Path | str | None) -> Path | None:
    return data.path if isinstance(data, Dataset) else None if data is None else Path(data)


def _as_words(overrides: Mapping[str, Any] | Sequence[str]) -> list[str]:
    """Changed settings as `key=value`, the value in TOML."""
    if isinstance(overrides, str):
        raise ThreeDieError(f"overrides {shown_value(overrides)}: give {{'epochs': 10}} or ['epochs=10']")
    if not isinstance(overrides, Mapping):
        return list(overrides)
    words = []
    for key, value in overrides.items():
        if value is None:
            raise ThreeDieError(f"overrides: {key} is None; leave it out to keep its default")
        if isinstance(value, Mapping):
            words += [f"{key}.{word}" for word in _as_words(value)]
        else:
            words.append(f"{key}={json.dumps(value, default=_plain)}")
    return words


def _plain(value: Any) -> Any:
    """A number of numpy as Python's, anything else as text."""
    return value.item() if isinstance(value, np.generic) else str(value)
