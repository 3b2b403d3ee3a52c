"""How far a predictor is from the laws of rotations, and how far it moves embeddings."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter

from threedie.benchmark.figures.laws import (
    LAWS,
    Triples,
    distances_by_angle,
    draw_triples,
    is_linear,
    laws_of_matrices,
    laws_on_embeddings,
)
from threedie.benchmark.figures.study import Study
from threedie.benchmark.figures.style import BLUE, GRAY, VERMILION, Drawing, clean, new_figure, shorten

_LEAST = 1e-3
"""Smaller distances are drawn here."""


def draw_predictor(study: Study) -> Drawing | None:
    """Laws on the left, distances by angle on the right; None with fewer than three views or if nothing moves again."""
    if not study.method.has_predictor or study.method.predicts_from_representation or study.latents.shape[1] < 3:
        return None
    triples = draw_triples(study)
    embeddings = laws_on_embeddings(study, triples)
    linear = is_linear(study, triples)
    matrices = laws_of_matrices(study, triples) if linear else None
    figure = new_figure(9.4, 3.5)
    left, right = figure.subplots(1, 2, width_ratios=[1.15, 1])
    clean(left).grid(axis="x", visible=False)
    _draw_laws(left, embeddings, matrices)
    _draw_distances(clean(right), study, triples)
    figure.suptitle(shorten(study.record["id"], 80), color=GRAY, fontsize=9)
    caption = (
        "Left: how far the predictor is from what rotations do: no turn changes nothing; a turn there and back changes "
        "nothing; two turns are one. On embeddings, 1 is the mean squared distance between two views of one object. "
        + (
            "For the matrices W themselves, the distance relative to the matrix they should be; most of a large matrix "
            "acts on directions that no embedding has, so the embeddings say more. "
            if linear
            else "This predictor isn't linear, so it has no matrices. "
        )
        + "Right: distances of predictions from where they start and of real embeddings, in means of the latter."
    )
    numbers = {"embeddings": embeddings, "matrices": matrices, "triples": len(triples.rows)}
    return Drawing("predictor", "Does the predictor turn?", caption, (study.record["id"],), figure, numbers)


def _draw_laws(axes: Axes, embeddings: dict[str, float], matrices: dict[str, float] | None) -> None:
    names = ["no turn", "there\nand back", "two turns\nare one", "the real\nview"]
    series = [("on embeddings", "o", BLUE, [embeddings[law] for law in (*LAWS, "truth")], -0.13 if matrices else 0)]
    if matrices:
        series.append(("of matrices", "D", VERMILION, [matrices[law] for law in LAWS], 0.13))
    for label, marker, color, values, shift in series:
        places = np.arange(len(values)) + shift
        shown = np.maximum(values, _LEAST)
        axes.plot(places, shown, marker, color=color, markersize=7, label=label)
        for place, height, value in zip(places, shown, values, strict=True):
            across = "right" if shift < 0 else "left"
            axes.annotate(
                f"{value:.2g}", (place, height), (-7 if shift < 0 else 7, 0), textcoords="offset points", ha=across,
                va="center", fontsize=8, color=color,
            )  # fmt: skip
    axes.axhline(1, color=GRAY, linestyle=":", linewidth=1)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    low, high = axes.get_ylim()
    axes.set_ylim(max(min(low, 0.3), _LEAST / 2), max(high, 3))
    axes.set_xlim(-0.6, 3.5)
    axes.set_xticks(np.arange(4), names)
    axes.set_ylabel("distance from it (log; less is better)")
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(0, 1.16), ncols=2, handletextpad=0.1)


def _draw_distances(axes: Axes, study: Study, triples: Triples) -> None:
    angles, predicted, real = distances_by_angle(study, triples)
    axes.scatter(angles, real, s=9, color=GRAY, alpha=0.45, linewidths=0, label="two views, as they are")
    axes.scatter(angles, predicted, s=9, color=VERMILION, alpha=0.55, linewidths=0, label="a view and its prediction")
    axes.set_xlabel("size of the rotation, degrees")
    axes.set_ylabel("distance of embeddings")
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    axes.legend(
        frameon=False, loc="upper left", bbox_to_anchor=(0, 1.16), ncols=2, handletextpad=0.1, columnspacing=0.8
    )
