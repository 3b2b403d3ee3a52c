"""Files that are either whole or not there."""

import errno
import fcntl
import hashlib
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from manifests.errors import ThreeDieError

TEMPORARY = ".tmp-"
"""Prefix of files being written. Whatever bears it after a run has ended is debris and may be deleted."""


@cache
def machine() -> str:
    """Short name of this machine since it was started, other than that of every machine that shares a folder with it.

    Containers count as machines of their own where they number their processes themselves.
    """
    marks = [socket.gethostname()]
    for mark in ("/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"):
        with suppress(OSError):
            path = Path(mark)
            marks.append(str(path.readlink()) if path.is_symlink() else path.read_text())
    return hashlib.sha256("\n".join(marks).encode()).hexdigest()[:8]


def temporary_prefix(process: int) -> str:
    """How the names of all files begin that a process of this machine is writing."""
    return f"{TEMPORARY}{machine()}-{process}-"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; on success flush that file to disk and rename it into place.

    A reader sees the old file or the new one, never a half. On an error the temporary file is removed.

    Raises:
        ThreeDieError: the disk is full or the folder can't be written to.
    """
    if path.is_dir() or not path.name:
        raise explained(OSError(errno.EISDIR, "is a folder"), path)
    temporary = path.with_name(f"{temporary_prefix(os.getpid())}{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise explained(error, path) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder for one run, and clear away what killed runs left half-written in it.

    Raises:
        ThreeDieError: another process holds it, or it can't be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("a+")
    except OSError as error:
        raise explained(error, folder) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise ThreeDieError(
                f"{folder}: another run is at work in this folder ({holder}); wait for it, or choose another with --out"
            ) from error
        except OSError as error:
            raise explained(error, folder) from error
        lock.truncate(0)
        lock.write(f"process {os.getpid()}")
        lock.flush()
        for debris in folder.rglob(f"{TEMPORARY}*"):
            if debris.is_file():
                debris.unlink(missing_ok=True)
        yield


def explained(error: OSError, path: Path) -> ThreeDieError:
    """Turn an operating system's error about `path` into a message with a mend."""
    # HDF5 reports a full disk only inside its message: "errno = 28".
    number = error.errno or (errno.ENOSPC if f"errno = {errno.ENOSPC}," in str(error) else None)
    mends = {
        errno.ENOSPC: "the disk is full; free some space and run the same command again",
        errno.EDQUOT: "your disk quota is used up; free some space and run the same command again",
        errno.EACCES: "no permission; choose another folder",
        errno.EROFS: "the file system is read-only; choose another folder",
        errno.ENOENT: "no such file or folder; check the path",
        errno.EEXIST: "a file lies where a folder is needed; choose another path",
        errno.ENOTDIR: "a file lies where a folder is needed; choose another path",
        errno.EISDIR: "a folder lies where a file is needed; choose another path",
    }
    reason = mends.get(number or 0, str(error))
    return ThreeDieError(f"{path}: {reason}")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON with sorted keys, whole or not at all."""
    text = json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n"
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        ThreeDieError: it can't be read or isn't JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise explained(error, path) from error
    except ValueError as error:
        raise ThreeDieError(f"{path}: not a JSON file ({error})") from error
