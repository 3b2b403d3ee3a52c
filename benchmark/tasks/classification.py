"""Classification: which of the classes, from one view, by a linear head."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from threedie.benchmark.data.pairs import Indices, Pairs
from threedie.benchmark.tasks.breakdowns import by_class
from threedie.benchmark.tasks.metric import PERCENT, share
from threedie.benchmark.tasks.needs import MIN_TRAIN_OBJECTS, Needs
from threedie.benchmark.tasks.outcome import Outcome
from threedie.benchmark.tasks.scores import top_k
from threedie.benchmark.tasks.subject import Array, Data, HeadSpec, Subject
from threedie.benchmark.tasks.task import Task


@dataclass(frozen=True, eq=False)
class Classes:
    """The classes that a classifier distinguishes: those that training objects have.

    Attributes:
        labels: of those classes, sorted, (C,).
        targets: place in `labels` of the class of each query, (Q,); 0 where it isn't among them.
        trained: whether it is among them, (Q,).
        shares: share of each class in all queries, largest first, (C,).
        notes: remarks on classes without training or validation objects.
    """

    labels: Indices
    targets: Indices
    trained: npt.NDArray[np.bool_]
    shares: Array
    notes: tuple[str, ...]

    @classmethod
    def of(cls, subject: Subject, objects: Indices) -> "Classes":
        """The classes of a subject, with the views of some measured objects as queries."""
        labels = np.unique(subject.train_data.labels[subject.train_objects])
        own = subject.eval_data.labels[objects]
        place = np.searchsorted(labels, own).clip(0, len(labels) - 1)
        trained = labels[place] == own
        shares = np.sort(np.bincount(place[trained], minlength=len(labels)))[::-1] / len(own)
        notes = []
        if not trained.all():
            notes.append(
                f"{len(np.unique(own[~trained]))} of the validation objects' classes have no training object; "
                "theirs count as wrong"
            )
        missing = np.setdiff1d(labels, own)
        if len(missing):
            notes.append(f"{len(missing)} of {len(labels)} classes have no validation object; not measured")
        if len(labels) == 1:
            notes.append("all training objects are of one class, so its accuracy means nothing")
        views = subject.eval_data.views
        return cls(labels, np.repeat(place, views), np.repeat(trained, views), shares, tuple(notes))

    def correct(self, logits: Array, depth: int) -> Array:
        """Whether each query's class is among the `depth` highest of (Q, C), (Q,); all NaN where a logit is NaN."""
        if np.isnan(logits).any():
            return np.full(len(self.targets), np.nan)
        correct = np.zeros(len(self.targets))
        correct[self.trained] = top_k(logits[self.trained], self.targets[self.trained], depth)
        return correct

    def floor(self, depth: int) -> tuple[float, str]:
        """Accuracy of always naming the commonest classes, and that in words."""
        count = len(self.labels)
        if depth > 1:
            return float(self.shares[:depth].sum()), f"naming the {depth} commonest of {count} classes"
        return float(self.shares[0]), commonest_note(count)


def commonest_note(classes: int) -> str:
    """What the floor of top-1 is, among so many classes."""
    return f"always naming the commonest of {classes} classes; chance is {1 / classes:.3f}"


class Classification(Task):
    """The class of the object, by a linear classifier."""

    name = "classification"
    version = 1
    order = 10
    title = "Classification"
    needs = Needs(train_objects=MIN_TRAIN_OBJECTS, labels=True, heads=True)
    metrics = (share("top1", "top-1", unit=PERCENT), share("top5", "top-5", unit=PERCENT))
    ascending = (("top1", "top5"),)
    about_objects = True
    figure_role = "object"
    axis_label = "classification, top-1 %"
    definition = (
        "A linear layer on the features of one view names the object's class, among the classes that training "
        "objects have. Accuracy over all views of all validation objects; an object of a class never trained on counts "
        "as wrong. SIE, section 5.1."
    )

    def head(self, subject: Subject) -> HeadSpec:
        """A linear classifier of the classes of training objects."""
        labels = np.unique(subject.train_data.labels[subject.train_objects])

        def target(data: Data, pairs: Pairs) -> Indices:
            return np.searchsorted(labels, data.labels[pairs.objects])

        return HeadSpec(self.name, 1, target, len(labels))

    def measure(self, subject: Subject) -> Outcome:
        """Top-1, and top-5 where there are more than five classes, of each part."""
        spec = self.head(subject)
        classes = Classes.of(subject, subject.eval_objects)
        outcome = Outcome(self.name, notes=list(classes.notes))
        for source in subject.head_sources:
            for part, dims in subject.parts(source).items():
                logits = subject.heads.predictions(spec, source, dims, subject.eval_data, subject.eval_pairs)
                for depth in [1, 5] if len(classes.labels) > 5 else [1]:
                    correct = [classes.correct(each, depth) for each in logits]
                    floor, note = classes.floor(depth)
                    accuracy = subject.bootstrap.mean(correct)
                    outcome.add(self.score(f"top{depth}", (source, part), accuracy, floor, note))
                    if depth == 1:
                        constant = classes.trained * floor / max(classes.trained.mean(), 1e-12)
                        top1 = self.declared("top1")
                        outcome.breakdowns += by_class(top1, (source, part), subject, correct, constant)
        return outcome
