"""Maps: the parts of a representation in two dimensions, colored by class and by pose."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize

from threedie.baselines.parts import ALL
from threedie.benchmark.figures.study import Array, Indices, Study, class_name
from threedie.benchmark.figures.style import (
    BLUE,
    GRAY,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    Drawing,
    new_figure,
    shorten,
)
from threedie.manifests.latents import columns

_CLASS_COLORS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
_MARKERS = ("o", "^", "s")
MOST_CLASSES = 8
_MOST_POINTS = 4000
POSE = "rotation_z"
"""Latent field that colors the lower row."""


def principal(rows: Array, count: int = 2) -> tuple[Array, Array]:
    """The first principal components.

    Args:
        rows: (n, D).
        count: how many.

    Returns:
        coordinates (n, count), each component's sign such that its largest weight is positive; and the share of the
        variance that each has, (count,).
    """
    centered = rows - rows.mean(0)
    values, vectors = np.linalg.eigh(centered.T @ centered)
    chosen = vectors[:, ::-1][:, :count]
    chosen = chosen * np.where(chosen[np.abs(chosen).argmax(0), range(chosen.shape[1])] < 0, -1, 1)
    total = max(float(values.sum()), 1e-30)
    return centered @ chosen, values[::-1][:count].clip(0) / total


def draw_maps(study: Study) -> Drawing:
    """Two rows (class, pose), a column for each part."""
    parts = {name: dims for name, dims in study.method.parts.representation.items() if name != ALL}
    parts = parts or {ALL: slice(None)}
    views = study.representation.shape[1]
    labels = np.repeat(study.labels, views)
    field = columns(study.images.dataset.info.fields, (POSE,))[0]
    pose = np.degrees(study.latents[..., field]).reshape(-1)
    step = max(1, -(-len(labels) // _MOST_POINTS))
    figure = new_figure(4.1 * len(parts) + 1.6, 6.6)
    grid = figure.subplots(2, len(parts), squeeze=False)
    limit = float(np.abs(pose).max())
    shares = {}
    painted: Any = None
    for column, (part, dims) in enumerate(parts.items()):
        rows = study.representation[..., dims].reshape(len(labels), -1).astype(np.float64)
        points, explained = principal(rows)
        shares[part] = explained.tolist()
        points = np.pad(points, ((0, 0), (0, 2 - points.shape[1])))[::step]
        top, bottom = grid[0, column], grid[1, column]
        _draw_classes(top, points, labels[::step], _most_frequent(labels))
        painted = bottom.scatter(
            *points.T, s=11, linewidths=0, alpha=0.8, c=pose[::step], cmap="cividis", norm=Normalize(-limit, limit)
        )
        title = "whole representation" if part == ALL else f"{part} part"
        top.set_title(f"{title}: {100 * explained.sum():.0f} % of its variance")
        for axes in (top, bottom):
            axes.set_xticks([])
            axes.set_yticks([])
    grid[0, 0].set_ylabel("by class")
    grid[1, 0].set_ylabel("by pose")
    grid[0, -1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, markerscale=1.6, handletextpad=0.2)
    scale = figure.colorbar(painted, ax=grid[1, :].tolist(), shrink=0.85, pad=0.02)
    scale.set_label("angle about the z axis, degrees")
    figure.suptitle(shorten(study.record["id"], 80), color=GRAY, fontsize=9)
    caption = (
        f"The two principal components of each part over {len(study.objects)} validation objects of {views} views. "
        "A part that keeps to the object has islands above and no order below; one that follows the pose, the reverse."
    )
    return Drawing("maps", "Maps of the representation.", caption, (study.record["id"],), figure, {"variance": shares})


def _most_frequent(labels: Indices) -> Indices:
    """The most frequent classes, at most `MOST_CLASSES`."""
    classes, counts = np.unique(labels, return_counts=True)
    return classes[np.argsort(-counts, kind="stable")][:MOST_CLASSES]


def _draw_classes(axes: Axes, points: Array, labels: Indices, named: Indices) -> None:
    """Points colored by class; classes that aren't named are gray."""
    rest = points[~np.isin(labels, named)]
    axes.scatter(rest[:, 0], rest[:, 1], s=5, color="#c8c8c8", linewidths=0, label="other" if len(rest) else None)
    for place, label in enumerate(named):
        own = points[labels == label]
        axes.scatter(
            own[:, 0], own[:, 1], s=13, linewidths=0, alpha=0.75, color=_CLASS_COLORS[place % len(_CLASS_COLORS)],
            marker=_MARKERS[place // len(_CLASS_COLORS)], label=shorten(class_name(int(label)), 16),
        )  # fmt: skip
