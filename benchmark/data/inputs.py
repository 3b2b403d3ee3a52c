"""Batches of training pairs: loaded, augmented and normalized for a method."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from threedie.baselines.method import Batch
from threedie.benchmark.data.augmentation import Augmenter
from threedie.benchmark.data.images import Images
from threedie.benchmark.data.normalization import Normalization, Values, scaled
from threedie.benchmark.data.pairs import Pairs, count_batches, epoch_batches
from threedie.benchmark.data.source import ImageStore, LabeledViews
from threedie.benchmark.settings.recipe import Recipe
from threedie.manifests.dataset import Dataset
from threedie.manifests.latents import ROTATION


def images_of(
    dataset: Dataset,
    recipe: Recipe,
    workers: int = 2,
    memory: int | None = None,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> Images:
    """A dataset's images as a recipe wants them; see `Images`."""
    return Images(dataset, recipe.image_size, recipe.channels, workers, memory, progress, recipe.center)


def preprocessing(recipe: Recipe, normalization: Normalization) -> dict[str, Any]:
    """What is done to a picture before a network sees it, as plain JSON; names of cached features hash it."""
    return {
        "size": recipe.image_size,
        "channels": recipe.channels,
        "centre": recipe.center,
        "mean": list(normalization.mean),
        "std": list(normalization.std),
    }


@dataclass(frozen=True)
class Loaded:
    """One batch on its way to the device.

    Attributes:
        pixels1, pixels2: uint8 (B, S, S, 3), or float32 of C channels; see `ImageStore.take`.
        arrays: the other fields of `Batch` by name: see `pair_arrays`.
        rotation: relative quaternion of the pair for online probes, (B, 4) float32; None where it isn't wanted, or the
            dataset has no rotations.
    """

    pixels1: Values
    pixels2: Values
    arrays: dict[str, npt.NDArray]
    rotation: npt.NDArray | None = None


def pair_arrays(dataset: LabeledViews, pairs: Pairs, action: str | None) -> dict[str, npt.NDArray]:
    """Fields of `Batch` that come from the dataset, except images, by name. A new one is computed here.

    Args:
        dataset: with the latents and labels.
        pairs: B pairs of views.
        action: name of the relative transformation that the method takes.

    Returns:
        `action`, (B, A) float32, with A = 0 where the method takes none; `label`, the class of each object, (B,).

    Raises:
        ThreeDieError: the dataset has no latent field that the action is made of.
    """
    fields, latents = dataset.info.fields, dataset.latents
    values = latents[pairs.objects, pairs.view1, :0] if action is None else pairs.actions(action, fields, latents)
    return {"action": values.astype(np.float32), "label": dataset.labels[pairs.objects]}


@dataclass(frozen=True)
class TrainingPairs:
    """Pairs of views of a dataset's training objects."""

    images: ImageStore

    def steps_per_epoch(self, recipe: Recipe) -> int:
        """Batches in one epoch."""
        return recipe.passes * count_batches(len(self.images.dataset.indices("train")), recipe.batch_size)

    def batches(self, recipe: Recipe, seed: int, epoch: int) -> Sequence[Pairs]:
        """The batches of an epoch, the same for the same arguments; see `threedie.benchmark.data.pairs.epoch_batches`.

        Where both views of a pair are one image, the numbers of the views mean nothing and the order counts.
        """
        dataset = self.images.dataset
        views = max(2, dataset.info.views) if self.images.pairs_repeat_views else dataset.info.views
        return epoch_batches(dataset.indices("train"), views, recipe.batch_size, recipe.passes, seed, epoch)

    def load(self, pairs: Pairs, action: str | None, rotation: bool = False) -> Loaded:
        """Fetch the images, actions and labels of a batch of pairs.

        Args:
            pairs: which views.
            action: name of the relative transformation that the method takes.
            rotation: whether the relative quaternion is wanted too.

        Raises:
            ThreeDieError: the dataset has no latent field that the action is made of.
        """
        dataset = self.images.dataset
        fields, latents = dataset.info.fields, dataset.latents
        if self.images.pairs_repeat_views:
            pairs = Pairs(pairs.objects, 0 * pairs.view1, 0 * pairs.view2)
        rotates = rotation and set(ROTATION) <= {field.name for field in fields}
        pixels1 = self.images.take(pairs.objects, pairs.view1)
        return Loaded(
            pixels1,
            pixels1 if self.images.pairs_repeat_views else self.images.take(pairs.objects, pairs.view2),
            pair_arrays(dataset, pairs, action),
            pairs.actions("rotation", fields, latents).astype(np.float32) if rotates else None,
        )


def prepare(loaded: Loaded, augmentation: Augmenter, normalization: Normalization, device: torch.device) -> Batch:
    """A loaded batch as a method takes it, on the device."""
    crop = None
    if augmentation.changes_nothing:
        view1, view2 = normalization(loaded.pixels1, device), normalization(loaded.pixels2, device)
    else:
        first, second = scaled(loaded.pixels1, device), scaled(loaded.pixels2, device)
        view1, view2 = (normalization.apply(augmentation.view(each)) for each in (first, second))
        cut = augmentation.crop(first)
        crop = None if cut is None else normalization.apply(cut)
    tensors = {name: torch.from_numpy(array).to(device) for name, array in loaded.arrays.items()}
    return Batch(view1, view2, crop=crop, **tensors)
