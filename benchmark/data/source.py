"""What a dataset must offer for training and measuring. Each kind of dataset is a file in `data/sources/`."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeGuard

import numpy as np
import numpy.typing as npt

from threedie.baselines.method import Method
from threedie.benchmark.data.augmentation import Augmentation, Augmenter
from threedie.benchmark.data.crops import RandomCrop
from threedie.benchmark.data.normalization import FIXED_NORMALIZATIONS, Normalization, Pixels, Statistics, Values
from threedie.benchmark.data.pairs import Indices
from threedie.benchmark.settings.defaults import DEFAULT_RECIPE
from threedie.benchmark.settings.protocol import Protocol as EvaluationProtocol
from threedie.benchmark.settings.protocol import find_protocol
from threedie.benchmark.settings.recipe import Recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.manifests.latents import LatentField
from threedie.manifests.progress import SILENT, Reporter


class ViewsInfo(Protocol):
    """Facts that hold for all objects of a dataset."""

    @property
    def fields(self) -> Sequence[LatentField]:
        """What each of the L latents of a view is."""
        ...

    @property
    def views(self) -> int:
        """Views of each object, V."""
        ...

    @property
    def image_size(self) -> int:
        """Width and height of its images in pixels."""
        ...


class LabeledViews(Protocol):
    """N objects of V views with classes, splits and latents; `manifests.dataset.Dataset` is one."""

    @property
    def path(self) -> Path:
        """File or folder, for messages."""
        ...

    @property
    def info(self) -> ViewsInfo:
        """Facts that hold for all objects."""
        ...

    @property
    def objects(self) -> Sequence[Any]:
        """A name of each object, (N,)."""
        ...

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """Class of each object, (N,)."""
        ...

    @property
    def latents(self) -> npt.NDArray[np.float64]:
        """Latents of each view, (N, V, L)."""
        ...

    def __hash__(self) -> int: ...

    def __len__(self) -> int: ...

    def indices(self, split: str) -> Indices:
        """Positions of the objects of `train` or `val`."""
        ...

    def fingerprint(self) -> str:
        """SHA-256 of its settings, objects and latents."""
        ...

    def images_sha256(self) -> str:
        """SHA-256 of its images."""
        ...


class LabeledCells(LabeledViews, Protocol):
    """N unit cells of photonic crystals, each with its density of states instead of a class."""

    @property
    def kind(self) -> str:
        """Kind of the cells."""
        ...

    def densities(self, objects: Indices) -> npt.NDArray[np.float32]:
        """Density of states of some cells minus that of the empty lattice, float32 (n, points)."""
        ...


def is_pictures(dataset: LabeledViews) -> bool:
    """Whether it holds pictures without latents, one view each."""
    return dataset.info.views == 1 and not dataset.info.fields and not is_cells(dataset)


def is_cells(dataset: LabeledViews) -> TypeGuard[LabeledCells]:
    """Whether it holds unit cells of photonic crystals."""
    return hasattr(dataset, "densities")


def augmentation_for(method: Method, recipe: Recipe, is_cut: bool = False) -> Augmentation:
    """The augmentation that a recipe asks for, and the small crops that a method does; see `Augmentation`."""
    side = method.crop_side(recipe.image_size)
    return Augmentation(recipe.augmentation, method.action, side, method.crop_area, is_cut, method.crop_keeps)


class ImageStore(ABC):
    """The images of a dataset, ready to be taken at one size.

    Attributes:
        dataset: whose images they are.
        pairs_repeat_views: whether both views of a training pair are the same image, so that augmentation alone makes
            them differ.
        cuts_crops: whether `crops` works, so that random crops are cut from the whole image and not from what `take`
            gives.
    """

    dataset: LabeledViews
    pairs_repeat_views: ClassVar[bool] = False
    cuts_crops: ClassVar[bool] = False

    @property
    def pixels(self) -> Pixels | None:
        """All images, uint8 (N, V, size, size, 3), where they are kept in memory."""
        return None

    @property
    def classes(self) -> int:
        """Number of classes: labels are 0 to this, exclusive."""
        return int(self.dataset.labels.max()) + 1

    @abstractmethod
    def take(self, objects: Indices, views: Indices) -> Values:
        """Images of the views (B,) of some objects (B,): uint8 (B, size, size, 3), or float32 of C channels."""

    def crops(self, objects: Indices, wanted: Sequence[tuple[RandomCrop, Indices]]) -> list[Pixels]:
        """Random crops of some objects (B,), each image decoded once.

        Args:
            objects: which.
            wanted: kinds of crops, and for each a number (B,) that decides the crop of each object.

        Returns:
            of each kind uint8 (B, side, side, 3).
        """
        raise NotImplementedError(f"{type(self).__name__} cuts no crops")

    @abstractmethod
    def statistics(self) -> Statistics:
        """Mean and standard deviation of each channel, in 0 to 1, over training images.

        Raises:
            ThreeDieError: the dataset has no training objects.
        """

    def augmentation(self, method: Method, recipe: Recipe) -> Augmenter:
        """The augmentation that a recipe asks for, and the small crops that a method does."""
        return augmentation_for(method, recipe, self.cuts_crops)

    def normalization(self, kind: str) -> Normalization:
        """The one that a recipe names: a fixed one, or with `dataset` the training images' own."""
        return Normalization(*(self.statistics() if kind == "dataset" else FIXED_NORMALIZATIONS[kind]))


class Source(ABC):
    """A dataset as runs use it: opened once, its images decoded when they are needed.

    Attributes:
        default_recipe: name of the recipe that is used where none is named.
        tasks: names of the tasks that are measured on it; None for all that apply.
        watches_neighbors: whether the vote of nearest neighbors is taken after every epoch of training.
        older_result: name of a file in which results are written in an older form too; None for the record alone.
        dataset: its objects, views, latents, labels and splits.
    """

    default_recipe: ClassVar[str] = DEFAULT_RECIPE
    tasks: ClassVar[tuple[str, ...] | None] = None
    watches_neighbors: ClassVar[bool] = False
    older_result: ClassVar[str | None] = None
    dataset: LabeledViews

    @classmethod
    @abstractmethod
    def open(cls, path: Path | None, reporter: Reporter = SILENT) -> "Source":
        """Open the dataset in a file or a folder, without decoding images.

        Args:
            path: where it is; None for the usual place, if its kind has one.
            reporter: shows which place was taken.

        Raises:
            ThreeDieError: it isn't there, damaged, or of another kind.
        """

    @classmethod
    def find_protocol(cls, name: str) -> EvaluationProtocol:
        """A protocol by name.

        Raises:
            ThreeDieError: this kind of dataset isn't measured by a protocol of that name.
        """
        return find_protocol(name)

    def adapt(self, method: str, recipe: Recipe) -> Recipe:
        """A recipe with the method's options that this dataset wants, where the recipe doesn't set them."""
        return recipe

    @classmethod
    def recipe_for(cls, method: str, overrides: Sequence[str] = ()) -> str:
        """Name of the recipe that is used where none is named.

        Args:
            method: name of the method.
            overrides: changed settings, `key=value` each.
        """
        return cls.default_recipe

    @abstractmethod
    def images(self, recipe: Recipe, workers: int = 2, reporter: Reporter = SILENT) -> ImageStore:
        """Its images as a recipe wants them.

        Args:
            recipe: size, channel order and visible part.
            workers: threads that decode.
            reporter: shows how far decoding is.

        Raises:
            ThreeDieError: an image can't be decoded.
        """

    @abstractmethod
    def check(self, settings: RunSettings, method: Method) -> None:
        """Refuse a method or a recipe that the dataset doesn't suit.

        Raises:
            ThreeDieError: names method or setting, and what to change.
        """

    @abstractmethod
    def summary(self) -> str:
        """What it is, in a few lines for the terminal."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """What a record says of it: see `dataset` in the record's format."""
