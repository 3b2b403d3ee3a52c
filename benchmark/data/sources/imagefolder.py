"""Folders of images, a folder for each class in `train` and in `val`: pictures of one view each, without latents."""

from pathlib import Path
from typing import Any, ClassVar

from threedie.baselines.method import Method
from threedie.benchmark.data.folder_images import FolderImages
from threedie.benchmark.data.image_folder import ImageFolder, check_images, list_folder
from threedie.benchmark.data.picture_checks import check_pictures
from threedie.benchmark.data.source import Source
from threedie.benchmark.settings.defaults import DEFAULT_WORKERS
from threedie.benchmark.settings.linear_rules import picture_protocol
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.settings.recipe import Recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.manifests.errors import ThreeDieError, a_few
from threedie.manifests.progress import SILENT, Reporter

PROTOCOLS = ("quick", "essl-imagenet-v1", "essl-imagenet-bt-v1")


class ImageFolderSource(Source):
    """Images in folders of classes.

    Attributes:
        name: of the kind, for messages and records.
    """

    name: ClassVar[str] = "imagefolder"
    default_recipe: ClassVar[str] = "imagefolder"
    tasks: ClassVar[tuple[str, ...]] = ("picture_neighbors", "picture_linear")

    def __init__(self, dataset: ImageFolder) -> None:
        self.dataset: ImageFolder = dataset

    @classmethod
    def open(cls, path: Path | None, reporter: Reporter = SILENT) -> "ImageFolderSource":
        """List the images and read each once; see `Source.open`."""
        if path is None:
            raise ThreeDieError(f"--dataset {cls.name}: name the folder that holds train and val with --data FOLDER")
        files = list_folder(path)
        sha256 = check_images(
            path, files, DEFAULT_WORKERS, lambda items: reporter.bar("reading", len(files.paths), "image", items)
        )
        return cls(ImageFolder(path, files, sha256))

    @classmethod
    def find_protocol(cls, name: str) -> Protocol:
        """A protocol by name; see `Source.find_protocol`."""
        return picture_protocol(name, PROTOCOLS, "a folder of images")

    def images(self, recipe: Recipe, workers: int = 2, reporter: Reporter = SILENT) -> FolderImages:
        """Its images at the recipe's size, decoded when they are used."""
        return FolderImages(self.dataset, recipe.image_size, workers)

    def check(self, settings: RunSettings, method: Method) -> None:
        """Refuse a method that needs an action or has too few outputs, or a recipe by which both views are the same."""
        check_pictures(settings, method, "a folder of images")
        count = len(self.dataset.files.classes)
        if method.classes is not None and method.classes < count:
            raise ThreeDieError(
                f"method {settings.method}: has outputs for {method.classes} classes, and {self.dataset.path} has "
                f"{count}; set method.classes={count}"
            )

    def summary(self) -> str:
        """What it holds, and what was left out."""
        dataset, files = self.dataset, self.dataset.files
        counts = f"{files.train:,} images for training, {len(dataset) - files.train:,} for validation"
        lines = [f"dataset  {dataset.path}: {len(files.classes):,} classes, {counts}"]
        unmeasured = sorted({*range(len(files.classes))} - {*files.labels[files.train :]})
        if unmeasured:
            lines.append(f"         without images in val: {a_few(files.classes[label] for label in unmeasured)}")
        if files.left_out:
            lines.append(f"         left out, no images by their names: {a_few(files.left_out)}")
        if files.hidden:
            lines.append(f"         left out, hidden: {files.hidden:,} (names that begin with a dot)")
        return "\n".join(lines)

    def describe(self) -> dict[str, Any]:
        """What a record says of it."""
        dataset, files = self.dataset, self.dataset.files
        return {
            "fingerprint": dataset.fingerprint(),
            "images_sha256": dataset.images_sha256(),
            "preset": self.name,
            "models": {"source": self.name},
            "objects": len(dataset),
            "views": 1,
            "image_size": dataset.info.image_size,
            "channel_order": "rgb",
            "classes": len(files.classes),
            "train_objects": files.train,
            "val_objects": len(dataset) - files.train,
            "split": "as listed",
        }
