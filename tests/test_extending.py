"""docs/extending.md: one of everything is added to a copy of the package, which then renders, trains and evaluates."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).parents[1]
PAGE = REPO / "docs" / "extending.md"
FOLDERS = ("baselines", "benchmark", "manifests", "render")


def add_blocks(package: Path) -> list[str]:
    """Write every block of the page to the file that its first line names, or into the dict named there."""
    names = []
    for block in re.findall(r"^```(?:python|toml)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S):
        first, _, code = block.partition("\n")
        name, _, table = first.removeprefix("# ").partition(", in ")
        path = package / name if name.startswith(FOLDERS) else package.parent / name
        if table:
            opening = re.compile(rf"^{table}\b.*= {{\n", re.M)
            text, count = opening.subn(lambda match, code=code: match[0] + code, path.read_text())
            assert count == 1, first
            path.write_text(text)
        else:
            path.write_text(code)
        names.append(name)
    return names


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an extended copy of the package, and a dataset rendered by it."""
    folder = tmp_path_factory.mktemp("extended")
    shutil.copytree(REPO / "threedie", folder / "threedie", ignore=shutil.ignore_patterns("__pycache__"))
    assert len(add_blocks(folder / "threedie")) == 10
    done = python(folder, "example_engine.py")
    assert done.split() == [str(Path("data", "dataset.h5")), "1"]
    return folder


def python(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def record(extended: Path) -> dict:
    words = "bench run cosine --dataset evening --data data/dataset.h5 --set method.action=floor --device cpu"
    python(extended, "-m", "threedie", *words.split())
    loaded: dict = json.loads((extended / "runs" / "cosine-evening-s0" / "record.json").read_text())
    return loaded


@pytest.mark.slow
@pytest.mark.blender
def test_the_preset_and_the_generator_made_the_dataset(extended: Path) -> None:
    summary = python(extended, "-c", "import threedie; print(threedie.Dataset('data/dataset.h5').info.preset['name'])")
    assert summary.strip() == "evening"
    made = "from threedie.render.models.synth.library import make_object; "
    parts = "print(*[part.name for part in make_object(0, '03797390', 0).parts])"
    assert python(extended, "-c", made + parts).split() == ["beaker", "ring"]


@pytest.mark.slow
@pytest.mark.blender
def test_the_published_dataset_is_listed_and_planned(extended: Path) -> None:
    assert "3DIEBench by lamplight" in python(extended, "-m", "threedie", "render", "--list-datasets")
    planned = python(extended, "-m", "threedie", "render", "--dataset", "evening", "--dry-run")
    assert "8 objects of 2 classes x 3 views = 24 views of 32 px, preset evening" in planned
    assert "Fingerprint: " in planned


@pytest.mark.slow
@pytest.mark.blender
def test_method_action_recipe_and_dataset_are_in_the_record(record: dict) -> None:
    assert (record["method"]["name"], record["method"]["options"]) == ("cosine", {"action": "floor"})
    assert (record["config"]["name"], record["dataset"]["preset"]) == ("evening", "evening")
    assert set(record["curves"]) >= {"epoch", "loss", "invariance", "variance", "regression"}


@pytest.mark.slow
@pytest.mark.blender
def test_the_task_is_measured_listed_tabled_and_checked(extended: Path, record: dict) -> None:
    (row,) = [row for row in record["results"] if row["task"] == "uniformity"]
    assert row["main"]
    assert row["input"] == "embedding"
    assert row["value"] < 0 == row["floor"]
    listed = python(extended, "-m", "threedie", "bench", "list")
    assert all(name in listed for name in ("uniformity v1", "cosine", "evening"))
    assert "1 of 1 record is good" in python(extended, "-m", "threedie", "leaderboard", "check", "runs")
    python(extended, "-m", "threedie", "leaderboard", "runs", "-o", "tables")
    assert "### Uniformity" in (extended / "tables" / "leaderboard.md").read_text(encoding="utf-8")
    with (extended / "tables" / "leaderboard.csv").open(encoding="utf-8", newline="") as file:
        assert {line["family"] for line in csv.DictReader(file) if line["method"] == "cosine"} == {"invariant"}


@pytest.mark.slow
@pytest.mark.blender
def test_a_value_that_the_task_rules_out_is_refused(extended: Path, record: dict) -> None:
    wrong = {**record, "results": [{**row} for row in record["results"]]}
    row = next(row for row in wrong["results"] if row["task"] == "uniformity")
    row.update(value=0.5, interval=None)
    (extended / "wrong").mkdir()
    (extended / "wrong" / "record.json").write_text(json.dumps(wrong))
    words = [sys.executable, "-m", "threedie", "leaderboard", "check", "wrong"]
    environment = {**os.environ, "PYTHONPATH": str(extended)}
    done = subprocess.run(words, cwd=extended, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode
    assert "uniformity of 0.5 can't be" in done.stdout + done.stderr
