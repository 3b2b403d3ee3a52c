"""Plain .npy files, read safely by any number of threads."""

import io
import math
import struct
import threading
import tokenize
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from threedie.manifests.errors import ThreeDieError, one_line
from threedie.manifests.files import explained

_PARSING = threading.Lock()
"""NumPy parses the header as Python source, and the parser of CPython 3.11.7 counts the depth of all threads in one
place: where garbage is collected in the middle of one parse, another thread's raises SystemError (issue 106905)."""

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
"""Version 3 is for field names of structured arrays alone."""

UNREADABLE = (
    ValueError, TypeError, KeyError, AttributeError, EOFError, ArithmeticError, MemoryError, RuntimeError, SyntaxError,
    SystemError, struct.error, tokenize.TokenError,
)  # fmt: skip
"""What NumPy's parser of headers raises on damaged ones."""

MAX_HEADER = 10_000
"""NumPy's bound on the text that it parses, in bytes; a plain array's has about a hundred."""

_ZIP = b"PK\x03\x04"


def read_npy(path: Path, *, of: str = "array") -> npt.NDArray[Any]:
    """The array of a .npy file; `of` names in an error what it should hold, as in "array of strings".

    Memory is taken for what the file holds, never for what its header promises.

    Raises:
        ThreeDieError: the file is missing, can't be read, or isn't a plain array (pickled objects and tables with named
            columns are refused).
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise explained(error, path) from error
    except MemoryError as error:
        raise ThreeDieError(f"{path}: too large for a .npy {of}") from error
    if content.startswith(_ZIP):
        raise ThreeDieError(f"{path}: an archive of arrays, not a plain .npy {of}")
    try:
        return parse_npy(content)
    except UNREADABLE as error:
        raise ThreeDieError(f"{path}: not a plain .npy {of} ({one_line(error)})") from error


def parse_npy(content: bytes) -> npt.NDArray[Any]:
    """The array in the bytes of a .npy file.

    Raises:
        Exception: one of `UNREADABLE`: it isn't a plain array.
    """
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"format version {version[0]}.{version[1]}")
    length = int.from_bytes(content[8:10] if version == (1, 0) else content[8:12], "little")
    if length > MAX_HEADER:
        raise ValueError(f"a header of {length:,} bytes")
    with _PARSING:
        shape, columns_first, dtype = _HEADERS[version](file)
    if dtype.hasobject:
        raise ValueError("it holds pickled objects")
    if dtype.names is not None or dtype.subdtype is not None:
        raise ValueError("it is a table with named columns")
    if any(length < 0 for length in shape):
        raise ValueError(f"shape {shape}")
    count, room = math.prod(shape), len(content) - file.tell()
    if count and (dtype.itemsize == 0 or count * dtype.itemsize > room):
        raise ValueError(f"shape {shape} of {dtype} doesn't fit into its {len(content):,} bytes: cut short or damaged")
    flat = np.frombuffer(content, dtype, count, file.tell()) if count else np.empty(0, dtype)
    return flat.reshape(shape, order="F" if columns_first else "C").copy()
