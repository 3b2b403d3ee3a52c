"""Retrieval: does the predictor move an embedding to the view that the action leads to?"""

import numpy as np
import numpy.typing as npt

from threedie.benchmark.tasks.breakdowns import by_class, by_rotation
from threedie.benchmark.tasks.metric import share
from threedie.benchmark.tasks.needs import Needs
from threedie.benchmark.tasks.outcome import Outcome
from threedie.benchmark.tasks.pose_retrieval import PRE
from threedie.benchmark.tasks.scores import TIE, harmonic_mean_rank, hits, reciprocal_ranks, rotation_degrees
from threedie.benchmark.tasks.subject import EMBEDDING, Subject
from threedie.benchmark.tasks.task import Task
from threedie.manifests.latents import ROTATION, columns, relative_quaternions

DEPTHS = (1, 2, 5, 10)
_ENTRIES = 1 << 22
"""Numbers of an array in memory at once."""


class Retrieval(Task):
    """Mean reciprocal rank, and hits at k."""

    name = "retrieval"
    version = 2
    order = 100
    title = "Retrieval"
    needs = Needs(predictor=True, fields=ROTATION, views=2)
    # Version 1 had PRE too.
    metrics = (share("mrr", "MRR"), *(share(f"h{depth}", f"H@{depth}") for depth in DEPTHS), *PRE)
    ascending = (tuple(f"h{depth}" for depth in DEPTHS), ("h1", "mrr"))
    input = EMBEDDING
    definition = (
        "From view 0 of each validation object the predictor moves the equivariant embedding by the action to each of "
        "its V views, view 0 itself included; all V views are ranked by cosine with the result. mrr: mean of 1 / rank "
        "of the right view; h1 to h10: share with that rank or better; tied ranks count as their expectation in random "
        "order, so a collapsed embedding scores its floor, H(V) / V. SIE, section 5.2. Version 2: pre is a task of its "
        "own, pose_retrieval."
    )

    def measure(self, subject: Subject) -> Outcome:
        """MRR and H@1, 2, 5, 10 (those below the number of views)."""
        assert subject.predict_views is not None
        outcome, data = Outcome(self.name), subject.eval_data
        part, views = subject.predicted_part, data.views
        dims = subject.embedding_parts[part]
        width = len(range(*dims.indices(data.embedding.shape[2])))
        step = max(1, _ENTRIES // (views * width))
        pieces = []
        for begin in range(0, len(subject.eval_objects), step):
            objects = subject.eval_objects[begin : begin + step]
            embedding = data.embedding[objects][..., dims]
            pieces.append(rank_places(subject.predict_views(data, objects), embedding, subject.normalize))
        places = np.concatenate(pieces).reshape(-1, 2)

        draws, at = subject.bootstrap, (EMBEDDING, part)
        note, floor = f"a random order of {views} views", harmonic_mean_rank(views)
        ranks = reciprocal_ranks(places)
        outcome.add(self.score("mrr", at, draws.mean([ranks]), floor, note))
        for depth in DEPTHS:
            if depth < views:
                outcome.add(self.score(f"h{depth}", at, draws.mean([hits(places, depth)]), depth / views, note))
        euler = data.latents[subject.eval_objects][..., columns(data.fields, ROTATION)]
        rotations = relative_quaternions(euler[:, :1].repeat(views, 1), euler).reshape(-1, 4)
        floors, mrr = np.full(len(ranks), floor), self.declared("mrr")
        outcome.breakdowns.append(by_rotation(mrr, at, rotation_degrees(rotations), [ranks], floors))
        outcome.breakdowns += by_class(mrr, at, subject, [ranks], floors)
        return outcome


_SLACK = 4 * np.finfo(np.float32).eps
_CLOSE = 256
"""Queries decided at once in double precision."""


def rank_places(predictions: npt.NDArray, embedding: npt.NDArray, normalize: bool = True) -> npt.NDArray[np.int64]:
    """Rank of each view among its object's views, by dot product with the prediction of it.

    Args:
        predictions: of each view, (M, V, E).
        embedding: the views themselves, (M, V, E).
        normalize: whether both are brought to length 1 first, so that the dot product is the cosine.

    Returns:
        (M, V, 2): how many views rank before the right one, and how many tie with it, itself included.
    """
    places = np.empty((*predictions.shape[:2], 2), np.int64)
    step = max(1, _ENTRIES // predictions[0].size)
    for begin in range(0, len(predictions), step):
        rows = slice(begin, begin + step)
        queries, targets = (_unit(np.asarray(part[rows], np.float32), normalize) for part in (predictions, embedding))
        similarity = queries @ targets.swapaxes(1, 2)
        own = np.diagonal(similarity, axis1=1, axis2=2)[..., None]
        # Single precision decides where its rounding can't matter (as in `evaluation.neighbors`), double elsewhere.
        slack = _SLACK * np.sqrt(queries.shape[2]) * _length(queries) * _length(targets).max(1, keepdims=True)
        near = np.abs(similarity - own) <= slack
        places[rows, :, 0] = (similarity > own).sum(2)
        places[rows, :, 1] = 1
        objects, views = np.nonzero(near.sum(2) > 1)
        for at in range(0, len(objects), _CLOSE):
            one, view = objects[at : at + _CLOSE] + begin, views[at : at + _CLOSE]
            places[one, view] = _exact_places(predictions[one, view], embedding[one], view, normalize)
    return places


def _exact_places(
    predictions: npt.NDArray, embedding: npt.NDArray, view: npt.NDArray[np.int64], normalize: bool
) -> npt.NDArray[np.int64]:
    """The same of single queries (n, E), each among views (n, V, E) of which one is the right one, (n,): (n, 2)."""
    queries, targets = (_unit(part.astype(np.float64), normalize) for part in (predictions, embedding))
    similarity = (targets @ queries[:, :, None])[:, :, 0]
    own = similarity[np.arange(len(view)), view][:, None]
    # Equal views differ in the last bits of a product, by where in it they stand.
    tied = np.abs(similarity - own) <= TIE * np.maximum(1, np.abs(own))
    return np.stack([((similarity > own) & ~tied).sum(1), tied.sum(1)], 1)


def _length(rows: npt.NDArray) -> npt.NDArray:
    return np.asarray(np.sqrt(np.einsum("...e,...e->...", rows, rows))[..., None])


def _unit(rows: npt.NDArray, normalize: bool) -> npt.NDArray:
    return rows / np.maximum(_length(rows), 1e-12) if normalize else rows
