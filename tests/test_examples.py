"""The examples, run as they stand in an empty folder that holds a tiny dataset where `3die render` puts one."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from api_samples import write_tiny

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
