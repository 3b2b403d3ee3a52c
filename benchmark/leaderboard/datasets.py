"""Names of datasets that have one beside their preset's."""

from collections.abc import Mapping
from typing import Any

NAMES = {
    "0d06a915daeb34a6b45ace46f859b0e9c50c057045cf1c4d18b93ebf8a5db4a9": "3DIEBench-P mini",
    "1c06cd5ea02392b671c0d2e6a5d5dd4f181b6edca957496ffba842616f789608": "3DIEBench-P small",
    "9a39b7fb0bfcd42fb155c1aa116b0ffe968d7055352035b59e3708039c8975ff": "3DIEBench-P",
    "96cbab528d8013c656a5e4b38e066dbf7d57273b56be1e8dfd0564d996e85263": "3DIEBench-P small, other rotations",
    "7aff9ccaea6c752ee2a16e60e385cd46e68b013cc8531e8dfe251f806e04a1b5": "3DIEBench-P small, translations",
}
"""Fingerprint -> name; docs/reproduce.md says how to make the dataset."""


def size_of_images(dataset: Mapping[str, Any]) -> str:
    """Size of a record's images, in words: 0 stands for several."""
    return f"{dataset['image_size']} px" if dataset["image_size"] else "several sizes"


def dataset_name(dataset: Mapping[str, Any]) -> str:
    """Name of a record's dataset: its own if it has one, else its preset's."""
    return NAMES.get(dataset["fingerprint"], str(dataset["preset"]))
