import json
import multiprocessing
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from manifests import locks
from manifests.dataset import DatasetObject, looks_whole, part_path, write_part
from manifests.errors import ThreeDieError
from manifests.files import temporary_prefix
from render import cli
from render.models.embedded_source import EmbeddedSource
from render.preset import load_preset
from render.quality import choose_quality
from render.run import Plan, RunFolder, make_plan
from render.shard import Shard
from render.supervisor import Outcome


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
    with folder.held(plan, Shard(1, 3)), folder.held(plan, Shard(3, 3)):
        for other in (Shard(1, 3), Shard(1, 4), None):
            with pytest.raises(ThreeDieError, match=r"another run is at work .*shard 1/3, process"):  # noqa: SIM117
                with folder.held(plan, other):
                    pass
    with (
        folder.held(plan),
        pytest.raises(ThreeDieError, match="the whole run, process"),
        folder.held(plan, Shard(1, 3)),
    ):
        pass
    with folder.held(plan):
        pass


def test_a_shard_of_a_dead_machine_is_taken_over(
    plan: Plan, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "STALE_S", 0.5)
    folder.locks.mkdir(parents=True)
    dead = {"machine": "other", "host": "node7", "process": 1, "since": "today", "note": "shard 1/3", "beat": 4}
    (folder.locks / "shard-1-of-3").write_text(json.dumps(dead))
    said: list[str] = []
    with folder.held(plan, Shard(1, 3), said.append):
        assert "node7" in said[0]
    (folder.locks / "shard-1-of-3").write_text(json.dumps(dead))
    with folder.held(plan):
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
    with folder.held(plan):
        assert time.monotonic() - begin < 4
        assert [path.name for path in folder.locks.iterdir()] == ["run"]


def test_a_shard_that_ends_beside_another_packs_after_it(
    plan: Plan, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for task in plan.tasks(plan.chosen):
        item = DatasetObject(task.ref, task.split, task.latents, [b"picture"])
        write_part(part_path(folder.parts, task.ref), plan.info, {}, item)
    packed: list[object] = []
    monkeypatch.setattr(cli, "_finish", lambda *given: packed.append(given))
    other = folder.held(plan, Shard(2, 2))
    other.__enter__()
    timer = threading.Timer(0.5, other.__exit__, [None, None, None])
    timer.start()
    cli._finish_shard(folder, plan, Shard(1, 2), Outcome())
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
    with folder.held(plan, Shard(1, 2)):
        assert not debris[mine].exists()
        assert debris[theirs].exists()
    with folder.held(plan):
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
        with folder.held(plan, Shard(index, 8)):
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
        "3die": 'trap "echo stopped >>{0}/said; exit 130" USR1\necho "$@" >{0}/said\nwhile :; do sleep 0.1; done',
        "scontrol": 'echo "$@" >>{0}/said',
    }
    for name, text in commands.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{text.format(tmp_path)}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "job.sh").write_text(recipe)
    array = {"SLURM_ARRAY_JOB_ID": "77", "SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_COUNT": "64"}
    environment = {**os.environ, **array, "SCRATCH": "/scratch", "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    job = subprocess.Popen(["bash", tmp_path / "job.sh"], env=environment)
    said = tmp_path / "said"
    deadline = time.monotonic() + 20
    while not said.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    job.send_signal(signal.SIGUSR1)
    assert job.wait(timeout=20) == 0
    begun, stopped, requeued = said.read_text().splitlines()
    assert begun.endswith("--out /scratch/3diebench --shard 3/64")
    assert (stopped, requeued) == ("stopped", "requeue 77_3")
