"""Rotation of one view: how the object stands, by a perceptron."""

from threedie.benchmark.data.pairs import Indices, Pairs
from threedie.benchmark.tasks.regression import RotationRegression, regression_needs
from threedie.benchmark.tasks.subject import Array, Data
from threedie.manifests.latents import ROTATION, columns, quaternions


class AbsoluteRotation(RotationRegression):
    """The orientation in one view, by a perceptron."""

    name = "absolute_rotation"
    version = 1
    order = 40
    title = "Rotation of one view"
    in_overview = False
    needs = regression_needs(ROTATION, views=1)
    definition = (
        "Individual rotation. A perceptron with two hidden layers (ReLU), trained with mean squared error, predicts "
        "the absolute quaternion of a view's rotation (unit; x, y, z, w; w not negative) from the features of that one "
        "view. Scores as for rotation. The best constant has a pooled R2 of about 0.46 on 3DIEBench."
    )

    def target(self, data: Data, pairs: Pairs) -> Array:
        """Quaternions of the first views, (B, 4)."""
        return _unsigned(data.latents[pairs.objects, pairs.view1][:, columns(data.fields, ROTATION)])


def unsigned_rotations(data: Data, objects: Indices) -> Array:
    """Quaternions (x, y, z, w; w not negative) of all views of some objects, (n * V, 4)."""
    angles = data.latents[objects][..., columns(data.fields, ROTATION)]
    return _unsigned(angles.reshape(-1, angles.shape[-1]))


def _unsigned(angles: Array) -> Array:
    rotations = quaternions(angles)
    # Where w is negative the same rotation has a quaternion with w positive; only presets beyond a half turn do.
    rotations[rotations[:, 3] < 0] *= -1
    return rotations
