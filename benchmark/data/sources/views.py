"""Dataset files of rendered views, as `3die render` and `3die data pack` write them."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from threedie.baselines.method import Method
from threedie.benchmark.data.identity import identify
from threedie.benchmark.data.images import Images
from threedie.benchmark.data.inputs import images_of
from threedie.benchmark.data.source import Source
from threedie.benchmark.settings.recipe import Recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import actions, check_latents
from threedie.manifests.objects import split_of
from threedie.manifests.places import DEFAULT_DATASET
from threedie.manifests.plurals import pluralize
from threedie.manifests.progress import SILENT, Reporter

HASH_SPLIT = "hash-80-20"
"""Name of the split that `threedie.manifests.objects.split_of` makes."""


class ViewsSource(Source):
    """A dataset file."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset: Dataset = dataset

    @classmethod
    def open(cls, path: Path | None, reporter: Reporter = SILENT) -> "ViewsSource":
        """Open a dataset file; see `Source.open`."""
        if path is None:
            if not DEFAULT_DATASET.is_file():
                raise ThreeDieError(
                    f"{DEFAULT_DATASET}: no dataset here; make one with '3die render --classes all --views 50', "
                    "or name one with --data FILE"
                )
            reporter.text(f"no --data given: taking {DEFAULT_DATASET}, where '3die render' puts its dataset")
        dataset = Dataset(path or DEFAULT_DATASET)
        check_latents(dataset.info.fields, dataset.latents, dataset.objects, str(dataset.path))
        return cls(dataset)

    def images(self, recipe: Recipe, workers: int = 2, reporter: Reporter = SILENT) -> Images:
        """Its images, decoded at once where they fit in memory; see `Source.images`."""
        count = len(self.dataset)
        return images_of(
            self.dataset, recipe, workers, progress=lambda items: reporter.bar("decoding", count, "object", items)
        )

    def check(self, settings: RunSettings, method: Method) -> None:
        """Refuse a method that needs more views than there are, or an action made of latents that aren't there."""
        if method.needs_training and method.views > self.dataset.info.views:
            raise ThreeDieError(
                f"method {settings.method}: takes {method.views} views of each object at once, and "
                f"{self.dataset.path} has {self.dataset.info.views}; "
                "render more, or choose a shorter sequence in its options"
            )
        if method.action is not None:
            view = self.dataset.latents[:1, 0]
            actions(method.action, self.dataset.info.fields, view, view)

    def summary(self) -> str:
        """The dataset in two lines."""
        dataset, info = self.dataset, self.dataset.info
        order = (
            " (red and blue exchanged in the files, as the original has them)" if info.channel_order == "bgr" else ""
        )
        objects, classes = pluralize(len(dataset), "object"), pluralize(len(set(dataset.labels.tolist())), "class")
        return (
            f"dataset  {dataset.path}: preset {info.preset.get('name', 'unnamed')}, {objects} of {classes} x "
            f"{pluralize(info.views, 'view')}, {info.image_size} px, channels {info.channel_order}{order}\n"
            f"         {pluralize(len(dataset.indices('train')), 'object')} for training, "
            f"{len(dataset.indices('val')):,} for validation"
        )

    def describe(self) -> dict[str, Any]:
        """What a record says of it."""
        dataset, info = self.dataset, self.dataset.info
        hashed = all(split_of(ref) == split for ref, split in zip(dataset.objects, dataset.splits, strict=True))
        return {
            **asdict(identify(dataset)),
            "preset": str(info.preset.get("name", "unnamed")),
            "models": info.models,
            "objects": len(dataset),
            "views": info.views,
            "image_size": info.image_size,
            "channel_order": info.channel_order,
            "classes": len(np.unique(dataset.labels)),
            "train_objects": len(dataset.indices("train")),
            "val_objects": len(dataset.indices("val")),
            "split": HASH_SPLIT if hashed else str(info.models.get("splits", "as listed")),
        }
