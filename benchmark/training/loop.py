"""Training: pairs of views through a method, step by step, to a checkpoint; stopped anywhere, it goes on exactly."""

import copy
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from threedie.baselines.method import Batch, Method
from threedie.baselines.registry import METHODS, build_method
from threedie.baselines.weights import listed, tensor_fault, weight_faults
from threedie.benchmark.data.images import Images, ordered
from threedie.benchmark.data.inputs import Loaded, Normalisation, Source, ViewPairs, augmentation_for, prepare
from threedie.benchmark.data.pairs import Pairs, count_batches
from threedie.benchmark.settings.recipe import Recipe
from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE, MEND, load_checkpoint, save_checkpoint
from threedie.benchmark.training.launch import environment_of
from threedie.benchmark.training.probes import OnlineProbes
from threedie.benchmark.training.scalars import ScalarLog
from threedie.manifests.errors import ThreeDieError, first_line
from threedie.manifests.processes import Processes, find_processes
from threedie.manifests.progress import bar
from threedie.manifests.signals import ended_by_signals

__all__ = ["Interrupted", "Normalisation", "Settings", "Stepper", "build", "find_device", "resumable", "train"]

LOG_FOLDER = "log"
"""Where in a run's folder the TensorBoard scalars lie."""
_LOG_EVERY_STEPS = 20


class Interrupted(Exception):
    """Training was asked to stop (Ctrl-C, SIGTERM, SIGUSR1) and has saved its checkpoint."""

    def __init__(self, number: int, epoch: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name} in epoch {epoch + 1}; the checkpoint is saved")
        self.number = number


@dataclass(frozen=True)
class Settings:
    """Everything that decides the weights a run ends with.

    Attributes:
        method: name of the method.
        recipe: how it is trained.
        seed: decides initial weights, pairs and order; None where another program trained, and nobody knows.
        fingerprint, images_sha256: the dataset's settings and latents, and its pixels; None where nobody knows.
    """

    method: str
    recipe: Recipe
    seed: int | None
    fingerprint: str | None
    images_sha256: str | None

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {**self.__dict__, "recipe": self.recipe.to_json()}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Settings":
        """Back from `to_json`.

        Raises:
            ThreeDieError: an entry is unknown, missing or of the wrong type.
        """
        for key, expected in _SETTINGS.items():
            if key not in value:
                raise ThreeDieError(f"settings: {key} is missing")
            if not isinstance(value[key], expected) or isinstance(value[key], bool):
                raise ThreeDieError(f"settings: {key} is {value[key]!r:.80}")
        if value["seed"] is not None and not 0 <= value["seed"] < 2**32:
            raise ThreeDieError(f"settings: seed is {value['seed']!r:.40}; it must be from 0 to 4294967295")
        for key in value:
            if key not in _SETTINGS:
                raise ThreeDieError(
                    f"settings: {key!r:.40} is unknown; is the file of a newer version of this program?"
                )
        return cls(**{**value, "recipe": Recipe.from_json(value["recipe"])})


_SETTINGS: dict[str, tuple[type, ...]] = {
    "method": (str,), "recipe": (dict,), "seed": (int, type(None)), "fingerprint": (str, type(None)),
    "images_sha256": (str, type(None)),
}  # fmt: skip


def build(settings: Settings) -> Method:
    """The method with its initial weights, which depend on the seed alone; other random numbers are left as they are.

    Raises:
        ThreeDieError: there is no such method, or the recipe doesn't suit it.
    """
    recipe = settings.recipe
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed or 0)
        try:
            method = build_method(
                settings.method,
                backbone=recipe.backbone,
                form=recipe.form,
                width=recipe.width,
                projector=recipe.projector,
                options=recipe.method_options,
            )
        except ValueError as error:
            raise ThreeDieError(f"method {settings.method}, recipe {recipe.name}: {error}") from error
    # Channels last: 1.3 times as many images a second on a CPU (width 16, 64 px: 1310 to 1740).
    return method.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def require_fit(settings: Settings, state: Mapping[str, Any], what: str) -> None:
    """Refuse weights that aren't just those of the method with its settings: names, types, shapes, finite numbers.

    Args:
        settings: of the method.
        state: its weights.
        what: where they are from, for the message.

    Raises:
        ThreeDieError: names what doesn't fit.
    """
    # Without numbers, so that settings that ask for a network of any size cost nothing; methods of users may need them.
    with torch.device("meta") if settings.method in METHODS else nullcontext():
        try:
            method = build(settings)
        except (RuntimeError, TypeError, OverflowError, MemoryError) as error:
            raise ThreeDieError(f"{what}: its method {settings.method} can't be built ({first_line(error)})") from error
        except ThreeDieError as error:
            raise ThreeDieError(f"{what}: {error}") from error
    faults = weight_faults(state, method.state_dict(), exact=True)
    if faults:
        raise ThreeDieError(
            f"{what}: model: the weights don't fit the method {settings.method} with its settings: {listed(faults)}; "
            "was the program or the method's file changed since, or is the file damaged?"
        )


Outputs = tuple[dict[str, Tensor], tuple[Tensor, Tensor]]


class _Losses(nn.Module):
    """A method as Fabric wants it: plain tensors in, a dictionary of tensors and the representations out."""

    def __init__(self, method: Method) -> None:
        super().__init__()
        self.method = method

    def forward(self, view1: Tensor, view2: Tensor, action: Tensor, label: Tensor, crop: Tensor | None) -> Outputs:
        output = self.method(Batch(view1, view2, action, label, crop))
        one, two = output.representation
        return {"loss": output.loss, **output.terms}, (one.detach(), two.detach())


class Stepper:
    """One method and its optimizer on a device: takes steps."""

    def __init__(
        self, method: Method, recipe: Recipe, device: str = "auto", processes: Processes | None = None
    ) -> None:
        """Prepare.

        Args:
            method: the method; trained in place.
            recipe: optimizer, precision, batch normalisation over devices.
            device: `auto`, `cpu` or `cuda`.
            processes: of the run, each with a device of its own; this one alone where None.

        Raises:
            ThreeDieError: there is no such device.
        """
        self.processes = processes or Processes()
        self.fabric = _fabric(device, recipe.precision, self.processes)
        self.device = self.fabric.device
        # Torch has no synchronised batch-norm for CPUs; there each process has statistics of its own.
        if recipe.sync_batchnorm and self.processes.count > 1 and self.device.type != "cpu":
            method = nn.SyncBatchNorm.convert_sync_batchnorm(method)
        self.method = method
        trained = [parameter for parameter in method.parameters() if parameter.requires_grad]
        self._model, self.optimizer = self.fabric.setup(_Losses(method), _optimizer(trained, recipe))
        self.representation: tuple[Tensor, Tensor] | None = None
        method.train()

    def step(self, batch: Batch, rate: float, done: float = 1.0) -> dict[str, float]:
        """One step; the loss and its terms before it. `representation` then holds what the backbone said, detached.

        Args:
            batch: the batch, of this process alone.
            rate: learning rate.
            done: share of the run's steps that are done with this one.

        Raises:
            FloatingPointError: the loss isn't finite; the weights are left as they were. The message has the terms.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        output, self.representation = self._model(batch.view1, batch.view2, batch.action, batch.label, batch.crop)
        names = list(output)
        numbers = torch.stack([output[name].detach().float() for name in names]).cpu().double().tolist()
        values = dict(zip(names, numbers, strict=True))
        if not torch.isfinite(output["loss"]):
            raise FloatingPointError(", ".join(f"{name} {value:g}" for name, value in values.items()))
        self.fabric.backward(output["loss"])
        self.optimizer.step()
        self.method.after_step(done)
        return values

    def any_process(self, *flags: bool) -> list[bool]:
        """Each flag, true if it is in any of the processes."""
        if self.processes.count == 1:
            return list(flags)
        told = torch.tensor([float(flag) for flag in flags], device=self.device)
        most = self.fabric.all_reduce(told, reduce_op="max")
        assert isinstance(most, Tensor)
        return [value > 0 for value in most.tolist()]


def _optimizer(trained: list[nn.Parameter], recipe: Recipe) -> torch.optim.Optimizer:
    rates: dict[str, Any] = {"lr": recipe.learning_rate, "weight_decay": recipe.weight_decay, "fused": True}
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(trained, momentum=recipe.momentum, **rates)
    kind = torch.optim.Adam if recipe.optimizer == "adam" else torch.optim.AdamW
    return kind(trained, **rates)


def find_device(device: str) -> str:
    """`cpu` or `cuda`; `auto` takes the GPU if there is one.

    Raises:
        ThreeDieError: there is no such device.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise ThreeDieError(
            "--device cuda: no GPU, or a torch built without CUDA; leave --device out to use what is there"
        )
    return device


def _fabric(device: str, precision: str, processes: Processes) -> Fabric:
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    fabric = Fabric(
        accelerator=find_device(device),
        strategy="ddp" if processes.count > 1 else "auto",
        devices=processes.per_node,
        num_nodes=processes.nodes,
        precision=precision,  # type: ignore[arg-type]
        plugins=environment_of(processes),
    )
    if processes.count > 1:
        # Until all have met, which may be never where one of them has died.
        with ended_by_signals():
            fabric.launch()
    return fabric


def learning_rate(recipe: Recipe, step: int, steps_per_epoch: int) -> float:
    """The rate of a step: linear rise during the warm-up, then constant or half a cosine down to zero."""
    warmup = round(recipe.warmup_epochs * steps_per_epoch)
    if step < warmup:
        return recipe.learning_rate * (step + 1) / warmup
    if recipe.schedule == "constant":
        return recipe.learning_rate
    total = recipe.epochs * steps_per_epoch
    return float(
        recipe.learning_rate * 0.5 * (1 + torch.cos(torch.tensor(torch.pi * (step - warmup) / (total - warmup))))
    )


def steps_per_epoch(recipe: Recipe, train_objects: int) -> int:
    """Steps in one epoch on so many training objects."""
    return recipe.passes * count_batches(train_objects, recipe.batch_size)


@dataclass
class Progress:
    """How far a run is; `step` counts within the epoch, `sums` adds up its values so far."""

    epoch: int = 0
    step: int = 0
    steps_done: int = 0
    seconds: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)
    curves: dict[str, list[float]] = field(default_factory=lambda: {"epoch": []})

    def add(self, values: dict[str, float]) -> None:
        """Count one step's values."""
        self.step += 1
        self.steps_done += 1
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value

    def close_epoch(self, seen: dict[str, float] | None = None) -> None:
        """Turn the sums, and what a monitor saw, into the curves' next points."""
        self.curves["epoch"].append(self.epoch + 1)
        means = {name: value / self.step for name, value in self.sums.items()}
        for name, value in {**means, **(seen or {})}.items():
            self.curves.setdefault(name, []).append(value)
        self.epoch, self.step, self.sums = self.epoch + 1, 0, {}


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
    normalise = source.normalisation(recipe.normalisation)
    augmentation = augmentation_for(method, recipe)
    state = Progress()
    if before:
        method.load_state_dict(before["model"])
        state = Progress(**before["progress"])
    stepper = Stepper(method, recipe, device, processes)
    method = stepper.method
    _restore_randomness(before["random"] if before else None, seed, stepper, path)
    probes = OnlineProbes(method.parts.representation, seed, stepper.device) if recipe.online_probes else None
    if before:
        _restore_optimizer(stepper.optimizer, before["optimizer"], path)
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
            "random": _randomness(stepper),
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
    with steps, log or nullcontext(), _stop_signals() as stop:
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


def resumable(path: Path, settings: Settings) -> dict[str, Any] | None:
    """The checkpoint to go on from, or None if there is none.

    Raises:
        ThreeDieError: it was made with other settings; the message names the first.
    """
    if not path.exists():
        return None
    found = load_checkpoint(path)
    # Settings that a later version of the program added have their default there.
    try:
        begun = Settings.from_json(found["settings"]).to_json()
    except ThreeDieError as error:
        raise ThreeDieError(f"{path}: {error}; {MEND}") from error
    if begun == settings.to_json():
        require_fit(settings, found["model"], str(path))
        if not found["finished"]:
            _require_resumable(found, settings, path)
        return found
    there, here = _flat(begun), _flat(settings.to_json())
    key = next(key for key in [*there, *here] if there.get(key) != here.get(key))
    raise ThreeDieError(
        f"{path.parent}: holds a run with other settings: {key} is {there.get(key)!r} there and {here.get(key)!r} now; "
        "give another --out, or delete that folder"
    )


def _require_resumable(content: Mapping[str, Any], settings: Settings, path: Path) -> None:
    """Refuse a checkpoint of an unfinished run that lacks what only going on needs."""
    needed = ("optimizer", "random", *(("probes",) if settings.recipe.online_probes else ()))
    for key in needed:
        if key not in content:
            raise ThreeDieError(f"{path}: '{key}' is missing, so the run can't go on; {MEND}")
        if not isinstance(content[key], dict):
            raise ThreeDieError(f"{path}: {key} is of type {type(content[key]).__name__} instead of dict; {MEND}")
    for name, state in content["random"].items():
        if not isinstance(state, Tensor) or state.dtype != torch.uint8 or state.ndim not in (1, 2):
            raise ThreeDieError(f"{path}: random: {name!r:.40} is no state of a generator; {MEND}")
    if "cpu" not in content["random"]:
        raise ThreeDieError(f"{path}: random: 'cpu' is missing; {MEND}")


def _restore_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any], path: Path) -> None:
    """Bring back averages and steps.

    Raises:
        ThreeDieError: they aren't of these parameters, or of another kind of optimizer.
    """
    defaults = [{key: type(value) for key, value in group.items()} for group in optimizer.param_groups]
    try:
        optimizer.load_state_dict(state)
    except Exception as error:
        # What torch makes of a wrong table depends on what is wrong with it.
        raise ThreeDieError(
            f"{path}: optimizer: doesn't fit ({type(error).__name__}: {first_line(error)}); {MEND}"
        ) from error
    for group, expected in zip(optimizer.param_groups, defaults, strict=True):
        for key, kind in expected.items():
            if type(group.get(key)) is not kind:
                raise ThreeDieError(f"{path}: optimizer: {key} is {group.get(key)!r:.40}; {MEND}")
    parameters = [each for group in optimizer.param_groups for each in group["params"]]
    for parameter, values in optimizer.state.items():
        if not any(parameter is each for each in parameters):
            raise ThreeDieError(f"{path}: optimizer: holds values of a parameter that isn't there; {MEND}")
        for name, value in values.items():
            fault = tensor_fault(value) if isinstance(value, Tensor) else None
            if fault or (isinstance(value, Tensor) and value.ndim and value.shape != parameter.shape):
                raise ThreeDieError(f"{path}: optimizer: {name} of a parameter doesn't fit it; {MEND}")


def _flat(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, entry in value.items():
        flat.update(_flat(entry, f"{prefix}{key}.") if isinstance(entry, dict) else {f"{prefix}{key}": entry})
    return flat


def _batches(source: Source, plan: Sequence[Pairs], action: str | None, rotation: bool) -> Iterator[Loaded]:
    # One thread prepares batches ahead; the decoding within a batch has threads of its own.
    return ordered(lambda pairs: source.load(pairs, action, rotation), plan, 1)


def _randomness(stepper: Stepper) -> dict[str, Tensor]:
    states = {"cpu": torch.get_rng_state()}
    if stepper.device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(stepper.device)
    if stepper.processes.count == 1:
        return states
    # One row for each process.
    return {name: _rows(stepper, state) for name, state in states.items()}


def _rows(stepper: Stepper, state: Tensor) -> Tensor:
    rows = stepper.fabric.all_gather(state.to(stepper.device))
    assert isinstance(rows, Tensor)
    return rows.cpu()


def _restore_randomness(states: dict[str, Tensor] | None, seed: int, stepper: Stepper, path: Path) -> None:
    processes = stepper.processes
    torch.manual_seed(seed + processes.rank)
    if not states:
        return
    there = 1 if states["cpu"].ndim == 1 else len(states["cpu"])
    if there != processes.count:
        raise ThreeDieError(
            f"{path.parent}: was begun with {there} process{'es' if there > 1 else ''} and can't go on with "
            f"{processes.count}: give the same number"
        )
    own = {name: state if state.ndim == 1 else state[processes.rank] for name, state in states.items()}
    try:
        torch.set_rng_state(own["cpu"].contiguous())
        if stepper.device.type == "cuda" and "cuda" in own:
            torch.cuda.set_rng_state(own["cuda"].contiguous(), stepper.device)
    except RuntimeError as error:
        raise ThreeDieError(f"{path}: random: no state of this generator; {MEND}") from error


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


@contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """A list that receives the signals to stop, so that the step in hand can end; a second one acts as ever.

    Ctrl-C, SIGTERM, and SIGUSR1, with which SLURM warns of the end of a job's time (`--signal=USR1@120`).
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
    before = {number: signal.getsignal(number) for number in numbers}

    def note(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        for each in numbers:
            signal.signal(each, before[each])

    for number in numbers:
        signal.signal(number, note)
    try:
        yield received
    finally:
        for number in numbers:
            signal.signal(number, before[number])
