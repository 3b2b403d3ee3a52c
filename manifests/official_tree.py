"""The tree that 3DIEBench was published as: SYNSET/OBJECT/image_I.jpg and latent_I.npy, one pair of files a view.

Exported trees carry a `dataset.json` with everything the images and latents don't say, so that the way back gives the
same dataset file, bit for bit. A tree without one (a download of the original) is taken with stated assumptions.
"""

import hashlib
import io
import json
import math
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from manifests.channels import guess_channel_order
from manifests.classes import SYNSETS
from manifests.dataset import Dataset, DatasetInfo, DatasetObject, write_dataset
from manifests.errors import ThreeDieError
from manifests.files import TEMPORARY, explained, read_json, replacing, write_json
from manifests.latents import REQUIRED_FIELDS, ROTATION, UNITS, LatentField
from manifests.npy import read_npy
from manifests.objects import TRAIN, VAL, ObjectRef, is_plain_name, read_object_list, split_of

DESCRIPTION = "dataset.json"
TREE_FORMAT = "3die-tree"
TREE_VERSION = 1
SAMPLED_IMAGES = 64

Progress = Callable[[Iterable[int]], Iterable[int]]


def image_name(view: int) -> str:
    """Name of a view's image within its object's folder."""
    return f"image_{view}.jpg"


def latent_name(view: int) -> str:
    """Name of a view's latents within its object's folder."""
    return f"latent_{view}.npy"


def is_tree(folder: Path) -> bool:
    """Whether a folder is such a tree, whole or begun."""
    description = folder / DESCRIPTION
    if description.is_file():
        value = read_json(description)
        return isinstance(value, dict) and value.get("format") == TREE_FORMAT
    return any(next((folder / synset).glob(f"*/{image_name(0)}"), None) for synset in SYNSETS)


class OfficialTree:
    """A tree opened for reading.

    Attributes:
        folder: its root.
        info: what the dataset is.
        made: how it was made.
        objects: the objects: in the order of `dataset.json`, or sorted where there is none.
        splits: `train` or `val` of each.
        assumptions: what was taken for granted because the tree doesn't say it, as sentences.
        described: whether it has a `dataset.json`.
    """

    def __init__(self, folder: Path) -> None:
        """Open a tree.

        Raises:
            ThreeDieError: not a tree, or its `dataset.json` is damaged.
        """
        self.folder = folder
        self.assumptions: list[str] = []
        self._content: str | None = None
        self.described = (folder / DESCRIPTION).is_file()
        if self.described:
            self._read_description()
        else:
            self._discover()

    def _read_description(self) -> None:
        where = self.folder / DESCRIPTION
        value = read_json(where)
        try:
            if value["format"] != TREE_FORMAT or value["version"] > TREE_VERSION:
                raise ValueError(f"format {value['format']} {value['version']}, this program reads {TREE_FORMAT} 1")
            self.info = DatasetInfo.from_json(value["info"])
            self.made: list[dict[str, Any]] = value["made"]
            self.objects = [ObjectRef(*text.split("/", 1)) for text in value["objects"]]
            self.splits: list[str] = value["splits"]
            self._content = value["content_sha256"]
            if len(self.objects) != len(self.splits):
                raise ValueError("the numbers of objects and splits differ")
        except (KeyError, TypeError, ValueError, AttributeError, ThreeDieError) as error:
            raise ThreeDieError(f"{where}: damaged ({error}); run '3die data export' again") from error

    def _discover(self) -> None:
        self.objects, strangers = _find_objects(self.folder)
        if not self.objects:
            raise ThreeDieError(f"{self.folder}: no object folders SYNSET/OBJECT/ in it")
        if strangers:
            self.assumptions.append(
                f"left out {len(strangers)} folders that are none of the 55 classes: {', '.join(strangers[:3])}"
            )
        first = self.folder / str(self.objects[0])
        views = sum(1 for _ in first.glob("image_*.jpg"))
        fields = _assumed_fields(_read_latents(first / latent_name(0)).shape)
        self.made = []
        self.info = DatasetInfo(
            preset={"name": "3diebench" if len(fields) == len(REQUIRED_FIELDS) else "3diebench-t"},
            fields=fields,
            seed=0,
            sampler="unknown",
            views=views,
            image_size=_image_size(first / image_name(0)),
            channel_order="bgr",
            quality={"name": "unknown"},
            models={"source": "official tree"},
        )
        self.info = DatasetInfo(**{**self.info.__dict__, "channel_order": self._channel_order()})
        self.splits = self._assumed_splits()
        names = " ".join(field.name for field in fields)
        self.assumptions += [
            f"preset {self.info.preset['name']}: latents are {names}, in the ranges of the publication",
            "seed, sampler, renderer and its settings are unknown",
        ]

    def _channel_order(self) -> str:
        from simplejpeg import decode_jpeg  # noqa: PLC0415  (only data commands need it)

        step = max(1, len(self.objects) // SAMPLED_IMAGES)
        images, hues = [], []
        column = [field.name for field in self.info.fields].index("floor_hue")
        for position, ref in enumerate(self.objects[::step][:SAMPLED_IMAGES]):
            # Few objects, then several views of each, to have enough images to judge by.
            per_object = max(1, -(-SAMPLED_IMAGES // len(self.objects)))
            for offset in range(min(per_object, self.info.views)):
                view = (position + offset) % self.info.views
                jpeg = self._read(ref, image_name(view))
                try:
                    images.append(decode_jpeg(jpeg, colorspace="RGB"))
                except ValueError:
                    continue
                hues.append(float(_read_latents(self.folder / str(ref) / latent_name(view))[column]))
        found = guess_channel_order(images, hues)
        if found:
            self.assumptions.append(f"channel order {found}: the background follows the floor hue that way")
            return found
        self.assumptions.append("channel order bgr, as the original program writes; the images don't tell")
        return "bgr"

    def _assumed_splits(self) -> list[str]:
        lists = {split: self.folder / f"{split}_images.npy" for split in (TRAIN, VAL)}
        listed = {split: set(read_object_list(path)) for split, path in lists.items() if path.is_file()}
        if len(listed) == 2:
            kept = [ref for ref in self.objects if ref in listed[TRAIN] or ref in listed[VAL]]
            if len(kept) < len(self.objects):
                self.assumptions.append(f"left out {len(self.objects) - len(kept)} objects that neither list names")
            missing = (listed[TRAIN] | listed[VAL]) - set(kept)
            if missing:
                self.assumptions.append(f"{len(missing)} listed objects have no folder, such as {min(missing)}")
            self.objects = kept
        if listed:
            names = " and ".join(f"{split}_images.npy" for split in sorted(listed))
            self.assumptions.append(f"splits from {names}")
            val = listed.get(VAL) or set(self.objects) - listed[TRAIN]
            return [VAL if ref in val else TRAIN for ref in self.objects]
        self.assumptions.append(
            "splits 80 to 20 by a hash of the object's name; for the official ones put train_images.npy and "
            "val_images.npy into the tree's folder"
        )
        return [split_of(ref) for ref in self.objects]

    def _read(self, ref: ObjectRef, name: str) -> bytes:
        path = self.folder / str(ref) / name
        try:
            return path.read_bytes()
        except FileNotFoundError as error:
            mend = "run '3die data export' again" if self.described else "complete the download, or delete the object"
            raise ThreeDieError(f"{path}: missing; {mend}") from error
        except OSError as error:
            raise explained(error, path) from error

    def object(self, index: int) -> DatasetObject:
        """One object with all its views.

        Raises:
            ThreeDieError: a file is missing or isn't what it should be.
        """
        ref, views = self.objects[index], range(self.info.views)
        latents = np.empty((self.info.views, len(self.info.fields)))
        for view in views:
            path = self.folder / str(ref) / latent_name(view)
            row = _read_latents(path)
            if row.shape != latents.shape[1:]:
                raise ThreeDieError(f"{path}: shape {row.shape}, expected {latents.shape[1:]}")
            latents[view] = row
        jpegs = [self._read(ref, image_name(view)) for view in views]
        return DatasetObject(ref, self.splits[index], latents, jpegs)

    def extra_files(self, index: int) -> list[str]:
        """Names in an object's folder that aren't one of its views."""
        expected = {name(view) for view in range(self.info.views) for name in (image_name, latent_name)}
        folder = self.folder / str(self.objects[index])
        return sorted(path.name for path in folder.iterdir() if path.name not in expected) if folder.is_dir() else []

    def pack(self, path: Path, progress: Progress = iter) -> int:
        """Write the tree as one dataset file. Memory holds one object at a time. Returns the number of objects.

        Raises:
            ThreeDieError: a file is missing, or an exported tree was changed since.
        """
        total = 0
        for ref in self.objects:
            for view in range(self.info.views):
                file = self.folder / str(ref) / image_name(view)
                try:
                    total += file.stat().st_size
                except OSError as error:
                    raise explained(error, file) from error
        write_dataset(path, self.info, self.made, len(self.objects), total, self._checked(progress))
        return len(self.objects)

    def _checked(self, progress: Progress) -> Iterator[DatasetObject]:
        digest = hashlib.sha256()
        for index in progress(range(len(self.objects))):
            item = self.object(index)
            _update(digest, item)
            yield item
        if self._content and digest.hexdigest() != self._content:
            raise ThreeDieError(f"{self.folder}: files were changed since the export; run '3die data export' again")


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
        there = OfficialTree(folder)
        difference = there.info.difference(DatasetInfo.from_json(description["info"]))
        # Through JSON and back: tuples come back as lists.
        if difference or read_json(where) != json.loads(json.dumps(description)):
            reason = difference or "its objects, latents or images differ"
            raise ThreeDieError(f"{folder}: holds another dataset: {reason}; choose another folder")
    elif folder.exists() and not folder.is_dir():
        raise ThreeDieError(f"{folder}: a file; give a folder for the tree")
    elif folder.exists() and any(folder.iterdir()):
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
        if target.is_dir():
            return _complete_object(target, files)
        temporary = target.with_name(f"{TEMPORARY}{target.name}")
        if temporary.exists():
            shutil.rmtree(temporary)
        temporary.mkdir(parents=True)
        for name, content in files.items():
            (temporary / name).write_bytes(content)
        temporary.replace(target)
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
    try:
        return np.asarray(array, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise ThreeDieError(f"{path}: {array.dtype} is no array of numbers") from error


def _update(digest: Any, item: DatasetObject) -> None:
    digest.update(np.ascontiguousarray(item.latents, "<f8").tobytes())
    for jpeg in item.jpegs:
        digest.update(jpeg)


def _find_objects(folder: Path) -> tuple[list[ObjectRef], list[str]]:
    found, strangers = [], []
    with os.scandir(folder) as entries:
        tops = sorted(entry.name for entry in entries if entry.is_dir())
    for top in tops:
        if top not in SYNSETS:
            strangers.append(top)
            continue
        with os.scandir(folder / top) as entries:
            names = sorted(entry.name for entry in entries if entry.is_dir())
        found += [ObjectRef(top, name) for name in names if is_plain_name(name) and not name.startswith(TEMPORARY)]
    return sorted(found), strangers


def _assumed_fields(shape: tuple[int, ...]) -> tuple[LatentField, ...]:
    names = tuple(UNITS)
    if shape not in ((len(REQUIRED_FIELDS),), (len(names),)):
        raise ThreeDieError(f"latents of shape {shape}; a 3DIEBench tree has {len(REQUIRED_FIELDS)} or {len(names)}")
    ranges = dict.fromkeys(ROTATION, (-math.pi / 2, math.pi / 2))
    ranges |= {"floor_hue": (0.0, 1.0), "light_hue": (0.0, 1.0)}
    ranges |= {"light_theta": (0.0, math.pi / 4), "light_phi": (0.0, 2 * math.pi)}
    return tuple(LatentField(name, (ranges.get(name, (-0.5, 0.5)),)) for name in names[: shape[0]])


def _image_size(path: Path) -> int:
    from simplejpeg import decode_jpeg_header  # noqa: PLC0415

    try:
        height, width, _, _ = decode_jpeg_header(path.read_bytes())
    except OSError as error:
        raise explained(error, path) from error
    except ValueError as error:
        raise ThreeDieError(f"{path}: not a JPEG ({error})") from error
    if height != width:
        raise ThreeDieError(f"{path}: {width} x {height} pixels; the images of a dataset are square")
    return int(height)
