"""`cifar10.json`: the results on CIFAR-10 in the form that was there before they were records."""

import importlib.metadata
from dataclasses import asdict
from pathlib import Path
from typing import Any

from threedie.benchmark.records.record import Record
from threedie.benchmark.settings.linear_rules import LinearRules
from threedie.benchmark.settings.run_settings import Settings
from threedie.benchmark.training.loop import LOG_FOLDER
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import write_json
from threedie.manifests.progress import titled
from threedie.manifests.text import read_json

RESULT_FILE = "cifar10.json"
KIND, VERSION = "3die-cifar10", 1
_TITLES = {"knn_top1": "200 nearest neighbors", "linear_top1": "linear layer"}


def write_result(
    path: Path, record: Record, checkpoint: dict[str, Any], rules: LinearRules, results: list[dict[str, Any]]
) -> None:
    """Write a record's content in the older form.

    Args:
        path: the file.
        record: of the same evaluation.
        checkpoint: what was measured.
        rules: of the linear layer.
        results: rows with `metric`, `value`, `floor`, and `runs` of the linear layer.
    """
    method = {key: value for key, value in record["method"].items() if key != "parts"}
    recipe = Settings.from_json(checkpoint["settings"]).recipe
    dataset, times = record["dataset"], record["times"]
    content = {
        "kind": KIND,
        "version": VERSION,
        "method": method,
        "rules": asdict(rules),
        "data": {
            "sha256": dataset["fingerprint"],
            "train": dataset["train_objects"],
            "test": dataset["val_objects"],
        },
        "config": recipe.to_json(),
        "seed": record["seed"],
        "checkpoint": record["checkpoint"],
        "code": record["code"],
        "hardware": record["hardware"],
        "libraries": {**record["libraries"], "kornia": importlib.metadata.version("kornia")},
        "times": {key: times[key] for key in ("started", "train_s", "tasks_s")},
        "results": results,
        "curves": record["curves"],
    }
    write_json(path, content)


def is_result_of(path: Path, name: str, version: int) -> bool:
    """Whether there is a result by rules of this name and version."""
    if not path.exists():
        return False
    rules = read_result(path)["rules"]
    return bool((rules.get("name"), rules.get("version")) == (name, version))


def read_result(path: Path) -> dict[str, Any]:
    """Read and check a result.

    Raises:
        ThreeDieError: it is damaged.
    """
    result = read_json(path)
    rows = result.get("results") if isinstance(result, dict) else None
    if not (isinstance(rows, list) and isinstance(result.get("rules"), dict) and all(map(_is_row, rows))):
        raise ThreeDieError(f"{path}: damaged: not a result of '3die bench run'; delete it and run the same again")
    return dict(result)


def _is_row(row: Any) -> bool:
    numbers = [row.get("value"), row.get("floor")] if isinstance(row, dict) else [None]
    return all(isinstance(number, float) for number in numbers) and row.get("metric") in _TITLES


def result_text(result: dict[str, Any], folder: Path) -> str:
    """A result for the terminal."""
    lines = [""]
    for row in result["results"]:
        score, floor = (f"{row[key]:.2%}" for key in ("value", "floor"))
        lines.append(f"{_TITLES[row['metric']]:<24}{score} correct; always naming the commonest class {floor}")
    lines += ["", titled("result", str(folder / RESULT_FILE))]
    lines.append(titled("log", f"tensorboard --logdir {folder / LOG_FOLDER}"))
    return "\n".join(lines)
