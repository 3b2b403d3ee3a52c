"""Building a result record: everything that is needed to believe a number and to reproduce it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from threedie.benchmark.evaluation.evaluate import Evaluation
from threedie.benchmark.evaluation.plan import EvaluationPlan
from threedie.benchmark.records.environment import Provenance
from threedie.benchmark.records.record import weights_of
from threedie.benchmark.records.types import (
    SCHEMA,
    Breakdown,
    DatasetInfo,
    EvaluationInfo,
    Origin,
    Part,
    Record,
    RecordWarning,
    Result,
    Source,
    Times,
)
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.outcome import Outcome, Score
from threedie.benchmark.tasks.warning import ResultWarning
from threedie.benchmark.training.imported import KNOWN_SETTINGS

FEATURES_RECIPE = "features"
"""What tables have in the place of a recipe's name for features of another program."""
_MOST_LETTERS = 80
UNKNOWN_TRAINING = "the weights were trained by another program: on what data, from which seed and how long isn't known"

_WITHOUT_NAME: Literal[2] = 2
"""Version of records that have nothing of version 3, so that older programs read them."""


def plain_name(name: str) -> str:
    """A name in letters that files and ids may have."""
    return re.sub(r"[^A-Za-z0-9._+]+", "-", name).strip("-._+")[:_MOST_LETTERS] or "unnamed"


def run_name(method: str, recipe: str, seed: int | None) -> str:
    """Name of a run and of its folder; without a seed where it is unknown."""
    return f"{method}-{recipe}" + ("" if seed is None else f"-s{seed}")


def options_suffix(options: Mapping[str, Any]) -> str:
    """End of the id of a record whose method was measured with other options than it was trained with."""
    return "".join(f"-{re.sub('[^A-Za-z0-9._+]+', '-', f'{name}-{value}')}" for name, value in options.items())


def build_record(
    checkpoint: dict[str, Any],
    evaluation: Evaluation,
    provenance: Provenance,
    dataset: dict[str, Any],
    trained_on: dict[str, Any] | None = None,
) -> Record:
    """The record of one evaluated run.

    Args:
        checkpoint: content of the checkpoint.
        evaluation: outcomes of the tasks, and how they were measured.
        provenance: program, libraries, machine, and when the command began.
        dataset: the one that was measured on; see `Source.describe`.
        trained_on: the one that heads were trained on, where it is another.
    """
    settings = RunSettings.from_json(checkpoint["settings"])
    recipe, progress, method = settings.recipe, checkpoint["progress"], evaluation.method
    protocol = evaluation.plan.protocol
    imported = checkpoint.get("imported")
    name, config = settings.method, recipe.to_json()
    suffix = options_suffix(checkpoint.get("evaluated_with", {}))
    origin: Origin = {"kind": "measured"}
    if imported:
        name, origin = imported["name"], {"kind": "measured", "weights": "imported", "source": imported["source"]}
        config = {key: config[key] for key in KNOWN_SETTINGS}
    warnings = [*([ResultWarning(UNKNOWN_TRAINING)] if imported else []), *evaluation.warnings]
    record: Record = {
        "schema": _WITHOUT_NAME,
        "id": f"{run_name(name, recipe.name, settings.seed)}-{evaluation.weights[:8]}{suffix}",
        "origin": origin,
        "protocol": {"name": protocol.name, "version": protocol.version},
        "method": {
            "name": name,
            "options": recipe.method_options,
            "parts": cast("list[Part]", list(method.parts.representation)),
            "parameters": sum(parameter.numel() for parameter in method.parameters()),
        },
        "dataset": cast("DatasetInfo", dataset),
        "evaluation": cast("EvaluationInfo", evaluation.plan.scope.to_json()),
        "config": {
            **config,
            "normalization_mean": checkpoint["normalisation"]["mean"],
            "normalization_std": checkpoint["normalisation"]["std"],
            "trained_on": settings.fingerprint,
        },
        "seed": settings.seed,
        "code": provenance.code,
        "checkpoint": {
            "sha256": evaluation.weights,
            "epochs": progress["epoch"],
            "steps": progress["steps_done"],
        },
        "hardware": provenance.hardware,
        "libraries": provenance.libraries,
        "times": _times(progress["seconds"], evaluation, provenance.started),
        "results": [_result(name, score) for name, outcome in evaluation.outcomes.items() for score in outcome.scores],
        "breakdowns": _breakdowns(evaluation.outcomes),
        "curves": progress["curves"],
        "warnings": [cast("RecordWarning", warning.to_json()) for warning in warnings],
    }
    if trained_on is not None:
        record["trained_on"] = cast("DatasetInfo", trained_on)
    return record


@dataclass(frozen=True)
class FeaturesOf:
    """Features of another program, for their record.

    Attributes:
        name: of the method.
        seed: of its training, if it is known.
        source: their file.
        sha256: of the features.
        dimensions: of each.
        normalized: whether they were compared at length 1 in retrieval.
    """

    name: str
    seed: int | None
    source: str
    sha256: str
    dimensions: int
    normalized: bool


def build_feature_record(
    features: FeaturesOf,
    outcomes: Mapping[str, Outcome],
    warnings: Sequence[ResultWarning],
    plan: EvaluationPlan,
    dataset: dict[str, Any],
    provenance: Provenance,
    tasks_s: float,
) -> Record:
    """The record of features that another program computed.

    Args:
        features: what they are.
        outcomes: of each task by name.
        warnings: what to know before believing a number.
        plan: how they were measured.
        dataset: the one they are of; see `Source.describe`.
        provenance: when the command began, and with what.
        tasks_s: seconds that the tasks took.
    """
    name = run_name(plain_name(features.name), FEATURES_RECIPE, features.seed)
    return {
        "schema": SCHEMA,
        "id": f"{name}-{features.sha256[:8]}",
        "origin": {"kind": "measured", "weights": "features", "source": Path(features.source).name[:_MOST_LETTERS]},
        "protocol": {"name": plan.protocol.name, "version": plan.protocol.version},
        "method": {"name": features.name, "options": {}, "parts": ["all"], "parameters": None},
        "dataset": cast("DatasetInfo", dataset),
        "evaluation": cast("EvaluationInfo", plan.scope.to_json()),
        "config": {
            "name": FEATURES_RECIPE,
            "dimensions": features.dimensions,
            "normalized": features.normalized,
        },
        "seed": features.seed,
        "code": provenance.code,
        "checkpoint": {"sha256": features.sha256, "epochs": None, "steps": None},
        "hardware": provenance.hardware,
        "libraries": provenance.libraries,
        "times": {
            "started": provenance.started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "train_s": None,
            "features_s": 0.0,
            "tasks_s": round(tasks_s, 2),
        },
        "results": [_result(name, score) for name, outcome in outcomes.items() for score in outcome.scores],
        "breakdowns": _breakdowns(outcomes),
        "curves": {"epoch": []},
        "warnings": [cast("RecordWarning", warning.to_json()) for warning in warnings],
    }


def with_display_name(record: Record, name: str | None) -> Record:
    """A record that tables call by a name; as it is without one."""
    return record if name is None else {**record, "schema": SCHEMA, "display_name": name}


def _times(train_s: float | None, evaluation: Evaluation, started: datetime) -> Times:
    return {
        "started": started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "train_s": None if train_s is None else round(train_s, 2),
        "features_s": round(evaluation.features_s, 2),
        "tasks_s": round(evaluation.tasks_s, 2),
    }


def _breakdowns(outcomes: Mapping[str, Outcome]) -> list[Breakdown]:
    return [
        cast("Breakdown", {"task": name, "version": TASKS[name].version, **breakdown.to_json()})
        for name, outcome in outcomes.items()
        for breakdown in outcome.breakdowns
    ]


def _result(task: str, score: Score) -> Result:
    return {
        "task": task,
        "version": TASKS[task].version,
        "metric": score.metric,
        "part": cast("Part", score.part),
        "input": cast("Source", score.input),
        "value": float(score.value),
        "deviation": score.deviation,
        "interval": None if score.interval is None else list(score.interval),
        "floor": float(score.floor),
        "floor_note": score.floor_note,
        "higher_is_better": score.higher_is_better,
        "main": score.main,
    }


Row = TypeVar("Row", Result, Breakdown)


def with_other_tasks(record: Record, older: Record) -> Record:
    """A record of some tasks, completed with the others' results from an older one of the same weights and data.

    Results of other code or of another machine are taken with a warning for each task.
    """
    if not _is_of_the_same(record, older):
        return record
    measured = {row["task"] for row in record["results"]}
    order = list(TASKS)
    kept = [task for task in order if task in {row["task"] for row in older["results"]} - measured]
    warnings = [each for each in older["warnings"] or [] if each["task"] in set(order) - measured]
    changes = [name for name in ("code", "libraries", "hardware") if record.get(name) != older.get(name)]
    if changes:
        text = f"measured before, with other {' and '.join(changes)}"
        warnings += [{"task": task, "text": text} for task in kept]
    own = record["warnings"] or []
    return {
        **record,
        "results": _joined(record["results"], older["results"], measured),
        "breakdowns": _joined(record.get("breakdowns", []), older.get("breakdowns", []), measured),
        "warnings": own + [each for each in warnings if each not in own],
    }


def _is_of_the_same(record: Record, older: Record) -> bool:
    """Whether two records are of the same weights, protocol, data and scope."""
    one, two = cast("Mapping[str, Any]", record), cast("Mapping[str, Any]", older)
    # The same weights of another program may have been read as another method, or seen other pixels.
    imported = ("method", "config") if record["origin"].get("weights") == "imported" else ()
    names = ("id", "protocol", "dataset", "trained_on", "evaluation", *imported)
    return weights_of(record) == weights_of(older) and all(one.get(name) == two.get(name) for name in names)


def _joined(rows: list[Row], older: list[Row], measured: set[str]) -> list[Row]:
    """Rows in the order of the tasks, with the older ones of tasks that weren't measured now."""
    order = list(TASKS)
    joined = rows + [row for row in older if row["task"] not in measured]
    joined.sort(key=lambda row: order.index(row["task"]) if row["task"] in order else len(order))
    return joined
