"""The files of a tree SYNSET/OBJECT/: names, listing, reading."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from threedie.manifests.classes import SYNSETS
from threedie.manifests.description import has_description
from threedie.manifests.errors import ThreeDieError, a_few
from threedie.manifests.files import explained
from threedie.manifests.litter import is_litter
from threedie.manifests.npy import read_npy
from threedie.manifests.objects import ObjectRef, is_plain_name
from threedie.manifests.plurals import pluralize

TREE_FORMAT = "3die-tree"
TREE_VERSION = 1

PICTURES = {".png", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".jp2", ".avif"}
"""Pictures that aren't JPEGs; a dataset file holds JPEGs as they are."""

INCOMPLETE_REMEDY = "complete the download, or delete the object's folder"

_IMAGE = re.compile(r"image_(\d{1,6})(\.\w+)", re.IGNORECASE | re.ASCII)
_LATENT = re.compile(r"latent_(\d{1,6})\.npy", re.IGNORECASE | re.ASCII)
_JPEGS = {".jpg", ".jpeg", ".jpe"}


def image_name(view: int) -> str:
    """Name of a view's image within its object's folder."""
    return f"image_{view}.jpg"


def latent_name(view: int) -> str:
    """Name of a view's latents within its object's folder."""
    return f"latent_{view}.npy"


@dataclass(frozen=True)
class ObjectFiles:
    """Names of the files in one object's folder.

    Attributes:
        images: image of each view.
        latents: latents of each view.
        others: all other files but litter.
    """

    images: dict[int, str]
    latents: dict[int, str]
    others: list[str]

    @property
    def views(self) -> frozenset[int]:
        """Views that have both."""
        return frozenset(self.images.keys() & self.latents.keys())


def list_object(folder: Path) -> ObjectFiles:
    """List an object's folder.

    Raises:
        ThreeDieError: it can't be read, or a view has two images.
    """
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if not is_litter(entry.name))
    except OSError as error:
        raise explained(error, folder) from error
    listed = ObjectFiles({}, {}, [])
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


def readable_files(folder: Path, ref: ObjectRef) -> ObjectFiles:
    """An object's files; none where its folder can't be read or is ambiguous, which packing and checking report."""
    try:
        return list_object(folder / str(ref))
    except ThreeDieError:
        return ObjectFiles({}, {}, [])


def is_tree(folder: Path) -> bool:
    """Whether a folder is such a tree, whole or begun."""
    return is_described(folder) or any(
        (_IMAGE.fullmatch(name) or _LATENT.fullmatch(name))
        for synset in SYNSETS
        for object_folder in _subfolders(folder / synset)
        for name in _entry_names(object_folder)
    )


def is_described(folder: Path) -> bool:
    """Whether a folder has the `dataset.json` of an exported tree."""
    return has_description(folder, TREE_FORMAT)


def _entry_names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries]
    except OSError as error:
        raise explained(error, folder) from error


def _subfolders(folder: Path) -> Iterator[Path]:
    """The folders in a folder, sorted, without litter; none where it doesn't exist."""
    if not folder.is_dir():
        return
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if not is_litter(entry.name) and entry.is_dir())
    except OSError as error:
        raise explained(error, folder) from error
    yield from (folder / name for name in names)


def read_latents(path: Path) -> npt.NDArray[np.float64]:
    """The latents of one view, of whatever shape the file has.

    Raises:
        ThreeDieError: the file is missing or holds no numbers.
    """
    array = read_npy(path, of="array of numbers")
    if array.dtype.kind not in "fiu":
        raise ThreeDieError(f"{path}: {array.dtype} is no array of numbers")
    return np.asarray(array, dtype=np.float64)


def find_objects(folder: Path) -> tuple[list[ObjectRef], list[str]]:
    """The object folders SYNSET/OBJECT, sorted, and sentences on everything else that isn't litter."""
    objects: list[ObjectRef] = []
    no_classes: list[str] = []
    unnamed: list[str] = []
    beside: list[str] = []
    tops = [path.name for path in _subfolders(folder)]
    for top in tops:
        if top not in SYNSETS:
            no_classes.append(top)
            continue
        folders = [path.name for path in _subfolders(folder / top)]
        objects += [ObjectRef(top, name) for name in folders if is_plain_name(name)]
        unnamed += [f"{top}/{name!r}" for name in folders if not is_plain_name(name)]
        files = set(_entry_names(folder / top)) - set(folders)
        beside += [f"{top}/{name}" for name in sorted(files) if not is_litter(name)]
    sentences = []
    if no_classes:
        count = pluralize(len(no_classes), "folder")
        sentences.append(f"left out {count} not named after one of the {len(SYNSETS)} classes: {a_few(no_classes)}")
    if unnamed:
        count = pluralize(len(unnamed), "folder")
        sentences.append(f"left out {count} with names that no object may have: {a_few(unnamed)}")
    if beside:
        sentences.append(f"left out {pluralize(len(beside), 'file')} beside the object folders: {a_few(beside)}")
    return sorted(objects), sentences


def image_size(path: Path) -> int:
    """Width and height in pixels of a view's image.

    Raises:
        ThreeDieError: the file is missing, not a JPEG, or not square.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise explained(error, path) from error
    width, height = jpeg_size(content, path)
    if height != width:
        raise ThreeDieError(f"{path}: {width} x {height} pixels; the images of a dataset are square")
    return width


def jpeg_size(content: bytes, path: Path) -> tuple[int, int]:
    """Width and height in pixels that a JPEG's header states; `path` is for the message.

    Raises:
        ThreeDieError: it isn't a JPEG.
    """
    from simplejpeg import decode_jpeg_header  # noqa: PLC0415  (only data commands need it)

    try:
        height, width, _, _ = decode_jpeg_header(content)
    except ValueError as error:
        what = "empty" if not content else f"not a JPEG ({error})"
        raise ThreeDieError(f"{path}: {what}; get it again, or delete the object's folder") from error
    return int(width), int(height)
