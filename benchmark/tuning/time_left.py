"""How long the remaining tries take: steps timed beforehand, corrected by the tries that were run."""

from dataclasses import dataclass, field


@dataclass
class TimeLeft:
    """Seconds of each try as estimated, and how the tries that were run compare.

    Attributes:
        estimates: seconds of a try of each method.
    """

    estimates: dict[str, float]
    _spent: float = field(default=0.0, init=False)
    _expected: float = field(default=0.0, init=False)

    def add(self, method: str, seconds: float) -> None:
        """A try of a method took so long, from its first step to its record."""
        self._spent += seconds
        self._expected += self.estimates[method]

    def seconds(self, remaining: dict[str, int]) -> float:
        """Seconds of the remaining tries.

        Args:
            remaining: their number for each method.
        """
        factor = self._spent / self._expected if self._expected else 1.0
        return factor * sum(self.estimates[method] * count for method, count in remaining.items())
