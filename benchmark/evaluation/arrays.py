"""Arrays of features, latents and labels from any framework: read from a file, and checked."""

import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from threedie.benchmark.data.pairs import Indices
from threedie.benchmark.tasks.subject import Array, Data, Floats
from threedie.manifests.dataset import SPLITS
from threedie.manifests.errors import ThreeDieError, first_line
from threedie.manifests.files import explained
from threedie.manifests.latents import ACTION_SIZES, ROTATION, UNITS, LatentField, actions
from threedie.manifests.litter import has_litter
from threedie.manifests.suggest import suggest

SHAPES = {
    "latents": "(N, V, L)",
    "embeddings": "(N*V, D)",
    "predictor": "(A, D, D)",
    "predicted": "(N*V, D)",
    "labels": "(N,)",
    "split": "(N,)",
}
"""The arrays of a file, and the shape of each: N objects, V views, L latents, D dimensions, A numbers of an action."""
_LATENTS = {3: ROTATION, 7: tuple(UNITS)[:7], 10: tuple(UNITS)}
_WORDS = {3: "the rotation", 7: "those of 3DIEBench", 10: "those and a translation"}
_NPY = b"\x93NUMPY"
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_MOST_DEFLATED = 1032
"""Highest compression ratio of zlib."""


@dataclass(frozen=True, eq=False)
class FeatureArrays:
    """Arrays that were checked: N objects, V views, L latents, D dimensions.

    Attributes:
        latents: (N, V, L), in the order of `threedie.manifests.latents.UNITS`.
        embeddings: (N, V, D).
        predictor: one matrix for each number of the action, (A, D, D), or None.
        predicted: embedding of each view, predicted from view 0 of its object, (N, V, D), or None.
        labels: class of each object, (N,), or None.
        split: `train` or `val` of each object, (N,), or None.
        source: where they are from, for messages.
    """

    latents: Array
    embeddings: Floats
    predictor: Array | None = None
    predicted: Floats | None = None
    labels: Indices | None = None
    split: npt.NDArray[np.str_] | None = None
    source: str = "the arrays"

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray]) -> "FeatureArrays":
        """Check arrays, shaped as in `SHAPES`.

        Raises:
            ThreeDieError: names the array, what is wrong with it, and what it should be.
        """
        _check_names(arrays)
        latents = _latents(arrays["latents"])
        count, views, width = latents.shape
        embeddings = _views("embeddings", arrays["embeddings"], count, views, None)
        dims = embeddings.shape[2]
        return cls(
            latents,
            embeddings,
            _predictor(arrays["predictor"], dims, width) if "predictor" in arrays else None,
            _views("predicted", arrays["predicted"], count, views, dims) if "predicted" in arrays else None,
            _labels(arrays["labels"], count) if "labels" in arrays else None,
            _split(arrays["split"], count) if "split" in arrays else None,
        )

    @property
    def fields(self) -> tuple[LatentField, ...]:
        """The latents by name."""
        return tuple(LatentField(name, ((-math.inf, math.inf),)) for name in _LATENTS[self.latents.shape[2]])

    @property
    def has_predictions(self) -> bool:
        """Whether it has a predictor or its predictions."""
        return self.predictor is not None or self.predicted is not None

    def objects(self, split: str) -> Indices:
        """Positions of the objects of a split; without any, all are `val`."""
        if self.split is None:
            return np.arange(len(self.latents) if split == "val" else 0)
        return np.flatnonzero(self.split == split)

    def predict_views(self, data: Data, objects: Indices, dims: slice) -> Floats:
        """Predictions for the views of some objects, (n, V, D); see `Subject.predict_views`."""
        if self.predicted is not None:
            return self.predicted[objects]
        assert self.predictor is not None
        kind = _action(len(self.predictor), self.latents.shape[2])
        latents = self.latents[objects]
        moves = actions(kind, data.fields, latents[:, :1].repeat(latents.shape[1], 1), latents)
        first = self.embeddings[objects, 0].astype(np.float64)
        each = np.einsum("kij,nj->nki", self.predictor, first, optimize=True)
        with np.errstate(over="ignore"):
            return np.asarray(moves @ each).astype(np.float32)


def read_arrays(path: Path) -> FeatureArrays:
    """Read and check the arrays of a file that `numpy.savez` wrote; nothing in it is executed (no pickles).

    Raises:
        ThreeDieError: names the file, the array, and what is wrong with it.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(8)
        if magic.startswith(_NPY):
            raise ThreeDieError(f"{path}: one array; save several under their names with numpy.savez")
        if not zipfile.is_zipfile(path):
            what = "cut off" if magic.startswith(b"PK") else "no zip archive"
            raise ThreeDieError(f"{path}: not a file that numpy.savez writes, or a damaged one ({what})")
        with zipfile.ZipFile(path) as archive:
            arrays = _read_members(path, archive)
    except ThreeDieError:
        raise
    except OSError as error:
        raise explained(error, path) from error
    except Exception as error:
        # A damaged directory of an archive can raise anything.
        raise ThreeDieError(
            f"{path}: not a file that numpy.savez writes, or a damaged one ({first_line(error)})"
        ) from error
    try:
        return replace(FeatureArrays.of(arrays), source=str(path))
    except ThreeDieError as error:
        raise ThreeDieError(f"{path}: {error}") from error


def _read_members(path: Path, archive: zipfile.ZipFile) -> dict[str, npt.NDArray]:
    arrays: dict[str, npt.NDArray] = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        if has_litter(member.filename):
            continue
        if name in arrays:
            raise ThreeDieError(f"{path}: {name[:80]}: is in it twice")
        # No method that NumPy uses makes a file smaller than this.
        if member.file_size > _MOST_DEFLATED * (member.compress_size + 1024):
            raise ThreeDieError(f"{path}: {name[:80]}: damaged, it promises more bytes than can be in it")
        try:
            with archive.open(member) as file:
                arrays[name] = _read_member(file, member.file_size)
        except Exception as error:
            # zipfile, its decompressors and NumPy each have exceptions of their own for a damaged file.
            raise ThreeDieError(f"{path}: {name[:80]}: {first_line(error)}; save plain numbers or text") from error
    return arrays


def _read_member(file: IO[bytes], size: int) -> npt.NDArray:
    """The array in a .npy file of `size` bytes; a header that promises more or less is refused before reading."""
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"a .npy file of version {version[0]}.{version[1]}, which this program doesn't read")
    shape, fortran, dtype = _HEADERS[version](file)
    if dtype.hasobject:
        raise ValueError("holds Python objects, which could run anything when they are read")
    count = math.prod(shape)
    if min(shape, default=0) < 0 or file.tell() + count * dtype.itemsize != size:
        raise ValueError(f"damaged, its header says {dtype} of shape {shape}, and its size is {size} bytes")
    array = np.frombuffer(file.read(), dtype, count)
    return array.reshape(shape[::-1]).transpose() if fortran else array.reshape(shape)


def _check_names(arrays: Mapping[str, npt.NDArray]) -> None:
    for name in arrays:
        if name not in SHAPES:
            raise ThreeDieError(f"{name}: no such array; {suggest(name, SHAPES)}")
    for name in ("latents", "embeddings"):
        if name not in arrays:
            raise ThreeDieError(f"{name}: missing; give an array {SHAPES[name]}")
    if "predictor" in arrays and "predicted" in arrays:
        raise ThreeDieError("predictor, predicted: give one of the two")


def _latents(array: npt.NDArray) -> Array:
    latents = _numbers("latents", array, 3).astype(np.float64)
    count, views, width = latents.shape
    if not count or not views:
        raise ThreeDieError(f"latents: shape {latents.shape} holds no view")
    if width not in _LATENTS:
        choices = "; ".join(f"{size} are {words}" for size, words in _WORDS.items())
        raise ThreeDieError(f"latents: {width} numbers a view, and no such list of latents is known: {choices}")
    return latents


def _predictor(array: npt.NDArray, dims: int, width: int) -> Array:
    predictor = _numbers("predictor", array, 3).astype(np.float64)
    sizes = {ACTION_SIZES[name]: name for name in reversed(_actions(width))}
    if predictor.shape[1:] != (dims, dims) or len(predictor) not in sizes:
        choices = ", ".join(f"{size} ({name})" for size, name in sorted(sizes.items()))
        raise ThreeDieError(f"predictor: shape {predictor.shape}; give (A, {dims}, {dims}) with A one of {choices}")
    return predictor


def _labels(array: npt.NDArray, count: int) -> Indices:
    labels = np.asarray(array)
    if labels.shape != (count,) or labels.dtype.kind not in "iuU":
        raise ThreeDieError(
            f"labels: {labels.dtype} of shape {labels.shape}; give a class for each object, integers or text, of shape "
            f"({count},)"
        )
    return np.unique(labels, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _split(array: npt.NDArray, count: int) -> npt.NDArray[np.str_]:
    split = np.asarray(array)
    if split.shape != (count,) or split.dtype.kind != "U" or not np.isin(split, SPLITS).all():
        raise ThreeDieError(
            f"split: {split.dtype} of shape {split.shape}; give 'train' or 'val' as text for each object, of shape "
            f"({count},)"
        )
    if not (split == "val").any():
        raise ThreeDieError("split: no object is 'val', so nothing could be measured; leave it out or mark some")
    return split


def _actions(width: int) -> list[str]:
    """Names of the actions that can be computed from so many latents."""
    fields = [LatentField(name, ()) for name in _LATENTS[width]]
    zeros, names = np.zeros((1, width)), []
    for name in ACTION_SIZES:
        try:
            actions(name, fields, zeros, zeros)
        except ThreeDieError:
            continue
        names.append(name)
    return names


def _action(size: int, width: int) -> str:
    return next(name for name in _actions(width) if ACTION_SIZES[name] == size)


def _numbers(name: str, array: npt.NDArray, dimensions: int) -> npt.NDArray:
    array = np.asarray(array)
    if array.dtype.kind not in "fiu":
        raise ThreeDieError(f"{name}: {array.dtype}; give real numbers {SHAPES[name]}")
    if array.ndim != dimensions:
        raise ThreeDieError(f"{name}: shape {array.shape}; give {SHAPES[name]}")
    if not np.isfinite(array).all():
        raise ThreeDieError(f"{name}: some numbers aren't finite; nothing can be measured on them")
    return array


def _views(name: str, array: npt.NDArray, count: int, views: int, dims: int | None) -> Floats:
    rows = _numbers(name, array, 2)
    if len(rows) != count * views or not rows.shape[1] or (dims is not None and rows.shape[1] != dims):
        width = "D" if dims is None else str(dims)
        raise ThreeDieError(
            f"{name}: shape {rows.shape}; the latents are of {count} objects x {views} views, so give "
            f"({count * views}, {width}), the views of an object one after the other"
        )
    with np.errstate(over="ignore"):
        single = rows.astype(np.float32)
    if not np.isfinite(single).all():
        raise ThreeDieError(f"{name}: some numbers are too large for single precision; scale them down")
    return single.reshape(count, views, -1)
