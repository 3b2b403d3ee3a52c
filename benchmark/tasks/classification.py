"""Classification: which of the classes, from one view, by a linear head."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from threedie.benchmark.data.pairs import Indices, Pairs
from threedie.benchmark.tasks.breakdowns import by_class
from threedie.benchmark.tasks.metric import share
from threedie.benchmark.tasks.scores import top_k
from threedie.benchmark.tasks.task import Array, Data, Outcome, Question, Score, Subject, Task


@dataclass(frozen=True, eq=False)
class Classes:
    """The classes that are told apart: those that training objects have.

    Attributes:
        known: labels of those classes, sorted, (C,).
        truth: place in `known` of the class of each query, (Q,); 0 where it isn't there.
        taught: whether it is there, (Q,).
        shares: how many of all queries are of each class, most first, (C,).
        notes: what is odd about them.
    """

    known: Indices
    truth: Indices
    taught: npt.NDArray[np.bool_]
    shares: Array
    notes: tuple[str, ...]

    @classmethod
    def of(cls, subject: Subject, objects: Indices) -> "Classes":
        """The classes of a subject, with the views of some measured objects as queries."""
        known = np.unique(subject.taught.labels[subject.train])
        labels = subject.asked.labels[objects]
        place = np.searchsorted(known, labels).clip(0, len(known) - 1)
        there = known[place] == labels
        shares = np.sort(np.bincount(place[there], minlength=len(known)))[::-1] / len(labels)
        notes = []
        if not there.all():
            notes.append(
                f"{len(np.unique(labels[~there]))} of the validation objects' classes have no training object; "
                "theirs count as wrong"
            )
        missing = np.setdiff1d(known, labels)
        if len(missing):
            notes.append(f"{len(missing)} of {len(known)} classes have no validation object; not measured")
        if len(known) == 1:
            notes.append("all training objects are of one class: naming it is no feat")
        views = subject.asked.views
        return cls(known, np.repeat(place, views), np.repeat(there, views), shares, tuple(notes))

    def right(self, logits: Array, depth: int) -> Array:
        """Whether each query's class is among the `depth` highest of (Q, C), (Q,); all NaN where one isn't a number."""
        if np.isnan(logits).any():
            return np.full(len(self.truth), np.nan)
        found = np.zeros(len(self.truth))
        found[self.taught] = top_k(logits[self.taught], self.truth[self.taught], depth)
        return found

    def floor(self, depth: int) -> tuple[float, str]:
        """Share of queries that always naming the commonest classes gets right, and those words."""
        count = len(self.known)
        if depth > 1:
            return float(self.shares[:depth].sum()), f"naming the {depth} commonest of {count} classes"
        return float(self.shares[0]), f"always naming the commonest of {count} classes; chance is {1 / count:.3f}"


class Classification(Task):
    """Top-1 and top-5 accuracy of a linear classifier."""

    name = "classification"
    version = 1
    title = "Classification"
    main = "top1"
    metrics = (share("top1", "top-1, %", percent=True), share("top5", "top-5, %", percent=True))
    ascending = (("top1", "top5"),)
    about_objects = True
    figure_role = "object"
    axis_label = "classification, top-1 %"
    definition = (
        "A linear layer on the features of one view names the object's class, among the classes that training "
        "objects have. Accuracy over all views of all validation objects; an object of a class never trained on counts "
        "as wrong. SIE, section 5.1."
    )

    def questions(self, subject: Subject) -> list[Question]:
        """The class among those of training objects."""
        known = np.unique(subject.taught.labels[subject.train])

        def target(data: Data, pairs: Pairs) -> Indices:
            return np.searchsorted(known, data.labels[pairs.objects])

        return [Question(self.name, 1, target, len(known))]

    def measure(self, subject: Subject) -> Outcome:
        """Top-1, and top-5 where there are more than five classes, of each part."""
        (question,) = self.questions(subject)
        classes = Classes.of(subject, subject.val)
        outcome = Outcome(notes=list(classes.notes))
        for source in subject.head_sources:
            for part, where in subject.parts(source).items():
                logits = subject.heads.answers(question, source, where, subject.asked, subject.evaluation)
                for depth in [1, 5] if len(classes.known) > 5 else [1]:
                    right = [classes.right(one, depth) for one in logits]
                    floor, note = classes.floor(depth)
                    estimate = subject.bootstrap.mean(right)
                    outcome.add(Score.of(f"top{depth}", (source, part), estimate, floor, note, main=depth == 1))
                    if depth == 1:
                        constant = classes.taught * floor / max(classes.taught.mean(), 1e-12)
                        outcome.breakdowns += by_class("top1", (source, part), subject, right, constant, True)
        return outcome
