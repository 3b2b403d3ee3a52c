"""Building the subject of the tasks, and measuring it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from threedie.baselines.method import Parts
from threedie.baselines.parts import ALL, EQUIVARIANT
from threedie.benchmark.data.pairs import Indices, every_view_first
from threedie.benchmark.evaluation.heads import FeatureHeads
from threedie.benchmark.evaluation.neighbors import BlockNeighborSearch
from threedie.benchmark.evaluation.plan import EvaluationPlan
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.outcome import Outcome
from threedie.benchmark.tasks.subject import Data, Floats, Subject
from threedie.benchmark.tasks.task import Task
from threedie.benchmark.tasks.warning import ResultWarning
from threedie.manifests.errors import ThreeDieError

Predictor = Callable[[Data, Indices, slice], Floats]
"""As `Subject.predict_views`, with the slice of the predicted part as a third argument."""


@dataclass(frozen=True, eq=False)
class Split:
    """Some objects of a dataset: those that heads are trained on, or those that are measured.

    Attributes:
        data: the dataset with its features.
        objects: positions of the objects, (n,).
    """

    data: Data
    objects: Indices


@dataclass(frozen=True, eq=False)
class FeatureSpace:
    """What features consist of, and how they are moved and compared.

    Attributes:
        parts: named parts of representation and embedding.
        predictor: predicts the embeddings of views; None for features without one.
        normalize: whether embeddings are compared at length 1.
    """

    parts: Parts = field(default_factory=Parts)
    predictor: Predictor | None = None
    normalize: bool = True


def build_subject(
    train: Split,
    measured: Split,
    space: FeatureSpace,
    plan: EvaluationPlan,
    tick: Callable[[int], object] = lambda _: None,
) -> Subject:
    """What tasks measure, with heads and searches that work on a device.

    Args:
        train: objects that heads are trained on.
        measured: objects that are measured, of the same dataset or of another.
        space: parts of the features, and their predictor.
        plan: rules, scope and device.
        tick: called with the number of steps that heads have just done.
    """
    parts, predictor, protocol = space.parts, space.predictor, plan.protocol
    predicted_part = EQUIVARIANT if EQUIVARIANT in parts.embedding else ALL
    dims = parts.embedding[predicted_part]

    def predict_views(data: Data, objects: Indices) -> Floats:
        assert predictor is not None
        predictions = predictor(data, objects, dims)
        # Comparisons with NaN are false, so that it would rank first.
        if not np.isfinite(predictions).all():
            raise ThreeDieError("the predictor gives numbers that aren't finite; nothing can be measured on them")
        return predictions

    return Subject(
        train_data=train.data,
        train_objects=train.objects,
        eval_data=measured.data,
        eval_objects=measured.objects,
        representation_parts=parts.representation,
        embedding_parts=parts.embedding,
        predicted_part=predicted_part,
        predict_views=None if predictor is None else predict_views,
        heads=FeatureHeads(train.data, train.objects, protocol, plan.device, tick, plan.scope.head_seeds),
        neighbors=BlockNeighborSearch(plan.device),
        protocol=protocol,
        eval_pairs=every_view_first(measured.objects, measured.data.views, protocol.seed),
        head_sources=plan.scope.head_sources,
        normalize=space.normalize,
    )


def measure(subject: Subject, names: Sequence[str] | None = None) -> tuple[dict[str, Outcome], list[ResultWarning]]:
    """Every task that applies, or those named, on a subject: outcomes by name, and warnings."""
    tasks = {name: task for name, task in TASKS.items() if (names is None or name in names) and task.applies(subject)}
    for task in tasks.values():
        spec = task.head(subject)
        if spec is not None:
            for source in subject.head_sources:
                for part, dims in subject.parts(source).items():
                    subject.heads.plan(spec, source, dims, part)
    outcomes = {name: _measure_task(task, subject) for name, task in tasks.items()}
    warnings = [warning for outcome in outcomes.values() for warning in outcome.warnings]
    warnings += subject.heads.warnings
    if min(subject.train_data.views, subject.eval_data.views) < 2 and not (subject.pictures or subject.cells):
        warnings.insert(0, ResultWarning("objects have one view: tasks that compare two views are left out"))
    if len(subject.eval_objects) < 2:
        warnings.insert(0, ResultWarning("one object is measured: numbers have no interval"))
    return outcomes, warnings


def _measure_task(task: Task, subject: Subject) -> Outcome:
    """The outcome of a task, with the main score that the protocol has for it."""
    outcome, main = task.measure(subject), task.main_under(subject.protocol)
    if main != task.main:
        outcome.scores = [replace(score, main=score.metric == main) for score in outcome.scores]
    return outcome
