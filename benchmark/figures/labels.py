"""Labels beside points, placed where they cover neither points nor other labels if possible."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

_ROUNDS = 4
"""Times that the positions of all labels are improved."""
_FONT_SIZE, _SMALL_FONT = 8.5, 7.5
_LINE_HEIGHT = 9.5
"""Of labels in a stack, in points."""
_DISTANCES = (9, 16, 26, 38, 52)
"""Of a label from its point, in points."""
_NEAR = 12
"""Points of distance up to which a label needs no line to its point."""
_DIRECTIONS = (
    (1, 0, "left", "center"), (-1, 0, "right", "center"), (0, 1, "center", "bottom"), (0, -1, "center", "top"),
    (0.8, 0.8, "left", "bottom"), (0.8, -0.8, "left", "top"), (-0.8, 0.8, "right", "bottom"),
    (-0.8, -0.8, "right", "top"),
)  # fmt: skip
"""Offset of a label from its point, and which of its edges lies at the offset."""


def place_labels(
    axes: Axes, points: Sequence[tuple[float, float]], texts: Sequence[str], colors: Sequence[str]
) -> None:
    """Write a label beside each point, where it covers as little as possible and is nearest to its own point.

    Args:
        axes: with its limits set.
        points: in data coordinates; those without text are kept free.
        texts: a label for each point, or "".
        colors: of the labels.
    """
    for label, position in _Layout(axes, points, texts).solve().items():
        line = {"arrowstyle": "-", "color": colors[label], "lw": 0.6, "shrinkA": 0, "shrinkB": 3}
        axes.annotate(
            texts[label], points[label], position.offset, textcoords="offset points", ha=position.horizontal,
            va=position.vertical, color=colors[label], fontsize=_FONT_SIZE,
            arrowprops=line if position.line else None, annotation_clip=False,
        )  # fmt: skip


def stack_labels(
    axes: Axes, points: Sequence[tuple[float, float]], texts: Sequence[str], colors: Sequence[str], x: float
) -> None:
    """Write labels under each other, each as high as its point if there is room, with a line to its point.

    Args:
        axes: with its limits set, in a figure of its final size.
        points: in data coordinates.
        texts: a label for each point.
        colors: of the labels.
        x: left end of the labels, as a share of the axes' width; beyond 1 it is in the margin.
    """
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    frame = axes.get_window_extent()
    wanted = axes.transData.transform(np.reshape(points, (-1, 2)))[:, 1] - frame.y0
    order = np.argsort(wanted, kind="stable")
    heights = spread_out(wanted[order], _LINE_HEIGHT * figure.dpi / 72, frame.height)
    for index, height in zip(order, heights, strict=True):
        axes.annotate(
            texts[index], points[index], (x, height / frame.height), xycoords="data", textcoords="axes fraction",
            ha="left", va="center", color=colors[index], fontsize=_SMALL_FONT, annotation_clip=False,
            arrowprops={
                "arrowstyle": "-", "color": colors[index], "lw": 0.5, "alpha": 0.5, "shrinkA": 0, "shrinkB": 2,
                # To the left end of the text: a line to its middle would cross it.
                "relpos": (0, 0.5),
            },
        )  # fmt: skip


def spread_out(wanted: npt.ArrayLike, gap: float, length: float) -> npt.NDArray[np.float64]:
    """Positions from 0 to `length`, at least `gap` apart, with the least squares of distances from the wanted ones.

    Args:
        wanted: rising.
        gap: between neighbors; made smaller where there is no room for it.
        length: of the whole.
    """
    positions = np.asarray(wanted, np.float64)
    if not len(positions):
        return positions
    gap = min(gap, length / max(1, len(positions) - 1))
    # Without the gaps, positions have to rise, and nothing else: isotonic regression by its formula of means.
    steps = gap * np.arange(len(positions))
    sums = np.concatenate([[0.0], np.cumsum(positions - steps)])
    count = len(positions)
    fit = [
        max(
            min((sums[end] - sums[start]) / (end - start) for end in range(index + 1, count + 1))
            for start in range(index + 1)
        )
        for index in range(count)
    ]
    return np.clip(fit, 0, max(0.0, length - steps[-1])) + steps


@dataclass(frozen=True, eq=False)
class _Position:
    """A possible position of a label.

    Attributes:
        offset: from its point, in points.
        horizontal, vertical: which of its edges lies at the offset.
        distance: in points.
        box: what it covers, in pixels.
        line: small boxes along the line to its point; none where it is near.
    """

    offset: tuple[float, float]
    horizontal: str
    vertical: str
    distance: float
    box: Bbox
    line: tuple[Bbox, ...]


class _Layout:
    """Chooses a position for each label by its cost: what it covers, crosses or could be mistaken for."""

    def __init__(self, axes: Axes, points: Sequence[tuple[float, float]], texts: Sequence[str]) -> None:
        figure = axes.get_figure(root=True)
        assert isinstance(figure, Figure)
        figure.draw_without_rendering()
        renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
        self.scale = figure.dpi / 72
        self.frame = axes.get_window_extent()
        self.spots = axes.transData.transform(np.reshape(points, (-1, 2)))
        side = 10 * self.scale
        self.keep_free = [Bbox.from_bounds(x - side / 2, y - side / 2, side, side) for x, y in self.spots]
        self.labels = [number for number, text in enumerate(texts) if text]
        self.positions = {
            label: _positions(axes, renderer, self.spots[label], texts[label], self.scale) for label in self.labels
        }
        self.chosen: dict[int, _Position] = {}

    def solve(self) -> dict[int, _Position]:
        """The position of each label, by the number of its point."""
        fixed = {label: [self.fixed_cost(label, each) for each in self.positions[label]] for label in self.labels}
        # The most crowded first: the others have more choice. Further rounds know the positions of all.
        order = sorted(
            self.labels, key=lambda label: sorted(np.hypot(*(self.spots[self.labels] - self.spots[label]).T))[1:3]
        )
        for _ in range(_ROUNDS):
            before = dict(self.chosen)
            for label in order:
                self.chosen[label] = self.cheapest(label, fixed[label])
            if self.chosen == before:
                break
        return self.chosen

    def cheapest(self, label: int, fixed_costs: Sequence[float]) -> _Position:
        """The best position of one label where the others are now."""
        best, least = None, np.inf
        for fixed, position in sorted(zip(fixed_costs, self.positions[label], strict=True), key=lambda pair: pair[0]):
            # The fixed cost is a lower bound of the whole.
            if fixed >= least:
                break
            if (cost := fixed + self.mutual_cost(label, position)) < least:
                best, least = position, cost
        assert best is not None
        return best

    def fixed_cost(self, label: int, position: _Position) -> float:
        """The part of the cost that doesn't depend on the other labels."""
        box, scale, frame = position.box, self.scale, self.frame
        nearest = min((_distance(box, self.spots[other]) for other in self.labels if other != label), default=np.inf)
        # A line leads to a far label; a near one must be nearer to its own point than to any other.
        enough = 8 * scale if position.line else _distance(box, self.spots[label]) + 4 * scale
        outside = box.x0 < frame.x0 or box.x1 > frame.x1 or box.y0 < frame.y0 or box.y1 > frame.y1
        cost = 4 * sum(_overlap(box, other) for other in self.keep_free) + 20 * scale * max(0.0, enough - nearest)
        return float(cost + scale**2 * (position.distance if position.line else 0) + (1e6 if outside else 0))

    def mutual_cost(self, label: int, position: _Position) -> float:
        """The part of the cost that comes from the other labels."""
        others = [other for number, other in self.chosen.items() if number != label]
        covered = sum(_overlap(position.box, other.box) for other in others)
        crossed = sum(_overlap(other.box, dot) > 0 for dot in position.line for other in others)
        crossed += sum(_overlap(position.box, dot) > 0 for other in others for dot in other.line)
        return 4 * covered + 60 * self.scale**2 * crossed


def _positions(axes: Axes, renderer: Any, spot: Any, text: str, scale: float) -> list[_Position]:
    label = axes.annotate(text, (0, 0), (0, 0), textcoords="offset points", fontsize=_FONT_SIZE, annotation_clip=False)
    size = label.get_window_extent(renderer)
    label.remove()
    positions = []
    for distance in _DISTANCES:
        for dx, dy, horizontal, vertical in _DIRECTIONS:
            x, y = spot[0] + dx * distance * scale, spot[1] + dy * distance * scale
            x -= {"left": 0, "center": size.width / 2, "right": size.width}[horizontal]
            y -= {"bottom": 0, "center": size.height / 2, "top": size.height}[vertical]
            box = Bbox.from_bounds(x, y, size.width, size.height)
            line = tuple(_dots(spot, box)) if distance > _NEAR else ()
            positions.append(_Position((dx * distance, dy * distance), horizontal, vertical, distance, box, line))
    return positions


def _dots(spot: Any, box: Bbox) -> list[Bbox]:
    """Small boxes along the line from a point to a label, without its ends."""
    end = np.array([np.clip(spot[0], box.x0, box.x1), np.clip(spot[1], box.y0, box.y1)])
    return [Bbox.from_bounds(x - 1, y - 1, 2, 2) for x, y in np.linspace(spot, end, 14)[3:-1]]


def _distance(box: Bbox, spot: Any) -> float:
    """Distance of a point from a box, 0 within it."""
    return float(np.hypot(max(box.x0 - spot[0], 0, spot[0] - box.x1), max(box.y0 - spot[1], 0, spot[1] - box.y1)))


def _overlap(one: Bbox, other: Bbox) -> float:
    """Area that two boxes share."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return max(0.0, width) * max(0.0, height)
