"""Which objects: their names, lists of them, their split."""

import hashlib
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from threedie.manifests.classes import find_class, label_of
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.npy import read_npy
from threedie.manifests.text import read_table

TRAIN, VAL = "train", "val"
VAL_FRACTION = 0.2

MAX_NAME = 200
"""Longest object id in bytes: files named after it have prefixes and suffixes, and 255 bytes is the system's limit."""


@dataclass(frozen=True, order=True)
class ObjectRef:
    """One 3D object: its class (synset id) and its id within the class."""

    synset: str
    object_id: str

    def __post_init__(self) -> None:
        label_of(self.synset)
        if not is_plain_name(self.object_id) or self.object_id.startswith("."):
            raise ThreeDieError(
                f"{self.synset}/{self.object_id[:MAX_NAME]!r}: an object id is a plain file name without '/', "
                f"not hidden, of at most {MAX_NAME} bytes"
            )

    @property
    def label(self) -> int:
        """Index of the class among the 55."""
        return label_of(self.synset)

    def __str__(self) -> str:
        return f"{self.synset}/{self.object_id}"


def is_plain_name(text: str) -> bool:
    """Whether `text` can name one file: not empty or too long, no separator or control character, not `.` or `..`."""
    short = 0 < len(text) <= MAX_NAME and text not in (".", "..") and text.isprintable()
    return short and len(text.encode()) <= MAX_NAME and not set(text) & set('/\\:*?"<>|')


def split_of(ref: ObjectRef, seed: int = 0) -> str:
    """`train` or `val`, 80 to 20, from a hash of (seed, class, id): adding objects moves none."""
    digest = hashlib.sha256(f"split\0{seed}\0{ref.synset}\0{ref.object_id}".encode()).digest()
    return VAL if int.from_bytes(digest[:8], "big") < VAL_FRACTION * 2**64 else TRAIN


def first_per_class(refs: Iterable[ObjectRef], count: int | None) -> list[ObjectRef]:
    """The objects in order, at most `count` of each class."""
    counts: dict[str, int] = {}
    chosen = []
    for ref in refs:
        counts[ref.synset] = counts.get(ref.synset, 0) + 1
        if count is None or counts[ref.synset] <= count:
            chosen.append(ref)
    return chosen


def fingerprint(refs: Sequence[ObjectRef]) -> str:
    """SHA-256 of the list of objects, whatever their order."""
    return hashlib.sha256("\n".join(str(ref) for ref in sorted(refs)).encode()).hexdigest()


def read_object_list(path: Path, may_be_empty: bool = False) -> list[ObjectRef]:
    """Read a list of objects, in its order.

    Formats: `.npy` as the original has it, either pairs (synset, id) of shape (N, 2) or strings `/SYNSET/ID/` of shape
    (N,); `.csv` with the columns `class` and `id`.

    Args:
        path: the file.
        may_be_empty: whether a list without objects is one.

    Raises:
        ThreeDieError: no such file, another format, an object twice, or a class that isn't one of the 55.
    """
    rows = _read_npy(path) if path.suffix.lower() == ".npy" else _read_csv(path)
    try:
        refs = [ObjectRef(find_class(synset), object_id) for synset, object_id in rows]
    except ThreeDieError as error:
        raise ThreeDieError(f"{path}: {error}") from error
    if not refs and not may_be_empty:
        raise ThreeDieError(f"{path}: the list has no objects")
    unique: set[ObjectRef] = set()
    for ref in refs:
        if ref in unique:
            raise ThreeDieError(f"{path}: {ref} is listed twice; remove one")
        unique.add(ref)
    return refs


def _read_npy(path: Path) -> list[tuple[str, str]]:
    array = read_npy(path, of="array of strings")
    if array.dtype.kind in "US" and array.ndim == 2 and array.shape[1] == 2:
        texts = _texts(path, array)
        return list(zip(texts[::2], texts[1::2], strict=True))
    if array.dtype.kind in "US" and array.ndim == 1:
        parts = [text.strip("/").split("/") for text in _texts(path, array)]
        if all(len(part) == 2 for part in parts):
            return [(synset, object_id) for synset, object_id in parts]
    raise ThreeDieError(
        f"{path}: {array.dtype} of shape {array.shape} is no object list; "
        "expected strings, either (N, 2) pairs or (N,) paths '/SYNSET/ID/'"
    )


def _texts(path: Path, array: npt.NDArray[Any]) -> list[str]:
    """Strings of an array (...), row by row."""
    try:
        if array.dtype.kind == "U" and array.size:
            # NumPy would make strings of them that break the interpreter.
            points = np.ascontiguousarray(array, array.dtype.newbyteorder("=")).view(np.uint32)
            if points.max() > sys.maxunicode:
                raise ValueError("no code points of Unicode")
        values = array.ravel().tolist()
        return [value.decode() if isinstance(value, bytes) else str(value) for value in values]
    except ValueError as error:
        raise ThreeDieError(f"{path}: holds strings that are no text; the file is damaged") from error


def _read_csv(path: Path) -> list[tuple[str, str]]:
    rows = read_table(path, {"class", "id"}, "CSV object list")
    return [(row["class"].strip(), row["id"].strip()) for row in rows]
