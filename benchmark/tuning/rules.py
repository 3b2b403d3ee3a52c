"""Rules by which one of a method's tries is chosen."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from threedie.benchmark.tasks.task import Task
from threedie.manifests.errors import ThreeDieError

HIGHEST = 1.0
"""What a perfect answer scores on the tasks that `mean_above_floor` takes."""


@dataclass(frozen=True)
class Rule:
    """How the main scores of a try become one number, of which the highest is chosen.

    Attributes:
        definition: in words.
        combine: from the values of the tasks and their floors, each (T,), to the number.
        check: refuses a task that the rule doesn't suit.
    """

    definition: str
    combine: Callable[[Sequence[float], Sequence[float]], float]
    check: Callable[[Task], None]


def mean_above_floor(values: Sequence[float], floors: Sequence[float]) -> float:
    """Mean over tasks of (value - floor) / (1 - floor): 0 at the floor, 1 for a perfect answer.

    Args:
        values: main score of each task.
        floors: what knowing nothing scores on each; less than 1.
    """
    shares = [(value - floor) / (HIGHEST - floor) for value, floor in zip(values, floors, strict=True)]
    return math.fsum(shares) / len(shares)


def _check_share(task: Task) -> None:
    metric = task.declared(task.main)
    if metric.high != HIGHEST or not metric.higher_is_better:
        raise ThreeDieError(
            f"task {task.name}: its main score {metric.name} isn't 1 at best, so rule mean_above_floor can't take it; "
            "choose another task"
        )


RULES: dict[str, Rule] = {
    "mean_above_floor": Rule(
        "the mean over the tasks of how far the main score of the whole representation is from its floor to 1, "
        "(value - floor) / (1 - floor); of equal ones the first in the grid",
        mean_above_floor,
        _check_share,
    ),
}
"""Name in a grid -> the rule."""


def choose(scores: Sequence[float | None]) -> int | None:
    """Position of the highest score, the first of several; None where no try has one.

    Args:
        scores: of each try; None for one that failed.
    """
    usable = [index for index, score in enumerate(scores) if score is not None]
    return max(usable, key=lambda index: (scores[index], -index)) if usable else None


def edges(tries: Sequence[Mapping[str, Any]], chosen: int) -> list[str]:
    """Which settings of the chosen try are the lowest or the highest of those tried, in words.

    Args:
        tries: the settings of all tries.
        chosen: position of the chosen one.
    """
    sentences = []
    for key, value in tries[chosen].items():
        values = {settings[key] for settings in tries if _is_number(settings.get(key))}
        if len(values) > 1 and _is_number(value) and value in (min(values), max(values)):
            sentences.append(f"{key} {value:g} is the {'lowest' if value == min(values) else 'highest'} that was tried")
    return sentences


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
