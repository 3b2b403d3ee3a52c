"""Strips of pictures: which views the predictor finds."""

import numpy as np
from matplotlib.axes import Axes
from scipy.spatial.transform import Rotation

from threedie.benchmark.figures.study import Study, unit
from threedie.benchmark.figures.style import BLUE, GREEN, GREY, VERMILION, Drawing, new_figure, shorten
from threedie.benchmark.tasks.scores import geodesic_degrees

OBJECTS = 6
RETRIEVED = 5
STEERED = 4
ANGLES_DEG = (-90, -60, -30, 0, 30, 60, 90)
_AXES = ("x", "y", "z")
_NO_FURTHER_DEG = 20.0
"""A view found within this angle of the wanted one counts as near in the figures."""


def neighbours(study: Study) -> Drawing | None:
    """Source, action, the true target and the views nearest to the moved embedding; None without a predictor."""
    if not study.method.has_predictor or study.latents.shape[1] < 3:
        return None
    rows, views = study.spread(OBJECTS), study.latents.shape[1]
    shown = min(RETRIEVED, views)
    figure = new_figure(1.12 * (shown + 2) + 0.9, 1.38 * len(rows) + 0.35)
    # An empty narrow column between what was asked and what was found.
    grid = figure.add_gridspec(len(rows), shown + 3, width_ratios=[1, 1, 0.25] + [1] * shown)
    numbers = []
    for place, row in enumerate(rows):
        target = 1 + (place * 7) % (views - 1)
        moved = study.predict(
            study.embedding[row, :1], study.action(study.latents[row, :1], study.latents[row, target : target + 1])
        )
        cosine = unit(study.embedding[row]) @ unit(moved)[0]
        order = np.argsort(-cosine, kind="stable")
        rank = int(np.flatnonzero(order == target)[0]) + 1
        off = geodesic_degrees(np.broadcast_to(study.rotations[row, target], (views, 4)), study.rotations[row])
        turn = float(geodesic_degrees(study.rotations[row, :1], study.rotations[row, target : target + 1])[0])
        source = _show(figure.add_subplot(grid[place, 0]), study, row, 0, None, f"turned by {turn:.0f}°")
        source.set_ylabel(shorten(study.name(row), 14), fontsize=8.5)
        wanted = _show(figure.add_subplot(grid[place, 1]), study, row, target, BLUE, f"ranked {rank} of {views}")
        if place == 0:
            source.set_title("view it starts from", fontsize=8)
            wanted.set_title("view wanted", fontsize=8)
        for column, view in enumerate(order[:shown]):
            right = view == target
            text = "the one wanted" if right else f"{off[view]:.0f}° off"
            axes = figure.add_subplot(grid[place, 3 + column])
            _show(axes, study, row, int(view), GREEN if right else None, text)
            if place == 0:
                axes.set_title("nearest" if column == 0 else f"{column + 1}.", fontsize=8)
        numbers.append({
            "object": study.object_id(row), "class": study.name(row), "target": target,
            "turn_deg": turn, "rank": rank, "retrieved": order[:shown].tolist(),
            "off_deg": off[order[:shown]].tolist(),
        })  # fmt: skip
    caption = (
        "The predictor moves the embedding of the first view by the action that leads to the second; on the right the "
        f"object's own views, all {views} of them, nearest to the result first. Green: the view wanted."
    )
    return Drawing(
        "neighbours", "Views the predictor finds.", caption, (study.record["id"],), figure, {"queries": numbers}
    )


def steering(study: Study) -> Drawing | None:
    """The views found for one embedding moved by growing rotations; None without a predictor that knows rotation."""
    action = study.method.action if study.method.has_predictor else None
    if action is None or action in ("color", "translation"):
        return None
    rows, views = study.spread(STEERED), study.latents.shape[1]
    figure = new_figure(1.12 * (len(ANGLES_DEG) + 1) + 0.9, 1.38 * len(rows) + 0.4)
    grid = figure.add_gridspec(len(rows), len(ANGLES_DEG) + 2, width_ratios=[1, 0.25] + [1] * len(ANGLES_DEG))
    length = study.action(study.latents[:1, :1], study.latents[:1, :1]).shape[-1]
    numbers = []
    for place, row in enumerate(rows):
        axis = place % 3
        # The view whose own angle is nearest to 0 has room to both sides.
        start = int(np.abs(np.degrees(Rotation.from_quat(study.rotations[row]).magnitude())).argmin())
        source = _show(figure.add_subplot(grid[place, 0]), study, row, start, BLUE, f"about its {_AXES[axis]} axis")
        source.set_ylabel(shorten(study.name(row), 14), fontsize=8.5)
        if place == 0:
            source.set_title("start", fontsize=8)
        for column, angle in enumerate(ANGLES_DEG):
            turn = Rotation.from_euler(_AXES[axis], angle, degrees=True)
            # All that an action holds besides the rotation stays as it is: a difference of zero.
            told = np.zeros((1, length))
            told[0, :4] = turn.as_quat()
            moved = study.predict(study.embedding[row, start : start + 1], told)
            found = int((unit(study.embedding[row]) @ unit(moved)[0]).argmax())
            wanted = (Rotation.from_quat(study.rotations[row, start]) * turn).as_quat()
            off = geodesic_degrees(np.broadcast_to(wanted, (views, 4)), study.rotations[row])
            axes = figure.add_subplot(grid[place, 2 + column])
            near = off[found] <= off.min() + _NO_FURTHER_DEG
            _show(axes, study, row, found, GREEN if near else VERMILION, f"{off[found]:.0f}° off ({off.min():.0f}°)")
            if place == 0:
                axes.set_title(f"{angle:+d}°".replace("-", "\u2212") if angle else "0°", fontsize=8)
            numbers.append({
                "object": study.object_id(row), "axis": _AXES[axis], "angle_deg": angle,
                "found": found, "off_deg": float(off[found]), "least_deg": float(off.min()),
            })  # fmt: skip
    caption = (
        "The embedding of the first view, moved by rotations about one of the object's own axes, and the view of the "
        "object nearest to each result. Under each: how far its rotation is from the one asked for and, in brackets, "
        f"how far the best of the {views} views is. Green: within {_NO_FURTHER_DEG:.0f}° of that best."
    )
    return Drawing("steering", "Steering.", caption, (study.record["id"],), figure, {"steps": numbers})


def _show(axes: Axes, study: Study, row: int, view: int, edge: str | None, text: str) -> Axes:
    axes.imshow(study.picture(row, view), interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(edge is not None)
        spine.set_color(edge or GREY)
        spine.set_linewidth(2.2)
    axes.set_xlabel(text, fontsize=7.5, labelpad=2)
    return axes
