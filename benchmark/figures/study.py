"""A trained run opened to look into: what it makes of validation objects, and their pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from threedie.baselines.method import EQUIVARIANT, Method
from threedie.benchmark.data.identity import identify
from threedie.benchmark.data.images import Images
from threedie.benchmark.data.inputs import images_of, preprocessing
from threedie.benchmark.data.normalization import Pixels
from threedie.benchmark.data.pairs import Indices, spread_over
from threedie.benchmark.evaluation.features import FEATURES_FOLDER, extract_features, feature_key
from threedie.benchmark.records.record import Record
from threedie.benchmark.tasks.subject import Data
from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE, load_checkpoint, weights_sha256
from threedie.benchmark.training.restore import restore
from threedie.manifests.classes import CLASSES, SYNSETS
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import ROTATION, actions, columns, quaternions

Floats = npt.NDArray[np.float32]
Array = npt.NDArray[np.float64]

MOST_OBJECTS = 200
"""Validation objects that figures look at, spread over the list, which is sorted by class."""


@dataclass(frozen=True, eq=False)
class Study:
    """One run on M validation objects of V views.

    Attributes:
        record: its record.
        method: with its trained weights, in evaluation mode.
        images: of the dataset, in their true colours.
        objects: positions of the M objects in the dataset.
        labels: class of each, (M,).
        latents: (M, V, L).
        representation: (M, V, D).
        embedding: the part that the predictor moves, or all of it, (M, V, E).
        data: the whole dataset with its features.
        train, val: positions of the training and of all validation objects.
    """

    record: Record
    method: Method
    images: Images
    objects: Indices
    labels: Indices
    latents: Array
    representation: Floats
    embedding: Floats
    data: Data
    train: Indices
    val: Indices

    @property
    def rotations(self) -> Array:
        """Unit quaternions (M, V, 4)."""
        return quaternions(self.latents[..., columns(self.images.dataset.info.fields, ROTATION)])

    def action(self, latents1: Array, latents2: Array) -> Array:
        """What the predictor is told to get from some latents to others, (..., A)."""
        assert self.method.action is not None
        return actions(self.method.action, self.images.dataset.info.fields, latents1, latents2)

    def predict(self, embedding: npt.NDArray, action: Array) -> Floats:
        """Embeddings (n, E) moved by actions (n, A)."""
        with torch.inference_mode():
            said = self.method.predict(
                torch.from_numpy(np.ascontiguousarray(embedding, np.float32)), torch.from_numpy(action).float()
            )
        return said.numpy()

    def picture(self, row: int, view: int) -> Pixels:
        """Uint8 (H, W, 3) of a view of the object in a row."""
        return self.images.decode(int(self.objects[row]), view)

    def name(self, row: int) -> str:
        """The class of the object in a row."""
        return class_name(int(self.labels[row]))

    def object_id(self, row: int) -> str:
        """Class and id of the object in a row."""
        return str(self.images.dataset.objects[int(self.objects[row])])

    def spread(self, count: int) -> list[int]:
        """At most so many rows, of as many classes as there are."""
        firsts = [int(np.flatnonzero(self.labels == label)[0]) for label in np.unique(self.labels)]
        others = [row for row in range(len(self.labels)) if row not in firsts]
        if len(firsts) >= count:
            return [firsts[place] for place in np.linspace(0, len(firsts) - 1, count).round().astype(int)]
        return sorted(firsts + others[: count - len(firsts)])


def class_name(label: int) -> str:
    """The word for a class."""
    return CLASSES[SYNSETS[label]][0]


def open_study(
    record: Record, folder: Path, dataset: Dataset, workers: int, progress: Callable[[Any], Any] = iter
) -> Study:
    """Open a run.

    Args:
        record: its record.
        folder: with its checkpoint; features are kept there.
        dataset: the one it was measured on.
        workers: threads that decode images.
        progress: wraps the iteration over batches of images where features have to be made.

    Raises:
        ThreeDieError: another dataset or other weights than the record's, or no validation object.
    """
    known = identify(dataset)
    if known.fingerprint != record["dataset"]["fingerprint"]:
        raise ThreeDieError(
            f"{dataset.path}: is dataset {known.fingerprint[:12]}, and {record['id']} was measured on "
            f"{record['dataset']['fingerprint'][:12]}; give that one with --data"
        )
    content = load_checkpoint(folder / CHECKPOINT_FILE)
    model = restore(content, folder / CHECKPOINT_FILE)
    settings, method, normalise = model.settings, model.method, model.normalization
    weights = weights_sha256(method.state_dict())
    if weights != record["checkpoint"]["sha256"]:
        raise ThreeDieError(
            f"{folder / CHECKPOINT_FILE}: has other weights than {record['id']} was measured with; measure again with "
            "'3die bench eval'"
        )
    val = dataset.indices("val")
    if not len(val):
        raise ThreeDieError(f"{dataset.path}: no objects for validation; figures show those")
    recipe = settings.recipe
    seen = images_of(dataset, recipe, workers, memory=0)
    key = feature_key(weights, known.fingerprint, known.images_sha256, preprocessing(recipe, normalise))
    found = extract_features(method, seen, normalise, folder / FEATURES_FOLDER, key, "cpu", progress)
    chosen = spread_over(val, MOST_OBJECTS)
    parts = method.parts.embedding
    return Study(
        record,
        method.cpu().eval(),
        Images(dataset, dataset.info.image_size, "rgb", workers, memory=0),
        chosen,
        dataset.labels[chosen],
        dataset.latents[chosen],
        np.asarray(found.representation[chosen]),
        np.asarray(found.embedding[chosen][..., parts.get(EQUIVARIANT, slice(None))]),
        Data(dataset.info.fields, dataset.latents, dataset.labels, found.representation, found.embedding),
        dataset.indices("train"),
        val,
    )


def unit(rows: npt.NDArray) -> Array:
    """Rows brought to length 1; a row of zeros stays one."""
    rows = np.asarray(rows, np.float64)
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)
