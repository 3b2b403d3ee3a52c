"""A dataset in shards: files of bounded size with one row for each view, for other programs to read.

A folder holds `data/SPLIT-I-of-N.parquet` (or `.tar`), `dataset.json` with everything that the rows don't say, a
dataset card `README.md`, and `croissant.json`. Each shard has whole objects of one split, in the dataset file's order.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from threedie.manifests.classes import name_of
from threedie.manifests.dataset import SPLITS, Dataset
from threedie.manifests.dataset_info import DatasetInfo, DatasetObject
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import ObjectRef

SHARDS_FORMAT = "3die-shards"
SHARDS_VERSION = 1
DATA_FOLDER = "data"
MEGABYTE = 10**6
DEFAULT_SHARD_MEGABYTES = 500
"""The size that Hugging Face recommends for files of a dataset."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Shard:
    """One file of an export.

    Attributes:
        file: its path within the folder, with `/`.
        split: of its objects.
        begin, end: which objects of that split it holds, counted in the order of the dataset file.
    """

    file: str
    split: str
    begin: int
    end: int


@dataclass(frozen=True)
class ShardFormat:
    """How a shard is written and read.

    Attributes:
        name: what `--format` calls it.
        suffix: of its files.
        media_type: of its files.
        row_bytes: about how many bytes a view takes beside its JPEG, from settings and one object.
        require: refuses where a library is missing.
        write: path, settings, text that identifies the shard, objects with their positions.
        is_whole: path and that text: whether an existing file is that shard.
        read: path and settings: the rows.
    """

    name: str
    suffix: str
    media_type: str
    row_bytes: Callable[[DatasetInfo, DatasetObject], int]
    require: Callable[[], object]
    write: Callable[[Path, DatasetInfo, str, Iterable[tuple[int, DatasetObject]]], None]
    is_whole: Callable[[Path, str], bool]
    read: Callable[[Path, DatasetInfo], Iterator[Row]]


def row_of(item: DatasetObject, info: DatasetInfo, view: int) -> Row:
    """What a shard says of one view, without its image: names, then the latents, each under its field's name."""
    names = {
        "label": item.ref.label,
        "class": name_of(item.ref.synset),
        "synset": item.ref.synset,
        "object": item.ref.object_id,
        "view": view,
        "split": item.split,
    }
    latents = zip(info.fields, item.latents[view].tolist(), strict=True)
    return {**names, **{field.name: value for field, value in latents}}


def plan_shards(
    splits: Sequence[str], sizes: "np.ndarray[Any, np.dtype[np.int64]]", suffix: str, shard_bytes: int
) -> list[Shard]:
    """Which objects go into which file.

    A file is closed before the object with which its JPEGs would exceed `shard_bytes`; it has one object at least.

    Args:
        splits: `train` or `val` of each object.
        sizes: bytes of each object's JPEGs, int64 (N,).
        suffix: of the files.
        shard_bytes: largest size of a file's JPEGs together.
    """
    shards = []
    for split in SPLITS:
        own = sizes[np.array(splits) == split].tolist()
        begins, size = [], 0
        for index, more in enumerate(own):
            if not index or size + more > shard_bytes:
                begins.append(index)
                size = 0
            size += more
        for number, begin in enumerate(begins):
            end = [*begins, len(own)][number + 1]
            file = f"{DATA_FOLDER}/{split}-{number:05d}-of-{len(begins):05d}{suffix}"
            shards.append(Shard(file, split, begin, end))
    return shards


def is_shard_file(file: str, split: str, suffix: str) -> bool:
    """Whether a path is one that `plan_shards` gives."""
    return re.fullmatch(rf"{DATA_FOLDER}/{split}-\d{{5,9}}-of-\d{{5,9}}{re.escape(suffix)}", file, re.ASCII) is not None


def shards_of(dataset: Dataset, suffix: str, shard_bytes: int) -> list[Shard]:
    """The shards that a dataset file is exported in.

    Raises:
        ThreeDieError: an object is in no split that an export has.
    """
    for ref, split in zip(dataset.objects, dataset.splits, strict=True):
        if split not in SPLITS:
            raise ThreeDieError(f"{dataset.path}: {ref} is in split {split[:20]!r}; an export has train and val")
    sizes = np.diff(dataset.offsets[:: dataset.info.views].astype(np.int64))
    return plan_shards(dataset.splits, sizes, suffix, shard_bytes)


def identity(content_sha256: str, shard: Shard) -> str:
    """A text in a shard that tells it from those of other exports."""
    return json.dumps({"content_sha256": content_sha256, **shard.__dict__}, sort_keys=True)


def object_of(rows: Sequence[Row], info: DatasetInfo, ref: ObjectRef, split: str) -> DatasetObject:
    """An object from its rows, one for each view.

    Raises:
        ValueError: they aren't those of this object, view by view.
    """
    if len(rows) != info.views:
        raise ValueError(f"ends within the views of {ref}")
    latents = np.empty((info.views, len(info.fields)))
    jpegs = []
    for view, row in enumerate(rows):
        names = (row.get("synset"), row.get("object"), row.get("view"), row.get("split"))
        if names != (ref.synset, ref.object_id, view, split):
            raise ValueError(f"holds {names!r:.120} where view {view} of {ref} belongs")
        if not isinstance(row.get("image"), bytes):
            raise ValueError(f"has no image for view {view} of {ref}")
        jpegs.append(row["image"])
        latents[view] = [_number(row.get(field.name), field.name) for field in info.fields]
    return DatasetObject(ref, split, latents, jpegs)


def _number(value: Any, name: str) -> float:
    if not isinstance(value, float):
        raise ValueError(f"{name} is {value!r:.40}, no number")
    return value
