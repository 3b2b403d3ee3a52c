"""The dataset file: one HDF5 schema for part files (one object) and whole datasets, one reader.

Layout (N objects, V views, L latent fields):

    /jpeg            uint8   (bytes,)       all JPEGs one after the other, contiguous, object by object, view by view
    /offsets         int64   (N * V + 1,)   where each JPEG begins; the last entry is the end
    /latents         float64 (N, V, L)
    /objects/synset  ASCII   (N,)
    /objects/id      UTF-8   (N,)
    /objects/split   ASCII   (N,)           train or val
    /checksums       uint32  (N, V)         CRC-32 of each JPEG
    /seal            uint8   (72,)          SHA-256 of all bytes of the file but the JPEGs; see `seal`
    attributes: format, version, info (JSON: what the dataset is), made (JSON: renderer, device, ... of its parts)

A file is checked against its seal before it is opened, a JPEG against its checksum when it is read. Files of version 1
have neither and are read without.

Bytes are mapped, not read, so that any number of data-loader workers share them and none holds a lock.
"""

import hashlib
import json
import operator
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from threedie.manifests.dataset_info import (
    CHECKED_SINCE,
    FORMAT,
    PART_SUFFIX,
    VERSION,
    DatasetInfo,
    DatasetObject,
    dataset_fingerprint,
)
from threedie.manifests.errors import DamagedFileError, ThreeDieError, shown_value
from threedie.manifests.hdf5 import explained_damage, open_hdf5, read_array, read_attribute, read_texts
from threedie.manifests.latents import LatentField
from threedie.manifests.objects import ObjectRef
from threedie.manifests.places import DATASET_FILE
from threedie.manifests.seal import MARK

Jpeg = memoryview | bytes

SPLITS = ("train", "val")


def read_objects(file: "h5py.h5f.FileID") -> list[ObjectRef]:
    """The objects that a file lists.

    Raises:
        ValueError: a name that no object may have.
    """
    names = zip(read_texts(file, "objects/synset"), read_texts(file, "objects/id"), strict=True)
    try:
        return [ObjectRef(synset, name) for synset, name in names]
    except ThreeDieError as error:
        raise ValueError(str(error)) from error


def repair_hint(path: Path) -> str:
    """What to do about a damaged file."""
    if path.name.endswith(PART_SUFFIX):
        return "delete it and run the same '3die render' again"
    return "if it came from a render, delete it and run '3die data pack' on the parts; else get it again"


def position(what: str, index: int, count: int) -> int:
    """An index as one of 0 to count - 1, where negative ones count from the end.

    Raises:
        IndexError: beyond `count`.
        TypeError: no integer.
    """
    if isinstance(index, slice):
        raise TypeError(f"{what} {index}: slices can't be taken; give one integer")
    try:
        number = operator.index(index)
    except TypeError:
        raise TypeError(f"{what} {shown_value(index)}: give an integer") from None
    if not -count <= number < count:
        raise IndexError(f"{what} {number}: there are {count}")
    return number % count


class Dataset:
    """A dataset file, or a part file, opened for reading.

    Attributes:
        path: the file.
        info: what the dataset is: `views` of each object, `image_size` in pixels, `channel_order` (`rgb` or `bgr`),
            `fields`, `seed` and others.
        made: how its parts were made, each way once.
        objects: the N objects, in order.
        splits: `train` or `val` of each.
        labels: class of each, int64 (N,).
        latents: float64 (N, V, L).
        offsets: int64 (N * V + 1,).
        checksums: CRC-32 of each JPEG, uint32 (N, V); None in a file of version 1.
    """

    def __init__(self, path: Path | str) -> None:
        """Open and check a file.

        Args:
            path: the file, or the folder of a render with the packed file in it.

        Raises:
            DamagedFileError: not a dataset, truncated or damaged.
            ThreeDieError: no such file, it can't be read, or is of a newer version.
        """
        self.path = Path(path)
        if (inner := self.path / DATASET_FILE).is_file():
            self.path = inner
        if not self.path.is_file():
            raise ThreeDieError(f"{self.path}: no such dataset file; make one with '3die render'")
        damage = explained_damage(self.path, "a 3die dataset", lambda: repair_hint(self.path))
        with damage, open_hdf5(self.path) as file:
            self._read(file)
        self._bytes: npt.NDArray[np.uint8] | None = None

    def _read(self, file: h5py.h5f.FileID) -> None:
        if read_attribute(file, "format") != FORMAT:
            raise ValueError("its attribute 'format' says otherwise")
        version = read_attribute(file, "version")
        if version > VERSION:
            raise ThreeDieError(
                f"{self.path}: format version {version:.0f}, and this program reads up to {VERSION}: update it"
            )
        if version < 1:
            raise ValueError(f"format version {version}")
        info, made = read_attribute(file, "info"), read_attribute(file, "made")
        self.objects = read_objects(file)
        self.splits: list[str] = read_texts(file, "objects/split")
        self.latents: npt.NDArray[np.float64] = read_array(file, "latents")
        self.offsets: npt.NDArray[np.int64] = read_array(file, "offsets")
        self.checksums: npt.NDArray[np.uint32] | None = None
        if version >= CHECKED_SINCE:
            if read_array(file, "seal").tobytes()[: len(MARK)] != MARK:
                raise ValueError("its seal is damaged")
            self.checksums = read_array(file, "checksums")
        self.info = DatasetInfo.from_json(json.loads(info))
        self.made: list[dict[str, Any]] = json.loads(made)
        if not isinstance(self.made, list) or not all(isinstance(way, dict) for way in self.made):
            raise ValueError("its attribute 'made' is damaged")
        jpeg = h5py.h5d.open(file, b"jpeg")
        self._begin, self._size = jpeg.get_offset(), jpeg.shape[0]
        expected = (len(self.objects), self.info.views, len(self.info.fields))
        if self.latents.shape != expected or self.latents.dtype.kind != "f":
            raise ValueError(f"latents {self.latents.dtype} of shape {self.latents.shape}, expected {expected}")
        if self.checksums is not None and self.checksums.shape != expected[:2]:
            raise ValueError(f"checksums of shape {self.checksums.shape}, expected {expected[:2]}")
        if self.offsets.shape != (len(self.objects) * self.info.views + 1,) or len(self.splits) != len(self.objects):
            raise ValueError("counts of objects, views and images disagree")
        if (
            self.offsets.dtype.kind not in "iu"
            or self.offsets[0] != 0
            or self.offsets[-1] != self._size
            or (np.diff(self.offsets) < 0).any()
        ):
            raise ValueError("the offsets of the images are damaged")
        if self._size and (self._begin is None or self._begin + self._size > self.path.stat().st_size):
            raise ValueError("the images are cut off")
        self.labels = np.array([ref.label for ref in self.objects], dtype=np.int64)

    def __len__(self) -> int:
        """Number of objects, N."""
        return len(self.objects)

    def __repr__(self) -> str:
        return f"Dataset({str(self.path)!r}): {len(self)} objects, {self.info.views} views, {self.info.image_size} px"

    @property
    def fields(self) -> tuple[LatentField, ...]:
        """What the L latents are, in order: `name`, `unit` (rad, turn or length) and `ranges` of each."""
        return self.info.fields

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_bytes": None}

    @property
    def bytes(self) -> npt.NDArray[np.uint8]:
        """All JPEG bytes, mapped from the file: uint8 (bytes,)."""
        if self._bytes is None:
            if self._size:
                self._bytes = np.memmap(self.path, np.uint8, "r", offset=self._begin, shape=(self._size,))
            else:
                self._bytes = np.empty(0, np.uint8)
        return self._bytes

    def jpeg(self, index: int, view: int) -> memoryview:
        """The JPEG file of one view of the object at `index`; negative positions count from the end.

        Raises:
            DamagedFileError: it isn't what was written.
            IndexError: no such object or view.
        """
        index, view = position("object", index, len(self)), position("view", view, self.info.views)
        jpeg = self._jpeg(index, view)
        if self._is_damaged(jpeg, index, view):
            raise self._damage(index, [view])
        return jpeg

    def _jpeg(self, index: int, view: int) -> memoryview:
        row = index * self.info.views + view
        return self.bytes[self.offsets[row] : self.offsets[row + 1]].data

    def _is_damaged(self, jpeg: Jpeg, index: int, view: int) -> bool:
        return self.checksums is not None and zlib.crc32(jpeg) != self.checksums[index, view]

    def _damage(self, index: int, views: Sequence[int]) -> DamagedFileError:
        named = f"view {views[0]}" if len(views) == 1 else f"views {', '.join(map(str, views))}"
        return DamagedFileError(
            f"{self.path}: {self.objects[index]}: the image of {named} differs from its checksum: the file is damaged "
            f"('3die data verify' lists all); {repair_hint(self.path)}"
        )

    def object(self, index: int) -> DatasetObject:
        """One object with all its views; a negative position counts from the end.

        Raises:
            DamagedFileError: some of its images aren't what was written; all of them are named.
            IndexError: no such object.
        """
        index = position("object", index, len(self))
        jpegs = [bytes(self._jpeg(index, view)) for view in range(self.info.views)]
        damaged = [view for view, jpeg in enumerate(jpegs) if self._is_damaged(jpeg, index, view)]
        if damaged:
            raise self._damage(index, damaged)
        return DatasetObject(self.objects[index], self.splits[index], self.latents[index], jpegs)

    def indices(self, split: str) -> npt.NDArray[np.int64]:
        """Positions of the objects of one split, int64 (n,).

        Args:
            split: `train` or `val`.

        Raises:
            ThreeDieError: there is no such split.
        """
        if split not in SPLITS:
            raise ThreeDieError(f"split {shown_value(split)}: give 'train' or 'val'")
        return np.flatnonzero(np.array(self.splits) == split)

    def fingerprint(self) -> str:
        """SHA-256 of what the dataset is: settings, objects, splits and latents.

        Pixels are left out: they differ in the last bit between machines, and the same data rendered twice is the same
        benchmark. `images_sha256` tells the pixels apart.
        """
        return dataset_fingerprint(self.info, self.objects, self.splits, self.latents)

    def images_sha256(self) -> str:
        """SHA-256 of all JPEG bytes in order."""
        digest = hashlib.sha256()
        step = 1 << 24
        for begin in range(0, self._size, step):
            digest.update(self.bytes[begin : begin + step].data)
        return digest.hexdigest()
