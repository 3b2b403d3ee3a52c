"""Density of states of photonic crystals, predicted by networks that are fine-tuned on a few labeled unit cells."""

from typing import ClassVar

import numpy as np

from threedie.baselines.parts import ALL
from threedie.benchmark.settings.fine_tuning import RULES
from threedie.benchmark.tasks.metric import PERCENT, Metric
from threedie.benchmark.tasks.needs import Needs
from threedie.benchmark.tasks.outcome import Outcome
from threedie.benchmark.tasks.scores import Array
from threedie.benchmark.tasks.subject import REPRESENTATION, Subject
from threedie.benchmark.tasks.task import Task

FIRST_POINT = 100
"""The first point of a density of states that counts: below it, cells hardly differ (E-SSL's code)."""
FLOOR_NOTE = "the density of states of an empty lattice"


def relative_errors(predicted: Array, expected: Array) -> Array:
    """Sum of absolute errors over sum of absolute values, from the hundredth point on: (Q, P), (Q, P) -> (Q,)."""
    wrong = np.abs(predicted - expected)[:, FIRST_POINT:].sum(1)
    return np.asarray(wrong / np.abs(expected)[:, FIRST_POINT:].sum(1))


class Density(Task):
    """Relative error of the density of states of test cells, with a number of labeled cells.

    Attributes:
        labeled: number of labeled cells.
    """

    labeled: ClassVar[int]
    metrics = (Metric("relative_error", "relative error", 0.0, None, PERCENT, higher_is_better=False),)

    def measure(self, subject: Subject) -> Outcome:
        """The mean over test cells, with one network for each seed of heads."""
        assert subject.cells is not None
        outcome = Outcome(self.name)
        result = subject.cells.fine_tuned(RULES[subject.protocol.name], self.labeled)
        estimate = subject.bootstrap.mean(result.errors)
        floor = float(result.floor.mean())
        outcome.add(self.score("relative_error", (REPRESENTATION, ALL), estimate, floor, FLOOR_NOTE))
        outcome.notes += result.notes
        return outcome


def _definition(labeled: int) -> str:
    return (
        f"For unit cells of photonic crystals. Encoder and a perceptron are fine-tuned on {labeled} labeled cells to "
        "predict the density of states minus that of an empty lattice. Error: absolute differences over absolute "
        "values, summed over points 100 to 399 of the label (reduced frequencies 0.24 to 0.96), mean over test cells: "
        "E-SSL (Dangovski et al., ICLR 2022). Which epoch counts is in the protocol."
    )


class Density50(Density):
    """The density of states of a photonic crystal, with 50 labeled unit cells."""

    name = "density_50"
    version = 1
    order = 150
    labeled = 50
    title = "Density of states, 50 labels"
    needs = Needs(cells=True, train_objects=50)
    definition = _definition(50)


class Density200(Density):
    """The density of states of a photonic crystal, with 200 labeled unit cells."""

    name = "density_200"
    version = 1
    order = 151
    labeled = 200
    title = "Density of states, 200 labels"
    needs = Needs(cells=True, train_objects=200)
    definition = _definition(200)


class Density1000(Density):
    """The density of states of a photonic crystal, with 1,000 labeled unit cells."""

    name = "density_1000"
    version = 1
    order = 152
    labeled = 1000
    title = "Density of states, 1000 labels"
    needs = Needs(cells=True, train_objects=1000)
    definition = _definition(1000)


class Density3000(Density):
    """The density of states of a photonic crystal, with 3,000 labeled unit cells, as in E-SSL."""

    name = "density_3000"
    version = 1
    order = 153
    labeled = 3000
    title = "Density of states, 3000 labels"
    needs = Needs(cells=True, train_objects=3000)
    definition = _definition(3000)
