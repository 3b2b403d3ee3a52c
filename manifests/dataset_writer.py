"""Writes dataset files, whole or not at all."""

import errno
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from threedie.manifests.dataset_info import FORMAT, VERSION, DatasetInfo, DatasetObject
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import clear_debris, explained, replacing
from threedie.manifests.locks import lock
from threedie.manifests.seal import blank_seal, seal

_LOCK_SUFFIX = ".3die-lock"


@contextmanager
def lock_dataset(path: Path, note: str, on_wait: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Keep all other processes, on any machine, from writing a dataset file; delete what killed ones left half-written.

    Args:
        path: the dataset file.
        note: what this process does, for the message to other processes.
        on_wait: called with a message while this waits to see whether a holder of the lock is alive.

    Raises:
        Taken: another process is writing it.
        ThreeDieError: the lock file can't be written.
    """
    if path.is_dir() or not path.name:
        raise explained(OSError(errno.EISDIR, "is a folder"), path)
    refusal = f"{path}: another process is writing this file ({{holder}}); wait for it, then run the same command again"
    with lock(path.with_name(f".{path.name}{_LOCK_SUFFIX}"), note, refusal, on_wait):
        clear_debris(path.parent.resolve(), True, lambda name: name == path.name)
        yield


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
        """Raise the first error, if any."""
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
        """Set the length in bytes, unless writing has failed."""
        try:
            if self._error is None:
                self._file.truncate(size)
        except OSError as error:
            self._error = error
        return size

    def seek(self, place: int, origin: int = os.SEEK_SET) -> int:
        """Move to a position."""
        return self._file.seek(place, origin)

    def tell(self) -> int:
        """The position."""
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
        """Do nothing: nothing is buffered."""


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
        raise ThreeDieError(f"{path}: {len(names)} objects of {offsets[-1]} bytes were written, "
                            f"{count} of {jpeg_bytes} were announced")  # fmt: skip
    file["offsets"], file["latents"], file["checksums"] = offsets, latents, checksums
    for column, name in enumerate(("synset", "id", "split")):
        values = np.array([row[column] for row in names], dtype=object)
        file.create_dataset(f"objects/{name}", data=values, shape=(count,), dtype=text)
    return jpeg.id.get_offset() or 0


def write_part(path: Path, info: DatasetInfo, made: dict[str, Any], item: DatasetObject) -> None:
    """Write the part file of one object; whole or not at all."""
    write_dataset(path, info, [made], 1, sum(len(view) for view in item.jpegs), [item])
