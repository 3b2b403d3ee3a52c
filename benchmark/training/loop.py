"""Training: pairs of views through a method, step by step, to a checkpoint; stopped anywhere, it goes on exactly."""

import copy
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch

from threedie.baselines.method import Method
from threedie.benchmark.data.images import Images, ordered
from threedie.benchmark.data.inputs import Loaded, Normalisation, Source, ViewPairs, augmentation_for, prepare
from threedie.benchmark.data.pairs import Pairs
from threedie.benchmark.settings.run_settings import Settings
from threedie.benchmark.training.build import build
from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE, MEND, save_checkpoint
from threedie.benchmark.training.generators import generator_states, restore_generators
from threedie.benchmark.training.probes import OnlineProbes
from threedie.benchmark.training.resume import restore_optimizer, resumable
from threedie.benchmark.training.scalars import ScalarLog
from threedie.benchmark.training.schedule import learning_rate
from threedie.benchmark.training.signals import Interrupted, stop_signals
from threedie.benchmark.training.state import TrainingState
from threedie.benchmark.training.stepper import Stepper
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.processes import Processes, find_processes
from threedie.manifests.progress import bar

LOG_FOLDER = "log"
"""Where in a run's folder the TensorBoard scalars lie."""

_LOG_EVERY_STEPS = 20

Monitor = Callable[[Method, Normalisation, torch.device], dict[str, float]]
"""Looks at a method after an epoch, in evaluation mode, and gives named numbers for the curves."""


def train(
    settings: Settings, images: Images, folder: Path, device: str = "auto", save_every_s: float = 60.0
) -> dict[str, Any]:
    """Train on pairs of views of a dataset; see `train_on`.

    Args:
        settings: what to train.
        images: the dataset's images, at the recipe's size.
        folder: the run's folder.
        device: `auto`, `cpu` or `cuda`.
        save_every_s: seconds between checkpoints.
    """
    return train_on(ViewPairs(images), settings, folder, device, save_every_s)


def train_on(
    source: Source,
    settings: Settings,
    folder: Path,
    device: str = "auto",
    save_every_s: float = 60.0,
    monitor: Monitor | None = None,
) -> dict[str, Any]:
    """Train, or go on training from the folder's checkpoint; a finished run is returned as it is.

    The result is the same to the bit however often the run was stopped, on the same machine with the same number of
    threads. Checkpoints are written after the first step that ends `save_every_s` seconds after the last one. With
    several processes (torchrun, srun) each takes an equal share of every batch, and the first one writes.

    Args:
        source: where pairs come from.
        settings: what to train.
        folder: the run's folder.
        device: `auto`, `cpu` or `cuda`.
        save_every_s: seconds between checkpoints.
        monitor: looks at the method after every epoch.

    Returns:
        The content of the final checkpoint.

    Raises:
        ThreeDieError: the folder holds a run with other settings, the source can't be trained on, or the loss is no
            longer finite.
        Interrupted: SIGINT, SIGTERM or SIGUSR1 came; the checkpoint is saved.
    """
    path = folder / CHECKPOINT_FILE
    before = resumable(path, settings)
    if before and before["finished"]:
        return before
    recipe, seed, processes = settings.recipe, settings.seed or 0, find_processes()
    method = build(settings)
    normalise = source.normalisation(recipe.normalization)
    augmentation = augmentation_for(method, recipe)
    state = TrainingState()
    if before:
        method.load_state_dict(before["model"])
        state = TrainingState(**before["progress"])
    stepper = Stepper(method, recipe, device, processes)
    method = stepper.method
    restore_generators(before["random"] if before else None, seed, stepper, path)
    probes = OnlineProbes(method.parts.representation, seed, stepper.device) if recipe.online_probes else None
    if before:
        restore_optimizer(stepper.optimizer, before["optimizer"], path)
        if probes:
            probes.load_state_dict(before["probes"])
    per_epoch = source.steps_per_epoch(recipe)
    epochs = recipe.epochs if method.needs_training else 0

    def save(finished: bool = False) -> dict[str, Any]:
        state.seconds += clock.lap()
        content = {
            "settings": settings.to_json(),
            "normalisation": {"mean": list(normalise.mean), "std": list(normalise.std)},
            "model": method.state_dict(),
            "optimizer": stepper.optimizer.state_dict(),
            "random": generator_states(stepper),
            "progress": copy.deepcopy(state.__dict__),
            "finished": finished,
        }
        if probes:
            content["probes"] = probes.state_dict()
        if processes.first:
            save_checkpoint(path, content)
        return content

    clock = _Clock()
    steps = bar("epoch", epochs * per_epoch, "step", leave=True, initial=state.steps_done, quiet=not processes.first)
    log = ScalarLog(folder / LOG_FOLDER, state.steps_done) if processes.first else None
    with steps, log or nullcontext(), stop_signals() as stop:
        while state.epoch < epochs:
            steps.set_description(f"epoch {state.epoch + 1}/{epochs}", refresh=False)
            plan = [_share(pairs, processes) for pairs in source.batches(recipe, seed, state.epoch)]
            for loaded in _batches(source, plan[state.step :], method.action, probes is not None):
                rate = learning_rate(recipe, state.steps_done, per_epoch)
                batch = prepare(loaded, augmentation, normalise, stepper.device)
                try:
                    values = stepper.step(batch, rate, (state.steps_done + 1) / (epochs * per_epoch))
                except FloatingPointError as error:
                    raise ThreeDieError(
                        f"{folder}: the loss is no longer finite at step {state.steps_done + 1} "
                        f"(epoch {state.epoch + 1}): {error}; lower learning_rate or take precision 32-true"
                    ) from error
                steps.set_postfix({name: f"{value:.3g}" for name, value in values.items()}, refresh=False)
                if probes:
                    assert stepper.representation is not None
                    turned = None if loaded.rotation is None else torch.from_numpy(loaded.rotation).to(stepper.device)
                    try:
                        values |= probes.step(stepper.representation, batch.label, turned)
                    except ValueError as error:
                        raise ThreeDieError(f"{path}: {error}; {MEND}") from error
                if log and state.steps_done % _LOG_EVERY_STEPS == 0:
                    shown = {**values, "learning_rate": rate}
                    log.add({f"step/{name}": value for name, value in shown.items()}, state.steps_done)
                state.add(values)
                steps.update()
                if state.step == per_epoch:
                    seen = _look(monitor, method, normalise, stepper.device) if monitor else {}
                    state.close_epoch(seen)
                    if log:
                        last = {f"epoch/{name}": points[-1] for name, points in state.curves.items() if name != "epoch"}
                        log.add(last, state.steps_done)
                stopped, due = stepper.any_process(bool(stop), processes.first and clock.elapsed() >= save_every_s)
                if stopped:
                    save()
                    raise Interrupted(stop[0] if stop else signal.SIGTERM, state.epoch)
                if due:
                    save()
        return save(finished=True)


def _look(monitor: Monitor, method: Method, normalise: Normalisation, device: torch.device) -> dict[str, float]:
    method.eval()
    with torch.inference_mode():
        seen = monitor(method, normalise, device)
    method.train()
    return seen


def _share(pairs: Pairs, processes: Processes) -> Pairs:
    """This process's rows of a batch: an equal number each, so that a few at the end may be left out."""
    each = len(pairs) // processes.count
    if each < 2 <= processes.count:
        raise ThreeDieError(
            f"a batch of {len(pairs)} pairs is too small for {processes.count} processes: each needs 2 or more; raise "
            "batch_size, or take fewer processes or more objects"
        )
    return pairs[processes.rank * each : (processes.rank + 1) * each] if processes.count > 1 else pairs


def _batches(source: Source, plan: Sequence[Pairs], action: str | None, rotation: bool) -> Iterator[Loaded]:
    # One thread prepares batches ahead; the decoding within a batch has threads of its own.
    return ordered(lambda pairs: source.load(pairs, action, rotation), plan, 1)


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
