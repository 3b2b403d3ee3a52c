"""The per-class figure: accuracy of class and rotation for each class, by heads trained as those of the tables."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from threedie.baselines.parts import ALL, EQUIVARIANT
from threedie.benchmark.evaluation.measure import FeatureSpace, Split, build_subject
from threedie.benchmark.evaluation.plan import EvaluationPlan
from threedie.benchmark.evaluation.scope import Scope
from threedie.benchmark.figures.comparison import OBJECT, POSE, task_with_role
from threedie.benchmark.figures.study import Array, Study, class_name
from threedie.benchmark.figures.style import GRAY, PART_COLORS, PART_MARKERS, Drawing, clean, new_figure, shorten
from threedie.benchmark.records.record import head_seeds
from threedie.benchmark.settings.protocol import PROTOCOLS, Protocol
from threedie.benchmark.tasks.classification import Classes
from threedie.benchmark.tasks.retrieval import rank_places
from threedie.benchmark.tasks.scores import geodesic_degrees, harmonic_mean_rank, reciprocal_ranks
from threedie.benchmark.tasks.subject import REPRESENTATION

ByPart = dict[str, Array]
"""Part -> a value for each view of each validation object, (M, V)."""
ACCURACY, ERROR, RECIPROCAL_RANK = "top1", "rotation_deg", "mrr"
"""Names of the figure's numbers; the first two with `_PART`."""


def head_scores(study: Study, protocol: Protocol) -> tuple[ByPart, ByPart]:
    """Train the heads of the object task and of the pose task as the record's were, and score every view.

    Args:
        study: the run.
        protocol: the record's.

    Returns:
        whether the predicted class is right (1 or 0, mean over head seeds); and the error of the predicted rotation
        from each view to another one in degrees.
    """
    object_task, pose_task = task_with_role(OBJECT), task_with_role(POSE)
    assert object_task is not None
    assert pose_task is not None
    plan = EvaluationPlan(protocol, Scope(head_seeds=head_seeds(study.record)))
    train, val = Split(study.data, study.train), Split(study.data, study.val)
    subject = build_subject(train, val, FeatureSpace(study.method.parts), plan)
    classes = Classes.of(subject, subject.eval_objects)
    object_head, pose_head = object_task.head(subject), pose_task.head(subject)
    assert object_head is not None
    assert pose_head is not None
    target = pose_head.target(study.data, subject.eval_pairs)
    for head in (object_head, pose_head):
        for dims in subject.representation_parts.values():
            subject.heads.plan(head, REPRESENTATION, dims)
    correct, errors = {}, {}
    shape = (len(study.val), study.data.views)
    for part, dims in subject.representation_parts.items():
        logits = subject.heads.predictions(object_head, REPRESENTATION, dims, study.data, subject.eval_pairs)
        rotations = subject.heads.predictions(pose_head, REPRESENTATION, dims, study.data, subject.eval_pairs)
        correct[part] = np.mean([classes.correct(each, 1) for each in logits], 0).reshape(shape)
        errors[part] = np.mean([geodesic_degrees(target, each) for each in rotations], 0).reshape(shape)
    return correct, errors


def reciprocal_ranks_of_views(study: Study) -> Array:
    """1 / rank of each view among its object's when the predictor starts at view 0, (M, V), as in task retrieval."""
    objects, views = study.latents.shape[:2]
    first = study.latents[:, :1].repeat(views, 1)
    actions = study.action(first, study.latents).reshape(objects * views, -1)
    predictions = study.predict(study.starts[:, :1].repeat(views, 1).reshape(objects * views, -1), actions)
    places = rank_places(predictions.reshape(objects, views, -1), study.embedding)
    return reciprocal_ranks(places.reshape(-1, 2)).reshape(objects, views)


def class_rows(study: Study, protocol: Protocol) -> list[dict[str, Any]]:
    """A row for each class of the validation objects, by accuracy."""
    correct, errors = head_scores(study, protocol)
    labels, train_labels = study.data.labels[study.val], study.data.labels[study.train]
    ranks = reciprocal_ranks_of_views(study).mean(1) if study.method.has_predictor else None
    rows = []
    for label in np.unique(labels):
        own = labels == label
        row: dict[str, Any] = {
            "class": class_name(int(label)),
            "objects": int(own.sum()),
            "trained": int((train_labels == label).sum()),
        }
        row |= {f"{ACCURACY}_{part}": float(values[own].mean()) for part, values in correct.items()}
        row |= {f"{ERROR}_{part}": float(values[own].mean()) for part, values in errors.items()}
        if ranks is not None and (study.labels == label).any():
            row[RECIPROCAL_RANK] = float(ranks[study.labels == label].mean())
        rows.append(row)
    return sorted(rows, key=lambda row: (-row[f"{ACCURACY}_{ALL}"], row["class"]))


def draw_classes(study: Study) -> Drawing | None:
    """A panel each for class, rotation, and retrieval with a predictor; None for a protocol of another version."""
    name, version = study.record["protocol"]["name"], study.record["protocol"]["version"]
    if name not in PROTOCOLS or PROTOCOLS[name].version != version or "trained_on" in study.record:
        return None
    rows = class_rows(study, PROTOCOLS[name])[::-1]
    parts = list(study.method.parts.representation)
    panels = 3 if any(RECIPROCAL_RANK in row for row in rows) else 2
    figure = new_figure(4.2 + 2.7 * (panels - 1), 0.21 * len(rows) + 1.5)
    grid = figure.subplots(1, panels, sharey=True, squeeze=False)[0]
    for axes, key, factor, label in (
        (grid[0], ACCURACY, 100, "class predicted right, % of views"),
        (grid[1], ERROR, 1, "mean error of the predicted rotation, degrees"),
    ):
        clean(axes).set_xlabel(label)
        for part in parts:
            axes.scatter(
                [factor * row[f"{key}_{part}"] for row in rows], np.arange(len(rows)), s=30, marker=PART_MARKERS[part],
                zorder=3, color=PART_COLORS[part], facecolors=PART_COLORS[part] if part == ALL else "none", label=part,
            )  # fmt: skip
    grid[0].set_xlim(-3, 103)
    grid[1].set_xlim(left=0)
    grid[0].set_yticks(np.arange(len(rows)), [f"{row['class']} ({row['objects']})" for row in rows])
    grid[0].set_ylim(-0.7, len(rows) - 0.3)
    if len(parts) > 1:
        handles, names = grid[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=len(parts), frameon=False)
    if panels == 3:
        _draw_retrieval(clean(grid[2]), rows, study.latents.shape[1])
    figure.suptitle(shorten(study.record["id"], 80), color=GRAY, fontsize=9)
    caption = (
        "Class by class, with the number of validation objects in brackets: what heads, trained as for the tables, "
        "predict of an object's class and of its rotation between two views"
        + ("; and how well the predictor retrieves an object's own views." if panels == 3 else ".")
    )
    numbers = {"rows": rows[::-1]}
    return Drawing("classes", "Class by class.", caption, (study.record["id"],), figure, numbers)


def _draw_retrieval(axes: Axes, rows: list[dict[str, Any]], views: int) -> None:
    """Mean reciprocal rank for each class, and that of a random order."""
    ranks = [row.get(RECIPROCAL_RANK, np.nan) for row in rows]
    axes.scatter(ranks, np.arange(len(rows)), s=30, color=PART_COLORS[EQUIVARIANT], zorder=3)
    floor = harmonic_mean_rank(views)
    axes.axvline(floor, color=GRAY, linestyle=":", linewidth=1.2)
    axes.text(floor, len(rows) - 0.35, " random order", color=GRAY, fontsize=8, va="bottom", ha="left")
    axes.set_xlim(0, 1)
    axes.set_xlabel("view retrieved by the predictor, MRR")
