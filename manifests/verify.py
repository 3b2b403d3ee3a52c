"""Checks datasets: every image, latent and count. Lists everything that is wrong, not only the first fault."""

import itertools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from threedie.manifests.collection import Collection, dataset_files, no_dataset_in, part_files
from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_info import DatasetInfo, DatasetObject
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import latent_problems
from threedie.manifests.objects import TRAIN, VAL, ObjectRef
from threedie.manifests.official_tree import OfficialTree
from threedie.manifests.plurals import pluralize
from threedie.manifests.tree_files import is_tree

QUARANTINE_FILE = "quarantine.csv"
"""Where a render lists the objects it gave up, within its output folder."""

Progress = Callable[[Iterable[Any], int], Iterable[Any]]


def _silent(items: Iterable[Any], _total: int) -> Iterable[Any]:
    return items


@dataclass
class Report:
    """What was checked and what is wrong with it.

    Attributes:
        checked: what was checked, as text.
        problems: one line each, in the order of the objects; empty where all is well.
        notes: assumptions and other things to know that aren't wrong.
    """

    checked: str
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def verify(path: Path, progress: Progress = _silent) -> Report:
    """Check a dataset file, a folder of part files, a render's output folder or an official tree.

    Every JPEG is decoded, so the time is that of reading and decoding all of it, on all cores.

    Args:
        path: what to check.
        progress: wraps an iterable of given length, to show progress.

    Raises:
        ThreeDieError: no dataset at `path`.
    """
    if path.is_file():
        return _verify_file(path, progress)
    if not path.is_dir():
        raise ThreeDieError(f"{path}: no such file or folder; make a dataset with '3die render'")
    if is_tree(path):
        return _verify_tree(path, progress)
    files, parts = dataset_files(path), part_files(path)
    if not files and not parts:
        raise no_dataset_in(path)
    reports = [_verify_file(file, progress) for file in files]
    if parts:
        reports.append(_verify_parts(parts, progress))
    report = Report(
        "; ".join(each.checked for each in reports),
        [problem for each in reports for problem in each.problems],
        [note for each in reports for note in each.notes],
    )
    if parts and len(files) == 1:
        problems, notes = _compare(files[0], parts)
        report.problems += problems
        report.notes += notes
    if (path / QUARANTINE_FILE).is_file():
        report.notes.append(f"the render left objects out; {path / QUARANTINE_FILE} says why")
    return report


def object_problems(info: DatasetInfo, item: DatasetObject) -> list[str]:
    """What is wrong with one object: its split, its latents, its images."""
    problems = []
    if item.split not in (TRAIN, VAL):
        problems.append(f"{item.ref}: its split is {item.split!r}, not {TRAIN} or {VAL}")
    problems += [f"{item.ref}: {problem}" for problem in latent_problems(info.fields, item.latents)]
    for view, jpeg in enumerate(item.jpegs):
        problem = _jpeg_problem(jpeg, info.image_size)
        if problem:
            problems.append(f"{item.ref}: image of view {view} {problem}")
    return problems


def _jpeg_problem(jpeg: bytes, size: int) -> str | None:
    from simplejpeg import decode_jpeg  # noqa: PLC0415  (readers of latents alone need no decoder)

    if not jpeg:
        return "is empty"
    try:
        height, width, _ = decode_jpeg(jpeg).shape
    except ValueError as error:
        return f"doesn't decode: {error}"
    return None if (height, width) == (size, size) else f"is {width} x {height} pixels, not {size} x {size}"


def _collection_problems(
    collection: Collection, progress: Progress, earlier: Mapping[ObjectRef, str] | None = None
) -> list[str]:
    """The problems of all objects; `earlier` are those of the listing, which may be why objects can't be read."""

    def check(index: int) -> list[str]:
        listed = [(earlier or {})[ref]] if (ref := collection.objects[index]) in (earlier or {}) else []
        try:
            return listed + object_problems(collection.info, collection.object(index))
        except ThreeDieError as error:
            return listed or [str(error)]

    count = len(collection.objects)
    problems = _list_problems(collection.objects)
    # The decoder works outside Python's lock, so threads use all cores.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for faults in progress(pool.map(check, range(count)), count):
            problems += faults
    return problems


def _list_problems(objects: Sequence[ObjectRef]) -> list[str]:
    ordered = sorted(objects)
    repeated = sorted({one for one, other in itertools.pairwise(ordered) if one == other})
    return [f"{ref} occurs more than once" for ref in repeated] or ([] if ordered else ["it holds no objects"])


def _amount(collection: Collection) -> str:
    count, info = len(collection.objects), collection.info
    classes = len({ref.synset for ref in collection.objects})
    return (
        f"{pluralize(count, 'object')} of {pluralize(classes, 'class')}, {pluralize(info.views, 'view')} each, "
        f"{info.image_size} px"
    )


def _verify_file(path: Path, progress: Progress) -> Report:
    try:
        dataset = Dataset(path)
    except ThreeDieError as error:
        return Report(str(path), [str(error)])
    problems = _collection_problems(dataset, progress)
    notes = [] if problems else [f"{path}: fingerprint {dataset.fingerprint()}"]
    if dataset.checksums is None:
        notes.append(
            f"{path}: a file of version 1, without checksums: a damaged picture that still decodes isn't detected; "
            "'3die data export' and '3die data pack' make one of version 2"
        )
    return Report(f"{path}: {_amount(dataset)}", problems, notes)


def _verify_parts(parts: Sequence[Path], progress: Progress) -> Report:
    def check(part: Path) -> tuple[Dataset | None, list[str]]:
        try:
            opened = Dataset(part)
            faults = [
                text for index in range(len(opened)) for text in object_problems(opened.info, opened.object(index))
            ]
        except ThreeDieError as error:
            return None, [str(error)]
        return opened, [f"{part}: {text}" for text in faults]

    first: tuple[Path, DatasetInfo] | None = None
    objects: list[ObjectRef] = []
    problems: list[str] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for part, (opened, faults) in zip(parts, progress(pool.map(check, parts), len(parts)), strict=True):
            problems += faults
            if opened is None:
                continue
            first = first or (part, opened.info)
            difference = first[1].difference(opened.info)
            if difference:
                problems.append(f"{part}: belongs to another dataset than {first[0]}: {difference}")
            objects += opened.objects
    if objects or not problems:
        problems += _list_problems(objects)
    return Report(f"{pluralize(len(parts), 'part file')} with {pluralize(len(objects), 'object')}", problems)


def _verify_tree(path: Path, progress: Progress) -> Report:
    try:
        tree = OfficialTree(path)
    except ThreeDieError as error:
        return Report(str(path), [str(error)])
    problems = _collection_problems(tree, progress, tree.problems)
    return Report(f"{path}: {_amount(tree)}", problems, tree.assumptions)


def _compare(file: Path, parts: Sequence[Path]) -> tuple[list[str], list[str]]:
    """Problems and notes about a packed file and the parts beside it: what both hold must agree byte for byte."""
    try:
        dataset = Dataset(file)
    except ThreeDieError:
        return [], []
    position = {ref: index for index, ref in enumerate(dataset.objects)}
    problems, alone = [], 0
    for part in parts:
        try:
            opened = Dataset(part)
            for index, ref in enumerate(opened.objects):
                if ref not in position:
                    alone += 1
                elif not _same(opened.object(index), dataset.object(position[ref])):
                    problems.append(f"{ref}: differs between {part} and {file}; run '3die data pack' again")
        except ThreeDieError:
            continue
    # No fault: a later run into the folder may be of fewer objects.
    notes = [f"{file} lacks {pluralize(alone, 'object')} with part files; '3die data pack' joins all"] if alone else []
    return problems, notes


def _same(one: DatasetObject, other: DatasetObject) -> bool:
    latents = np.array_equal(one.latents, other.latents, equal_nan=True)
    return latents and one.split == other.split and list(one.jpegs) == list(other.jpegs)
