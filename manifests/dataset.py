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
import os
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from threedie.manifests.errors import DamagedFileError, ThreeDieError, one_line
from threedie.manifests.files import explained, replacing
from threedie.manifests.latents import LatentField, check_latents
from threedie.manifests.litter import is_litter
from threedie.manifests.objects import ObjectRef
from threedie.manifests.seal import MARK, BrokenSealError, blank_seal, check_seal, seal

FORMAT = "3die-dataset"
VERSION = 2
CHECKED_SINCE = 2
"""First version with checksums."""
PART_SUFFIX = ".part.h5"

Jpeg = memoryview | bytes

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_HEAD = struct.Struct("<8sB31xQ")
"""How an HDF5 file of superblock version 0 begins: signature, version; at byte 40 where the file ends."""


@dataclass(frozen=True)
class DatasetInfo:
    """What a dataset is: everything that decides its latents and its pixels, and no accident of a machine or a day.

    Attributes:
        preset: name and constants of the preset, as in its file.
        fields: the latent fields, in order.
        seed: seed of the sampler.
        sampler: `counter` or `reference`.
        views: views per object.
        image_size: width and height in pixels.
        channel_order: order in which the JPEGs hold the colour channels, `rgb` or `bgr`.
        quality: name and settings of the render quality.
        models: where the meshes came from.
    """

    preset: dict[str, Any]
    fields: tuple[LatentField, ...]
    seed: int
    sampler: str
    views: int
    image_size: int
    channel_order: str
    quality: dict[str, Any]
    models: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {**self.__dict__, "fields": [field.to_json() for field in self.fields]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "DatasetInfo":
        """Back from `to_json`.

        Raises:
            ValueError, TypeError, KeyError: it isn't what `to_json` gives.
        """
        info = cls(**{**value, "fields": tuple(LatentField.from_json(field) for field in value["fields"])})
        for name in ("seed", "views", "image_size"):
            number = getattr(info, name)
            if not isinstance(number, int) or isinstance(number, bool) or number < 0:
                raise ValueError(f"{name} is {str(number)[:40]!r}, no whole number")
        for name in ("preset", "quality", "models"):
            if not isinstance(getattr(info, name), dict):
                raise ValueError(f"{name} is no table")
        for name in ("sampler", "channel_order"):
            if not isinstance(getattr(info, name), str):
                raise ValueError(f"{name} is no text")
        return info

    def difference(self, other: "DatasetInfo") -> str | None:
        """The first setting in which two differ, as a sentence, or None."""
        return _difference("", _plain(self.to_json()), _plain(other.to_json()))


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _difference(where: str, ours: Any, theirs: Any) -> str | None:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            found = _difference(f"{where}.{key}".lstrip("."), ours.get(key), theirs.get(key))
            if found:
                return found
        return None
    return None if ours == theirs else f"{where} is {ours!r:.200} there and {theirs!r:.200} here"


@dataclass(frozen=True)
class DatasetObject:
    """One object with all its views: what a part file holds."""

    ref: ObjectRef
    split: str
    latents: npt.NDArray[np.float64]
    jpegs: Sequence[bytes]


@contextmanager
def _opened(path: Path) -> "Iterator[h5py.h5f.FileID]":
    """An HDF5 file by h5py's low level, which reads the many small tables of part files four times as fast.

    Without HDF5's own lock, which some shared file systems refuse: a file is never written to once it has its name.
    """
    check_seal(path)
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_file_locking(False, True)
    file = h5py.h5f.open(os.fsencode(path), h5py.h5f.ACC_RDONLY, access)
    try:
        yield file
    finally:
        file.close()


def _array(file: "h5py.h5f.FileID", name: str) -> npt.NDArray[Any]:
    table = h5py.h5d.open(file, name.encode())
    # A damaged shape could ask for more memory than there is.
    if table.dtype.itemsize * int(np.prod([float(side) for side in table.shape])) > file.get_filesize():
        raise ValueError(f"{name} of shape {table.shape} is larger than the file")
    values = np.empty(table.shape, table.dtype)
    if values.size:
        table.read(h5py.h5s.ALL, h5py.h5s.ALL, values)
    return values


def _texts(file: "h5py.h5f.FileID", name: str) -> list[str]:
    return [value.decode() for value in _array(file, name)]


def _attribute(file: "h5py.h5f.FileID", name: str) -> Any:
    attribute = h5py.h5a.open(file, name.encode())
    value = np.empty(attribute.shape, attribute.dtype)
    attribute.read(value)
    return value[()].decode() if isinstance(value[()], bytes) else value[()]


def _objects(file: "h5py.h5f.FileID") -> list[ObjectRef]:
    names = zip(_texts(file, "objects/synset"), _texts(file, "objects/id"), strict=True)
    try:
        return [ObjectRef(synset, name) for synset, name in names]
    except ThreeDieError as error:
        raise ValueError(str(error)) from error


_UNREADABLE = (
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    RuntimeError,
    ArithmeticError,
    MemoryError,
    BrokenSealError,
)
"""What h5py and the parsers of its content raise on damaged files, besides OSError."""


def mend(path: Path) -> str:
    """What to do about a damaged file."""
    if path.name.endswith(PART_SUFFIX):
        return "delete it and run the same '3die render' again"
    return "if it came from a render, delete it and run '3die data pack' on the parts; else get it again"


class Dataset:
    """A dataset file, or a part file, opened for reading.

    Attributes:
        path: the file.
        info: what the dataset is.
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

        Raises:
            DamagedFileError: not a dataset, truncated or damaged.
            ThreeDieError: no such file, it can't be read, or is of a newer version.
        """
        self.path = Path(path)
        if not self.path.is_file():
            raise ThreeDieError(f"{self.path}: no such dataset file; make one with '3die render'")
        try:
            with _opened(self.path) as file:
                self._read(file)
        except OSError as error:
            if error.errno:
                raise explained(error, self.path) from error
            raise DamagedFileError(
                f"{self.path}: not an HDF5 file or cut short ({one_line(error)}); {mend(self.path)}"
            ) from error
        except BrokenSealError as error:
            raise DamagedFileError(f"{self.path}: damaged: {error}; {mend(self.path)}") from error
        except MemoryError as error:
            raise ThreeDieError(f"{self.path}: more than this machine's memory has room for") from error
        except _UNREADABLE as error:
            raise DamagedFileError(
                f"{self.path}: not a 3die dataset, or damaged ({one_line(error)}); {mend(self.path)}"
            ) from error
        self._bytes: npt.NDArray[np.uint8] | None = None

    def _read(self, file: h5py.h5f.FileID) -> None:
        if _attribute(file, "format") != FORMAT:
            raise ValueError("its attribute 'format' says otherwise")
        version = _attribute(file, "version")
        if version > VERSION:
            raise ThreeDieError(
                f"{self.path}: format version {version:.0f}, and this program reads up to {VERSION}: update it"
            )
        if version < 1:
            raise ValueError(f"format version {version}")
        info, made = _attribute(file, "info"), _attribute(file, "made")
        self.objects = _objects(file)
        self.splits: list[str] = _texts(file, "objects/split")
        self.latents: npt.NDArray[np.float64] = _array(file, "latents")
        self.offsets: npt.NDArray[np.int64] = _array(file, "offsets")
        self.checksums: npt.NDArray[np.uint32] | None = None
        if version >= CHECKED_SINCE:
            if _array(file, "seal").tobytes()[: len(MARK)] != MARK:
                raise ValueError("its seal is damaged")
            self.checksums = _array(file, "checksums")
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
        """The JPEG file of one view of the object at `index`.

        Raises:
            DamagedFileError: it isn't what was written.
        """
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
            f"('3die data verify' lists all); {mend(self.path)}"
        )

    def object(self, index: int) -> DatasetObject:
        """One object with all its views.

        Raises:
            DamagedFileError: some of its images aren't what was written; all of them are named.
        """
        jpegs = [bytes(self._jpeg(index, view)) for view in range(self.info.views)]
        damaged = [view for view, jpeg in enumerate(jpegs) if self._is_damaged(jpeg, index, view)]
        if damaged:
            raise self._damage(index, damaged)
        return DatasetObject(self.objects[index], self.splits[index], self.latents[index], jpegs)

    def indices(self, split: str) -> npt.NDArray[np.int64]:
        """Positions of the objects of one split."""
        return np.flatnonzero(np.array(self.splits) == split)

    def fingerprint(self) -> str:
        """SHA-256 of what the dataset is: settings, objects, splits and latents.

        Pixels are left out: they differ in the last bit between machines, and the same data rendered twice is the same
        benchmark. `images_sha256` tells the pixels apart.
        """
        digest = hashlib.sha256(json.dumps(self.info.to_json(), sort_keys=True).encode())
        for ref, split in zip(self.objects, self.splits, strict=True):
            digest.update(f"\n{ref} {split}".encode())
        digest.update(np.ascontiguousarray(self.latents, "<f8").tobytes())
        return digest.hexdigest()

    def images_sha256(self) -> str:
        """SHA-256 of all JPEG bytes in order."""
        digest = hashlib.sha256()
        step = 1 << 24
        for begin in range(0, self._size, step):
            digest.update(self.bytes[begin : begin + step].data)
        return digest.hexdigest()


def write_dataset(
    path: Path,
    info: DatasetInfo,
    made: Sequence[dict[str, Any]],
    count: int,
    jpeg_bytes: int,
    objects: Iterable[DatasetObject],
) -> None:
    """Write a dataset file from objects that come one at a time; whole or not at all.

    Args:
        path: the file.
        info: what the dataset is.
        made: how it was made, each way once.
        count: number of objects that will come.
        jpeg_bytes: sum of the sizes of all their JPEGs.
        objects: the objects, in the order they shall have.

    Raises:
        ThreeDieError: the disk is full, or an object doesn't fit `info`.
    """
    with replacing(path) as temporary:
        with _Sink(temporary) as sink:
            with h5py.File(sink, "w", libver=("earliest", "v110")) as file:
                begin = _fill(file, path, info, made, count, jpeg_bytes, sink.checked(objects))
            sink.check()
        seal(temporary, begin, jpeg_bytes)


class _Sink:
    """A file for HDF5 to write to, whose writes never fail: on a full disk its library would crash the process.

    The first error is kept for `check`; what comes after it is dropped.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b", buffering=0)
        self._error: OSError | None = None

    def __enter__(self) -> "_Sink":
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._file.close()

    def check(self) -> None:
        """Raise the first error, if there was one."""
        if self._error:
            raise self._error

    def checked(self, objects: Iterable[DatasetObject]) -> Iterator[DatasetObject]:
        """The objects, until writing has failed."""
        for item in objects:
            self.check()
            yield item
        self.check()

    def write(self, content: memoryview) -> int:
        """Write, or drop, all of it."""
        rest = memoryview(content).cast("B")
        try:
            while len(rest) and self._error is None:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._error = error
        return memoryview(content).nbytes

    def truncate(self, size: int) -> int:
        """Make it so long, unless writing has failed."""
        try:
            if self._error is None:
                self._file.truncate(size)
        except OSError as error:
            self._error = error
        return size

    def seek(self, place: int, origin: int = os.SEEK_SET) -> int:
        """Move to a place."""
        return self._file.seek(place, origin)

    def tell(self) -> int:
        """The place."""
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        return self._file.read(size) or b""

    def readinto(self, target: memoryview) -> int:
        """Fill a buffer; with zeros where writing has failed."""
        count = self._file.readinto(target) or 0
        target[count:] = bytes(len(target) - count)
        return count

    def flush(self) -> None:
        """Nothing: nothing is buffered."""


def _fill(
    file: h5py.File,
    path: Path,
    info: DatasetInfo,
    made: Sequence[dict[str, Any]],
    count: int,
    jpeg_bytes: int,
    objects: Iterable[DatasetObject],
) -> int:
    """Write all but the seal; gives where the JPEGs begin."""
    text = h5py.string_dtype("utf-8")
    shape = (count, info.views, len(info.fields))
    # First, so that it lies near the beginning.
    file["seal"] = np.frombuffer(blank_seal(), np.uint8)
    file.attrs["format"], file.attrs["version"] = FORMAT, VERSION
    file.attrs["info"] = json.dumps(info.to_json(), sort_keys=True)
    file.attrs["made"] = json.dumps(list(made), sort_keys=True)
    jpeg = file.create_dataset("jpeg", (jpeg_bytes,), np.uint8)
    latents = np.empty(shape, np.float64)
    offsets = np.zeros(count * info.views + 1, np.int64)
    checksums = np.zeros((count, info.views), np.uint32)
    names: list[tuple[str, str, str]] = []
    for index, item in enumerate(objects):
        if item.latents.shape != shape[1:] or len(item.jpegs) != info.views:
            raise ThreeDieError(f"{item.ref}: {len(item.jpegs)} views, latents {item.latents.shape}; "
                                f"the dataset has {info.views} views, {len(info.fields)} fields")  # fmt: skip
        latents[index] = item.latents
        checksums[index] = [zlib.crc32(view) for view in item.jpegs]
        rows = slice(index * info.views, (index + 1) * info.views + 1)
        begin = offsets[rows.start]
        offsets[rows] = begin + np.concatenate([[0], np.cumsum([len(view) for view in item.jpegs])])
        jpeg[begin : offsets[rows.stop - 1]] = np.frombuffer(b"".join(item.jpegs), np.uint8)
        names.append((item.ref.synset, item.ref.object_id, item.split))
    if len(names) != count or offsets[-1] != jpeg_bytes:
        raise ThreeDieError(f"{path}: {len(names)} objects of {offsets[-1]} bytes came, "
                            f"{count} of {jpeg_bytes} were announced")  # fmt: skip
    file["offsets"], file["latents"], file["checksums"] = offsets, latents, checksums
    for column, name in enumerate(("synset", "id", "split")):
        values = np.array([row[column] for row in names], dtype=object)
        file.create_dataset(f"objects/{name}", data=values, shape=(count,), dtype=text)
    return jpeg.id.get_offset() or 0


def write_part(path: Path, info: DatasetInfo, made: dict[str, Any], item: DatasetObject) -> None:
    """Write the part file of one object; whole or not at all."""
    write_dataset(path, info, [made], 1, sum(len(view) for view in item.jpegs), [item])


def part_path(folder: Path, ref: ObjectRef) -> Path:
    """Where the part file of one object lies."""
    return folder / ref.synset / f"{ref.object_id}{PART_SUFFIX}"


def find_parts(folder: Path) -> list[Path]:
    """All part files in a folder, sorted by class and id.

    Left out are those that a killed run left half-written, and what file managers put beside files.
    """
    paths = folder.glob(f"*/*{PART_SUFFIX}")
    return sorted(path for path in paths if not is_litter(path.name) and not is_litter(path.parent.name))


def looks_whole(path: Path) -> bool:
    """Whether a part file is there, begins as HDF5 does, and is as long as it says it is.

    Files are renamed into place when they are whole; this finds those that were cut short later, at a hundredth of the
    cost of opening them.
    """
    try:
        with path.open("rb", buffering=0) as file:
            head, size = file.read(_HEAD.size), os.fstat(file.fileno()).st_size
    except OSError:
        return False
    if len(head) < _HEAD.size:
        return False
    signature, version, end = _HEAD.unpack(head)
    return bool(signature == _SIGNATURE and version == 0 and end == size)


def splits_of(path: Path) -> list[str]:
    """The splits of a file's objects, without reading the rest of it.

    Raises:
        DamagedFileError: it isn't what was written.
        ThreeDieError: it can't be read.
    """
    try:
        with _opened(path) as file:
            return _texts(file, "objects/split")
    except (OSError, *_UNREADABLE) as error:
        if isinstance(error, OSError) and error.errno:
            raise explained(error, path) from error
        raise DamagedFileError(f"{path}: damaged ({one_line(error)}); {mend(path)}") from error


@dataclass(frozen=True)
class _Glance:
    """What packing must know of a part before it reads the images: `info` and `made` as the file has them."""

    info: str
    made: str
    jpeg_bytes: int
    objects: list[ObjectRef]


def _glance(path: Path) -> _Glance:
    try:
        with _opened(path) as file:
            jpeg_bytes = int(_array(file, "offsets")[-1])
            return _Glance(_attribute(file, "info"), _attribute(file, "made"), jpeg_bytes, _objects(file))
    except (OSError, *_UNREADABLE) as error:
        Dataset(path)  # says what is wrong
        raise ThreeDieError(f"{path}: damaged ({one_line(error)}); {mend(path)}") from error


def pack(parts: Sequence[Path], path: Path, progress: Callable[[Iterable[Path]], Iterable[Path]] = iter) -> int:
    """Join part files into one dataset file, objects sorted by class and id whatever the order of `parts`.

    Memory holds one object at a time. Returns the number of objects.

    Raises:
        ThreeDieError: no parts, parts of different datasets, an object twice, a part that is damaged or has latents
            that aren't finite.
    """
    if not parts:
        raise ThreeDieError(f"{path}: there are no part files to pack")
    first = Dataset(parts[0]).info
    # Nearly all parts say the same in the same words; only what differs is parsed and compared.
    infos: set[str] = set()
    ways: set[str] = set()
    order: list[tuple[ObjectRef, Path, int]] = []
    total = 0
    for part in progress(parts):
        glance = _glance(part)
        if glance.info not in infos:
            difference = first.difference(Dataset(part).info)
            if difference:
                raise ThreeDieError(f"{part}: belongs to another dataset than {parts[0]}: {difference}")
            infos.add(glance.info)
        if glance.made not in ways:
            Dataset(part)  # refuses what is damaged
            ways.add(glance.made)
        total += glance.jpeg_bytes
        order += [(ref, part, index) for index, ref in enumerate(glance.objects)]
    made = {json.dumps(way, sort_keys=True): way for ways_of_part in ways for way in json.loads(ways_of_part)}
    order.sort()
    for (ref, one, _), (next_ref, other, _) in pairwise(order):
        if ref == next_ref:
            raise ThreeDieError(f"{ref} is in two part files, {one} and {other}; delete one")

    def objects() -> Iterator[DatasetObject]:
        for _, part, index in order:
            opened = Dataset(part)
            check_latents(opened.info.fields, opened.latents[[index]], [opened.objects[index]], str(part))
            yield opened.object(index)

    write_dataset(path, first, [made[key] for key in sorted(made)], len(order), total, objects())
    return len(order)
