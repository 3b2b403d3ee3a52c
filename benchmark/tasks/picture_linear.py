"""Linear evaluation on pictures of one view: which of the classes, by a linear layer on the frozen network."""

from dataclasses import replace

import numpy as np

from threedie.benchmark.settings.linear_rules import RULES
from threedie.benchmark.tasks.metric import PERCENT, share
from threedie.benchmark.tasks.needs import MIN_TRAIN_OBJECTS, Needs
from threedie.benchmark.tasks.outcome import Outcome
from threedie.benchmark.tasks.picture_classes import ALL, commonest_class
from threedie.benchmark.tasks.subject import REPRESENTATION, Subject
from threedie.benchmark.tasks.task import Task


class PictureLinear(Task):
    """Top-1 accuracy of a linear layer, by the rules that are named as the protocol."""

    name = "picture_linear"
    version = 1
    order = 140
    title = "Picture classification"
    needs = Needs(pictures=True, labels=True, train_objects=MIN_TRAIN_OBJECTS)
    metrics = (share("top1", "top-1", unit=PERCENT),)
    about_objects = True
    definition = (
        "For pictures of one view each. A linear layer on the frozen network names the class: SGD with momentum 0.9, "
        "rate 30 down half a cosine, batches of 256. Under quick 20 epochs on pictures as they are; under essl-v1, as "
        "in E-SSL's code, the mean of five layers, 100 epochs on random crops and flips, test pictures enlarged and "
        "cut. Accuracy over all test pictures."
    )

    def measure(self, subject: Subject) -> Outcome:
        """Top-1 on the whole representation, with that of each run."""
        assert subject.pictures is not None
        outcome = Outcome(self.name)
        correct = subject.pictures.linear(RULES[subject.protocol.name])
        accuracy = subject.bootstrap.mean([run.astype(float) for run in correct])
        score = self.score("top1", (REPRESENTATION, ALL), accuracy, *commonest_class(subject))
        outcome.add(replace(score, runs=tuple(float(run.astype(np.float32).mean()) for run in correct)))
        return outcome
