"""Batches of pairs and sequences of training views: loaded, augmented and normalized for a method."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from threedie.baselines.method import Batch, Method
from threedie.benchmark.data.augmentation import Augmenter
from threedie.benchmark.data.crops import RandomCrop
from threedie.benchmark.data.images import Images
from threedie.benchmark.data.normalization import Normalization, Values, scaled
from threedie.benchmark.data.pairs import Indices, Sequences, count_batches, epoch_batches
from threedie.benchmark.data.resident import ResidentPixels
from threedie.benchmark.data.source import ImageStore, LabeledViews
from threedie.benchmark.settings.recipe import Recipe
from threedie.manifests.dataset import Dataset
from threedie.manifests.latents import ROTATION, actions

_CPU = torch.device("cpu")


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
        pixels: of each of V views, uint8 (B, S, S, 3), or float32 of C channels (see `ImageStore.take`): on the device,
            or in memory, pinned for a GPU.
        arrays: the other fields of `Batch` by name: see `view_arrays`.
        rotation: relative quaternion from the first view to the second for online probes, (B, 4) float32; None where it
            isn't wanted, or the dataset has no rotations.
        crop: uint8 (B, h, h, 3), where small crops are cut from the whole pictures.
    """

    pixels: Sequence[Tensor]
    arrays: dict[str, npt.NDArray]
    rotation: npt.NDArray | None = None
    crop: Tensor | None = None


def view_arrays(
    dataset: LabeledViews, drawn: Sequences, action: str | None, absolute: bool = False
) -> dict[str, npt.NDArray]:
    """Fields of `Batch` that come from the dataset, except images, by name. A new one is computed here.

    Args:
        dataset: with the latents and labels.
        drawn: B sequences of V views.
        action: name of the relative transformation that the method takes.
        absolute: whether the method wants `Batch.absolute`.

    Returns:
        `action`, (B, A) float32, and `later_actions`, (B, V - 2, A) float32, with A = 0 where the method takes none;
        `label`, the class of each object, (B,); `absolute`, (B, A) float32, where it is wanted.

    Raises:
        ThreeDieError: the dataset has no latent field that the action is made of.
    """
    if action is None:
        values = np.zeros((len(drawn), drawn.views.shape[1] - 1, 0), np.float32)
    else:
        values = drawn.actions(action, dataset.info.fields, dataset.latents).astype(np.float32)
    arrays: dict[str, npt.NDArray] = {
        "action": values[:, 0],
        "later_actions": values[:, 1:],
        "label": dataset.labels[drawn.objects],
    }
    if absolute and action is not None:
        second = dataset.latents[drawn.objects, drawn.views[:, 1]]
        moved = actions(action, dataset.info.fields, np.zeros_like(second), second)
        arrays["absolute"] = moved.astype(np.float32)
    return arrays


CROP_NUMBERS = 1 << 31
"""Random crops of a picture that pairs can name."""


@dataclass(frozen=True)
class TrainingViews:
    """Pairs or sequences of views of a dataset's training objects.

    Attributes:
        images: of the dataset.
        length: views in a sequence, see `Method.views`.
        group: how many objects a method takes together, see `Method.group`.
        device: that batches are for.
        resident: the pixels on that device, where they fit in its memory.
        cuts: random crops of the first view, of the others, and of a small crop, that are cut from whole pictures;
            empty for pictures as `ImageStore.take` gives them.
    """

    images: ImageStore
    length: int = 2
    group: int = 1
    device: torch.device = _CPU
    resident: ResidentPixels | None = None
    cuts: Sequence[RandomCrop] = ()

    def steps_per_epoch(self, recipe: Recipe) -> int:
        """Batches in one epoch."""
        count = len(self.images.dataset.indices("train"))
        return recipe.passes * count_batches(count, recipe.batch_size, self.group)

    def batches(self, recipe: Recipe, seed: int, epoch: int) -> Sequence[Sequences]:
        """The batches of an epoch, the same for the same arguments; see `threedie.benchmark.data.pairs.epoch_batches`.

        Where all views of a sequence are one image, the numbers of the views are those of their random crops.
        """
        dataset = self.images.dataset
        views = CROP_NUMBERS if self.images.pairs_repeat_views else dataset.info.views
        objects = dataset.indices("train")
        return epoch_batches(objects, views, recipe.batch_size, recipe.passes, seed, epoch, self.length, self.group)

    def load(self, drawn: Sequences, action: str | None, rotation: bool = False, absolute: bool = False) -> Loaded:
        """Fetch the images, actions and labels of a batch.

        Args:
            drawn: which views.
            action: name of the relative transformation that the method takes.
            rotation: whether the relative quaternion of the first two views is wanted too.
            absolute: whether the method wants `Batch.absolute`.

        Raises:
            ThreeDieError: the dataset has no latent field that the action is made of.
        """
        dataset = self.images.dataset
        fields, latents = dataset.info.fields, dataset.latents
        if self.cuts:
            pixels, small = self._cut(drawn)
            return Loaded(pixels, view_arrays(dataset, drawn, action, absolute), crop=small)
        if self.images.pairs_repeat_views:
            drawn = Sequences(drawn.objects, np.zeros_like(drawn.views))
            pixels = [self._take(drawn.objects, drawn.views[:, 0])] * drawn.views.shape[1]
        else:
            pixels = [self._take(drawn.objects, view) for view in drawn.views.T]
        rotates = rotation and set(ROTATION) <= {field.name for field in fields}
        return Loaded(
            pixels,
            view_arrays(dataset, drawn, action, absolute),
            drawn.pairs.actions("rotation", fields, latents).astype(np.float32) if rotates else None,
        )

    def _take(self, objects: Indices, views: Indices) -> Tensor:
        """Images of the views (B,) of some objects (B,): uint8 (B, S, S, 3)."""
        if self.resident is not None:
            return self.resident.take(objects, views)
        return self._to_copy(self.images.take(objects, views))

    def _cut(self, drawn: Sequences) -> tuple[list[Tensor], Tensor | None]:
        """Random crops of the pictures as views, and small ones where they are wanted."""
        first, second, *small = self.cuts
        wanted = [(second if place else first, numbers) for place, numbers in enumerate(drawn.views.T)]
        wanted += [(each, drawn.views[:, 0] + CROP_NUMBERS) for each in small]
        crops = [self._to_copy(pixels) for pixels in self.images.crops(drawn.objects, wanted)]
        return crops[: drawn.views.shape[1]], crops[-1] if small else None

    def _to_copy(self, pixels: Values) -> Tensor:
        """Ready to be copied to the device: from pinned memory a GPU copies while it computes."""
        tensor = torch.from_numpy(pixels)
        return tensor.pin_memory() if self.device.type == "cuda" else tensor


def training_inputs(
    images: ImageStore, method: Method, recipe: Recipe, device: torch.device = _CPU
) -> tuple[TrainingViews, Augmenter]:
    """What a method is trained on: pairs or sequences of a dataset's views for a device, and their augmentation."""
    augmentation = images.augmentation(method, recipe)
    cuts = augmentation.cuts(recipe.image_size) if images.cuts_crops else ()
    resident = ResidentPixels.fitting(images, device)
    return TrainingViews(images, method.views, method.group, device, resident, cuts), augmentation


def prepare(loaded: Loaded, augmentation: Augmenter, normalization: Normalization, device: torch.device) -> Batch:
    """A loaded batch as a method takes it, on the device."""
    crop = None
    if augmentation.changes_nothing:
        views = [normalization(pixels, device) for pixels in loaded.pixels]
    else:
        pictures = [scaled(pixels, device) for pixels in loaded.pixels]
        views = [normalization.apply(augmentation.view(each, second=place > 0)) for place, each in enumerate(pictures)]
        cut = augmentation.crop(pictures[0] if loaded.crop is None else scaled(loaded.crop, device))
        crop = None if cut is None else normalization.apply(cut)
    tensors = {name: torch.from_numpy(array).to(device, non_blocking=True) for name, array in loaded.arrays.items()}
    return Batch(views[0], views[1], crop=crop, later_views=tuple(views[2:]), **tensors)
