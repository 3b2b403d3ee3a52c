"""Nearest neighbors on pictures of one view: which of the classes, by the vote of E-SSL's evaluation."""

from threedie.benchmark.tasks.metric import PERCENT, share
from threedie.benchmark.tasks.needs import MIN_TRAIN_OBJECTS, Needs
from threedie.benchmark.tasks.outcome import Outcome
from threedie.benchmark.tasks.picture_classes import ALL, commonest_class
from threedie.benchmark.tasks.subject import REPRESENTATION, Subject
from threedie.benchmark.tasks.task import Task


class PictureNeighbors(Task):
    """Top-1 accuracy of the vote of the nearest training pictures."""

    name = "picture_neighbors"
    version = 1
    order = 130
    title = "Picture neighbors"
    needs = Needs(pictures=True, labels=True, train_objects=MIN_TRAIN_OBJECTS)
    metrics = (share("top1", "top-1", unit=PERCENT),)
    about_objects = True
    definition = (
        "For pictures of one view each. The 200 training pictures whose representations have the highest cosine with "
        "that of a test picture vote for its class, each with weight exp(cosine / 0.1) (Wu et al. 2018, section 3.4; "
        "E-SSL's code). Accuracy over all test pictures."
    )

    def measure(self, subject: Subject) -> Outcome:
        """Top-1 of the whole representation."""
        assert subject.pictures is not None
        outcome = Outcome(self.name)
        accuracy = subject.bootstrap.mean([subject.pictures.neighbors().astype(float)])
        outcome.add(self.score("top1", (REPRESENTATION, ALL), accuracy, *commonest_class(subject)))
        return outcome
