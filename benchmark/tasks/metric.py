"""What a task declares of each of its metrics: what it is called, which values there can be, how it is shown."""

from dataclasses import dataclass

ROUNDING = 1e-9
"""By how much a value may lie outside its range: sums of many terms are rounded."""


@dataclass(frozen=True)
class Metric:
    """A metric of a task.

    Attributes:
        name: what records call it.
        title: what tables call it, with its unit.
        low, high: the least and the greatest value there can be, both inclusive; None where there is no such end.
        higher_is_better: the direction.
        percent: whether tables show a share in percent.
        in_interval: whether its bootstrap interval lies around the value. That of a median needn't: the draws take the
            lower one of two middle values, the value itself is their mean.
        unit: of the value in records, as "°"; "" for a share or another number without one.
    """

    name: str
    title: str
    low: float | None
    high: float | None
    higher_is_better: bool = True
    percent: bool = False
    in_interval: bool = True
    unit: str = ""

    def holds(self, value: float) -> bool:
        """Whether a value lies in the range, but for rounding."""
        return (self.low is None or value >= self.low - ROUNDING) and (
            self.high is None or value <= self.high + ROUNDING
        )

    @property
    def range(self) -> str:
        """The range in words."""
        if self.low is not None and self.high is not None:
            return f"from {self.low:g} to {self.high:g}"
        if self.low is not None:
            return f"at least {self.low:g}"
        return "any number" if self.high is None else f"at most {self.high:g}"


def r2(name: str = "r2", title: str = "R²") -> Metric:
    """A coefficient of determination: 1 at most, and as far below zero as predictions are off."""
    return Metric(name, title, None, 1.0)


def share(name: str, title: str, *, higher_is_better: bool = True, percent: bool = False) -> Metric:
    """A share, or a mean of numbers from 0 to 1."""
    return Metric(name, title, 0.0, 1.0, higher_is_better, percent)
