"""Tasks on a subject: what is measured, and measuring it."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from threedie.baselines.method import EQUIVARIANT, Parts
from threedie.benchmark.data.pairs import Indices, every_view_first
from threedie.benchmark.evaluation.heads import FeatureHeads
from threedie.benchmark.evaluation.neighbors import BlockNeighborSearch
from threedie.benchmark.evaluation.scope import Scope
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.outcome import Outcome
from threedie.benchmark.tasks.subject import Data, Floats, Subject
from threedie.benchmark.tasks.warning import ResultWarning
from threedie.manifests.errors import ThreeDieError

Predictor = Callable[[Data, Indices, slice], npt.NDArray[np.float32]]
"""As `Subject.predict_views`, with the slice of the predicted part as a third argument."""


def build_subject(
    train_data: Data,
    train_objects: Indices,
    eval_data: Data,
    eval_objects: Indices,
    parts: Parts,
    predictor: Predictor | None,
    protocol: Protocol,
    device: str = "cpu",
    tick: Callable[[int], object] = lambda _: None,
    scope: Scope | None = None,
    normalize: bool = True,
) -> Subject:
    """What tasks measure, with heads and searches that work on a device.

    Args:
        train_data, train_objects, eval_data, eval_objects, protocol, normalize: see `Subject`.
        parts: parts of representation and embedding.
        predictor: predicts views; None for a method without one.
        device: `cpu` or `cuda`.
        tick: called with the number of steps that heads have just done.
        scope: what is wanted.
    """
    scope = scope or Scope()
    predicted_part = EQUIVARIANT if EQUIVARIANT in parts.embedding else "all"
    where = parts.embedding[predicted_part]

    def predict_views(data: Data, objects: Indices) -> Floats:
        assert predictor is not None
        predictions = predictor(data, objects, where)
        # Comparisons with NaN are false, so that it would rank first.
        if not np.isfinite(predictions).all():
            raise ThreeDieError("the predictor gives numbers that aren't finite; nothing can be measured on them")
        return predictions

    return Subject(
        train_data=train_data,
        train_objects=train_objects,
        eval_data=eval_data,
        eval_objects=eval_objects,
        representation_parts=parts.representation,
        embedding_parts=parts.embedding,
        predicted_part=predicted_part,
        predict_views=None if predictor is None else predict_views,
        heads=FeatureHeads(train_data, train_objects, protocol, device, tick, scope.head_seeds),
        neighbors=BlockNeighborSearch(device),
        protocol=protocol,
        eval_pairs=every_view_first(eval_objects, eval_data.views, protocol.seed),
        head_sources=scope.head_sources,
        normalize=normalize,
    )


def measure(subject: Subject, names: Sequence[str] | None = None) -> tuple[dict[str, Outcome], list[ResultWarning]]:
    """Every task that applies, or those named, on a subject: outcomes by name, and warnings."""
    tasks = {name: task for name, task in TASKS.items() if (names is None or name in names) and task.applies(subject)}
    for task in tasks.values():
        spec = task.head(subject)
        if spec is not None:
            for source in subject.head_sources:
                for part, where in subject.parts(source).items():
                    subject.heads.plan(spec, source, where, part)
    outcomes = {name: task.measure(subject) for name, task in tasks.items()}
    warnings = [warning for outcome in outcomes.values() for warning in outcome.warnings]
    warnings += subject.heads.warnings
    if min(subject.train_data.views, subject.eval_data.views) < 2 and subject.pictures is None:
        warnings.insert(0, ResultWarning("objects have one view: tasks that compare two views are left out"))
    if len(subject.eval_objects) < 2:
        warnings.insert(0, ResultWarning("one object is measured: numbers have no interval"))
    return outcomes, warnings
