"""Rotation: the relative rotation of two views, by a perceptron."""

from threedie.benchmark.data.pairs import Pairs
from threedie.benchmark.tasks.regression import RotationRegression, regression_needs
from threedie.benchmark.tasks.subject import Array, Data
from threedie.manifests.latents import ROTATION


class Rotation(RotationRegression):
    """The relative rotation between two views, by a perceptron."""

    name = "rotation"
    version = 1
    order = 30
    title = "Rotation"
    needs = regression_needs(ROTATION)
    figure_role = "pose"
    axis_label = "rotation between two views, R² pooled"
    definition = (
        "A perceptron with two hidden layers (ReLU), trained with mean squared error, predicts the relative quaternion "
        "q1^-1 q2 (unit; x, y, z, w; sign not normalized) from the features of two views side by side. r2: one "
        "mean over all four components, as SIE, section 5.1, does; r2_per_component: the mean of each component's own "
        "R2; geodesic: angle between the rotations, prediction normalized."
    )

    def target(self, data: Data, pairs: Pairs) -> Array:
        """Relative quaternions (B, 4)."""
        return pairs.actions("rotation", data.fields, data.latents)
