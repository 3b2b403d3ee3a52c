"""Rotation of one view: how the object stands, by a perceptron."""

from benchmark.pairs import Pairs
from benchmark.tasks.regression import RotationRegression
from benchmark.tasks.task import Array, Data
from manifests.latents import ROTATION, columns, quaternions


class AbsoluteRotation(RotationRegression):
    """R2 of the absolute quaternion, and the angle of error."""

    name = "absolute_rotation"
    version = 1
    views = 1
    definition = (
        "Individual rotation. A perceptron with two hidden layers (ReLU), trained with mean squared error, says the "
        "absolute quaternion of a view's rotation (unit; x, y, z, w; w not negative) from the features of that one "
        "view. Scores as for rotation. The best constant has a pooled R2 of about 0.46 on 3DIEBench."
    )

    def target(self, data: Data, pairs: Pairs) -> Array:
        """Quaternions of the first views, (B, 4)."""
        turned = quaternions(data.latents[pairs.objects, pairs.view1][:, columns(data.fields, ROTATION)])
        # Where w is negative the same rotation has a quaternion with w positive; only presets beyond a half turn do.
        turned[turned[:, 3] < 0] *= -1
        return turned
