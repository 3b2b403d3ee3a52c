import fcntl
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from manifests import locks
from manifests.locks import Taken, holder, lock

REFUSAL = "{holder} has it"
HOLD = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from manifests import locks
    locks.BEAT_S = 0.1
    with locks.lock(Path(sys.argv[1]), "a test", "taken"):
        print("held", flush=True)
        sys.stdin.read()
""")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "BEAT_S", 0.1)
    monkeypatch.setattr(locks, "STALE_S", 1.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "locks" / "run"


def other_process(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def from_another_machine(path: Path, beat: int = 0) -> None:
    """A lock whose holder's flock doesn't reach this machine."""
    about = {"machine": "other", "host": "node7", "process": 1, "since": "today", "note": "theirs", "beat": beat}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(about))


def test_a_lock_is_held_by_one_and_left_by_none(path: Path) -> None:
    with lock(path, "first", REFUSAL):
        with pytest.raises(Taken, match=rf"first, process {os.getpid()} on .* has it"), lock(path, "second", REFUSAL):
            pass
        assert holder(path) is not None
    assert list(path.parent.iterdir()) == []
    with lock(path, "third", REFUSAL):
        pass


def test_a_killed_process_of_this_machine_keeps_nothing(path: Path) -> None:
    process = other_process(path)
    assert holder(path) is not None
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert path.exists()
    begin = time.monotonic()
    with lock(path, "next", REFUSAL):
        assert time.monotonic() - begin < 0.5
    assert list(path.parent.iterdir()) == []


def test_a_stopped_process_of_this_machine_keeps_its_lock(path: Path) -> None:
    process = other_process(path)
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(1.5)
    assert holder(path) is not None
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def test_another_machine_s_lock_is_taken_over_only_when_it_stands_still(path: Path) -> None:
    from_another_machine(path)
    said: list[str] = []
    begin = time.monotonic()
    with lock(path, "mine", REFUSAL, said.append):
        assert time.monotonic() - begin > 1.0
        assert "node7" in said[0]
    assert list(path.parent.iterdir()) == []


def test_another_machine_s_lock_that_changes_is_respected(path: Path) -> None:
    from_another_machine(path)
    end = threading.Event()

    def beat() -> None:
        number = 1
        while not end.wait(0.3):
            from_another_machine(path, number)
            number += 1

    thread = threading.Thread(target=beat)
    thread.start()
    with pytest.raises(Taken, match="theirs, process 1 on node7, since today has it"), lock(path, "mine", REFUSAL):
        pass
    end.set()
    thread.join()


def test_one_whose_lock_was_taken_over_is_told(path: Path) -> None:
    def sleep() -> None:
        with lock(path, "sleeper", REFUSAL):
            path.unlink()
            path.write_text("{}")
            time.sleep(30)

    begin = time.monotonic()
    with pytest.raises(Taken, match="another took its place"):
        sleep()
    assert time.monotonic() - begin < 5


def test_one_of_many_gets_a_dead_holder_s_lock(path: Path) -> None:
    process = other_process(path)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    ready, got = threading.Barrier(8), []

    def try_it(number: int) -> None:
        ready.wait()
        try:
            with lock(path, str(number), REFUSAL):
                got.append(number)
                time.sleep(0.3)
        except Taken:
            pass

    threads = [threading.Thread(target=try_it, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1


def test_two_who_look_at_once_dont_take_each_other_for_the_holder(path: Path) -> None:
    process = other_process(path)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    with path.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert holder(path) is None


def test_a_new_lock_in_the_place_of_a_dead_one_is_not_buried(path: Path) -> None:
    from_another_machine(path)
    dead = path.stat()
    from_another_machine(path, 1)  # the same number on the disk, written anew
    os.utime(path, ns=(dead.st_atime_ns, dead.st_mtime_ns + 1))
    locks._bury(path, dead)
    assert path.exists()
    locks._bury(path, path.stat())
    assert not path.exists()


def test_one_who_ignores_ctrl_c_is_told_all_the_same(path: Path) -> None:
    script = HOLD.replace("locks.BEAT_S", "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); locks.BEAT_S")
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    path.unlink()
    path.write_text("{}")
    assert process.wait(timeout=5) == -signal.SIGTERM
