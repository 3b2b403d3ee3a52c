"""`3die render` under a real SLURM: the array of docs/cluster.md, and jobs that the command itself submits."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fidelity import MODELS
from slurm_cluster import Slurm, wait_for, write_script

from threedie.manifests.dataset import Dataset
from threedie.manifests.parts import find_parts
from threedie.manifests.verify import verify

pytestmark = [pytest.mark.slurm, pytest.mark.blender, pytest.mark.slow]
TINY = "--size 32 --samples 1 --denoiser none"
OBJECTS = 6


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with models in ShapeNet's layout, and a list of them."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "ShapeNetCore.v2").symlink_to(MODELS)
    models = sorted(MODELS.glob("*/*/models/*.obj"), key=lambda path: path.stat().st_size)[:OBJECTS]
    np.save(folder / "objects.npy", np.array([(path.parents[2].name, path.parents[1].name) for path in models]))
    return folder


def test_the_array_requeues_itself_when_its_time_ends_and_goes_on(slurm: Slurm, listed: Path) -> None:
    script, variables = write_script(listed, 0, render=f"{TINY} --views 15 --workers 1")
    smaller = ("--array=1-2", "--cpus-per-task=1", "--mem=2G")
    array = slurm.submit(script, *smaller, **variables)
    shards = [f"{array}_{index}" for index in (1, 2)]
    parts = listed / "3diebench" / "parts"

    def log_text() -> str:
        return slurm.logs() + "".join(path.read_text() for path in listed.glob("slurm-*"))

    wait_for(lambda: find_parts(parts), 180, log_text)
    before = len(find_parts(parts))
    for shard in shards:
        # What SLURM sends two minutes before the end of the time limit.
        slurm.command("scancel", "--batch", "--signal=USR1", shard)
    for shard in shards:
        wait_for(lambda shard=shard: slurm.job(shard).get("Restarts") == "1", 90, log_text)
    assert before <= len(find_parts(parts)) < OBJECTS
    for shard in shards:
        wait_for(lambda shard=shard: slurm.job(shard)["JobState"] == "COMPLETED", 180, log_text)
    assert all(slurm.job(shard)["ExitCode"] == "0:0" for shard in shards)
    logs = [path.read_text() for path in sorted(listed.glob(f"slurm-{array}_*.out"))]
    assert len(logs) == 2
    for index, log in enumerate(logs, 1):
        assert log.count(f"shard {index}/2") >= 2, "once before the requeue, once after it"
    assert "already rendered" in "".join(logs)
    dataset = listed / "3diebench" / "dataset.h5"
    assert len(Dataset(dataset).objects) == OBJECTS
    assert not verify(dataset).problems


def test_jobs_that_the_command_submits(slurm: Slurm, listed: Path, tmp_path: Path) -> None:
    """The command is stopped, ends its jobs, and goes on."""
    out = tmp_path / "data"
    options = f"--views 25 {TINY} --jobqueue slurm --jobs 2 --job-cores 1 --job-memory 2GB --job-walltime 00:10:00"
    words = [sys.executable, "-P", "-m", "threedie", "render", "--models", listed / "ShapeNetCore.v2"]
    words += ["--manifest", listed / "objects.npy", "--out", out]
    environment = {**slurm.environment, "OMP_NUM_THREADS": "1", "DASK_DISTRIBUTED__DEPLOY__LOST_WORKER_TIMEOUT": "1s"}

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*words, *options.split()], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def workers() -> set[str]:
        """Processes that have begun to render."""
        return {folder.name.rsplit("-", 2)[1] for folder in (out / "logs").glob(f"{socket.gethostname()}-*-*")}

    stopped = start()
    wait_for(lambda: len(workers()) == 2 and find_parts(out / "parts"), 180, slurm.logs)
    assert len(slurm.jobs("3die")) == 2
    stopped.send_signal(signal.SIGUSR1)
    assert "Stopped" in stopped.communicate(timeout=90)[0]
    assert stopped.returncode == 128 + signal.SIGUSR1
    wait_for(lambda: not slurm.jobs("3die"), 60, slurm.logs)
    assert 0 < len(find_parts(out / "parts")) < OBJECTS

    again = start()
    said = again.communicate(timeout=240)[0]
    assert again.returncode == 0, said
    wait_for(lambda: not slurm.jobs("3die"), 60, slurm.logs)
    assert len(Dataset(out / "dataset.h5").objects) == OBJECTS
    assert not verify(out / "dataset.h5").problems
