"""The list files that 3DIEBench was published with."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from threedie.manifests.classes import SYNSETS, name_of
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.manifest import Entry, official_manifest
from threedie.manifests.npy import read_npy
from threedie.manifests.objects import TRAIN, VAL, ObjectRef, read_object_list
from threedie.manifests.official import LEFT_OUT
from threedie.manifests.plurals import pluralize

LISTS = {split: f"{split}_images.npy" for split in (TRAIN, VAL)}
LABELS = {split: f"{split}_labels.npy" for split in (TRAIN, VAL)}


@dataclass(frozen=True)
class Published:
    """The published split, as far as the files have it.

    Attributes:
        entries: its objects.
        notes: what is missing, as sentences.
        whole: whether the training objects are listed too.
    """

    entries: list[Entry]
    notes: list[str]
    whole: bool


def read_published(folder: Path, objects: Path | None = None) -> Published:
    """Read the published lists, and check them against their label files where these exist.

    Args:
        folder: holds `val_images.npy`, and `train_images.npy`, `val_labels.npy`, `train_labels.npy` if available.
        objects: list of all objects, from which the training list is worked out where it is missing.

    Raises:
        ThreeDieError: no validation list, or the files contradict each other.
    """
    if not (folder / LISTS[VAL]).is_file():
        raise ThreeDieError(f"{folder}: has no {LISTS[VAL]}; give the folder with the lists of 3DIEBench")
    notes: list[str] = []
    val = read_object_list(folder / LISTS[VAL])
    _check_labels(folder / LABELS[VAL], val)
    everything = read_object_list(objects) if objects else None
    train = None
    if (folder / LISTS[TRAIN]).is_file():
        train = read_object_list(folder / LISTS[TRAIN])
        _check_labels(folder / LABELS[TRAIN], train)
    elif everything is not None:
        notes.append(f"{LISTS[TRAIN]} is missing: training objects are those of {objects} that validation lacks")
    else:
        labels = folder / LABELS[TRAIN]
        count = f", only the labels of its {pluralize(len(_labels(labels)), 'object')}" if labels.is_file() else ""
        notes.append(
            f"{LISTS[TRAIN]} is missing{count}: the manifest holds the validation objects alone, and it is unknown "
            "whether they are in training too; give the list of all objects with --objects"
        )
    entries = official_manifest(val, train, everything)
    if train is None and everything is not None and (folder / LABELS[TRAIN]).is_file():
        notes += _check_counts(folder / LABELS[TRAIN], [entry.ref for entry in entries if entry.split == TRAIN])
    return Published(entries, notes, train is not None or everything is not None)


def _labels(path: Path) -> npt.NDArray[np.int64]:
    labels = read_npy(path)
    if (
        labels.dtype.kind not in "iu"
        or labels.ndim != 1
        or (labels.size and not 0 <= labels.min() <= labels.max() < len(SYNSETS))
    ):
        raise ThreeDieError(
            f"{path}: {labels.dtype} of shape {labels.shape} are no labels from 0 to {len(SYNSETS) - 1}"
        )
    return np.asarray(labels, np.int64)


def _check_labels(path: Path, refs: list[ObjectRef]) -> None:
    if not path.is_file():
        return
    labels = _labels(path)
    if len(labels) != len(refs):
        raise ThreeDieError(
            f"{path}: {pluralize(len(labels), 'label')} for {pluralize(len(refs), 'object')}; "
            "the files don't belong together"
        )
    for ref, label in zip(refs, labels.tolist(), strict=True):
        if ref.label != label:
            raise ThreeDieError(f"{path}: {ref} has the label {label}, but its class is {ref.label}")


def _check_counts(path: Path, refs: list[ObjectRef]) -> list[str]:
    """Compare with labels whose list is missing: as many objects of each class. Gives a note on the left-out cars."""
    expected = np.bincount(_labels(path), minlength=len(SYNSETS))
    actual = np.bincount([ref.label for ref in refs], minlength=len(SYNSETS))
    notes = []
    for label in np.flatnonzero(expected != actual).tolist():
        synset, more = SYNSETS[label], int(actual[label] - expected[label])
        if more != LEFT_OUT.get(synset):
            raise ThreeDieError(
                f"{path}: says {pluralize(int(expected[label]), 'training object')} of {synset}, but without "
                f"validation it has {actual[label]:,}; give the list of all objects that 3DIEBench was made of"
            )
        notes.append(
            f"{name_of(synset)}: {more} more than the published training list has; without that list it is "
            "unknown which of them it leaves out"
        )
    return notes
