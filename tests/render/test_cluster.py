"""Rendering on a Dask cluster: a real scheduler and worker processes on this machine, with a renderer without Blender.

One worker is killed, one loses its connection, one joins late; the dataset is the same as that of a local run.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import psutil
import pytest

distributed = pytest.importorskip("distributed")

from test_supervisor import FAKE, IMPATIENT, Count  # noqa: E402

from threedie.manifests.dataset import Dataset  # noqa: E402
from threedie.manifests.errors import ThreeDieError  # noqa: E402
from threedie.manifests.parts import find_parts, part_path  # noqa: E402
from threedie.render.engines import cluster as cluster_module  # noqa: E402
from threedie.render.engines.cluster import ClusterEngine, cluster_engine, job_script  # noqa: E402
from threedie.render.engines.options import ClusterOptions  # noqa: E402
from threedie.render.messages import Probe  # noqa: E402
from threedie.render.models.embedded_source import EmbeddedSource  # noqa: E402
from threedie.render.plan import Plan, make_plan  # noqa: E402
from threedie.render.preset import load_preset  # noqa: E402
from threedie.render.quality import choose_quality  # noqa: E402
from threedie.render.resources import make_setup  # noqa: E402
from threedie.render.run_folder import RunFolder  # noqa: E402
from threedie.render.supervisor import Limits, Supervisor  # noqa: E402

pytestmark = pytest.mark.slow


class Cluster:
    """A scheduler and its workers, each a process."""

    def __init__(self, folder: Path, **settings: object) -> None:
        """Settings are those of Dask's scheduler, such as worker_ttl."""
        variables = {f"DASK_DISTRIBUTED__SCHEDULER__{name.upper()}": str(value) for name, value in settings.items()}
        self.environment = {**os.environ, **variables}
        self.file = folder / "scheduler.json"
        self.processes: list[subprocess.Popen[bytes]] = []
        self._log = (folder / "dask.log").open("wb")
        self._start("dask_scheduler", "--port", "0", "--scheduler-file", self.file, "--no-show", "--no-dashboard")
        deadline = time.monotonic() + 30
        while not self.file.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.options = ClusterOptions(scheduler=str(self.file))

    def worker(self, threads: int = 1) -> subprocess.Popen[bytes]:
        return self._start(
            "dask_worker", "--scheduler-file", self.file, "--nthreads", threads, "--no-nanny", "--no-dashboard"
        )  # fmt: skip

    def _start(self, module: str, *options: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *map(str, options)]
        process = subprocess.Popen(command, stdout=self._log, stderr=self._log, env=self.environment)
        self.processes.append(process)
        return process

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        self._log.close()


@pytest.fixture
def cluster(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path, **getattr(request, "param", {}))
    yield cluster
    cluster.close()


def planned(tmp_path: Path, ids: list[str]) -> Plan:
    listed = tmp_path / "objects.csv"
    listed.write_text("class,id\n" + "".join(f"chair,{name}\n" for name in ids))
    return make_plan(
        EmbeddedSource(tmp_path / "models"), load_preset("3diebench"), choose_quality("fast", None, None),
        synsets=["03001627"], views=2, per_class=None, size=8, seed=3, sampler="counter", manifest=listed,
    )  # fmt: skip


def render(plan: Plan, folder: RunFolder, options: ClusterOptions, limits: Limits = IMPATIENT):
    said: list[str] = []
    with folder.lock(plan), cluster_engine(plan, folder, options, limits, said.append, FAKE) as engine:
        outcome = engine.run(plan.tasks(folder.missing(plan.objects)), Count())
    return outcome, said


def wait_for_parts(folder: RunFolder, count: int) -> None:
    deadline = time.monotonic() + 60
    while len(find_parts(folder.parts)) < count and time.monotonic() < deadline:
        time.sleep(0.02)


# Long enough for a machine that is busy with other tests, too.
@pytest.mark.parametrize("cluster", [{"worker_ttl": "8s"}], indirect=True, ids=["short patience"])
def test_workers_die_stop_and_join_and_the_dataset_is_the_local_run_s(cluster: Cluster, tmp_path: Path) -> None:
    plan = planned(tmp_path, [f"slow-{index}" for index in range(26)])
    local, remote = RunFolder(tmp_path / "local"), RunFolder(tmp_path / "remote")
    with local.lock(plan), Supervisor(make_setup(plan, local, tmp_path, 3), local.logs, 3, IMPATIENT, FAKE) as engine:
        assert len(engine.run(plan.tasks(plan.chosen), Count()).done) == 26
    local.pack(plan.objects)
    killed, stopped = cluster.worker(), cluster.worker()
    events = []

    def mischief() -> None:
        wait_for_parts(remote, 4)
        killed.kill()
        events.append(len(find_parts(remote.parts)))
        cluster.worker(2)
        wait_for_parts(remote, 12)
        stopped.send_signal(signal.SIGSTOP)
        events.append(len(find_parts(remote.parts)))

    thread = threading.Thread(target=mischief)
    thread.start()
    outcome, _ = render(plan, remote, cluster.options)
    thread.join()
    assert events[0] < events[1] < 26, "the mischief came too late to matter"
    assert not outcome.quarantined
    assert len(outcome.done) == 26
    # It wakes up with work in hand that another has done since.
    stopped.send_signal(signal.SIGCONT)
    time.sleep(1)
    remote.pack(plan.objects)
    ours, theirs = Dataset(remote.dataset), Dataset(local.dataset)
    assert ours.objects == theirs.objects
    assert ours.latents.tobytes() == theirs.latents.tobytes()
    assert remote.dataset.read_bytes() == local.dataset.read_bytes()


def test_failures_of_every_kind_on_one_cluster(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One cluster for all, because starting one takes seconds."""
    ids = ["ok-1", "crash-1", "bad-1", "liar-1", "crashonce-1", "warn-1", "ok-2"]
    plan = planned(tmp_path, ids)
    worker = cluster.worker(2)
    folder = RunFolder(tmp_path / "failing")
    outcome, _ = render(plan, folder, cluster.options)
    assert sorted(ref.object_id for ref in outcome.done) == ["crashonce-1", "ok-1", "ok-2", "warn-1"]
    reasons = {ref.object_id: reason for ref, reason in outcome.quarantined.items()}
    assert "SIGSEGV" in reasons["crash-1"]
    assert "working on 03001627/crash-1" in reasons["crash-1"]
    assert "no faces" in reasons["bad-1"]
    assert "left no whole file" in reasons["liar-1"]
    assert outcome.warnings == ["a texture is missing"]
    assert not part_path(folder.parts, next(iter(outcome.quarantined))).exists()

    deadline = time.monotonic() + 5
    while psutil.Process(worker.pid).children() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not psutil.Process(worker.pid).children(), "the run ended and its processes didn't"

    early = planned(tmp_path, ["bad-1", *(f"slow-{index}" for index in range(50))])
    begin = time.monotonic()
    outcome, _ = render(early, RunFolder(tmp_path / "fast"), cluster.options, replace(IMPATIENT, fail_fast=True))
    assert next(iter(outcome.quarantined)).object_id == "bad-1"
    assert time.monotonic() - begin < 15

    with pytest.raises(ThreeDieError, match="disk is full"):
        render(planned(tmp_path, ["ok-1", "full-1"]), RunFolder(tmp_path / "full"), cluster.options)

    plan = planned(tmp_path, ["ok-1"])
    unheld = RunFolder(tmp_path / "elsewhere")
    with cluster_engine(plan, unheld, cluster.options, IMPATIENT, print, FAKE) as engine:
        assert engine.workers == 2
        with pytest.raises(ThreeDieError, match="can't access this folder"):
            engine.run(plan.tasks(plan.chosen), Count())

    with cluster_engine(plan, folder, cluster.options, IMPATIENT, print, FAKE) as engine:
        probed = engine.probe(Probe(plan.example(plan.objects[0], 1), (8, 64)))
        assert probed is not None
        assert len(probed.seconds) == 2

    monkeypatch.setattr(cluster_module, "VISIBLE_S", 0.5)
    monkeypatch.setattr(cluster_module.Ledger, "done", lambda *_: False)
    with pytest.raises(ThreeDieError, match="isn't visible here"):
        render(planned(tmp_path, ["ok-3"]), RunFolder(tmp_path / "unseen"), cluster.options)


@pytest.mark.parametrize("cluster", [{"allowed_failures": 1}], indirect=True, ids=["two tries"])
def test_an_object_that_takes_its_workers_with_it_is_given_up(cluster: Cluster, tmp_path: Path) -> None:
    plan = planned(tmp_path, ["killparent-1", *(f"slow-{index}" for index in range(6))])
    for _ in range(4):
        cluster.worker()
    outcome, _ = render(plan, RunFolder(tmp_path / "out"), cluster.options)
    # With two tries another object may be given up too: one that was twice on a worker with the killer.
    assert "killparent-1" in {ref.object_id for ref in outcome.quarantined}
    assert len(outcome.done) + len(outcome.quarantined) == 7
    assert len(outcome.done) >= 4
    assert all("2 workers of the cluster were lost" in reason for reason in outcome.quarantined.values())


def test_a_scheduler_that_goes_while_an_answer_is_fetched_is_named() -> None:
    class Cut:
        def result(self) -> None:
            raise distributed.comm.CommClosedError("connection reset by peer")

    with pytest.raises(ThreeDieError, match="scheduler is gone"):
        ClusterEngine._report(Mock(), Cut())


def test_a_scheduler_that_goes_away_ends_the_run(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "CONNECT_S", 2)
    plan = planned(tmp_path, [f"slow-{index}" for index in range(100)])
    cluster.worker()
    folder = RunFolder(tmp_path / "out")

    def stop() -> None:
        wait_for_parts(folder, 2)
        cluster.processes[0].kill()

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(ThreeDieError, match="scheduler is gone"):
        render(plan, folder, cluster.options)
    thread.join()
    assert 2 <= len(find_parts(folder.parts)) < 100


def test_no_scheduler_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "CONNECT_S", 1)
    with pytest.raises(ThreeDieError, match=r"--scheduler tcp://127\.0\.0\.1:9: no Dask scheduler answers"):
        render(planned(tmp_path, ["ok-1"]), RunFolder(tmp_path / "out"), ClusterOptions(scheduler="tcp://127.0.0.1:9"))


SBATCH = """#!/bin/sh
# A batch system of one machine: starts the job at once. Prints what sbatch prints.
cp "$1" "{folder}/job.sh"
bash "{folder}/job.sh" >>"{folder}/jobs.log" 2>&1 &
echo "Submitted batch job $!"
"""


def test_jobs_of_a_batch_system_are_started_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name, script in {"sbatch": SBATCH.format(folder=tmp_path), "scancel": '#!/bin/sh\nkill "$1"\n'}.items():
        (bin_folder / name).write_text(script)
        (bin_folder / name).chmod(0o755)
    options = ClusterOptions(
        jobqueue="slurm", jobs=1, job_cores=2, job_memory="2GB", job_walltime="00:10:00", job_option=("--account=me",)
    )
    monkeypatch.setenv("PATH", "/nowhere")
    plan = planned(tmp_path, ["ok-1", "slow-1", "bad-1"])
    with pytest.raises(ThreeDieError, match="no command sbatch"):
        render(plan, RunFolder(tmp_path / "out"), options)
    monkeypatch.setenv("PATH", f"{bin_folder}:/usr/bin:/bin")
    outcome, _ = render(plan, RunFolder(tmp_path / "out"), options)
    assert len(outcome.done) == 2
    assert len(outcome.quarantined) == 1


@pytest.mark.parametrize(("kind", "mark"), [("slurm", "#SBATCH"), ("pbs", "#PBS"), ("lsf", "#BSUB"), ("sge", "#$")])
def test_job_scripts(kind: str, mark: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ClusterOptions(jobqueue=kind, job_walltime="01:00:00", job_queue="long", job_option=("--mine",))
    monkeypatch.chdir(tmp_path)
    script = job_script(options)
    assert f"{mark} --mine" in script
    assert "long" in script
    assert "--nthreads 8" in script
    assert not list(tmp_path.iterdir())


def test_contradicting_options_are_refused() -> None:
    with pytest.raises(ThreeDieError, match="--scheduler and --shard: choose one"):
        ClusterOptions(scheduler="tcp://a:1").check(None, "1/2")
    with pytest.raises(ThreeDieError, match="give --job-cores"):
        ClusterOptions(jobqueue="slurm").check(2, None)
    ClusterOptions().check(2, "1/2")


def test_without_dask_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ThreeDieError, match=r"pip install 'threedie\[cluster\]'"):
        render(planned(tmp_path, ["ok-1"]), RunFolder(tmp_path / "out"), ClusterOptions(scheduler="tcp://a:1"))
