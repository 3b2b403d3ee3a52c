"""The examples, run as they stand in an empty folder that holds a tiny dataset where `3die render` puts one."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from api_samples import write_tiny

import threedie

REPO = Path(__file__).parents[1]
EXAMPLES = sorted(path.name for path in (REPO / "examples").glob("*.py"))
LONGEST = 75
"""Lines; an example is read in a minute."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("newcomer")
    write_tiny(root / "3die-data" / "dataset.h5", objects=200, views=4)
    return root


def run(name: str, folder: Path) -> str:
    """Copy an example into a folder and run it there; what it prints."""
    shutil.copy2(REPO / "examples" / name, folder / name)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "error::DeprecationWarning:__main__"}
    done = subprocess.run(
        [sys.executable, name], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_short_and_say_how_they_are_called(name: str) -> None:
    text = (REPO / "examples" / name).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST
    assert f"python {name}" in text
    assert re.findall(r"^(?:from|import) threedie\S*", text, re.MULTILINE), "an example shows threedie"
    assert not re.findall(r"threedie\.(?:benchmark|baselines|manifests|render)\b", text), "only what is promised"


def test_pairs_train_an_encoder(folder: Path) -> None:
    shown = re.findall(r"loss (\S+), .* (\S+)$", run("train_on_pairs.py", folder), re.MULTILINE)
    losses, errors = ([float(value) for value in column] for column in zip(*shown, strict=True))
    assert len(losses) == 5
    assert losses[-1] < losses[0]
    assert errors[-1] < 0.8 * errors[0]


def test_the_notebook_runs_cell_by_cell_and_holds_no_outputs(folder: Path) -> None:
    notebook = json.loads((REPO / "examples" / "use_from_python.ipynb").read_text(encoding="utf-8"))
    assert (notebook["nbformat"], len({cell["id"] for cell in notebook["cells"]})) == (4, len(notebook["cells"]))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] or cell["execution_count"] for cell in cells)
    text = "\n".join("".join(cell["source"]) for cell in cells)
    assert not re.findall(r"threedie\.(?:benchmark|baselines|manifests|render)\b", text), "only what is promised"
    (folder / "notebook.py").write_text(text)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    done = subprocess.run(
        [sys.executable, "notebook.py"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # Mean colors tell the floor's hue.
    assert float(re.findall(r"^R2 (\S+)$", done.stdout, re.MULTILINE)[0]) > 0.5
    assert re.search(r"^torch\.Size\(\[64, 3, 32, 32\]\) torch\.Size\(\[64, 7\]\)", done.stdout, re.MULTILINE)
    assert re.search(r"^\{.*'invariance': ", done.stdout, re.MULTILINE), done.stdout


@pytest.fixture
def small_folder(tmp_path: Path) -> Path:
    """As `folder`, with few objects: every epoch of a recipe passes over them several times."""
    write_tiny(tmp_path / "3die-data" / "dataset.h5")
    return tmp_path


@pytest.mark.slow
def test_a_method_of_ones_own_is_trained_and_measured(small_folder: Path) -> None:
    shown = run("own_method.py", small_folder)
    (record,) = threedie.read_records([small_folder / "runs"])
    for row in record["results"]:
        if row["main"]:
            assert f"{row['task']} {row['metric']} ({row['input']})" in shown
            assert f"{row['value']:7.3f}   floor {row['floor']:7.3f}" in shown
    assert {"cosine", "variance"} <= set(record["curves"])
    assert record["config"]["method_options"] == {"variance_weight": 2.0}
    folder = next((small_folder / "runs").iterdir())
    method = f"{small_folder / 'own_method.py'}:Cosine"
    images = threedie.ViewDataset(small_folder / "3die-data" / "dataset.h5", image_size=64)[0].image[None]
    assert threedie.load_backbone(folder, method=method)(images).shape == (1, 128)


PAGES = ["README.md", "docs/python.md"]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_python_blocks_of_the_pages_run_one_after_the_other(page: str, small_folder: Path) -> None:
    text = (REPO / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert blocks
    (small_folder / "page.py").write_text("\n".join(blocks))
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "page.py"], cwd=small_folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_features_of_ones_own_are_scored(small_folder: Path) -> None:
    shown = run("score_features.py", small_folder)
    assert "48 dimensions, measured on 4 objects" in shown
    rows = {
        (task, metric): (float(value), float(floor))
        for task, metric, value, floor in re.findall(r"^(\w+) +(\w+) +(\S+) +floor +(\S+)$", shown, re.MULTILINE)
    }
    # Mean colors tell the floor's hue.
    value, floor = rows["color", "r2_floor_hue"]
    assert value > floor + 0.5
    assert {task for task, _ in rows} >= {"classification", "knn", "rotation", "color", "light", "rank"}
    assert re.search(r"^retrieval +left out: needs predictor or predicted$", shown, re.MULTILINE)
