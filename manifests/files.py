"""Files that are written whole or not at all, and what killed processes leave behind."""

import errno
import hashlib
import json
import os
import re
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from threedie.manifests.errors import ThreeDieError, one_line

TEMPORARY = ".tmp-"
"""Prefix of files being written. Other programs use it too: only `temporary_prefix` says that a file is ours."""

_OURS = re.compile(r"(?P<machine>[0-9a-f]{8})-(?P<process>\d{1,10})-(?P<rest>.+)", re.DOTALL)
_SCRATCH = "3die-"
_ERRNO = re.compile(r"\berrno = (\d+)")


@cache
def machine() -> str:
    """Short name of this machine since it was started, other than that of every machine that shares a folder with it.

    Containers count as machines of their own where they number their processes themselves.
    """
    marks = [socket.gethostname()]
    for source in ("/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"):
        with suppress(OSError):
            path = Path(source)
            marks.append(str(path.readlink()) if path.is_symlink() else path.read_text())
    return hashlib.sha256("\n".join(marks).encode()).hexdigest()[:8]


def temporary_prefix(process: int) -> str:
    """How the names of all files begin that a process of this machine is writing."""
    return f"{TEMPORARY}{machine()}-{process}-"


def scratch_prefix() -> str:
    """How the names of this process's temporary folders begin, in `/tmp` or in memory."""
    return f"{_SCRATCH}{machine()}-{os.getpid()}-"


def process_start(process: int) -> int | None:
    """When a process of this machine was started, in the kernel's ticks since boot; None where the system can't say."""
    fields = _process_fields(process)
    return int(fields[19]) if len(fields) > 19 and fields[19].isdigit() else None


def is_alive(process: int, started: int | None = None) -> bool:
    """Whether a process of this machine is at work.

    Args:
        process: its number.
        started: its `process_start`, which tells it from a later process of the same number; None where it is unknown.
    """
    if process <= 0:
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        pass
    fields = _process_fields(process)
    if fields[:1] in (["Z"], ["X"]):  # ended, and not yet waited for by its parent
        return False
    now = process_start(process)
    return started is None or now is None or now == started


def _process_fields(process: int) -> list[str]:
    """What Linux says of a process after its name, which may hold anything: state, parent, ..."""
    try:
        return Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def clear_debris(folder: Path, exclusive: bool = False, ours: Callable[[str], bool] = lambda _: True) -> None:
    """Delete what killed processes of this program were writing in a folder, files or folders; nothing further below.

    Only what is named after a process of this machine that has ended is deleted; with `exclusive`, also what other
    machines were writing. Files of other programs always stay.

    Args:
        folder: the folder; nothing is done where it is a link.
        exclusive: whether a lock keeps all other processes out.
        ours: filter by the rest of the name; everything matches by default.
    """
    for entry, writer, process, rest in _temporaries(folder, TEMPORARY):
        dead = not is_alive(process) if writer == machine() else exclusive
        if dead and ours(rest):
            _delete(entry)


@lru_cache(maxsize=4096)
def clear_debris_once(folder: Path) -> None:
    """`clear_debris`, once a process: a folder may have tens of thousands of files that are written one by one.

    A link is followed, as by what is about to be written through it.
    """
    clear_debris(folder.resolve())


def clear_scratch(folder: Path) -> None:
    """Delete temporary folders (see `scratch_prefix`) that killed processes of this user and machine left in one."""
    for entry, writer, process, _ in _temporaries(folder, _SCRATCH):
        with suppress(OSError):
            own = entry.stat(follow_symlinks=False).st_uid == os.geteuid()
            if own and writer == machine() and not is_alive(process):
                _delete(entry)


def _temporaries(folder: Path, prefix: str) -> "list[tuple[os.DirEntry[str], str, int, str]]":
    """Entry, machine, process and rest of the name, of what in a folder is named after a process; none behind links."""
    if folder.is_symlink():
        return []
    named = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = _OURS.fullmatch(entry.name.removeprefix(prefix)) if entry.name.startswith(prefix) else None
            if match is not None:
                named.append((entry, match["machine"], int(match["process"]), match["rest"]))
    return named


def _delete(entry: "os.DirEntry[str]") -> None:
    """Delete a file or a folder, not a link, nor what can't be deleted."""
    with suppress(OSError):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        elif entry.is_file(follow_symlinks=False):
            Path(entry.path).unlink()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; on success flush that file to disk and rename it into place.

    A reader sees the old file or the new one, never a half. On an error the temporary file is removed; what killed
    processes of this machine left half-written in the folder is, too.

    Raises:
        ThreeDieError: the disk is full or the folder can't be written to.
    """
    if path.is_dir() or not path.name:
        raise explained(OSError(errno.EISDIR, "is a folder"), path)
    temporary = path.with_name(f"{temporary_prefix(os.getpid())}{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        clear_debris_once(path.parent)
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise explained(error, path) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def explained(error: OSError, path: Path) -> ThreeDieError:
    """Turn an operating system's error about `path` into a message with a remedy."""
    # HDF5 reports a full disk only inside its message: "errno = 28".
    match = _ERRNO.search(str(error))
    number = error.errno or (int(match[1]) if match else None)
    remedies = {
        errno.ENOSPC: "the disk is full; free some space and run the same command again",
        errno.EDQUOT: "your disk quota is used up; free some space and run the same command again",
        errno.EFBIG: "larger than this system or its limits (ulimit -f) allow a file to be",
        errno.EACCES: "no permission; choose another folder",
        errno.EPERM: "no permission; choose another folder",
        errno.EROFS: "the file system is read-only; choose another folder",
        errno.ENOENT: "no such file or folder; check the path",
        errno.EEXIST: "a file lies where a folder is needed; choose another path",
        errno.ENOTDIR: "a file lies where a folder is needed; choose another path",
        errno.EISDIR: "a folder lies where a file is needed; choose another path",
    }
    reason = remedies.get(number or 0, one_line(error))
    return ThreeDieError(f"{path}: {reason}")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON with sorted keys, whole or not at all."""
    text = json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n"
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
