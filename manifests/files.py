"""Files that are either whole or not there."""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from manifests.errors import ThreeDieError

TEMPORARY = ".tmp-"
"""Prefix of files being written. Whatever bears it after a run has ended is debris and may be deleted."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; on success flush that file to disk and rename it into place.

    A reader sees the old file or the new one, never a half. On an error the temporary file is removed.

    Raises:
        ThreeDieError: the disk is full or the folder can't be written to.
    """
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
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
