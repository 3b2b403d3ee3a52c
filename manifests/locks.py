"""Locks in a folder that several machines share, which a dead machine doesn't keep.

A lock is a file; the process that creates it holds it and deletes it at the end. It shows in two ways that it lives.
It keeps the system's own lock on the file (`flock`), which is gone the moment its process is, however that ends; but
some shared file systems know that lock on one machine only, or not at all. So it also changes the file every
`BEAT_S` seconds. A lock is taken over where the holder's own machine says that there is no such process any more, or
where the file has stood still for `STALE_S` seconds. Clocks of different machines are never compared.

If a machine that slept so long wakes up, two hold the lock until the sleeper's next beat, which detects the loss.
"""

import fcntl
import json
import os
import secrets
import signal
import socket
import threading
import time
import weakref
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import explained, is_alive, machine, process_start
from threedie.manifests.lock_files import LINE, StaleFile, delete_stale, open_lock_file

BEAT_S = 5.0
STALE_S = 60.0
"""Longer than a shared file system may hide a change from another machine (NFS: 30 to 60 s for what is not opened)."""

DAMAGED_S = 15.0
"""The same for a damaged file: a living holder writes it anew with the next beat."""

_TRIES = 1000
"""Attempts at a lock, each after another holder's end, before this gives up on the file system."""
_CLOSED = -1
"""In place of the number of an open file."""
_LONGEST = 60
"""Characters of the host's name and of the note that are kept, so that the line has room for the rest."""


class Taken(ThreeDieError):
    """A living process holds the lock."""


@contextmanager
def lock(path: Path, note: str, refusal: str, on_wait: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Hold a lock.

    Args:
        path: the lock file.
        note: what the holder does, for the message to other processes.
        refusal: message if it is taken; `{holder}` in it is replaced by a description of the holder.
        on_wait: called with a message while this waits to see whether a holder is alive.

    Raises:
        Taken: another process holds it; or it was lost: another took it over because this process had stopped for long,
            or deleted its file.
        ThreeDieError: the file can't be written.
    """
    own = _acquire(path, note, refusal, on_wait)
    try:
        yield
    finally:
        loss = own.release()
        if loss:
            raise Taken(loss)


def holder(*paths: Path, on_wait: Callable[[str], None] = lambda _: None) -> str | None:
    """Description of a living holder of one of some locks, or None.

    May take `STALE_S` seconds, however many locks; deletes the files that dead holders left.
    """
    watched = {path: _watch(path, on_wait) for path in paths}
    while watched:
        for path, steps in list(watched.items()):
            try:
                next(steps)
            except StopIteration as end:
                if isinstance(end.value, str):
                    return end.value
                if end.value is not None:
                    delete_stale(path, end.value)
                del watched[path]
        if watched:
            time.sleep(min(1.0, BEAT_S))
    return None


def _acquire(path: Path, note: str, refusal: str, on_wait: Callable[[str], None]) -> "_Lock":
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(_TRIES):
            try:
                return _Lock(path, note)
            except FileExistsError:
                state = _examine(path, on_wait)
            if isinstance(state, str):
                raise Taken(refusal.replace("{holder}", state))
            if state is not None:
                delete_stale(path, state)
    except OSError as error:
        raise explained(error, path) from error
    raise ThreeDieError(f"{path}: can be neither made nor taken over; choose another folder")


class _Lock:
    """An acquired lock: the open file and the thread that changes it every `BEAT_S` seconds."""

    def __init__(self, path: Path, note: str) -> None:
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        self._about = {
            "host": _plain(socket.gethostname()),
            "machine": machine(),
            "process": os.getpid(),
            "started": process_start(os.getpid()),
            "since": time.strftime("%Y-%m-%d %H:%M:%S"),
            "note": _plain(note),
            # No two locks' files are alike, even where one gets the other's number on the disk within a tick.
            "token": secrets.token_hex(8),
        }
        self._beats = 0
        self._loss = ""
        try:
            with suppress(OSError):  # a file system without it: the beat alone must do
                fcntl.flock(self._file, fcntl.LOCK_EX)
            self._beat()
        except BaseException:
            # On a full disk an empty file would stay, and the next process would wait for signs of its holder.
            with suppress(OSError):
                path.unlink()
            os.close(self._file)
            raise
        self._end = threading.Event()
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self._keep_beating, daemon=True)
        _own_locks.add(self)
        self._thread.start()

    def _beat(self) -> None:
        text = json.dumps({**self._about, "beat": self._beats})
        line = text.encode()[: LINE - 1].ljust(LINE - 1) + b"\n"
        written = 0
        while written < LINE:  # on a full disk a part of it is written, and only the next call fails
            written += os.pwrite(self._file, line[written:], written)
        os.fsync(self._file)
        self._beats += 1

    def _is_own_file(self) -> bool:
        try:
            return os.path.samestat(self._path.lstat(), os.fstat(self._file))
        except OSError:
            return False

    def _keep_beating(self) -> None:
        misses = 0
        while not self._end.wait(BEAT_S):
            # Twice, because a process that checks whether this one is dead may have moved the file for a moment.
            misses = 0 if self._is_own_file() else misses + 1
            if misses > 1:
                self._report_loss()
                return
            with suppress(OSError):  # a full disk or an unreachable server: the work itself will report it
                self._beat()

    def _report_loss(self) -> None:
        """Interrupt the main thread, unless the lock is being released: no signal comes after that has begun."""
        with self._guard:
            if self._end.is_set():
                return
            self._loss = (
                f"{self._path}: this process had stopped for more than {STALE_S:.0f} s, and another took its place; "
                "leave the work to it, or run the same command again when it has ended"
                if self._path.exists()
                else f"{self._path}: the lock file was deleted while this process was at work; run the same command "
                "again to go on"
            )
            # A shell script's background commands ignore SIGINT.
            ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
            number = signal.SIGTERM if ignored else signal.SIGINT
            signal.pthread_kill(threading.main_thread().ident or 0, number)

    def release(self) -> str:
        """Release the lock, whatever signal comes meanwhile; returns how it was lost before, or an empty text."""
        interrupt: KeyboardInterrupt | None = None
        while True:
            try:
                self._release()
                break
            except KeyboardInterrupt as error:
                interrupt = error
        # The signal of the loss itself may come as late as this.
        if interrupt and not self._loss:
            raise interrupt
        return self._loss

    def _release(self) -> None:
        """Release the lock; can be called again after an interruption."""
        if self._file == _CLOSED:
            return
        with self._guard:
            self._end.set()
        self._thread.join()
        if not self._loss and self._is_own_file():
            with suppress(OSError):
                self._path.unlink()
        self.forget()

    def forget(self) -> None:
        """Close the file and leave it where it is: in a process that was forked, the lock is still its parent's."""
        file, self._file = self._file, _CLOSED
        if file != _CLOSED:
            os.close(file)


_own_locks: "weakref.WeakSet[_Lock]" = weakref.WeakSet()
"""Locks of this process."""


def _forget_all() -> None:
    for each in list(_own_locks):
        each.forget()


os.register_at_fork(after_in_child=_forget_all)


def _examine(path: Path, on_wait: Callable[[str], None]) -> str | StaleFile | None:
    """Description of a lock's holder, the file its dead holder left, or None without a file."""
    steps = _watch(path, on_wait)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            state: str | StaleFile | None = end.value
            return state
        time.sleep(min(1.0, BEAT_S))


def _watch(path: Path, on_wait: Callable[[str], None]) -> Generator[None, None, str | StaleFile | None]:
    """Watch a lock until the result of `_examine` is certain; each step reads its file once, a second apart."""
    begin = time.monotonic()
    first: bytes | None = None
    looked = False
    while True:
        file = open_lock_file(path)
        if file is None:
            return None
        try:
            state = os.fstat(file)
            content = os.read(file, LINE)
            about = _parsed(content)
            flocked = _is_flocked(file)
            if flocked and (looked or not _is_dead(about)):
                return _describe(about)
        finally:
            os.close(file)
        looked = True
        if flocked:  # by a process that is taking the lock over from a dead one: the next look finds its own lock
            yield
            continue
        patience = min(STALE_S, DAMAGED_S) if about is None else STALE_S
        if _is_dead(about) or (first == content and time.monotonic() - begin > patience):
            return StaleFile(state, content)
        if first is None:
            first = content
            on_wait(f"{path}: waiting up to {patience:.0f} s to see whether {_describe(about)} is still alive ...")
        elif first != content:
            return _describe(about)
        yield


def _is_dead(about: dict[str, object] | None) -> bool:
    """Whether a holder was a process of this machine that has ended."""
    if about is None or about.get("machine") != machine():
        return False
    process, started = about.get("process"), about.get("started")
    if not isinstance(process, int):
        return False
    return not is_alive(process, started if isinstance(started, int) else None)


def is_flocked(path: Path) -> bool:
    """Whether the system reports a file as locked, the only lock of versions without beats; False if unknown."""
    try:
        file = open_lock_file(path)
    except (OSError, ThreeDieError):
        return False
    if file is None:
        return False
    try:
        return _is_flocked(file) is True
    finally:
        os.close(file)


def _is_flocked(file: int) -> bool | None:
    """Whether the system reports a file as locked; None if it can't."""
    try:
        # Shared, so that two processes that check at once don't take each other for the holder.
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    fcntl.flock(file, fcntl.LOCK_UN)
    return False


def _parsed(content: bytes) -> dict[str, object] | None:
    """Content of a lock file; None if it is damaged."""
    try:
        about = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return about if isinstance(about, dict) and "process" in about else None


def _describe(about: dict[str, object] | None) -> str:
    if about is None:
        return "a process that has just begun, or left a damaged file,"
    note, process, host, since = (_plain(str(about.get(key, "?"))) for key in ("note", "process", "host", "since"))
    return f"{note}, process {process} on {host}, since {since}"


def _plain(text: str) -> str:
    """Short and printable ASCII."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text[:_LONGEST])
