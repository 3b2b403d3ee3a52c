"""Settings of a tree without `dataset.json`, inferred from its files."""

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

from threedie.manifests.channels import guess_channel_order
from threedie.manifests.dataset_info import DatasetInfo
from threedie.manifests.description import DESCRIPTION
from threedie.manifests.errors import ThreeDieError, a_few
from threedie.manifests.latents import REQUIRED_FIELDS, ROTATION, UNITS, LatentField
from threedie.manifests.objects import TRAIN, VAL, ObjectRef, read_object_list, split_of
from threedie.manifests.plurals import pluralize
from threedie.manifests.tree_files import (
    INCOMPLETE_REMEDY,
    PICTURES,
    ObjectFiles,
    find_objects,
    image_name,
    image_size,
    latent_name,
    list_object,
    read_latents,
    readable_files,
)

SAMPLED_IMAGES = 64
"""Views that are read to find image size, latent fields and channel order."""

_SHAPES = ((len(REQUIRED_FIELDS),), (len(UNITS),))
"""Shapes of a view's latents: without the translation, and with it."""


class TreeSurvey:
    """What the files of a tree without a description show.

    Attributes:
        folder: its root.
        info: settings of the dataset, as far as the files show them.
        objects: the objects, sorted.
        splits: `train` or `val` of each.
        assumptions: what was assumed or left out, as sentences.
        problems: what is wrong with the files of single objects, a sentence for each.
    """

    def __init__(self, folder: Path) -> None:
        """Read a tree.

        Raises:
            ThreeDieError: it has no objects or no views, or the latents aren't those of 3DIEBench.
        """
        self.folder = folder
        self.assumptions: list[str] = []
        self.problems: dict[ObjectRef, str] = {}
        if (folder / DESCRIPTION).is_file():
            self.assumptions.append(f"{DESCRIPTION} isn't one of an exported tree and was not used")
        self.objects, left_out = find_objects(folder)
        if not self.objects:
            raise ThreeDieError(f"{folder}: no object folders SYNSET/OBJECT/ in it")
        self.assumptions += left_out
        self.splits = self._choose_splits()
        views = self._count_views()
        fields, size = self._sample_shapes()
        self.info = DatasetInfo(
            preset={"name": "3diebench" if len(fields) == len(REQUIRED_FIELDS) else "3diebench-t"},
            fields=fields,
            seed=0,
            sampler="unknown",
            views=views,
            image_size=size,
            channel_order="bgr",
            quality={"name": "unknown"},
            models={"source": "official tree"},
        )
        self.info = replace(self.info, channel_order=self._choose_channel_order())
        names = " ".join(field.name for field in fields)
        self.assumptions += [
            f"preset {self.info.preset['name']}: latents are {names}, in the ranges of the publication",
            "seed, sampler, renderer and its settings are unknown",
        ]

    def _choose_splits(self) -> list[str]:
        lists = {split: self.folder / f"{split}_images.npy" for split in (TRAIN, VAL)}
        listed = {
            split: set(read_object_list(path, may_be_empty=True)) for split, path in lists.items() if path.is_file()
        }
        if len(listed) == 2:
            both = listed[TRAIN] & listed[VAL]
            if both:
                raise ThreeDieError(
                    f"{self.folder}: train_images.npy and val_images.npy share {pluralize(len(both), 'object')}, such "
                    f"as {min(both)}; put the published lists into the folder"
                )
            kept = [ref for ref in self.objects if ref in listed[TRAIN] or ref in listed[VAL]]
            if len(kept) < len(self.objects):
                others = sorted(set(self.objects) - set(kept))
                self.assumptions.append(
                    f"left out {pluralize(len(others), 'object')} that neither list names: {a_few(others)}"
                )
            self.objects = kept
        missing = sorted(set().union(*listed.values()) - set(self.objects))
        if missing:
            self.assumptions.append(f"no folder for {pluralize(len(missing), 'listed object')}: {a_few(missing)}")
        if not self.objects:
            raise ThreeDieError(
                f"{self.folder}: its lists name none of its objects; put the lists of this dataset into the folder"
            )
        if listed:
            names = " and ".join(f"{split}_images.npy" for split in sorted(listed))
            self.assumptions.append(f"splits from {names}")
            val = listed[VAL] if VAL in listed else set(self.objects) - listed[TRAIN]
            return [VAL if ref in val else TRAIN for ref in self.objects]
        self.assumptions.append(
            "splits 80 to 20 by a hash of the object's name; for the official ones put train_images.npy and "
            "val_images.npy into the tree's folder"
        )
        return [split_of(ref) for ref in self.objects]

    def _count_views(self) -> int:
        """Views of each object: what most have. Each object with other views is a problem."""
        counts: Counter[frozenset[int]] = Counter()
        # Equal sets are kept once: a tree may have 50,000 objects with 100 files each.
        unique: dict[frozenset[int], frozenset[int]] = {}
        views_of: list[frozenset[int] | None] = []
        others: list[str] = []
        for ref in self.objects:
            files = self._files_or_problem(ref)
            if files is None:
                views_of.append(None)
                continue
            others += [f"{ref}/{name}" for name in files.others]
            numbers = frozenset(files.images | files.latents)
            numbers = unique.setdefault(numbers, numbers)
            counts[numbers] += bool(numbers)
            views_of.append(None if self._has_half_a_view(ref, files) else numbers)
        if not +counts:
            refuse_problems(self.problems)
            count = pluralize(len(self.objects), "object folder")
            raise ThreeDieError(f"{self.folder}: no views in {count}; {INCOMPLETE_REMEDY}")
        usual = max(+counts, key=lambda numbers: (counts[numbers], len(numbers)))
        self._name_unusual(views_of, usual, counts[usual])
        self.problems = dict(sorted(self.problems.items()))
        self.assumptions += left_out_files(others)
        return max(usual) + 1

    def _files_or_problem(self, ref: ObjectRef) -> ObjectFiles | None:
        """An object's files; None, and a problem, where its folder can't be read or holds no JPEGs."""
        folder = self.folder / str(ref)
        try:
            files = list_object(folder)
        except ThreeDieError as error:
            self.problems[ref] = str(error)
            return None
        pictures = [name for name in files.others if Path(name).suffix.lower() in PICTURES]
        if pictures:
            self.problems[ref] = (
                f"{folder / pictures[0]}: the images of a tree are JPEGs (image_0.jpg), which a dataset file holds "
                "as they are; convert them to JPEG first, at a quality of 95 or more"
            )
            return None
        return files

    def _has_half_a_view(self, ref: ObjectRef, files: ObjectFiles) -> bool:
        halves = sorted(files.images.keys() ^ files.latents.keys())
        for view in halves[:1]:
            have, lack = (files.images, latent_name) if view in files.images else (files.latents, image_name)
            self.problems[ref] = f"{self.folder / str(ref)}: {have[view]} has no {lack(view)}; {INCOMPLETE_REMEDY}"
        return bool(halves)

    def _name_unusual(self, views_of: list[frozenset[int] | None], usual: frozenset[int], count: int) -> None:
        """Add a problem for each object whose views aren't the usual ones, which `count` objects have."""
        views = max(usual) + 1
        share = f"{count} of {len(self.objects)} objects have"
        for ref, numbers in zip(self.objects, views_of, strict=True):
            folder = self.folder / str(ref)
            if numbers is None:
                continue
            if not numbers:
                self.problems[ref] = f"{folder}: holds no views; {INCOMPLETE_REMEDY}"
            elif missing := sorted(set(range(views)) - numbers):
                self.problems[ref] = (
                    f"{folder}: has {pluralize(len(numbers), 'view')} and lacks {a_few(map(image_name, missing))}; "
                    f"{share} {len(usual)}, counted from 0; {INCOMPLETE_REMEDY}"
                )
            elif extra := sorted(numbers - set(range(views))):
                self.problems[ref] = (
                    f"{folder}: has {pluralize(len(numbers), 'view')}, among them {a_few(map(image_name, extra))}, "
                    f"where {share} {views}; delete the extra ones, or get the others' missing views"
                )

    def _sample_shapes(self) -> tuple[tuple[LatentField, ...], int]:
        """Latent fields and image size of most of some objects; packing compares all with them."""
        shapes: Counter[tuple[int, ...]] = Counter()
        sizes: Counter[int] = Counter()
        first: ThreeDieError | None = None
        step = max(1, len(self.objects) // SAMPLED_IMAGES)
        for ref in self.objects[::step]:
            files, folder = readable_files(self.folder, ref), self.folder / str(ref)
            for view in sorted(files.views)[:2]:
                try:
                    shapes[read_latents(folder / files.latents[view]).shape] += 1
                    sizes[image_size(folder / files.images[view])] += 1
                except ThreeDieError as error:
                    first = first or error
        readable = {shape: count for shape, count in shapes.items() if shape in _SHAPES}
        if not sizes or not (readable or shapes):
            raise first or ThreeDieError(next(iter(self.problems.values())))
        shape = max(readable or shapes, key=lambda shape: shapes[shape])
        if shape not in _SHAPES:
            raise ThreeDieError(
                f"{self.folder}: latents of shape {shape}; a view of 3DIEBench has "
                f"{len(REQUIRED_FIELDS)} or {len(UNITS)} numbers"
            )
        return _published_fields(shape), max(sizes, key=lambda size: (sizes[size], size))

    def _choose_channel_order(self) -> str:
        from simplejpeg import decode_jpeg  # noqa: PLC0415  (only data commands need it)

        step = max(1, len(self.objects) // SAMPLED_IMAGES)
        images, hues = [], []
        column = [field.name for field in self.info.fields].index("floor_hue")
        for position, ref in enumerate(self.objects[::step][:SAMPLED_IMAGES]):
            # Few objects, then several views of each, to have enough images to judge by.
            per_object = max(1, -(-SAMPLED_IMAGES // len(self.objects)))
            files, folder = readable_files(self.folder, ref), self.folder / str(ref)
            for offset in range(min(per_object, self.info.views)):
                view = (position + offset) % self.info.views
                if view not in files.views:
                    continue
                try:
                    latents = read_latents(folder / files.latents[view])
                    image = decode_jpeg((folder / files.images[view]).read_bytes(), colorspace="RGB")
                except (ValueError, OSError, ThreeDieError):
                    continue  # packing says what is wrong with it
                if latents.shape == (len(self.info.fields),):
                    images.append(image)
                    hues.append(float(latents[column]))
        order = guess_channel_order(images, hues)
        if order:
            self.assumptions.append(f"channel order {order}: the background follows the floor hue that way")
            return order
        self.assumptions.append("channel order bgr, as the original program writes: the images show neither clearly")
        return "bgr"


def left_out_files(names: list[str]) -> list[str]:
    """A sentence on files that are no views, if any."""
    return [f"left out {pluralize(len(names), 'file')} that are no views: {a_few(names)}"] if names else []


def refuse_problems(problems: dict[ObjectRef, str]) -> None:
    """Refuse a tree whose objects aren't alike.

    Raises:
        ThreeDieError: it has problems; names the first.
    """
    if problems:
        first, *others = problems.values()
        more = f" (and {pluralize(len(others), 'more object')} like it; '3die data verify' lists all)" if others else ""
        raise ThreeDieError(first + more)


def _published_fields(shape: tuple[int, ...]) -> tuple[LatentField, ...]:
    """The latent fields of a view with latents of this shape, in the ranges of the publication."""
    ranges = dict.fromkeys(ROTATION, (-math.pi / 2, math.pi / 2))
    ranges |= {"floor_hue": (0.0, 1.0), "light_hue": (0.0, 1.0)}
    ranges |= {"light_theta": (0.0, math.pi / 4), "light_phi": (0.0, 2 * math.pi)}
    return tuple(LatentField(name, (ranges.get(name, (-0.5, 0.5)),)) for name in tuple(UNITS)[: shape[0]])
