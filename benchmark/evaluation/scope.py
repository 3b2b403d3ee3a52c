"""Which part of an evaluation is wanted, and how much work it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from threedie.baselines.method import Method
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.classification import Classification
from threedie.benchmark.tasks.pose_retrieval import PoseRetrieval
from threedie.benchmark.tasks.regression import Regression
from threedie.benchmark.tasks.retrieval import Retrieval
from threedie.benchmark.tasks.spread import COVERAGE, DRAWS
from threedie.benchmark.tasks.task import REPRESENTATION, Task
from threedie.manifests.dataset import Dataset
from threedie.manifests.latents import LatentField


@dataclass(frozen=True)
class Scope:
    """What of an evaluation is wanted; nothing in it changes the numbers of what is.

    Attributes:
        tasks: names of the tasks; all that apply where None.
        head_seeds: seeds that heads are trained from.
        head_sources: what heads are trained on: `representation`, `embedding`.
    """

    tasks: tuple[str, ...] | None = None
    head_seeds: int = 1
    head_sources: tuple[str, ...] = (REPRESENTATION,)

    def to_json(self) -> dict[str, Any]:
        """What a record says about it, and about how the spread of numbers was found."""
        return {
            "head_seeds": self.head_seeds,
            "head_sources": list(self.head_sources),
            "bootstrap_draws": DRAWS,
            "interval": COVERAGE,
        }


def due_tasks(method: Method, dataset: Dataset) -> set[str]:
    """Names of the tasks that a whole evaluation of a method on a dataset asks, from what both are alone."""
    has, views = {known.name for known in dataset.info.fields}, dataset.info.views
    moves = method.has_predictor and method.action is not None

    def is_due(task: Task) -> bool:
        if isinstance(task, Regression):
            return set(task.needs) <= has and views >= task.views
        if isinstance(task, Retrieval):
            return moves and views > 1
        return moves or not isinstance(task, PoseRetrieval)

    return {name for name, task in TASKS.items() if is_due(task)}


def head_count(fields: Sequence[LatentField], parts: int, scope: Scope) -> int:
    """Heads that are trained at most, on a dataset with some latent fields, for a method with so many parts."""
    has = {known.name for known in fields}
    asked = [
        task
        for name, task in TASKS.items()
        if (scope.tasks is None or name in scope.tasks)
        and (isinstance(task, Classification) or (isinstance(task, Regression) and set(task.needs) <= has))
    ]
    return len(asked) * parts * len(scope.head_sources) * scope.head_seeds


def head_steps(protocol: Protocol, heads: int, train_objects: int) -> int:
    """Optimizer steps of some heads together at most."""
    return heads * protocol.head_steps(train_objects - round(protocol.holdout * train_objects))
