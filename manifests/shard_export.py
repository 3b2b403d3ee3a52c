"""Writes a dataset file in shards, with a dataset card and a description that other programs read."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threedie.manifests.croissant import croissant
from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_card import CARD_FILE, Publication, dataset_card
from threedie.manifests.dataset_info import DatasetObject
from threedie.manifests.description import Progress, begin_export, describe, has_description
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import explained, replacing, write_json
from threedie.manifests.parquet_shards import PARQUET
from threedie.manifests.shards import SHARDS_FORMAT, SHARDS_VERSION, Shard, ShardFormat, identity, shards_of
from threedie.manifests.tar_shards import WEBDATASET

CROISSANT_FILE = "croissant.json"
FORMATS: dict[str, ShardFormat] = {each.name: each for each in (PARQUET, WEBDATASET)}


@dataclass(frozen=True)
class ShardExport:
    """An export of a dataset in shards.

    Attributes:
        dataset: what is exported.
        folder: where it goes.
        form: how shards are written.
        shards: its files.
    """

    dataset: Dataset
    folder: Path
    form: ShardFormat
    shards: list[Shard]

    @classmethod
    def plan(cls, dataset: Dataset, folder: Path, form: str, shard_bytes: int) -> "ShardExport":
        """Decide which objects go into which file; nothing is written.

        Args:
            dataset: what to export.
            folder: where it goes.
            form: name of the format, a key of `FORMATS`.
            shard_bytes: largest size of a shard's JPEGs together.

        Raises:
            ThreeDieError: no such format, or a split that an export can't have.
        """
        if form not in FORMATS:
            raise ThreeDieError(f"--format {form}: choose one of {', '.join(FORMATS)}")
        if not len(dataset):
            raise ThreeDieError(f"{dataset.path}: has no objects to export")
        return cls(dataset, folder, FORMATS[form], shards_of(dataset, FORMATS[form].suffix, shard_bytes))

    def estimated_bytes(self) -> int:
        """About how large its files are together."""
        views = len(self.dataset) * self.dataset.info.views
        return int(self.dataset.offsets[-1]) + views * self.form.row_bytes(self.dataset.info, self.dataset.object(0))

    def write(self, publication: Publication, progress: Progress = iter) -> tuple[int, int]:
        """Write what is missing: a shard appears whole or not at all. Memory holds some objects at a time.

        Args:
            publication: what the card says beside what the dataset shows.
            progress: wraps the objects' indices, once to read them and once to write.

        Returns:
            Number of shards written, and of those that existed already.

        Raises:
            ThreeDieError: the folder holds another dataset, or can't be written to; an image is damaged.
        """
        self.form.require()
        description = describe(self.dataset, SHARDS_FORMAT, SHARDS_VERSION, progress)
        content = description["content_sha256"]
        description |= {
            "kind": self.form.name,
            "jpeg_bytes": int(self.dataset.offsets[-1]),
            "shards": [shard.__dict__ for shard in self.shards],
        }
        card = self.folder / CARD_FILE
        if card.exists() and not has_description(self.folder, SHARDS_FORMAT):
            raise ThreeDieError(f"{card}: exists, and the dataset card would replace it; choose another folder")
        begin_export(self.folder, description, "dataset")
        written = 0
        indices = iter(progress(range(len(self.dataset))))
        checksums = {}
        for shard in self.shards:
            path, mark = self.folder / shard.file, identity(content, shard)
            own = self._indices(shard)
            if not path.resolve().is_relative_to(self.folder.resolve()):
                raise ThreeDieError(f"{path}: leads out of {self.folder}; remove the link")
            if not self.form.is_whole(path, mark):
                with replacing(path) as temporary:
                    self.form.write(temporary, self.dataset.info, mark, self._objects(own, indices))
                written += 1
            else:
                _skip(indices, len(own))
            checksums[shard.file] = _file_sha256(path)
        self._describe(publication, checksums)
        return written, len(self.shards) - written

    def _indices(self, shard: Shard) -> list[int]:
        own: list[int] = self.dataset.indices(shard.split)[shard.begin : shard.end].tolist()
        return own

    def _objects(self, own: list[int], progress: Iterator[int]) -> Iterator[tuple[int, DatasetObject]]:
        for index in own:
            next(progress, None)
            yield index, self.dataset.object(index)

    def _describe(self, publication: Publication, checksums: dict[str, str]) -> None:
        card = dataset_card(self.dataset, publication, self.form.name)
        with replacing(self.folder / CARD_FILE) as temporary:
            temporary.write_text(card, encoding="utf-8")
        write_json(self.folder / CROISSANT_FILE, croissant(self.dataset, publication, self.form, checksums))


def _skip(items: Iterator[Any], count: int) -> None:
    for _ in range(count):
        next(items, None)


def _file_sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise explained(error, path) from error
