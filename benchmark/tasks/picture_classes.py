"""What the tasks on pictures of one view share: top-1 accuracy on the whole representation."""

from abc import abstractmethod
from dataclasses import replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from threedie.baselines.parts import ALL
from threedie.benchmark.tasks.classification import commonest_note
from threedie.benchmark.tasks.metric import PERCENT, share
from threedie.benchmark.tasks.needs import MIN_TRAIN_OBJECTS, Needs
from threedie.benchmark.tasks.outcome import Outcome
from threedie.benchmark.tasks.subject import REPRESENTATION, Subject
from threedie.benchmark.tasks.task import Task


class PictureClasses(Task):
    """Top-1 accuracy of naming the class of a picture.

    Attributes:
        gives_runs: whether the score has the number of each run.
    """

    needs = Needs(pictures=True, labels=True, train_objects=MIN_TRAIN_OBJECTS)
    metrics = (share("top1", "top-1", unit=PERCENT),)
    about_objects = True
    gives_runs: ClassVar[bool] = False

    @abstractmethod
    def correct(self, subject: Subject) -> list[npt.NDArray[np.bool_]]:
        """Whether the class of each measured picture is named right, (Q,) for each run."""

    def measure(self, subject: Subject) -> Outcome:
        """Top-1 of the whole representation."""
        outcome = Outcome(self.name)
        correct = self.correct(subject)
        accuracy = subject.bootstrap.mean([run.astype(float) for run in correct])
        score = self.score("top1", (REPRESENTATION, ALL), accuracy, *commonest_class(subject))
        if self.gives_runs:
            score = replace(score, runs=tuple(float(run.astype(np.float32).mean()) for run in correct))
        outcome.add(score)
        return outcome


def commonest_class(subject: Subject) -> tuple[float, str]:
    """Accuracy of always naming the commonest class of the measured pictures, and those words."""
    labels = subject.eval_data.labels[subject.eval_objects]
    classes = len(np.unique(subject.train_data.labels[subject.train_objects]))
    return float(np.bincount(labels).max() / len(labels)), commonest_note(classes)
