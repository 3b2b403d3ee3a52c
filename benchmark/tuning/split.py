"""The data of tuning: the training objects of a dataset, a fifth of them held out, as a dataset file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import TRAIN
from threedie.manifests.progress import SILENT, Reporter
from threedie.manifests.selection import Selection, select, write_selection

TUNING_FILE = "tuning.h5"
"""Name of the file in the folder of the outcomes."""

TUNING_SPLIT = Selection(tuning=True)


def open_split(source: Dataset, path: Path, reporter: Reporter = SILENT) -> Dataset:
    """The tuning split of a dataset: made where it doesn't exist, read where it does.

    Args:
        source: the dataset; its validation objects aren't in the split.
        path: file of the split.
        reporter: shows how far writing is.

    Raises:
        ThreeDieError: the file is of another dataset, or can't be written.
    """
    if not path.exists():

        def progress(rows: Sequence[tuple[int, str]]) -> Any:
            return reporter.bar("tuning split", len(rows), "object", rows)

        write_selection(source, path, TUNING_SPLIT, progress)
    split = Dataset(path)
    if not is_split_of(split, source):
        raise ThreeDieError(
            f"{path}: isn't the tuning split of {source.path}; choose another folder with --out, or delete the file"
        )
    return split


def is_split_of(split: Dataset, source: Dataset) -> bool:
    """Whether a dataset is the tuning split of another."""
    info, rows = select(source, TUNING_SPLIT)
    index = [position for position, _ in rows]
    return (
        split.info.difference(info) is None
        and split.objects == [source.objects[position] for position in index]
        and split.splits == [name for _, name in rows]
        and np.array_equal(split.latents, source.latents[index])
    )


def train_count(source: Dataset) -> int:
    """Training objects in a dataset's tuning split."""
    return sum(name == TRAIN for _, name in select(source, TUNING_SPLIT)[1])
