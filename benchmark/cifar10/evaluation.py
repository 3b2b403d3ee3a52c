"""How a network trained on CIFAR-10 is measured: by its nearest neighbours, and by a linear layer on top of it."""

from collections.abc import Callable
from dataclasses import dataclass

import kornia.augmentation as augment
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from threedie.baselines.method import Method
from threedie.benchmark.data.cifar10 import CLASSES, SIDE, Cifar10, Pictures
from threedie.benchmark.data.inputs import Normalisation, pictures
from threedie.benchmark.data.pairs import epoch_batches

NEIGHBOURS, TEMPERATURE = 200, 0.1
"""Of the vote: those of Wu et al. (CVPR 2018), which E-SSL's code takes."""
_BATCH = 512
_RESIZED = 36


@dataclass(frozen=True)
class Rules:
    """How the linear layer is trained: SGD with momentum 0.9, no weight decay, half a cosine, batches of 256.

    Attributes:
        name, version: what results cite.
        epochs: over the training pictures.
        runs: linear layers, each with first weights and an order of its own; the result is their mean.
        augmented: whether they see random crops and flips, and test pictures enlarged to 36 px with the border cut off,
            as in E-SSL's code; otherwise every picture as it is, through the network once.
        rate: highest learning rate.
    """

    name: str
    version: int
    epochs: int
    runs: int
    augmented: bool
    rate: float = 30.0


RULES = {
    "quick": Rules("quick", 1, epochs=20, runs=1, augmented=False),
    "essl-v1": Rules("essl-v1", 1, epochs=100, runs=5, augmented=True),
}
PROBE_BATCH = 256


def represent(method: Method, images: Callable[[slice], Tensor], count: int) -> Tensor:
    """Representations of `count` inputs that `images` gives by slices, (N, D) float32 on their device."""
    with torch.inference_mode():
        said = [method.represent(images(slice(at, at + _BATCH))).float() for at in range(0, count, _BATCH)]
    return torch.cat(said).clone()


def plain_inputs(pixels: npt.NDArray[np.uint8], normalise: Normalisation, device: torch.device) -> Tensor:
    """Pictures as they are, as inputs."""
    return normalise(np.ascontiguousarray(pixels), device)


def neighbours_top1(train: Tensor, train_labels: Tensor, test: Tensor, test_labels: Tensor) -> float:
    """Share of test representations whose class the nearest training ones vote for.

    The 200 nearest by cosine vote with weight exp(cosine / 0.1): Wu, Xiong, Yu & Lin, "Unsupervised Feature Learning
    via Non-Parametric Instance Discrimination", CVPR 2018, section 3.4.

    Args:
        train, test: (N, D), (M, D).
        train_labels, test_labels: int64 (N,), (M,).
    """
    bank = F.normalize(train, dim=1)
    right = 0
    for at in range(0, len(test), _BATCH):
        asked = F.normalize(test[at : at + _BATCH], dim=1)
        cosine, nearest = (asked @ bank.T).topk(min(NEIGHBOURS, len(bank)), dim=1)
        votes = torch.zeros(len(asked), CLASSES, device=test.device)
        votes.scatter_add_(1, train_labels[nearest], (cosine / TEMPERATURE).exp())
        right += int((votes.argmax(1) == test_labels[at : at + _BATCH]).sum())
    return right / len(test)


def linear_top1(
    method: Method, data: Cifar10, normalise: Normalisation, rules: Rules, device: torch.device, seed: int
) -> list[float]:
    """Share of test pictures that a linear layer on the frozen network tells right, of each run.

    Args:
        method: in evaluation mode, on the device.
        data: both halves.
        normalise: as it was trained with.
        rules: how.
        device: where to compute.
        seed: of first weights, order and augmentations.
    """
    labels = torch.from_numpy(data.train.labels).to(device)
    wanted = torch.from_numpy(data.test.labels).to(device)
    test = represent(method, _TestInputs(data, normalise, device, rules.augmented), len(data.test))
    known = None
    if not rules.augmented:
        inputs = data.train.pixels
        known = represent(method, lambda rows: plain_inputs(inputs[rows], normalise, device), len(data.train))
    changes = nn.Sequential(
        augment.RandomResizedCrop((SIDE, SIDE), resample="bicubic", cropping_mode="resample"),
        augment.RandomHorizontalFlip(),
    )

    def features(rows: npt.NDArray[np.int64]) -> Tensor:
        if known is not None:
            return known[torch.from_numpy(rows).to(device)]
        seen = normalise.apply(changes(pictures(data.train.pixels[rows], device)).clamp(0, 1))
        with torch.inference_mode():
            said = method.represent(seen).float()
        return said.clone()

    results = []
    for run in range(rules.runs):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed + 1000 * run)
            layer = nn.Linear(test.shape[1], CLASSES).to(device)
            _fit(layer, features, labels, rules, seed + 1000 * run)
        with torch.inference_mode():
            results.append(float((layer(test).argmax(1) == wanted).float().mean()))
    return results


def _fit(
    layer: nn.Linear, features: Callable[[npt.NDArray[np.int64]], Tensor], labels: Tensor, rules: Rules, seed: int
) -> None:
    optimizer = torch.optim.SGD(layer.parameters(), lr=rules.rate, momentum=0.9)
    plans = (epoch_batches(np.arange(len(labels)), 2, PROBE_BATCH, 1, seed, epoch) for epoch in range(rules.epochs))
    schedule = None
    for plan in plans:
        schedule = schedule or torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, rules.epochs * len(plan))
        for drawn in plan:
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(layer(features(drawn.objects)), labels[torch.from_numpy(drawn.objects)]).backward()
            optimizer.step()
            schedule.step()


@dataclass(frozen=True)
class _TestInputs:
    data: Cifar10
    normalise: Normalisation
    device: torch.device
    enlarged: bool

    def __call__(self, rows: slice) -> Tensor:
        if not self.enlarged:
            return plain_inputs(self.data.test.pixels[rows], self.normalise, self.device)
        images = pictures(self.data.test.pixels[rows], self.device)
        larger = F.interpolate(images, size=(_RESIZED, _RESIZED), mode="bicubic", antialias=True).clamp(0, 1)
        edge = (_RESIZED - SIDE) // 2
        return self.normalise.apply(larger[..., edge : edge + SIDE, edge : edge + SIDE])


def monitor(data: Cifar10) -> Callable[[Method, Normalisation, torch.device], dict[str, float]]:
    """What training calls after every epoch: the vote of the neighbours, as `knn_top1`."""

    def look(method: Method, normalise: Normalisation, device: torch.device) -> dict[str, float]:
        def seen(half: Pictures) -> tuple[Tensor, Tensor]:
            known = represent(method, lambda rows: plain_inputs(half.pixels[rows], normalise, device), len(half))
            return known, torch.from_numpy(half.labels).to(device)

        return {"knn_top1": neighbours_top1(*seen(data.train), *seen(data.test))}

    return look
