"""The scope of an evaluation: which tasks, heads and seeds; and how much work it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from threedie.baselines.method import Method, Parts
from threedie.benchmark.data.source import LabeledViews, is_cells, is_pictures
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.needs import Available
from threedie.benchmark.tasks.spread import COVERAGE, DRAWS
from threedie.benchmark.tasks.subject import EMBEDDING, REPRESENTATION
from threedie.manifests.errors import ThreeDieError, shown_value
from threedie.manifests.latents import LatentField
from threedie.manifests.suggest import suggest


@dataclass(frozen=True)
class Scope:
    """What of an evaluation is wanted; the numbers of a task don't depend on it.

    Attributes:
        tasks: names of the tasks; all that apply where None.
        head_seeds: how many seeds heads are trained from.
        head_sources: what heads are trained on: `representation`, `embedding`.

    Raises:
        ThreeDieError: there is no such task or source, or no seed.
    """

    tasks: tuple[str, ...] | None = None
    head_seeds: int = 1
    head_sources: tuple[str, ...] = (REPRESENTATION,)

    @property
    def needs_features(self) -> bool:
        """Whether a wanted task works on features; the others work with the network itself."""
        return any(not TASKS[name].needs.network for name in self.tasks or TASKS)

    def under(self, protocol: Protocol, method: Method) -> "Scope":
        """The scope in which a protocol measures a method: its aggregate too, where the protocol says so."""
        if protocol.on_aggregate and method.has_aggregate:
            return replace(self, head_sources=(REPRESENTATION, EMBEDDING))
        return self

    def to_json(self) -> dict[str, Any]:
        """What a record has of it, and of how intervals are computed."""
        return {
            "head_seeds": self.head_seeds,
            "head_sources": list(self.head_sources),
            "bootstrap_draws": DRAWS,
            "interval": COVERAGE,
        }

    def __post_init__(self) -> None:
        if self.tasks is not None:
            object.__setattr__(self, "tasks", (self.tasks,) if isinstance(self.tasks, str) else tuple(self.tasks))
        for what, names, choices in (
            ("task", self.tasks or (), tuple(TASKS)),
            ("head source", self.head_sources, (REPRESENTATION, EMBEDDING)),
        ):
            for name in names:
                if name not in choices:
                    raise ThreeDieError(f"there is no {what} {shown_value(name)}; {suggest(name, choices)}")
        if not isinstance(self.head_seeds, int) or self.head_seeds < 1:
            raise ThreeDieError(f"head_seeds {shown_value(self.head_seeds)}: give 1 or more")


def due_tasks(method: Method, dataset: LabeledViews) -> set[str]:
    """Names of the tasks that apply to a method and a dataset, without the features."""
    available = Available(
        fields={latent.name for latent in dataset.info.fields},
        views=dataset.info.views,
        predictor=method.has_predictor and method.action is not None,
        labels=not is_cells(dataset),
        train_objects=len(dataset.indices("train")),
        pictures=is_pictures(dataset),
        cells=is_cells(dataset),
    )
    return {name for name, task in TASKS.items() if not task.needs.missing(available)}


@dataclass(frozen=True)
class HeadWork:
    """How much work heads are.

    Attributes:
        heads: how many are trained at most.
        steps: optimizer steps of all of them together at most.
    """

    heads: int
    steps: int


def head_work(
    protocol: Protocol, scope: Scope, parts: Parts, fields: Sequence[LatentField], train_objects: int
) -> HeadWork:
    """The work of all heads, on a dataset with some latent fields, for a method with some parts."""
    names = {latent.name for latent in fields}
    tasks = [
        name
        for name, task in TASKS.items()
        if task.needs.heads and task.needs.has_fields(names) and (scope.tasks is None or name in scope.tasks)
    ]
    counts = {REPRESENTATION: len(parts.representation), EMBEDDING: len(parts.embedding)}
    each = scope.head_seeds * sum(counts[source] for source in scope.head_sources)
    objects = train_objects - round(protocol.holdout * train_objects)
    return HeadWork(each * len(tasks), each * sum(protocol.head_steps(name, objects) for name in tasks))
