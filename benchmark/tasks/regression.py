"""What the tasks share whose heads say numbers: R2 in both forms, and angles for rotations."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from threedie.benchmark.data.pairs import Pairs
from threedie.benchmark.tasks.breakdowns import by_class, by_rotation
from threedie.benchmark.tasks.metric import Metric, r2
from threedie.benchmark.tasks.scores import (
    best_constant_rotation,
    geodesic_degrees,
    r2_per_component,
    r2_pooled,
    r2_pooled_floor,
    rotation_degrees,
)
from threedie.benchmark.tasks.task import Array, Data, Outcome, Question, Score, Subject, Task


class Regression(Task):
    """A perceptron predicts numbers from one view or two; scored by R2.

    Attributes:
        views: how many views it sees.
        needs: latent fields without which the task isn't asked.
        components: names of the numbers that get a row each; none for a quaternion, whose components mean little alone.
        about: what the best constant is, in words.
    """

    views: ClassVar[int] = 2
    needs: ClassVar[tuple[str, ...]] = ()
    components: ClassVar[tuple[str, ...]] = ()
    about: ClassVar[str] = "the best constant"
    main = "r2"
    metrics: ClassVar[tuple[Metric, ...]] = (r2(), r2("r2_per_component", "R² per component"))

    def target(self, data: Data, pairs: Pairs) -> Array:
        """What is asked about some pairs, (B, T)."""
        raise NotImplementedError

    def applies(self, subject: Subject) -> bool:
        """Only datasets that have the fields, and two views where the task compares views."""
        return all(data.has(self.needs) and data.views >= self.views for data in (subject.taught, subject.asked))

    def questions(self, subject: Subject) -> list[Question]:
        """The one question."""
        return [Question(self.name, self.views, self.target)]

    def measure(self, subject: Subject) -> Outcome:
        """Both R2 of each part, on each input."""
        outcome = Outcome()
        (question,) = self.questions(subject)
        target = self.target(subject.asked, subject.evaluation)
        for source in subject.head_sources:
            for part, where in subject.parts(source).items():
                said = subject.heads.answers(question, source, where, subject.asked, subject.evaluation)
                self.score(outcome, subject, (source, part), target, said)
        return outcome

    def score(
        self, outcome: Outcome, subject: Subject, where: tuple[str, str], target: Array, said: Sequence[Array]
    ) -> None:
        """Add the scores of what was said, one (Q, T) for each seed."""
        draws = subject.bootstrap
        pooled = draws.r2_pooled(target, said, r2_pooled)
        own = draws.r2_per_component(target, said, r2_per_component)
        outcome.add(Score.of("r2", where, pooled, r2_pooled_floor(target), self.about, main=self.main == "r2"))
        outcome.add(Score.of("r2_per_component", where, own, 0.0, self.about, main=self.main == "r2_per_component"))
        for at, name in enumerate(self.components):
            column = slice(at, at + 1)
            one = draws.r2_pooled(target[:, column], [each[:, column] for each in said], r2_pooled)
            outcome.add(Score.of(f"r2_{name}", where, one, 0.0, self.about))


class RotationRegression(Regression):
    """A perceptron says a quaternion; scored by R2 and by the angle of error."""

    about = "the best constant quaternion"
    metrics = (
        *Regression.metrics,
        Metric("geodesic_mean_deg", "mean error, °", 0.0, 180.0, higher_is_better=False, unit="°"),
        Metric(
            "geodesic_median_deg", "median error, °", 0.0, 180.0, higher_is_better=False, in_interval=False, unit="°"
        ),
    )

    def score(
        self, outcome: Outcome, subject: Subject, where: tuple[str, str], target: Array, said: Sequence[Array]
    ) -> None:
        """R2, mean and median angle, and the angle by the size of the rotation and by class."""
        super().score(outcome, subject, where, target, said)
        best = "the best constant rotation"
        errors = [geodesic_degrees(target, one) for one in said]
        floors = geodesic_degrees(target, np.broadcast_to(best_constant_rotation(target), target.shape))
        draws = subject.bootstrap
        for name, estimate, floor in (
            ("geodesic_mean_deg", draws.mean(errors), floors.mean()),
            ("geodesic_median_deg", draws.median(errors), np.median(floors)),
        ):
            outcome.add(Score.of(name, where, estimate, float(floor), best, higher_is_better=False))
        metric = "geodesic_mean_deg"
        outcome.breakdowns.append(by_rotation(metric, where, rotation_degrees(target), errors, floors))
        outcome.breakdowns += by_class(metric, where, subject, errors, floors)
