"""Nearest neighbours: which of the classes, from one view, without training anything."""

import numpy as np

from threedie.benchmark.tasks.classification import Classes
from threedie.benchmark.tasks.metric import share
from threedie.benchmark.tasks.rows import Rows
from threedie.benchmark.tasks.spread import Bootstrap
from threedie.benchmark.tasks.task import EMBEDDING, REPRESENTATION, Outcome, Score, Subject, Task

COUNT = 20


class NearestNeighbours(Task):
    """Top-1 accuracy of the vote of the nearest training views."""

    name = "knn"
    version = 1
    title = "Nearest neighbours"
    main = "top1"
    metrics = (share("top1", "top-1, %", percent=True),)
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
        objects = subject.some(subject.val, subject.protocol.nearest_objects)
        bank = subject.some(subject.train, subject.protocol.bank_objects)
        classes = Classes.of(subject, objects)
        outcome = Outcome(notes=list(classes.notes))
        place = np.searchsorted(classes.known, subject.taught.labels[bank]).repeat(subject.taught.views)
        floor, note = classes.floor(1)
        draws = Bootstrap(len(objects), subject.protocol.seed)
        for source in (REPRESENTATION, EMBEDDING):
            for part, where in subject.parts(source).items():
                queries = Rows(subject.asked.features(source), objects, where)
                known = Rows(subject.taught.features(source), bank, where)
                votes = subject.neighbours.votes(queries, known, place, len(classes.known), COUNT)
                right = draws.mean([classes.right(votes, 1)])
                outcome.add(Score.of("top1", (source, part), right, floor, note, main=True))
        return outcome
