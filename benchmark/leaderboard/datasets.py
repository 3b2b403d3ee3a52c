"""Names of datasets that tables are often about."""

from collections.abc import Mapping
from typing import Any

NAMES = {"0d06a915daeb34a6b45ace46f859b0e9c50c057045cf1c4d18b93ebf8a5db4a9": "3DIEBench-P mini"}
"""By fingerprint; docs/reproduce.md makes it."""


def dataset_name(dataset: Mapping[str, Any]) -> str:
    """What a record's dataset is called: by its own name where it has one, else by its preset."""
    return NAMES.get(dataset["fingerprint"], str(dataset["preset"]))
