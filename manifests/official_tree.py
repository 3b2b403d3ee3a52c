"""The tree that 3DIEBench was published as: SYNSET/OBJECT/image_I.jpg and latent_I.npy, one pair of files a view.

Exported trees carry a `dataset.json` with everything the images and latents don't say, so that the way back gives the
same dataset file, bit for bit. A tree without one (a download of the original) is taken with stated assumptions, and
only where all objects have the same views. Images may be called `.jpeg` or `.JPG` too, and numbers may have leading
zeros, as other programs write them.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from threedie.manifests.dataset_info import DatasetInfo, DatasetObject
from threedie.manifests.dataset_writer import write_dataset
from threedie.manifests.description import DESCRIPTION, Progress, add_to_digest, read_description
from threedie.manifests.errors import ThreeDieError, a_few
from threedie.manifests.files import explained
from threedie.manifests.latents import check_latents
from threedie.manifests.objects import ObjectRef
from threedie.manifests.plurals import pluralize
from threedie.manifests.tree_files import (
    INCOMPLETE_REMEDY,
    TREE_FORMAT,
    TREE_VERSION,
    find_objects,
    image_name,
    is_described,
    jpeg_size,
    latent_name,
    list_object,
    read_latents,
    readable_files,
)
from threedie.manifests.tree_survey import TreeSurvey, left_out_files, refuse_problems


class OfficialTree:
    """A tree opened for reading.

    Attributes:
        folder: its root.
        info: what the dataset is.
        made: how it was made.
        objects: the objects: in the order of `dataset.json`, or sorted without one.
        splits: `train` or `val` of each.
        assumptions: what was assumed because the tree doesn't say it, and what was left out, as sentences.
        problems: what is wrong with the files of single objects, a sentence for each, in the objects' order.
        described: whether it has a `dataset.json`.
    """

    info: DatasetInfo
    made: list[dict[str, Any]]
    objects: list[ObjectRef]
    splits: list[str]

    def __init__(self, folder: Path) -> None:
        """Open a tree.

        Raises:
            ThreeDieError: not a tree, or its `dataset.json` is damaged.
        """
        self.folder = folder
        self.assumptions: list[str] = []
        self.problems: dict[ObjectRef, str] = {}
        self._content_sha256: str | None = None
        self._out_of_range: dict[str, list[str]] = {}
        self.described = is_described(folder)
        if self.described:
            self._read_description()
            self._compare_with_description()
        else:
            survey = TreeSurvey(folder)
            self.info, self.made = survey.info, []
            self.objects, self.splits = survey.objects, survey.splits
            self.assumptions, self.problems = survey.assumptions, survey.problems

    def require_whole(self) -> None:
        """Refuse a tree whose objects aren't alike.

        Raises:
            ThreeDieError: it has problems; names the first.
        """
        refuse_problems(self.problems)

    def _read_description(self) -> None:
        description = read_description(self.folder, TREE_FORMAT, TREE_VERSION)
        self.info, self.made = description.info, description.made
        self.objects, self.splits = description.objects, description.splits
        self._content_sha256 = description.content_sha256

    def _compare_with_description(self) -> None:
        """Note files that `dataset.json` doesn't list."""
        unlisted = sorted(set(find_objects(self.folder)[0]) - set(self.objects))
        if unlisted:
            self.assumptions.append(f"left out object folders that {DESCRIPTION} doesn't list: {a_few(unlisted)}")
        others: list[str] = []
        for ref in self.objects:
            folder = self.folder / str(ref)
            if not folder.is_dir():
                continue
            files = readable_files(self.folder, ref)
            others += [f"{ref}/{name}" for name in files.others]
            views = files.images.items() | files.latents.items()
            extra = sorted(name for view, name in views if view >= self.info.views)
            if extra:
                self.problems[ref] = (
                    f"{folder}: holds more than the {pluralize(self.info.views, 'view')} of {DESCRIPTION}: "
                    f"{a_few(extra)}; delete them"
                )
        self.assumptions += left_out_files(others)

    def _missing(self, ref: ObjectRef, name: str) -> ThreeDieError:
        remedy = "run '3die data export' again" if self.described else INCOMPLETE_REMEDY
        return ThreeDieError(f"{self.folder / str(ref) / name}: missing; {remedy}")

    def object(self, index: int) -> DatasetObject:
        """One object with all its views.

        Raises:
            ThreeDieError: a file is missing or isn't what it should be.
        """
        ref = self.objects[index]
        folder = self.folder / str(ref)
        if not folder.is_dir():
            raise self._missing(ref, "")
        files = list_object(folder)
        latents = np.empty((self.info.views, len(self.info.fields)))
        jpegs = []
        for view in range(self.info.views):
            if view not in files.latents:
                raise self._missing(ref, latent_name(view))
            if view not in files.images:
                raise self._missing(ref, image_name(view))
            path = folder / files.latents[view]
            row = read_latents(path)
            if row.shape != latents.shape[1:]:
                raise ThreeDieError(f"{path}: shape {row.shape}, expected {latents.shape[1:]}")
            latents[view] = row
            image = folder / files.images[view]
            try:
                jpegs.append(image.read_bytes())
            except OSError as error:
                raise explained(error, image) from error
        return DatasetObject(ref, self.splits[index], latents, jpegs)

    def pack(self, path: Path, progress: Progress = iter) -> int:
        """Write the tree as one dataset file. Memory holds one object at a time. Returns the number of objects.

        What is worth knowing, such as latents outside the assumed ranges, is added to `assumptions`.

        Raises:
            ThreeDieError: objects have different views, image sizes or latents, a file is missing or isn't what it
                should be, latents aren't finite, or an exported tree was changed since.
        """
        self.require_whole()
        write_dataset(path, self.info, self.made, len(self.objects), self._jpeg_bytes(), self._checked(progress))
        for name, refs in self._out_of_range.items():
            self.assumptions.append(
                f"{name} of {pluralize(len(refs), 'object')} lies outside the range of the publication: {a_few(refs)}; "
                "'3die data verify' lists them"
            )
        return len(self.objects)

    def _jpeg_bytes(self) -> int:
        """Size of all images together."""
        total = 0
        for ref in self.objects:
            folder = self.folder / str(ref)
            if not folder.is_dir():
                raise self._missing(ref, "")
            files = list_object(folder)
            for view in range(self.info.views):
                if view not in files.images:
                    raise self._missing(ref, image_name(view))
                image = folder / files.images[view]
                try:
                    total += image.stat().st_size
                except OSError as error:
                    raise explained(error, image) from error
        return total

    def _checked(self, progress: Progress) -> Iterator[DatasetObject]:
        digest = hashlib.sha256()
        for index in progress(range(len(self.objects))):
            item = self.object(index)
            add_to_digest(digest, item)
            check_latents(self.info.fields, item.latents[None], [item.ref], str(self.folder))
            if not self.described:
                self._check_object(item)
            yield item
        if self._content_sha256 and digest.hexdigest() != self._content_sha256:
            raise ThreeDieError(f"{self.folder}: files were changed since the export; run '3die data export' again")

    def _check_object(self, item: DatasetObject) -> None:
        """Compare an object with what was assumed of all after reading some."""
        size = self.info.image_size
        for view, jpeg in enumerate(item.jpegs):
            width, height = jpeg_size(jpeg, self.folder / str(item.ref) / image_name(view))
            if (width, height) != (size, size):
                raise ThreeDieError(
                    f"{self.folder / str(item.ref)}: the image of view {view} is {width} x {height} pixels, where "
                    f"those of other objects are {size} x {size}; all images of a dataset have one size, "
                    "so get it again or delete the object's folder"
                )
        for column, field in enumerate(self.info.fields):
            if not field.contains(item.latents[:, column]).all():
                self._out_of_range.setdefault(field.name, []).append(str(item.ref))
