"""Nearest neighbors: which of the classes, from one view, without training anything."""

import numpy as np

from threedie.benchmark.tasks.classification import Classes
from threedie.benchmark.tasks.metric import PERCENT, share
from threedie.benchmark.tasks.needs import MIN_TRAIN_OBJECTS, Needs
from threedie.benchmark.tasks.outcome import Outcome
from threedie.benchmark.tasks.rows import Rows
from threedie.benchmark.tasks.spread import Bootstrap
from threedie.benchmark.tasks.subject import EMBEDDING, REPRESENTATION, Subject, subsample
from threedie.benchmark.tasks.task import Task

COUNT = 20


class NearestNeighbors(Task):
    """Top-1 accuracy of the vote of the nearest training views."""

    name = "knn"
    version = 1
    order = 20
    title = "Nearest neighbors"
    needs = Needs(train_objects=MIN_TRAIN_OBJECTS, labels=True)
    metrics = (share("top1", "top-1", unit=PERCENT),)
    in_overview = False
    about_objects = True
    definition = (
        f"The {COUNT} views of training objects whose features have the highest cosine with those of a view vote for "
        "its class, each with weight exp(cosine / 0.07) (Wu et al. 2018, section 3.4); all that tie with the last one "
        "vote too. Accuracy over all views of the validation objects, or of as many of them as the protocol says; an "
        "object of a class never trained on counts as wrong. On the representation and on the embedding."
    )

    def measure(self, subject: Subject) -> Outcome:
        """Top-1 of each part of representation and embedding."""
        train_data, eval_data = subject.train_data, subject.eval_data
        objects = subsample(subject.eval_objects, subject.protocol.nearest_objects)
        bank_objects = subsample(subject.train_objects, subject.protocol.bank_objects)
        classes = Classes.of(subject, objects)
        outcome = Outcome(self.name, notes=list(classes.notes))
        bank_classes = np.searchsorted(classes.labels, train_data.labels[bank_objects]).repeat(train_data.views)
        floor, note = classes.floor(1)
        draws = Bootstrap(len(objects), subject.protocol.seed)
        for source in (REPRESENTATION, EMBEDDING):
            for part, dims in subject.parts(source).items():
                queries = Rows(eval_data.features(source), objects, dims)
                bank = Rows(train_data.features(source), bank_objects, dims)
                votes = subject.neighbors.votes(queries, bank, bank_classes, len(classes.labels), COUNT)
                accuracy = draws.mean([classes.correct(votes, 1)])
                outcome.add(self.score("top1", (source, part), accuracy, floor, note))
        return outcome
