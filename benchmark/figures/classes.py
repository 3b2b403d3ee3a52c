"""The per-class table: what is told of each class."""

from typing import Any

import numpy as np

from benchmark.figures.study import Array, Study, class_name, unit
from benchmark.figures.style import GREY, PART_COLOURS, Drawing, clean, new_figure, shorten
from benchmark.tasks.scores import harmonic_mean_rank

NEIGHBOURS = 20
_CHUNK = 512


def votes(study: Study, where: slice) -> Array:
    """Whether each view's class is told right by its nearest neighbours among views of training objects, (M, V).

    The class that most of the `NEIGHBOURS` nearest have, by cosine; of several as common, the one with the nearest.
    """
    views = study.representation.shape[1]
    bank = unit(study.trained[..., where].reshape(-1, study.trained[0, 0, where].size)).astype(np.float32)
    names = np.repeat(study.trained_labels, study.trained.shape[1])
    queries = unit(study.representation[..., where].reshape(-1, bank.shape[1])).astype(np.float32)
    classes, place = np.unique(names, return_inverse=True)
    count = min(NEIGHBOURS, len(bank))
    said = np.empty(len(queries), np.int64)
    for begin in range(0, len(queries), _CHUNK):
        cosine = queries[begin : begin + _CHUNK] @ bank.T
        nearest = np.argsort(-cosine, axis=1, kind="stable")[:, :count]
        # Less than one vote altogether, so that nearness only decides between equals.
        weight = 1 + 0.5 ** np.arange(1, count + 1) / count
        table = np.zeros((len(nearest), len(classes)))
        for column in range(count):
            table[np.arange(len(nearest)), place[nearest[:, column]]] += weight[column]
        said[begin : begin + _CHUNK] = classes[table.argmax(1)]
    return (said == np.repeat(study.labels, views)).reshape(-1, views).astype(np.float64)


def reciprocal_ranks(study: Study) -> Array:
    """1 / rank of each view among its object's, asked for from view 0, (M, V); ties count against the predictor."""
    objects, views = study.latents.shape[:2]
    told = study.action(study.latents[:, :1].repeat(views, 1), study.latents).reshape(objects * views, -1)
    moved = study.predict(study.embedding[:, :1].repeat(views, 1).reshape(objects * views, -1), told)
    cosine = np.einsum("mve,mwe->mvw", unit(moved.reshape(objects, views, -1)), unit(study.embedding))
    own = np.diagonal(cosine, axis1=1, axis2=2)[..., None]
    return 1 / (cosine >= own - 1e-12).sum(-1)


def per_class(study: Study) -> Drawing:
    """Dots for each class: classification by neighbours from each part, and retrieval where there is a predictor."""
    parts = study.method.parts.representation
    told = {part: votes(study, where).mean(1) for part, where in parts.items()}
    ranks = reciprocal_ranks(study).mean(1) if study.method.has_predictor else None
    found = np.unique(study.labels)
    rows: list[dict[str, Any]] = []
    for label in found:
        own = study.labels == label
        row = {
            "class": class_name(int(label)),
            "objects": int(own.sum()),
            "trained": int((study.trained_labels == label).sum()),
        }
        row |= {f"top1_{part}": float(values[own].mean()) for part, values in told.items()}
        rows.append(row | ({} if ranks is None else {"mrr": float(ranks[own].mean())}))
    first = "top1_all" if "all" in told else f"top1_{next(iter(told))}"
    rows.sort(key=lambda row: (row[first], row["class"]))
    panels = 1 if ranks is None else 2
    figure = new_figure(4.6 + 2.8 * (panels - 1), 0.21 * len(rows) + 1.5)
    grid = figure.subplots(1, panels, sharey=True, squeeze=False)[0]
    places = np.arange(len(rows))
    left = clean(grid[0])
    for part, marker in zip(told, ("o", "v", "^"), strict=False):
        left.scatter(
            [100 * row[f"top1_{part}"] for row in rows], places, s=30, marker=marker, color=PART_COLOURS[part],
            facecolors=PART_COLOURS[part] if part == "all" else "none", label=part, zorder=3,
        )  # fmt: skip
    left.set_yticks(places, [f"{row['class']} ({row['objects']})" for row in rows])
    left.set_ylim(-0.7, len(rows) - 0.3)
    left.set_xlim(-3, 103)
    left.set_xlabel(f"views told right, %\n({NEIGHBOURS} nearest neighbours)")
    handles, names = left.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(told), frameon=False)
    if ranks is not None:
        right = clean(grid[1])
        right.scatter([row["mrr"] for row in rows], places, s=30, color=PART_COLOURS["equivariant"], zorder=3)
        floor = harmonic_mean_rank(study.latents.shape[1])
        right.axvline(floor, color=GREY, linestyle=":", linewidth=1.2)
        right.text(floor, len(rows) - 0.35, " random order", color=GREY, fontsize=8, va="bottom", ha="left")
        right.set_xlim(0, 1)
        right.set_xlabel("views found, MRR\n(predictor)")
    figure.suptitle(shorten(study.record["id"], 80), color=GREY, fontsize=9)
    caption = (
        f"Class by class, with the number of validation objects in brackets: how often the {NEIGHBOURS} nearest views "
        "of training objects, by cosine, tell a view's class (the tables' linear classifier is another measure)"
        + (
            "."
            if ranks is None
            else "; and how well the predictor finds the object's own views (mean reciprocal rank)."
        )
    )
    return Drawing("classes", "Class by class.", caption, (study.record["id"],), figure, {"rows": rows[::-1]})
