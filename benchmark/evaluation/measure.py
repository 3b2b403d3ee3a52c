"""Tasks on a subject: what is measured, and measuring it."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from threedie.baselines.method import EQUIVARIANT, Parts
from threedie.benchmark.data.pairs import Indices, every_view_first
from threedie.benchmark.evaluation.heads import FeatureHeads
from threedie.benchmark.evaluation.neighbors import BlockNeighbours
from threedie.benchmark.evaluation.scope import Scope
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.task import Data, Floats, Outcome, Subject
from threedie.manifests.errors import ThreeDieError


def build_subject(
    taught: Data,
    train: Indices,
    asked: Data,
    val: Indices,
    parts: Parts,
    moved: Callable[[Data, Indices, slice], npt.NDArray[np.float32]] | None,
    protocol: Protocol,
    device: str = "cpu",
    tick: Callable[[int], object] = lambda _: None,
    scope: Scope | None = None,
    normalise: bool = True,
) -> Subject:
    """What tasks measure, with heads and searches that work on a device.

    Args:
        taught, train, asked, val, protocol, normalise: see `Subject`.
        parts: parts of representation and embedding.
        moved: as `Subject.moved`, given the slice of the equivariant part too; None without a predictor.
        device, tick: see `evaluate`.
        scope: what is wanted.
    """
    scope = scope or Scope()
    where = parts.embedding.get(EQUIVARIANT, parts.embedding["all"])

    def finite(data: Data, rows: Indices) -> Floats:
        assert moved is not None
        said = moved(data, rows, where)
        # A comparison with what is no number is false, so that it would rank first.
        if not np.isfinite(said).all():
            raise ThreeDieError("the predictor gives numbers that aren't finite; nothing can be measured on them")
        return said

    return Subject(
        taught=taught,
        train=train,
        asked=asked,
        val=val,
        representation_parts=parts.representation,
        embedding_parts=parts.embedding,
        moved=None if moved is None else finite,
        heads=FeatureHeads(taught, train, protocol, device, tick, scope.head_seeds),
        neighbours=BlockNeighbours(device),
        protocol=protocol,
        evaluation=every_view_first(val, asked.views, protocol.seed),
        head_sources=scope.head_sources,
        normalise=normalise,
    )


def measure(subject: Subject, names: Sequence[str] | None = None) -> tuple[dict[str, Outcome], list[str]]:
    """Every task that applies, or those named, on a subject: outcomes by name, and warnings."""
    chosen = {name: task for name, task in TASKS.items() if names is None or name in names}
    applying = {name: task for name, task in chosen.items() if task.applies(subject)}
    assert isinstance(subject.heads, FeatureHeads)
    for task in applying.values():
        for question in task.questions(subject):
            for source in subject.head_sources:
                for name, part in subject.parts(source).items():
                    subject.heads.plan(question, source, part, name)
    outcomes = {name: task.measure(subject) for name, task in applying.items()}
    warnings = [f"{name}: {line}" for name, outcome in outcomes.items() for line in outcome.warnings]
    warnings += subject.heads.warnings
    if min(subject.taught.views, subject.asked.views) < 2:
        warnings.insert(0, "objects have one view: tasks that compare two views are left out")
    if len(subject.val) < 2:
        warnings.insert(0, "one object is measured: numbers have no interval")
    return outcomes, warnings
