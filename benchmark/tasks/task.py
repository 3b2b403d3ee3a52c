"""What a task is: a question put to frozen features, with a main score and the score of knowing nothing."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from typing import Protocol as Interface

import numpy as np
import numpy.typing as npt

from threedie.benchmark.data.pairs import Indices, Pairs, spread_over
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.tasks.metric import Metric
from threedie.benchmark.tasks.spread import Bootstrap, Estimate
from threedie.manifests.latents import LatentField

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]


class Sliced(Interface):
    """Rows (N, D) that are given by slices: an array, or one that lies in a file."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, D)."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> Floats: ...


EQUIVARIANT = "equivariant"
"""Name of the part that moves with the action, as methods call it."""
REPRESENTATION, EMBEDDING = "representation", "embedding"


@dataclass(frozen=True, eq=False)
class Data:
    """A dataset as tasks see it.

    Attributes:
        fields: its latent fields.
        latents: of all objects, (N, V, L).
        labels: class of each object among the 55, (N,).
        representation: backbone outputs, (N, V, D).
        embedding: projector outputs, (N, V, E).
    """

    fields: Sequence[LatentField]
    latents: Array
    labels: Indices
    representation: Floats
    embedding: Floats

    @property
    def views(self) -> int:
        """Views of each object."""
        return int(self.latents.shape[1])

    def features(self, source: str) -> Floats:
        """The `representation` or the `embedding`, (N, V, width)."""
        return self.embedding if source == EMBEDDING else self.representation

    def has(self, names: Sequence[str]) -> bool:
        """Whether the latents hold these fields."""
        return set(names) <= {known.name for known in self.fields}


@dataclass(frozen=True, eq=False)
class Question:
    """What a head is trained to say.

    Attributes:
        name: unlike that of any other question.
        views: 1, or 2 where it sees a pair side by side.
        target: of pairs of a dataset: classes (B,) for a question with `classes`, else numbers (B, T).
        classes: how many classes a linear head chooses from; None for a perceptron that predicts numbers.
    """

    name: str
    views: int
    target: Callable[[Data, Pairs], npt.NDArray]
    classes: int | None = None


class Heads(Interface):
    """Trains small networks on the frozen features of training objects; `evaluation.heads` does it with torch."""

    def answers(self, question: Question, source: str, part: slice, data: Data, pairs: Pairs) -> list[Array]:
        """What heads say about pairs, one array a seed: logits (Q, classes) or numbers (Q, T).

        Args:
            question: what is asked.
            source: `representation` or `embedding`.
            part: which of its dimensions.
            data: whose pairs these are; heads were trained on the training objects of theirs.
            pairs: what is measured.
        """
        ...


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest neighbour of each query, and how far off its rotation is.

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
        """Error of each query, (Q,): the mean over its tied neighbours."""
        return np.asarray(self.error / self.ties)


class Neighbours(Interface):
    """Exact searches among many vectors; `threedie.benchmark.evaluation.neighbors` does them with torch."""

    def nearest(
        self, queries: Floats, rotations: Array, targets: Sliced, target_rotations: Array, normalise: bool = True
    ) -> Nearest:
        """Nearest target of each query and the error of its rotation.

        Args:
            queries: (Q, E).
            rotations: the rotations wanted, unit quaternions (Q, 4).
            targets: (T, E).
            target_rotations: (T, 4).
            normalise: whether all are brought to length 1 first, so that the dot product is the cosine.
        """
        ...

    def votes(self, queries: Sliced, bank: Sliced, labels: Indices, classes: int, count: int) -> Array:
        """Votes of the `count` nearest of a bank (T, D) with labels (T,) for each query (Q, D): (Q, classes)."""
        ...


@dataclass(frozen=True, eq=False)
class Subject:
    """What is measured, and on what.

    Attributes:
        taught: the dataset that heads are trained on.
        train: positions of its training objects.
        asked: the dataset that is measured on, mostly the same one.
        val: positions of the objects measured there.
        representation_parts, embedding_parts: named slices of the last dimension.
        moved: for the objects at some positions of a dataset, the predictor's idea of the equivariant embedding of
            each view from that of view 0, (n, V, E'); None without a predictor.
        heads: trains heads.
        neighbours: searches.
        protocol: the rules.
        evaluation: the pairs that are measured: every view of every object in `val` once as view 1, in that order.
        head_sources: what heads are trained on.
        normalise: whether embeddings are compared at length 1.
    """

    taught: Data
    train: Indices
    asked: Data
    val: Indices
    representation_parts: dict[str, slice]
    embedding_parts: dict[str, slice]
    moved: Callable[[Data, Indices], Floats] | None
    heads: Heads
    neighbours: Neighbours
    protocol: Protocol
    evaluation: Pairs
    head_sources: tuple[str, ...] = (REPRESENTATION,)
    normalise: bool = True

    @property
    def bootstrap(self) -> Bootstrap:
        """The draws of measured objects that intervals come from: the same for every task and method."""
        return Bootstrap(len(self.val), self.protocol.seed)

    @property
    def equivariant(self) -> tuple[str, slice]:
        """Name and slice of the part of the embedding that the predictor moves."""
        name = EQUIVARIANT if EQUIVARIANT in self.embedding_parts else "all"
        return name, self.embedding_parts[name]

    def parts(self, source: str) -> dict[str, slice]:
        """The parts of the `representation` or of the `embedding`."""
        return self.embedding_parts if source == EMBEDDING else self.representation_parts

    def some(self, objects: Indices, limit: int | None) -> Indices:
        """At most `limit` of some objects, spread over the list, which is sorted by class."""
        return objects if limit is None else spread_over(objects, limit)


@dataclass(frozen=True)
class Score:
    """One number, and what it takes to read it.

    Attributes:
        metric: its name.
        part: of the representation or the embedding.
        value: the number: the mean over seeds of heads, where heads take part.
        floor: what the best answer that looks at no image would score on the same data.
        floor_note: what that answer is.
        higher_is_better: the direction.
        main: whether it is the task's main score.
        input: `representation` or `embedding`.
        deviation: standard deviation (n - 1) over seeds of heads; None with one seed, or where no head takes part.
        interval: bootstrap interval over objects, 95%; None with fewer than two objects, and of a rank.
    """

    metric: str
    part: str
    value: float
    floor: float
    floor_note: str
    higher_is_better: bool = True
    main: bool = False
    input: str = REPRESENTATION
    deviation: float | None = None
    interval: tuple[float, float] | None = None

    @classmethod
    def of(
        cls,
        metric: str,
        where: tuple[str, str],
        estimate: Estimate,
        floor: float,
        note: str,
        higher_is_better: bool = True,
        main: bool = False,
    ) -> "Score":
        """A score of an estimate; `where` is input and part."""
        source, part = where
        spread = estimate.deviation, estimate.interval
        return cls(metric, part, estimate.value, floor, note, higher_is_better, main, source, *spread)

    @property
    def below_floor(self) -> bool:
        """Whether it is worse than knowing nothing, by more than rounding."""
        gain = self.value - self.floor if self.higher_is_better else self.floor - self.value
        return gain < -1e-9


@dataclass(frozen=True)
class Breakdown:
    """One metric over groups of queries: a curve, or what holds of classes that were never trained on.

    Attributes:
        metric, part, input, higher_is_better: as in `Score`.
        by: what the groups are: `rotation_deg` or `class`.
        groups: the name of each; for `rotation_deg` the interval in degrees.
        values: the metric of each group; None where it has no query.
        floors: the metric of the best constant of all queries, on each group.
        counts: queries in each group.
    """

    metric: str
    part: str
    input: str
    higher_is_better: bool
    by: str
    groups: tuple[str, ...]
    values: tuple[float | None, ...]
    floors: tuple[float | None, ...]
    counts: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in self.__dict__.items()}


@dataclass
class Outcome:
    """A task's scores, and what was wrong with the data."""

    scores: list[Score] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    breakdowns: list[Breakdown] = field(default_factory=list)

    def add(self, score: Score) -> None:
        """Keep a score; one that isn't a finite number is left out with a note."""
        if np.isfinite(score.value) and np.isfinite(score.floor):
            self.scores.append(score)
        else:
            self.notes.append(f"{score.metric} of part {score.part} is undefined on this data and left out")

    @property
    def warnings(self) -> list[str]:
        """The notes, and a line about main scores under their floors."""
        under = [score for score in self.scores if score.main and score.below_floor]
        if not under:
            return self.notes
        parts = ", ".join(f"{score.part} by {abs(score.value - score.floor):.2g}" for score in under)
        line = (
            f"{under[0].metric} lies on the wrong side of its floor, for part {parts}: nothing was learned that holds "
            "for new objects (the floor knows the measured data, a head only the training data)"
        )
        return [*self.notes, line]


class Task(ABC):
    """A task. A corrected task gets a new version.

    Tables and `3die leaderboard check` know of a task what stands here, and nothing else.

    Attributes:
        name, version: what records cite.
        title: what tables call it.
        main: name of the main score.
        metrics: its metrics, in the order of the tables; those of its earlier versions too.
        ascending: names of metrics of which none can be greater than the next, as a right class among the first five is
            at least as frequent as one in the first place.
        definition: what is measured, in words, with its source.
        in_overview: whether its main score stands in the first table, which is wide already.
        input: what it is about: the `representation` or the `embedding`. Measured on the other, it stands further back.
        about_objects: whether it asks what an object is, which an invariant part is meant to tell.
        ranked: whether its best value is marked as the best.
        figure_role: `object` or `pose` where figures take this task for what an object is or how it is turned.
        axis_label: what an axis with its main metric is called, with the unit.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    title: ClassVar[str]
    main: ClassVar[str]
    metrics: ClassVar[tuple[Metric, ...]]
    ascending: ClassVar[tuple[tuple[str, ...], ...]] = ()
    definition: ClassVar[str]
    in_overview: ClassVar[bool] = True
    input: ClassVar[str] = REPRESENTATION
    about_objects: ClassVar[bool] = False
    ranked: ClassVar[bool] = True
    figure_role: ClassVar[str] = ""
    axis_label: ClassVar[str] = ""

    def metric(self, name: str) -> Metric | None:
        """The metric of a name, or None."""
        return next((metric for metric in self.metrics if metric.name == name), None)

    def highest(self, metric: Metric, dimensions: int | None, objects: int, views: int) -> float | None:
        """The greatest value that a metric can have on some data, where that says more than its range.

        Args:
            metric: one of this task's.
            dimensions: of the representation or embedding, where they are known.
            objects: how many are measured.
            views: of each.
        """
        return metric.high

    def applies(self, subject: Subject) -> bool:
        """Whether this method and this dataset can be asked."""
        return True

    def questions(self, subject: Subject) -> list[Question]:
        """What heads are trained for, so that those of all tasks can be trained together."""
        return []

    @abstractmethod
    def measure(self, subject: Subject) -> Outcome:
        """Scores and warnings."""
