"""Pose retrieval: the rotation of the view nearest to where the predictor moves an embedding (PRE)."""

from dataclasses import dataclass

import numpy as np

from threedie.benchmark.data.pairs import Indices
from threedie.benchmark.tasks.metric import share
from threedie.benchmark.tasks.needs import Needs
from threedie.benchmark.tasks.outcome import Outcome
from threedie.benchmark.tasks.rows import Rows
from threedie.benchmark.tasks.scores import TIE
from threedie.benchmark.tasks.spread import Bootstrap
from threedie.benchmark.tasks.subject import EMBEDDING, Array, Data, Nearest, Sliced, Subject, subsample
from threedie.benchmark.tasks.task import Task
from threedie.manifests.latents import ROTATION, columns, quaternions

QUERY_BYTES = 1 << 28
"""Memory that the queries of one pass over the targets may take; more queries take more passes."""
PRE = (
    share("pre", "PRE", higher_is_better=False),
    share("pre_train_train", "PRE train-train", higher_is_better=False),
    share("pre_val_val", "PRE val-val", higher_is_better=False, unsplit_name="pre_all_all"),
    share("pre_val_all", "PRE val-all", higher_is_better=False),
)
"""1 - (q . q')^2 of two unit quaternions lies between 0 and 1."""


class PoseRetrieval(Task):
    """Prediction retrieval error: train to train, validation to validation, validation to both."""

    name = "pose_retrieval"
    version = 1
    order = 110
    title = "Pose retrieval"
    needs = Needs(predictor=True, fields=ROTATION)
    metrics = PRE
    main = "pre_val_val"
    in_overview = False
    input = EMBEDDING
    definition = (
        "From view 0 of each object the predictor moves the equivariant embedding by the action to each of its V "
        "views; the nearest neighbor of the result, by cosine, is sought among all views of a set of objects, and the "
        "error is 1 - (q . q')^2 of the absolute quaternions of the true view and its neighbor. Lower is better. "
        "pre_train_train, pre_val_val, pre_val_all: from objects of the first split, among those of the second (all: "
        "both), or as many of each as the protocol says. Products that agree to 1e-12 in double precision are tied and "
        "the mean of their errors counts, so a collapsed embedding scores its floor, a random neighbor. SIE, section "
        "5.2."
    )

    def measure(self, subject: Subject) -> Outcome:
        """The error from and among each split."""
        part = subject.predicted_part
        dims, limit = subject.embedding_parts[part], subject.protocol.nearest_objects
        val = Views.of(subject.eval_data, subsample(subject.eval_objects, limit), dims)
        train = Views.of(subject.train_data, subsample(subject.train_objects, limit), dims)
        outcome = Outcome(self.name)
        val_val = search(subject, val, val)
        searches: list[tuple[str, Views, Nearest, tuple[Views, ...]]] = [("pre_val_val", val, val_val, (val,))]
        if len(train.objects):
            searches.insert(0, ("pre_train_train", train, search(subject, train, train), (train,)))
            searches.append(("pre_val_all", val, closest(val_val, search(subject, val, train)), (val, train)))
        for metric, queries, nearest, targets in searches:
            floor = random_error(queries.rotations, np.concatenate([views.rotations for views in targets]))
            error = Bootstrap(len(queries.objects), subject.protocol.seed).mean([nearest.errors])
            outcome.add(self.score(metric, (EMBEDDING, part), error, floor, "a random neighbor"))
        return outcome


@dataclass(frozen=True, eq=False)
class Views:
    """All views of some objects of a dataset: n objects, V views.

    Attributes:
        data: the dataset.
        objects: positions there, (n,).
        embedding: the predicted part of the views' embeddings, (n * V, E), read from its file when it is used.
        rotations: their rotations as quaternions, (n * V, 4).
    """

    data: Data
    objects: Indices
    embedding: Sliced
    rotations: Array

    @classmethod
    def of(cls, data: Data, objects: Indices, dims: slice) -> "Views":
        """Views of the objects at some positions."""
        rotations = quaternions(data.latents[objects][..., columns(data.fields, ROTATION)]).reshape(-1, 4)
        return cls(data, objects, Rows(data.embedding, objects, dims), rotations)


def search(subject: Subject, queries: Views, targets: Views) -> Nearest:
    """Nearest neighbor of the prediction of each query among the targets, in bounded memory."""
    assert subject.predict_views is not None
    views, width = queries.data.views, targets.embedding.shape[1]
    step = max(1, QUERY_BYTES // (4 * views * width))
    pieces = []
    for begin in range(0, len(queries.objects), step):
        predictions = subject.predict_views(queries.data, queries.objects[begin : begin + step]).reshape(-1, width)
        rotations = queries.rotations[begin * views : (begin + step) * views]
        pieces.append(
            subject.neighbors.nearest(predictions, rotations, targets.embedding, targets.rotations, subject.normalize)
        )
    return Nearest(
        np.concatenate([piece.product for piece in pieces]),
        np.concatenate([piece.error for piece in pieces]),
        np.concatenate([piece.ties for piece in pieces]),
    )


def closest(one: Nearest, other: Nearest) -> Nearest:
    """The nearest of two searches of the same queries, each among targets of its own."""
    slack = TIE * np.maximum(1, np.abs(one.product))
    first, second = one.product >= other.product - slack, other.product >= one.product - slack
    return Nearest(
        np.maximum(one.product, other.product),
        one.error * first + other.error * second,
        one.ties * first + other.ties * second,
    )


def random_error(queries: Array, targets: Array) -> float:
    """Mean of 1 - (q . q')^2 over all pairs of (Q, 4) and (T, 4): the error of a random neighbor."""
    one, other = (rows.T @ rows / len(rows) for rows in (queries, targets))
    return float(1 - (one * other).sum())
