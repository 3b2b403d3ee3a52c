"""Training curves as small SVG drawings."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 220, 64
MOST_POINTS = 220


@dataclass(frozen=True)
class Curve:
    """One curve, ready to draw in a box of WIDTH x HEIGHT.

    Attributes:
        name: what it shows.
        points: SVG points of each unbroken stretch.
        first: first value.
        last: last value.
        low: smallest value.
        high: largest value.
        epochs: first and last epoch.
    """

    name: str
    points: tuple[str, ...]
    first: float
    last: float
    low: float
    high: float
    epochs: tuple[float, float]


def curves(record_curves: dict[str, list[float | None]] | None) -> list[Curve]:
    """The curves of a record, `loss` first, then by name; without those that have no value."""
    if not record_curves:
        return []
    names = sorted((name for name in record_curves if name != "epoch"), key=lambda name: (name != "loss", name))
    return [curve for name in names if (curve := _curve(name, record_curves.get("epoch"), record_curves[name]))]


def _curve(name: str, epochs: Sequence[float | None] | None, values: Sequence[float | None]) -> Curve | None:
    xs = [float(index if epoch is None else epoch) for index, epoch in enumerate(epochs or range(len(values)))]
    numbers = [value for value in values if value is not None]
    if not numbers:
        return None
    low, high = min(numbers), max(numbers)
    start, end = min(xs), max(xs)
    # A long run has more epochs than the drawing has pixels.
    step = math.ceil(len(values) / MOST_POINTS)
    kept = [index for index in range(len(values)) if index % step == 0 or index == len(values) - 1]
    stretches: list[list[str]] = [[]]
    for index in kept:
        value = values[index]
        if value is None:
            stretches.append([])
            continue
        x = (xs[index] / 2 - start / 2) / (end / 2 - start / 2) * WIDTH if end / 2 > start / 2 else WIDTH / 2
        # Halves, because the difference of two large numbers may overflow.
        share = (value / 2 - low / 2) / (high / 2 - low / 2) if high / 2 > low / 2 else 0.5
        y = HEIGHT - share * HEIGHT
        stretches[-1].append(f"{x:.1f},{y:.1f}")
    points = tuple(" ".join(stretch) for stretch in stretches if stretch)
    return Curve(name, points, numbers[0], numbers[-1], low, high, (start, end))
