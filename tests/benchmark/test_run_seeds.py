"""`bench run` with several seeds, with `--dry-run`, and with fewer epochs than the recipe's warm-up."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from threedie.benchmark.commands.bench import bench
from threedie.benchmark.records.record import read_record
from threedie.benchmark.runs.run import Run
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.benchmark.settings.recipe import load_recipe
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError

SETTINGS = ["image_size=32", "width=4", "projector=8-8", "epochs=1", "passes=1", "batch_size=8"]
TINY = [part for text in SETTINGS for part in ("--set", text)]


@pytest.fixture(autouse=True)
def small_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROTOCOLS, "quick", replace(PROTOCOLS["quick"], hidden=8, steps=4))


def run(dataset: Dataset, out: Path, *words: str) -> Result:
    files = ["--data", str(dataset.path), "--recipe", "smoke", "--out", str(out)]
    return CliRunner().invoke(bench, ["run", "vicreg", *files, *TINY, *words])


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_several_seeds_are_runs_of_their_own_and_go_on_where_they_were(dataset: Dataset, tmp_path: Path):
    plan = run(dataset, tmp_path / "both", "--seed", "1,0", "--dry-run")
    assert plan.exception is None, plan.exception
    assert not (tmp_path / "both").exists()
    for name in ("vicreg-smoke-s1", "vicreg-smoke-s0"):
        assert f"folder   {tmp_path / 'both' / name}: new" in plan.output
    assert plan.output.count("time     about") == 2

    alone = run(dataset, tmp_path / "alone", "--seed", "1")
    assert alone.exception is None, alone.exception
    assert "note     warmup_epochs is 0.5 instead of the recipe's 2, in a run of 1 epoch" in alone.output
    first = contents(tmp_path / "alone")
    (tmp_path / "both").mkdir()
    (tmp_path / "alone" / "vicreg-smoke-s1").rename(tmp_path / "both" / "vicreg-smoke-s1")

    plan = run(dataset, tmp_path / "both", "--seed", "1,0", "--dry-run")
    assert "vicreg-smoke-s1: finished before; nothing to do" in plan.output
    assert "vicreg-smoke-s0: new" in plan.output
    assert contents(tmp_path / "both") == first

    both = run(dataset, tmp_path / "both", "--seed", "1,0")
    assert both.exception is None, both.exception
    assert "vicreg-smoke-s1: finished before; nothing to do" in both.output
    assert both.output.index("seed     1, run 1 of 2") < both.output.index("seed     0, run 2 of 2")
    records = [read_record(tmp_path / "both" / f"vicreg-smoke-s{seed}" / "record.json") for seed in (0, 1)]
    assert [record["seed"] for record in records] == [0, 1]
    assert [record["config"]["warmup_epochs"] for record in records] == [0.5, 0.5]
    assert records[0]["checkpoint"]["sha256"] != records[1]["checkpoint"]["sha256"]
    after = contents(tmp_path / "both")
    assert {name: after[name] for name in first} == first


def test_a_folder_with_another_run_is_refused_before_the_first_seed_is_trained(dataset: Dataset, tmp_path: Path):
    there = Run.create("vicreg", dataset, recipe="smoke", overrides=[*SETTINGS, "width=8"], seed=1, out=tmp_path)
    there.train()
    before = contents(tmp_path)
    for more in ([], ["--dry-run"]):
        result = run(dataset, tmp_path, "--seed", "0,1", *more)
        assert "vicreg-smoke-s1: holds a run with other settings: recipe.width is 8 there and 4" in str(
            result.exception
        )
    assert contents(tmp_path) == before
    there.show_plan()


def test_a_plan_says_where_training_goes_on_and_what_is_only_to_be_measured(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from threedie.benchmark.commands.console import ConsoleReporter

    lines: list[str] = []
    monkeypatch.setattr(ConsoleReporter, "text", lambda _, text="": lines.append(text))
    made = Run.create("vicreg", dataset, recipe="smoke", overrides=SETTINGS, out=tmp_path, reporter=ConsoleReporter())
    made.train()
    before = contents(tmp_path)
    made.show_plan()
    assert f"folder   {tmp_path / 'vicreg-smoke-s0'}: trained before; only to be measured" in lines
    unfinished = {"finished": False, "progress": {"epoch": 3, "steps_done": 17}}
    monkeypatch.setattr(Run, "checkpoint", property(lambda _: unfinished))
    made.show_plan()
    assert f"folder   {tmp_path / 'vicreg-smoke-s0'}: goes on from epoch 4, step 17" in lines
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0,0", "0,0: a seed is named twice"),
        ("1,01", "1,01: a seed is named twice"),
        ("0,,1", "'' is no seed: give a whole number from 0 to 4294967295, or several as 0,1,2"),
        ("", "'' is no seed"),
        ("-1", "'-1' is no seed"),
        ("4294967296", "'4294967296' is no seed"),
        ("9" * 5000, "is no seed"),
        ("a", "'a' is no seed"),
        ("1.5", "'1.5' is no seed"),
        ("²", "is no seed"),
    ],
)
def test_faulty_seeds_are_refused(text: str, message: str):
    result = CliRunner().invoke(bench, ["run", "vicreg", f"--seed={text}"])
    assert result.exit_code == 2
    assert message in re.sub(r"\s+", " ", result.output.replace("│", ""))


def test_several_processes_train_one_seed(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from threedie.benchmark.commands import run as command
    from threedie.manifests.processes import find_processes

    monkeypatch.setattr(command, "find_processes", lambda: replace(find_processes(), count=2))
    result = run(dataset, tmp_path, "--seed", "0,1")
    assert str(result.exception) == "--seed: several processes train one run at a time; give one seed"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("overrides", "warmup"),
    [
        (["epochs=1"], 0.5),
        (["epochs=2"], 1.0),
        (["epochs=3"], None),
        (["epochs=40"], None),
        (["width=4"], None),
        ([], None),
    ],
)
def test_a_warm_up_of_all_epochs_is_shortened_with_a_note(overrides: list[str], warmup: float | None):
    notes: list[str] = []
    recipe = load_recipe("smoke", overrides, note=notes.append)
    assert recipe.warmup_epochs == (2.0 if warmup is None else warmup)
    assert len(notes) == (warmup is not None)
    assert all(f"warmup_epochs is {warmup:g} instead of the recipe's 2" in note for note in notes)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["epochs=1", "warmup_epochs=1"],
            "warmup_epochs is 1.0; it must be 0 or more and less than epochs, which is 1",
        ),
        (["warmup_epochs=40"], "warmup_epochs is 40.0; it must be 0 or more and less than epochs, which is 40"),
        (["epochs=0"], "epochs is 0; it must be 1 or more"),
        (["epochs=-3"], "epochs is -3; it must be 1 or more"),
        (["epochs=true"], "epochs is True; it must be of type int"),
        (["epochs=one"], "epochs is 'one'; it must be of type int"),
        (["epochs=nan"], "epochs is nan; it must be of type int"),
        (["epochs=1.5"], "epochs is 1.5; it must be of type int"),
    ],
)
def test_other_faults_are_refused_as_before(overrides: list[str], message: str):
    notes: list[str] = []
    with pytest.raises(ThreeDieError, match=re.escape(message)):
        load_recipe("smoke", overrides, note=notes.append)


def test_without_a_note_nothing_is_shortened():
    with pytest.raises(ThreeDieError, match=r"warmup_epochs is 2.0; it must be 0 or more and less than epochs"):
        load_recipe("smoke", ["epochs=1"])


def test_the_folder_of_a_render_is_taken_for_its_dataset(dataset: Dataset, tmp_path: Path):
    (tmp_path / "dataset.h5").symlink_to(dataset.path.resolve())
    assert Dataset(tmp_path).path == tmp_path / "dataset.h5"
    assert Dataset(tmp_path).fingerprint() == dataset.fingerprint()
