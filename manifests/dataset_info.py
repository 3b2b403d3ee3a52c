"""Settings of a dataset, and one object of it with all its views."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from threedie.manifests.latents import LatentField
from threedie.manifests.objects import ObjectRef

FORMAT = "3die-dataset"
VERSION = 2
CHECKED_SINCE = 2
"""First version with checksums."""

PART_SUFFIX = ".part.h5"


@dataclass(frozen=True)
class DatasetInfo:
    """Settings of a dataset: all that decides its latents and its pixels, nothing that depends on machine or time.

    Attributes:
        preset: name and constants of the preset, as in its file.
        fields: the latent fields, in order.
        seed: seed of the sampler.
        sampler: `counter` or `reference`.
        views: views per object.
        image_size: width and height in pixels.
        channel_order: order in which the JPEGs hold the color channels, `rgb` or `bgr`.
        quality: name and settings of the render quality.
        models: where the meshes came from.
    """

    preset: dict[str, Any]
    fields: tuple[LatentField, ...]
    seed: int
    sampler: str
    views: int
    image_size: int
    channel_order: str
    quality: dict[str, Any]
    models: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {**self.__dict__, "fields": [field.to_json() for field in self.fields]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "DatasetInfo":
        """Back from `to_json`.

        Raises:
            ValueError, TypeError, KeyError: it isn't what `to_json` gives.
        """
        info = cls(**{**value, "fields": tuple(LatentField.from_json(field) for field in value["fields"])})
        for name in ("seed", "views", "image_size"):
            number = getattr(info, name)
            if not isinstance(number, int) or isinstance(number, bool) or number < 0:
                raise ValueError(f"{name} is {str(number)[:40]!r}, no whole number")
        for name in ("preset", "quality", "models"):
            if not isinstance(getattr(info, name), dict):
                raise ValueError(f"{name} is no table")
        for name in ("sampler", "channel_order"):
            if not isinstance(getattr(info, name), str):
                raise ValueError(f"{name} is no text")
        return info

    def difference(self, other: "DatasetInfo") -> str | None:
        """The first setting in which two differ, as a sentence, or None."""
        return _difference("", _plain(self.to_json()), _plain(other.to_json()))


def dataset_fingerprint(
    info: DatasetInfo,
    objects: Sequence[ObjectRef],
    splits: Sequence[str],
    latents: Iterable[npt.NDArray[np.float64]],
) -> str:
    """SHA-256 of what a dataset is: settings, objects, splits and latents, whether it is rendered yet or not.

    Pixels are left out: they differ in the last bit between machines, and the same data rendered twice is the same
    benchmark.

    Args:
        info: its settings.
        objects: the N objects, in the order of the dataset file: by class and id.
        splits: `train` or `val` of each.
        latents: latents (V, L) of each, in the same order.
    """
    digest = hashlib.sha256(json.dumps(info.to_json(), sort_keys=True).encode())
    for ref, split in zip(objects, splits, strict=True):
        digest.update(f"\n{ref} {split}".encode())
    for values in latents:
        digest.update(np.ascontiguousarray(values, "<f8").tobytes())
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _difference(where: str, ours: Any, theirs: Any) -> str | None:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            difference = _difference(f"{where}.{key}".lstrip("."), ours.get(key), theirs.get(key))
            if difference:
                return difference
        return None
    return None if ours == theirs else f"{where} is {ours!r:.200} there and {theirs!r:.200} here"


@dataclass(frozen=True)
class DatasetObject:
    """One object with all its views: what a part file holds."""

    ref: ObjectRef
    split: str
    latents: npt.NDArray[np.float64]
    jpegs: Sequence[bytes]
