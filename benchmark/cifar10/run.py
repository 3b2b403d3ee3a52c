"""A run on CIFAR-10: train, measure, write `cifar10.json`."""

import importlib.metadata
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from threedie.benchmark.cifar10.evaluation import Rules, linear_top1, monitor
from threedie.benchmark.data.cifar10 import CLASSES, SIDE, Cifar10
from threedie.benchmark.data.inputs import FIXED_NORMALISATIONS, Loaded, Normalisation
from threedie.benchmark.data.pairs import Pairs, count_batches, epoch_batches
from threedie.benchmark.records.build import LIBRARIES, code_version, hardware
from threedie.benchmark.settings.recipe import Recipe
from threedie.benchmark.settings.run_settings import Settings
from threedie.benchmark.training.checkpoints import weights_sha256
from threedie.benchmark.training.device import find_device
from threedie.benchmark.training.loop import train_on
from threedie.benchmark.training.restore import restore
from threedie.manifests.errors import ThreeDieError

RESULT_FILE = "cifar10.json"
KIND, VERSION = "3die-cifar10", 1


@dataclass(frozen=True)
class PicturePairs:
    """Two views of each training picture: the same pixels, which the recipe's augmentation makes differ."""

    data: Cifar10

    def steps_per_epoch(self, recipe: Recipe) -> int:
        """Batches in one epoch."""
        return recipe.passes * count_batches(len(self.data.train), recipe.batch_size)

    def batches(self, recipe: Recipe, seed: int, epoch: int) -> Sequence[Pairs]:
        """The batches of an epoch: every picture once a pass, in random order."""
        # The two views that the plan names are one picture; it is the order that counts.
        return epoch_batches(np.arange(len(self.data.train)), 2, recipe.batch_size, recipe.passes, seed, epoch)

    def load(self, pairs: Pairs, action: str | None, rotation: bool) -> Loaded:
        """Pixels and labels; there is neither action nor rotation."""
        pixels = self.data.train.pixels[pairs.objects]
        nothing = np.zeros((len(pairs), 0), np.float32)
        return Loaded(pixels, pixels, nothing, self.data.train.labels[pairs.objects])

    def normalisation(self, kind: str) -> Normalisation:
        """A fixed one, or with `dataset` the training pictures' own."""
        if kind != "dataset":
            return Normalisation(*FIXED_NORMALISATIONS[kind])
        values = self.data.train.pixels.reshape(-1, 3).astype(np.float64) / 255
        return Normalisation(*(tuple(round(float(x), 7) for x in each) for each in (values.mean(0), values.std(0))))


def check(settings: Settings, action: str | None) -> None:
    """Refuse what CIFAR-10 can't give.

    Raises:
        ThreeDieError: another size of pictures, a method that needs a relative transformation, or views that would be
            one and the same.
    """
    recipe = settings.recipe
    if recipe.image_size != SIDE:
        raise ThreeDieError(f"recipe {recipe.name}: image_size is {recipe.image_size}; CIFAR-10 has {SIDE} px")
    if recipe.center != 1:
        raise ThreeDieError(
            f"recipe {recipe.name}: center is {recipe.center}; CIFAR-10's pictures are seen whole, leave it at 1"
        )
    if action is not None:
        raise ThreeDieError(
            f"method {settings.method}: needs the action {action!r} between two views, and CIFAR-10 has none; take one "
            "without, such as essl (with target image_rotation), simclr, simsiam or barlow_twins"
        )
    if recipe.augmentation == "none":
        raise ThreeDieError(
            f"recipe {recipe.name}: augmentation is 'none'; on CIFAR-10 two views differ by it alone: set "
            "augmentation=essl, or leave --recipe out"
        )


def run_cifar10(
    settings: Settings, data: Cifar10, rules: Rules, folder: Path, device: str, save_every_s: float, started: datetime
) -> dict[str, Any]:
    """Train, or go on, then measure; the content of `cifar10.json`.

    Args:
        settings: what to train; its fingerprints are the data's hash.
        data: both halves.
        rules: of the linear layer.
        folder: the run's folder.
        device: `auto`, `cpu` or `cuda`.
        save_every_s: seconds between checkpoints.
        started: when the command began, in UTC.

    Raises:
        ThreeDieError: see `threedie.benchmark.training.loop.train_on`.
        Interrupted: training was asked to stop.
    """
    look = monitor(data)
    checkpoint = train_on(PicturePairs(data), settings, folder, device, save_every_s, look)
    place = torch.device(find_device(device))
    _, method, normalise = restore(checkpoint)
    method = method.to(place).eval()
    began = datetime.now(started.tzinfo)
    neighbours = look(method, normalise, place)["knn_top1"]
    linear = linear_top1(method, data, normalise, rules, place, settings.seed or 0)
    floor = float(np.bincount(data.test.labels, minlength=CLASSES).max() / len(data.test))
    progress = checkpoint["progress"]
    return {
        "kind": KIND,
        "version": VERSION,
        "method": {
            "name": settings.method,
            "options": settings.recipe.method_options,
            "parameters": sum(parameter.numel() for parameter in method.parameters()),
        },
        "rules": asdict(rules),
        "data": {"sha256": data.sha256, "train": len(data.train), "test": len(data.test)},
        "config": settings.recipe.to_json(),
        "seed": settings.seed,
        "checkpoint": {
            "sha256": weights_sha256(method.state_dict()),
            "epochs": progress["epoch"],
            "steps": progress["steps_done"],
        },
        "code": code_version(Path(__file__).parents[2]),
        "hardware": hardware(str(place)),
        "libraries": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in (*LIBRARIES, "kornia")},
        },
        "times": {
            "started": started.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "train_s": round(progress["seconds"], 2),
            "tasks_s": round((datetime.now(started.tzinfo) - began).total_seconds(), 2),
        },
        "results": [
            {"metric": "knn_top1", "value": neighbours, "floor": floor},
            {"metric": "linear_top1", "value": float(np.mean(linear)), "floor": floor, "runs": linear},
        ],
        "curves": progress["curves"],
    }
