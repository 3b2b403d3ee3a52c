"""The views nearest to the embedding that the predictor predicts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from threedie.benchmark.figures.strips import explain, show_view
from threedie.benchmark.figures.study import Array, Indices, Study, unit
from threedie.benchmark.figures.style import BLUE, GREEN, Drawing, new_figure, shorten
from threedie.benchmark.tasks.scores import geodesic_degrees

OBJECTS = 6
RETRIEVED = 5
_KEY_HEIGHT = 1.0
"""Of what frames and texts mean, below the views, in inches."""


@dataclass(frozen=True, eq=False)
class _Query:
    """From view 0 of an object to another view.

    Attributes:
        row: of the object in the study.
        target: the view that the action leads to.
        order: all views, nearest to the predicted embedding first, (V,).
        errors: angle between each view's rotation and the target's in degrees, (V,).
        turn: angle of the action in degrees.
    """

    row: int
    target: int
    order: Indices
    errors: Array
    turn: float

    @property
    def rank(self) -> int:
        """Of the target, from 1."""
        return int(np.flatnonzero(self.order == self.target)[0]) + 1


def draw_neighbors(study: Study) -> Drawing | None:
    """Source, action, the true target and the views nearest to the predicted embedding; None without a predictor."""
    if not study.method.has_predictor or study.latents.shape[1] < 3:
        return None
    rows, views = study.spread(OBJECTS), study.latents.shape[1]
    shown = min(RETRIEVED, views)
    figure = new_figure(1.12 * (shown + 2) + 0.9, 1.38 * len(rows) + 0.35 + _KEY_HEIGHT)
    # A narrow empty column separates the query from the views.
    grid = figure.add_gridspec(len(rows), shown + 3, width_ratios=[1, 1, 0.25] + [1] * shown)
    numbers: list[dict[str, Any]] = []
    for place, row in enumerate(rows):
        query = _query(study, row, 1 + (place * 7) % (views - 1))
        _draw_row(figure, grid, place, study, query, shown)
        nearest = query.order[:shown]
        numbers.append({
            "object": study.object_id(row), "class": study.name(row), "target": query.target, "turn_deg": query.turn,
            "rank": query.rank, "retrieved": nearest.tolist(), "off_deg": query.errors[nearest].tolist(),
        })  # fmt: skip
    frames = {BLUE: "the view wanted", GREEN: "the view wanted, among the nearest ones"}
    explain(figure, frames, [
        "rotated by: the angle of the action that the predictor gets",
        f"ranked: place of the view wanted among the object's {views} views, nearest to the predictor's output first",
        "off: angle between a view's rotation and that of the view wanted",
    ])  # fmt: skip
    caption = (
        "The predictor moves the embedding of the first view by the action that leads to the second; on the right the "
        f"object's own views, all {views} of them, nearest to the result first. Green: the view wanted."
    )
    return Drawing(
        "neighbours", "Views the predictor retrieves.", caption, (study.record["id"],), figure, {"queries": numbers}
    )


def _query(study: Study, row: int, target: int) -> _Query:
    latents, rotations = study.latents[row], study.rotations[row]
    action = study.action(latents[:1], latents[target : target + 1])
    predicted = study.predict(study.starts[row, :1], action)
    cosine = unit(study.embedding[row]) @ unit(predicted)[0]
    errors = geodesic_degrees(np.broadcast_to(rotations[target], (len(rotations), 4)), rotations)
    turn = float(geodesic_degrees(rotations[:1], rotations[target : target + 1])[0])
    return _Query(row, target, np.argsort(-cosine, kind="stable"), errors, turn)


def _draw_row(figure: Figure, grid: GridSpec, place: int, study: Study, query: _Query, shown: int) -> None:
    row, target = query.row, query.target
    source = show_view(figure.add_subplot(grid[place, 0]), study, row, 0, None, f"rotated by {query.turn:.0f}°")
    source.set_ylabel(shorten(study.name(row), 14), fontsize=8.5)
    rank = f"ranked {query.rank} of {len(query.order)}"
    wanted = show_view(figure.add_subplot(grid[place, 1]), study, row, target, BLUE, rank)
    if place == 0:
        source.set_title("view it starts from", fontsize=8)
        wanted.set_title("view wanted", fontsize=8)
    for column, view in enumerate(query.order[:shown]):
        right = view == target
        text = "the one wanted" if right else f"{query.errors[view]:.0f}° off"
        axes = figure.add_subplot(grid[place, 3 + column])
        show_view(axes, study, row, int(view), GREEN if right else None, text)
        if place == 0:
            axes.set_title("nearest" if column == 0 else f"{column + 1}.", fontsize=8)
