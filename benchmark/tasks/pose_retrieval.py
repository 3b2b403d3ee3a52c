"""Pose retrieval: the rotation of the view nearest to where the predictor moves an embedding (PRE)."""

from dataclasses import dataclass

import numpy as np

from threedie.benchmark.data.pairs import Indices
from threedie.benchmark.tasks.metric import share
from threedie.benchmark.tasks.rows import Rows
from threedie.benchmark.tasks.spread import Bootstrap
from threedie.benchmark.tasks.task import EMBEDDING, Array, Data, Nearest, Outcome, Score, Sliced, Subject, Task
from threedie.manifests.latents import ROTATION, columns, quaternions

QUERY_BYTES = 1 << 28
"""Memory that the queries of one pass over the targets may take; more queries take more passes."""
PRE = tuple(
    share(name, title, higher_is_better=False)
    for name, title in (
        ("pre", "PRE"),
        ("pre_train_train", "PRE train-train"),
        ("pre_val_val", "PRE val-val"),
        ("pre_val_all", "PRE val-all"),
    )
)
"""1 - (q . q')^2 of two unit quaternions lies between 0 and 1."""


class PoseRetrieval(Task):
    """Prediction retrieval error: train to train, validation to validation, validation to both."""

    name = "pose_retrieval"
    version = 1
    title = "Pose retrieval"
    main = "pre_val_val"
    metrics = PRE
    in_overview = False
    input = EMBEDDING
    definition = (
        "From view 0 of each object the predictor moves the equivariant embedding by the action to each of its V "
        "views; the nearest neighbour of the result, by cosine, is sought among all views of a set of objects, and the "
        "error is 1 - (q . q')^2 of the absolute quaternions of the view wanted and the view found. Lower is better. "
        "pre_train_train, pre_val_val, pre_val_all: from objects of the first split, among those of the second (all: "
        "both), or as many of each as the protocol says. Products that agree to 1e-12 in double precision are tied and "
        "the mean of their errors counts, so a collapsed embedding scores its floor, a random neighbour. SIE, section "
        "5.2."
    )

    def applies(self, subject: Subject) -> bool:
        """Only methods with a predictor."""
        return subject.moved is not None

    def measure(self, subject: Subject) -> Outcome:
        """The error from and among each split."""
        part, where = subject.equivariant
        limit = subject.protocol.nearest_objects
        val = View.of(subject.asked, subject.some(subject.val, limit), where)
        train = View.of(subject.taught, subject.some(subject.train, limit), where)
        outcome = Outcome()
        same = search(subject, val, val)
        sets: list[tuple[str, View, Nearest, tuple[View, ...]]] = [("pre_val_val", val, same, (val,))]
        if len(train.objects):
            sets.insert(0, ("pre_train_train", train, search(subject, train, train), (train,)))
            sets.append(("pre_val_all", val, closest(same, search(subject, val, train)), (val, train)))
        for metric, asked, found, among in sets:
            floor = random_error(asked.rotations, np.concatenate([view.rotations for view in among]))
            estimate = Bootstrap(len(asked.objects), subject.protocol.seed).mean([found.errors])
            note = "a random neighbour"
            outcome.add(Score.of(metric, (EMBEDDING, part), estimate, floor, note, False, main=metric == self.main))
        return outcome


@dataclass(frozen=True, eq=False)
class View:
    """All views of some objects of a dataset: n objects, V views.

    Attributes:
        data: the dataset.
        objects: positions there, (n,).
        embedding: equivariant embedding of the views, (n * V, E), mapped from its file where all objects are meant.
        rotations: their rotations as quaternions, (n * V, 4).
    """

    data: Data
    objects: Indices
    embedding: Sliced
    rotations: Array

    @classmethod
    def of(cls, data: Data, objects: Indices, part: slice) -> "View":
        """Views of the objects at some positions."""
        turned = quaternions(data.latents[objects][..., columns(data.fields, ROTATION)]).reshape(-1, 4)
        return cls(data, objects, Rows(data.embedding, objects, part), turned)


def search(subject: Subject, asked: View, among: View) -> Nearest:
    """Nearest neighbour of each prediction for `asked` among the views of `among`, in bounded memory."""
    assert subject.moved is not None
    views, width = asked.data.views, among.embedding.shape[1]
    step = max(1, QUERY_BYTES // (4 * views * width))
    found = []
    for begin in range(0, len(asked.objects), step):
        rows = slice(begin * views, (begin + step) * views)
        queries = subject.moved(asked.data, asked.objects[begin : begin + step]).reshape(-1, width)
        found.append(
            subject.neighbours.nearest(
                queries, asked.rotations[rows], among.embedding, among.rotations, subject.normalise
            )
        )
    product, error, ties = (
        np.concatenate([getattr(one, name) for one in found]) for name in ("product", "error", "ties")
    )
    return Nearest(product, error, ties)


TIE = 1e-12


def closest(one: Nearest, other: Nearest) -> Nearest:
    """The nearest of two searches of the same queries, each among targets of its own."""
    slack = TIE * np.maximum(1, np.abs(one.product))
    first, second = one.product >= other.product - slack, other.product >= one.product - slack
    return Nearest(
        np.maximum(one.product, other.product),
        one.error * first + other.error * second,
        one.ties * first + other.ties * second,
    )


def random_error(wanted: Array, among: Array) -> float:
    """Mean of 1 - (q . q')^2 over all pairs of (Q, 4) and (T, 4): what a random neighbour costs."""
    one, other = (rows.T @ rows / len(rows) for rows in (wanted, among))
    return float(1 - (one * other).sum())
