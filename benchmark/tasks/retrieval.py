"""Retrieval: does the predictor move an embedding to the view that the action leads to?"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from benchmark.tasks.scores import Array, harmonic_mean_rank, hits, reciprocal_ranks
from benchmark.tasks.task import EQUIVARIANT, Outcome, Score, Subject, Task
from manifests.latents import ROTATION, actions, columns, quaternions

Embedding = npt.NDArray[np.float32]
DEPTHS = (1, 2, 5, 10)
_CHUNK = 1024


class Retrieval(Task):
    """Mean reciprocal rank, hits at k, and the rotation of the nearest neighbour."""

    name = "retrieval"
    version = 1
    main = "mrr"
    definition = (
        "From view 0 of each validation object the predictor moves the equivariant embedding by the action to each of "
        "its V views, view 0 itself included; all V views are ranked by cosine with the result. mrr: mean of 1 / rank "
        "of the right view; h1 to h10: share with that rank or better; tied ranks count as their expectation in random "
        "order, so a collapsed embedding scores its floor. pre: mean of 1 - (q . q')^2 between the quaternions of the "
        "wanted view and of the nearest neighbour among all views of the validation objects, or of as many of them as "
        "the protocol says. SIE, section 5.2."
    )

    def applies(self, subject: Subject) -> bool:
        """Only methods with a predictor."""
        return subject.predict is not None and subject.action is not None

    def measure(self, subject: Subject) -> Outcome:
        """MRR, H@1, 2, 5, 10 (those below the number of views) and PRE."""
        assert subject.predict is not None
        assert subject.action is not None
        outcome = Outcome()
        part = EQUIVARIANT if EQUIVARIANT in subject.embedding_parts else "all"
        embedding = subject.embedding[..., subject.embedding_parts[part]]
        latents = subject.latents[subject.val]
        views = latents.shape[1]
        moved = np.empty_like(embedding)
        for begin in range(0, len(moved), max(1, _CHUNK // views)):
            rows = slice(begin, begin + max(1, _CHUNK // views))
            moves = actions(subject.action, subject.fields, latents[rows, :1].repeat(views, 1), latents[rows])
            start = embedding[rows, :1].repeat(views, 1)
            said = subject.predict(start.reshape(-1, start.shape[-1]), moves.reshape(-1, moves.shape[-1]))
            moved[rows] = said.reshape(start.shape)

        places = rank_places(moved, embedding).reshape(-1, 2)
        note = f"a random order of {views} views"
        scores = [
            Score("mrr", part, float(reciprocal_ranks(places).mean()), harmonic_mean_rank(views), note, main=True),
            *(Score(f"h{k}", part, float(hits(places, k).mean()), k / views, note) for k in DEPTHS if k < views),
        ]
        limit = subject.protocol.nearest_objects or len(latents)
        # Spread over the list, which is sorted by class.
        among = np.unique(np.linspace(0, len(latents) - 1, min(limit, len(latents))).round().astype(np.int64))
        turned = quaternions(latents[among][..., columns(subject.fields, ROTATION)])
        scores.append(
            Score(
                "pre",
                part,
                nearest_rotation_error(moved[among], embedding[among], turned),
                random_rotation_error(turned),
                "a random neighbour",
                higher_is_better=False,
            )
        )
        for score in scores:
            outcome.add(replace(score, input="embedding"))
        return outcome


TIE = 1e-12
"""Dot products that differ by less, relative to their size, are tied."""


def rank_places(moved: npt.NDArray, embedding: npt.NDArray, normalise: bool = True) -> npt.NDArray[np.int64]:
    """Where each wanted view comes among its object's views, ranked by dot product with the moved embedding.

    Args:
        moved: predictions of each view, (M, V, E).
        embedding: the views themselves, (M, V, E).
        normalise: whether both are brought to length 1 first, so that the dot product is the cosine.

    Returns:
        (M, V, 2): how many views rank before the right one, and how many tie with it, itself included.
    """
    places = np.empty((*moved.shape[:2], 2), np.int64)
    for index in range(len(moved)):
        similarity = _unit(moved[index], normalise) @ _unit(embedding[index], normalise).T
        own = np.diagonal(similarity)[:, None]
        # Equal views differ in the last bits of a matrix product, by where in it they stand.
        tied = np.abs(similarity - own) <= TIE * np.maximum(1, np.abs(own))
        places[index, :, 0] = ((similarity > own) & ~tied).sum(1)
        places[index, :, 1] = tied.sum(1)
    return places


def nearest_rotation_error(moved: npt.NDArray, embedding: npt.NDArray, turned: Array, normalise: bool = True) -> float:
    """Mean of 1 - (q . q')^2 between each wanted view and the neighbour nearest to its prediction (SIE, section 5.2).

    Args:
        moved, embedding: (M, V, E); neighbours are sought among all M x V, the first of equals taken.
        turned: absolute quaternions of the views, (M, V, 4).
        normalise: as in `rank_places`.
    """
    targets, queries = _flat(embedding), _flat(moved)
    rotations = _flat(turned)
    targets = _unit(targets, normalise).astype(np.float32)
    error = 0.0
    for begin in range(0, len(queries), _CHUNK):
        rows = slice(begin, begin + _CHUNK)
        nearest = (_unit(queries[rows], normalise).astype(np.float32) @ targets.T).argmax(1)
        error += float((1 - np.square((rotations[rows] * rotations[nearest]).sum(1))).sum())
    return error / len(queries)


def random_rotation_error(turned: Array) -> float:
    """Mean of 1 - (q . q')^2 over all pairs of (M, V, 4): what a random neighbour costs."""
    rotations = _flat(turned)
    second_moment = rotations.T @ rotations / len(rotations)
    return float(1 - np.square(second_moment).sum())


def _flat(array: npt.NDArray) -> npt.NDArray:
    return array.reshape(-1, array.shape[-1])


def _unit(rows: npt.NDArray, normalise: bool) -> npt.NDArray[np.float64]:
    rows = rows.astype(np.float64)
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12) if normalise else rows
