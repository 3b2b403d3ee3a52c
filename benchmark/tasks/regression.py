"""Bases of the tasks whose heads predict numbers: scores by R2 in both forms, and by angles for rotations."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from threedie.benchmark.data.pairs import Pairs
from threedie.benchmark.tasks.breakdowns import by_class, by_rotation
from threedie.benchmark.tasks.metric import R2_PER_COMPONENT, R2_POOLED, Metric, angle
from threedie.benchmark.tasks.needs import MIN_TRAIN_OBJECTS, Needs
from threedie.benchmark.tasks.outcome import Outcome
from threedie.benchmark.tasks.scores import (
    best_constant_rotation,
    geodesic_degrees,
    r2_pooled_floor,
    rotation_degrees,
)
from threedie.benchmark.tasks.subject import Array, Data, HeadSpec, Subject
from threedie.benchmark.tasks.task import Task
from threedie.manifests.latents import columns


def regression_needs(fields: tuple[str, ...], views: int = 2) -> Needs:
    """Needs of a regression of some latent fields from one view or two."""
    return Needs(train_objects=MIN_TRAIN_OBJECTS, fields=fields, views=views, heads=True)


def latent_changes(data: Data, pairs: Pairs, fields: tuple[str, ...]) -> Array:
    """The second view's latents minus the first's, (B, number of fields)."""
    index = columns(data.fields, fields)
    first, second = data.latents[pairs.objects, pairs.view1], data.latents[pairs.objects, pairs.view2]
    return second[:, index] - first[:, index]


class Regression(Task):
    """A perceptron predicts numbers from as many views as the task needs, one or two; scored by R2.

    Attributes:
        components: names of the numbers with a metric each; none for a quaternion, whose components mean little alone.
        best_constant: what the best constant is, in words.
    """

    components: ClassVar[tuple[str, ...]] = ()
    best_constant: ClassVar[str] = "the best constant"
    metrics: ClassVar[tuple[Metric, ...]] = (R2_POOLED, R2_PER_COMPONENT)

    @abstractmethod
    def target(self, data: Data, pairs: Pairs) -> Array:
        """What is predicted of some pairs, (B, T)."""

    def head(self, subject: Subject) -> HeadSpec:
        """A perceptron for the target."""
        return HeadSpec(self.name, self.needs.views, self.target)

    def measure(self, subject: Subject) -> Outcome:
        """Both R2 of each part, on each input."""
        outcome = Outcome(self.name)
        spec = self.head(subject)
        target = self.target(subject.eval_data, subject.eval_pairs)
        for source in subject.head_sources:
            for part, dims in subject.parts(source).items():
                predictions = subject.heads.predictions(spec, source, dims, subject.eval_data, subject.eval_pairs)
                self.add_scores(outcome, subject, (source, part), target, predictions)
        return outcome

    def add_scores(
        self, outcome: Outcome, subject: Subject, where: tuple[str, str], target: Array, predictions: Sequence[Array]
    ) -> None:
        """Add the scores of predictions, one (Q, T) for each seed, of a target (Q, T)."""
        draws, note = subject.bootstrap, self.best_constant
        pooled = draws.r2_pooled(target, predictions)
        per_component = draws.r2_per_component(target, predictions)
        outcome.add(self.score("r2", where, pooled, r2_pooled_floor(target), note))
        outcome.add(self.score("r2_per_component", where, per_component, 0.0, note))
        for at, name in enumerate(self.components):
            column = slice(at, at + 1)
            estimate = draws.r2_pooled(target[:, column], [each[:, column] for each in predictions])
            outcome.add(self.score(f"r2_{name}", where, estimate, 0.0, note))


class RotationRegression(Regression):
    """A perceptron predicts a quaternion; scored by R2 and by the angle of error."""

    best_constant = "the best constant quaternion"
    metrics = (
        *Regression.metrics,
        angle("geodesic_mean_deg", "mean error"),
        angle("geodesic_median_deg", "median error", in_interval=False),
    )

    def add_scores(
        self, outcome: Outcome, subject: Subject, where: tuple[str, str], target: Array, predictions: Sequence[Array]
    ) -> None:
        """R2, mean and median angle, and the angle by the size of the rotation and by class."""
        super().add_scores(outcome, subject, where, target, predictions)
        note = "the best constant rotation"
        errors = [geodesic_degrees(target, each) for each in predictions]
        floors = geodesic_degrees(target, np.broadcast_to(best_constant_rotation(target), target.shape))
        draws = subject.bootstrap
        mean, median = draws.mean(errors), draws.median(errors)
        outcome.add(self.score("geodesic_mean_deg", where, mean, float(floors.mean()), note))
        outcome.add(self.score("geodesic_median_deg", where, median, float(np.median(floors)), note))
        metric = self.declared("geodesic_mean_deg")
        outcome.breakdowns.append(by_rotation(metric, where, rotation_degrees(target), errors, floors))
        outcome.breakdowns += by_class(metric, where, subject, errors, floors)
