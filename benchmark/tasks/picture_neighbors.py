"""Nearest neighbors on pictures of one view: which of the classes, by the vote of E-SSL's evaluation."""

import numpy as np
import numpy.typing as npt

from threedie.benchmark.tasks.picture_classes import PictureClasses
from threedie.benchmark.tasks.subject import Subject


class PictureNeighbors(PictureClasses):
    """Top-1 accuracy of the vote of the nearest training pictures."""

    name = "picture_neighbors"
    version = 1
    order = 130
    title = "Picture neighbors"
    definition = (
        "For pictures of one view each. The 200 training pictures whose representations have the highest cosine with "
        "that of a test picture vote for its class, each with weight exp(cosine / 0.1) (Wu et al. 2018, section 3.4; "
        "E-SSL's code). Accuracy over all test pictures."
    )

    def correct(self, subject: Subject) -> list[npt.NDArray[np.bool_]]:
        """By the vote, which is taken once."""
        assert subject.pictures is not None
        return [subject.pictures.neighbors()]
