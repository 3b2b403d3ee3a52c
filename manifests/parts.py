"""Part files: their paths, whether they are whole, and packing them into one dataset file."""

import json
import os
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from threedie.manifests.dataset import Dataset, read_objects, repair_hint
from threedie.manifests.dataset_info import PART_SUFFIX, DatasetObject
from threedie.manifests.dataset_writer import write_dataset
from threedie.manifests.errors import DamagedFileError, ThreeDieError, one_line
from threedie.manifests.files import explained
from threedie.manifests.hdf5 import UNREADABLE, open_hdf5, read_array, read_attribute, read_texts
from threedie.manifests.latents import check_latents
from threedie.manifests.litter import is_litter
from threedie.manifests.objects import ObjectRef

_SIGNATURE = b"\x89HDF\r\n\x1a\n"

_HEAD = struct.Struct("<8sB31xQ")
"""How an HDF5 file of superblock version 0 begins: signature, version; at byte 40 where the file ends."""


def part_path(folder: Path, ref: ObjectRef) -> Path:
    """Path of the part file of one object."""
    return folder / ref.synset / f"{ref.object_id}{PART_SUFFIX}"


def find_parts(folder: Path) -> list[Path]:
    """All part files in a folder, sorted by class and id.

    Left out are those that a killed run left half-written, and what file managers put beside files.
    """
    paths = folder.glob(f"*/*{PART_SUFFIX}")
    return sorted(path for path in paths if not is_litter(path.name) and not is_litter(path.parent.name))


def looks_whole(path: Path) -> bool:
    """Whether a part file exists, begins as HDF5 does, and is as long as its header says.

    Files are renamed into place when they are whole; this finds those that were cut short later, at a hundredth of the
    cost of opening them.
    """
    try:
        with path.open("rb", buffering=0) as file:
            head, size = file.read(_HEAD.size), os.fstat(file.fileno()).st_size
    except OSError:
        return False
    if len(head) < _HEAD.size:
        return False
    signature, version, end = _HEAD.unpack(head)
    return bool(signature == _SIGNATURE and version == 0 and end == size)


def splits_of(path: Path) -> list[str]:
    """The splits of a file's objects, without reading the rest of it.

    Raises:
        DamagedFileError: it isn't what was written.
        ThreeDieError: it can't be read.
    """
    try:
        with open_hdf5(path) as file:
            return read_texts(file, "objects/split")
    except (OSError, *UNREADABLE) as error:
        if isinstance(error, OSError) and error.errno:
            raise explained(error, path) from error
        raise DamagedFileError(f"{path}: damaged ({one_line(error)}); {repair_hint(path)}") from error


@dataclass(frozen=True)
class _PartSummary:
    """What packing needs of a part file before it reads the images; `info` and `made` are JSON."""

    info: str
    made: str
    jpeg_bytes: int
    objects: list[ObjectRef]


def _summarize(path: Path) -> _PartSummary:
    try:
        with open_hdf5(path) as file:
            jpeg_bytes = int(read_array(file, "offsets")[-1])
            return _PartSummary(
                read_attribute(file, "info"), read_attribute(file, "made"), jpeg_bytes, read_objects(file)
            )
    except (OSError, *UNREADABLE) as error:
        Dataset(path)  # says what is wrong
        raise ThreeDieError(f"{path}: damaged ({one_line(error)}); {repair_hint(path)}") from error


def pack(parts: Sequence[Path], path: Path, progress: Callable[[Iterable[Path]], Iterable[Path]] = iter) -> int:
    """Join part files into one dataset file, objects sorted by class and id whatever the order of `parts`.

    Memory holds one object at a time. Returns the number of objects.

    Raises:
        ThreeDieError: no parts, parts of different datasets, an object twice, a part that is damaged or has latents
            that aren't finite.
    """
    if not parts:
        raise ThreeDieError(f"{path}: no part files to pack")
    first = Dataset(parts[0]).info
    # Nearly all parts have the same text here; only those that differ are parsed and compared.
    infos: set[str] = set()
    ways: set[str] = set()
    order: list[tuple[ObjectRef, Path, int]] = []
    total = 0
    for part in progress(parts):
        summary = _summarize(part)
        if summary.info not in infos:
            difference = first.difference(Dataset(part).info)
            if difference:
                raise ThreeDieError(f"{part}: belongs to another dataset than {parts[0]}: {difference}")
            infos.add(summary.info)
        if summary.made not in ways:
            Dataset(part)  # refuses what is damaged
            ways.add(summary.made)
        total += summary.jpeg_bytes
        order += [(ref, part, index) for index, ref in enumerate(summary.objects)]
    made = {json.dumps(way, sort_keys=True): way for ways_of_part in ways for way in json.loads(ways_of_part)}
    order.sort()
    for (ref, one, _), (next_ref, other, _) in pairwise(order):
        if ref == next_ref:
            raise ThreeDieError(f"{ref} is in two part files, {one} and {other}; delete one")

    def objects() -> Iterator[DatasetObject]:
        for _, part, index in order:
            opened = Dataset(part)
            check_latents(opened.info.fields, opened.latents[[index]], [opened.objects[index]], str(part))
            yield opened.object(index)

    write_dataset(path, first, [made[key] for key in sorted(made)], len(order), total, objects())
    return len(order)
