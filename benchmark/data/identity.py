"""The identity of a dataset: the hashes that runs, features and records cite, computed once."""

import functools
from dataclasses import dataclass

from threedie.benchmark.data.source import LabeledViews


@dataclass(frozen=True)
class Identity:
    """SHA-256 of a dataset's settings, objects and latents, and of its images' bytes."""

    fingerprint: str
    images_sha256: str


@functools.lru_cache(maxsize=4)
def identify(dataset: LabeledViews) -> Identity:
    """Hash an opened dataset, once: 2.6 million images take minutes."""
    return Identity(dataset.fingerprint(), dataset.images_sha256())
