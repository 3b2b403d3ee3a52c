"""Rank: how many directions a representation really has, and whether it has collapsed to a few, without training."""

import numpy as np

from threedie.benchmark.tasks.metric import Metric, share
from threedie.benchmark.tasks.outcome import Outcome
from threedie.benchmark.tasks.rows import Rows
from threedie.benchmark.tasks.spread import Estimate
from threedie.benchmark.tasks.subject import EMBEDDING, REPRESENTATION, Array, Sliced, Subject, subsample
from threedie.benchmark.tasks.task import Task

VIEWS = 25_600
"""Enough according to RankMe's authors."""
COLLAPSED = 0.75
"""Share of the variance in one direction above which a warning is made."""
ENOUGH = 10
"""Views and dimensions below which no such warning is made: few points always lie near a line."""
_LEAST_DEVIATION = 1e-6
_CHUNK = 4096


class EffectiveRank(Task):
    """Effective rank of each part of representation and embedding, and the share of its first direction."""

    name = "rank"
    version = 1
    order = 120
    title = "Rank"
    # A rank says whether something collapsed, not who is best.
    metrics = (
        Metric("effective_rank", "effective rank", 1.0, None, ranked=False),
        share("first_share", "share of the first direction", higher_is_better=False, ranked=False),
    )
    in_overview = False
    definition = (
        f"The singular values of the features, less their mean, of at most {VIEWS:,} views of validation objects, "
        "spread evenly over the list: the exponential of the entropy of their shares (Roy & Vetterli 2007), between 1 "
        "and the number of dimensions, or of views less one. RankMe (Garrido et al., ICML 2023) is the same without "
        "taking the mean away. first_share is the part of the variance that lies in the first direction: a network "
        "that has collapsed to a few directions (Jing et al., ICLR 2022) has it near 1. Rounding noise, a deviation "
        "below a millionth of the largest number, counts as 0. On the representation and on the embedding."
    )

    def highest(self, metric: Metric, dimensions: int | None, objects: int, views: int) -> float | None:
        """A rank is at most the number of dimensions, and that of the views less one."""
        if metric.name != self.main:
            return metric.high
        rows = min(objects, max(1, VIEWS // max(1, views))) * views
        return max(1, min(rows - 1, rows if dimensions is None else dimensions))

    def measure(self, subject: Subject) -> Outcome:
        """Both numbers of each part of representation and embedding."""
        outcome, data = Outcome(self.name), subject.eval_data
        objects = subsample(subject.eval_objects, max(1, VIEWS // data.views))
        for source in (REPRESENTATION, EMBEDDING):
            for part, dims in subject.parts(source).items():
                variances = direction_variances(Rows(data.features(source), objects, dims))
                rank, first = effective_rank(variances), first_share(variances)
                note = "the same for every view"
                outcome.add(self.score("effective_rank", (source, part), Estimate(rank), 1.0, note))
                outcome.add(self.score("first_share", (source, part), Estimate(first), 1.0, note))
                rows = len(objects) * data.views
                if not variances.any() and rows > 1:
                    outcome.notes.append(f"the {source}, part {part}, is the same for every view: it has collapsed")
                elif first > COLLAPSED and min(rows, len(variances)) >= ENOUGH:
                    outcome.notes.append(
                        f"more than {100 * COLLAPSED:.0f} % of the variance of the {source}, part {part}, lie in one "
                        "direction: it has collapsed, or nearly"
                    )
        return outcome


def direction_variances(features: Sliced) -> Array:
    """Variances along the principal directions of rows (N, D), the largest first, (D,); rounding noise counts as 0."""
    count, width = features.shape
    first, most = np.zeros(width), 0.0
    for begin in range(0, count, _CHUNK):
        rows = features[begin : begin + _CHUNK]
        first, most = first + rows.sum(0, dtype=np.float64), max(most, float(np.abs(rows).max()))
    products = np.zeros((width, width))
    for begin in range(0, count, _CHUNK):
        centered = features[begin : begin + _CHUNK].astype(np.float64) - first / count
        products += centered.T @ centered
    variances = np.linalg.eigvalsh(products)[::-1] / count
    return np.where(variances > (_LEAST_DEVIATION * most) ** 2, variances, 0.0)


def effective_rank(variances: Array) -> float:
    """Exponential of the entropy of the shares of the singular values, roots of (D,); 1 where nothing varies."""
    values = np.sqrt(variances)
    if not values.sum() > 0:
        return 1.0
    shares = values[values > 0] / values.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def first_share(variances: Array) -> float:
    """Share of the first direction in the variance (D,); 1 where nothing varies."""
    return float(variances[0] / variances.sum()) if variances.sum() > 0 else 1.0
