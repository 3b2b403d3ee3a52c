"""A dataset file made of a part of another: some classes, objects or views, or a split to choose settings on."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from threedie.manifests.classes import class_names
from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_info import DatasetInfo, DatasetObject
from threedie.manifests.dataset_writer import write_dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import TRAIN, VAL, VAL_FRACTION, ObjectRef

_MOST_NAMED = 6
TUNING = "tuning"
"""Name of the split of training objects alone, in place of the source's own."""


@dataclass(frozen=True)
class Selection:
    """What of a dataset is wanted.

    Attributes:
        classes: synset ids; all where None.
        train_objects: at most this many training objects of each class, in the order of their ids; all where None.
            Validation objects stay, so that what is trained on more and on fewer is measured on the same.
        views: the first views of each object; all where None.
        tuning: whether validation objects are left out, and a fifth of the training objects takes their place, so that
            settings are chosen without having seen what they will be measured on.
    """

    classes: tuple[str, ...] | None = None
    train_objects: int | None = None
    views: int | None = None
    tuning: bool = False

    def to_json(self) -> dict[str, Any]:
        """What a file made by it says, as plain JSON: only what was asked for."""
        given = {key: value for key, value in vars(self).items() if value not in (None, False)}
        return {**given, "classes": sorted(self.classes)} if self.classes is not None else given


def tuning_split_of(ref: ObjectRef) -> str:
    """`train` or `val`, 80 to 20, of a training object in the tuning split, by a hash: adding objects moves none."""
    digest = hashlib.sha256(f"{TUNING}\0{ref.synset}\0{ref.object_id}".encode()).digest()
    return VAL if int.from_bytes(digest[:8], "big") < VAL_FRACTION * 2**64 else TRAIN


def select(dataset: Dataset, selection: Selection) -> tuple[DatasetInfo, list[tuple[int, str]]]:
    """The settings of a selection, and the position in the dataset and the split of each of its objects, in order.

    Raises:
        ThreeDieError: nothing to train on or to validate on would be left, or there aren't so many views.
    """
    if selection == Selection():
        raise ThreeDieError(f"{dataset.path}: nothing to select; give --classes, --train-objects, --views or --tuning")
    if selection.tuning and dataset.info.models.get("splits") == TUNING:
        raise ThreeDieError(f"{dataset.path}: is a tuning split already; take the dataset that it was made of")
    if selection.views is not None and selection.views > dataset.info.views:
        raise ThreeDieError(f"{dataset.path}: {selection.views} views; its objects have {dataset.info.views}")
    existing = {ref.synset for ref in dataset.objects}
    missing = sorted(set(selection.classes or ()) - existing)
    if missing:
        raise ThreeDieError(
            f"{dataset.path}: has no {class_names(missing[:_MOST_NAMED])}; its classes are "
            f"{class_names(sorted(existing))}"
        )
    rows: list[tuple[int, str]] = []
    counts = dict.fromkeys(existing, 0)
    for index, (ref, given) in enumerate(zip(dataset.objects, dataset.splits, strict=True)):
        if selection.classes is not None and ref.synset not in selection.classes:
            continue
        if selection.tuning and given != TRAIN:
            continue
        split = tuning_split_of(ref) if selection.tuning else given
        if split == TRAIN:
            counts[ref.synset] += 1
            if selection.train_objects is not None and counts[ref.synset] > selection.train_objects:
                continue
        rows.append((index, split))
    for split, purpose in ((TRAIN, "train"), (VAL, "validate")):
        if not any(each == split for _, each in rows):
            raise ThreeDieError(f"{dataset.path}: the selection leaves no object to {purpose} on; select more")
    # A list, because a selection can be made of a selection.
    models = {**dataset.info.models, "selections": [*dataset.info.models.get("selections", []), selection.to_json()]}
    if selection.tuning:
        models["splits"] = TUNING
    return replace(dataset.info, views=selection.views or dataset.info.views, models=models), rows


def write_selection(
    dataset: Dataset,
    path: Path,
    selection: Selection,
    progress: Callable[[Sequence[tuple[int, str]]], Iterable[tuple[int, str]]] = iter,
) -> None:
    """Write a part of a dataset as a dataset file of its own, whole or not at all.

    Raises:
        ThreeDieError: see `select`; an image is damaged; or the file can't be written.
    """
    info, rows = select(dataset, selection)
    if path.exists() and path.samefile(dataset.path):
        raise ThreeDieError(f"{path}: is the dataset itself; write the selection to another file")
    offsets, own, kept = dataset.offsets, dataset.info.views, info.views
    size = sum(int(offsets[index * own + kept] - offsets[index * own]) for index, _ in rows)

    def objects() -> Iterator[DatasetObject]:
        for index, split in progress(rows):
            whole = dataset.object(index)
            yield DatasetObject(whole.ref, split, whole.latents[:kept], whole.jpegs[:kept])

    write_dataset(path, info, dataset.made, len(rows), size, objects())
