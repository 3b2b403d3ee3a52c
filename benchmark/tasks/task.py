"""What a task is: a question put to frozen features, with a main score and the score of knowing nothing."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar
from typing import Protocol as Interface

import numpy as np
import numpy.typing as npt

from benchmark.pairs import Indices, Pairs
from benchmark.protocol import Protocol
from manifests.latents import LatentField

Array = npt.NDArray[np.float64]

EQUIVARIANT = "equivariant"
"""Name of the part that moves with the action, as methods call it."""


class Heads(Interface):
    """Trains a small network on frozen features; `benchmark.heads` does it with torch, a test may do it otherwise."""

    def classify(self, part: slice, labels: Indices, classes: int, pairs: Pairs) -> Array:
        """Logits (Q, classes) of a linear classifier for view 1 of each query; labels (N,) of all objects."""
        ...

    def regress(self, part: slice, target: Callable[[Pairs], Array], pairs: Pairs) -> Array:
        """What a perceptron says about `target(pairs)`, (Q, T), from both views' features side by side."""
        ...


@dataclass(frozen=True)
class Subject:
    """What is measured, and on what.

    Attributes:
        fields: the dataset's latent fields.
        latents: of all objects, (N, V, L).
        labels: class of each object among the 55, (N,).
        train, val: positions of the training and the validation objects.
        representation_parts, embedding_parts: named slices of the last dimension.
        embedding: of the validation objects, (M, V, E), in the order of `val`.
        action: which relative transformation the predictor takes, or None without a predictor.
        predict: equivariant part of an embedding (n, E'), action (n, A) -> (n, E').
        heads: trains heads on the representations.
        protocol: the rules.
        evaluation: the pairs that are measured: every view of every validation object once as view 1.
    """

    fields: Sequence[LatentField]
    latents: Array
    labels: Indices
    train: Indices
    val: Indices
    representation_parts: dict[str, slice]
    embedding_parts: dict[str, slice]
    embedding: npt.NDArray[np.float32]
    action: str | None
    predict: Callable[[npt.NDArray[np.float32], Array], npt.NDArray[np.float32]] | None
    heads: Heads
    protocol: Protocol
    evaluation: Pairs


@dataclass(frozen=True)
class Score:
    """One number, and what it takes to read it.

    Attributes:
        metric: its name.
        part: of the representation or the embedding.
        value: the number.
        floor: what the best answer that looks at no image would score on the same data.
        floor_note: what that answer is.
        higher_is_better: the direction.
        main: whether it is the task's main score.
        input: `representation` or `embedding`.
    """

    metric: str
    part: str
    value: float
    floor: float
    floor_note: str
    higher_is_better: bool = True
    main: bool = False
    input: str = "representation"

    @property
    def below_floor(self) -> bool:
        """Whether it is worse than knowing nothing, by more than rounding."""
        gain = self.value - self.floor if self.higher_is_better else self.floor - self.value
        return gain < -1e-9


@dataclass
class Outcome:
    """A task's scores, and what was wrong with the data."""

    scores: list[Score] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

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

    Attributes:
        name, version: what records cite.
        main: name of the main score.
        definition: what is measured, in words, with its source.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    main: ClassVar[str]
    definition: ClassVar[str]

    def applies(self, subject: Subject) -> bool:
        """Whether this method can be asked."""
        return True

    @abstractmethod
    def measure(self, subject: Subject) -> Outcome:
        """Scores and warnings."""
