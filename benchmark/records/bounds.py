"""Limits on the size of records, so that one from elsewhere neither fills a reader's memory nor the tables."""

import math
from typing import Any

from threedie.benchmark.records.field_path import field_path
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.fields import Path

MAX_BYTES = 4 * 2**20
"""Size of a record's file; one of 2000 epochs with ten curves takes half a megabyte."""
MAX_DEPTH = 16
"""Levels of lists and objects within each other."""
MAX_TEXT = 4000
"""Characters of a text."""
MAX_KEY = 200
"""Characters of the name of a field, where the types leave it open."""
MAX_ITEMS = 2000
"""Entries of a list or object, except curves."""
MAX_EPOCHS = 200_000
"""Values of a curve."""
MAX_OPTIONS = 2000
"""Characters of a method's options as JSON: tables give them with every result."""
MAX_INTEGER = 2**63 - 1


def check_bounds(record: Any) -> None:
    """Check sizes, depth and numbers of anything read from JSON.

    Raises:
        ThreeDieError: names the first field, in the order of the file, that is too large or no finite number.
    """
    stack: list[tuple[Path, Any]] = [((), record)]
    while stack:
        path, value = stack.pop()
        _check_scalar(path, value)
        if isinstance(value, dict | list):
            most = MAX_EPOCHS if len(path) == 2 and path[0] == "curves" else MAX_ITEMS
            if len(value) > most:
                raise ThreeDieError(f"{field_path(path)}: {len(value):,} entries; {most:,} at most")
            if len(path) >= MAX_DEPTH:
                raise ThreeDieError(f"{field_path(path)}: nested deeper than {MAX_DEPTH} levels")
        # Reversed, because the last entry is checked first.
        if isinstance(value, dict):
            for key in value:
                if len(key) > MAX_KEY:
                    name = field_path((*path, key))
                    raise ThreeDieError(f"{name}: a name of {len(key):,} characters; {MAX_KEY} at most")
            stack += [((*path, key), value[key]) for key in reversed(value)]
        elif isinstance(value, list):
            stack += [((*path, index), value[index]) for index in range(len(value) - 1, -1, -1)]


def _check_scalar(path: Path, value: Any) -> None:
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise ThreeDieError(f"{field_path(path)}: {len(value):,} characters; {MAX_TEXT:,} at most")
    if isinstance(value, float) and not math.isfinite(value):
        raise ThreeDieError(
            f"{field_path(path)}: {value} is no result; leave an undefined number out and say so in 'warnings'"
        )
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise ThreeDieError(f"{field_path(path)}: an integer of more than 64 bits")
