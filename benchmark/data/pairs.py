"""Drawing pairs of views: two different views of every object, determined by the seed and the number of the pass."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import LatentField, actions

Indices = npt.NDArray[np.int64]

_PURPOSES = {"training": 1, "evaluation": 2, "heads": 3}
"""Separate streams of numbers for separate uses of the same seed."""


@dataclass(frozen=True)
class Pairs:
    """B pairs of views, each of one object.

    Attributes:
        objects: positions of the objects in the dataset, (B,).
        view1, view2: the two views of each, (B,); always different.
    """

    objects: Indices
    view1: Indices
    view2: Indices

    def __len__(self) -> int:
        return len(self.objects)

    def __getitem__(self, rows: slice) -> "Pairs":
        return Pairs(self.objects[rows], self.view1[rows], self.view2[rows])

    def actions(self, kind: str, fields: Sequence[LatentField], latents: npt.NDArray[np.float64]) -> npt.NDArray:
        """The relative transformation of each pair, (B, A), from the dataset's latents (N, V, L)."""
        return actions(kind, fields, latents[self.objects, self.view1], latents[self.objects, self.view2])


def spread_over(objects: Indices, limit: int) -> Indices:
    """At most `limit` of some objects, spread evenly over their list, so that all classes of a sorted one take part."""
    if len(objects) <= limit:
        return objects
    return objects[np.unique(np.linspace(0, len(objects) - 1, limit).round().astype(np.int64))]


def join(pieces: Sequence[Pairs]) -> Pairs:
    """Several lists of pairs as one, in their order."""
    return Pairs(
        np.concatenate([piece.objects for piece in pieces]),
        np.concatenate([piece.view1 for piece in pieces]),
        np.concatenate([piece.view2 for piece in pieces]),
    )


def draw_pass(objects: Indices, views: int, seed: int, index: int, purpose: str = "training") -> Pairs:
    """One pass over some objects in random order, two different random views of each.

    A pure function of its arguments: the numbers come from Philox (Salmon et al., "Parallel random numbers: as easy as
    1, 2, 3", 2011), a generator keyed by (seed, index), and are used as raw integers, so that neither workers nor
    restarts nor a later numpy change them.

    Args:
        objects: positions of the objects, (n,).
        views: views of each object.
        seed: the run's seed, not negative.
        index: which pass.
        purpose: `training`, `evaluation` or `heads`: each has numbers of its own.

    Raises:
        ThreeDieError: objects have fewer than two views.
    """
    if views < 2:
        raise ThreeDieError(f"pairs need at least 2 views of each object; the dataset has {views}")
    counter = np.array([0, 0, 0, _PURPOSES[purpose]], np.uint64)
    raw = np.random.Philox(key=np.array([seed, index], np.uint64), counter=counter).random_raw(3 * len(objects))
    order, first, second = raw.reshape(3, len(objects))
    view1 = (first % np.uint64(views)).astype(np.int64)
    step = (second % np.uint64(views - 1)).astype(np.int64) + 1
    return Pairs(objects[np.argsort(order, kind="stable")], view1, (view1 + step) % views)


def count_batches(objects: int, batch: int) -> int:
    """Batches in one pass: see `epoch_batches`."""
    return max(1, min(-(-objects // batch), objects // 2))


def epoch_batches(objects: Indices, views: int, batch: int, passes: int, seed: int, epoch: int) -> list[Pairs]:
    """The batches of one epoch: `passes` passes, each cut into batches of near-equal size.

    A pass over n objects gives ceil(n / batch) batches whose sizes differ by one at most. So no object is left out,
    none comes twice in a batch (contrastive losses would treat it as another object), and no tiny last batch
    upsets batch normalization. A batch larger than the list becomes the whole list, and none has
    less than two objects, which batch normalization needs.
    """
    batches = []
    for index in range(epoch * passes, (epoch + 1) * passes):
        drawn = draw_pass(objects, views, seed, index)
        edges = np.linspace(0, len(drawn), count_batches(len(drawn), batch) + 1).round().astype(int)
        batches += [drawn[begin:end] for begin, end in pairwise(edges)]
    return batches


def stream(objects: Indices, views: int, batch: int, seed: int, purpose: str) -> Iterator[Pairs]:
    """Endless batches of exactly `batch` pairs: passes joined end to end, for training heads on features."""
    waiting: list[Pairs] = []
    ready = index = 0
    while True:
        while ready < batch:
            waiting.append(draw_pass(objects, views, seed, index, purpose))
            ready += len(objects)
            index += 1
        pool = join(waiting)
        yield pool[:batch]
        waiting, ready = [pool[batch:]], ready - batch


def every_view_first(objects: Indices, views: int, seed: int) -> Pairs:
    """Fixed pairs for evaluation: each view of each object once as view 1, another at random as view 2; (n * V)."""
    raw = np.random.Philox(
        key=np.array([seed, 0], np.uint64), counter=np.array([0, 0, 0, _PURPOSES["evaluation"]], np.uint64)
    ).random_raw(len(objects) * views)
    view1 = np.tile(np.arange(views), len(objects))
    step = (raw % np.uint64(max(views - 1, 1))).astype(np.int64) + 1
    return Pairs(np.repeat(objects, views), view1, (view1 + step) % views)
