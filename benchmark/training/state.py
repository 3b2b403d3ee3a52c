"""How far a run is, and its curves so far."""

from dataclasses import dataclass, field


@dataclass
class TrainingState:
    """How far a run is; `step` counts within the epoch, `sums` adds up its values so far."""

    epoch: int = 0
    step: int = 0
    steps_done: int = 0
    seconds: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)
    curves: dict[str, list[float]] = field(default_factory=lambda: {"epoch": []})

    def count(self) -> None:
        """Count one step."""
        self.step += 1
        self.steps_done += 1

    def add(self, values: dict[str, float]) -> None:
        """Add up one step's values."""
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value

    def close_epoch(self, measured: dict[str, float] | None = None) -> None:
        """Turn the sums, and what a monitor measured, into the curves' next points."""
        self.curves["epoch"].append(self.epoch + 1)
        means = {name: value / self.step for name, value in self.sums.items()}
        for name, value in {**means, **(measured or {})}.items():
            self.curves.setdefault(name, []).append(value)
        self.epoch, self.step, self.sums = self.epoch + 1, 0, {}
