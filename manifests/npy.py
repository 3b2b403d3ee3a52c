"""Plain .npy files, read safely by any number of threads."""

import io
import threading
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from manifests.errors import ThreeDieError
from manifests.files import explained

_PARSING = threading.Lock()
"""NumPy parses the header as Python source, and the parser of CPython 3.11.7 counts the depth of all threads in one
place: where garbage is collected in the middle of one parse, another thread's raises SystemError (issue 106905)."""


def read_npy(path: Path, *, of: str = "array") -> npt.NDArray[Any]:
    """The array of a .npy file; `of` names in an error what it should hold, as in "array of strings".

    Raises:
        ThreeDieError: the file is missing, can't be read, or isn't a plain array (pickled objects are refused).
    """
    try:
        content = path.read_bytes()
        with _PARSING:
            array = np.load(io.BytesIO(content), allow_pickle=False)
    except OSError as error:
        raise explained(error, path) from error
    except (ValueError, EOFError, TypeError) as error:
        raise ThreeDieError(f"{path}: not a plain .npy {of} ({error})") from error
    if not isinstance(array, np.ndarray):
        raise ThreeDieError(f"{path}: an archive of arrays, not a plain .npy {of}")
    return array
