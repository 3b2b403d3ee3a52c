"""Folders of images, a folder for each class in `train` and in `val`: which files they hold, and their identity."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from threedie.benchmark.data.image_files import SUFFIXES, BadImageError, check_complete
from threedie.benchmark.data.images import ordered
from threedie.benchmark.data.pairs import Indices
from threedie.manifests.errors import ThreeDieError, a_few, one_line
from threedie.manifests.files import explained, write_json
from threedie.manifests.latents import LatentField
from threedie.manifests.text import read_json

SPLITS = ("train", "val")
CACHE_VERSION = 1
"""Of the files that keep the hash of a folder's images."""
_DEEPEST = 16
"""Folders within folders of a class: more would be a loop of links."""


@dataclass(frozen=True)
class FolderInfo:
    """Facts that hold for all images; see `ViewsInfo`. They have several sizes, so none is given."""

    fields: tuple[LatentField, ...] = ()
    views: int = 1
    image_size: int = 0


@dataclass(frozen=True)
class FolderFiles:
    """The files of a folder, sorted by split, class and path.

    Attributes:
        classes: names of the folders of `train`, sorted; their positions are the labels.
        paths: of every image, relative to the folder, with `/` between names.
        labels: class of each.
        train: how many of them are of `train`; they come first.
        left_out: files that are no images by their names, relative paths.
        hidden: how many files and folders were left out because their names begin with a dot.
    """

    classes: tuple[str, ...]
    paths: tuple[str, ...]
    labels: tuple[int, ...]
    train: int
    left_out: tuple[str, ...]
    hidden: int


class ImageFolder:
    """Images in folders of classes, training images first: N objects of one view without latents; see `LabeledViews`.

    Attributes:
        path: the folder.
        files: what it holds.
    """

    info = FolderInfo()

    def __init__(self, path: Path, files: FolderFiles, images_sha256: str) -> None:
        self.path, self.files, self._images_sha256 = path, files, images_sha256
        self.labels = np.array(files.labels, np.int64)
        self.latents = np.zeros((len(files.paths), 1, 0))
        self.objects = files.paths

    def __len__(self) -> int:
        return len(self.files.paths)

    def indices(self, split: str) -> Indices:
        """Positions of the images of `train` or `val`."""
        cut = self.files.train
        return np.arange(cut) if split == "train" else np.arange(cut, len(self))

    def fingerprint(self) -> str:
        """SHA-256 of the names of all classes and images."""
        return _digest(f"{label} {path}" for label, path in zip(self.files.labels, self.files.paths, strict=True))

    def images_sha256(self) -> str:
        """SHA-256 of the SHA-256 of every file."""
        return self._images_sha256


def list_folder(folder: Path) -> FolderFiles:
    """The images in `train` and `val`, as torchvision's `ImageFolder` finds them: also in folders of a class's folder.

    Raises:
        ThreeDieError: a split or a class without images, a class of `val` that `train` lacks, a broken link, or a
            folder that can't be read.
    """
    for split in SPLITS:
        if not (folder / split).is_dir():
            raise ThreeDieError(
                f"{folder}: no folder {split!r} in it; give a folder with train/CLASS/IMAGE and val/CLASS/IMAGE"
            )
    counts = _Counts()
    by_split: dict[str, dict[str, list[str]]] = {}
    for split in SPLITS:
        entries = _entries(folder / split, counts)
        loose = [entry.name for entry in entries if not entry.is_dir()]
        images = [name for name in loose if _is_image(name)]
        if images:
            raise ThreeDieError(
                f"{folder / split}: {len(images):,} images outside of any class, such as {one_line(images[0])}; move "
                "each into the folder of its class, as ImageNet's validation images need it after unpacking"
            )
        counts.left_out += [f"{split}/{name}" for name in loose]
        by_split[split] = {
            entry.name: sorted(_images(Path(entry.path), f"{split}/{entry.name}", counts))
            for entry in entries
            if entry.is_dir()
        }
    train, val = (by_split[split] for split in SPLITS)
    _check_classes(folder, train, val)
    classes = tuple(sorted(train))
    paths, labels = [], []
    for split in SPLITS:
        for label, name in enumerate(classes):
            files = by_split[split].get(name, [])
            paths += files
            labels += [label] * len(files)
    count = sum(map(len, train.values()))
    return FolderFiles(classes, tuple(paths), tuple(labels), count, tuple(counts.left_out), counts.hidden)


def check_images(
    folder: Path,
    files: FolderFiles,
    workers: int = 2,
    progress: Callable[[Iterable[str]], Iterable[str]] = iter,
) -> str:
    """Read every file: SHA-256 of the SHA-256 of each. Kept in the user's cache until a file's size or time changes.

    Args:
        folder: where the files are.
        files: which.
        workers: threads that read.
        progress: wraps the iteration over files.

    Raises:
        ThreeDieError: a file that isn't a whole image, or can't be read.
    """
    place = _cache_file(_state(folder, files))
    kept = None if place is None else _kept(place)
    if kept is not None:
        return kept

    def digest(path: str) -> str:
        content = read_file(folder, path)
        try:
            check_complete(content)
        except BadImageError as error:
            raise bad_image(folder, path, error) from error
        return hashlib.sha256(content).hexdigest()

    sha256 = _digest(progress(ordered(digest, files.paths, workers)))
    # Where the home can't be written to, the files are read again the next time.
    with suppress(ThreeDieError):
        if place is not None:
            write_json(place, {"version": CACHE_VERSION, "images_sha256": sha256})
    return sha256


def read_file(folder: Path, path: str) -> bytes:
    """Content of an image file.

    Raises:
        ThreeDieError: it can't be read.
    """
    try:
        return (folder / path).read_bytes()
    except OSError as error:
        raise explained(error, folder / path) from error


def bad_image(folder: Path, path: str, error: BadImageError) -> ThreeDieError:
    """The message about a file that isn't a whole image."""
    return ThreeDieError(f"{one_line(folder / path)}: {error}; put a whole image in its place, or delete it")


class _Counts:
    """What was left out so far."""

    def __init__(self) -> None:
        self.left_out: list[str] = []
        self.hidden = 0


def _check_classes(folder: Path, train: dict[str, list[str]], val: dict[str, list[str]]) -> None:
    if not train:
        raise ThreeDieError(f"{folder / 'train'}: no folder of a class in it; give train/CLASS/IMAGE")
    empty = sorted(name for name, files in train.items() if not files)
    if empty:
        raise ThreeDieError(
            f"{folder / 'train'}: no image in {a_few(empty)}; add images, or delete the folder here and in val"
        )
    unknown = sorted(name for name, files in val.items() if files and name not in train)
    if unknown:
        raise ThreeDieError(
            f"{folder / 'val'}: train has no class {a_few(unknown)}, so it can't be learned; add it there, or delete it"
        )
    if not any(val.values()):
        raise ThreeDieError(f"{folder / 'val'}: no image in it; some are needed to measure on")


def _entries(folder: Path, counts: _Counts) -> list[os.DirEntry[str]]:
    """What a folder holds, by name, without what is hidden."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise explained(error, folder) from error
    visible = [entry for entry in entries if not entry.name.startswith(".")]
    counts.hidden += len(entries) - len(visible)
    for entry in visible:
        if not entry.is_dir() and not entry.is_file():
            what = "a broken link" if entry.is_symlink() else "neither a file nor a folder"
            raise ThreeDieError(f"{one_line(entry.path)}: {what}; mend or delete it")
    return visible


def _images(folder: Path, prefix: str, counts: _Counts, depth: int = 0) -> Iterator[str]:
    if depth > _DEEPEST:
        raise ThreeDieError(f"{one_line(folder)}: {depth} folders deep in its class; does a link lead in a circle?")
    for entry in _entries(folder, counts):
        path = f"{prefix}/{entry.name}"
        if entry.is_dir():
            yield from _images(folder / entry.name, path, counts, depth + 1)
        elif _is_image(entry.name):
            yield path
        else:
            counts.left_out.append(path)


def _is_image(name: str) -> bool:
    return Path(name).suffix.lower() in SUFFIXES


def _digest(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        # Names that aren't UTF-8 are given as they are in the file system.
        digest.update(os.fsencode(line) + b"\n")
    return digest.hexdigest()


def _state(folder: Path, files: FolderFiles) -> str:
    """Changes when a file does, as far as the file system tells."""

    def line(path: str) -> str:
        try:
            about = (folder / path).stat()
        except OSError as error:
            raise explained(error, folder / path) from error
        return f"{path} {about.st_size} {about.st_mtime_ns} {about.st_ino}"

    return _digest([str(folder.resolve()), *map(line, files.paths)])


def _cache_file(state: str) -> Path | None:
    home = os.environ.get("XDG_CACHE_HOME")
    try:
        folder = Path(home) if home else Path.home() / ".cache"
    except RuntimeError:
        # A user without a home directory, as in some containers.
        return None
    return folder / "3die" / f"images-{state[:32]}.json"


def _kept(place: Path) -> str | None:
    try:
        content = read_json(place)
    except ThreeDieError:
        return None
    sha256 = content.get("images_sha256") if isinstance(content, dict) else None
    if not isinstance(sha256, str) or content.get("version") != CACHE_VERSION or len(sha256) != 64:
        return None
    return sha256
