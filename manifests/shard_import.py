"""Reads a dataset in shards back into a dataset file."""

import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from threedie.manifests.dataset import SPLITS
from threedie.manifests.dataset_info import DatasetInfo, DatasetObject
from threedie.manifests.dataset_writer import write_dataset
from threedie.manifests.description import DESCRIPTION, Progress, add_to_digest, has_description, read_description
from threedie.manifests.errors import ThreeDieError, one_line
from threedie.manifests.latents import check_latents
from threedie.manifests.shard_export import FORMATS
from threedie.manifests.shards import SHARDS_FORMAT, SHARDS_VERSION, Shard, ShardFormat, is_shard_file, object_of

_AGAIN = "run '3die data export' again, or download it again"


def is_shards(folder: Path) -> bool:
    """Whether a folder is a dataset in shards, whole or begun."""
    return has_description(folder, SHARDS_FORMAT)


class Shards:
    """A dataset in shards, opened for reading.

    Attributes:
        folder: where it is.
        info: what the dataset is.
        form: how its shards are written.
        shards: its files.
    """

    def __init__(self, folder: Path) -> None:
        """Open it.

        Raises:
            ThreeDieError: its `dataset.json` is damaged, or a shard is missing.
        """
        self.folder = folder
        description = read_description(folder, SHARDS_FORMAT, SHARDS_VERSION)
        self.info: DatasetInfo = description.info
        self._description = description
        try:
            self.form: ShardFormat = FORMATS[description.value["kind"]]
            self._jpeg_bytes = _whole(description.value["jpeg_bytes"], "jpeg_bytes")
            self.shards = [Shard(**each) for each in description.value["shards"]]
            self._require_all_objects()
        except (KeyError, TypeError, ValueError) as error:
            raise ThreeDieError(f"{folder / DESCRIPTION}: damaged ({one_line(error)}); {_AGAIN}") from error
        size = 0
        for shard in self.shards:
            if not (folder / shard.file).is_file():
                raise ThreeDieError(f"{folder / shard.file}: missing; {_AGAIN}")
            size += (folder / shard.file).stat().st_size
        # Before memory is taken for what a damaged description announces.
        if max(self._jpeg_bytes, len(description.objects) * self.info.views) > size:
            raise ThreeDieError(f"{folder / DESCRIPTION}: damaged (it describes more than its shards hold); {_AGAIN}")

    def _require_all_objects(self) -> None:
        counts = dict.fromkeys(SPLITS, 0)
        for shard in self.shards:
            # By its name alone: in the cache of the Hugging Face Hub each file is a link to somewhere else.
            named = is_shard_file(shard.file, shard.split, self.form.suffix)
            begin, end = _whole(shard.begin, "begin"), _whole(shard.end, "end")
            if not named or counts[shard.split] != begin or not begin < end:
                raise ValueError(f"shard {shard.file!r:.60} isn't where it belongs")
            counts[shard.split] = end
        listed = {split: self._description.splits.count(split) for split in SPLITS}
        if counts != listed or sum(listed.values()) != len(self._description.splits):
            raise ValueError("its shards don't hold all objects")

    def pack(self, path: Path, progress: Progress = iter) -> int:
        """Write it as one dataset file, the same that was exported. Returns the number of objects.

        Memory holds one object and the rows at hand of one shard of each split.

        Raises:
            ThreeDieError: a shard is missing, damaged or was changed, or the file can't be written.
        """
        count = len(self._description.objects)
        write_dataset(path, self.info, self._description.made, count, self._jpeg_bytes, self._checked(progress))
        return count

    def _checked(self, progress: Progress) -> Iterator[DatasetObject]:
        digest, size = hashlib.sha256(), 0
        by_split = {split: self._objects(split) for split in SPLITS}
        for index in progress(range(len(self._description.objects))):
            item = next(by_split[self._description.splits[index]])
            size += sum(map(len, item.jpegs))
            if size > self._jpeg_bytes:
                raise ThreeDieError(f"{self.folder}: its images are larger than {DESCRIPTION} says; {_AGAIN}")
            add_to_digest(digest, item)
            check_latents(self.info.fields, item.latents[None], [item.ref], str(self.folder))
            yield item
        for objects in by_split.values():
            # Beyond the last object of the last shard.
            next(objects, None)
        if digest.hexdigest() != self._description.content_sha256:
            raise ThreeDieError(f"{self.folder}: files were changed since the export; {_AGAIN}")

    def _objects(self, split: str) -> Iterator[DatasetObject]:
        """The objects of a split, in order."""
        refs = (
            ref for ref, own in zip(self._description.objects, self._description.splits, strict=True) if own == split
        )
        for shard in self.shards:
            if shard.split != split:
                continue
            path = self.folder / shard.file
            rows = self.form.read(path, self.info)
            for ref in islice(refs, shard.end - shard.begin):
                try:
                    yield object_of(list(islice(rows, self.info.views)), self.info, ref, split)
                except ValueError as error:
                    raise ThreeDieError(f"{path}: damaged: it {one_line(error)}; {_AGAIN}") from error
            if next(rows, None) is not None:
                raise ThreeDieError(f"{path}: holds more rows than {DESCRIPTION} says; {_AGAIN}")


def _whole(value: Any, name: str) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{name} is no whole number")
    return value
