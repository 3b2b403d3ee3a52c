import errno
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

from threedie.manifests import lock_files, locks
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import machine, process_start
from threedie.manifests.locks import Taken, holder, lock

REFUSAL = "{holder} has it"
HOLD = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from threedie.manifests import locks
    locks.BEAT_S = 0.1
    with locks.lock(Path(sys.argv[1]), "a test", "taken"):
        print("own", flush=True)
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
    assert process.stdout.readline() == "own\n"
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


@pytest.mark.parametrize("_", range(10))
def test_one_of_many_gets_a_dead_holder_s_lock(path: Path, _: int) -> None:
    process = other_process(path)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    ready, others_refused, got = threading.Barrier(8), threading.Semaphore(0), []

    def try_it(number: int) -> None:
        ready.wait()
        try:
            with lock(path, str(number), REFUSAL):
                got.append(number)
                for _ in range(7):
                    others_refused.acquire(timeout=20)
        except Taken:
            others_refused.release()

    threads = [threading.Thread(target=try_it, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    assert list(path.parent.iterdir()) == []


def test_a_dead_holder_s_file_that_another_is_deleting_is_no_holder_s(path: Path) -> None:
    process = other_process(path)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    with path.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        lock_files.delete_stale(path, stale_file(path))
        assert path.exists()
        steps = locks._watch(path, lambda _: None)
        next(steps)
        fcntl.flock(file, fcntl.LOCK_UN)
        with pytest.raises(StopIteration) as end:
            next(steps)
    assert end.value.value == stale_file(path)


def test_two_who_look_at_once_dont_take_each_other_for_the_holder(path: Path) -> None:
    process = other_process(path)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    with path.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert holder(path) is None


def stale_file(path: Path) -> lock_files.StaleFile:
    return lock_files.StaleFile(path.stat(), path.read_bytes())


def test_a_new_lock_in_the_place_of_a_dead_one_is_not_buried(path: Path) -> None:
    from_another_machine(path)
    dead = stale_file(path)
    from_another_machine(path, 1)  # the same number on the disk, written anew
    lock_files.delete_stale(path, dead)
    assert path.exists()
    lock_files.delete_stale(path, stale_file(path))
    assert not path.exists()


def test_a_new_lock_made_in_the_tick_in_which_the_old_one_ended_is_not_buried(path: Path) -> None:
    """A file system may give it the same number, and its clock may not have moved on."""
    with lock(path, "same", REFUSAL):
        dead = stale_file(path)
    (again := lock(path, "same", REFUSAL)).__enter__()
    about = json.loads(path.read_bytes())
    assert about["token"] != json.loads(dead.content)["token"]
    os.utime(path, ns=(dead.state.st_atime_ns, dead.state.st_mtime_ns))
    lock_files.delete_stale(path, lock_files.StaleFile(path.stat(), dead.content))
    assert path.exists()
    again.__exit__(None, None, None)
    assert list(path.parent.iterdir()) == []


def beating() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "_keep_beating" in repr(getattr(thread, "_target", ""))]


def test_a_lock_whose_file_is_deleted_says_so(path: Path) -> None:
    def work() -> None:
        with lock(path, "worker", REFUSAL):
            path.unlink()
            time.sleep(30)

    with pytest.raises(Taken, match="run: the lock file was deleted while this process was at work"):
        work()
    assert beating() == []


def test_no_signal_comes_once_a_lock_is_being_released(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(signal, "pthread_kill", lambda _, number: sent.append(number))
    own = locks._Lock(path_made(path), "released")
    own._end.set()  # as a release has done that hasn't waited for the thread yet
    path.unlink()
    own._report_loss()
    assert own.release() == ""
    assert sent == []
    assert beating() == []


def path_made(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    return path


def test_a_signal_of_the_loss_that_comes_as_late_as_the_release_is_the_loss(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = locks._Lock(path_made(path), "late")
    own._loss = "lost"
    join, late = own._thread.join, [KeyboardInterrupt]

    def interrupted() -> None:
        if late:
            raise late.pop()
        join()

    monkeypatch.setattr(own._thread, "join", interrupted)
    assert own.release() == "lost"
    assert beating() == []


def test_ctrl_c_during_the_release_comes_after_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = locks._Lock(path_made(path), "stopped")
    join, pressed = own._thread.join, [KeyboardInterrupt, KeyboardInterrupt]

    def interrupted() -> None:
        if pressed:
            raise pressed.pop()
        join()

    monkeypatch.setattr(own._thread, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        own.release()
    assert not path.exists()
    assert beating() == []


FORK = textwrap.dedent("""
    import os, sys, time
    from pathlib import Path
    from threedie.manifests import locks
    locks.BEAT_S = 0.05
    path = Path(sys.argv[1])
    with locks.lock(path, "parent", "taken"):
        child = os.fork()
        if child:
            assert os.waitpid(child, 0)[1] == 0
            time.sleep(0.3)
            assert path.exists()
    if child:
        assert not path.exists()
""")


def test_a_forked_child_leaves_its_parent_s_lock_alone(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FORK, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_one_who_ignores_ctrl_c_is_told_all_the_same(path: Path) -> None:
    script = HOLD.replace("locks.BEAT_S", "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); locks.BEAT_S")
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "own\n"
    path.unlink()
    path.write_text("{}")
    assert process.wait(timeout=5) == -signal.SIGTERM


@pytest.mark.parametrize("kind", ["link to nothing", "link to itself", "link to a file", "folder", "pipe"])
def test_what_is_no_file_is_refused_by_name(path: Path, kind: str) -> None:
    path.parent.mkdir()
    other = path.parent / "other"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"link to nothing": "nowhere", "link to itself": path.name, "link to a file": "other"}[kind])
        other.write_text("theirs")
    refusal = r"run: a (link|folder|device or a pipe) in place of a lock file"
    with pytest.raises(ThreeDieError, match=refusal), lock(path, "mine", REFUSAL):
        pass
    with pytest.raises(ThreeDieError, match="delete it"):
        holder(path)
    assert path.is_symlink() or path.exists()
    assert not other.exists() or other.read_text() == "theirs"


DAMAGED = {
    "empty": b"",
    "binary": bytes(range(256)) * 3,
    "list": b"[1, 2]",
    "number": b"7",
    "deep": b"[" * 600,
    "no keys": b"{}",
    "half": b'{"process": 3, "machine": "oth',
    "odd": b'{"process": [], "machine": {}, "note": {"a": 1}, "since": null, "started": "x"}',
    "large": b"x" * 10_000_000,
    "of an older version": b"process 12",
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_lock_is_taken_over_when_it_stands_still(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    said: list[str] = []
    with lock(path, "mine", REFUSAL, said.append):
        assert "mine" in path.read_text()
    assert len(said) == 1
    assert "\n" not in said[0]
    assert list(path.parent.iterdir()) == []


def test_a_damaged_lock_that_is_flocked_is_respected(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"[]")
    with path.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(Taken, match="a process that has just begun"), lock(path, "mine", REFUSAL):
            pass


def test_a_full_disk_leaves_no_empty_lock(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(ThreeDieError, match="run: the disk is full"), lock(path, "mine", REFUSAL):
            pass
    assert list(path.parent.iterdir()) == []
    begin = time.monotonic()
    with lock(path, "mine", REFUSAL):
        assert time.monotonic() - begin < 0.5


@pytest.fixture(params=[errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, 524])
def no_flock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(*_: object) -> None:
        raise OSError(request.param, "no flock here")

    monkeypatch.setattr(fcntl, "flock", flock)


@pytest.mark.usefixtures("no_flock")
def test_without_flock_the_living_are_respected_and_the_dead_are_not(path: Path) -> None:
    process = other_process(path)
    with pytest.raises(Taken, match="a test, process"), lock(path, "mine", REFUSAL):
        pass
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    begin = time.monotonic()
    with lock(path, "mine", REFUSAL):
        assert time.monotonic() - begin < 0.5, "its machine knows that it is dead"


def test_a_later_process_of_the_same_number_isnt_the_holder(path: Path) -> None:
    started = process_start(os.getpid())
    if started is None:
        pytest.skip("the system doesn't say when a process was started")
    path.parent.mkdir()
    about = {"machine": machine(), "process": os.getpid(), "host": "h", "since": "s", "note": "n", "beat": 1}
    path.write_text(json.dumps({**about, "started": started - 5}))
    begin = time.monotonic()
    with lock(path, "mine", REFUSAL):
        assert time.monotonic() - begin < 0.5


def test_a_long_note_leaves_room_for_the_beat(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks.socket, "gethostname", lambda: "h" * 300)
    with lock(path, "木" * 300, REFUSAL):
        first = json.loads(path.read_text())
        time.sleep(0.3)
        assert json.loads(path.read_text())["beat"] > first["beat"]
