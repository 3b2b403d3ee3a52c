"""Reading small tables and attributes of HDF5 files, by h5py's low-level API."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from threedie.manifests.errors import DamagedFileError, ThreeDieError, one_line
from threedie.manifests.files import explained
from threedie.manifests.seal import BrokenSealError, check_seal


@contextmanager
def open_hdf5(path: Path) -> "Iterator[h5py.h5f.FileID]":
    """Open an HDF5 file for reading, with its seal checked first.

    By h5py's low-level API, which reads the many small tables of part files four times as fast, and without HDF5's own
    lock, which some shared file systems refuse: a file is never written to once it has its final name.

    Raises:
        OSError: it can't be read, or isn't an HDF5 file.
        BrokenSealError: its bytes differ from those written.
    """
    check_seal(path)
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_file_locking(False, True)
    file = h5py.h5f.open(os.fsencode(path), h5py.h5f.ACC_RDONLY, access)
    try:
        yield file
    finally:
        file.close()


def read_array(file: "h5py.h5f.FileID", name: str) -> npt.NDArray[Any]:
    """All of a table.

    Raises:
        KeyError: no such table.
        ValueError: its shape is larger than the file.
    """
    table = h5py.h5d.open(file, name.encode())
    # A damaged shape could need more memory than the machine has.
    if table.dtype.itemsize * int(np.prod([float(side) for side in table.shape])) > file.get_filesize():
        raise ValueError(f"{name} of shape {table.shape} is larger than the file")
    values = np.empty(table.shape, table.dtype)
    if values.size:
        table.read(h5py.h5s.ALL, h5py.h5s.ALL, values)
    return values


def read_texts(file: "h5py.h5f.FileID", name: str) -> list[str]:
    """The strings of a table of shape (N,)."""
    return [value.decode() for value in read_array(file, name)]


def read_attribute(file: "h5py.h5f.FileID", name: str) -> Any:
    """The value of an attribute of the file, bytes as text."""
    attribute = h5py.h5a.open(file, name.encode())
    value = np.empty(attribute.shape, attribute.dtype)
    attribute.read(value)
    return value[()].decode() if isinstance(value[()], bytes) else value[()]


UNREADABLE = (
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    RuntimeError,
    ArithmeticError,
    MemoryError,
    BrokenSealError,
)
"""What h5py and the parsers of its content raise on damaged files, besides OSError."""


@contextmanager
def explained_damage(path: Path, kind: str, remedy: Callable[[], str]) -> Iterator[None]:
    """Turn what reading a damaged file raises into one line.

    Args:
        path: the file.
        kind: what it should be, with its article.
        remedy: what to do about it, in words.

    Raises:
        DamagedFileError: it isn't such a file, truncated or damaged.
        ThreeDieError: it can't be read, or is larger than memory.
    """
    try:
        yield
    except OSError as error:
        if error.errno:
            raise explained(error, path) from error
        raise DamagedFileError(f"{path}: not an HDF5 file or cut short ({one_line(error)}); {remedy()}") from error
    except BrokenSealError as error:
        raise DamagedFileError(f"{path}: damaged: {error}; {remedy()}") from error
    except MemoryError as error:
        raise ThreeDieError(f"{path}: more than this machine's memory has room for") from error
    except UNREADABLE as error:
        raise DamagedFileError(f"{path}: not {kind}, or damaged ({one_line(error)}); {remedy()}") from error
