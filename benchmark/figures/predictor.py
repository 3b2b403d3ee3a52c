"""Whether a predictor moves embeddings as rotations move objects: identity, inverse and composition."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter

from threedie.benchmark.figures.study import Array, Study
from threedie.benchmark.figures.style import BLUE, GREY, VERMILION, Drawing, clean, new_figure, shorten
from threedie.benchmark.tasks.scores import geodesic_degrees

TRIPLES = 600
"""Triples of views of one object that embeddings are measured on."""
MATRICES = 24
"""Triples whose matrices are multiplied out."""
_LINEAR = 1e-3
_LEAST = 1e-3
"""Distances below are drawn here."""
LAWS = ("identity", "inverse", "composition")


@dataclass(frozen=True)
class Triples:
    """Three different views a, b, c of one object, and the actions between them.

    Attributes:
        rows, views: of each triple, (T,) and (T, 3).
        still: a to a, (T, A); the same for all.
        there, back: a to b, b to a.
        on, whole: b to c, a to c.
    """

    rows: npt.NDArray[np.int64]
    views: npt.NDArray[np.int64]
    still: Array
    there: Array
    back: Array
    on: Array
    whole: Array


def draw_triples(study: Study, count: int = TRIPLES) -> Triples:
    """Triples spread over the objects, the same for every run on the same data."""
    objects, views = study.latents.shape[:2]
    raw = np.random.Philox(key=np.array([views, objects], np.uint64)).random_raw(3 * count).reshape(3, count)
    rows = np.arange(count) % objects
    first = (raw[0] % np.uint64(views)).astype(np.int64)
    second = (first + 1 + (raw[1] % np.uint64(views - 1)).astype(np.int64)) % views
    low, high = np.minimum(first, second), np.maximum(first, second)
    third = (raw[2] % np.uint64(views - 2)).astype(np.int64)
    third = third + (third >= low)
    third = third + (third >= high)
    a, b, c = (study.latents[rows, view] for view in (first, second, third))
    return Triples(
        rows, np.stack([first, second, third], 1), study.action(a, a), study.action(a, b), study.action(b, a),
        study.action(b, c), study.action(a, c),
    )  # fmt: skip


def laws_on_embeddings(study: Study, triples: Triples) -> dict[str, float]:
    """How far the predictor is from each law, on embeddings.

    Mean squared distances, divided by that between two views of one object: 1 is as far as any other view.

    Returns:
        `identity`: p(z, 1) from z. `inverse`: p(p(z, q), q^-1) from z. `composition`: p(p(z, q1), q2) from
        p(z, q1 q2). `truth`: p(z, q) from the embedding of the view that q leads to.
    """
    z = study.embedding[triples.rows, triples.views[:, 0]].astype(np.float64)
    target = study.embedding[triples.rows, triples.views[:, 1]].astype(np.float64)
    scale = max(float(np.square(z - target).sum(1).mean()), 1e-30)
    once = study.predict(z, triples.there)

    def far(one: npt.NDArray, other: npt.NDArray) -> float:
        return float(np.square(one.astype(np.float64) - other).sum(1).mean()) / scale

    return {
        "identity": far(study.predict(z, triples.still), z),
        "inverse": far(study.predict(once, triples.back), z),
        "composition": far(study.predict(once, triples.on), study.predict(z, triples.whole)),
        "truth": far(once, target),
    }


def matrix(study: Study, action: Array) -> Array:
    """W with p(z, action) = W z, (E, E), of a predictor that is linear in z."""
    size = study.embedding.shape[-1]
    return study.predict(np.eye(size, dtype=np.float32), np.repeat(action[None], size, 0)).T.astype(np.float64)


def is_linear(study: Study, triples: Triples) -> bool:
    """Whether the predictor is linear in the embedding: nothing for nothing, and sums go to sums."""
    z = study.embedding[triples.rows[:16], triples.views[:16, 0]]
    other, told = np.roll(z, 1, 0), triples.there[:16]
    one, two, both = study.predict(z, told), study.predict(other, told), study.predict(z + other, told)
    nothing = study.predict(np.zeros_like(z), told)
    size = float(np.abs(both).max()) + 1e-12
    return bool(np.abs(nothing).max() < _LINEAR * size and np.abs(one + two - both).max() < _LINEAR * size)


def laws_of_matrices(study: Study, triples: Triples, count: int = MATRICES) -> dict[str, float]:
    """Relative distances (Frobenius) of matrices from each law; 0 is exact, about 1.4 what unrelated ones have.

    Returns:
        `identity`: |W(1) - I| / |I|. `inverse`: |W(q^-1) W(q) - I| / |I|. `composition`:
        |W(q2) W(q1) - W(q1 q2)| / |W(q1 q2)|, where q1 is the first turn; `wrong_order` has W(q1) W(q2) instead.
        `spread`: |W(q1) - W(q2)| / |W(q1)|, how much the action matters at all.
    """
    eye = np.eye(study.embedding.shape[-1])
    found: dict[str, list[float]] = {name: [] for name in (*LAWS, "wrong_order", "spread")}
    found["identity"].append(_apart(matrix(study, triples.still[0]), eye))
    for index in range(min(count, len(triples.rows))):
        there, on = matrix(study, triples.there[index]), matrix(study, triples.on[index])
        whole = matrix(study, triples.whole[index])
        found["inverse"].append(_apart(matrix(study, triples.back[index]) @ there, eye))
        found["composition"].append(_apart(on @ there, whole))
        found["wrong_order"].append(_apart(there @ on, whole))
        found["spread"].append(_apart(on, there))
    return {name: float(np.mean(values)) for name, values in found.items()}


def _apart(one: Array, other: Array) -> float:
    return float(np.linalg.norm(one - other) / max(float(np.linalg.norm(other)), 1e-30))


def predictor(study: Study) -> Drawing | None:
    """The laws as numbers, and how far embeddings go as the rotation grows; None without a predictor or three views."""
    if not study.method.has_predictor or study.latents.shape[1] < 3:
        return None
    triples = draw_triples(study)
    embeddings = laws_on_embeddings(study, triples)
    linear = is_linear(study, triples)
    matrices = laws_of_matrices(study, triples) if linear else None
    figure = new_figure(9.4, 3.5)
    left, right = figure.subplots(1, 2, width_ratios=[1.15, 1])
    clean(left).grid(axis="x", visible=False)
    _dots(left, embeddings, matrices)
    sizes, moved, real = _distances(study, triples)
    clean(right)
    right.scatter(sizes, real, s=9, color=GREY, alpha=0.45, linewidths=0, label="two views, as they are")
    right.scatter(sizes, moved, s=9, color=VERMILION, alpha=0.55, linewidths=0, label="a view and itself moved")
    right.set_xlabel("size of the rotation, degrees")
    right.set_ylabel("distance of embeddings")
    right.set_ylim(bottom=0)
    right.set_xlim(left=0)
    right.legend(
        frameon=False, loc="upper left", bbox_to_anchor=(0, 1.16), ncols=2, handletextpad=0.1, columnspacing=0.8
    )
    figure.suptitle(shorten(study.record["id"], 80), color=GREY, fontsize=9)
    caption = (
        "Left: how far the predictor is from what rotations do: no turn changes nothing; a turn there and back changes "
        "nothing; two turns are one. On embeddings, 1 is the mean squared distance between two views of one object. "
        + (
            "For the matrices W themselves, the distance relative to the matrix they should be; most of a large matrix "
            "acts on directions that no embedding has, so the embeddings say more. "
            if linear
            else "This predictor isn't linear, so it has no matrices. "
        )
        + "Right: how far an embedding is moved, beside how far real ones are apart; both in means of the latter."
    )
    numbers = {"embeddings": embeddings, "matrices": matrices, "triples": len(triples.rows)}
    return Drawing("predictor", "Does the predictor turn?", caption, (study.record["id"],), figure, numbers)


def _dots(axes: Axes, embeddings: dict[str, float], matrices: dict[str, float] | None) -> None:
    names = ["no turn", "there\nand back", "two turns\nare one", "the real\nview"]
    series = [("on embeddings", "o", BLUE, [embeddings[law] for law in (*LAWS, "truth")], -0.13 if matrices else 0)]
    if matrices:
        series.append(("of matrices", "D", VERMILION, [matrices[law] for law in LAWS], 0.13))
    for label, marker, colour, values, shift in series:
        places = np.arange(len(values)) + shift
        shown = np.maximum(values, _LEAST)
        axes.plot(places, shown, marker, color=colour, markersize=7, label=label)
        for place, height, value in zip(places, shown, values, strict=True):
            across = "right" if shift < 0 else "left"
            axes.annotate(
                f"{value:.2g}", (place, height), (-7 if shift < 0 else 7, 0), textcoords="offset points", ha=across,
                va="center", fontsize=8, color=colour,
            )  # fmt: skip
    axes.axhline(1, color=GREY, linestyle=":", linewidth=1)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    low, high = axes.get_ylim()
    axes.set_ylim(max(min(low, 0.3), _LEAST / 2), max(high, 3))
    axes.set_xlim(-0.6, 3.5)
    axes.set_xticks(np.arange(4), names)
    axes.set_ylabel("distance from it (log; less is better)")
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(0, 1.16), ncols=2, handletextpad=0.1)


def _distances(study: Study, triples: Triples) -> tuple[Array, Array, Array]:
    """Size of each turn in degrees, and how far the embedding is moved by it and how far the real one lies."""
    first, second = triples.views[:, 0], triples.views[:, 1]
    z, target = (study.embedding[triples.rows, views].astype(np.float64) for views in (first, second))
    sizes = geodesic_degrees(study.rotations[triples.rows, first], study.rotations[triples.rows, second])
    real = np.linalg.norm(target - z, axis=1)
    moved = np.linalg.norm(study.predict(z, triples.there) - z, axis=1)
    scale = max(float(real.mean()), 1e-30)
    return sizes, moved / scale, real / scale
