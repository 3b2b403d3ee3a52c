"""`3die bench run METHOD --dataset cifar10`, behind the command line."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from threedie.benchmark.cifar10.evaluation import RULES, Rules, monitor
from threedie.benchmark.cifar10.run import RESULT_FILE, PicturePairs, check, run_cifar10
from threedie.benchmark.data.cifar10 import Cifar10, read_cifar10
from threedie.benchmark.records.build import run_name
from threedie.benchmark.runs.curves import CURVES_FILE, draw_curves
from threedie.benchmark.runs.estimate import span, time_steps
from threedie.benchmark.runs.folder import run_lock
from threedie.benchmark.runs.summary import indented
from threedie.benchmark.settings.recipe import Recipe
from threedie.benchmark.settings.run_settings import Settings
from threedie.benchmark.training.build import build
from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE
from threedie.benchmark.training.device import find_device
from threedie.benchmark.training.loop import LOG_FOLDER, train_on
from threedie.benchmark.training.resume import resumable
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import write_json
from threedie.manifests.processes import find_processes
from threedie.manifests.text import read_json

_TRIED_ON_CPU = 32
_WORDS = {"knn_top1": "200 nearest neighbours", "linear_top1": "linear layer"}


def find_rules(protocol: str) -> Rules:
    """How the linear layer is trained, by name; ThreeDieError on an unknown one."""
    if protocol not in RULES:
        raise ThreeDieError(f"--protocol {protocol}: on CIFAR-10 there are {', '.join(RULES)}")
    return RULES[protocol]


def run_command(
    method: str,
    data: Path | None,
    plan: Recipe,
    out: Path,
    seed: int,
    protocol: str,
    device: str,
    save_every: float,
    say: Callable[[str], object],
) -> None:
    """Train a method on CIFAR-10 and measure it.

    Args:
        method: its name.
        data: folder of the files.
        plan: how to train.
        out: folder that gets a folder for the run.
        seed: of weights, order and augmentations.
        protocol: a key of `RULES`.
        device: `auto`, `cpu` or `cuda`.
        save_every: seconds between checkpoints.
        say: takes a text for the user.

    Raises:
        ThreeDieError: files, recipe or method don't suit.
        Interrupted: training was asked to stop.
    """
    rules = find_rules(protocol)
    if data is None:
        raise ThreeDieError("--dataset cifar10: name the folder of its files with --data FOLDER")
    pictures = read_cifar10(data)
    settings = Settings(method, plan, seed, pictures.sha256, pictures.sha256)
    check(settings, build(settings).action)
    folder = out / run_name(method, plan.name, seed)
    processes = find_processes()
    if not processes.first:
        # The first process speaks, holds the folder and measures; the others only take their share of the steps.
        train_on(PicturePairs(pictures), settings, folder, device, save_every, monitor(pictures))
        return
    say(
        f"dataset  CIFAR-10 from {data}: {len(pictures.train):,} pictures for training, {len(pictures.test):,} for test"
    )
    say(indented("recipe", plan.text()))
    if processes.note:
        say(indented("process", processes.note + processes.mend))
    with run_lock(folder):
        before = resumable(folder / CHECKPOINT_FILE, settings)
        result_file = folder / RESULT_FILE
        if before and before["finished"] and _is_of(result_file, rules):
            say(f"\n{folder}: finished before; nothing to do")
        else:
            if not (before and before["finished"]):
                steps = plan.epochs * PicturePairs(pictures).steps_per_epoch(plan)
                left = steps - (before["progress"]["steps_done"] if before else 0)
                seconds = left * _step_seconds(settings, pictures, find_device(device))
                say(indented("time", f"training about {span(seconds)}, and the vote of neighbours after every epoch"))
            result = run_cifar10(settings, pictures, rules, folder, device, save_every, datetime.now(UTC))
            write_json(result_file, result)
            if result["curves"]["epoch"]:
                draw_curves(folder / CURVES_FILE, result["curves"], f"{folder.name}, CIFAR-10")
        _show(_read_result(result_file), folder, say)


def _step_seconds(settings: Settings, pictures: Cifar10, device: str) -> float:
    batch = min(settings.recipe.batch_size, len(pictures.train))
    # On a CPU a step's time grows with the batch, so that a few pictures tell it; a GPU gets them all.
    tried = batch if device == "cuda" else min(batch, _TRIED_ON_CPU)
    return time_steps(settings, pictures.train.pixels[:tried], device) * batch / tried


def _is_of(path: Path, rules: Rules) -> bool:
    if not path.exists():
        return False
    there = _read_result(path)["rules"]
    return bool((there.get("name"), there.get("version")) == (rules.name, rules.version))


def _read_result(path: Path) -> dict[str, Any]:
    result = read_json(path)
    rows = result.get("results") if isinstance(result, dict) else None
    if not (isinstance(rows, list) and isinstance(result.get("rules"), dict) and all(map(_is_row, rows))):
        raise ThreeDieError(f"{path}: damaged: not a result of '3die bench run'; delete it and run the same again")
    return dict(result)


def _is_row(row: Any) -> bool:
    numbers = [row.get("value"), row.get("floor")] if isinstance(row, dict) else [None]
    return all(isinstance(number, float) for number in numbers) and row.get("metric") in _WORDS


def _show(result: dict[str, Any], folder: Path, say: Callable[[str], object]) -> None:
    say("")
    for row in result["results"]:
        score, floor = (f"{row[key]:.2%}" for key in ("value", "floor"))
        say(f"{_WORDS[row['metric']]:<24}{score} right; always naming the commonest class {floor}")
    say("")
    say(indented("result", str(folder / RESULT_FILE)))
    say(indented("log", f"tensorboard --logdir {folder / LOG_FOLDER}"))
