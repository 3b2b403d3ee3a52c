"""Drawing pairs and sequences of views of every object, determined by the seed and the number of the pass."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import LatentField, actions

Indices = npt.NDArray[np.int64]

_PURPOSES = {"training": 1, "evaluation": 2, "heads": 3, "sequences": 4, "context": 5}
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


@dataclass(frozen=True)
class Sequences:
    """B sequences of V views, each of one object.

    Attributes:
        objects: positions of the objects in the dataset, (B,).
        views: the views of each in their order, (B, V); all different.
    """

    objects: Indices
    views: Indices

    def __len__(self) -> int:
        return len(self.objects)

    def __getitem__(self, rows: slice) -> "Sequences":
        return Sequences(self.objects[rows], self.views[rows])

    @property
    def pairs(self) -> Pairs:
        """The first two views of each."""
        return Pairs(self.objects, self.views[:, 0], self.views[:, 1])

    def actions(self, kind: str, fields: Sequence[LatentField], latents: npt.NDArray[np.float64]) -> npt.NDArray:
        """The relative transformations from each view to the next, (B, V - 1, A), from the dataset's latents."""
        steps = [Pairs(self.objects, *step).actions(kind, fields, latents) for step in pairwise(self.views.T)]
        return np.stack(steps, axis=1)


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


def draw_sequences(
    objects: Indices, views: int, length: int, seed: int, index: int, purpose: str = "training"
) -> Sequences:
    """One pass over some objects in random order, `length` different random views of each.

    A pure function of its arguments: the numbers come from Philox (Salmon et al., "Parallel random numbers: as easy as
    1, 2, 3", 2011), a generator keyed by (seed, index), and are used as raw integers, so that neither workers nor
    restarts nor a later numpy change them. A longer sequence begins with the views of the shorter one.

    Args:
        objects: positions of the objects, (n,).
        views: views of each object.
        length: views in a sequence, 2 or more.
        seed: the run's seed, not negative.
        index: which pass.
        purpose: `training`, `evaluation`, `heads` or `context`: each has numbers of its own.

    Raises:
        ThreeDieError: objects have fewer views than a sequence.
    """
    order, first, *others = _raw_numbers(seed, index, purpose, (length + 1, len(objects)))
    view1 = (first % np.uint64(views)).astype(np.int64)
    drawn = (view1[:, None] + _steps(others, views)) % views
    return Sequences(objects[np.argsort(order, kind="stable")], drawn)


def _raw_numbers(seed: int, index: int, purpose: str, shape: tuple[int, int]) -> npt.NDArray[np.uint64]:
    """Random 64-bit numbers that the arguments decide."""
    counter = np.array([0, 0, 0, _PURPOSES[purpose]], np.uint64)
    generator = np.random.Philox(key=np.array([seed, index], np.uint64), counter=counter)
    return generator.random_raw(shape[0] * shape[1]).reshape(shape)


def _steps(choices: Sequence[npt.NDArray[np.uint64]], views: int) -> Indices:
    """Different views for sequences of each object, counted from the first view on: (n, 1 + choices), from 0.

    Each choice (n,) takes the r-th of the views that are left, around the object's list.

    Raises:
        ThreeDieError: objects have fewer views than a sequence.
    """
    length = len(choices) + 1
    if views < length:
        what = "pairs need" if length == 2 else f"sequences of {length} views need"
        raise ThreeDieError(f"{what} at least {length} views of each object; the dataset has {views}")
    steps = np.zeros((len(choices[0]), length), np.int64)
    for place, choice in enumerate(choices, start=1):
        step = (choice % np.uint64(views - place)).astype(np.int64)
        for taken in np.sort(steps[:, :place]).T:
            step += step >= taken
        steps[:, place] = step
    return steps


def draw_pass(objects: Indices, views: int, seed: int, index: int, purpose: str = "training") -> Pairs:
    """One pass over some objects in random order, two different random views of each: see `draw_sequences`."""
    return draw_sequences(objects, views, 2, seed, index, purpose).pairs


def count_batches(objects: int, batch: int, group: int = 1) -> int:
    """Batches in one pass: see `epoch_batches`."""
    group = min(group, objects, batch)
    return max(1, min(-(-(objects // group) // (batch // group)), objects // 2))


def epoch_batches(
    objects: Indices, views: int, batch: int, passes: int, seed: int, epoch: int, length: int = 2, group: int = 1
) -> list[Sequences]:
    """The batches of one epoch: `passes` passes, each cut into batches of near-equal size.

    A pass over n objects gives ceil(n / batch) batches whose sizes differ by one at most. So no object is left out,
    none comes twice in a batch (contrastive losses would treat it as another object), and no tiny last batch
    upsets batch normalization. A batch larger than the list becomes the whole list, and none has
    less than two objects, which batch normalization needs.

    With groups the sizes are multiples of `group` and differ by one group at most. The n % group objects at the end of
    a pass are left out; the order is random, so other passes have them. A list or a batch smaller than a group is the
    group.

    Args:
        objects: positions of the objects, (n,).
        views: views of each object.
        batch: the largest size of a batch.
        passes: how often each object comes in an epoch.
        seed: the run's seed, not negative.
        epoch: which epoch.
        length: views in a sequence; 2 for pairs.
        group: how many objects a method takes together.

    Raises:
        ThreeDieError: objects have fewer views than a sequence.
    """
    group, batches = min(group, len(objects), batch), []
    for index in range(epoch * passes, (epoch + 1) * passes):
        drawn = draw_sequences(objects, views, length, seed, index)
        groups, count = len(drawn) // group, count_batches(len(drawn), batch, group)
        edges = np.linspace(0, groups, count + 1).round().astype(int) * group
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


def draw_context(objects: Indices, views: int, count: int, seed: int) -> Sequences:
    """So many fixed pairs of views of different objects, as long as there are enough, for the context of an evaluation.

    Raises:
        ThreeDieError: objects have fewer than two views.
    """
    passes = [draw_sequences(objects, views, 2, seed, index, "context") for index in range(-(-count // len(objects)))]
    drawn = Sequences(
        np.concatenate([each.objects for each in passes]), np.concatenate([each.views for each in passes])
    )
    return drawn[:count]


def every_view_first(objects: Indices, views: int, seed: int) -> Pairs:
    """Fixed pairs for evaluation: each view of each object once as view 1, another at random as view 2; (n * V)."""
    (raw,) = _raw_numbers(seed, 0, "evaluation", (1, len(objects) * views))
    view1 = np.tile(np.arange(views), len(objects))
    step = (raw % np.uint64(max(views - 1, 1))).astype(np.int64) + 1
    return Pairs(np.repeat(objects, views), view1, (view1 + step) % views)


def every_view_last(objects: Indices, views: int, length: int, seed: int) -> Sequences:
    """Fixed sequences for evaluation: each view of each object once as the last, others at random before it; (n * V).

    Raises:
        ThreeDieError: objects have fewer views than a sequence.
    """
    raw = _raw_numbers(seed, 0, "sequences", (length - 1, len(objects) * views))
    last = np.tile(np.arange(views), len(objects))
    return Sequences(np.repeat(objects, views), (last[:, None] + _steps(list(raw), views)[:, ::-1]) % views)
