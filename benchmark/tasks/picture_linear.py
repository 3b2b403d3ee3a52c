"""Linear evaluation on pictures of one view: which of the classes, by a linear layer on the frozen network."""

import numpy as np
import numpy.typing as npt

from threedie.benchmark.settings.linear_rules import RULES
from threedie.benchmark.tasks.picture_classes import PictureClasses
from threedie.benchmark.tasks.subject import Subject


class PictureLinear(PictureClasses):
    """The class of an image, by a linear classifier trained with SGD."""

    name = "picture_linear"
    version = 1
    order = 140
    title = "Picture classification"
    gives_runs = True
    definition = (
        "For pictures of one view each. A linear layer on the frozen network names the class: SGD with momentum 0.9, "
        "rate 30 down half a cosine, batches of 256. Under quick 20 epochs on pictures as they are; under essl-v1, as "
        "in E-SSL's code, the mean of five layers, 100 epochs on random crops and flips, test pictures enlarged and "
        "cut; under essl-imagenet-v1 one layer, rate 0.1, weight decay 1e-6, 100 epochs on random crops and flips "
        "(essl-imagenet-bt-v1: rate 1.0). Accuracy over all test pictures."
    )

    def correct(self, subject: Subject) -> list[npt.NDArray[np.bool_]]:
        """By each of the rules' linear layers."""
        assert subject.pictures is not None
        return subject.pictures.linear(RULES[subject.protocol.name])
