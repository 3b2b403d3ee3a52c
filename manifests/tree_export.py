"""Writes a dataset file as a tree SYNSET/OBJECT/, with `dataset.json` and the original's list files."""

import io
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_info import DatasetObject
from threedie.manifests.description import Progress, begin_export, describe
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import clear_debris_once, explained, replacing, temporary_prefix
from threedie.manifests.objects import TRAIN, VAL
from threedie.manifests.tree_files import (
    TREE_FORMAT,
    TREE_VERSION,
    image_name,
    latent_name,
)


def export_tree(dataset: Dataset, folder: Path, progress: Progress = iter) -> tuple[int, int]:
    """Write a dataset file as a tree, with `dataset.json` and the lists that the original's training code reads.

    An object's folder appears whole or not at all. Run again, it writes only what is missing.

    Args:
        dataset: what to write.
        folder: root of the tree.
        progress: wraps the objects' indices, once to read them and once to write.

    Returns:
        Number of objects written, and of objects that existed already.

    Raises:
        ThreeDieError: the folder holds another dataset, or can't be written to.
    """
    repeated = [ref for ref, count in Counter(dataset.objects).items() if count > 1]
    if repeated:
        raise ThreeDieError(f"{dataset.path}: {repeated[0]} occurs more than once; a tree has one folder for it")
    begin_export(folder, describe(dataset, TREE_FORMAT, TREE_VERSION, progress), "tree")
    for split in (TRAIN, VAL):
        chosen = dataset.indices(split)
        names = [f"/{dataset.objects[index]}/" for index in chosen]
        _write_npy(folder / f"{split}_images.npy", np.array(names, dtype=np.str_))
        _write_npy(folder / f"{split}_labels.npy", dataset.labels[chosen])
    written = sum(_export_object(folder, dataset.object(index)) for index in progress(range(len(dataset))))
    return written, len(dataset) - written


def _export_object(root: Path, item: DatasetObject) -> bool:
    """Write one object unless it exists; gives whether anything was written."""
    target = root / str(item.ref)
    # A link inside the tree could lead anywhere.
    if not target.resolve().is_relative_to(root.resolve()):
        raise ThreeDieError(f"{target}: leads out of {root}; remove the link")
    files = {image_name(view): bytes(jpeg) for view, jpeg in enumerate(item.jpegs)}
    files |= {latent_name(view): _npy_bytes(row) for view, row in enumerate(item.latents)}
    try:
        clear_debris_once(target.parent)
        if target.is_dir():
            return _complete_object(target, files)
        temporary = target.with_name(f"{temporary_prefix(os.getpid())}{target.name}")
        try:
            temporary.mkdir(parents=True)
            for name, content in files.items():
                (temporary / name).write_bytes(content)
            temporary.replace(target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise explained(error, target) from error
    return True


def _complete_object(target: Path, files: dict[str, bytes]) -> bool:
    """Rewrite the files that differ in an existing folder, after a power cut say; gives whether any did."""
    wrong = [
        name
        for name, content in files.items()
        if not (target / name).is_file() or (target / name).read_bytes() != content
    ]
    for name in wrong:
        with replacing(target / name) as temporary:
            temporary.write_bytes(files[name])
    return bool(wrong)


def _npy_bytes(array: npt.NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _write_npy(path: Path, array: npt.NDArray[Any]) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(_npy_bytes(array))
