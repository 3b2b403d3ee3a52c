"""Changed settings of a recipe, given in Python, in the words of `--set`."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from threedie.manifests.errors import ThreeDieError, shown_value


def override_words(overrides: Mapping[str, Any] | Sequence[str]) -> list[str]:
    """Changed settings as `key=value`, the value in TOML."""
    if isinstance(overrides, str):
        raise ThreeDieError(f"overrides {shown_value(overrides)}: give {{'epochs': 10}} or ['epochs=10']")
    if not isinstance(overrides, Mapping):
        return list(overrides)
    words = []
    for key, value in overrides.items():
        if value is None:
            raise ThreeDieError(f"overrides: {key} is None; leave it out to keep its default")
        if isinstance(value, Mapping):
            words += [f"{key}.{word}" for word in override_words(value)]
        else:
            words.append(f"{key}={json.dumps(value, default=_plain)}")
    return words


def _plain(value: Any) -> Any:
    """A number of numpy as Python's, anything else as text."""
    return value.item() if isinstance(value, np.generic) else str(value)
