"""Training under a real SLURM, two processes of srun: ended by the time limit, warned of it, and gone on each time."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from slurm_cluster import Slurm, wait_for, write_script

from threedie.benchmark.training.checkpoints import CHECKPOINT_FILE, load_checkpoint

pytestmark = [pytest.mark.slurm, pytest.mark.slow]
SMALLEST = (
    "--recipe smoke --set image_size=32 --set batch_size=8 --set width=4 --set projector=16-16 --set epochs=1000 "
    "--device cpu --workers 1 --save-every 1"
)
TWO = ("--ntasks-per-node=2", "--gpus-per-node=0", "--cpus-per-task=1", "--mem=4G")


def test_a_job_that_its_time_limit_ends_goes_on(
    slurm: Slurm, make_dataset: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "3diebench").mkdir()
    make_dataset(tmp_path / "3diebench" / "dataset.h5", objects=20, views=6, size=32)
    script, variables = write_script(tmp_path, 1, train=SMALLEST)
    plain = tmp_path / "plain.sh"
    plain.write_text("#!/bin/bash\n" + next(line for line in script.read_text().splitlines() if "srun" in line)[:-2])

    def log_text(job: str) -> str:
        log = tmp_path / f"slurm-{job}.out"
        return log.read_text() if log.exists() else ""

    def steps_done() -> int:
        checkpoint = next(tmp_path.glob(f"runs/*/{CHECKPOINT_FILE}"), None)
        return load_checkpoint(checkpoint)["progress"]["steps_done"] if checkpoint else 0

    def resumed(job: str) -> list[int]:
        return [int(step) for step in re.findall(r"^resume .* step (\d+)$", log_text(job), re.MULTILINE)]

    killed = slurm.submit(plain, *TWO, "--time=01:00:00", **variables)
    wait_for(steps_done, 240, lambda: slurm.logs() + log_text(killed))
    assert "process  2 on one machine, started by srun" in log_text(killed)
    slurm.set_end(killed)
    wait_for(lambda: slurm.job(killed)["JobState"] == "TIMEOUT", 120, lambda: slurm.logs() + log_text(killed))
    assert log_text(killed).count("stopped by SIGTERM") == 1
    first = steps_done()

    warned = slurm.submit(script, *TWO, **variables)
    wait_for(lambda: steps_done() > first, 240, lambda: slurm.logs() + log_text(warned))
    assert resumed(warned) == [first]
    slurm.set_end(warned, 100)
    wait_for(lambda: slurm.job(warned)["Restarts"] == "1", 120, lambda: slurm.logs() + log_text(warned))
    assert log_text(warned).count("stopped by SIGUSR1") == 1
    second = steps_done()
    wait_for(lambda: steps_done() > second, 240, lambda: slurm.logs() + log_text(warned))
    assert resumed(warned) == [first, second]
    assert 0 < first < second
    assert "Traceback" not in log_text(killed) + log_text(warned)
