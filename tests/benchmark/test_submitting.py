"""docs/submitting.md and CONTRIBUTING.md, followed by a stranger in a copy of the repository."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from record_samples import make_record
from table_commands import table_commands

from threedie.baselines.catalogue import CATALOGUE, FAMILIES
from threedie.benchmark.commands.leaderboard import leaderboard
from threedie.benchmark.leaderboard.families import family
from threedie.benchmark.records.record import write_record

REPO = Path(__file__).parents[2]
GUIDE = (REPO / "docs" / "submitting.md").read_text(encoding="utf-8")


def guide_commands():
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```", GUIDE, re.MULTILINE | re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


@pytest.fixture
def root(tmp_path):
    """A copy of the repository's tables, with the records of the mini in `leaderboard`."""
    shutil.copytree(REPO / "docs" / "history" / "mini" / "records", tmp_path / "leaderboard")
    shutil.copytree(REPO / "docs" / "leaderboard", tmp_path / "docs" / "leaderboard")
    (tmp_path / "threedie" / "manifests").mkdir(parents=True)
    for name in ("README.md", "pyproject.toml", "constraints.txt"):
        shutil.copy(REPO / name, tmp_path)
    return tmp_path


def test_the_guide_names_what_make_tables_runs(root):
    made, *_ = table_commands(root)
    assert ["3die", "leaderboard", *made] in guide_commands()


def test_a_new_record_passes_and_gets_its_row(root, monkeypatch):
    monkeypatch.chdir(root)
    before = Path("README.md").read_bytes()
    write_record(Path("runs") / "newcomer-mini-s0" / "record.json", make_record("newcomer"))
    check, tables = guide_commands()

    def run(words):
        assert words[:2] == ["3die", "leaderboard"]
        return CliRunner(catch_exceptions=False).invoke(leaderboard, words[2:])

    assert run(check).exit_code == 0
    # Step 3, with what continuous integration says before and after step 4.
    shutil.copytree("runs/newcomer-mini-s0", "leaderboard/newcomer-mini-s0")
    done = run(tables)
    assert (done.exit_code, done.stderr) == (0, "")
    after = Path("README.md").read_bytes()
    assert b"| newcomer (mini) | " in after
    assert after.startswith(before[: before.index(b"<!-- leaderboard: begin -->")])
    assert after.endswith(before[before.index(b"<!-- leaderboard: end -->") :])
    files = {path: path.read_bytes() for path in Path("docs/leaderboard").rglob("*") if path.is_file()}
    names = {path.name for path in (REPO / "docs" / "leaderboard").iterdir()}
    assert {path.name for path in Path("docs/leaderboard").iterdir()} == names
    assert b"newcomer-mini-s0" in files[Path("docs/leaderboard/index.html")]
    assert "as it was" in run(tables).stdout
    assert {path: path.read_bytes() for path in files} == files
    assert run(["3die", "leaderboard", "check", "leaderboard"]).exit_code == 0


def test_an_entry_in_the_catalogue_is_all_that_makes_a_method_known():
    script = (
        "from threedie.baselines import catalogue\n"
        "catalogue.CATALOGUE['twin'] = catalogue.CATALOGUE['vicreg']\n"
        "from threedie.baselines.registry import METHODS, build_method\n"
        "assert list(METHODS) == list(catalogue.CATALOGUE)\n"
        "assert type(build_method('twin', width=4, projector='8')).__name__ == 'VICReg'\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=REPO, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert family({"name": "twin", "parts": ["all"]}) in FAMILIES


def test_every_method_has_a_row_in_the_docs():
    table = (REPO / "METHODS.md").read_text(encoding="utf-8")
    for name in CATALOGUE:
        assert f"| [`{name}`]" in table, f"{name} has no row in METHODS.md"
