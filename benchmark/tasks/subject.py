"""What tasks measure: features and latents of datasets, trained heads, searches, the rules."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol as Interface

import numpy as np
import numpy.typing as npt

from threedie.benchmark.data.pairs import Indices, Pairs, spread_over
from threedie.benchmark.settings.fine_tuning import FineTuning
from threedie.benchmark.settings.linear_rules import LinearRules
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.tasks.needs import Available
from threedie.benchmark.tasks.scores import Array
from threedie.benchmark.tasks.spread import Bootstrap
from threedie.benchmark.tasks.warning import ResultWarning
from threedie.manifests.latents import LatentField

Floats = npt.NDArray[np.float32]

REPRESENTATION, EMBEDDING = "representation", "embedding"


class Sliced(Interface):
    """Rows (N, D) that are read by slices: an array, or a file of one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, D)."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> Floats: ...


@dataclass(frozen=True, eq=False)
class Data:
    """A dataset as tasks see it: N objects, V views, L latents.

    Attributes:
        fields: its latent fields.
        latents: of all objects, (N, V, L).
        labels: class of each object, (N,).
        representation: backbone outputs, (N, V, D).
        embedding: projector outputs, (N, V, E).
        has_labels: whether the classes are known; all labels are 0 otherwise.
    """

    fields: Sequence[LatentField]
    latents: Array
    labels: Indices
    representation: Floats
    embedding: Floats
    has_labels: bool = True

    @property
    def views(self) -> int:
        """Views of each object."""
        return int(self.latents.shape[1])

    @property
    def field_names(self) -> frozenset[str]:
        """Names of the latent fields."""
        return frozenset(latent.name for latent in self.fields)

    def features(self, source: str) -> Floats:
        """The `representation` or the `embedding`, (N, V, width)."""
        return self.embedding if source == EMBEDDING else self.representation


@dataclass(frozen=True, eq=False)
class HeadSpec:
    """What a head is trained to predict.

    Attributes:
        name: name of its task.
        views: 1, or 2 where it sees a pair side by side.
        target: of pairs of a dataset: classes (B,) for a head with `classes`, else numbers (B, T).
        classes: how many classes a linear head chooses from; None for a head that predicts numbers: a perceptron, or
            linear where the protocol says so.
    """

    name: str
    views: int
    target: Callable[[Data, Pairs], npt.NDArray]
    classes: int | None = None


class HeadTrainer(Interface):
    """Trains small networks on the frozen features of training objects; `evaluation.heads` does it with torch.

    Attributes:
        warnings: about heads whose training or predictions failed.
    """

    warnings: list[ResultWarning]

    def plan(self, spec: HeadSpec, source: str, dims: slice, part: str = "") -> None:
        """Announce heads, so that they are trained together with others.

        Args:
            spec, source, dims: see `predictions`.
            part: name of these dimensions, for messages.
        """
        ...

    def predictions(self, spec: HeadSpec, source: str, dims: slice, data: Data, pairs: Pairs) -> list[Array]:
        """What heads predict of pairs, one array for each seed: logits (Q, classes) or numbers (Q, T).

        Args:
            spec: what the heads are trained to predict.
            source: `representation` or `embedding`.
            dims: which of its dimensions.
            data: the dataset of the pairs; it may be another than the one heads are trained on.
            pairs: the Q pairs that are measured.
        """
        ...


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest neighbor of each query, and the error of its rotation.

    Attributes:
        product: the highest dot product, (Q,).
        error: sum of 1 - (q . q')^2 over the targets that tie for it, (Q,).
        ties: how many they are, (Q,).
    """

    product: Array
    error: Array
    ties: Array

    @property
    def errors(self) -> Array:
        """Error of each query, (Q,): the mean over its tied neighbors."""
        return np.asarray(self.error / self.ties)


class NeighborSearch(Interface):
    """Exact searches among many vectors; `threedie.benchmark.evaluation.neighbors` does them with torch."""

    def nearest(
        self, queries: Floats, rotations: Array, targets: Sliced, target_rotations: Array, normalize: bool = True
    ) -> Nearest:
        """Nearest target of each query and the error of its rotation.

        Args:
            queries: (Q, E).
            rotations: true rotation of each query, unit quaternions (Q, 4).
            targets: (T, E).
            target_rotations: (T, 4).
            normalize: whether all are brought to length 1 first, so that the dot product is the cosine.
        """
        ...

    def votes(self, queries: Sliced, bank: Sliced, labels: Indices, classes: int, count: int) -> Array:
        """Votes of the `count` nearest of a bank (T, D) with labels (T,) for each query (Q, D): (Q, classes)."""
        ...


class PictureNetwork(Interface):
    """A frozen network that sees labeled pictures; `threedie.benchmark.evaluation.pictures` runs it with torch."""

    def neighbors(self) -> npt.NDArray[np.bool_]:
        """Whether the vote of the nearest training pictures is right for each measured picture, (Q,)."""
        ...

    def linear(self, rules: LinearRules) -> list[npt.NDArray[np.bool_]]:
        """Whether a linear layer is right for each measured picture, (Q,) for each run of the rules."""
        ...


@dataclass(frozen=True, eq=False)
class FineTuned:
    """What fine-tuned networks predict of the measured cells.

    Attributes:
        errors: relative error of each cell, (Q,) for each seed.
        floor: that of the empty lattice, (Q,).
        notes: remarks, one sentence each.
    """

    errors: list[Array]
    floor: Array
    notes: list[str]


class CellNetwork(Interface):
    """A network that sees unit cells; `threedie.benchmark.evaluation.cells` fine-tunes it with torch."""

    def fine_tuned(self, rules: FineTuning, labeled: int) -> FineTuned:
        """What copies predict of the measured cells that are fine-tuned on a number of labeled cells."""
        ...


@dataclass(frozen=True, eq=False)
class Subject:
    """What is measured, and on what.

    Attributes:
        train_data: the dataset that heads are trained on.
        train_objects: positions of its training objects.
        eval_data: the dataset that is measured on, mostly the same one.
        eval_objects: positions of the objects that are measured.
        representation_parts, embedding_parts: named slices of the last dimension.
        predicted_part: name of the part of the embedding that the predictor moves.
        predict_views: for the objects at some positions of a dataset, the predicted part of the embedding of each view,
            predicted from view 0, (n, V, E'); None without a predictor.
        heads: trains heads.
        neighbors: searches.
        protocol: the rules.
        eval_pairs: the pairs that are measured: every view of every object in `eval_objects` once as view 1, in that
            order.
        head_sources: what heads are trained on.
        normalize: whether embeddings are compared at length 1.
        pictures: the network on pictures of one view each; None for other data.
        cells: the network on unit cells; None for other data.
    """

    train_data: Data
    train_objects: Indices
    eval_data: Data
    eval_objects: Indices
    representation_parts: dict[str, slice]
    embedding_parts: dict[str, slice]
    predicted_part: str
    predict_views: Callable[[Data, Indices], Floats] | None
    heads: HeadTrainer
    neighbors: NeighborSearch
    protocol: Protocol
    eval_pairs: Pairs
    head_sources: tuple[str, ...] = (REPRESENTATION,)
    normalize: bool = True
    pictures: PictureNetwork | None = None
    cells: CellNetwork | None = None

    @property
    def bootstrap(self) -> Bootstrap:
        """The draws of measured objects that intervals come from: the same for every task and method."""
        return Bootstrap(len(self.eval_objects), self.protocol.seed)

    def parts(self, source: str) -> dict[str, slice]:
        """The parts of the `representation` or of the `embedding`."""
        return self.embedding_parts if source == EMBEDDING else self.representation_parts

    def available(self, trained: bool) -> Available:
        """What a task can use: of both datasets if it is `trained` on the first, else of the measured one."""
        datasets = [self.train_data, self.eval_data] if trained else [self.eval_data]
        return Available(
            fields=frozenset.intersection(*(data.field_names for data in datasets)),
            views=min(data.views for data in datasets),
            predictor=self.predict_views is not None,
            labels=all(data.has_labels for data in datasets),
            train_objects=len(self.train_objects),
            pictures=self.pictures is not None,
            cells=self.cells is not None,
        )


def subsample(objects: Indices, limit: int | None) -> Indices:
    """At most `limit` of some objects, spread over the list, which is sorted by class; all where it is None."""
    return objects if limit is None else spread_over(objects, limit)
