"""`3die bench score`: every metric that some arrays allow, for people with a framework of their own."""

import math
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from threedie.baselines.method import Parts
from threedie.benchmark.data.pairs import Indices
from threedie.benchmark.evaluation.measure import build_subject, measure
from threedie.benchmark.evaluation.scope import Scope
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.classification import Classification
from threedie.benchmark.tasks.regression import Regression
from threedie.benchmark.tasks.task import EMBEDDING, Array, Data, Floats
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
SPLITS = ("train", "val")
_NPY = b"\x93NUMPY"
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_MOST_DEFLATED = 1032
"""How many times shorter zlib makes a file at most."""
NEEDS_LABELS = ("classification", "knn", "rotation_in_class")
"""Tasks that ask for classes or are told them."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a file holds, checked.

    Attributes:
        latents: (N, V, L), in the order of `threedie.manifests.latents.UNITS`.
        embeddings: (N, V, D).
        predictor: one matrix for each number of the action, (A, D, D), or None.
        predicted: embedding predicted for each view from view 0 of its object, (N, V, D), or None.
        labels: class of each object, (N,), or None.
        split: `train` or `val` of each object, (N,), or None.
        source: what they are from, for messages.
    """

    latents: Array
    embeddings: Floats
    predictor: Array | None = None
    predicted: Floats | None = None
    labels: Indices | None = None
    split: npt.NDArray[np.str_] | None = None
    source: str = "the arrays"

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray]) -> "Inputs":
        """Check arrays, shaped as in `SHAPES`.

        Raises:
            ThreeDieError: names the array, what is wrong with it, and what it should be.
        """
        for name in arrays:
            if name not in SHAPES:
                raise ThreeDieError(f"{name}: no such array; {suggest(name, SHAPES)}")
        for name in ("latents", "embeddings"):
            if name not in arrays:
                raise ThreeDieError(f"{name}: missing; give an array {SHAPES[name]}")
        if "predictor" in arrays and "predicted" in arrays:
            raise ThreeDieError("predictor, predicted: give one of the two")
        latents = _numbers("latents", arrays["latents"], 3).astype(np.float64)
        count, views, width = latents.shape
        if not count or not views:
            raise ThreeDieError(f"latents: shape {latents.shape} holds no view")
        if width not in _LATENTS:
            known = "; ".join(f"{size} are {words}" for size, words in _WORDS.items())
            raise ThreeDieError(f"latents: {width} numbers a view, and no such list of latents is known: {known}")
        embeddings = _views("embeddings", arrays["embeddings"], count, views, None)
        dims = embeddings.shape[2]
        predictor = predicted = labels = split = None
        if "predictor" in arrays:
            predictor = _numbers("predictor", arrays["predictor"], 3).astype(np.float64)
            sizes = {size: name for name, size in ACTION_SIZES.items() if name in _actions(width)}
            if predictor.shape[1:] != (dims, dims) or len(predictor) not in sizes:
                known = ", ".join(f"{size} ({name})" for size, name in sorted(sizes.items()))
                raise ThreeDieError(
                    f"predictor: shape {predictor.shape}; give (A, {dims}, {dims}) with A one of {known}"
                )
        if "predicted" in arrays:
            predicted = _views("predicted", arrays["predicted"], count, views, dims)
        if "labels" in arrays:
            found = np.asarray(arrays["labels"])
            if found.shape != (count,) or found.dtype.kind not in "iuU":
                raise ThreeDieError(
                    f"labels: {found.dtype} of shape {found.shape}; give a class for each object, integers or text, "
                    f"of shape ({count},)"
                )
            labels = np.unique(found, return_inverse=True)[1].reshape(-1).astype(np.int64)
        if "split" in arrays:
            found = np.asarray(arrays["split"])
            if found.shape != (count,) or found.dtype.kind != "U" or not np.isin(found, SPLITS).all():
                raise ThreeDieError(
                    f"split: {found.dtype} of shape {found.shape}; give 'train' or 'val' as text for each object, of "
                    f"shape ({count},)"
                )
            if not (found == "val").any():
                raise ThreeDieError(
                    "split: no object is 'val', so nothing could be measured; leave it out or mark some"
                )
            split = found
        return cls(latents, embeddings, predictor, predicted, labels, split)

    @property
    def fields(self) -> tuple[LatentField, ...]:
        """The latents by name."""
        return tuple(LatentField(name, ((-math.inf, math.inf),)) for name in _LATENTS[self.latents.shape[2]])

    def moved(self, data: Data, rows: Indices, part: slice) -> Floats:
        """Predictions for the views of some objects, (n, V, D); see `Subject.moved`."""
        if self.predicted is not None:
            return self.predicted[rows]
        assert self.predictor is not None
        kind = _action(len(self.predictor), self.latents.shape[2])
        latents = self.latents[rows]
        moves = actions(kind, data.fields, latents[:, :1].repeat(latents.shape[1], 1), latents)
        each = np.einsum("kij,nj->nki", self.predictor, self.embeddings[rows, 0].astype(np.float64), optimize=True)
        with np.errstate(over="ignore"):
            return np.asarray(moves @ each).astype(np.float32)


def read_inputs(path: Path) -> Inputs:
    """Read and check a file; nothing in it is run (no pickles).

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
            arrays = _arrays(path, archive)
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
        return replace(Inputs.of(arrays), source=str(path))
    except ThreeDieError as error:
        raise ThreeDieError(f"{path}: {error}") from error


def _arrays(path: Path, archive: zipfile.ZipFile) -> dict[str, npt.NDArray]:
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
                arrays[name] = _array(file, member.file_size)
        except Exception as error:
            # zipfile, its decompressors and NumPy each have exceptions of their own for a damaged file.
            raise ThreeDieError(f"{path}: {name[:80]}: {first_line(error)}; save plain numbers or text") from error
    return arrays


def _array(file: IO[bytes], size: int) -> npt.NDArray:
    """The array in a .npy file of a known size; one that is shorter or longer than its header says is refused first."""
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"a .npy file of version {version[0]}.{version[1]}, which isn't known")
    shape, fortran, dtype = _HEADERS[version](file)
    if dtype.hasobject:
        raise ValueError("holds Python objects, which could run anything when they are read")
    count = math.prod(shape)
    if min(shape, default=0) < 0 or file.tell() + count * dtype.itemsize != size:
        raise ValueError(f"damaged, its header says {dtype} of shape {shape}, and its size is {size} bytes")
    array = np.frombuffer(file.read(), dtype, count)
    return array.reshape(shape[::-1]).transpose() if fortran else array.reshape(shape)


def score(
    inputs: Inputs, rules: Protocol, normalise: bool = True, heads: bool = True, seeds: int = 1, device: str = "cpu"
) -> dict[str, Any]:
    """Every metric that the arrays allow.

    Args:
        inputs: the arrays.
        rules: how heads are trained; neighbours are sought among all objects, whatever it says.
        normalise: whether embeddings are compared at length 1 in retrieval.
        heads: whether heads are trained.
        seeds: how many times each head is trained.
        device: `cpu` or `cuda`.

    Returns:
        JSON: what was measured, `results`, `breakdowns`, tasks that were `left_out` and why, `warnings`.

    Raises:
        ThreeDieError: predictions aren't finite.
    """
    count, views, dims = inputs.embeddings.shape
    everything = np.arange(count)
    labels = np.zeros(count, np.int64) if inputs.labels is None else inputs.labels
    data = Data(inputs.fields, inputs.latents, labels, inputs.embeddings, inputs.embeddings)
    train = everything[:0] if inputs.split is None else everything[inputs.split == "train"]
    val = everything if inputs.split is None else everything[inputs.split == "val"]
    with_predictions = inputs.predictor is not None or inputs.predicted is not None
    chosen, left_out = [], {}
    for name, task in TASKS.items():
        reasons = []
        if name in ("retrieval", "pose_retrieval"):
            reasons += [] if with_predictions else ["predictor or predicted"]
        elif name != "rank":
            reasons += [] if len(train) > 1 else ["split with two training objects or more"]
            reasons += [] if inputs.labels is not None or name not in NEEDS_LABELS else ["labels"]
        if isinstance(task, Regression) and not data.has(task.needs):
            reasons.append(f"latents {', '.join(task.needs)}")
        if views < 2 and (name == "retrieval" or (isinstance(task, Regression) and task.views > 1)):
            reasons.append("two views of each object")
        if reasons:
            left_out[name] = f"needs {' and '.join(reasons)}"
        elif not heads and isinstance(task, Classification | Regression):
            left_out[name] = "--no-heads"
        else:
            chosen.append(name)
    trained = any(isinstance(TASKS[name], Classification | Regression) for name in chosen)
    rules = replace(rules, nearest_objects=None, bank_objects=None)
    subject = build_subject(
        data,
        train,
        data,
        val,
        Parts(),
        inputs.moved if with_predictions else None,
        rules,
        device,
        scope=Scope(tuple(chosen), seeds, (EMBEDDING,)),
        normalise=normalise,
    )
    # The arrays are one kind of feature: they are measured once, as embeddings.
    try:
        outcomes, warnings = measure(replace(subject, representation_parts={}), chosen)
    except ThreeDieError as error:
        raise ThreeDieError(f"{inputs.source}: {error}") from error
    renamed = {} if inputs.split is not None else {"pre_val_val": "pre_all_all"}
    return {
        "objects": count,
        "views": views,
        "dimensions": dims,
        "measured_on": "all" if inputs.split is None else "val",
        "measured_objects": len(val),
        "normalised": normalise,
        "heads": {"protocol": rules.name, "version": rules.version, "seeds": seeds} if trained else None,
        "results": [
            {
                "task": name,
                "version": TASKS[name].version,
                **asdict(found),
                "metric": renamed.get(found.metric, found.metric),
            }
            for name, outcome in outcomes.items()
            for found in outcome.scores
        ],
        "breakdowns": [
            {"task": name, "version": TASKS[name].version, **found.to_json()}
            for name, outcome in outcomes.items()
            for found in outcome.breakdowns
        ],
        "left_out": left_out,
        "warnings": warnings,
    }


def _actions(width: int) -> list[str]:
    """Names of the actions that so many latents allow."""
    fields = [LatentField(name, ()) for name in _LATENTS[width]]
    zeros, found = np.zeros((1, width)), []
    for name in ACTION_SIZES:
        try:
            actions(name, fields, zeros, zeros)
        except ThreeDieError:
            continue
        found.append(name)
    return found


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
    found = _numbers(name, array, 2)
    if len(found) != count * views or not found.shape[1] or (dims is not None and found.shape[1] != dims):
        wanted = "D" if dims is None else str(dims)
        raise ThreeDieError(
            f"{name}: shape {found.shape}; the latents are of {count} objects x {views} views, so give "
            f"({count * views}, {wanted}), the views of an object one after the other"
        )
    with np.errstate(over="ignore"):
        single = found.astype(np.float32)
    if not np.isfinite(single).all():
        raise ThreeDieError(f"{name}: some numbers are too large for single precision; scale them down")
    return single.reshape(count, views, -1)
