"""Classification: which of the classes, from one view, by a linear head."""

import numpy as np

from benchmark.tasks.scores import top_k
from benchmark.tasks.task import Outcome, Score, Subject, Task


class Classification(Task):
    """Top-1 and top-5 accuracy of a linear classifier."""

    name = "classification"
    version = 1
    main = "top1"
    definition = (
        "A linear layer on the representation of one view names the object's class, among the classes that training "
        "objects have. Accuracy over all views of all validation objects; an object of a class never trained on counts "
        "as wrong. SIE, section 5.1."
    )

    def measure(self, subject: Subject) -> Outcome:
        """Top-1, and top-5 where there are more than five classes, of each part."""
        outcome = Outcome()
        known = np.unique(subject.labels[subject.train])
        place = np.searchsorted(known, subject.labels).clip(0, len(known) - 1)
        taught = known[place] == subject.labels
        unseen = np.unique(subject.labels[subject.val][~taught[subject.val]])
        if len(unseen):
            outcome.notes.append(
                f"{len(unseen)} of the validation objects' classes have no training object; theirs count as wrong"
            )
        missing = np.setdiff1d(known, subject.labels[subject.val])
        if len(missing):
            outcome.notes.append(f"{len(missing)} of {len(known)} classes have no validation object; not measured")
        pairs = subject.evaluation
        truth, counted = place[pairs.objects], taught[pairs.objects]
        shares = np.sort(np.bincount(truth[counted], minlength=len(known)))[::-1] / len(pairs)
        depths = [1, 5] if len(known) > 5 else [1]
        for part, where in subject.representation_parts.items():
            logits = subject.heads.classify(where, place, len(known), pairs)
            for depth in depths:
                note = f"naming the {depth} commonest of {len(known)} classes"
                if depth == 1:
                    note = f"always naming the commonest of {len(known)} classes; chance is {1 / len(known):.3f}"
                right = top_k(logits[counted], truth[counted], depth) if counted.any() else 0.0
                value, floor = right * float(counted.mean()), float(shares[:depth].sum())
                outcome.add(Score(f"top{depth}", part, value, floor, note, main=depth == 1))
        return outcome
