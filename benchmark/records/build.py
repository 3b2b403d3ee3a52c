"""Building a result record: everything that is needed to believe a number and to get it again."""

import importlib.metadata
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import torch

import threedie
from threedie.benchmark.evaluation.evaluate import Evaluation
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.settings.run_settings import Settings
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.training.imported import KNOWN_SETTINGS

SCHEMA = 1
UNKNOWN_TRAINING = "the weights were trained by another program: on what data, from which seed and how long isn't known"
LIBRARIES = ("torch", "lightning-fabric", "numpy", "scipy", "h5py", "pillow", "simplejpeg")


def run_name(method: str, recipe: str, seed: int | None) -> str:
    """Name of a run and of its folder; without a seed where nobody knows it."""
    return f"{method}-{recipe}" + ("" if seed is None else f"-s{seed}")


def build_record(
    checkpoint: dict[str, Any],
    evaluation: Evaluation,
    protocol: Protocol,
    device: str,
    started: datetime,
    dataset: dict[str, Any],
    trained_on: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The record of one evaluated run.

    Args:
        checkpoint: content of the checkpoint.
        evaluation: what was measured, and on what.
        protocol: by which rules.
        device: where it was trained and measured, as a word.
        started: when the command began, in UTC.
        dataset: the one that was measured on; see `Source.describe`.
        trained_on: the one that heads were trained on, where it is another.
    """
    settings = Settings.from_json(checkpoint["settings"])
    recipe, progress, method = settings.recipe, checkpoint["progress"], evaluation.method
    imported = checkpoint.get("imported")
    name, config = settings.method, recipe.to_json()
    origin: dict[str, Any] = {"kind": "measured"}
    if imported:
        name, origin = imported["name"], {**origin, "weights": "imported", "source": imported["source"]}
        config = {key: config[key] for key in KNOWN_SETTINGS}
    seconds = progress["seconds"]
    return {
        "schema": SCHEMA,
        "id": f"{run_name(name, recipe.name, settings.seed)}-{evaluation.weights[:8]}",
        "origin": origin,
        "protocol": {"name": protocol.name, "version": protocol.version},
        "method": {
            "name": name,
            "options": recipe.method_options,
            "parts": list(method.parts.representation),
            "parameters": sum(parameter.numel() for parameter in method.parameters()),
        },
        "dataset": dataset,
        **({} if trained_on is None else {"trained_on": trained_on}),
        "evaluation": evaluation.scope.to_json(),
        "config": {
            **config,
            "normalisation_mean": checkpoint["normalisation"]["mean"],
            "normalisation_std": checkpoint["normalisation"]["std"],
            "trained_on": settings.fingerprint,
        },
        "seed": settings.seed,
        "code": code_version(Path(threedie.__file__).parent.parent),
        "checkpoint": {
            "sha256": evaluation.weights,
            "epochs": progress["epoch"],
            "steps": progress["steps_done"],
        },
        "hardware": hardware(device),
        "libraries": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in LIBRARIES},
        },
        "times": {
            "started": started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "train_s": None if seconds is None else round(seconds, 2),
            "features_s": round(evaluation.features_s, 2),
            "tasks_s": round(evaluation.tasks_s, 2),
        },
        "results": [
            {
                "task": name,
                "version": TASKS[name].version,
                "metric": score.metric,
                "part": score.part,
                "input": score.input,
                "value": float(score.value),
                "deviation": score.deviation,
                "interval": None if score.interval is None else list(score.interval),
                "floor": float(score.floor),
                "floor_note": score.floor_note,
                "higher_is_better": score.higher_is_better,
                "main": score.main,
            }
            for name, outcome in evaluation.outcomes.items()
            for score in outcome.scores
        ],
        "breakdowns": [
            {"task": name, "version": TASKS[name].version, **breakdown.to_json()}
            for name, outcome in evaluation.outcomes.items()
            for breakdown in outcome.breakdowns
        ],
        "curves": progress["curves"],
        "warnings": [*([UNKNOWN_TRAINING] if imported else []), *map(str, evaluation.warnings)],
    }


def with_other_tasks(record: dict[str, Any], there: dict[str, Any]) -> dict[str, Any]:
    """A record of some tasks, with what an older one of the same weights, rules and data has of the others.

    What other code or another machine measured is taken with a warning for each task.
    """
    # The same weights of another program may have been read as another method, or shown other pixels.
    read = ("method", "config") if record["origin"].get("weights") == "imported" else ()
    same = all(
        record.get(name) == there.get(name) for name in ("id", "protocol", "dataset", "trained_on", "evaluation", *read)
    )
    if not same or record["checkpoint"]["sha256"] != there["checkpoint"]["sha256"]:
        return record
    measured = {row["task"] for row in record["results"]}
    order = list(TASKS)

    def joined(name: str) -> list[dict[str, Any]]:
        rows = [*record[name], *(row for row in there.get(name, []) if row["task"] not in measured)]
        return sorted(rows, key=lambda row: order.index(row["task"]) if row["task"] in order else len(order))

    old = [line for line in there["warnings"] if line.split(":")[0] in set(order) - measured]
    changed = [name for name in ("code", "libraries", "hardware") if record[name] != there[name]]
    if changed:
        kept = [task for task in order if task in {row["task"] for row in there["results"]} - measured]
        old += [f"{task}: measured before, with other {' and '.join(changed)}" for task in kept]
    warnings = record["warnings"] + [line for line in old if line not in record["warnings"]]
    return {**record, "results": joined("results"), "breakdowns": joined("breakdowns"), "warnings": warnings}


def code_version(folder: Path) -> dict[str, Any]:
    """Version of the program, and commit and whether files differ from it where it runs from a git checkout."""
    commit = _git(folder, "rev-parse", "HEAD") if (folder / ".git").exists() else None
    status = _git(folder, "status", "--porcelain", "--untracked-files=no") if commit else None
    return {
        "version": importlib.metadata.version("threedie"),
        "commit": commit or None,
        "modified": None if status is None else bool(status),
    }


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def hardware(device: str) -> dict[str, Any]:
    """What the machine is."""
    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {
        "device": device,
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "gpus": gpus,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
