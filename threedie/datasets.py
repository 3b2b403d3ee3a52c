"""Torch datasets over a dataset file: pairs of views of one object, and single views."""

import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils import data as torch_data

from threedie.benchmark.data.images import Images
from threedie.benchmark.data.pairs import Pairs, draw_pass
from threedie.manifests.dataset import SPLITS, Dataset, position
from threedie.manifests.errors import ThreeDieError, shown_value
from threedie.manifests.latents import ACTION_SIZES

Item_co = TypeVar("Item_co", covariant=True)

CHANNELS = ("file", "rgb")
LARGEST_IMAGE = 2**14
"""Width in pixels; what is beyond is a slip, and would end in a full memory."""
LARGEST_NUMBER = 2**63 - 1
"""Of a seed or an epoch: they are 64-bit integers."""


class Pair(NamedTuple):
    """A pair of views of one object; from a `DataLoader`, B of them with a dimension B in front.

    Attributes:
        view1, view2: images, uint8 (3, S, S), or what the transform made of them.
        action: relative transformation from view 1 to view 2, float32 (A,).
        label: class of the object, 0 to 54.
        object_index: position of the object in the dataset file.
        view_indices: which views of the object they are, int64 (2,).
    """

    view1: Any
    view2: Any
    action: Tensor
    label: int
    object_index: int
    view_indices: Tensor


class View(NamedTuple):
    """A view of an object; from a `DataLoader`, B of them with a dimension B in front.

    Attributes:
        image: uint8 (3, S, S), or what the transform made of it.
        latents: what made the view, float32 (L,), in the order and the units of the dataset's fields.
        label: class of the object, 0 to 54.
        object_index: position of the object in the dataset file.
        view_index: which view of the object it is.
    """

    image: Any
    latents: Tensor
    label: int
    object_index: int
    view_index: int


class _ImageDataset(torch_data.Dataset[Item_co], Generic[Item_co]):
    """What both datasets share: the file, the objects of a split, and decoded, transformed images."""

    def __init__(
        self,
        data: Dataset | Path | str,
        split: str | None,
        transform: Callable[[Tensor], Any] | None,
        image_size: int | None,
        channels: str,
        center: float,
    ) -> None:
        dataset = data if isinstance(data, Dataset) else Dataset(data)
        if split is not None and split not in SPLITS:
            raise ThreeDieError(f"split {shown_value(split)}: give 'train', 'val', or None for all objects")
        if transform is not None and not callable(transform):
            raise ThreeDieError(f"transform {shown_value(transform)}: give a function of one image, or None")
        if channels not in CHANNELS:
            raise ThreeDieError(f"channels {shown_value(channels)}: give 'file' or 'rgb'")
        if image_size is not None:
            image_size = _whole("image_size", image_size, 1, LARGEST_IMAGE)
        if not isinstance(center, int | float) or not 0 < center <= 1:
            raise ThreeDieError(f"center {shown_value(center)}: give a share of the image's width, above 0 and up to 1")
        self.dataset = dataset
        self.split = split
        self.transform = transform
        self.objects: npt.NDArray[np.int64] = np.arange(len(dataset)) if split is None else dataset.indices(split)
        if not len(self.objects):
            raise ThreeDieError(f"{dataset.path}: no objects" + (f" in split {split!r}" if split else ""))
        # Without memory for decoded images: a DataLoader's workers decode, and each would keep a copy.
        size = image_size or dataset.info.image_size
        self._images = Images(dataset, size, channels, 1, 0, iter, center)

    @property
    def image_size(self) -> int:
        """Width and height of the images in pixels, before the transform."""
        return self._images.size

    def __repr__(self) -> str:
        split = "all objects" if self.split is None else f"split {self.split!r}"
        return f"{type(self).__name__}({str(self.dataset.path)!r}, {split}): {len(self)} items"  # type: ignore[arg-type]

    def _image(self, index: int, view: int) -> Any:
        image = torch.from_numpy(self._images.decode(index, view)).permute(2, 0, 1).contiguous()
        return image if self.transform is None else self.transform(image)

    def _position(self, item: int) -> int:
        return position("item", item, len(self))  # type: ignore[arg-type]


def _whole(name: str, value: int, least: int, largest: int) -> int:
    """A whole number within bounds, also one of numpy or torch."""
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if not least <= number <= largest:
        bounds = f"of {least} or more" if largest == LARGEST_NUMBER else f"from {least} to {largest}"
        raise ThreeDieError(f"{name} {shown_value(value)}: give a whole number {bounds}")
    return number


class PairDataset(_ImageDataset[Pair]):
    """Pairs of different views of each object, for `torch.utils.data.DataLoader`.

    An epoch holds one pair of each object of the split. The order of the objects and the views of each are random, and
    decided by `seed` and the epoch alone: a loader with `shuffle=False` gives the pairs on which `3die bench run`
    trains with that seed, one pass in each epoch. Call `set_epoch` before each epoch, or all have the same pairs.

    Works with any number of workers, persistent ones too, under fork and spawn (for spawn the transform must be
    picklable).

    Attributes:
        dataset: the opened file.
        objects: positions of the split's objects in it, int64 (n,).
        split, transform, action, seed: as given.
    """

    def __init__(
        self,
        data: Dataset | Path | str,
        split: str | None = "train",
        transform: Callable[[Tensor], Any] | None = None,
        action: str | None = "rotation",
        *,
        seed: int = 0,
        image_size: int | None = None,
        channels: str = "file",
        center: float = 1.0,
    ) -> None:
        """Open a file.

        Args:
            data: a dataset file's path, or an opened one.
            split: `train`, `val`, or None for all objects.
            transform: applied to each view, uint8 (3, S, S), by itself; may return anything that a loader can collate.
            action: which relative transformation to give: `rotation` (unit quaternion x, y, z, w: A = 4),
                `rotation_color` (and floor hue, light hue: A = 6), `latents` (and light theta, light phi: A = 8), the
                others of METHODS.md, or None (A = 0). Differences are second view minus first, angles in radians, hues
                in turns.
            seed: decides order and views, 0 or more.
            image_size: width and height S in pixels; by default the file's.
            channels: `file` keeps the order of the file, in which the original method is trained (see
                `Dataset.info.channel_order`); `rgb` gives red, green, blue.
            center: share of the width and height, around the middle, that is kept before resizing.

        Raises:
            ThreeDieError: no such file, or a damaged one; no objects in the split; fewer than two views of each; an
                option that isn't one of the above; an action whose latents the dataset lacks.
        """
        super().__init__(data, split, transform, image_size, channels, center)
        if action is not None and action not in tuple(ACTION_SIZES):
            raise ThreeDieError(f"action {shown_value(action)}: choose one of {', '.join(ACTION_SIZES)}, or None")
        self.action, self.seed = action, _whole("seed", seed, 0, LARGEST_NUMBER)
        # Shared memory, so that workers that outlive an epoch see the next one.
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()
        self._drawn: tuple[int, Pairs, Tensor] | None = None
        self._draw()

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, 0 or more; call it before a loader is iterated over."""
        self._epoch.fill_(_whole("epoch", epoch, 0, LARGEST_NUMBER))

    def __len__(self) -> int:
        """Pairs in an epoch: one for each object of the split."""
        return len(self.objects)

    def __getitem__(self, item: int) -> Pair:
        """A pair of the current epoch; a negative position counts from the end.

        Raises:
            ThreeDieError: an image is damaged.
            IndexError: no such pair.
        """
        row = self._position(item)
        pairs, actions = self._draw()
        index, view1, view2 = int(pairs.objects[row]), int(pairs.view1[row]), int(pairs.view2[row])
        return Pair(
            self._image(index, view1),
            self._image(index, view2),
            actions[row],
            int(self.dataset.labels[index]),
            index,
            torch.tensor([view1, view2]),
        )

    def _draw(self) -> tuple[Pairs, Tensor]:
        epoch = int(self._epoch)
        if self._drawn is None or self._drawn[0] != epoch:
            info, latents = self.dataset.info, self.dataset.latents
            pairs = draw_pass(self.objects, info.views, self.seed, epoch)
            size = (len(pairs), 0)
            actions = np.empty(size) if self.action is None else pairs.actions(self.action, info.fields, latents)
            self._drawn = epoch, pairs, torch.from_numpy(actions.astype(np.float32))
        return self._drawn[1:]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_drawn": None}


class ViewDataset(_ImageDataset[View]):
    """Every view of every object of a split, object by object and view by view, for `torch.utils.data.DataLoader`.

    So features of a loader with `shuffle=False`, joined to (n * V, D), can be reshaped to (n, V, D).

    Attributes:
        dataset: the opened file.
        objects: positions of the split's objects in it, int64 (n,).
        split, transform: as given.
    """

    def __init__(
        self,
        data: Dataset | Path | str,
        split: str | None = None,
        transform: Callable[[Tensor], Any] | None = None,
        *,
        image_size: int | None = None,
        channels: str = "file",
        center: float = 1.0,
    ) -> None:
        """Open a file.

        Args:
            data: a dataset file's path, or an opened one.
            split: `train`, `val`, or None for all objects.
            transform: applied to each image, uint8 (3, S, S); may return anything that a loader can collate.
            image_size: width and height S in pixels; by default the file's.
            channels: `file` keeps the order of the file (see `Dataset.info.channel_order`); `rgb` gives red, green,
                blue.
            center: share of the width and height, around the middle, that is kept before resizing.

        Raises:
            ThreeDieError: no such file, or a damaged one; no objects in the split; an option that isn't one of the
                above.
        """
        super().__init__(data, split, transform, image_size, channels, center)
        self._latents = torch.from_numpy(self.dataset.latents[self.objects].astype(np.float32))

    def __len__(self) -> int:
        """Views of all objects of the split, n * V."""
        return len(self.objects) * self.dataset.info.views

    def __getitem__(self, item: int) -> View:
        """A view; a negative position counts from the end.

        Raises:
            ThreeDieError: its image is damaged.
            IndexError: no such view.
        """
        row, view = divmod(self._position(item), self.dataset.info.views)
        index = int(self.objects[row])
        label = int(self.dataset.labels[index])
        return View(self._image(index, view), self._latents[row, view], label, index, view)
