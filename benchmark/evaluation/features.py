"""Features: every view once through a trained method, kept in files that the tasks read."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from threedie.baselines.method import Method
from threedie.benchmark.data.identity import identify
from threedie.benchmark.data.images import ordered
from threedie.benchmark.data.inputs import preprocessing
from threedie.benchmark.data.normalization import Normalization, Values
from threedie.benchmark.data.pairs import Indices
from threedie.benchmark.data.source import ImageStore, LabeledViews
from threedie.benchmark.tasks.subject import Floats
from threedie.benchmark.training.checkpoints import weights_sha256
from threedie.benchmark.training.divergence import DivergedError
from threedie.benchmark.training.restore import TrainedMethod
from threedie.manifests.errors import ThreeDieError, first_line
from threedie.manifests.files import replacing
from threedie.manifests.progress import SILENT, Reporter

FEATURES_FOLDER = "features"
"""Folder of the features in a run's folder."""
_BATCH = 256
_MARK = b"3die-features-sha256"
"""Follows an array's numbers; the SHA-256 of the file up to here follows it."""
_PIECE = 2**22
_VERSION = 2


@dataclass(frozen=True)
class Features:
    """A method's features of a dataset, mapped from files.

    Attributes:
        representation: backbone outputs of all objects, float32 (N, V, D).
        embedding: projector outputs of all objects, float32 (N, V, E).
        cached: whether they were read and not made anew.
    """

    representation: Floats
    embedding: Floats
    cached: bool


def load_features(
    model: TrainedMethod, images: ImageStore, folder: Path, device: str = "cpu", reporter: Reporter = SILENT
) -> Features:
    """A trained method's features of a dataset: read from a folder, or made and put there.

    Args:
        model: the trained method.
        images: the dataset's images at the size it was trained on.
        folder: of the files.
        device: `cpu` or `cuda`.
        reporter: see `extract_features`.

    Raises:
        DivergedError: a feature isn't finite.
        ThreeDieError: the disk is full.
    """
    key = features_key(model, images.dataset)
    return extract_features(model.method, images, model.normalization, folder, key, device, reporter)


def features_key(model: TrainedMethod, dataset: LabeledViews) -> str:
    """Short name of the features of some weights on some images, with some preprocessing, behind some context."""
    identity = identify(dataset)
    pixels = preprocessing(model.settings.recipe, model.normalization)
    made_of = [_VERSION, model.weights, identity.fingerprint, identity.images_sha256, pixels]
    if model.method.context_pairs:
        saved = model.method.state_dict()
        context = {name: value for name, value in model.method.named_buffers() if name not in saved}
        made_of.append(weights_sha256(context))
    text = json.dumps(made_of, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def extract_features(
    method: Method,
    images: ImageStore,
    normalize: Normalization,
    folder: Path,
    key: str,
    device: str = "cpu",
    reporter: Reporter = SILENT,
) -> Features:
    """Every view through the method in evaluation mode (batch norm by its running statistics), or from the files.

    Args:
        method: the trained method.
        images: the dataset's images at the size it was trained on.
        normalize: as it was trained with.
        folder: of the files.
        key: ends the names of the files; files of another key are left alone.
        device: `cpu` or `cuda`.
        reporter: shows progress, and a note for each file that can't be used; its features are made anew.

    Raises:
        DivergedError: a feature isn't finite.
        ThreeDieError: the disk is full.
    """
    dataset = images.dataset
    count, views = len(dataset), dataset.info.views
    paths = [folder / f"representation-{key}.npy", folder / f"embedding-{key}.npy"]
    cached = [open_features(path, (count, views), reporter.note) for path in paths]
    if cached[0] is not None and cached[1] is not None:
        return Features(cached[0], cached[1], True)

    place = torch.device(device)
    method = method.to(place).eval()
    rows = np.arange(count * views)
    batches = [rows[begin : begin + _BATCH] for begin in range(0, len(rows), _BATCH)]

    def load(batch: Indices) -> tuple[Indices, Values]:
        return batch, images.take(batch // views, batch % views)

    with replacing(paths[0]) as first, replacing(paths[1]) as second, torch.inference_mode():
        outputs: list[np.memmap] = []
        for batch, pixels in ordered(load, reporter.bar("features", len(batches), "batch", batches), 1):
            representation, embedding = method.encode(normalize(pixels, place))
            if not (torch.isfinite(representation).all() and torch.isfinite(embedding).all()):
                raise DivergedError(
                    f"{folder.parent}: the trained method gives numbers that aren't finite for "
                    f"{dataset.objects[batch[0] // views]} or its neighbors; nothing can be measured on it"
                )
            if not outputs:
                files = zip((first, second), (representation, embedding), strict=True)
                outputs = [new_features_file(path, (count, views, values.shape[1])) for path, values in files]
            for output, values in zip(outputs, (representation, embedding), strict=True):
                output.reshape(len(rows), -1)[batch] = values.float().cpu().numpy()
        for output, path in zip(outputs, (first, second), strict=True):
            output.flush()
            sign_features(path)
    written = [open_features(path, (count, views), reporter.note) for path in paths]
    if written[0] is None or written[1] is None:
        raise ThreeDieError(f"{folder}: the features just written can't be read back; check the disk")
    return Features(written[0], written[1], False)


def new_features_file(path: Path, shape: tuple[int, ...]) -> np.memmap:
    """A file of float32 for features, mapped; an error where the disk has no room for it."""
    array = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    if hasattr(os, "posix_fallocate"):
        # Writing to a mapped file on a full disk ends the process; asking for the room first fails with a reason.
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


def sign_features(path: Path) -> None:
    """Append mark and SHA-256 to a file; readers of .npy files stop before them."""
    digest = _sha256(path, path.stat().st_size)
    with path.open("ab") as file:
        file.write(_MARK + digest)


def _sha256(path: Path, size: int) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while size > 0 and (piece := file.read(min(size, _PIECE))):
            digest.update(piece)
            size -= len(piece)
    return digest.digest()


def open_features(path: Path, shape: tuple[int, ...], note: Callable[[str], object]) -> Floats | None:
    """The array of a file that `sign_features` has signed, mapped; its checksum is verified first.

    Args:
        path: the file.
        shape: number of objects and views that it must have.
        note: called with a line that says why an existing file can't be used.

    Returns:
        float32 (N, V, D), or None where the file is missing, has no checksum, is damaged, or has another shape.
    """
    try:
        size = path.stat().st_size - len(_MARK) - hashlib.sha256().digest_size
        with path.open("rb") as file:
            file.seek(max(0, size))
            end = file.read()
        if size <= 0 or not end.startswith(_MARK):
            note(f"{path}: has no checksum (written by an older version, or cut off); its features are made anew")
            return None
        if end[len(_MARK) :] != _sha256(path, size):
            note(f"{path}: damaged, its content doesn't match its checksum; its features are made anew")
            return None
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        return None
    except Exception as error:
        # NumPy and mmap have exceptions of their own for each way in which a header can be wrong.
        note(f"{path}: can't be read ({first_line(error)}); its features are made anew")
        return None
    if array.dtype == np.float32 and array.ndim == 3 and array.shape[:2] == shape:
        return array
    note(f"{path}: holds {array.dtype} of shape {array.shape}; its features are made anew")
    return None
