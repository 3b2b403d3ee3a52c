"""CIFAR-10's files, in their Python and their binary form, read without running anything they contain."""

import hashlib
import io
import math
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import explained

SIDE, CHANNELS, CLASSES = 32, 3, 10
_VALUES = CHANNELS * SIDE * SIDE
_FOLDERS = ("cifar-10-batches-py", "cifar-10-batches-bin")
_WHERE = "https://www.cs.toronto.edu/~kriz/cifar.html"
_LARGEST_FILE = 1 << 28
"""Bytes; the largest of the real ones has 31 million."""


@dataclass(frozen=True)
class Pictures:
    """Labeled pictures: pixels uint8 (N, 32, 32, 3), red first; labels int64 (N,), 0 to 9."""

    pixels: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Cifar10:
    """Both halves of the data, and the SHA-256 of all pixels and labels in their order."""

    train: Pictures
    test: Pictures
    sha256: str


def read_cifar10(folder: Path) -> Cifar10:
    """Read the files in a folder, or in the folder that the archive unpacks to inside it.

    Args:
        folder: holds `data_batch_1` to `data_batch_5` and `test_batch`, or the same with `.bin` behind.

    Raises:
        ThreeDieError: files are missing, damaged, or hold something else than pictures and labels.
    """
    places = [place for place in (folder, *(folder / name for name in _FOLDERS)) if place.is_dir()]
    for place in places:
        for suffix, read in ((".bin", _read_binary), ("", _read_pickled)):
            batches = sorted(place.glob(f"data_batch_[0-9]{suffix}"))
            test = place / f"test_batch{suffix}"
            if batches and test.is_file():
                return _joined([_read(path, read) for path in batches], _read(test, read))
    raise ThreeDieError(
        f"{folder}: no CIFAR-10 files in it (data_batch_1 to data_batch_5 and test_batch, or the same with .bin); get "
        f"the python or the binary version from {_WHERE}, unpack it and name the folder with --data"
    )


def _joined(batches: list[Pictures], test: Pictures) -> Cifar10:
    train = Pictures(*(np.concatenate(each) for each in zip(*((b.pixels, b.labels) for b in batches), strict=True)))
    digest = hashlib.sha256()
    for half in (train, test):
        digest.update(half.pixels.tobytes())
        digest.update(half.labels.tobytes())
    return Cifar10(train, test, digest.hexdigest())


def _read(path: Path, read: Callable[[bytes], Pictures]) -> Pictures:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ThreeDieError(f"{path}: too large for a file of CIFAR-10")
        content = path.read_bytes()
    except OSError as error:
        raise explained(error, path) from error
    try:
        pictures = read(content)
    except ValueError as error:
        raise ThreeDieError(f"{path}: no file of CIFAR-10, or a damaged one ({error}); fetch it again") from error
    if not len(pictures):
        raise ThreeDieError(f"{path}: no pictures in it; fetch it again")
    return pictures


def _read_binary(content: bytes) -> Pictures:
    """Rows of a label byte and 3072 bytes of pixels, the red plane first."""
    if len(content) % (_VALUES + 1):
        raise ValueError(f"{len(content)} bytes aren't a whole number of pictures of {_VALUES + 1}")
    rows = np.frombuffer(content, np.uint8).reshape(-1, _VALUES + 1)
    return _checked(rows[:, 1:], rows[:, 0].astype(np.int64))


def _read_pickled(content: bytes) -> Pictures:
    """A dictionary with `data`, uint8 (N, 3072), and `labels`, a list."""
    try:
        loaded = _Plain(io.BytesIO(content), encoding="bytes").load()
    except ValueError:
        raise
    except Exception as error:  # A damaged pickle can raise nearly anything.
        raise ValueError(f"{type(error).__name__}: {str(error).strip()[:100]}") from error
    if not isinstance(loaded, dict):
        raise ValueError(f"it holds a {type(loaded).__name__} instead of a dictionary")
    entries = {key.decode("latin1") if isinstance(key, bytes) else key: value for key, value in loaded.items()}
    data, labels = entries.get("data"), entries.get("labels")
    if not isinstance(data, _Bytes) or len(data.shape) != 2 or data.shape[1] != _VALUES:
        raise ValueError(f"'data' isn't an array of bytes with {_VALUES} columns")
    if not isinstance(labels, list) or not all(type(label) is int for label in labels):
        raise ValueError("'labels' isn't a list of whole numbers")
    return _checked(data.array(), np.array(labels, np.int64))


def _checked(data: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]) -> Pictures:
    if len(data) != len(labels):
        raise ValueError(f"{len(data)} pictures but {len(labels)} labels")
    if len(labels) and (labels.min() < 0 or labels.max() >= CLASSES):
        raise ValueError(f"a label lies outside 0 to {CLASSES - 1}")
    pixels = data.reshape(-1, CHANNELS, SIDE, SIDE).transpose(0, 2, 3, 1)
    return Pictures(np.ascontiguousarray(pixels), labels)


def _encode(text: str, encoding: str) -> bytes:
    # How Python 3 writes bytes into old pickles; other codecs could unpack a small file to a huge one.
    if encoding != "latin1":
        raise ValueError(f"text in the encoding {encoding!r}")
    return text.encode("latin1")


class _Bytes:
    """Stands in for an array of bytes: the shape and content that a pickle names, checked.

    Numpy builds nothing for a pickle: its own classes would take a buffer for an array of objects, whose pointers the
    file then chooses.
    """

    def __init__(self) -> None:
        self.shape: tuple[int, ...] = (0,)
        self.content = b""
        self.order: Literal["C", "F"] = "C"

    def __setstate__(self, state: Any) -> None:
        _version, shape, _kind, by_columns, content = state
        self._take(shape, content, "F" if by_columns else "C")

    def _take(self, shape: Any, content: Any, order: Literal["C", "F"]) -> None:
        shape, content = tuple(shape), bytes(memoryview(content))
        if not all(type(side) is int and side >= 0 for side in shape) or math.prod(shape) != len(content):
            raise ValueError(f"an array of shape {shape} in {len(content)} bytes")
        self.shape, self.content, self.order = shape, content, order

    def array(self) -> npt.NDArray[np.uint8]:
        """The array."""
        return np.frombuffer(self.content, np.uint8).reshape(self.shape, order=self.order)


class _Kind:
    """Stands in for numpy's type of bytes, the only one that is accepted; its other attributes don't matter."""

    def __setstate__(self, state: Any) -> None:
        pass


def _kind(name: Any, *_: Any) -> _Kind:
    text = name.decode("latin1") if isinstance(name, bytes) else name
    if text not in ("u1", "|u1", "uint8"):
        raise ValueError(f"an array of type {text!r}, not of bytes")
    return _Kind()


def _array(*_: Any) -> _Bytes:
    return _Bytes()


def _from_buffer(content: Any, _kind: Any, shape: Any, order: Any) -> _Bytes:
    array = _Bytes()
    array._take(shape, content, "F" if order == "F" else "C")
    return array


_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): _array,
    ("numpy", "dtype"): _kind,
    ("_codecs", "encode"): _encode,
    # The parts of numpy that rebuild arrays have moved between versions.
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _array for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _from_buffer for core in ("core", "_core")},
}


class _Plain(pickle.Unpickler):
    """An unpickler that builds numbers, text, lists, dictionaries and arrays of bytes, and refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        """One of the few things that an array is put together with; ValueError on another."""
        if (module, name) in _ALLOWED:
            return _ALLOWED[module, name]
        raise ValueError(f"it asks for {module}.{name}, which no file of pictures needs: it may be hostile")

    def persistent_load(self, pid: Any) -> Any:
        """Refused."""
        raise ValueError("it refers to something outside the file")
