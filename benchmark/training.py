"""Training: pairs of views through a method, step by step, to a checkpoint; stopped anywhere, it goes on exactly."""

import copy
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import numpy.typing as npt
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from baselines.method import Batch, Method
from baselines.registry import build_method
from benchmark.checkpoints import CHECKPOINT_FILE, load_checkpoint, save_checkpoint
from benchmark.images import ORIGINAL_MEAN, ORIGINAL_STD, Images, Pixels, ordered
from benchmark.pairs import Pairs, count_batches, epoch_batches
from benchmark.progress import bar
from benchmark.recipe import Recipe
from manifests.dataset import Dataset
from manifests.errors import ThreeDieError

LOG_FOLDER = "log"
"""Where in a run's folder the TensorBoard scalars lie."""
_LOG_EVERY_STEPS = 20


class Interrupted(Exception):
    """Training was asked to stop (Ctrl-C, SIGTERM) and has saved its checkpoint."""

    def __init__(self, number: int, epoch: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name} in epoch {epoch + 1}; the checkpoint is saved")
        self.number = number


@dataclass(frozen=True)
class Settings:
    """Everything that decides the weights a run ends with.

    Attributes:
        method: name of the method.
        recipe: how it is trained.
        seed: decides initial weights, pairs and order.
        fingerprint, images_sha256: the dataset's settings and latents, and its pixels.
    """

    method: str
    recipe: Recipe
    seed: int
    fingerprint: str
    images_sha256: str

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {**self.__dict__, "recipe": self.recipe.to_json()}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Settings":
        """Back from `to_json`."""
        return cls(**{**value, "recipe": Recipe.from_json(value["recipe"])})


def build(settings: Settings) -> Method:
    """The method with its initial weights, which depend on the seed alone; other random numbers are left as they are.

    Raises:
        ThreeDieError: there is no such method, or the recipe doesn't suit it.
    """
    recipe = settings.recipe
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
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


@dataclass(frozen=True)
class Normalisation:
    """Mean and standard deviation of each channel, in 0 to 1, that inputs are normalised with."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def of(cls, recipe: Recipe, images: Images) -> "Normalisation":
        """The one a recipe asks for."""
        if recipe.normalisation == "original":
            return cls(ORIGINAL_MEAN, ORIGINAL_STD)
        return cls(*images.statistics())

    def __call__(self, pixels: Pixels, device: torch.device) -> Tensor:
        """Pixels uint8 (B, H, W, 3) to a network's input, float32 (B, 3, H, W) with channels last in memory."""
        mean = torch.tensor(self.mean, device=device).view(1, 3, 1, 1)
        std = torch.tensor(self.std, device=device).view(1, 3, 1, 1)
        moved = torch.from_numpy(pixels).to(device, non_blocking=True).permute(0, 3, 1, 2)
        return (moved.float() / 255 - mean) / std


class _Losses(nn.Module):
    """A method as Fabric wants it: plain tensors in, a dictionary of tensors out."""

    def __init__(self, method: Method) -> None:
        super().__init__()
        self.method = method

    def forward(self, view1: Tensor, view2: Tensor, action: Tensor, label: Tensor) -> dict[str, Tensor]:
        output = self.method(Batch(view1, view2, action, label))
        return {"loss": output.loss, **output.terms}


class Stepper:
    """One method and its optimizer on a device: takes steps."""

    def __init__(self, method: Method, recipe: Recipe, device: str = "auto") -> None:
        """Prepare.

        Args:
            method: the method; trained in place.
            recipe: optimizer, precision, batch normalisation over devices.
            device: `auto`, `cpu` or `cuda`.

        Raises:
            ThreeDieError: there is no such device.
        """
        self.fabric = _fabric(device, recipe.precision)
        if recipe.sync_batchnorm and self.fabric.world_size > 1:
            method = nn.SyncBatchNorm.convert_sync_batchnorm(method)
        self.method = method
        self.device = self.fabric.device
        kind = torch.optim.Adam if recipe.optimizer == "adam" else torch.optim.AdamW
        trained = [parameter for parameter in method.parameters() if parameter.requires_grad]
        optimizer = kind(trained, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True)
        self._model, self.optimizer = self.fabric.setup(_Losses(method), optimizer)
        method.train()

    def step(
        self, view1: Tensor, view2: Tensor, action: Tensor, label: Tensor, rate: float, done: float = 1.0
    ) -> dict[str, float]:
        """One step; the loss and its terms before it.

        Args:
            view1, view2, action, label: the batch, see `baselines.method.Batch`.
            rate: learning rate.
            done: share of the run's steps that are done with this one.

        Raises:
            FloatingPointError: the loss isn't finite; the weights are left as they were. The message has the terms.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        output = self._model(view1, view2, action, label)
        names = list(output)
        numbers = torch.stack([output[name].detach().float() for name in names]).cpu().double().tolist()
        values = dict(zip(names, numbers, strict=True))
        if not torch.isfinite(output["loss"]):
            raise FloatingPointError(", ".join(f"{name} {value:g}" for name, value in values.items()))
        self.fabric.backward(output["loss"])
        self.optimizer.step()
        self.method.after_step(done)
        return values


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


def _fabric(device: str, precision: str) -> Fabric:
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    return Fabric(accelerator=find_device(device), devices=1, precision=precision)  # type: ignore[arg-type]


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

    def close_epoch(self) -> None:
        """Turn the sums into the curves' next points."""
        self.curves["epoch"].append(self.epoch + 1)
        for name, value in self.sums.items():
            self.curves.setdefault(name, []).append(value / self.step)
        self.epoch, self.step, self.sums = self.epoch + 1, 0, {}


@dataclass(frozen=True)
class Loaded:
    """One batch on its way to the device: pixels uint8 (B, S, S, 3), action (B, A) float32, label (B,)."""

    pixels1: Pixels
    pixels2: Pixels
    action: npt.NDArray
    label: npt.NDArray


def load_batch(dataset: Dataset, images: Images, pairs: Pairs, action: str | None) -> Loaded:
    """Fetch the images, actions and labels of a batch of pairs."""
    fields = dataset.info.fields
    moved = (
        dataset.latents[pairs.objects, pairs.view1, :0]
        if action is None
        else pairs.actions(action, fields, dataset.latents)
    )
    return Loaded(
        images.take(pairs.objects, pairs.view1),
        images.take(pairs.objects, pairs.view2),
        moved.astype("float32"),
        dataset.labels[pairs.objects],
    )


def train(
    settings: Settings,
    images: Images,
    folder: Path,
    device: str = "auto",
    save_every_s: float = 60.0,
) -> dict[str, Any]:
    """Train, or go on training from the folder's checkpoint; a finished run is returned as it is.

    The result is the same to the bit however often the run was stopped, on the same machine with the same number of
    threads. Checkpoints are written after the first step that ends `save_every_s` seconds after the last one.

    Args:
        settings: what to train.
        images: the dataset's images, at the recipe's size.
        folder: the run's folder.
        device: `auto`, `cpu` or `cuda`.
        save_every_s: seconds between checkpoints.

    Returns:
        The content of the final checkpoint.

    Raises:
        ThreeDieError: the folder holds a run with other settings, the dataset can't be trained on, or the loss is no
            longer finite.
        Interrupted: SIGINT or SIGTERM came; the checkpoint is saved.
    """
    path = folder / CHECKPOINT_FILE
    before = resumable(path, settings)
    if before and before["finished"]:
        return before
    dataset, recipe = images.dataset, settings.recipe
    objects = dataset.indices("train")
    method = build(settings)
    normalise = Normalisation.of(recipe, images)
    state = Progress()
    if before:
        method.load_state_dict(before["model"])
        state = Progress(**before["progress"])
    stepper = Stepper(method, recipe, device)
    _restore_randomness(before["random"] if before else None, settings.seed, stepper.device)
    if before:
        stepper.optimizer.load_state_dict(before["optimizer"])
    per_epoch = steps_per_epoch(recipe, len(objects))
    epochs = recipe.epochs if method.needs_training else 0

    def save(finished: bool = False) -> dict[str, Any]:
        state.seconds += clock.lap()
        content = {
            "settings": settings.to_json(),
            "normalisation": {"mean": list(normalise.mean), "std": list(normalise.std)},
            "model": method.state_dict(),
            "optimizer": stepper.optimizer.state_dict(),
            "random": _randomness(stepper.device),
            "progress": copy.deepcopy(state.__dict__),
            "finished": finished,
        }
        save_checkpoint(path, content)
        return content

    clock = _Clock()
    steps = bar("epoch", epochs * per_epoch, "step", leave=True, initial=state.steps_done)
    log = SummaryWriter(str(folder / LOG_FOLDER), purge_step=state.steps_done)
    with steps, log, _stop_signals() as stop:
        while state.epoch < epochs:
            steps.set_description(f"epoch {state.epoch + 1}/{epochs}", refresh=False)
            plan = epoch_batches(
                objects, dataset.info.views, recipe.batch_size, recipe.passes, settings.seed, state.epoch
            )
            for batch in _batches(dataset, images, plan[state.step :], method.action):
                rate = learning_rate(recipe, state.steps_done, per_epoch)
                try:
                    values = stepper.step(
                        normalise(batch.pixels1, stepper.device),
                        normalise(batch.pixels2, stepper.device),
                        torch.from_numpy(batch.action).to(stepper.device),
                        torch.from_numpy(batch.label).to(stepper.device),
                        rate,
                        (state.steps_done + 1) / (epochs * per_epoch),
                    )
                except FloatingPointError as error:
                    raise ThreeDieError(
                        f"{folder}: the loss is no longer finite at step {state.steps_done + 1} "
                        f"(epoch {state.epoch + 1}): {error}; lower learning_rate or take precision 32-true"
                    ) from error
                if state.steps_done % _LOG_EVERY_STEPS == 0:
                    for name, value in values.items():
                        log.add_scalar(f"step/{name}", value, state.steps_done)
                    log.add_scalar("step/learning_rate", rate, state.steps_done)
                state.add(values)
                steps.set_postfix({name: f"{value:.3g}" for name, value in values.items()}, refresh=False)
                steps.update()
                if state.step == per_epoch:
                    state.close_epoch()
                    for name, points in state.curves.items():
                        if name != "epoch":
                            log.add_scalar(f"epoch/{name}", points[-1], state.steps_done)
                if stop:
                    save()
                    raise Interrupted(stop[0], state.epoch)
                if clock.elapsed() >= save_every_s:
                    save()
        return save(finished=True)


def resumable(path: Path, settings: Settings) -> dict[str, Any] | None:
    """The checkpoint to go on from, or None if there is none.

    Raises:
        ThreeDieError: it was made with other settings; the message names the first.
    """
    if not path.exists():
        return None
    found = load_checkpoint(path)
    if found["settings"] == settings.to_json():
        return found
    there, here = _flat(found["settings"]), _flat(settings.to_json())
    key = next(key for key in [*there, *here] if there.get(key) != here.get(key))
    raise ThreeDieError(
        f"{path.parent}: holds a run with other settings: {key} is {there.get(key)!r} there and {here.get(key)!r} now; "
        "give another --out, or delete that folder"
    )


def _flat(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, entry in value.items():
        flat.update(_flat(entry, f"{prefix}{key}.") if isinstance(entry, dict) else {f"{prefix}{key}": entry})
    return flat


def _batches(dataset: Dataset, images: Images, plan: Sequence[Pairs], action: str | None) -> Iterator[Loaded]:
    # One thread prepares batches ahead; the decoding within a batch has threads of its own.
    return ordered(lambda pairs: load_batch(dataset, images, pairs, action), plan, 1)


def _randomness(device: torch.device) -> dict[str, Tensor]:
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def _restore_randomness(states: dict[str, Tensor] | None, seed: int, device: torch.device) -> None:
    torch.manual_seed(seed)
    if states:
        torch.set_rng_state(states["cpu"])
        if device.type == "cuda" and "cuda" in states:
            torch.cuda.set_rng_state(states["cuda"], device)


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
    """A list that receives SIGINT and SIGTERM, so that the step in hand can end; a second signal acts as ever."""
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
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
