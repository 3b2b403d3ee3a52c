"""Columns of the tables: a metric of a task, measured on the representation or the embedding, of one part."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

from threedie.baselines.parts import PARTS
from threedie.benchmark.records.types import Result
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.metric import Metric
from threedie.benchmark.tasks.task import REPRESENTATION

_METRICS = {metric.name: metric for task in reversed(TASKS.values()) for metric in reversed(task.metrics)}
"""Name -> the first metric of that name, for records of tasks that this program doesn't have."""
_METRIC_ORDER = list(dict.fromkeys(metric.name for task in TASKS.values() for metric in task.metrics))
_TASK_ORDER = list(TASKS)
_DECIMALS = 3
"""Digits behind the point of metrics that no task declares."""


def find_metric(task: str, name: str) -> Metric | None:
    """The declaration of a metric: the task's own, else another task's of that name, else None."""
    own = TASKS[task].metric(name) if task in TASKS else None
    return own or _METRICS.get(name)


@dataclass(frozen=True)
class TaskMetric:
    """A metric of a task, measured on the representation or the embedding.

    Attributes:
        task, version: name and version of the task.
        name: of the metric.
        input: `representation` or `embedding`.
    """

    task: str
    version: int
    name: str
    input: str

    @classmethod
    def of(cls, row: Result) -> "TaskMetric":
        """The metric of a record's result."""
        return cls(row["task"], row["version"], row["metric"], row["input"])

    @property
    def order(self) -> tuple[Any, ...]:
        """Sort key: tasks in their order, the task's usual input first, metrics in the order of their task."""
        own = [metric.name for metric in TASKS[self.task].metrics] if self.task in TASKS else []
        names = own if self.name in own else _METRIC_ORDER
        return (
            _TASK_ORDER.index(self.task) if self.task in TASKS else len(TASKS),
            self.task,
            self.version,
            not self.on_usual_input,
            self.name not in own,
            names.index(self.name) if self.name in names else len(names),
            self.name,
        )

    @property
    def task_title(self) -> str:
        """The task in words; names the input where it isn't the task's usual one."""
        task = TASKS.get(self.task)
        title = task.title if task else self.task.replace("_", " ").capitalize()
        return title if self.on_usual_input else f"{title}, on the {self.input}"

    def in_overview(self, added: Collection[str] = ()) -> bool:
        """Whether the overview shows it if it is a main metric: of tasks that belong there, and of those `added`."""
        belongs = self.task not in TASKS or TASKS[self.task].in_overview or self.task in added
        return self.on_usual_input and belongs

    @property
    def ranked(self) -> bool:
        """Whether the best value is marked."""
        return self.task not in TASKS or TASKS[self.task].ranked

    @property
    def about_objects(self) -> bool:
        """Whether the task asks what an object is."""
        return self.task in TASKS and TASKS[self.task].about_objects

    @property
    def on_usual_input(self) -> bool:
        """Whether it is measured on what its task is about, where tables don't name the input."""
        return self.input == (TASKS[self.task].input if self.task in TASKS else REPRESENTATION)

    @property
    def declaration(self) -> Metric | None:
        """See `find_metric`."""
        return find_metric(self.task, self.name)

    @property
    def title(self) -> str:
        """The metric in words, with its unit."""
        return self.declaration.title if self.declaration else self.name.replace("_", " ")

    @property
    def formula(self) -> str:
        """The formula of an R2 of several numbers, `pooled` or `per component`; "" of other metrics."""
        return self.declaration.formula if self.declaration else ""

    def is_other_formula_of(self, other: "TaskMetric") -> bool:
        """Whether it is another metric's R2 by the other formula, and differs from it on 3DIEBench."""
        same = (self.task, self.version, self.input) == (other.task, other.version, other.input)
        task = TASKS.get(self.task)
        differs = task is not None and not task.formulas_agree
        return same and differs and "" != self.formula != other.formula != ""

    def text(self, value: float) -> str:
        """A value as the tables of measured results show it."""
        if self._percent:
            return f"{100 * value:.1f}"
        return f"{value:.{self.declaration.digits if self.declaration else _DECIMALS}f}"

    def published_text(self, value: float) -> str:
        """A value with the digits that papers give: two or three behind the point, in % one to three."""
        text = f"{100 * value if self._percent else value:.3f}"
        return text.removesuffix("0").removesuffix("0" if self._percent else "")

    @property
    def _percent(self) -> bool:
        return self.declaration is not None and self.declaration.percent


class Column(NamedTuple):
    """A metric of one part (`threedie.baselines.parts`)."""

    metric: TaskMetric
    part: str


def column_order(column: Column) -> tuple[Any, ...]:
    """Sort key of columns: by metric, then by part."""
    return (*column.metric.order, PARTS.index(column.part))
