"""`dataset.json` of an exported dataset: all that its images and latents don't say, and a checksum of both."""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_info import DatasetInfo, DatasetObject
from threedie.manifests.errors import ThreeDieError, one_line
from threedie.manifests.files import write_json
from threedie.manifests.litter import is_litter
from threedie.manifests.objects import ObjectRef
from threedie.manifests.text import read_json

DESCRIPTION = "dataset.json"
_OPTIONS = {"kind": "--format", "shards": "--shard-size"}
"""Entry -> option of '3die data export' that decides it."""

Progress = Callable[[Iterable[int]], Iterable[int]]
"""Wraps the indices of objects, to show how far the work is."""


@dataclass(frozen=True)
class Description:
    """What a `dataset.json` says.

    Attributes:
        info: settings of the dataset.
        made: how it was made, each way once.
        objects: the objects, in the order of the dataset file.
        splits: `train` or `val` of each.
        content_sha256: checksum of all latents and images, in that order.
        value: the whole content as plain JSON.
    """

    info: DatasetInfo
    made: list[dict[str, Any]]
    objects: list[ObjectRef]
    splits: list[str]
    content_sha256: str
    value: dict[str, Any]


def add_to_digest(digest: Any, item: DatasetObject) -> None:
    """Add an object's latents and images to the checksum of an exported dataset."""
    digest.update(np.ascontiguousarray(item.latents, "<f8").tobytes())
    for jpeg in item.jpegs:
        digest.update(jpeg)


def describe(dataset: Dataset, form: str, version: int, progress: Progress = iter) -> dict[str, Any]:
    """The `dataset.json` of a dataset file, as plain JSON. Reads every image.

    Args:
        dataset: the dataset.
        form: name of the form that it is exported in.
        version: of that form.
        progress: wraps the objects' indices.

    Raises:
        DamagedFileError: an image is damaged.
    """
    digest = hashlib.sha256()
    for index in progress(range(len(dataset))):
        add_to_digest(digest, dataset.object(index))
    return {
        "format": form,
        "version": version,
        "info": dataset.info.to_json(),
        "made": dataset.made,
        "objects": [str(ref) for ref in dataset.objects],
        "splits": dataset.splits,
        "content_sha256": digest.hexdigest(),
    }


def has_description(folder: Path, form: str) -> bool:
    """Whether a folder has the `dataset.json` of this form; other programs have files of that name, too."""
    path = folder / DESCRIPTION
    if not path.is_file():
        return False
    value = read_json(path)
    return isinstance(value, dict) and value.get("format") == form


def read_description(folder: Path, form: str, version: int) -> Description:
    """Read the `dataset.json` of a folder.

    Args:
        folder: of the exported dataset.
        form: that it must have.
        version: newest one of that form that can be read.

    Raises:
        ThreeDieError: it is damaged, or of a newer version.
    """
    path = folder / DESCRIPTION
    value = read_json(path)
    try:
        if value["version"] > version:
            raise ValueError(f"format {value['format']} {value['version']}, this program reads {form} {version}")
        description = Description(
            DatasetInfo.from_json(value["info"]),
            value["made"],
            [ObjectRef(*text.split("/", 1)) for text in value["objects"]],
            value["splits"],
            value["content_sha256"],
            value,
        )
        texts = [*description.splits, description.content_sha256]
        if not isinstance(description.splits, list) or not all(isinstance(text, str) for text in texts):
            raise ValueError("the splits or the checksum are no texts")
        if not isinstance(description.made, list) or not all(isinstance(way, dict) for way in description.made):
            raise ValueError("'made' is no list of tables")
        if len(description.objects) != len(description.splits):
            raise ValueError("the numbers of objects and splits differ")
        if len(set(description.objects)) != len(description.objects):
            raise ValueError("an object is listed twice")
    except (KeyError, TypeError, ValueError, AttributeError, ThreeDieError) as error:
        raise ThreeDieError(f"{path}: damaged ({one_line(error)}); run '3die data export' again") from error
    return description


def begin_export(folder: Path, description: dict[str, Any], what: str) -> None:
    """Write the `dataset.json` of an export that begins, or see that the folder holds the same one, to be completed.

    Args:
        folder: where it goes.
        description: its `dataset.json`, as of `describe`.
        what: the export, for messages, as in `tree`.

    Raises:
        ThreeDieError: the folder holds another dataset or something else, or can't be written to.
    """
    path, form = folder / DESCRIPTION, description["format"]
    # Through JSON and back: tuples come back as lists.
    plain = json.loads(json.dumps(description))
    if path.exists() and has_description(folder, form):
        existing = read_description(folder, form, description["version"])
        if existing.value != plain:
            settings = existing.info.difference(DatasetInfo.from_json(plain["info"]))
            reason = settings or _other_entry(existing.value, plain)
            raise ThreeDieError(f"{folder}: holds another dataset: {reason}; choose another folder")
    elif folder.exists() and not folder.is_dir():
        raise ThreeDieError(f"{folder}: a file; give a folder for the {what}")
    elif folder.exists() and any(not is_litter(each.name) for each in folder.iterdir()):
        raise ThreeDieError(f"{folder}: is not empty and not an exported {what}; choose another folder")
    else:
        write_json(path, description)


def _other_entry(existing: dict[str, Any], new: dict[str, Any]) -> str:
    """What differs between two descriptions of the same settings, in words."""
    content = {"made", "objects", "splits", "content_sha256"}
    others = sorted(key for key in existing.keys() | new.keys() if existing.get(key) != new.get(key))
    if content & set(others) or not others:
        return "its objects, latents or images differ"
    # A format implies the names of its shards.
    option = next((option for key, option in _OPTIONS.items() if key in others), None)
    return f"it was exported with another {option}" if option else f"its {' and '.join(others)} differ"
