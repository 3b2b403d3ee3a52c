import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from threedie.benchmark.runs.folder import LOCK_FILE, run_lock
from threedie.benchmark.training.scalars import ScalarLog
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import TEMPORARY, temporary_prefix
from threedie.manifests.locks import Taken

ELSEWHERE = f"{TEMPORARY}0badcafe-17-"


@pytest.fixture(scope="module")
def dead() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def put(folder: Path, *names: str) -> set[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(name)
    return {folder / name for name in names}


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_a_run_s_folder_is_held_by_one_and_cleared(tmp_path: Path, dead: int) -> None:
    folder = tmp_path / "vicreg-smoke-s0"
    gone, living = temporary_prefix(dead), temporary_prefix(os.getpid())
    kept = put(folder, "checkpoint.pt", f"{living}record.json", ".tmp-other.docx", f"{ELSEWHERE}notes.txt")
    kept |= put(folder / "features", f"{living}embedding-1.npy") | put(folder / "mine", f"{gone}a.json")
    put(folder, f"{gone}checkpoint.pt", f"{ELSEWHERE}record.json")
    put(folder / "features", f"{gone}embedding-1.npy", f"{ELSEWHERE}representation-1.npy")
    put(folder / "quick-v2-abcdef01", f"{gone}record.json")
    with run_lock(folder):
        assert files(folder) == kept | {folder / LOCK_FILE}
        with pytest.raises(Taken, match=r"another run is at work in this folder \(run vicreg-smoke-s0, process"):  # noqa: SIM117
            with run_lock(folder):
                pass
    assert files(folder) == kept


def test_where_somebody_keeps_a_checkpoint_nothing_is_cleared(tmp_path: Path, dead: int) -> None:
    kept = put(tmp_path, "checkpoint.pt", ".tmp-report.docx", f"{temporary_prefix(dead)}a.json", f"{ELSEWHERE}b.json")
    kept |= put(tmp_path / "features", f"{ELSEWHERE}c.npy", ".tmp-notes") | put(tmp_path / "other", ".tmp-x")
    with run_lock(tmp_path, own=False):
        pass
    assert files(tmp_path) == kept


def test_the_lock_file_of_an_older_version_is_no_hindrance_unless_it_is_held(tmp_path: Path) -> None:
    older = tmp_path / ".lock"
    older.write_text("process 12")
    with run_lock(tmp_path):
        pass
    assert older.read_text() == "process 12"
    with older.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(Taken, match="an older version of this program"), run_lock(tmp_path):
            pass
    assert not (tmp_path / LOCK_FILE).exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said_where_scalars_are_logged(tmp_path: Path) -> None:
    with ScalarLog(tmp_path, 0) as log:
        log.add({"step/loss": 1.0}, 1)
        log._file.close()
        log._file = log._writer._writer = Path("/dev/full").open("wb")  # noqa: SIM115
        with pytest.raises(ThreeDieError, match="the disk is full"):
            log.add({"step/loss": 1.0}, 2)


def test_tensorboard_reads_what_is_logged(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with ScalarLog(tmp_path, 0) as log:
        for step in range(5):
            log.add({"step/loss": 10.0 - step, "step/learning_rate": 0.5}, step)
    # Stopped after a checkpoint at step 3, it goes on from there.
    with ScalarLog(tmp_path, 3) as log:
        log.add({"step/loss": 5.0}, 3)
    read = EventAccumulator(str(tmp_path))
    read.Reload()
    assert [(each.step, each.value) for each in read.Scalars("step/loss")] == [(0, 10), (1, 9), (2, 8), (3, 5)]
    assert [each.value for each in read.Scalars("step/learning_rate")] == [0.5] * 3
