import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from threedie.manifests import locks
from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_info import DatasetObject
from threedie.manifests.dataset_writer import write_part
from threedie.manifests.errors import DamagedFileError, ThreeDieError
from threedie.manifests.files import machine, temporary_prefix
from threedie.manifests.objects import ObjectRef
from threedie.manifests.parts import looks_whole, part_path
from threedie.manifests.text import read_json
from threedie.render import finish as finish_module
from threedie.render.commands.console import ConsoleReporter
from threedie.render.finish import REPAIRS, finish, finish_shard
from threedie.render.ledger import Outcome
from threedie.render.models.embedded_source import EmbeddedSource
from threedie.render.plan import Plan, make_plan
from threedie.render.preset import load_preset
from threedie.render.quality import choose_quality
from threedie.render.reporter import RenderReporter
from threedie.render.request import RenderResult
from threedie.render.resources import scratch_folder
from threedie.render.run import report_process
from threedie.render.run_folder import RunFolder
from threedie.render.shard import Shard


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return make_plan(
        EmbeddedSource(tmp_path / "models"), load_preset("3diebench"), choose_quality("fast", None, None),
        synsets=["03001627", "03797390", "02958343"], views=1, per_class=7, size=16, seed=0, sampler="counter",
        manifest=None,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "out")


@pytest.mark.parametrize("count", [1, 2, 5, 21, 40])
def test_shards_divide_the_objects(plan: Plan, count: int) -> None:
    shares = [Shard(index, count).of(plan.objects) for index in range(1, count + 1)]
    assert sorted(ref for share in shares for ref in share) == sorted(plan.chosen)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize("text", ["0/4", "5/4", "1/0", "2", "a/b", "-1/4", "1/4/2"])
def test_a_wrong_shard_is_refused(text: str) -> None:
    with pytest.raises(ThreeDieError, match=f"--shard {text}"):
        Shard.parse(text)


def test_a_shard_has_a_name() -> None:
    assert Shard.parse("2/8") == Shard(2, 8) == Shard.named(Shard(2, 8).name)
    assert Shard.named("run") is None


def test_shards_stand_beside_each_other_and_nothing_else_does(plan: Plan, folder: RunFolder) -> None:
    with folder.lock(plan, Shard(1, 3)), folder.lock(plan, Shard(3, 3)):
        for other in (Shard(1, 3), Shard(1, 4), None):
            with pytest.raises(ThreeDieError, match=r"another run is at work .*shard 1/3, process"):  # noqa: SIM117
                with folder.lock(plan, other):
                    pass
    with (
        folder.lock(plan),
        pytest.raises(ThreeDieError, match="the whole run, process"),
        folder.lock(plan, Shard(1, 3)),
    ):
        pass
    with folder.lock(plan):
        pass


def test_a_shard_of_a_dead_machine_is_taken_over(
    plan: Plan, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "STALE_S", 0.5)
    folder.locks.mkdir(parents=True)
    dead = {"machine": "other", "host": "node7", "process": 1, "since": "today", "note": "shard 1/3", "beat": 4}
    (folder.locks / "shard-1-of-3").write_text(json.dumps(dead))
    messages: list[str] = []
    with folder.lock(plan, Shard(1, 3), messages.append):
        assert "node7" in messages[0]
    (folder.locks / "shard-1-of-3").write_text(json.dumps(dead))
    with folder.lock(plan):
        pass


def test_many_dead_shards_are_waited_for_together(
    plan: Plan, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "STALE_S", 1.0)
    folder.locks.mkdir(parents=True)
    for index in range(1, 9):
        dead = {"machine": "other", "host": "n", "process": 1, "since": "today", "note": f"shard {index}/8", "beat": 4}
        (folder.locks / f"shard-{index}-of-8").write_text(json.dumps(dead))
    begin = time.monotonic()
    with folder.lock(plan):
        assert time.monotonic() - begin < 4
        assert [path.name for path in folder.locks.iterdir()] == ["run"]


def test_a_shard_that_ends_beside_another_packs_after_it(
    plan: Plan, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for task in plan.tasks(plan.chosen):
        item = DatasetObject(task.ref, task.split, task.latents, [b"picture"])
        write_part(part_path(folder.parts, task.ref), plan.info, {}, item)
    packed: list[object] = []
    monkeypatch.setattr(finish_module, "finish", lambda *_: packed.append(1) or RenderResult())
    other = folder.lock(plan, Shard(2, 2))
    other.__enter__()
    timer = threading.Timer(0.5, other.__exit__, [None, None, None])
    timer.start()
    finish_shard(folder, plan, Shard(1, 2), Outcome(), lambda _: Outcome(), RenderReporter())
    timer.join()
    assert len(packed) == 1


def test_a_shard_clears_only_its_own_debris(plan: Plan, folder: RunFolder) -> None:
    mine, theirs = Shard(1, 2).of(plan.objects)[0], Shard(2, 2).of(plan.objects)[0]
    debris = {}
    for ref in (mine, theirs):
        part = part_path(folder.parts, ref)
        part.parent.mkdir(parents=True, exist_ok=True)
        debris[ref] = part.with_name(temporary_prefix(12345) + part.name)
        debris[ref].write_bytes(b"half")
    with folder.lock(plan, Shard(1, 2)):
        assert not debris[mine].exists()
        assert debris[theirs].exists()
    with folder.lock(plan):
        assert not debris[theirs].exists()


def test_quarantine_of_shards_is_joined_and_then_replaced(plan: Plan, folder: RunFolder) -> None:
    first, second = plan.objects[:2]
    folder.path.mkdir()
    folder.write_quarantine({first: "no faces"}, Shard(1, 2))
    folder.write_quarantine({second: "broken, too"}, Shard(2, 2))
    folder.write_quarantine({second: "an old division"}, Shard(2, 3))
    assert folder.quarantined_by_shards(2) == {first: "no faces", second: "broken, too"}
    folder.write_quarantine({first: "no faces"})
    assert [path.name for path in folder.path.iterdir()] == ["quarantine.csv"]


def test_what_is_missing_is_found_by_the_first_bytes(plan: Plan, folder: RunFolder) -> None:
    tasks = list(plan.tasks(plan.chosen))
    for task in tasks:
        item = DatasetObject(task.ref, task.split, task.latents, [b"picture" * 100])
        write_part(part_path(folder.parts, task.ref), plan.info, {}, item)
    assert folder.missing(plan.objects) == []
    cut, empty, other, gone = plan.objects[:4]
    whole = part_path(folder.parts, cut).read_bytes()
    part_path(folder.parts, cut).write_bytes(whole[:-1])
    part_path(folder.parts, empty).write_bytes(b"")
    part_path(folder.parts, other).write_bytes(b"x" * len(whole))
    part_path(folder.parts, gone).unlink()
    assert folder.missing(plan.objects) == [cut, empty, other, gone]
    assert not looks_whole(folder.parts)


def test_shards_that_begin_at_once_agree_on_the_settings(plan: Plan, folder: RunFolder) -> None:
    def begin(index: int) -> None:
        with folder.lock(plan, Shard(index, 8)):
            time.sleep(0.1)

    fork = multiprocessing.get_context("fork")
    processes = [fork.Process(target=begin, args=(index,)) for index in range(1, 9)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 8


def test_the_recipe_for_slurm_stops_and_goes_back_into_the_queue(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "cluster.md").read_text(encoding="utf-8")
    recipe = next(block for block in re.findall(r"^```bash\n(.*?)^```", page, re.M | re.S) if "--array" in block)
    commands = {
        "3die": 'trap "echo stopped >>{0}/log; exit 130" USR1\necho "$@" >{0}/log\nwhile :; do sleep 0.1; done',
        "scontrol": 'echo "$@" >>{0}/log',
    }
    for name, text in commands.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{text.format(tmp_path)}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "job.sh").write_text(recipe)
    array = {"SLURM_ARRAY_JOB_ID": "77", "SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_COUNT": "64"}
    environment = {**os.environ, **array, "SCRATCH": "/scratch", "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    job = subprocess.Popen(["bash", tmp_path / "job.sh"], env=environment)
    messages = tmp_path / "log"
    deadline = time.monotonic() + 20
    while not messages.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    job.send_signal(signal.SIGUSR1)
    assert job.wait(timeout=20) == 0
    begun, stopped, requeued = messages.read_text().splitlines()
    assert begun.endswith("--out /scratch/3diebench --shard 3/64")
    assert (stopped, requeued) == ("stopped", "requeue 77_3")


ELSEWHERE = ".tmp-0badcafe-17-"
"""As another machine names what it is writing."""


@pytest.fixture(scope="module")
def dead() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    return path


def test_a_whole_run_clears_what_is_surely_ours(plan: Plan, folder: RunFolder, dead: int, tmp_path: Path) -> None:
    gone, living, chair = temporary_prefix(dead), temporary_prefix(os.getppid()), folder.parts / "03001627"
    models, other = folder.path / "models", tmp_path / "elsewhere"
    others = [
        put(folder.path / ".tmp-report.docx"),
        put(folder.path / f"{ELSEWHERE}notes.txt"),
        put(folder.path / f"{ELSEWHERE}dataset.h5"),  # has a lock of its own, taken when it is packed
        put(folder.path / f"{living}run.json"),
        put(folder.path / "mine" / f"{gone}a.part.h5"),
        put(chair / f"{living}a.part.h5"),
        put(chair / ".tmp-1-2"),
        put(chair / "deeper" / f"{gone}a.part.h5"),
        put(other / f"{gone}a.part.h5"),
        put(models / "mine" / "chair" / f"{gone}a" / "model.obj"),
        put(models / "synth-v1" / "03001627" / "synth-0-00000" / "model.obj"),
        put(models / "unpacked" / f"{machine()}-{os.getppid()}-01234567" / "model.obj"),
        put(models / "unpacked" / "chair-2" / "03001627" / "a" / "model.obj"),
        put(models / "unpacked" / "chair-3" / "notes.txt"),
        put(models / "unpacked" / "chair-3" / ".lock"),
    ]
    put(folder.path / f"{gone}dataset.h5")
    put(folder.path / f"{ELSEWHERE}run.json")
    put(chair / f"{gone}a.part.h5")
    put(chair / f"{ELSEWHERE}b.part.h5")
    put(folder.locks / f"{gone}01234567-run")
    put(models / "synth-v1" / "03001627" / f"{gone}0123abcd-synth-0-00001" / "model.obj")
    put(models / "synth-v1" / "03001627" / ".tmp-12345-0123abcd-synth-0-00002" / "model.obj")  # of an older version
    put(models / "unpacked" / f"{machine()}-{dead}-01234567" / "a" / "model.obj")
    put(models / "unpacked" / "node7-0" / "03001627" / "a" / "model.obj")
    (models / "unpacked" / "node7-0" / ".lock").touch()
    (folder.parts / "02691156").symlink_to(other)
    with folder.lock(plan):
        pass
    left = {path for path in folder.path.rglob("*") if path.is_file()}
    assert left == {*others, folder.path / "run.json"} - {other / f"{gone}a.part.h5"}
    assert all(path.exists() for path in others)


def test_scratch_folders_of_killed_runs_are_cleared(tmp_path: Path, dead: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone, theirs = tmp_path / f"3die-{machine()}-{dead}-abc", tmp_path / "3die-abc"
    put(gone / "picture.png")
    theirs.mkdir()
    with scratch_folder(10**15) as made:
        assert made.name.startswith(f"3die-{machine()}-{os.getpid()}-")
        assert {path.name for path in tmp_path.iterdir()} == {made.name, theirs.name}
    assert [path.name for path in tmp_path.iterdir()] == [theirs.name]


SETTINGS = {
    "empty": b"",
    "no JSON": b"{",
    "binary": bytes(range(256)),
    "list": b"[1]",
    "null": b"null",
    "no keys": b"{}",
    "other keys": b'{"fields": [], "colour": 1}',
    "fields of another type": b'{"fields": 7}',
    "fields of text": b'{"fields": "ab"}',
    "deep": b"[" * 100_000,
    "a long number": b'{"seed": ' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("content", SETTINGS.values(), ids=SETTINGS)
def test_damaged_settings_are_one_line(content: bytes, plan: Plan, folder: RunFolder) -> None:
    folder.path.mkdir()
    (folder.path / "run.json").write_bytes(content)
    with pytest.raises(ThreeDieError, match=r"run\.json: .*; delete it if the settings are those of before") as caught:
        folder.lock(plan).__enter__()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000
    assert list(folder.locks.iterdir()) == []
    (folder.path / "run.json").unlink()
    with folder.lock(plan):
        pass


@pytest.mark.parametrize("key", ["preset", "fields", "seed", "views", "models"])
@pytest.mark.parametrize("value", [None, [], {"a": [1]}, "x", 1e300])
def test_settings_with_a_value_of_another_type_are_one_line(
    key: str, value: object, plan: Plan, folder: RunFolder
) -> None:
    folder.path.mkdir()
    (folder.path / "run.json").write_text(json.dumps({**plan.info.to_json(), key: value}))
    with pytest.raises(ThreeDieError) as caught:
        folder.lock(plan).__enter__()
    assert str(folder.path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", SETTINGS.values(), ids=SETTINGS)
def test_a_damaged_list_of_splits_is_made_anew(content: bytes, plan: Plan, folder: RunFolder) -> None:
    with_splits = replace(plan, splits=dict.fromkeys(plan.objects, "train"))
    with folder.lock(with_splits):
        pass
    whole = read_json(folder.path / "splits.json")
    (folder.path / "splits.json").write_bytes(content)
    messages: list[str] = []
    with folder.lock(with_splits, None, messages.append):
        pass
    assert len(messages) == 1
    assert messages[0].startswith(f"{folder.path / 'splits.json'}: ")
    assert "\n" not in messages[0]
    assert read_json(folder.path / "splits.json") == whole


QUARANTINES = {
    "empty": b"",
    "binary": bytes(range(256)),
    "no columns": b"a,b\n1,2\n",
    "columns missing": b"class,id\n03001627,a\n",
    "no class": b"class,id,reason\nnothing,a,b\n",
    "a short row": b"class,id,reason\n03001627\n",
    "an id that leads out": b"class,id,reason\n03001627,../../x,b\n",
    "a long field": b"class,id,reason\n03001627,a," + b"x" * 2_000_000,
    "latin": "class,id,reason\n03001627,ü,b\n".encode("latin-1"),
}


@pytest.mark.parametrize("content", QUARANTINES.values(), ids=QUARANTINES)
def test_a_damaged_quarantine_list_stops_no_render(content: bytes, plan: Plan, folder: RunFolder) -> None:
    first, second = plan.objects[:2]
    folder.path.mkdir()
    folder.write_quarantine({second: "no faces"}, Shard(2, 2))
    (folder.path / "quarantine-shard-1-of-2.csv").write_bytes(content)
    messages: list[str] = []
    assert folder.quarantined_by_shards(2, messages.append) == {second: "no faces"}
    assert len(messages) == 1
    assert messages[0].startswith(f"{folder.path / 'quarantine-shard-1-of-2.csv'}: damaged (")
    assert "\n" not in messages[0]
    assert len(messages[0]) < 500
    # The next whole run replaces it.
    folder.write_quarantine({first: "no faces"})
    assert [path.name for path in folder.path.iterdir()] == ["quarantine.csv"]


def test_quarantine_lists_that_arent_files(folder: RunFolder) -> None:
    place = folder.path / "quarantine-shard-1-of-2.csv"
    place.mkdir(parents=True)
    messages: list[str] = []
    assert folder.quarantined_by_shards(2, messages.append) == {}
    assert "damaged (a folder lies where a file is needed" in messages[0]
    with pytest.raises(ThreeDieError, match=r"quarantine-shard-1-of-2\.csv: a folder lies"):
        folder.write_quarantine({}, Shard(1, 2))


def test_strange_files_among_the_locks_are_no_locks(plan: Plan, folder: RunFolder) -> None:
    notes = put(folder.locks / "notes.txt")
    begin = time.monotonic()
    with folder.lock(plan):
        assert time.monotonic() - begin < 5
    assert notes.exists()
    (folder.locks / "shard-1-of-2").symlink_to("nowhere")
    with pytest.raises(ThreeDieError, match="shard-1-of-2: a link in place of a lock file"):
        folder.lock(plan).__enter__()
    assert not (folder.locks / "run").exists()


def flip(path: Path, byte: int) -> None:
    content = bytearray(path.read_bytes())
    content[byte] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("fails", [False, True])
def test_damaged_part_files_are_rendered_again_before_packing(
    plan: Plan, folder: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, fails: bool
) -> None:
    monkeypatch.setattr(RunFolder, "has_contact_sheet", lambda _: True)

    def write(ref: ObjectRef) -> Path:
        task = next(plan.tasks([ref]))
        path = part_path(folder.parts, ref)
        write_part(path, plan.info, {}, DatasetObject(ref, task.split, task.latents, [b"picture" * 300]))
        return path

    parts = {ref: write(ref) for ref in plan.objects}
    one, other, later = plan.objects[2], plan.objects[5], plan.objects[6]
    flip(parts[one], parts[one].read_bytes().index(b"picture") + 900)
    flip(parts[other], 700)
    before = {ref: path.read_bytes() for ref, path in parts.items()}
    rendered: list[list[ObjectRef]] = []

    def render_objects(objects: list[ObjectRef]) -> Outcome:
        rendered.append(objects)
        assert not any(parts[ref].exists() for ref in objects)
        if fails:
            return Outcome(quarantined={objects[0]: "no faces"})
        return Outcome(done=[ref for ref in objects if write(ref)])

    if fails:
        flip(parts[other], 700)
        result = finish(folder, plan, {later: "its mesh is missing"}, render_objects, ConsoleReporter())
        assert result == RenderResult(folder.dataset, {later: "its mesh is missing", one: "no faces"})
        assert rendered == [[one]]
        assert Dataset(folder.dataset).objects == sorted(plan.chosen - {one, later})
        assert "no faces" in folder.quarantine.read_text()
    else:
        assert finish(folder, plan, {}, render_objects, ConsoleReporter()) == RenderResult(folder.dataset, {})
        assert rendered == [sorted([one, other])]
        assert Dataset(folder.dataset).objects == sorted(plan.chosen)
        assert all(parts[ref].read_bytes() == before[ref] for ref in plan.objects if ref not in (one, other))
    messages = capsys.readouterr().err
    assert f"{parts[one]}: {one}: the image of view 0 differs from its checksum" in messages
    assert all(line.endswith("; rendering the object again") for line in messages.splitlines() if "checksum" in line)


def test_a_disk_that_damages_all_parts_again_is_given_up(plan: Plan, folder: RunFolder) -> None:
    rendered: list[int] = []

    def render_objects(objects: list[ObjectRef]) -> Outcome:
        rendered.append(len(objects))
        for task in plan.tasks(objects):
            path = part_path(folder.parts, task.ref)
            write_part(path, plan.info, {}, DatasetObject(task.ref, task.split, task.latents, [b"picture" * 300]))
            flip(path, 700)
        return Outcome(done=objects)

    render_objects(plan.objects)
    with pytest.raises(DamagedFileError, match="delete it and run the same '3die render' again"):
        finish(folder, plan, {}, render_objects, RenderReporter())
    assert rendered == [len(plan.objects)] * (1 + REPAIRS)


def test_a_damaged_part_doesnt_stop_the_check_of_splits(plan: Plan, folder: RunFolder) -> None:
    split = replace(plan, splits={ref: plan.split(ref) for ref in plan.objects})
    task = next(plan.tasks(plan.objects[:1]))
    path = part_path(folder.parts, task.ref)
    write_part(path, plan.info, {}, DatasetObject(task.ref, task.split, task.latents, [b"picture" * 300]))
    flip(path, 700)
    with folder.lock(split):
        assert path.exists()


def test_what_slurm_says_of_several_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    for name in list(os.environ):
        if name.startswith(("SLURM_", "TORCHELASTIC")):
            monkeypatch.delenv(name)
    report_process(ConsoleReporter())
    assert capsys.readouterr().out == ""
    monkeypatch.setenv("SLURM_NTASKS", "4")
    report_process(ConsoleReporter())
    messages = capsys.readouterr().out
    assert messages.startswith(
        "Process: alone: SLURM_NTASKS is 4, but srun didn't start this process; for several give"
    )
    for name, value in {"STEP_ID": "0", "STEP_NUM_TASKS": "4", "PROCID": "1"}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    report_process(ConsoleReporter())
    messages = capsys.readouterr().out
    assert messages.startswith("Process: 2 of 4 that srun started; each renders the whole")
    assert "--shard I/N" in messages
    assert len(messages.splitlines()) == 1


def test_a_contact_sheet_that_is_missing_or_older_is_none(folder: RunFolder) -> None:
    assert not folder.has_contact_sheet()
    put(folder.dataset)
    assert not folder.has_contact_sheet()
    put(folder.contact_sheet)
    assert folder.has_contact_sheet()
    os.utime(folder.contact_sheet, (0, 0))
    assert not folder.has_contact_sheet()
