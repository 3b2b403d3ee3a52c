import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from record_samples import make_record

from threedie.benchmark.commands.bench import bench
from threedie.benchmark.evaluation.requirements import measured_objects, origin_warnings, size_warnings
from threedie.benchmark.leaderboard.ranges import impossible_values
from threedie.benchmark.records.build import with_other_tasks
from threedie.benchmark.records.record import read_record, validate, write_record
from threedie.benchmark.runs.folder import run_lock
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.benchmark.settings.recipe import load_recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import build
from threedie.benchmark.training.checkpoints import load_checkpoint, save_checkpoint, weights_sha256
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError

TINY = [
    part
    for text in ("image_size=32", "width=8", "projector=32-32", "epochs=3", "passes=2", "batch_size=8")
    for part in ("--set", text)
]


def invoke(*words: str) -> Result:
    return CliRunner().invoke(bench, [*words])


def run(dataset: Path, out: Path, method: str = "sie", *more: str) -> Result:
    return invoke("run", method, "--data", str(dataset), "--recipe", "smoke", "--out", str(out), *TINY, *more)


@pytest.fixture(scope="module")
def first(small_heads: None, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    out = tmp_path_factory.mktemp("runs")
    return out, run(dataset.path, out)


@pytest.fixture(scope="module", autouse=True)
def small_heads() -> Iterator[None]:
    """The rules of `quick` with small heads: what they score is tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROTOCOLS, "quick", replace(PROTOCOLS["quick"], hidden=32, steps=40))
        yield


def stripped(record: dict[str, Any]) -> dict[str, Any]:
    """Without the times, and without the commit, which may change while tests run."""
    return {key: value for key, value in record.items() if key not in ("times", "code")}


def test_a_run_says_what_it_does_and_ends_in_a_record(first: tuple[Path, Result], dataset: Dataset):
    out, result = first
    assert result.exception is None, result.exception
    for text in (
        "16 objects for training, 4 for validation",
        "epochs = 3",
        "warning  16 training objects are too few to learn rotation",
        "time     about",
        "smaller  3die bench run sie --recipe smoke",
        "always naming the commonest of 4 classes",
        "the best constant quaternion",
        f"record   {out / 'sie-smoke-s0' / 'record.json'}",
        f"next     3die leaderboard {out}",
    ):
        assert text in result.output, text
    folder = out / "sie-smoke-s0"
    assert {"checkpoint.pt", "config.json", "curves.png", "draws.npz", "features", "log", "record.json"} == {
        path.name for path in folder.iterdir()
    }
    assert (folder / "curves.png").read_bytes()[:4] == b"\x89PNG"

    record = read_record(folder / "record.json")
    validate(record)
    assert record["id"] == f"sie-smoke-s0-{record['checkpoint']['sha256'][:8]}"
    assert record["protocol"] == {"name": "quick", "version": 2}
    assert record["dataset"]["fingerprint"] == dataset.fingerprint()
    assert (record["dataset"]["train_objects"], record["dataset"]["val_objects"]) == (16, 4)
    assert record["checkpoint"]["epochs"] == 3
    assert record["checkpoint"]["steps"] == 3 * 2 * 2
    assert record["config"]["width"] == 8
    assert "from 246 objects x 20 views" in record["warnings"][0]["text"]
    metrics = {(row["task"], row["metric"], row["part"]) for row in record["results"]}
    for part in ("all", "invariant", "equivariant"):
        assert {("classification", "top1", part), ("rotation", "r2", part), ("color", "r2", part)} <= metrics
    assert {("retrieval", "mrr", "equivariant"), ("retrieval", "h5", "equivariant")} <= metrics


def test_two_runs_differ_in_their_times_alone(first: tuple[Path, Result], dataset: Dataset, tmp_path: Path):
    again = run(dataset.path, tmp_path, "sie", "--workers", "1", "--save-every", "0")
    assert again.exception is None
    records = [read_record(out / "sie-smoke-s0" / "record.json") for out in (first[0], tmp_path)]
    assert stripped(records[0]) == stripped(records[1])


def test_a_record_of_some_tasks_is_completed(first: tuple[Path, Result], dataset: Dataset, tmp_path: Path):
    shutil.copytree(first[0] / "sie-smoke-s0", tmp_path / "sie-smoke-s0")
    file = tmp_path / "sie-smoke-s0" / "record.json"
    whole = read_record(file)
    some = [row for row in whole["results"] if row["task"] in ("classification", "retrieval")]
    write_record(file, {**whole, "results": some})
    again = run(dataset.path, tmp_path)
    assert "trained before; only measuring" in again.output
    assert stripped(read_record(file)) == stripped(whole)


def test_a_finished_run_is_only_shown_again(first: tuple[Path, Result], dataset: Dataset):
    folder = first[0] / "sie-smoke-s0"
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    again = run(dataset.path, first[0])
    assert "finished before; nothing to do" in again.output
    assert "always naming the commonest" in again.output
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_a_record_of_another_checkpoint_is_not_shown_as_this_one(dataset: Dataset, tmp_path: Path):
    run(dataset.path, tmp_path, "vicreg", "--set", "epochs=1", "--set", "warmup_epochs=0")
    folder = tmp_path / "vicreg-smoke-s0"
    old = (folder / "record.json").read_bytes()
    (folder / "checkpoint.pt").unlink()
    run(dataset.path, tmp_path, "vicreg")
    new = (folder / "record.json").read_bytes()
    assert new != old
    (folder / "record.json").write_bytes(old)
    again = run(dataset.path, tmp_path, "vicreg")
    assert "trained before; only measuring" in again.output
    assert read_record(folder / "record.json")["checkpoint"]["epochs"] == 3


def test_two_runs_into_one_folder_do_not_meet(dataset: Dataset, tmp_path: Path):
    with run_lock(tmp_path / "vicreg-smoke-s0"):
        refused = run(dataset.path, tmp_path, "vicreg")
    assert isinstance(refused.exception, ThreeDieError)
    assert "another run is at work" in str(refused.exception)


def test_eval_uses_the_cached_features_and_agrees(first: tuple[Path, Result], dataset: Dataset, tmp_path: Path):
    folder = first[0] / "sie-smoke-s0"
    cached = {path: path.stat().st_mtime_ns for path in (folder / "features").iterdir()}
    before = read_record(folder / "record.json")
    result = invoke("eval", "--checkpoint", str(folder / "checkpoint.pt"), "--data", str(dataset.path))
    assert result.exception is None, result.exception
    assert {path: path.stat().st_mtime_ns for path in (folder / "features").iterdir()} == cached
    assert stripped(read_record(folder / "record.json")) == stripped(before)


def test_a_damaged_feature_file_is_made_anew(first: tuple[Path, Result], dataset: Dataset):
    folder = first[0] / "sie-smoke-s0"
    (representation,) = (folder / "features").glob("representation-*.npy")
    before, whole = read_record(folder / "record.json"), representation.read_bytes()
    representation.write_bytes(whole[: len(whole) // 2])
    result = invoke("eval", "--checkpoint", str(folder / "checkpoint.pt"), "--data", str(dataset.path))
    assert result.exception is None, result.exception
    assert representation.read_bytes() == whole
    assert "has no checksum (written by an older version, or cut off)" in " ".join(result.output.split())
    assert stripped(read_record(folder / "record.json")) == stripped(before)


def test_other_weights_in_the_folder_of_a_run_leave_its_record_alone(first: tuple[Path, Result], dataset: Dataset):
    folder = first[0] / "sie-smoke-s0"
    before = (folder / "record.json").read_bytes()
    content = load_checkpoint(folder / "checkpoint.pt")
    content["model"] = {
        name: value * 0.5 if name == "backbone.conv1.weight" else value for name, value in content["model"].items()
    }
    save_checkpoint(folder / "halved.pt", content)
    words = ("eval", "--checkpoint", str(folder / "halved.pt"), "--data", str(dataset.path), "--tasks", "knn")
    with run_lock(folder / "halved"):
        assert "another run is at work" in str(invoke(*words).exception)
    result = invoke(*words)
    assert result.exception is None, result.exception
    assert (folder / "record.json").read_bytes() == before
    assert read_record(folder / "halved" / "record.json")["checkpoint"] != json.loads(before)["checkpoint"]
    (folder / "halved.pt").unlink()
    shutil.rmtree(folder / "halved")


def test_tasks_that_other_code_measured_are_kept_with_a_warning():
    older = {**make_record("sie"), "breakdowns": []}
    rows = [{**older["results"][0], "task": task} for task in ("knn", "rotation")]
    older["results"] = rows
    anew = {**older, "results": rows[:1]}
    assert not [each for each in with_other_tasks(anew, older)["warnings"] if "measured before" in each["text"]]
    elsewhere = {**anew, "code": {**older["code"], "commit": "0" * 40}}
    joined = with_other_tasks(elsewhere, older)
    assert [row["task"] for row in joined["results"]] == ["knn", "rotation"]
    assert {"task": "rotation", "text": "measured before, with other code"} in joined["warnings"]
    retrained = {**anew, "checkpoint": {**older["checkpoint"], "sha256": "1" * 64}}
    assert with_other_tasks(retrained, older) == retrained


def test_a_network_that_sees_the_middle_alone_is_warned_of_moving_objects(
    make_dataset: Callable[..., Path], tmp_path: Path
):
    moving = Dataset(make_dataset(tmp_path / "moving.h5", objects=8, views=2, size=32, translated=True))
    still = Dataset(make_dataset(tmp_path / "still.h5", objects=8, views=2, size=32))
    middle, whole = load_recipe("smoke", ["center=0.5"]), load_recipe("smoke")
    warned = [
        any("center is 0.5" in each.text for each in size_warnings(*case))
        for case in ((moving, middle), (still, middle))
    ]
    assert warned == [True, False]
    assert not any("center" in each.text for each in size_warnings(moving, whole))


def test_another_dataset_gets_a_record_of_its_own(
    first: tuple[Path, Result], make_dataset: Callable[..., Path], tmp_path: Path
):
    other = make_dataset(tmp_path / "other.h5", objects=15, views=6, size=32, classes=3)
    folder = first[0] / "sie-smoke-s0"
    result = invoke("eval", "--checkpoint", str(folder / "checkpoint.pt"), "--data", str(other))
    assert result.exception is None, result.exception
    (record_file,) = folder.glob("quick-v2-*/record.json")
    assert read_record(record_file)["dataset"]["objects"] == 15
    assert read_record(folder / "record.json")["dataset"]["objects"] == 20


@pytest.mark.parametrize("method", [["sen"], ["byol", "--set", "method.conditional=true"]], ids=str)
def test_methods_with_an_embedded_action_have_retrieval(method: list[str], dataset: Dataset, tmp_path: Path):
    result = run(dataset.path, tmp_path, *method)
    assert result.exception is None, result.exception
    record = read_record(tmp_path / f"{method[0]}-smoke-s0" / "record.json")
    validate(record)
    assert list(impossible_values(record)) == []
    assert ("retrieval", "mrr", "equivariant") in {
        (row["task"], row["metric"], row["part"]) for row in record["results"]
    }


def test_a_method_without_predictor_has_no_retrieval(dataset: Dataset, tmp_path: Path):
    result = run(dataset.path, tmp_path, "vicreg")
    assert result.exception is None, result.exception
    record = read_record(tmp_path / "vicreg-smoke-s0" / "record.json")
    assert list(impossible_values(record)) == []
    tasks = {row["task"] for row in record["results"]}
    assert tasks >= {"classification", "knn", "rotation", "absolute_rotation", "color", "light", "rank"}
    assert not tasks & {"retrieval", "pose_retrieval"}


def test_random_is_measured_as_it_was_initialized(dataset: Dataset, tmp_path: Path):
    result = run(dataset.path, tmp_path, "random")
    assert result.exception is None, result.exception
    assert "curves" not in result.output
    folder = tmp_path / "random-smoke-s0"
    record = read_record(folder / "record.json")
    assert (record["checkpoint"]["epochs"], record["checkpoint"]["steps"]) == (0, 0)
    assert record["curves"] == {"epoch": []}
    content = load_checkpoint(folder / "checkpoint.pt")
    assert weights_sha256(content["model"]) == weights_sha256(
        build(RunSettings.from_json(content["settings"])).state_dict()
    )
    assert "finished before" in run(dataset.path, tmp_path, "random").output


def test_without_data_it_takes_what_render_wrote(
    make_dataset: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ThreeDieError, match="make one with '3die render --classes all --views 50'"):
        CliRunner().invoke(bench, ["run", "sie"], catch_exceptions=False)
    make_dataset(tmp_path / "3die-data" / "dataset.h5", objects=10, views=2, size=32)
    with pytest.raises(ThreeDieError, match="no setting 'epoc'; did you mean 'epochs'"):
        CliRunner().invoke(bench, ["run", "sie", "--set", "epoc=1"], catch_exceptions=False)
    result = invoke("run", "sie", "--recipe", "smoke", *TINY, "--set", "epochs=1", "--set", "warmup_epochs=0")
    assert "taking 3die-data/dataset.h5" in result.output
    assert (tmp_path / "runs" / "sie-smoke-s0" / "record.json").exists()


def test_mistakes_are_one_line(
    make_dataset: Callable[..., Path], dataset: Dataset, tmp_path: Path, first: tuple[Path, Result]
):
    cut = tmp_path / "cut.h5"
    cut.write_bytes(dataset.path.read_bytes()[:-2000])
    no_val = make_dataset(tmp_path / "noval.h5", objects=4, views=2, size=32, splits=["train"] * 4)
    for words, message in (
        (["run", "sie", "--data", str(cut)], "cut.h5: damaged: "),
        (["run", "sie", "--data", str(tmp_path / "none.h5")], "none.h5: no such dataset file"),
        (["run", "sie", "--data", str(no_val)], "none of its 4 objects are for validation"),
        (["run", "six", "--data", str(dataset.path)], "sie"),
        (["run", "sie", "--data", str(dataset.path), "--recipe", "minni"], "did you mean 'mini'"),
        (["run", "sie", "--data", str(dataset.path), "--protocol", "quik"], "did you mean 'quick'"),
        (["eval", "--checkpoint", str(cut), "--data", str(dataset.path)], "cut.h5: not a checkpoint: an HDF5 file"),
    ):
        error = invoke(*words).exception
        assert isinstance(error, ThreeDieError), (words, error)
        assert message in str(error)
        assert "\n" not in str(error)
    changed = run(dataset.path, first[0], "sie", "--set", "epochs=4").exception
    assert "recipe.epochs is 3 there and 4 now" in str(changed)


def test_listing_needs_no_torch():
    code = (
        "import sys; from click.testing import CliRunner; from threedie.benchmark.commands.bench import bench;"
        "result = CliRunner().invoke(bench, ['list']); print(result.output); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for word in (
        "sie",
        "vicreg",
        "imagefolder, imagenet, imagenet-barlow-twins, imagenet-simsiam, micro, mini, ",
        "classification v1",
        "retrieval v2",
        "quick v2",
        "sie-v1 v1",
    ):
        assert word in done.stdout


def test_the_record_is_plain_json(first: tuple[Path, Result]):
    text = (first[0] / "sie-smoke-s0" / "record.json").read_text()
    assert "NaN" not in text
    assert json.loads(text)["origin"] == {"kind": "measured"}


def test_eval_measures_on_another_dataset_with_the_heads_of_its_own(
    first: tuple[Path, Result], dataset: Dataset, make_dataset: Callable[..., Path], tmp_path: Path
):
    folder = first[0] / "sie-smoke-s0"
    checkpoint = str(folder / "checkpoint.pt")
    # The same objects, and two of a class that was never trained on.
    other = make_dataset(tmp_path / "other.h5", objects=12, views=5, size=32, classes=6, splits=["val"] * 12)
    words = ("eval", "--checkpoint", checkpoint, "--data", str(dataset.path), "--eval-data", str(other))
    result = invoke(*words, "--tasks", "classification,rotation,pose-retrieval", "--seeds", "2")
    assert result.exception is None, result.exception
    (record_file,) = folder.glob("quick-v2-*-on-*/record.json")
    record = read_record(record_file)
    assert record["dataset"]["objects"] == 12
    assert record["trained_on"]["fingerprint"] == dataset.fingerprint()
    assert record["evaluation"]["head_seeds"] == 2
    assert {row["task"] for row in record["results"]} == {"classification", "rotation", "pose_retrieval"}
    assert all((row["deviation"] is None) == (row["task"] == "pose_retrieval") for row in record["results"])
    assert {curve["by"] for curve in record["breakdowns"]} == {"rotation_deg", "class"}
    assert any("have no training object; theirs count as wrong" in each["text"] for each in record["warnings"])
    before = record["results"]
    # More tasks join the record, and what is there stays.
    assert invoke(*words, "--tasks", "color", "--seeds", "2").exception is None
    after = read_record(record_file)["results"]
    assert [row for row in after if row["task"] != "color"] == before
    assert any(row["task"] == "color" for row in after)
    refused = invoke(*words, "--tasks", "light").exception
    assert isinstance(refused, ThreeDieError)
    assert "measured with other --seeds" in str(refused)


def test_a_method_trained_on_other_data_than_heads_is_told(first: tuple[Path, Result], dataset: Dataset):
    settings = RunSettings.from_json(load_checkpoint(first[0] / "sie-smoke-s0" / "checkpoint.pt")["settings"])
    assert origin_warnings(settings, dataset) == []
    (warning,) = origin_warnings(replace(settings, fingerprint="abcdef012345" + "0" * 52), dataset)
    assert "trained on another dataset (abcdef012345)" in warning.text
    # Of weights from elsewhere records say so anyway.
    assert origin_warnings(replace(settings, fingerprint=None), dataset) == []


def test_eval_refuses_what_does_not_fit(
    first: tuple[Path, Result], dataset: Dataset, make_dataset: Callable[..., Path], tmp_path: Path
):
    folder = first[0] / "sie-smoke-s0"
    whole = load_checkpoint(folder / "checkpoint.pt")
    recipe = whole["settings"]["recipe"]
    save_checkpoint(
        tmp_path / "wide.pt", {**whole, "settings": {**whole["settings"], "recipe": {**recipe, "width": 16}}}
    )
    moving = {**recipe, "method_options": {"action": "rotation_translation"}}
    settings = RunSettings.from_json({**whole["settings"], "recipe": moving})
    save_checkpoint(
        tmp_path / "moving.pt", {**whole, "settings": settings.to_json(), "model": build(settings).state_dict()}
    )
    val_only = make_dataset(tmp_path / "seen.h5", objects=16, views=6, size=32, splits=["val"] * 16)
    alone = make_dataset(tmp_path / "alone.h5", objects=1, views=6, size=32, splits=["train"])
    checkpoint = str(folder / "checkpoint.pt")
    for words, message in (
        (["--checkpoint", str(tmp_path / "wide.pt")], "weights don't fit the method sie"),
        (["--checkpoint", str(tmp_path / "moving.pt")], "no latent field 'translation_x'"),
        (["--checkpoint", checkpoint, "--tasks", "colour"], "no task 'colour'; did you mean 'color'"),
        (["--checkpoint", checkpoint, "--eval-data", str(alone)], "none of its 1 objects are for validation"),
    ):
        error = invoke("eval", "--data", str(dataset.path), *words).exception
        assert isinstance(error, ThreeDieError), (words, error)
        assert message in str(error)
        assert "\n" not in str(error)
    only_trained = make_dataset(tmp_path / "trained.h5", objects=4, views=6, size=32, splits=["val"] * 4)
    trained = Dataset(only_trained)
    assert measured_objects(dataset, trained)[0].tolist() == [0, 1, 2, 3]
    later = Dataset(val_only)
    positions, warnings = measured_objects(dataset, later)
    assert positions.tolist() == [0, 1, 2, 3]
    assert list(map(str, warnings)) == ["12 objects were left out of the measurement: they were trained on"]


def test_eval_writes_where_it_is_told_and_nowhere_else(first: tuple[Path, Result], dataset: Dataset, tmp_path: Path):
    home = tmp_path / "home"
    (home / "features").mkdir(parents=True)
    shutil.copy(first[0] / "sie-smoke-s0" / "checkpoint.pt", home)
    for name in (".tmp-report.docx", "features/.tmp-1", ".lock"):
        (home / name).write_text("theirs")
    before = {path: path.stat().st_mtime_ns for path in (home, *home.rglob("*"))}
    words = ("eval", "--checkpoint", str(home / "checkpoint.pt"), "--data", str(dataset.path), "--tasks", "knn")
    out = tmp_path / "deep" / "out"
    result = invoke(*words, "-o", str(out))
    assert result.exception is None, result.exception
    assert {path: path.stat().st_mtime_ns for path in (home, *home.rglob("*"))} == before
    assert {path.name for path in out.iterdir()} == {"record.json", "draws.npz", "features", "curves.png"}
    assert f"record   {out / 'record.json'}" in result.output
    assert f"next     3die leaderboard {out}" in result.output
    # Again, and other weights: theirs is not overwritten.
    assert invoke(*words, "--out", str(out)).exception is None
    content = load_checkpoint(home / "checkpoint.pt")
    content["model"]["backbone.conv1.weight"] *= 0.5
    save_checkpoint(tmp_path / "other.pt", content)
    kept = (out / "record.json").read_bytes()
    refused = invoke("eval", "--checkpoint", str(tmp_path / "other.pt"), "--data", str(dataset.path), "-o", str(out))
    assert isinstance(refused.exception, ThreeDieError)
    assert "the record of another checkpoint; name another folder with --out" in str(refused.exception)
    assert (out / "record.json").read_bytes() == kept

    # Without --out it goes beside the checkpoint, and what others keep there stays.
    assert invoke(*words).exception is None
    assert (home / "record.json").exists()
    assert all((home / name).read_text() == "theirs" for name in (".tmp-report.docx", "features/.tmp-1", ".lock"))


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_eval_on_a_read_only_store_names_out(
    number: int, first: tuple[Path, Result], dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    store = tmp_path / "store"
    store.mkdir()
    shutil.copy(first[0] / "sie-smoke-s0" / "checkpoint.pt", store)
    really = os.open

    def read_only(path: Any, flags: int, *more: Any, **others: Any) -> int:
        if flags & os.O_CREAT and str(path).startswith(str(store)):
            raise OSError(number, os.strerror(number))
        return really(path, flags, *more, **others)

    monkeypatch.setattr(os, "open", read_only)
    words = ("eval", "--checkpoint", str(store / "checkpoint.pt"), "--data", str(dataset.path), "--tasks", "knn")
    error = invoke(*words).exception
    assert isinstance(error, ThreeDieError)
    assert str(error).startswith(f"{store}: the record would go here, and this folder ")
    assert "name another with --out FOLDER" in str(error)
    assert "\n" not in str(error)
    assert invoke(*words, "--out", str(tmp_path / "out")).exception is None
    assert (tmp_path / "out" / "record.json").exists()


def test_a_file_where_out_should_be_is_one_line(first: tuple[Path, Result], dataset: Dataset, tmp_path: Path):
    (tmp_path / "file").write_text("")
    checkpoint = str(first[0] / "sie-smoke-s0" / "checkpoint.pt")
    error = invoke("eval", "--checkpoint", checkpoint, "--data", str(dataset.path), "-o", str(tmp_path / "file"))
    assert isinstance(error.exception, ThreeDieError)
    assert "a file lies where a folder is needed" in str(error.exception)


def test_what_was_decided_of_slurm_is_said(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name, value in {"SLURM_NTASKS": "4", "SLURM_PROCID": "0", "SLURM_JOB_ID": "1", "SLURM_NNODES": "2"}.items():
        monkeypatch.setenv(name, value)
    result = run(dataset.path, tmp_path, "random")
    assert result.exception is None, result.exception
    assert (
        "process  alone: SLURM_NTASKS is 4, but srun didn't start this process; for several put 'srun -n N' before the "
        "command"
    ) in result.output
    assert read_record(tmp_path / "random-smoke-s0" / "record.json")["checkpoint"]["steps"] == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGUSR1, 138)])
def test_a_signal_while_it_measures_ends_as_one_while_it_trains(
    number: signal.Signals,
    code: int,
    first: tuple[Path, Result],
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    def slow(*_: object, **__: object) -> None:
        threading.Timer(0.1, os.kill, [os.getpid(), number]).start()
        time.sleep(10)

    monkeypatch.setattr("threedie.benchmark.runs.measurement.evaluate", slow)
    checkpoint = str(first[0] / "sie-smoke-s0" / "checkpoint.pt")
    result = invoke("eval", "--checkpoint", checkpoint, "--data", str(dataset.path), "-o", str(tmp_path / "out"))
    assert result.exit_code == code
    assert "Stopped. The same command goes on from what is done" in result.output
    assert list((tmp_path / "out").iterdir()) == [], "neither a lock nor anything half-written"


LIMITED = """
import resource, sys
from pathlib import Path
from click.testing import CliRunner
import torch
torch.set_num_threads(1)
from threedie.benchmark.commands.bench import bench
words = sys.argv[2:]
for limit in map(int, sys.argv[1].split(",")):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    result = CliRunner().invoke(bench, words)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(limit, type(result.exception).__name__, repr(str(result.exception)))
"""


def test_a_file_that_cant_grow_is_one_line_whichever_it_is(dataset: Dataset, tmp_path: Path):
    """As on a full disk: the lock, the settings, the checkpoint."""
    words = ["run", "vicreg", "--data", str(dataset.path), "--recipe", "smoke", "--out", str(tmp_path), *TINY]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, "100,600,20000", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    for line, name in zip(lines, (".3die-lock", "config.json", "checkpoint.pt"), strict=True):
        assert " ThreeDieError " in line, line
        assert f"{name}: " in line
        assert "\\n" not in line
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith((".tmp-", ".3die"))]
