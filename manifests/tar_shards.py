"""Shards as tar archives for WebDataset: for each view `KEY.jpg` and `KEY.json`."""

import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from threedie.manifests.dataset_info import DatasetInfo, DatasetObject
from threedie.manifests.errors import ThreeDieError, one_line
from threedie.manifests.files import explained
from threedie.manifests.shards import Row, ShardFormat, row_of

MAX_MEMBER = 64 * 2**20
"""Bytes of a member; an image of a dataset is far smaller."""
_END = 2 * tarfile.BLOCKSIZE


def key_of(index: int, view: int) -> str:
    """Name that the files of a view share: position of the object in the dataset file, and the view."""
    return f"{index:07d}_{view:03d}"


def row_bytes(info: DatasetInfo, item: DatasetObject) -> int:
    """About how many bytes a view takes beside its JPEG: two headers, a table, and filling to whole blocks."""
    block = tarfile.BLOCKSIZE
    table = len(_table(key_of(0, 0), item, info, 0))
    return 2 * block + -(-table // block) * block + block // 2


def _table(key: str, item: DatasetObject, info: DatasetInfo, view: int) -> bytes:
    return json.dumps({"key": key, **row_of(item, info, view)}, ensure_ascii=False).encode()


def write_tar(path: Path, info: DatasetInfo, mark: str, items: Iterable[tuple[int, DatasetObject]]) -> None:
    """Write one shard, the same bytes each time.

    Args:
        path: the file.
        info: settings of the dataset.
        mark: text that identifies the shard.
        items: its objects, each with its position in the dataset file.
    """
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT, pax_headers={"comment": mark}) as archive:
        for index, item in items:
            for view, jpeg in enumerate(item.jpegs):
                key = key_of(index, view)
                _add(archive, f"{key}.jpg", jpeg)
                _add(archive, f"{key}.json", _table(key, item, info, view))


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = len(content), 0, 0o644
    archive.addfile(member, io.BytesIO(content))


def is_whole_tar(path: Path, mark: str) -> bool:
    """Whether a file is the shard with this mark, up to its end; false for any other file."""
    try:
        size = path.stat().st_size
        with tarfile.open(path, "r:") as archive, path.open("rb") as file:
            file.seek(max(0, size - _END))
            ended = size % tarfile.RECORDSIZE == 0 and not any(file.read())
            return ended and archive.pax_headers.get("comment") == mark
    except (OSError, tarfile.TarError):
        return False


def read_tar(path: Path, info: DatasetInfo) -> Iterator[Row]:
    """The rows of a shard, with the image's bytes under `image`. Nothing is unpacked to disk.

    Raises:
        ThreeDieError: it can't be read, or isn't a shard.
    """
    del info
    try:
        with tarfile.open(path, "r|") as archive:
            image: tuple[str, bytes] | None = None
            for member in archive:
                key, _, kind = member.name.partition(".")
                content = _content(archive, member)
                if kind == "jpg" and image is None:
                    image = key, content
                elif kind == "json" and image is not None and image[0] == key:
                    row = json.loads(content)
                    if not isinstance(row, dict):
                        raise ValueError(f"{member.name[:60]} is no table")
                    yield {**row, "image": image[1]}
                    image = None
                else:
                    raise ValueError(f"{member.name[:60]} isn't where it belongs")
            if image is not None:
                raise ValueError(f"ends after {image[0][:60]}.jpg")
    except FileNotFoundError as error:
        raise explained(error, path) from error
    except (OSError, ValueError, RecursionError, tarfile.TarError) as error:
        raise ThreeDieError(f"{path}: damaged ({one_line(error)}); export or download it again") from error


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file: Any = archive.extractfile(member) if member.isreg() and member.size <= MAX_MEMBER else None
    if file is None:
        raise ValueError(f"{member.name[:60]} is no file of a shard")
    content: bytes = file.read()
    if len(content) != member.size:
        raise ValueError(f"{member.name[:60]} is cut off")
    return content


WEBDATASET = ShardFormat(
    "webdataset", ".tar", "application/x-tar", row_bytes, lambda: None, write_tar, is_whole_tar, read_tar
)
