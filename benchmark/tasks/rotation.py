"""Rotation: how the object was turned between two views, by a perceptron."""

import numpy as np

from benchmark.pairs import Pairs
from benchmark.tasks.scores import (
    best_constant_rotation,
    geodesic_degrees,
    r2_per_component,
    r2_pooled,
    r2_pooled_floor,
)
from benchmark.tasks.task import Array, Outcome, Score, Subject, Task


class Rotation(Task):
    """R2 of the relative quaternion, and the angle of error."""

    name = "rotation"
    version = 1
    main = "r2"
    definition = (
        "A perceptron with two hidden layers (ReLU), trained with mean squared error, says the relative quaternion "
        "q1^-1 q2 (unit; x, y, z, w; sign as it comes) from the representations of two views side by side. r2: one "
        "mean over all four components, as SIE, section 5.1, does; r2_per_component: the mean of each component's own "
        "R2; geodesic: angle between the rotations, prediction normalised."
    )

    def measure(self, subject: Subject) -> Outcome:
        """Both R2 and the mean and median angle, of each part."""
        outcome = Outcome()
        pairs = subject.evaluation

        def truth(asked: Pairs) -> Array:
            return asked.actions("rotation", subject.fields, subject.latents)

        target = truth(pairs)
        constant = best_constant_rotation(target)
        angles = geodesic_degrees(target, np.broadcast_to(constant, target.shape))
        pooled = r2_pooled_floor(target)
        for part, where in subject.representation_parts.items():
            said = subject.heads.regress(where, truth, pairs)
            error = geodesic_degrees(target, said)
            best = "the best constant rotation"
            for score in (
                Score("r2", part, r2_pooled(target, said), pooled, "the best constant quaternion", main=True),
                Score("r2_per_component", part, r2_per_component(target, said), 0.0, "the best constant quaternion"),
                Score("geodesic_mean_deg", part, float(error.mean()), float(angles.mean()), best, False),
                Score("geodesic_median_deg", part, float(np.median(error)), float(np.median(angles)), best, False),
            ):
                outcome.add(score)
        return outcome
