"""Opening a dataset in any form: one file, part files, or the official tree."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_info import PART_SUFFIX, DatasetInfo, DatasetObject
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.litter import is_litter
from threedie.manifests.objects import ObjectRef
from threedie.manifests.official_tree import OfficialTree
from threedie.manifests.parts import find_parts
from threedie.manifests.tree_files import is_tree

PARTS_FOLDER = "parts"
"""Where a render keeps its part files within its output folder."""


class Collection(Protocol):
    """Objects with their views, in whatever form they are stored. `threedie.manifests.dataset.Dataset` is one."""

    info: DatasetInfo
    made: list[dict[str, Any]]
    objects: list[ObjectRef]
    splits: list[str]

    def object(self, index: int) -> DatasetObject:
        """One object with all its views."""


class PartFiles:
    """Part files read as if they were packed: objects sorted by class and id.

    Attributes:
        info: what the dataset is.
        made: how the parts were made, each way once.
        objects: the objects, sorted.
        splits: `train` or `val` of each.
        files: part file of each object.
    """

    def __init__(self, parts: Sequence[Path]) -> None:
        """Open some part files.

        Raises:
            ThreeDieError: none, a damaged one, parts of different datasets, or an object twice.
        """
        if not parts:
            raise ThreeDieError("no part files; make some with '3die render'")
        self.info = Dataset(parts[0]).info
        self.made: list[dict[str, Any]] = []
        rows: list[tuple[ObjectRef, str, Path, int]] = []
        for part in parts:
            opened = Dataset(part)
            difference = self.info.difference(opened.info)
            if difference:
                raise ThreeDieError(f"{part}: belongs to another dataset than {parts[0]}: {difference}")
            self.made += [way for way in opened.made if way not in self.made]
            rows += [(ref, opened.splits[index], part, index) for index, ref in enumerate(opened.objects)]
        rows.sort()
        for (ref, _, one, _), (next_ref, _, other, _) in pairwise(rows):
            if ref == next_ref:
                raise ThreeDieError(f"{ref} is in two part files, {one} and {other}; delete one")
        self.objects = [ref for ref, _, _, _ in rows]
        self.splits = [split for _, split, _, _ in rows]
        self.files = [(part, index) for _, _, part, index in rows]

    def object(self, index: int) -> DatasetObject:
        """One object with all its views."""
        # Opened anew each time: a mapping kept for each of 50,000 parts is more than the system grants.
        part, position = self.files[index]
        return Dataset(part).object(position)


def dataset_files(folder: Path) -> list[Path]:
    """The packed dataset files directly in a folder, sorted."""
    paths = folder.glob("*.h5")
    return sorted(path for path in paths if not path.name.endswith(PART_SUFFIX) and not is_litter(path.name))


def part_files(folder: Path) -> list[Path]:
    """The part files of a folder, or of a render's output folder, sorted."""
    return find_parts(folder) or find_parts(folder / PARTS_FOLDER)


def no_dataset_in(path: Path) -> ThreeDieError:
    """The error for a folder that holds no dataset in any form; names a subfolder that holds one."""
    deeper = [each for each in sorted(path.iterdir()) if each.is_dir() and not is_litter(each.name)]
    near = next((each for each in deeper if dataset_files(each) or part_files(each) or is_tree(each)), None)
    remedy = f"give {near}, which holds one" if near else "check the path, or make a dataset with '3die render'"
    return ThreeDieError(
        f"{path}: neither a dataset file, nor part files, nor a tree SYNSET/OBJECT/image_0.jpg; {remedy}"
    )


def open_collection(path: Path) -> Collection:
    """Open a dataset file, a folder of part files, a render's output folder or an official tree.

    Raises:
        ThreeDieError: no dataset in any of these forms, or a damaged one.
    """
    if not path.is_dir():
        return Dataset(path)
    if is_tree(path):
        tree = OfficialTree(path)
        tree.require_whole()
        return tree
    files = dataset_files(path)
    if len(files) > 1:
        raise ThreeDieError(f"{path}: holds several datasets ({', '.join(file.name for file in files)}); name one")
    if files:
        return Dataset(files[0])
    parts = part_files(path)
    if not parts:
        raise no_dataset_in(path)
    return PartFiles(parts)
