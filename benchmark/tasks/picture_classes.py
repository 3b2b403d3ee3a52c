"""What the tasks on pictures of one view share."""

import numpy as np

from threedie.benchmark.tasks.subject import Subject

ALL = "all"
"""Name of the whole representation among its parts."""


def commonest_class(subject: Subject) -> tuple[float, str]:
    """Accuracy of always naming the commonest class of the measured pictures, and those words."""
    labels = subject.eval_data.labels[subject.eval_objects]
    classes = len(np.unique(subject.train_data.labels[subject.train_objects]))
    share = float(np.bincount(labels).max() / len(labels))
    return share, f"always naming the commonest of {classes} classes; chance is {1 / classes:.3f}"
