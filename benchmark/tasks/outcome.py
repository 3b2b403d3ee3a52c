"""What a task returns: scores beside their floors, breakdowns, warnings."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from threedie.benchmark.tasks.spread import BootstrapDraws
from threedie.benchmark.tasks.subject import EMBEDDING, REPRESENTATION
from threedie.benchmark.tasks.warning import ResultWarning


@dataclass(frozen=True)
class Score:
    """One number, and what it takes to read it.

    Attributes:
        metric: its name.
        part: of the representation or the embedding.
        value: the number; the mean over seeds of heads, for a task with heads.
        floor: the score of the best answer that looks at no image, on the same data.
        floor_note: what that answer is.
        higher_is_better: the direction.
        main: whether it is the task's main score.
        input: `representation` or `embedding`.
        deviation: standard deviation (n - 1) over seeds of heads; None with one seed or without heads.
        interval: 95% bootstrap interval over objects; None with fewer than two objects, and of a rank.
        runs: the number of each run, for a task that trains something several times by its own rules.
        draws: the number in each draw that the interval is made of; None without an interval.
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
    runs: tuple[float, ...] = ()
    draws: BootstrapDraws | None = field(default=None, compare=False, repr=False)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON, without the runs and the draws."""
        return {key: value for key, value in _plain(self).items() if key not in ("runs", "draws")}

    @property
    def below_floor(self) -> bool:
        """Whether it is worse than its floor, by more than rounding."""
        gain = self.value - self.floor if self.higher_is_better else self.floor - self.value
        return gain < -1e-9


@dataclass(frozen=True)
class Breakdown:
    """One metric over groups of queries: by the size of the rotation, or by whether the class was trained on.

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
        return _plain(self)


@dataclass
class Outcome:
    """A task's scores and breakdowns.

    Attributes:
        task: name of the task.
        scores, breakdowns: in the order of records.
        notes: remarks on the data, one sentence each.
    """

    task: str
    scores: list[Score] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    breakdowns: list[Breakdown] = field(default_factory=list)

    def add(self, score: Score) -> None:
        """Keep a score; one that isn't finite is left out, with a note."""
        if np.isfinite(score.value) and np.isfinite(score.floor):
            self.scores.append(score)
        else:
            self.notes.append(f"{score.metric} of part {score.part} is undefined on this data and left out")

    @property
    def warnings(self) -> list[ResultWarning]:
        """The notes, and one more warning where main scores are below their floors."""
        lines = list(self.notes)
        below = [score for score in self.scores if score.main and score.below_floor]
        if below:
            parts = ", ".join(f"{self._part(score)} by {abs(score.value - score.floor):.2g}" for score in below)
            lines.append(
                f"{below[0].metric} lies on the wrong side of its floor, for part {parts}: nothing was learned that "
                "holds for new objects (the floor knows the measured data, a head only the training data)"
            )
        return [ResultWarning(line, self.task) for line in lines]

    def _part(self, score: Score) -> str:
        """The part of a score, with `of the embedding` where the task has scores of both."""
        both = len({each.input for each in self.scores}) > 1
        return f"{score.part} of the embedding" if both and score.input == EMBEDDING else score.part


def _plain(values: Score | Breakdown) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in vars(values).items()}
