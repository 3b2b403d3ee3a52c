"""The per-class table: what is told of each class, by the heads that the tables' numbers come from."""

from typing import Any

import numpy as np

from threedie.benchmark.evaluation.measure import build_subject
from threedie.benchmark.evaluation.scope import Scope
from threedie.benchmark.figures.study import Array, Study, class_name
from threedie.benchmark.figures.style import GREY, PART_COLOURS, Drawing, clean, new_figure, shorten
from threedie.benchmark.settings.protocol import PROTOCOLS, Protocol
from threedie.benchmark.tasks.classification import Classes, Classification
from threedie.benchmark.tasks.retrieval import rank_places
from threedie.benchmark.tasks.rotation import Rotation
from threedie.benchmark.tasks.scores import geodesic_degrees, harmonic_mean_rank, reciprocal_ranks
from threedie.benchmark.tasks.subject import REPRESENTATION

_MARKERS = {"all": "o", "invariant": "v", "equivariant": "^"}
Told = dict[str, Array]
"""Part -> a value for each view of each validation object, (M, V)."""


def told_by_heads(study: Study, protocol: Protocol) -> tuple[Told, Told]:
    """Heads trained as the record's were: whether each view's class is told right, and the error of its rotation.

    Args:
        study: the run.
        protocol: the record's.

    Returns:
        1 where the class is right, else 0 (the mean over head seeds); and the angle of error in degrees, from each view
        to another one.
    """
    scope = Scope(head_seeds=(study.record.get("evaluation") or {}).get("head_seeds", 1))
    subject = build_subject(
        study.data, study.train, study.data, study.val, study.method.parts, None, protocol, scope=scope
    )
    classes = Classes.of(subject, subject.eval_objects)
    named, turned = Classification().head(subject), Rotation().head(subject)
    target = Rotation().target(study.data, subject.eval_pairs)
    for question in (named, turned):
        for where in subject.representation_parts.values():
            subject.heads.plan(question, REPRESENTATION, where)  # type: ignore[attr-defined]
    right, errors = {}, {}
    shape = (len(study.val), study.data.views)
    for part, where in subject.representation_parts.items():
        logits = subject.heads.predictions(named, REPRESENTATION, where, study.data, subject.eval_pairs)
        said = subject.heads.predictions(turned, REPRESENTATION, where, study.data, subject.eval_pairs)
        right[part] = np.mean([classes.correct(one, 1) for one in logits], 0).reshape(shape)
        errors[part] = np.mean([geodesic_degrees(target, one) for one in said], 0).reshape(shape)
    return right, errors


def study_ranks(study: Study) -> Array:
    """1 / rank of each view among its object's, asked for from view 0, (M, V), as the task `retrieval` counts it."""
    objects, views = study.latents.shape[:2]
    told = study.action(study.latents[:, :1].repeat(views, 1), study.latents).reshape(objects * views, -1)
    moved = study.predict(study.embedding[:, :1].repeat(views, 1).reshape(objects * views, -1), told)
    places = rank_places(moved.reshape(objects, views, -1), study.embedding)
    return reciprocal_ranks(places.reshape(-1, 2)).reshape(objects, views)


def class_rows(study: Study, protocol: Protocol) -> list[dict[str, Any]]:
    """A row for each class of the validation objects, the best told first."""
    right, errors = told_by_heads(study, protocol)
    labels, taught = study.data.labels[study.val], study.data.labels[study.train]
    ranks = study_ranks(study).mean(1) if study.method.has_predictor else None
    rows = []
    for label in np.unique(labels):
        own = labels == label
        row: dict[str, Any] = {
            "class": class_name(int(label)),
            "objects": int(own.sum()),
            "trained": int((taught == label).sum()),
        }
        row |= {f"top1_{part}": float(values[own].mean()) for part, values in right.items()}
        row |= {f"rotation_deg_{part}": float(values[own].mean()) for part, values in errors.items()}
        if ranks is not None and (study.labels == label).any():
            row["mrr"] = float(ranks[study.labels == label].mean())
        rows.append(row)
    return sorted(rows, key=lambda row: (-row["top1_all"], row["class"]))


def per_class(study: Study) -> Drawing | None:
    """Dots for each class: class, rotation, and retrieval where there is a predictor; None for other rules."""
    name, version = study.record["protocol"]["name"], study.record["protocol"]["version"]
    if name not in PROTOCOLS or PROTOCOLS[name].version != version or "trained_on" in study.record:
        return None
    rows = class_rows(study, PROTOCOLS[name])[::-1]
    parts = list(study.method.parts.representation)
    panels = 3 if any("mrr" in row for row in rows) else 2
    figure = new_figure(4.2 + 2.7 * (panels - 1), 0.21 * len(rows) + 1.5)
    grid = figure.subplots(1, panels, sharey=True, squeeze=False)[0]
    places = np.arange(len(rows))
    for axes, key, factor, label in (
        (grid[0], "top1", 100, "class told right, % of views"),
        (grid[1], "rotation_deg", 1, "mean error of the rotation, degrees"),
    ):
        clean(axes).set_xlabel(label)
        for part in parts:
            axes.scatter(
                [factor * row[f"{key}_{part}"] for row in rows], places, s=30, marker=_MARKERS[part], zorder=3,
                color=PART_COLOURS[part], facecolors=PART_COLOURS[part] if part == "all" else "none", label=part,
            )  # fmt: skip
    grid[0].set_xlim(-3, 103)
    grid[1].set_xlim(left=0)
    grid[0].set_yticks(places, [f"{row['class']} ({row['objects']})" for row in rows])
    grid[0].set_ylim(-0.7, len(rows) - 0.3)
    if len(parts) > 1:
        handles, names = grid[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=len(parts), frameon=False)
    if panels == 3:
        right = clean(grid[2])
        right.scatter(
            [row.get("mrr", np.nan) for row in rows], places, s=30, color=PART_COLOURS["equivariant"], zorder=3
        )
        floor = harmonic_mean_rank(study.latents.shape[1])
        right.axvline(floor, color=GREY, linestyle=":", linewidth=1.2)
        right.text(floor, len(rows) - 0.35, " random order", color=GREY, fontsize=8, va="bottom", ha="left")
        right.set_xlim(0, 1)
        right.set_xlabel("view found by the predictor, MRR")
    figure.suptitle(shorten(study.record["id"], 80), color=GREY, fontsize=9)
    caption = (
        "Class by class, with the number of validation objects in brackets: what heads, trained as for the tables, "
        "tell of an object's class and of how it was turned between two views"
        + ("; and how well the predictor finds an object's own views." if panels == 3 else ".")
    )
    numbers = {"rows": rows[::-1]}
    return Drawing("classes", "Class by class.", caption, (study.record["id"],), figure, numbers)
