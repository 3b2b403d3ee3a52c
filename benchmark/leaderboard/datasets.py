"""Names of datasets that have one beside their preset's."""

from collections.abc import Mapping
from typing import Any

NAMES = {"0d06a915daeb34a6b45ace46f859b0e9c50c057045cf1c4d18b93ebf8a5db4a9": "3DIEBench-P mini"}
"""Fingerprint -> name; docs/reproduce.md says how to make the dataset."""


def dataset_name(dataset: Mapping[str, Any]) -> str:
    """Name of a record's dataset: its own if it has one, else its preset's."""
    return NAMES.get(dataset["fingerprint"], str(dataset["preset"]))
