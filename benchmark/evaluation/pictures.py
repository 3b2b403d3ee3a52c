"""Measuring a frozen network on labeled pictures of one view: the vote of nearest neighbors, and a linear layer.

The representation is made here and not read from files: the linear layer may see other crops in every epoch, and the
vote is also taken after every epoch of training.
"""

from collections.abc import Callable
from dataclasses import dataclass

import kornia.augmentation as augment
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from threedie.baselines.method import Method
from threedie.benchmark.data.crops import RandomCrop
from threedie.benchmark.data.inputs import CROP_NUMBERS
from threedie.benchmark.data.normalization import Normalization, Pixels, scaled
from threedie.benchmark.data.pairs import Indices, Pairs, epoch_batches
from threedie.benchmark.data.source import ImageStore
from threedie.benchmark.settings.linear_rules import LinearRules

NEIGHBORS, TEMPERATURE = 200, 0.1
"""Of the vote: those of Wu et al. (CVPR 2018), which E-SSL's code takes."""
PROBE_BATCH = 256
"""Pictures in a step of the linear layer."""
_BATCH = 512
_LINEAR_AREA = (0.08, 1.0)
"""Share of an image's area that the linear layer sees: torchvision's usual one."""
_ENLARGEMENT = 36 / 32
"""Side that test pictures are enlarged to before their border is cut off, as in E-SSL's code: 36 px for 32."""

Correct = npt.NDArray[np.bool_]


def represent(method: Method, inputs: Callable[[slice], Tensor], count: int) -> Tensor:
    """Representations of `count` inputs that `inputs` gives by slices, (N, D) float32 on their device."""
    with torch.inference_mode():
        batches = [method.represent(inputs(slice(at, at + _BATCH))).float() for at in range(0, count, _BATCH)]
    return torch.cat(batches).clone()


def neighbor_predictions(train: Tensor, train_labels: Tensor, test: Tensor, classes: int) -> Tensor:
    """The class that the nearest training representations vote for, int64 (M,).

    The 200 nearest by cosine vote with weight exp(cosine / 0.1): Wu, Xiong, Yu & Lin, "Unsupervised Feature Learning
    via Non-Parametric Instance Discrimination", CVPR 2018, section 3.4.

    Args:
        train, test: (N, D), (M, D).
        train_labels: int64 (N,), 0 to `classes`, exclusive.
        classes: number of classes.
    """
    bank = F.normalize(train, dim=1)
    predictions = []
    for at in range(0, len(test), _BATCH):
        queries = F.normalize(test[at : at + _BATCH], dim=1)
        cosine, nearest = (queries @ bank.T).topk(min(NEIGHBORS, len(bank)), dim=1)
        votes = torch.zeros(len(queries), classes, device=test.device)
        votes.scatter_add_(1, train_labels[nearest], (cosine / TEMPERATURE).exp())
        predictions.append(votes.argmax(1))
    return torch.cat(predictions)


@dataclass(frozen=True)
class PictureProbes:
    """A frozen network, and the training and test pictures it is measured on.

    Attributes:
        method: in evaluation mode, on the device.
        images: of a dataset with one view of each object.
        normalization: as it was trained with.
        device: where to compute.
        seed: of the linear layers' first weights, order and augmentations.
    """

    method: Method
    images: ImageStore
    normalization: Normalization
    device: torch.device
    seed: int = 0

    def neighbors(self) -> Correct:
        """Whether the vote of the nearest training pictures names the class of each test picture, (M,)."""
        train, test = self._indices("train"), self._indices("val")
        banks = [represent(self.method, self._plain(rows), len(rows)) for rows in (train, test)]
        predictions = neighbor_predictions(banks[0], self._labels(train), banks[1], self.images.classes)
        return (predictions == self._labels(test)).cpu().numpy()

    def linear(self, rules: LinearRules) -> list[Correct]:
        """Whether a linear layer names the class of each test picture, (M,) for each run."""
        train, test = self._indices("train"), self._indices("val")
        labels, expected = self._labels(train), self._labels(test)
        # Images of a folder are measured at the middle of a larger image whatever the rules.
        inputs = self._enlarged(test) if rules.augmented and not self.images.cuts_crops else self._plain(test)
        queries = represent(self.method, inputs, len(test))
        features = self._augmented(train) if rules.augmented else self._fixed(train)
        results = []
        for run in range(rules.runs):
            seed = self.seed + 1000 * run
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                layer = nn.Linear(queries.shape[1], self.images.classes).to(self.device)
                if rules.spread is not None:
                    nn.init.normal_(layer.weight, std=rules.spread)
                    nn.init.zeros_(layer.bias)
                _fit(layer, features, labels, rules, seed)
            with torch.inference_mode():
                results.append((layer(queries).argmax(1) == expected).cpu().numpy())
        return results

    def _indices(self, split: str) -> Indices:
        return self.images.dataset.indices(split)

    def _labels(self, rows: Indices) -> Tensor:
        return torch.from_numpy(self.images.dataset.labels[rows]).to(self.device)

    def _pixels(self, rows: Indices) -> npt.NDArray[np.uint8]:
        return np.ascontiguousarray(self.images.take(rows, np.zeros_like(rows)))

    def _plain(self, rows: Indices) -> Callable[[slice], Tensor]:
        """Pictures as they are, as inputs."""
        return lambda which: self.normalization(self._pixels(rows[which]), self.device)

    def _enlarged(self, rows: Indices) -> Callable[[slice], Tensor]:
        """Pictures enlarged, without the border that then lies outside."""

        def inputs(which: slice) -> Tensor:
            images = scaled(self._pixels(rows[which]), self.device)
            side = images.shape[-1]
            larger = round(side * _ENLARGEMENT)
            resized = F.interpolate(images, size=(larger, larger), mode="bicubic", antialias=True).clamp(0, 1)
            edge = (larger - side) // 2
            return self.normalization.apply(resized[..., edge : edge + side, edge : edge + side])

        return inputs

    def _fixed(self, rows: Indices) -> Callable[[Pairs], Tensor]:
        """Representations of pictures as they are, made once."""
        made = represent(self.method, self._plain(rows), len(rows))
        return lambda drawn: made[torch.from_numpy(drawn.objects).to(self.device)]

    def _augmented(self, rows: Indices) -> Callable[[Pairs], Tensor]:
        """Representations of random crops and flips, made anew each time."""
        side = self._pixels(rows[:1]).shape[1]
        crop = RandomCrop(side, _LINEAR_AREA)
        flip = augment.RandomHorizontalFlip()
        change: nn.Module = flip
        if not self.images.cuts_crops:
            resized = augment.RandomResizedCrop((side, side), resample="bicubic", cropping_mode="resample")
            change = nn.Sequential(resized, flip)

        def pixels(drawn: Pairs) -> Pixels:
            if self.images.cuts_crops:
                return self.images.crops(rows[drawn.objects], [(crop, drawn.view1)])[0]
            return self._pixels(rows[drawn.objects])

        def features(drawn: Pairs) -> Tensor:
            crops = self.normalization.apply(change(scaled(pixels(drawn), self.device)).clamp(0, 1))
            with torch.inference_mode():
                representation = self.method.represent(crops).float()
            return representation.clone()

        return features


def _fit(layer: nn.Linear, features: Callable[[Pairs], Tensor], labels: Tensor, rules: LinearRules, seed: int) -> None:
    optimizer = torch.optim.SGD(layer.parameters(), lr=rules.rate, momentum=0.9, weight_decay=rules.weight_decay)
    rows = np.arange(len(labels))
    plans = (epoch_batches(rows, CROP_NUMBERS, PROBE_BATCH, 1, seed, epoch) for epoch in range(rules.epochs))
    schedule = None
    for plan in plans:
        changes = rules.epochs * (1 if rules.by_epoch else len(plan))
        schedule = schedule or torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, changes)
        for drawn in plan:
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(layer(features(drawn.pairs)), labels[torch.from_numpy(drawn.objects)]).backward()
            optimizer.step()
            if not rules.by_epoch:
                schedule.step()
        if rules.by_epoch:
            schedule.step()


def neighbor_monitor(images: ImageStore) -> Callable[[Method, Normalization, torch.device], dict[str, float]]:
    """What training calls after every epoch: the vote of the neighbors, as `knn_top1`."""

    def measure(method: Method, normalization: Normalization, device: torch.device) -> dict[str, float]:
        correct = PictureProbes(method, images, normalization, device).neighbors()
        return {"knn_top1": int(correct.sum()) / len(correct)}

    return measure
