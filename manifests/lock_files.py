"""Lock files on disk: opening them, and deleting those of dead holders without touching a new holder's."""

import errno
import fcntl
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import temporary_prefix

LINE = 512
"""Bytes of a lock file: its one line is padded, so that a beat overwrites it in place."""


@dataclass(frozen=True)
class StaleFile:
    """The lock file that a dead holder left, as last read."""

    state: os.stat_result
    content: bytes


def open_lock_file(path: Path) -> int | None:
    """Open a lock file for reading; None if it doesn't exist.

    Raises:
        ThreeDieError: it is no regular file. Links aren't followed: they may lead anywhere.
    """
    try:
        state = path.lstat()
        if stat.S_ISREG(state.st_mode):
            # Opened anew each time: only then does a shared file system check for changes.
            return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    kinds = {stat.S_IFLNK: "a link", stat.S_IFDIR: "a folder"}
    kind = kinds.get(stat.S_IFMT(state.st_mode), "a device or a pipe")
    raise ThreeDieError(f"{path}: {kind} in place of a lock file; delete it and run the same command again")


def delete_stale(path: Path, dead: StaleFile) -> None:
    """Delete the lock file of a dead holder, unless another process already did and made a new one.

    Whoever deletes it holds its `flock`, so that its name can't come to mean a new holder's file between the look and
    the deletion.
    """
    with suppress(FileNotFoundError):
        file = open_lock_file(path)
        if file is None:
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # another process is at it; the caller looks again
        except OSError:
            _delete_without_flock(path, dead)
        else:
            if _is_still(path, dead):
                path.unlink()
        finally:
            os.close(file)


def _delete_without_flock(path: Path, dead: StaleFile) -> None:
    """The same on a file system without `flock`: move the file aside, and put it back if it is a new one."""
    if not _is_still(path, dead):
        return
    aside = path.with_name(f"{temporary_prefix(os.getpid())}{secrets.token_hex(4)}-{path.name}")
    path.rename(aside)
    if not _is_still(aside, dead):
        _put_back(aside, path)
    aside.unlink()


def _put_back(aside: Path, path: Path) -> None:
    """Give a lock file that was moved by mistake its name again, unless a new one has it by now."""
    try:
        path.hardlink_to(aside)
    except FileExistsError:
        pass
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES):
            raise
        # A file system without hard links.
        if not path.exists():
            aside.rename(path)


def _is_still(path: Path, dead: StaleFile) -> bool:
    """Whether it is the same file, without a beat since; a new file often gets the inode number of a deleted one."""
    file = open_lock_file(path)
    if file is None:
        return False
    try:
        now = os.fstat(file)
        same = os.path.samestat(now, dead.state) and now.st_mtime_ns == dead.state.st_mtime_ns
        return same and os.read(file, LINE) == dead.content
    finally:
        os.close(file)
