"""What a task declares of itself, and how it scores a subject."""

from abc import ABC, abstractmethod
from typing import ClassVar

from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.tasks.metric import PER_COMPONENT, POOLED, Metric
from threedie.benchmark.tasks.needs import Needs
from threedie.benchmark.tasks.outcome import Outcome, Score
from threedie.benchmark.tasks.spread import Estimate
from threedie.benchmark.tasks.subject import REPRESENTATION, HeadSpec, Subject


class Task(ABC):
    """A task: what is measured of frozen features. A corrected task gets a new version.

    Evaluation, tables, figures and `3die leaderboard check` know of a task what is declared here, and nothing else.

    Attributes:
        name, version: what records cite.
        order: its place among the tasks, which are run and shown by rising numbers; without one it comes last.
        title: what tables call it.
        metrics: its metrics, in the order of the tables; those of its earlier versions too.
        main: name of the main score; the first metric, where a task doesn't name another. See also `main_under`.
        ascending: names of metrics of which none can be greater than the next, as a class among the first five is at
            least as frequent as one in the first place.
        definition: what is measured, in words, with its source.
        needs: what it can't do without.
        in_overview: whether its main score has a column in the first table, which is wide already.
        input: what it is usually measured on: the `representation` or the `embedding`. Columns of the other come later.
        about_objects: whether it is about what an object is, which an invariant part is meant to hold.
        figure_role: `object`, `pose` or `pose_in_class` where figures take this task for what an object is, how it is
            rotated, or how it is rotated if its class is given.
        axis_label: label of an axis with its main metric, with the unit.
        formulas_agree: whether both formulas of R2 give nearly the same on 3DIEBench: the first table needs only one.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    order: ClassVar[int] = 1000
    title: ClassVar[str]
    metrics: ClassVar[tuple[Metric, ...]]
    main: ClassVar[str]
    ascending: ClassVar[tuple[tuple[str, ...], ...]] = ()
    definition: ClassVar[str]
    needs: ClassVar[Needs] = Needs()
    in_overview: ClassVar[bool] = True
    input: ClassVar[str] = REPRESENTATION
    about_objects: ClassVar[bool] = False
    figure_role: ClassVar[str] = ""
    axis_label: ClassVar[str] = ""
    formulas_agree: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        """Make the first metric the main one, unless the class names another."""
        super().__init_subclass__()
        if "metrics" in vars(cls) and "main" not in vars(cls):
            cls.main = cls.metrics[0].name

    @property
    def ranked(self) -> bool:
        """Whether the best value of one of its metrics is marked as the best."""
        return any(metric.ranked for metric in self.metrics)

    def metric(self, name: str) -> Metric | None:
        """The metric of a name, or None."""
        return next((metric for metric in self.metrics if metric.name == name), None)

    def main_under(self, protocol: Protocol | None) -> str:
        """Name of the main score under a protocol: R2 per component instead of pooled, where that is its rule."""
        if protocol is not None and protocol.r2_per_component and self.declared(self.main).formula == POOLED:
            return next((metric.name for metric in self.metrics if metric.formula == PER_COMPONENT), self.main)
        return self.main

    def highest(self, metric: Metric, dimensions: int | None, objects: int, views: int) -> float | None:
        """The greatest value that a metric can have on some data, where that is less than the end of its range.

        Args:
            metric: one of this task's.
            dimensions: of the representation or embedding; None if unknown.
            objects: how many are measured.
            views: of each.
        """
        return metric.high

    def missing(self, subject: Subject) -> dict[str, str]:
        """What it needs and the subject lacks: see `Needs.missing`."""
        return self.needs.missing(subject.available(trained=self.needs.train_objects > 0))

    def applies(self, subject: Subject) -> bool:
        """Whether the subject has all that it needs."""
        return not self.missing(subject)

    def head(self, subject: Subject) -> HeadSpec | None:
        """What its head is trained to predict, so that the heads of all tasks can be trained together."""
        return None

    def score(self, metric: str, where: tuple[str, str], estimate: Estimate, floor: float, floor_note: str) -> Score:
        """A score of one of its metrics, with the direction declared for it; `where` is input and part."""
        source, part = where
        return Score(
            metric=metric,
            part=part,
            value=estimate.value,
            floor=floor,
            floor_note=floor_note,
            higher_is_better=self.declared(metric).higher_is_better,
            main=metric == self.main,
            input=source,
            deviation=estimate.deviation,
            interval=estimate.interval,
            draws=estimate.draws,
        )

    def declared(self, metric: str) -> Metric:
        """The metric of a name.

        Raises:
            KeyError: it isn't declared.
        """
        declared = self.metric(metric)
        if declared is None:
            raise KeyError(f"{self.name}: metric {metric!r} isn't declared in its `metrics`")
        return declared

    @abstractmethod
    def measure(self, subject: Subject) -> Outcome:
        """Scores, breakdowns and warnings of a subject to which the task applies."""
