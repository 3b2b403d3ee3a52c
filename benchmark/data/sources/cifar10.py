"""CIFAR-10 in the setting of E-SSL (Dangovski et al., ICLR 2022): pictures of one view each, without latents."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from threedie.baselines.method import Method
from threedie.benchmark.data.cifar10 import CLASSES, SIDE, Cifar10, read_cifar10
from threedie.benchmark.data.normalization import Pixels, Statistics
from threedie.benchmark.data.pairs import Indices
from threedie.benchmark.data.picture_checks import check_pictures
from threedie.benchmark.data.source import ImageStore, Source
from threedie.benchmark.settings.linear_rules import picture_protocol
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.settings.recipe import Recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import LatentField
from threedie.manifests.progress import SILENT, Reporter

NAME = "cifar10"
RESULT_FILE = "cifar10.json"
PROTOCOLS = ("quick", "essl-v1")


@dataclass(frozen=True)
class PicturesInfo:
    """Facts that hold for all pictures; see `ViewsInfo`."""

    fields: tuple[LatentField, ...] = ()
    views: int = 1
    image_size: int = SIDE


class Pictures:
    """Both halves as one list, training pictures first: N objects of one view without latents; see `LabeledViews`."""

    info = PicturesInfo()

    def __init__(self, data: Cifar10, path: Path) -> None:
        """Join.

        Args:
            data: both halves.
            path: folder of the files, for messages.
        """
        self.path, self.data = path, data
        self.pixels: Pixels = np.concatenate([data.train.pixels, data.test.pixels])
        self.labels = np.concatenate([data.train.labels, data.test.labels])
        self.latents = np.zeros((len(self.labels), 1, 0))
        self.objects = [
            f"{half}/{index:05d}"
            for half, count in (("train", len(data.train)), ("test", len(data.test)))
            for index in range(count)
        ]

    def __len__(self) -> int:
        return len(self.labels)

    def indices(self, split: str) -> Indices:
        """Positions of the pictures of `train`, or with `val` of the test half."""
        cut = len(self.data.train)
        return np.arange(cut) if split == "train" else np.arange(cut, len(self))

    def fingerprint(self) -> str:
        """SHA-256 of all pixels and labels."""
        return self.data.sha256

    def images_sha256(self) -> str:
        """SHA-256 of all pixels and labels: one hash stands for both here."""
        return self.data.sha256


class PictureImages(ImageStore):
    """The pictures, which lie in memory as they are."""

    pairs_repeat_views = True

    def __init__(self, dataset: Pictures) -> None:
        self.dataset: Pictures = dataset

    @property
    def classes(self) -> int:
        """Ten, whichever of them a half holds."""
        return CLASSES

    @property
    def pixels(self) -> Pixels:
        """All of them, (N, 1, 32, 32, 3)."""
        return self.dataset.pixels[:, None]

    def take(self, objects: Indices, views: Indices) -> Pixels:
        """Pictures by their positions; each has view 0 alone."""
        return self.dataset.pixels[objects]

    def statistics(self) -> Statistics:
        """Of all training pictures."""
        values = self.dataset.data.train.pixels.reshape(-1, 3).astype(np.float64) / 255
        mean, std = (tuple(round(float(x), 7) for x in each) for each in (values.mean(0), values.std(0)))
        return mean, std


class Cifar10Source(Source):
    """The ten classes of pictures."""

    default_recipe: ClassVar[str] = NAME
    tasks: ClassVar[tuple[str, ...]] = ("picture_neighbors", "picture_linear")
    watches_neighbors: ClassVar[bool] = True
    older_result = RESULT_FILE

    def __init__(self, dataset: Pictures) -> None:
        self.dataset: Pictures = dataset

    @classmethod
    def open(cls, path: Path | None, reporter: Reporter = SILENT) -> "Cifar10Source":
        """Read the files in a folder; see `Source.open`."""
        if path is None:
            raise ThreeDieError("--dataset cifar10: name the folder of its files with --data FOLDER")
        return cls(Pictures(read_cifar10(path), path))

    @classmethod
    def find_protocol(cls, name: str) -> Protocol:
        """A protocol by name; see `Source.find_protocol`."""
        return picture_protocol(name, PROTOCOLS, "CIFAR-10")

    def images(self, recipe: Recipe, workers: int = 2, reporter: Reporter = SILENT) -> PictureImages:
        """The pictures, whatever the recipe: `check` refuses others than it gives."""
        return PictureImages(self.dataset)

    def check(self, settings: RunSettings, method: Method) -> None:
        """Refuse another size of pictures, a method that needs an action, or two views that would be the same."""
        recipe = settings.recipe
        if recipe.image_size != SIDE:
            raise ThreeDieError(f"recipe {recipe.name}: image_size is {recipe.image_size}; CIFAR-10 has {SIDE} px")
        check_pictures(settings, method, "CIFAR-10")

    def summary(self) -> str:
        """One line."""
        data = self.dataset.data
        return (
            f"dataset  CIFAR-10 from {self.dataset.path}: {len(data.train):,} pictures for training, "
            f"{len(data.test):,} for test"
        )

    def describe(self) -> dict[str, Any]:
        """What a record says of it."""
        data = self.dataset.data
        return {
            "fingerprint": data.sha256,
            "images_sha256": data.sha256,
            "preset": NAME,
            "models": {"source": NAME},
            "objects": len(self.dataset),
            "views": 1,
            "image_size": SIDE,
            "channel_order": "rgb",
            "classes": CLASSES,
            "train_objects": len(data.train),
            "val_objects": len(data.test),
            "split": "as published",
        }
