"""What a task declares of each of its metrics: label and unit, range and direction, and how it is shown."""

from dataclasses import dataclass

ROUNDING = 1e-9
"""By how much a value may lie outside its range: sums of many terms are rounded."""
PERCENT, DEGREES = "%", "°"
POOLED, PER_COMPONENT = "pooled", "per component"
"""The two formulas of R2 in the literature, see docs/r2.md."""


@dataclass(frozen=True)
class Metric:
    """A metric of a task.

    Attributes:
        name: what records call it.
        label: what tables call it, without its unit.
        low, high: the least and the greatest possible value, both inclusive; None for no bound.
        unit: what values are shown in; shares shown in `%` are stored as 0 to 1.
        higher_is_better: the direction.
        ranked: whether the best value is marked as the best.
        in_interval: whether its bootstrap interval lies around the value. That of a median needn't: the draws take the
            lower one of two middle values, the value itself is their mean.
        unsplit_name: its name on data without training and validation objects, where the usual one names a split.
        formula: `pooled` or `per component`, of an R2 of several numbers; "" of other metrics.
    """

    name: str
    label: str
    low: float | None
    high: float | None
    unit: str = ""
    higher_is_better: bool = True
    ranked: bool = True
    in_interval: bool = True
    unsplit_name: str = ""
    formula: str = ""

    @property
    def title(self) -> str:
        """What tables call it, with its formula and unit."""
        label = f"{self.label} {self.formula}" if self.formula else self.label
        return f"{label}, {self.unit}" if self.unit else label

    @property
    def percent(self) -> bool:
        """Whether tables show a share in percent."""
        return self.unit == PERCENT

    @property
    def digits(self) -> int:
        """Digits behind the decimal point in tables."""
        return 1 if self.unit in (PERCENT, DEGREES) else 3

    def allows(self, value: float) -> bool:
        """Whether a value lies in the range, up to rounding."""
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


def r2(name: str, label: str) -> Metric:
    """A coefficient of determination of one number: at most 1, and without a lower bound."""
    return Metric(name, label, None, 1.0)


R2_POOLED = Metric("r2", "R²", None, 1.0, formula=POOLED)
R2_PER_COMPONENT = Metric("r2_per_component", "R²", None, 1.0, formula=PER_COMPONENT)


def share(
    name: str,
    label: str,
    *,
    unit: str = "",
    higher_is_better: bool = True,
    ranked: bool = True,
    unsplit_name: str = "",
) -> Metric:
    """A share, or a mean of numbers from 0 to 1."""
    return Metric(name, label, 0.0, 1.0, unit, higher_is_better, ranked, unsplit_name=unsplit_name)


def angle(name: str, label: str, *, in_interval: bool = True) -> Metric:
    """An angle of error in degrees, 0 to 180; lower is better."""
    return Metric(name, label, 0.0, 180.0, DEGREES, higher_is_better=False, in_interval=in_interval)
