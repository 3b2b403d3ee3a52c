"""Training: sequences of views through a method, step by step, to a checkpoint; a stopped run resumes exactly."""

import copy
import math
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from threedie.baselines.method import Batch, Method
from threedie.baselines.weights import not_finite
from threedie.benchmark.data.images import ordered
from threedie.benchmark.data.inputs import Loaded, prepare, training_inputs
from threedie.benchmark.data.normalization import Normalization
from threedie.benchmark.data.pairs import Sequences
from threedie.benchmark.data.source import ImageStore
from threedie.benchmark.settings.defaults import SAVE_EVERY_S
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import build
from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE, MEND, save_checkpoint
from threedie.benchmark.training.divergence import DivergedError
from threedie.benchmark.training.generators import generator_states, restore_generators
from threedie.benchmark.training.probes import CLASSES, OnlineProbes
from threedie.benchmark.training.readings import Readings
from threedie.benchmark.training.resume import restore_optimizer, resumable
from threedie.benchmark.training.scalars import ScalarLog
from threedie.benchmark.training.schedule import learning_rate
from threedie.benchmark.training.signals import Interrupted, stop_signals
from threedie.benchmark.training.state import TrainingState
from threedie.benchmark.training.stepper import Stepper
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.processes import Processes, find_processes
from threedie.manifests.progress import SILENT, Reporter

LOG_FOLDER = "log"
"""Folder of the TensorBoard scalars in a run's folder."""

_LOG_EVERY_STEPS = 20

Monitor = Callable[[Method, Normalization, torch.device], dict[str, float]]
"""Measures a method after an epoch, in evaluation mode, and gives named numbers for the curves."""


def train(
    settings: RunSettings,
    images: ImageStore,
    folder: Path,
    device: str = "auto",
    save_every_s: float = SAVE_EVERY_S,
    monitor: Monitor | None = None,
    reporter: Reporter = SILENT,
) -> dict[str, Any]:
    """Train, or go on training from the folder's checkpoint; a finished run is returned as it is.

    The result is the same to the bit however often the run was stopped, on the same machine with the same number of
    threads. Checkpoints are written after the first step that ends `save_every_s` seconds after the last one. With
    several processes (torchrun, srun) each takes an equal share of every batch, and the first one writes.

    Args:
        settings: what to train.
        images: of the dataset, at the recipe's size.
        folder: the run's folder.
        device: `auto`, `cpu` or `cuda`.
        save_every_s: seconds between checkpoints.
        monitor: measures the method after every epoch.
        reporter: shows how far training is.

    Returns:
        The content of the final checkpoint.

    Raises:
        DivergedError: the loss or the weights are no longer finite.
        ThreeDieError: the folder holds a run with other settings, or the dataset can't be trained on.
        Interrupted: SIGINT, SIGTERM or SIGUSR1 came; the checkpoint is saved.
    """
    before = resumable(folder / CHECKPOINT_FILE, settings)
    if before and before["finished"]:
        return before
    trainer = Trainer(settings, images, folder, device, save_every_s, monitor)
    if before:
        trainer.resume(before)
    return trainer.run(reporter)


class Trainer:
    """One run in progress: a method, its optimizer, and how far they are."""

    def __init__(
        self,
        settings: RunSettings,
        images: ImageStore,
        folder: Path,
        device: str = "auto",
        save_every_s: float = SAVE_EVERY_S,
        monitor: Monitor | None = None,
    ) -> None:
        """Build the method with its first weights, and seed the generators. Arguments: see `train`."""
        self.settings, self.recipe, self.seed = settings, settings.recipe, settings.seed or 0
        self.folder, self.path = folder, folder / CHECKPOINT_FILE
        self.save_every_s, self.monitor = save_every_s, monitor
        self.processes = find_processes()
        method = build(settings)
        self.normalization = images.normalization(self.recipe.normalization)
        self.stepper = Stepper(method, self.recipe, device, self.processes)
        self.views, self.augmentation = training_inputs(images, method, self.recipe, self.stepper.device)
        self.method = self.stepper.method
        parts = self.method.parts.representation
        # At least as many classes as ever: checkpoints of before have that many.
        classes = max(CLASSES, images.classes)
        probes = OnlineProbes(parts, self.seed, self.stepper.device, classes)
        self.probes = probes if self.recipe.online_probes else None
        self.state = TrainingState()
        self.steps_per_epoch = self.views.steps_per_epoch(self.recipe)
        self.epochs = self.recipe.epochs if self.method.needs_training else 0
        self.readings = Readings(self.stepper.device)
        self._clock = _Clock()
        restore_generators(None, self.seed, self.stepper, self.path)

    def resume(self, checkpoint: dict[str, Any]) -> None:
        """Go on from an unfinished checkpoint of the same settings; see `resumable`.

        Raises:
            ThreeDieError: its optimizer, probes or generators don't fit.
        """
        self.method.load_state_dict(checkpoint["model"])
        self.state = TrainingState(**checkpoint["progress"])
        restore_generators(checkpoint["random"], self.seed, self.stepper, self.path)
        restore_optimizer(self.stepper.optimizer, checkpoint["optimizer"], self.path)
        if self.probes:
            self.probes.load_state_dict(checkpoint["probes"])

    def run(self, reporter: Reporter = SILENT) -> dict[str, Any]:
        """Train to the end; the content of the final checkpoint. See `train`."""
        shown = reporter if self.processes.first else SILENT
        total = self.epochs * self.steps_per_epoch
        progress = shown.bar("epoch", total, "step", leave=True, initial=self.state.steps_done)
        log = ScalarLog(self.folder / LOG_FOLDER, self.state.steps_done) if self.processes.first else None
        self._clock = _Clock()
        with progress, log or nullcontext(), stop_signals() as received:
            while self.state.epoch < self.epochs:
                self._run_epoch(progress, log, received)
            return self._save(finished=True)

    def _run_epoch(self, progress: Any, log: ScalarLog | None, received: Sequence[int]) -> None:
        """The steps of an epoch that are still to do; a checkpoint after those at which one is due."""
        progress.set_description(f"epoch {self.state.epoch + 1}/{self.epochs}", refresh=False)
        plan = self.views.batches(self.recipe, self.seed, self.state.epoch)
        shares = [_share(drawn, self.processes, self.method.group) for drawn in plan][self.state.step :]
        for loaded in self._load_ahead(shares):
            batch = prepare(loaded, self.augmentation, self.normalization, self.stepper.device)
            values = self._step(batch)
            if self.probes:
                values |= self._step_probes(self.probes, batch, loaded)
            self.readings.add(values)
            self.state.count()
            progress.update()
            ended = self.state.step == self.steps_per_epoch
            if not (ended or self.readings.due):
                continue
            self._read(progress, log)
            if ended:
                self._close_epoch(log)
            overdue = self.processes.first and self._clock.elapsed() >= self.save_every_s
            stopped, due = self.stepper.any_process(bool(received), overdue)
            if stopped or due:
                self._save()
            if stopped:
                raise Interrupted(received[0] if received else signal.SIGTERM, self.state.epoch)

    def _read(self, progress: Any, log: ScalarLog | None) -> None:
        """Read the values of the last steps, for curves, log and progress.

        Raises:
            DivergedError: a loss isn't finite.
        """
        step = self.state.steps_done - len(self.readings)
        for values in self.readings.read():
            if not math.isfinite(values["loss"]):
                terms = ", ".join(f"{name} {value:g}" for name, value in values.items())
                raise DivergedError(
                    f"{self.folder}: the loss is no longer finite at step {step + 1} (epoch {self.state.epoch + 1}): "
                    f"{terms}; lower learning_rate or take precision 32-true"
                )
            if log and step % _LOG_EVERY_STEPS == 0:
                rate = learning_rate(self.recipe, step, self.steps_per_epoch)
                numbers = {**values, "learning_rate": rate}
                log.add({f"step/{name}": value for name, value in numbers.items()}, step)
            self.state.add(values)
            step += 1
            progress.set_postfix({name: f"{value:.3g}" for name, value in values.items()}, refresh=False)

    def _load_ahead(self, plan: Sequence[Sequences]) -> Iterator[Loaded]:
        """Batches in their order, one prepared ahead: the decoding within a batch has threads of its own."""
        method, probed = self.method, self.probes is not None
        return ordered(lambda drawn: self.views.load(drawn, method.action, probed, method.needs_absolute), plan, 1)

    def _step(self, batch: Batch) -> dict[str, Tensor]:
        """One step of the method; loss and terms before it."""
        done = self.state.steps_done
        rate = learning_rate(self.recipe, done, self.steps_per_epoch)
        return self.stepper.step(batch, rate, (done + 1) / (self.epochs * self.steps_per_epoch))

    def _step_probes(self, probes: OnlineProbes, batch: Batch, loaded: Loaded) -> dict[str, Tensor]:
        """One step of the probes on the same batch; their scores before it."""
        assert self.stepper.representation is not None
        rotation = (
            None
            if loaded.rotation is None
            else torch.from_numpy(loaded.rotation).to(self.stepper.device, non_blocking=True)
        )
        try:
            return probes.step(self.stepper.representation, batch.label, rotation)
        except ValueError as error:
            raise ThreeDieError(f"{self.path}: {error}; {MEND}") from error

    def _close_epoch(self, log: ScalarLog | None) -> None:
        measured = {}
        if self.monitor:
            self.method.eval()
            with torch.inference_mode():
                measured = self.monitor(self.method, self.normalization, self.stepper.device)
            self.method.train()
        self.state.close_epoch(measured)
        if log:
            points = {f"epoch/{name}": points[-1] for name, points in self.state.curves.items() if name != "epoch"}
            log.add(points, self.state.steps_done)

    def _save(self, finished: bool = False) -> dict[str, Any]:
        """Write the checkpoint, in the first process; its content."""
        self._check_weights()
        self.state.seconds += self._clock.lap()
        mean, std = self.normalization.mean, self.normalization.std
        content = {
            "settings": self.settings.to_json(),
            "normalisation": {"mean": list(mean), "std": list(std)},
            "model": self.method.state_dict(),
            "optimizer": self.stepper.optimizer.state_dict(),
            "random": generator_states(self.stepper),
            "progress": copy.deepcopy(self.state.__dict__),
            "finished": finished,
        }
        if self.probes:
            content["probes"] = self.probes.state_dict()
        if self.processes.first:
            save_checkpoint(self.path, content)
        return content

    def _check_weights(self) -> None:
        """Refuse weights from which a checkpoint couldn't be resumed: the last step may have spoiled them."""
        for name, value in self.method.state_dict().items():
            if not_finite(value):
                raise DivergedError(
                    f"{self.folder}: {name} holds numbers that aren't finite after step {self.state.steps_done}; lower "
                    "learning_rate or take precision 32-true"
                )


def _share(drawn: Sequences, processes: Processes, group: int) -> Sequences:
    """This process's rows of a batch: equally many groups each, so that a few at the end may be left out."""
    each = len(drawn) // (processes.count * group) * group
    least = max(2, group)
    if each < least and processes.count > 1:
        raise ThreeDieError(
            f"a batch of {len(drawn)} objects is too small for {processes.count} processes: each needs {least} or "
            "more; raise batch_size, or take fewer processes or more objects"
        )
    return drawn[processes.rank * each : (processes.rank + 1) * each] if processes.count > 1 else drawn


class _Clock:
    """Seconds since the last lap."""

    def __init__(self) -> None:
        self._begin = time.monotonic()

    def elapsed(self) -> float:
        return time.monotonic() - self._begin

    def lap(self) -> float:
        seconds = self.elapsed()
        self._begin = time.monotonic()
        return seconds
