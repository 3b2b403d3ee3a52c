"""The tree that 3DIEBench was published as: SYNSET/OBJECT/image_I.jpg and latent_I.npy, one pair of files a view.

Exported trees carry a `dataset.json` with everything the images and latents don't say, so that the way back gives the
same dataset file, bit for bit. A tree without one (a download of the original) is taken with stated assumptions, and
only where all objects have the same views. Images may be called `.jpeg` or `.JPG` too, and numbers may have leading
zeros, as other programs write them.
"""

import hashlib
import io
import json
import math
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from threedie.manifests.channels import guess_channel_order
from threedie.manifests.classes import SYNSETS
from threedie.manifests.dataset import Dataset, DatasetInfo, DatasetObject, write_dataset
from threedie.manifests.errors import ThreeDieError, a_few, one_line
from threedie.manifests.files import clear_debris_once, explained, replacing, temporary_prefix, write_json
from threedie.manifests.latents import REQUIRED_FIELDS, ROTATION, UNITS, LatentField, check_latents
from threedie.manifests.litter import is_litter
from threedie.manifests.npy import read_npy
from threedie.manifests.objects import TRAIN, VAL, ObjectRef, is_plain_name, read_object_list, split_of
from threedie.manifests.text import read_json

DESCRIPTION = "dataset.json"
TREE_FORMAT = "3die-tree"
TREE_VERSION = 1
SAMPLED_IMAGES = 64

PICTURES = {".png", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".jp2", ".avif"}
"""Pictures that aren't JPEGs; a dataset file holds JPEGs as they are."""
_IMAGE = re.compile(r"image_(\d{1,6})(\.\w+)", re.IGNORECASE | re.ASCII)
_LATENT = re.compile(r"latent_(\d{1,6})\.npy", re.IGNORECASE | re.ASCII)
_JPEGS = {".jpg", ".jpeg", ".jpe"}

Progress = Callable[[Iterable[int]], Iterable[int]]


def image_name(view: int) -> str:
    """Name of a view's image within its object's folder."""
    return f"image_{view}.jpg"


def latent_name(view: int) -> str:
    """Name of a view's latents within its object's folder."""
    return f"latent_{view}.npy"


@dataclass(frozen=True)
class _Folder:
    """The files of one object by view: image and latents; and the names of all others but litter."""

    images: dict[int, str]
    latents: dict[int, str]
    others: list[str]

    @property
    def views(self) -> frozenset[int]:
        """Views that have both."""
        return frozenset(self.images.keys() & self.latents.keys())


def _list_object(folder: Path) -> _Folder:
    """List an object's folder.

    Raises:
        ThreeDieError: it can't be read, or a view has two images.
    """
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if not is_litter(entry.name))
    except OSError as error:
        raise explained(error, folder) from error
    listed = _Folder({}, {}, [])
    for name in names:
        image, latent = _IMAGE.fullmatch(name), _LATENT.fullmatch(name)
        if image and image[2].lower() in _JPEGS:
            table, view = listed.images, int(image[1])
        elif latent:
            table, view = listed.latents, int(latent[1])
        else:
            listed.others.append(name)
            continue
        if view in table:
            raise ThreeDieError(f"{folder}: view {view} has two files, {table[view]} and {name}; delete one")
        table[view] = name
    return listed


def is_tree(folder: Path) -> bool:
    """Whether a folder is such a tree, whole or begun."""
    return _is_described(folder) or any(
        (_IMAGE.fullmatch(name) or _LATENT.fullmatch(name))
        for synset in SYNSETS
        for place in _folders(folder / synset)
        for name in _names(place)
    )


def _is_described(folder: Path) -> bool:
    """Whether there is a `dataset.json` of an exported tree; other programs have files of that name, too."""
    where = folder / DESCRIPTION
    if not where.is_file():
        return False
    value = read_json(where)
    return isinstance(value, dict) and value.get("format") == TREE_FORMAT


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries]
    except OSError as error:
        raise explained(error, folder) from error


def _folders(folder: Path) -> Iterator[Path]:
    """The folders in a folder, sorted, without litter; none where it isn't there."""
    if not folder.is_dir():
        return
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if not is_litter(entry.name) and entry.is_dir())
    except OSError as error:
        raise explained(error, folder) from error
    yield from (folder / name for name in names)


class OfficialTree:
    """A tree opened for reading.

    Attributes:
        folder: its root.
        info: what the dataset is.
        made: how it was made.
        objects: the objects: in the order of `dataset.json`, or sorted where there is none.
        splits: `train` or `val` of each.
        assumptions: what was taken for granted because the tree doesn't say it, and what was left out, as sentences.
        problems: what is wrong with the files of single objects, a sentence for each, in the objects' order.
        described: whether it has a `dataset.json`.
    """

    def __init__(self, folder: Path) -> None:
        """Open a tree.

        Raises:
            ThreeDieError: not a tree, or its `dataset.json` is damaged.
        """
        self.folder = folder
        self.assumptions: list[str] = []
        self.problems: dict[ObjectRef, str] = {}
        self._content: str | None = None
        self._outside: dict[str, list[str]] = {}
        self.described = _is_described(folder)
        if self.described:
            self._read_description()
        else:
            self._discover()

    def require_whole(self) -> None:
        """Refuse a tree whose objects aren't alike.

        Raises:
            ThreeDieError: there are problems; names the first.
        """
        if self.problems:
            first, *others = self.problems.values()
            more = f" (so it is with {len(others):,} more objects; '3die data verify' lists all)" if others else ""
            raise ThreeDieError(first + more)

    def _read_description(self) -> None:
        where = self.folder / DESCRIPTION
        value = read_json(where)
        try:
            if value["version"] > TREE_VERSION:
                raise ValueError(
                    f"format {value['format']} {value['version']}, this program reads {TREE_FORMAT} {TREE_VERSION}"
                )
            self.info = DatasetInfo.from_json(value["info"])
            self.made: list[dict[str, Any]] = value["made"]
            self.objects = [ObjectRef(*text.split("/", 1)) for text in value["objects"]]
            self.splits: list[str] = value["splits"]
            self._content = value["content_sha256"]
            texts = [*self.splits, self._content]
            if not isinstance(self.splits, list) or not all(isinstance(text, str) for text in texts):
                raise ValueError("the splits or the checksum are no texts")
            if not isinstance(self.made, list) or not all(isinstance(way, dict) for way in self.made):
                raise ValueError("'made' is no list of tables")
            if len(self.objects) != len(self.splits):
                raise ValueError("the numbers of objects and splits differ")
            if len(set(self.objects)) != len(self.objects):
                raise ValueError("an object is listed twice")
        except (KeyError, TypeError, ValueError, AttributeError, ThreeDieError) as error:
            raise ThreeDieError(f"{where}: damaged ({one_line(error)}); run '3die data export' again") from error
        unlisted = sorted(set(_find_objects(self.folder)[0]) - set(self.objects))
        if unlisted:
            self.assumptions.append(f"left out object folders that {DESCRIPTION} doesn't list: {a_few(unlisted)}")
        others: list[str] = []
        for ref in self.objects:
            folder = self.folder / str(ref)
            if not folder.is_dir():
                continue
            listed = self._list(ref)
            others += [f"{ref}/{name}" for name in listed.others]
            views = listed.images.items() | listed.latents.items()
            more = sorted(name for view, name in views if view >= self.info.views)
            if more:
                self.problems[ref] = (
                    f"{folder}: holds more than the {self.info.views} views of {DESCRIPTION}: {a_few(more)}; "
                    "delete them"
                )
        self._leave_out(others)

    def _leave_out(self, files: list[str]) -> None:
        if files:
            self.assumptions.append(f"left out {len(files)} files that are no views: {a_few(files)}")

    def _discover(self) -> None:
        if (self.folder / DESCRIPTION).is_file():
            self.assumptions.append(f"{DESCRIPTION} isn't one of an exported tree and was not used")
        self.objects, left_out = _find_objects(self.folder)
        if not self.objects:
            raise ThreeDieError(f"{self.folder}: no object folders SYNSET/OBJECT/ in it")
        self.assumptions += left_out
        self.made = []
        self.splits = self._assumed_splits()
        views = self._count_views()
        fields, size = self._sampled()
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
        self.info = replace(self.info, channel_order=self._channel_order())
        names = " ".join(field.name for field in fields)
        self.assumptions += [
            f"preset {self.info.preset['name']}: latents are {names}, in the ranges of the publication",
            "seed, sampler, renderer and its settings are unknown",
        ]

    def _count_views(self) -> int:
        """Views of each object: what most have. Those that have others are problems, and each is named."""
        listings: Counter[frozenset[int]] = Counter()
        # Equal sets are kept once: there may be 50,000 objects with 100 files each.
        once: dict[frozenset[int], frozenset[int]] = {}
        of_object: list[frozenset[int] | None] = []
        others: list[str] = []
        for ref in self.objects:
            folder = self.folder / str(ref)
            try:
                listed = _list_object(folder)
            except ThreeDieError as error:
                self.problems[ref] = str(error)
                of_object.append(None)
                continue
            pictures = [name for name in listed.others if Path(name).suffix.lower() in PICTURES]
            if pictures:
                of_object.append(None)
                self.problems[ref] = (
                    f"{folder / pictures[0]}: the images of a tree are JPEGs (image_0.jpg), which a dataset file holds "
                    "as they are; convert them to JPEG first, at a quality of 95 or more"
                )
                continue
            others += [f"{ref}/{name}" for name in listed.others]
            numbers = frozenset(listed.images | listed.latents)
            numbers = once.setdefault(numbers, numbers)
            of_object.append(numbers)
            listings[numbers] += bool(numbers)
            for view in sorted(listed.images.keys() ^ listed.latents.keys())[:1]:
                have, lack = (listed.images, latent_name) if view in listed.images else (listed.latents, image_name)
                self.problems[ref] = f"{folder}: {have[view]} has no {lack(view)}; {_COMPLETE}"
                of_object[-1] = None
        if not +listings:
            self.require_whole()
            raise ThreeDieError(f"{self.folder}: its {len(self.objects)} object folders hold no views; {_COMPLETE}")
        usual = max(+listings, key=lambda numbers: (listings[numbers], len(numbers)))
        views = max(usual) + 1
        for ref, has in zip(self.objects, of_object, strict=True):
            folder = self.folder / str(ref)
            if has is None:
                continue
            if not has:
                self.problems[ref] = f"{folder}: holds no views; {_COMPLETE}"
            elif missing := sorted(set(range(views)) - has):
                self.problems[ref] = (
                    f"{folder}: has {len(has)} views and lacks {a_few(map(image_name, missing))}; "
                    f"{listings[usual]} of {len(self.objects)} objects have {len(usual)}, counted from 0; {_COMPLETE}"
                )
            elif more := sorted(has - set(range(views))):
                self.problems[ref] = (
                    f"{folder}: has {len(has)} views, among them {a_few(map(image_name, more))}, where "
                    f"{listings[usual]} of {len(self.objects)} objects have {views}; delete what is too much, or get "
                    "the others' missing views"
                )
        self.problems = dict(sorted(self.problems.items()))
        self._leave_out(others)
        return views

    def _sampled(self) -> tuple[tuple[LatentField, ...], int]:
        """Latent fields and image size that most of some objects have; packing compares all with them."""
        shapes: Counter[tuple[int, ...]] = Counter()
        sizes: Counter[int] = Counter()
        first: ThreeDieError | None = None
        step = max(1, len(self.objects) // SAMPLED_IMAGES)
        for ref in self.objects[::step]:
            listed = self._list(ref)
            for view in sorted(listed.views)[:2]:
                folder = self.folder / str(ref)
                try:
                    shapes[_read_latents(folder / listed.latents[view]).shape] += 1
                    sizes[_image_size(folder / listed.images[view])] += 1
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
        return _assumed_fields(shape), max(sizes, key=lambda size: (sizes[size], size))

    def _channel_order(self) -> str:
        from simplejpeg import decode_jpeg  # noqa: PLC0415  (only data commands need it)

        step = max(1, len(self.objects) // SAMPLED_IMAGES)
        images, hues = [], []
        column = [field.name for field in self.info.fields].index("floor_hue")
        for position, ref in enumerate(self.objects[::step][:SAMPLED_IMAGES]):
            # Few objects, then several views of each, to have enough images to judge by.
            per_object = max(1, -(-SAMPLED_IMAGES // len(self.objects)))
            listed, folder = self._list(ref), self.folder / str(ref)
            for offset in range(min(per_object, self.info.views)):
                view = (position + offset) % self.info.views
                if view not in listed.views:
                    continue
                try:
                    latents = _read_latents(folder / listed.latents[view])
                    image = decode_jpeg((folder / listed.images[view]).read_bytes(), colorspace="RGB")
                except (ValueError, OSError, ThreeDieError):
                    continue  # packing says what is wrong with it
                if latents.shape == (len(self.info.fields),):
                    images.append(image)
                    hues.append(float(latents[column]))
        found = guess_channel_order(images, hues)
        if found:
            self.assumptions.append(f"channel order {found}: the background follows the floor hue that way")
            return found
        self.assumptions.append("channel order bgr, as the original program writes; the images don't tell")
        return "bgr"

    def _assumed_splits(self) -> list[str]:
        lists = {split: self.folder / f"{split}_images.npy" for split in (TRAIN, VAL)}
        listed = {
            split: set(read_object_list(path, may_be_empty=True)) for split, path in lists.items() if path.is_file()
        }
        if len(listed) == 2:
            both = listed[TRAIN] & listed[VAL]
            if both:
                raise ThreeDieError(
                    f"{self.folder}: {len(both)} objects are in train_images.npy and in val_images.npy, such as "
                    f"{min(both)}; put the published lists there"
                )
            kept = [ref for ref in self.objects if ref in listed[TRAIN] or ref in listed[VAL]]
            if len(kept) < len(self.objects):
                others = sorted(set(self.objects) - set(kept))
                self.assumptions.append(f"left out {len(others)} objects that neither list names: {a_few(others)}")
            self.objects = kept
        everything = set().union(*listed.values())
        missing = everything - set(self.objects)
        if missing:
            self.assumptions.append(f"{len(missing)} listed objects have no folder: {a_few(sorted(missing))}")
        if not self.objects:
            raise ThreeDieError(
                f"{self.folder}: its lists name none of its objects; put the lists of this dataset there"
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

    def _list(self, ref: ObjectRef) -> _Folder:
        """An object's files; none where they can't be told, which packing and checking say."""
        try:
            return _list_object(self.folder / str(ref))
        except ThreeDieError:
            return _Folder({}, {}, [])

    def _missing(self, ref: ObjectRef, name: str) -> ThreeDieError:
        mend = "run '3die data export' again" if self.described else _COMPLETE
        return ThreeDieError(f"{self.folder / str(ref) / name}: missing; {mend}")

    def object(self, index: int) -> DatasetObject:
        """One object with all its views.

        Raises:
            ThreeDieError: a file is missing or isn't what it should be.
        """
        ref = self.objects[index]
        folder = self.folder / str(ref)
        if not folder.is_dir():
            raise self._missing(ref, "")
        listed = _list_object(folder)
        latents = np.empty((self.info.views, len(self.info.fields)))
        jpegs = []
        for view in range(self.info.views):
            if view not in listed.latents:
                raise self._missing(ref, latent_name(view))
            if view not in listed.images:
                raise self._missing(ref, image_name(view))
            path = folder / listed.latents[view]
            row = _read_latents(path)
            if row.shape != latents.shape[1:]:
                raise ThreeDieError(f"{path}: shape {row.shape}, expected {latents.shape[1:]}")
            latents[view] = row
            image = folder / listed.images[view]
            try:
                jpegs.append(image.read_bytes())
            except OSError as error:
                raise explained(error, image) from error
        return DatasetObject(ref, self.splits[index], latents, jpegs)

    def pack(self, path: Path, progress: Progress = iter) -> int:
        """Write the tree as one dataset file. Memory holds one object at a time. Returns the number of objects.

        What is found on the way that isn't refused, such as latents outside the assumed ranges, is added to
        `assumptions`.

        Raises:
            ThreeDieError: objects have different views, image sizes or latents, a file is missing or isn't what it
                should be, latents aren't finite, or an exported tree was changed since.
        """
        self.require_whole()
        total = 0
        for ref in self.objects:
            folder = self.folder / str(ref)
            if not folder.is_dir():
                raise self._missing(ref, "")
            listed = _list_object(folder)
            for view in range(self.info.views):
                if view not in listed.images:
                    raise self._missing(ref, image_name(view))
                file = folder / listed.images[view]
                try:
                    total += file.stat().st_size
                except OSError as error:
                    raise explained(error, file) from error
        write_dataset(path, self.info, self.made, len(self.objects), total, self._checked(progress))
        for name, refs in self._outside.items():
            self.assumptions.append(
                f"{name} of {len(refs)} objects lies outside the range of the publication: {a_few(refs)}; "
                "'3die data verify' lists them"
            )
        return len(self.objects)

    def _checked(self, progress: Progress) -> Iterator[DatasetObject]:
        digest = hashlib.sha256()
        for index in progress(range(len(self.objects))):
            item = self.object(index)
            _update(digest, item)
            check_latents(self.info.fields, item.latents[None], [item.ref], str(self.folder))
            if not self.described:
                self._check_object(item)
            yield item
        if self._content and digest.hexdigest() != self._content:
            raise ThreeDieError(f"{self.folder}: files were changed since the export; run '3die data export' again")

    def _check_object(self, item: DatasetObject) -> None:
        """Compare an object with what was assumed of all after a look at some."""
        size = self.info.image_size
        for view, jpeg in enumerate(item.jpegs):
            width, height = _jpeg_size(jpeg, self.folder / str(item.ref) / image_name(view))
            if (width, height) != (size, size):
                raise ThreeDieError(
                    f"{self.folder / str(item.ref)}: the image of view {view} is {width} x {height} pixels, where "
                    f"those of other objects are {size} x {size}; all images of a dataset have one size, "
                    "so get it again or delete the object's folder"
                )
        for column, field in enumerate(self.info.fields):
            if not field.contains(item.latents[:, column]).all():
                self._outside.setdefault(field.name, []).append(str(item.ref))


def export_tree(dataset: Dataset, folder: Path, progress: Progress = iter) -> tuple[int, int]:
    """Write a dataset file as a tree, with `dataset.json` and the lists that the original's training code reads.

    An object's folder appears whole or not at all. Run again, it writes only what isn't there yet.

    Args:
        dataset: what to write.
        folder: root of the tree.
        progress: wraps the objects' indices, once to read them and once to write.

    Returns:
        Numbers of objects written and of objects that were there already.

    Raises:
        ThreeDieError: the folder holds another dataset, or can't be written to.
    """
    twice = [ref for ref, count in Counter(dataset.objects).items() if count > 1]
    if twice:
        raise ThreeDieError(f"{dataset.path}: {twice[0]} is there more than once; a tree has one folder for it")
    digest = hashlib.sha256()
    for index in progress(range(len(dataset))):
        _update(digest, dataset.object(index))
    description = {
        "format": TREE_FORMAT,
        "version": TREE_VERSION,
        "info": dataset.info.to_json(),
        "made": dataset.made,
        "objects": [str(ref) for ref in dataset.objects],
        "splits": dataset.splits,
        "content_sha256": digest.hexdigest(),
    }
    _begin(folder, description)
    for split in (TRAIN, VAL):
        chosen = dataset.indices(split)
        names = [f"/{dataset.objects[index]}/" for index in chosen]
        _write_npy(folder / f"{split}_images.npy", np.array(names, dtype=np.str_))
        _write_npy(folder / f"{split}_labels.npy", dataset.labels[chosen])
    written = sum(_export_object(folder, dataset.object(index)) for index in progress(range(len(dataset))))
    return written, len(dataset) - written


def _begin(folder: Path, description: dict[str, Any]) -> None:
    where = folder / DESCRIPTION
    if where.exists():
        existing = OfficialTree(folder)
        difference = existing.info.difference(DatasetInfo.from_json(description["info"]))
        # Through JSON and back: tuples come back as lists.
        if difference or read_json(where) != json.loads(json.dumps(description)):
            reason = difference or "its objects, latents or images differ"
            raise ThreeDieError(f"{folder}: holds another dataset: {reason}; choose another folder")
    elif folder.exists() and not folder.is_dir():
        raise ThreeDieError(f"{folder}: a file; give a folder for the tree")
    elif folder.exists() and any(not is_litter(path.name) for path in folder.iterdir()):
        raise ThreeDieError(f"{folder}: is not empty and not an exported tree; choose another folder")
    else:
        write_json(where, description)


def _export_object(root: Path, item: DatasetObject) -> bool:
    """Write one object unless it is there; whether anything was written."""
    target = root / str(item.ref)
    # A link inside the tree could lead anywhere.
    if not target.resolve().is_relative_to(root.resolve()):
        raise ThreeDieError(f"{target}: leads out of {root}; remove the link")
    files = {image_name(view): bytes(jpeg) for view, jpeg in enumerate(item.jpegs)}
    files |= {latent_name(view): _npy_bytes(row) for view, row in enumerate(item.latents)}
    try:
        clear_debris_once(target.parent)
        if target.is_dir():
            return _complete_object(target, files)
        temporary = target.with_name(f"{temporary_prefix(os.getpid())}{target.name}")
        try:
            temporary.mkdir(parents=True)
            for name, content in files.items():
                (temporary / name).write_bytes(content)
            temporary.replace(target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise explained(error, target) from error
    return True


def _complete_object(target: Path, files: dict[str, bytes]) -> bool:
    """Put right what differs in a folder that is there, after a power cut say; whether anything did."""
    wrong = [
        name
        for name, content in files.items()
        if not (target / name).is_file() or (target / name).read_bytes() != content
    ]
    for name in wrong:
        with replacing(target / name) as temporary:
            temporary.write_bytes(files[name])
    return bool(wrong)


def _npy_bytes(array: npt.NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _write_npy(path: Path, array: npt.NDArray[Any]) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(_npy_bytes(array))


def _read_latents(path: Path) -> npt.NDArray[np.float64]:
    array = read_npy(path, of="array of numbers")
    if array.dtype.kind not in "fiu":
        raise ThreeDieError(f"{path}: {array.dtype} is no array of numbers")
    return np.asarray(array, dtype=np.float64)


def _update(digest: Any, item: DatasetObject) -> None:
    digest.update(np.ascontiguousarray(item.latents, "<f8").tobytes())
    for jpeg in item.jpegs:
        digest.update(jpeg)


_COMPLETE = "complete the download, or delete the object's folder"


def _find_objects(folder: Path) -> tuple[list[ObjectRef], list[str]]:
    """The object folders SYNSET/OBJECT, sorted, and sentences on what else there is that isn't litter."""
    objects: list[ObjectRef] = []
    no_classes: list[str] = []
    unnamed: list[str] = []
    beside: list[str] = []
    tops = [path.name for path in _folders(folder)]
    for top in tops:
        if top not in SYNSETS:
            no_classes.append(top)
            continue
        folders = [path.name for path in _folders(folder / top)]
        objects += [ObjectRef(top, name) for name in folders if is_plain_name(name)]
        unnamed += [f"{top}/{name!r}" for name in folders if not is_plain_name(name)]
        files = set(_names(folder / top)) - set(folders)
        beside += [f"{top}/{name}" for name in sorted(files) if not is_litter(name)]
    sentences = []
    if no_classes:
        sentences.append(f"left out {len(no_classes)} folders that are none of the 55 classes: {a_few(no_classes)}")
    if unnamed:
        sentences.append(f"left out {len(unnamed)} folders whose name can't be an object's: {a_few(unnamed)}")
    if beside:
        sentences.append(f"left out {len(beside)} files beside the object folders: {a_few(beside)}")
    return sorted(objects), sentences


_SHAPES = ((len(REQUIRED_FIELDS),), (len(UNITS),))
"""What latents of a view may look like: with the translation or without."""


def _assumed_fields(shape: tuple[int, ...]) -> tuple[LatentField, ...]:
    ranges = dict.fromkeys(ROTATION, (-math.pi / 2, math.pi / 2))
    ranges |= {"floor_hue": (0.0, 1.0), "light_hue": (0.0, 1.0)}
    ranges |= {"light_theta": (0.0, math.pi / 4), "light_phi": (0.0, 2 * math.pi)}
    return tuple(LatentField(name, (ranges.get(name, (-0.5, 0.5)),)) for name in tuple(UNITS)[: shape[0]])


def _image_size(path: Path) -> int:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise explained(error, path) from error
    width, height = _jpeg_size(content, path)
    if height != width:
        raise ThreeDieError(f"{path}: {width} x {height} pixels; the images of a dataset are square")
    return width


def _jpeg_size(content: bytes, path: Path) -> tuple[int, int]:
    """Width and height of a JPEG file by its header."""
    from simplejpeg import decode_jpeg_header  # noqa: PLC0415  (only data commands need it)

    try:
        height, width, _, _ = decode_jpeg_header(content)
    except ValueError as error:
        what = "empty" if not content else f"not a JPEG ({error})"
        raise ThreeDieError(f"{path}: {what}; get it again, or delete the object's folder") from error
    return int(width), int(height)
