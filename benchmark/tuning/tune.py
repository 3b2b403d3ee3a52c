"""Tuning: each method trained with every setting of a grid on a part of the training objects, and the best chosen."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from threedie.baselines.method import Method
from threedie.benchmark.data.sources.views import ViewsSource
from threedie.benchmark.evaluation.plan import EvaluationPlan
from threedie.benchmark.evaluation.scope import Scope
from threedie.benchmark.records.environment import program_version
from threedie.benchmark.records.record import Record, weights_of
from threedie.benchmark.records.types import DatasetInfo
from threedie.benchmark.runs.estimate import estimate, span
from threedie.benchmark.runs.run import Run
from threedie.benchmark.settings.defaults import DEFAULT_PROTOCOL, DEFAULT_WORKERS
from threedie.benchmark.settings.protocol import find_protocol
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.subject import REPRESENTATION
from threedie.benchmark.training.build import build
from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE
from threedie.benchmark.training.device import find_device
from threedie.benchmark.training.divergence import DivergedError
from threedie.benchmark.tuning.candidates import Candidate, TunedMethod, candidates_of
from threedie.benchmark.tuning.grid import DEFAULT_GRID, Grid, in_words, load_grid
from threedie.benchmark.tuning.outcome import (
    FORMAT,
    VERSION,
    GridInfo,
    Outcome,
    ProtocolInfo,
    TaskScore,
    Try,
    outcome_file,
    read_outcome,
    score_of,
    write_outcome,
)
from threedie.benchmark.tuning.rules import choose
from threedie.benchmark.tuning.split import TUNING_FILE, open_split, train_count
from threedie.benchmark.tuning.tables import outcome_text
from threedie.benchmark.tuning.time_left import TimeLeft
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError, one_line
from threedie.manifests.places import DEFAULT_TUNING
from threedie.manifests.plurals import pluralize
from threedie.manifests.processes import find_processes
from threedie.manifests.progress import SILENT, Reporter, titled

PROTOCOL = DEFAULT_PROTOCOL
"""Name of the rules by which tries are measured."""
PART = "all"
"""Part of the representation whose scores count; every method has it."""


@dataclass
class Tuning:
    """Some methods, the grid and the dataset.

    `run` trains and measures what isn't done yet. A stopped tuning resumes where it was.

    Attributes:
        methods: with their tries.
        grid: what is tried.
        source: the dataset; its validation objects are never used.
        out: folder of the outcomes, the split and the runs.
        device: `auto`, `cpu` or `cuda`.
        workers: threads that decode images.
        reporter: shows what happens.
    """

    methods: list[TunedMethod]
    grid: Grid
    source: ViewsSource
    out: Path
    device: str = "auto"
    workers: int = DEFAULT_WORKERS
    reporter: Reporter = SILENT
    _left: TimeLeft | None = field(default=None, init=False, repr=False)

    @classmethod
    def create(
        cls,
        methods: Sequence[str | type[Method]],
        data: Dataset | Path | str | None = None,
        *,
        grid: Grid | Path | str = DEFAULT_GRID,
        out: Path | str = DEFAULT_TUNING,
        device: str = "auto",
        workers: int = DEFAULT_WORKERS,
        reporter: Reporter = SILENT,
    ) -> "Tuning":
        """A tuning, new or to be resumed; nothing is written yet.

        Args:
            methods: names, `FILE.py:CLASS`, or classes.
            data: the dataset file, its path or opened; None for the usual place.
            grid: what is tried, its name or its file.
            out, device, workers, reporter: see the attributes.

        Raises:
            ThreeDieError: no such method, grid or dataset; settings don't suit a method; or several processes.
        """
        if find_processes().count > 1:
            raise ThreeDieError("bench tune: runs in one process; start it without torchrun or srun")
        if not methods:
            raise ThreeDieError("bench tune: name the methods to tune, such as '3die bench tune sie vicreg'")
        chosen = grid if isinstance(grid, Grid) else load_grid(grid)
        tuned = candidates_of(methods, chosen, Path(out))
        place = data.path if isinstance(data, Dataset) else None if data is None else Path(data)
        source = ViewsSource.open(place, reporter)
        train_count(source.dataset)
        return cls(tuned, chosen, source, Path(out), find_device(device), workers, reporter)

    def existing(self, method: TunedMethod) -> Outcome | None:
        """The outcome of a method that was tuned before; None where there is none.

        Raises:
            ThreeDieError: it is damaged, or of other data, another grid or other rules.
        """
        path = outcome_file(self.out, method.name)
        if not path.exists():
            return None
        outcome, protocol = read_outcome(path), find_protocol(PROTOCOL)
        versions = {task: TASKS[task].version for task in self.grid.tasks}
        measured = {result.task: result.version for each in outcome.tries for result in each.results}
        for what, same in (
            ("another grid", outcome.grid == GridInfo.of(self.grid) and outcome.arguments == method.arguments),
            ("other settings", [each.settings for each in outcome.tries] == [c.settings for c in method.candidates]),
            ("another dataset", outcome.source["fingerprint"] == self.source.dataset.fingerprint()),
            ("another protocol", outcome.protocol == ProtocolInfo(protocol.name, protocol.version)),
            ("other versions of the tasks", measured.items() <= versions.items()),
        ):
            if not same:
                raise ThreeDieError(f"{path}: is an outcome of {what}; choose another folder with --out, or delete it")
        return outcome

    def show_plan(self) -> None:
        """Report what would be run, and how long that takes; nothing is written."""
        self._announce()
        unfinished = [method for method in self.methods if method.candidates and self.existing(method) is None]
        for method in self.methods:
            state = "" if method in unfinished else ": tuned before" if method.candidates else ": isn't trained"
            self.reporter.text(titled("method", f"{method.name}{state}"))
            for each in method.candidates if method in unfinished else []:
                done = ": measured before" if each.is_measured else ""
                self.reporter.text(titled("", f"{in_words(each.settings)}{done}"))
        if unfinished:
            left = span(self._time_left(unfinished).seconds(_remaining(unfinished)))
            self.reporter.text(titled("time", f"about {left} in all (a few steps timed on {self.device})"))

    def run(self) -> list[Outcome]:
        """Train and measure what isn't done yet, and write the outcomes; they, in the order of the methods.

        Raises:
            ThreeDieError: a run can't be trained or measured for another reason than its settings.
            Interrupted: a signal came; the checkpoint is saved.
        """
        self._announce()
        before = {method.name: self.existing(method) for method in self.methods}
        pending = [method for method in self.methods if method.candidates and before[method.name] is None]
        split = None
        if pending:
            split = ViewsSource(open_split(self.source.dataset, self.out / TUNING_FILE, self.reporter))
            self._left = self._time_left(pending)
        outcomes = []
        for method in self.methods:
            if not method.candidates:
                self.reporter.note(f"{method.name} isn't trained: nothing to tune")
                continue
            outcome = before[method.name]
            if outcome is None:
                assert split is not None
                outcome = self._tune(method, split, pending[pending.index(method) :])
                write_outcome(self.out, outcome)
            text = outcome_text(outcome, method.words, self.source.dataset.path, self.out)
            self.reporter.text(f"\n{text}\n")
            outcomes.append(outcome)
        return outcomes

    def _announce(self) -> None:
        grid, dataset = self.grid, self.source.dataset
        count = train_count(dataset)
        others = len(dataset.indices("train")) - count
        tries = f"{pluralize(grid.tries, 'try', 'tries')} a method of {pluralize(grid.epochs, 'epoch', 'epochs')}"
        self.reporter.text(self.source.summary())
        self.reporter.text(titled("split", f"{count:,} of the training objects to train on, {others:,} to choose by"))
        self.reporter.text(titled("grid", f"{grid.name}: {tries}, recipe {grid.recipe}"))
        self.reporter.text(titled("choice", f"tasks {', '.join(grid.tasks)}; rule {grid.rule}"))

    def _time_left(self, methods: Sequence[TunedMethod]) -> TimeLeft:
        """Time a few steps of each method's first try."""
        return TimeLeft({method.name: self._estimate(method) for method in methods})

    def _estimate(self, method: TunedMethod) -> float:
        """Seconds of a try of a method on the split, from its first one's steps on the dataset."""
        dataset = self.source.dataset
        settings = RunSettings(method.name, method.candidates[0].recipe, self.grid.seed, None, None)
        plan = EvaluationPlan(find_protocol(PROTOCOL), Scope(tuple(self.grid.tasks)), self.device, SILENT)
        whole, train = estimate(settings, dataset, plan), len(dataset.indices("train"))
        share, seen = train_count(dataset) / train, train / len(dataset)
        return whole.train_s * share + whole.features_s * seen + whole.tasks_s

    def _tune(self, method: TunedMethod, split: ViewsSource, pending: Sequence[TunedMethod]) -> Outcome:
        """Run a method's tries, and choose."""
        protocol = find_protocol(PROTOCOL)
        tries = []
        for number, candidate in enumerate(method.candidates, 1):
            assert self._left is not None
            remaining = {**_remaining(pending), method.name: _unmeasured(method.candidates[number - 1 :])}
            place = f"{method.name}, try {number} of {len(method.candidates)}"
            left = f"about {span(self._left.seconds(remaining))} left for {_names(remaining)}"
            time_left = "" if candidate.is_measured else f"; {left}"
            self.reporter.text(titled("try", f"{place}: {in_words(candidate.settings)}{time_left}"))
            tries.append(self._try(method, candidate, split.dataset))
            self.reporter.text(titled("", _result_line(tries[-1])))
        return Outcome(
            format=FORMAT,
            version=VERSION,
            method=method.name,
            arguments=method.arguments,
            grid=GridInfo.of(self.grid),
            protocol=ProtocolInfo(protocol.name, protocol.version),
            source=cast("DatasetInfo", self.source.describe()),
            data=cast("DatasetInfo", split.describe()),
            code=program_version(),
            tries=tries,
            chosen=choose([each.score for each in tries]),
        )

    def _try(self, method: TunedMethod, candidate: Candidate, split: Dataset) -> Try:
        """Train and measure one try."""
        run = Run.create(
            method.file or method.name,
            split,
            recipe=candidate.recipe,
            seed=self.grid.seed,
            out=candidate.out,
            protocol=PROTOCOL,
            scope=Scope(tuple(self.grid.tasks)),
            device=self.device,
            workers=self.workers,
            reporter=self.reporter,
        )
        images = _images(run.settings, len(split.indices("train")))
        fresh, started = not (run.folder / CHECKPOINT_FILE).exists(), time.monotonic()
        try:
            checkpoint = run.checkpoint
            if checkpoint is None or not checkpoint["finished"]:
                run.train()
            record = run.evaluate()
        except DivergedError as error:
            return Try(candidate.settings, images, failure=one_line(str(error).removeprefix(f"{run.folder}: ")))
        if fresh and self._left is not None:
            self._left.add(method.name, time.monotonic() - started)
        return self._measured(candidate, images, record)

    def _measured(self, candidate: Candidate, images: int, record: Record) -> Try:
        """A try with the scores in its record."""
        results = []
        for task in self.grid.tasks:
            score = _main_score(record, task)
            if score is None:
                reason = next((each["text"] for each in record["warnings"] or [] if each["task"] == task), "no score")
                return Try(candidate.settings, images, failure=one_line(f"task {task}: {reason}"))
            results.append(score)
        times = record["times"]
        assert times is not None
        return Try(
            settings=candidate.settings,
            images=images,
            score=score_of(self.grid.rule, results),
            results=results,
            weights=weights_of(record),
            train_s=times["train_s"],
            evaluate_s=round(times["features_s"] + times["tasks_s"], 2),
        )


def _images(settings: RunSettings, objects: int) -> int:
    """Images that training takes: all views of every pair or sequence."""
    recipe = settings.recipe
    return build(settings).views * objects * recipe.passes * recipe.epochs


def _main_score(record: Record, task: str) -> TaskScore | None:
    """The main score of the whole representation on a task; None where the record has none."""
    for row in record["results"]:
        measured = row["task"], row["metric"], row["part"], row["input"]
        if measured == (task, TASKS[task].main, PART, REPRESENTATION) and row["floor"] is not None:
            interval = row.get("interval")
            return TaskScore(task, row["version"], row["metric"], row["value"], row["floor"], interval)
    return None


def _remaining(methods: Sequence[TunedMethod]) -> dict[str, int]:
    """Tries that aren't measured, for each method."""
    return {method.name: _unmeasured(method.candidates) for method in methods}


def _unmeasured(candidates: Sequence[Candidate]) -> int:
    return sum(not each.is_measured for each in candidates)


def _names(remaining: Mapping[str, int]) -> str:
    return f"{pluralize(sum(remaining.values()), 'try', 'tries')} of {pluralize(len(remaining), 'method')}"


def _result_line(each: Try) -> str:
    if each.score is None:
        return f"failed: {each.failure}"
    results = ", ".join(f"{result.task} {result.metric} {result.value:.3f}" for result in each.results)
    return f"score {each.score:.3f}: {results}"
