"""`cifar10.json`: results on CIFAR-10 in the form they had before they were records."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from threedie.benchmark.data.sources.cifar10 import RESULT_FILE
from threedie.benchmark.evaluation.evaluate import Evaluation
from threedie.benchmark.records.record import Record, read_record
from threedie.benchmark.runs.measurement import Measurement
from threedie.benchmark.settings.linear_rules import RULES
from threedie.benchmark.settings.recipe import OLD_NAMES
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.tasks.outcome import Score
from threedie.benchmark.training.loop import LOG_FOLDER
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import write_json
from threedie.manifests.progress import titled
from threedie.manifests.text import read_json

KIND, VERSION = "3die-cifar10", 1
_KEYS = {new: old for old, new in OLD_NAMES.items()}
"""Settings as the form names them."""
_TASKS = {"knn_top1": "picture_neighbors", "linear_top1": "picture_linear"}
_TITLES = {"knn_top1": "200 nearest neighbors", "linear_top1": "linear layer"}


class Cifar10Measurement(Measurement):
    """A measurement on CIFAR-10, whose results are also written in the older form."""

    @property
    def result_file(self) -> Path:
        """The file of the older form."""
        return self.folder / RESULT_FILE

    def is_done(self) -> bool:
        """Whether a record and a result by these rules exist."""
        return is_result_of(self.result_file, self.plan.protocol.name, self.plan.protocol.version) and super().is_done()

    def show(self) -> Record:
        """Report the result in the older form, and where the record is; the record."""
        self.plan.reporter.text(result_text(read_result(self.result_file), self.folder))
        self.plan.reporter.text(titled("record", str(self.record_file)))
        return read_record(self.record_file)

    def _write_more(self, record: Record, result: Evaluation) -> None:
        recipe = RunSettings.from_json(self.checkpoint["settings"]).recipe
        dataset = record["dataset"]
        times: Mapping[str, Any] = record["times"] or {}
        content = {
            "kind": KIND,
            "version": VERSION,
            "method": {key: value for key, value in record["method"].items() if key != "parts"},
            "rules": asdict(RULES[self.plan.protocol.name]),
            "data": {
                "sha256": dataset["fingerprint"],
                "train": dataset["train_objects"],
                "test": dataset["val_objects"],
            },
            "config": {_KEYS.get(key, key): value for key, value in recipe.to_json().items()},
            "seed": record["seed"],
            "checkpoint": record["checkpoint"],
            "code": record["code"],
            "hardware": record["hardware"],
            "libraries": record["libraries"],
            "times": {key: times.get(key) for key in ("started", "train_s", "tasks_s")},
            "results": [_row(metric, result.outcomes[task].scores[0]) for metric, task in _TASKS.items()],
            "curves": record["curves"],
        }
        write_json(self.result_file, content)


def _row(metric: str, score: Score) -> dict[str, Any]:
    row: dict[str, Any] = {"metric": metric, "value": score.value, "floor": score.floor}
    if score.runs:
        row |= {"value": float(np.mean(score.runs)), "runs": list(score.runs)}
    return row


def is_result_of(path: Path, name: str, version: int) -> bool:
    """Whether a result by rules of this name and version exists."""
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
