"""Tuning: what is tried on which objects, what is chosen, what a kill leaves, and runs with the chosen settings."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from threedie.benchmark.commands.bench import bench
from threedie.benchmark.records.record import read_record
from threedie.benchmark.runs.run import Run
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.benchmark.training.checkpoints import load_checkpoint
from threedie.benchmark.tuning.chosen import chosen_settings
from threedie.benchmark.tuning.outcome import Outcome, parse_outcome, read_outcome, read_outcomes, write_outcome
from threedie.benchmark.tuning.split import is_split_of
from threedie.benchmark.tuning.tables import markdown, outcome_text
from threedie.benchmark.tuning.time_left import TimeLeft
from threedie.benchmark.tuning.tune import Tuning
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.progress import Reporter

SMALL = 'image_size = 32\nwidth = 8\nprojector = "32-32"\nbatch_size = 8\nwarmup_epochs = 0\n'
GRID = f"""
recipe = "smoke"
epochs = 2
tries = 2
tasks = ["classification", "rotation"]
rule = "mean_above_floor"
[default]
{SMALL}learning_rate = [1e-3, 1e-2]
[methods.simclr]
{SMALL}learning_rate = [1e-2, 1e30]
"""


class Lines(Reporter):
    """Keeps what is reported."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def text(self, text: str = "") -> None:
        self.lines += text.splitlines()


@pytest.fixture(scope="module", autouse=True)
def small_heads() -> Iterator[None]:
    """The rules of `quick` with small heads: what they score is tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROTOCOLS, "quick", replace(PROTOCOLS["quick"], hidden=32, steps=40))
        yield


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tuning")
    (folder / "tiny.toml").write_text(GRID)
    return folder


@pytest.fixture(scope="module")
def data(make_dataset: Callable[..., Path], place: Path) -> Dataset:
    """40 objects of 4 classes, 32 of them for training."""
    return Dataset(make_dataset(place / "dataset.h5", objects=40, views=4, size=32))


@pytest.fixture(scope="module")
def tuned(place: Path, data: Dataset) -> tuple[Path, Result]:
    """`vicreg` and `simclr`, whose second try diverges, tuned by the command."""
    return place / "out", invoke(place, "vicreg", "simclr", "random")


def invoke(place: Path, *words: str, out: str = "out") -> Result:
    files = ["--data", str(place / "dataset.h5"), "--grid", str(place / "tiny.toml"), "--out", str(place / out)]
    return CliRunner().invoke(bench, ["tune", *words, *files, "--device", "cpu"])


def contents(folder: Path) -> dict[Path, tuple[int, bytes]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def without_times(outcome: Outcome) -> dict[str, Any]:
    content = outcome.to_json()
    for each in content["tries"]:
        each["train_s"] = each["evaluate_s"] = None
    return {key: value for key, value in content.items() if key != "code"}


def test_tries_are_trained_and_measured_on_training_objects_alone(tuned: tuple[Path, Result], data: Dataset) -> None:
    out, result = tuned
    assert result.exception is None, result.output
    split, outcome = Dataset(out / "tuning.h5"), read_outcome(out / "vicreg.json")
    assert {str(each) for each in split.objects} == {str(data.objects[row]) for row in data.indices("train")}
    assert outcome.source["fingerprint"] == data.fingerprint()
    assert outcome.data["fingerprint"] == split.fingerprint()
    for file in (out / "vicreg").rglob("checkpoint.pt"):
        assert load_checkpoint(file)["settings"]["fingerprint"] == split.fingerprint()
    assert len(list((out / "vicreg").rglob("checkpoint.pt"))) == 2


def test_the_outcome_has_the_scores_of_the_records_and_the_rule_s_choice(tuned: tuple[Path, Result]) -> None:
    out, _ = tuned
    outcome = read_outcome(out / "vicreg.json")
    assert [each.settings["learning_rate"] for each in outcome.tries] == [1e-3, 1e-2]
    for each in outcome.tries:
        (file,) = out.glob(f"vicreg/*learning_rate-{each.settings['learning_rate']}/*/record.json")
        record = read_record(file)
        assert {row["task"] for row in record["results"]} == {"classification", "rotation"}
        assert record["config"]["epochs"] == 2
        rows = [row for row in record["results"] if row["main"] and row["part"] == "all"]
        assert [(row["value"], row["floor"], row["interval"]) for row in rows] == [
            (result.value, result.floor, result.interval) for result in each.results
        ]
        shares = [(row["value"] - row["floor"]) / (1 - row["floor"]) for row in rows]
        assert each.score == pytest.approx(sum(shares) / 2)
        assert each.images == 2 * record["dataset"]["train_objects"] * record["config"]["passes"] * 2
        assert each.weights == record["checkpoint"]["sha256"]
    assert outcome.chosen is not None
    assert outcome.tries[outcome.chosen].score == max(each.score or 0 for each in outcome.tries)


def test_a_try_that_diverges_is_named_and_loses(tuned: tuple[Path, Result]) -> None:
    out, result = tuned
    outcome = read_outcome(out / "simclr.json")
    good, bad = outcome.tries
    assert outcome.chosen == 0
    assert (bad.score, bad.results) == (None, [])
    assert bad.failure is not None
    assert "finite" in bad.failure
    assert good.score is not None
    assert "failed   learning_rate 1e+30: " in result.output


def test_the_command_shows_the_choice_and_what_to_run_next(tuned: tuple[Path, Result], data: Dataset) -> None:
    out, result = tuned
    lines = result.output.splitlines()
    rate = read_outcome(out / "vicreg.json").chosen_settings["learning_rate"]
    assert sum(line.startswith("* ") for line in lines) == 2
    assert next(line for line in lines if line.startswith("* ")).startswith(f"*  learning_rate {rate}  ")
    assert any(line.startswith("vicreg, grid tiny; in all tries image_size 32") for line in lines)
    command = next(line for line in lines if line.startswith("next     3die bench run vicreg"))
    assert f"--data {data.path} --recipe smoke" in command
    assert f"--set learning_rate={rate}" in command
    assert any(line.startswith("edge     learning_rate") for line in lines)
    assert "note     random isn't trained: nothing to tune" in lines
    assert any("vicreg, try 1 of 2" in line and "left for 4 tries of 2 methods" in line for line in lines)
    assert any("simclr, try 2 of 2" in line and "left for 1 try of 1 method" in line for line in lines)


def test_what_is_finished_is_not_repeated(tuned: tuple[Path, Result], place: Path) -> None:
    before = contents(tuned[0])
    again = invoke(place, "vicreg", "simclr")
    assert again.exception is None
    assert "* " in again.output
    assert contents(tuned[0]) == before


def test_a_killed_tuning_goes_on_to_the_same_outcome(
    tuned: tuple[Path, Result], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate, calls = Run.evaluate, []

    def killed(run: Run) -> Any:
        calls.append(run.folder)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return evaluate(run)

    monkeypatch.setattr(Run, "evaluate", killed)
    stopped = invoke(place, "vicreg", out="killed")
    assert stopped.exit_code == 130
    assert not (place / "killed" / "vicreg.json").exists()
    before = contents(calls[0])
    again = invoke(place, "vicreg", out="killed")
    assert again.exception is None, again.output
    assert contents(calls[0]) == before
    outcomes = [read_outcome(folder / "vicreg.json") for folder in (tuned[0], place / "killed")]
    assert without_times(outcomes[0]) == without_times(outcomes[1])


def test_a_dry_run_writes_nothing(place: Path, data: Dataset) -> None:
    result = invoke(place, "vicreg", "random", "--dry-run", out="dry")
    assert result.exception is None, result.output
    assert result.output.count("learning_rate 0.0") == 2
    assert "random: isn't trained" in result.output
    assert "time     about" in result.output
    assert not (place / "dry").exists()


def test_another_dataset_or_grid_is_refused(
    tuned: tuple[Path, Result], place: Path, make_dataset: Callable[..., Path], tmp_path: Path
) -> None:
    other = Dataset(make_dataset(tmp_path / "other.h5", objects=30, views=2, size=32))
    assert not is_split_of(Dataset(tuned[0] / "tuning.h5"), other)
    for method, message in (
        ("vicreg", r"vicreg\.json: is an outcome of another dataset"),
        ("sie", r"tuning\.h5: isn't"),
    ):
        with pytest.raises(ThreeDieError, match=message):
            Tuning.create([method], other, grid=place / "tiny.toml", out=tuned[0], device="cpu").run()
    (tmp_path / "tiny.toml").write_text(GRID.replace("[1e-3, 1e-2]", "[1e-3, 2e-2]"))
    with pytest.raises(ThreeDieError, match=r"vicreg\.json: is an outcome of other settings"):
        Tuning.create(["vicreg"], place / "dataset.h5", grid=tmp_path / "tiny.toml", out=tuned[0], device="cpu").run()


def test_errors_other_than_divergence_end_the_tuning(
    place: Path, data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(run: Run) -> None:
        raise ThreeDieError(f"{run.folder}: the disk is full")

    monkeypatch.setattr(Run, "train", full)
    with pytest.raises(ThreeDieError, match="the disk is full"):
        Tuning.create(["vicreg"], data, grid=place / "tiny.toml", out=tmp_path, device="cpu").run()
    assert not (tmp_path / "vicreg.json").exists()


def test_outcomes_are_shown_as_markdown(tuned: tuple[Path, Result]) -> None:
    out, _ = tuned
    result = CliRunner().invoke(bench, ["tune", "--show", str(out)])
    outcome = read_outcome(out / "vicreg.json")
    rows = [line for line in result.output.splitlines() if line.startswith("| ")]
    assert [row.split("|")[1].strip() for row in rows] == ["Method", "simclr", "vicreg"]
    assert len({row.replace(r"\|", "").count("|") for row in rows}) == 1
    assert outcome.chosen is not None
    best = outcome.tries[outcome.chosen]
    assert rf"**learning\_rate {best.settings['learning_rate']}: {best.score:.3f}**" in rows[2]
    assert r"learning\_rate 1e+30: failed" in rows[1]
    assert "width 8" in rows[2]
    assert f"{100 * best.results[0].value:.1f} [" in rows[2]


def test_a_folder_without_outcomes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ThreeDieError, match="no such folder"):
        read_outcomes(tmp_path / "none")
    with pytest.raises(ThreeDieError, match="no outcome of '3die bench tune' in it"):
        read_outcomes(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"chosen": 1}, "chosen is 1; the rule chooses 0"),
        ({"chosen": None}, "chosen is None; the rule chooses 0"),
        ({"version": 2}, "version 2, and this program reads up to 1: update it"),
        ({"format": "other"}, "isn't an outcome"),
        ({"colour": 1}, "colour is unknown; remove it"),
        ({"method": None}, "method is None; it must be of type str"),
        ({"tries": []}, "tries has 0 entries; 1 or more are needed"),
    ],
)
def test_a_wrong_outcome_is_refused_by_field(tuned: tuple[Path, Result], change: Any, message: str) -> None:
    content = json.loads((tuned[0] / "simclr.json").read_text())
    assert parse_outcome(content).method == "simclr"
    with pytest.raises(ThreeDieError, match=message):
        parse_outcome({**content, **change})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"settings": {"epochs": 1}}, "settings.epochs is the same in all tries; remove it"),
        ({"value": 1e308}, "isn't one that can be measured"),
        ({"interval": [0.9, 0.1]}, "isn't one that can be measured"),
    ],
)
def test_a_try_that_no_tuning_gives_is_refused(tuned: tuple[Path, Result], change: Any, message: str) -> None:
    content = json.loads((tuned[0] / "simclr.json").read_text())
    first = content["tries"][0]
    (first if "settings" in change else first["results"][0]).update(change)
    with pytest.raises(ThreeDieError, match=message):
        parse_outcome(content)


def test_an_outcome_of_another_method_is_refused_by_its_name(tuned: tuple[Path, Result], tmp_path: Path) -> None:
    (tmp_path / "sie.json").write_text((tuned[0] / "simclr.json").read_text())
    with pytest.raises(ThreeDieError, match=r"sie\.json: is the outcome of simclr; name it simclr\.json"):
        read_outcome(tmp_path / "sie.json")


def test_a_changed_score_is_refused_with_the_name_of_the_file(tuned: tuple[Path, Result], tmp_path: Path) -> None:
    content = json.loads((tuned[0] / "simclr.json").read_text())
    content["tries"][0]["results"][0]["value"] += 0.1
    (tmp_path / "simclr.json").write_text(json.dumps(content))
    with pytest.raises(ThreeDieError, match=r"simclr\.json: tries\[0\]: score is .*; its results give"):
        read_outcome(tmp_path / "simclr.json")
    content["tries"][0] |= {"score": None}
    (tmp_path / "simclr.json").write_text(json.dumps(content))
    with pytest.raises(ThreeDieError, match="has either a score or a failure"):
        read_outcome(tmp_path / "simclr.json")
    (tmp_path / "simclr.json").write_text("{")
    with pytest.raises(ThreeDieError, match="not a JSON file"):
        read_outcome(tmp_path / "simclr.json")


def test_ties_and_failures_are_named(tuned: tuple[Path, Result], tmp_path: Path) -> None:
    outcome = read_outcome(tuned[0] / "vicreg.json")
    best = outcome.tries[outcome.chosen or 0]
    tie = replace(outcome, tries=[best, replace(best, settings={**best.settings, "learning_rate": 7.0})], chosen=0)
    text = outcome_text(tie, "vicreg", tmp_path / "data.h5", tmp_path)
    assert "learning_rate 7.0 has the same score; the first one is chosen" in text
    failed = replace(best, score=None, results=[], failure="gone")
    none = replace(outcome, tries=[failed, failed], chosen=None)
    text = outcome_text(none, "vicreg", tmp_path / "data.h5", tmp_path)
    assert "every try failed" in text
    assert "3die bench run" not in text
    assert "–" in markdown([none])
    write_outcome(tmp_path, none)
    with pytest.raises(ThreeDieError, match="vicreg: every try failed"):
        chosen_settings("vicreg", tmp_path)


def run(place: Path, out: Path, *words: str) -> Result:
    words = ("run", *words, "--data", str(place / "dataset.h5"), "--out", str(out), "--device", "cpu")
    return CliRunner().invoke(bench, [*words, "--tuned", str(place / "out"), "--set", "epochs=1"])


def test_a_run_takes_the_chosen_settings_and_what_is_set_wins(
    tuned: tuple[Path, Result], place: Path, tmp_path: Path
) -> None:
    result = run(place, tmp_path, "vicreg", "--set", "width=4", "--set", "passes=1")
    assert result.exception is None, result.output
    config = read_record(tmp_path / "vicreg-smoke-s0" / "record.json")["config"]
    chosen = read_outcome(tuned[0] / "vicreg.json").chosen_settings
    assert config is not None
    assert config["width"] == 4
    assert config["epochs"] == 1
    assert {key: config[key] for key in chosen if key != "width"} == {k: v for k, v in chosen.items() if k != "width"}
    assert f"learning_rate {chosen['learning_rate']}" in result.output
    assert "(from " in result.output
    assert "another dataset" not in result.output


def test_a_run_of_another_recipe_or_without_an_outcome_is_refused(tuned: tuple[Path, Result], place: Path) -> None:
    with pytest.raises(ThreeDieError, match="were chosen with recipe smoke, not mini; run with --recipe smoke"):
        chosen_settings("vicreg", tuned[0], "mini")
    with pytest.raises(ThreeDieError, match=r"sie\.json: no such outcome; '3die bench tune sie --out"):
        chosen_settings("sie", tuned[0])
    untrained = chosen_settings("random", tuned[0], "micro", ["width=8"])
    assert (untrained.recipe, untrained.overrides) == ("micro", ["width=8"])


def test_old_names_of_settings_win_too(tuned: tuple[Path, Result], tmp_path: Path) -> None:
    outcome = read_outcome(tuned[0] / "vicreg.json")
    settings = {"center": 0.5, "method.similarity_weight": 2, "learning_rate": 0.1}
    write_outcome(tmp_path, replace(outcome, tries=[replace(outcome.tries[0], settings=settings)], chosen=0))
    own = ["centre=0.7", "method_options.similarity_weight=5"]
    assert chosen_settings("vicreg", tmp_path, "smoke", own).overrides == ["learning_rate=0.1", *own]


def test_a_dataset_that_settings_were_not_chosen_on_is_noted(tuned: tuple[Path, Result], data: Dataset) -> None:
    chosen = chosen_settings("vicreg", tuned[0])
    assert chosen.other_dataset(data.fingerprint()) is None
    remark = chosen.other_dataset("0" * 64)
    assert remark is not None
    assert data.fingerprint()[:12] in remark


def test_methods_of_ones_own_are_tuned_by_the_default(place: Path, data: Dataset, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("from threedie.baselines.vicreg import VICReg\nclass Mine(VICReg):\n    pass\n")
    report = Lines()
    method = f"{tmp_path / 'mine.py'}:Mine"
    options = {"grid": place / "tiny.toml", "out": tmp_path / "out", "device": "cpu", "reporter": report}
    (outcome,) = Tuning.create([method], data, **options).run()
    assert outcome.method.startswith("Mine-")
    assert len(outcome.tries) == 2
    assert any(f"3die bench run --method {method}" in line for line in report.lines)
    assert chosen_settings(method, tmp_path / "out").outcome == outcome


def test_the_time_left_follows_the_tries_that_were_run() -> None:
    left = TimeLeft({"sie": 10.0, "essl": 30.0})
    assert left.seconds({"sie": 4, "essl": 2}) == 100
    left.add("sie", 20.0)
    assert left.seconds({"sie": 3, "essl": 2}) == 180
