"""A trained run opened for figures: its features of validation objects, its predictor, and their pictures."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from threedie.baselines.method import Method
from threedie.baselines.parts import EQUIVARIANT
from threedie.benchmark.data.identity import identify
from threedie.benchmark.data.images import Images
from threedie.benchmark.data.inputs import images_of
from threedie.benchmark.data.normalization import Pixels
from threedie.benchmark.data.pairs import Indices, spread_over
from threedie.benchmark.evaluation.context import give_context
from threedie.benchmark.evaluation.features import FEATURES_FOLDER, load_features
from threedie.benchmark.records.record import Record, weights_of
from threedie.benchmark.settings.protocol import protocol_seed
from threedie.benchmark.tasks.subject import Array, Data, Floats
from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE, load_checkpoint
from threedie.benchmark.training.restore import evaluation_options, read_settings, restore, with_evaluation_options
from threedie.manifests.classes import CLASSES, SYNSETS
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import ROTATION, actions, columns, quaternions
from threedie.manifests.progress import SILENT, Reporter

MOST_OBJECTS = 200
"""Validation objects that figures use at most, spread over the list, which is sorted by class."""


@dataclass(frozen=True, eq=False)
class Study:
    """One run on M validation objects of V views.

    Attributes:
        record: its record.
        method: with its trained weights, in evaluation mode.
        images: of the dataset, not normalized.
        objects: positions of the M objects in the dataset.
        labels: class of each, (M,).
        latents: (M, V, L).
        representation: (M, V, D).
        embedding: its equivariant part, or all of it without such a part, (M, V, E).
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
    def starts(self) -> Floats:
        """What the predictor takes of each view: its embedding or its representation, (M, V, E) or (M, V, D)."""
        return self.representation if self.method.predicts_from_representation else self.embedding

    @property
    def rotations(self) -> Array:
        """Unit quaternions (M, V, 4)."""
        return quaternions(self.latents[..., columns(self.images.dataset.info.fields, ROTATION)])

    def action(self, latents1: Array, latents2: Array) -> Array:
        """The action from some latents to others as the predictor takes it, (..., A)."""
        assert self.method.action is not None
        return actions(self.method.action, self.images.dataset.info.fields, latents1, latents2)

    @property
    def identity_action(self) -> Array:
        """The action from a view to itself, (A,)."""
        return self.action(self.latents[0, :1], self.latents[0, :1])[0]

    @property
    def action_has_rotation(self) -> bool:
        """Whether the action starts with a quaternion, which from a view to itself is (0, 0, 0, 1), not zeros."""
        if self.method.action is None:
            return False
        head = self.identity_action[:4]
        return len(head) == 4 and np.allclose(head, (0, 0, 0, 1))

    def predict(self, embedding: npt.NDArray, action: Array) -> Floats:
        """Embeddings moved by actions (n, A): from `starts` of n views, (n, E) or (n, D), to (n, E)."""
        with torch.inference_mode():
            predicted = self.method.predict(
                torch.from_numpy(np.ascontiguousarray(embedding, np.float32)), torch.from_numpy(action).float()
            )
        return predicted.numpy()

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
        """At most `count` rows, of as many classes as possible."""
        firsts = [int(np.flatnonzero(self.labels == label)[0]) for label in np.unique(self.labels)]
        others = [row for row in range(len(self.labels)) if row not in firsts]
        if len(firsts) >= count:
            return [firsts[place] for place in np.linspace(0, len(firsts) - 1, count).round().astype(int)]
        return sorted(firsts + others[: count - len(firsts)])


def class_name(label: int) -> str:
    """First name of a class by its label."""
    return CLASSES[SYNSETS[label]][0]


def open_study(record: Record, folder: Path, dataset: Dataset, workers: int, reporter: Reporter = SILENT) -> Study:
    """Open a run.

    Args:
        record: its record.
        folder: with its checkpoint; features are cached there.
        dataset: the one it was measured on.
        workers: threads that decode images.
        reporter: shows progress where features have to be computed.

    Raises:
        ThreeDieError: the dataset or the weights aren't the record's, or there is no validation object.
    """
    identity = identify(dataset)
    if identity.fingerprint != record["dataset"]["fingerprint"]:
        raise ThreeDieError(
            f"{dataset.path}: is dataset {identity.fingerprint[:12]}, and {record['id']} was measured on "
            f"{str(record['dataset']['fingerprint'])[:12]}; give that one with --data"
        )
    content = load_checkpoint(folder / CHECKPOINT_FILE)
    model = restore(_as_measured(content, record, folder / CHECKPOINT_FILE), folder / CHECKPOINT_FILE)
    if model.weights != weights_of(record):
        raise ThreeDieError(
            f"{folder / CHECKPOINT_FILE}: has other weights than {record['id']} was measured with; measure again with "
            "'3die bench eval'"
        )
    val = dataset.indices("val")
    if not len(val):
        raise ThreeDieError(f"{dataset.path}: no objects for validation; figures show those")
    images = images_of(dataset, model.settings.recipe, workers, memory=0)
    if model.method.context_pairs and "trained_on" in record:
        raise ThreeDieError(f"{record['id']}: its context is of objects of another dataset, which figures don't have")
    give_context(model, protocol_seed(**record["protocol"]), images)
    features = load_features(model, images, folder / FEATURES_FOLDER, reporter=reporter)
    objects = spread_over(val, MOST_OBJECTS)
    method = model.method.cpu().eval()
    predicted_dims = method.parts.embedding.get(EQUIVARIANT, slice(None))
    return Study(
        record=record,
        method=method,
        images=Images(dataset, dataset.info.image_size, "rgb", workers, memory=0),
        objects=objects,
        labels=dataset.labels[objects],
        latents=dataset.latents[objects],
        representation=np.asarray(features.representation[objects]),
        embedding=np.asarray(features.embedding[objects][..., predicted_dims]),
        data=Data(dataset.info.fields, dataset.latents, dataset.labels, features.representation, features.embedding),
        train=dataset.indices("train"),
        val=val,
    )


def _as_measured(checkpoint: dict[str, Any], record: Record, path: Path) -> dict[str, Any]:
    """The content of a checkpoint with the options that only an evaluation reads as the record has them."""
    allowed = evaluation_options(read_settings(checkpoint, path))
    recorded = record["method"]["options"] or {}
    return with_evaluation_options(checkpoint, {name: recorded[name] for name in allowed if name in recorded}, path)


def unit(rows: npt.NDArray) -> Array:
    """Rows at length 1; a row of zeros stays as it is."""
    rows = np.asarray(rows, np.float64)
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)
