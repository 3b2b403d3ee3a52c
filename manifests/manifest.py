"""Manifests: which objects, which class, which split, and where the split comes from, as a file a person can read.

CSV with the columns class, id, split and split_from, sorted by class and id:

    class,id,split,split_from
    02691156,10155655850468db78d106ce0a280f87,train,hash of seed 0
    02691156,1021a0914a7207aff927ed529ad90a11,val,hash of seed 0

A split made here is leak-free: *twins* - objects with the same id under two classes, or with the same mesh - get
the same split. Twins of twins are twins, so that they form groups. A group's split is a hash of (seed, class, id) of
the member that comes first by class and id; 20% of all hashes give validation, in every class alike.

Adding objects moves no other, with two exceptions, both among twins: a new twin that comes first in its group decides
for the group, unless the earlier manifest is passed as `kept`; and a new one that is a twin of two objects on different
sides must move one of them.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import replacing
from threedie.manifests.objects import TRAIN, VAL, ObjectRef, read_object_list, split_of
from threedie.manifests.plurals import pluralize
from threedie.manifests.text import read_table

COLUMNS = ("class", "id", "split", "split_from")
OFFICIAL, CLEAN = "official", "clean"

_NUMBERED = re.compile(r"synth-\d+-\d+")
"""Ids of generated objects: they number the objects of a class, so that the same id in two classes means nothing."""


@dataclass(frozen=True, order=True)
class Entry:
    """One object of a manifest.

    Attributes:
        ref: its class and id.
        split: `train` or `val`.
        split_from: where that comes from: `hash of seed 0`, `official`, `clean` and the like.
    """

    ref: ObjectRef
    split: str
    split_from: str


def groups_of_twins(
    refs: Iterable[ObjectRef], contents: Mapping[ObjectRef, str] | None = None
) -> list[list[ObjectRef]]:
    """Objects that must get the same split: each group sorted, the groups sorted by their first.

    Args:
        refs: the objects.
        contents: hash of each object's mesh, where it could be read; objects with equal ones are twins.
    """
    ordered = sorted(set(refs))
    leader = {ref: ref for ref in ordered}

    def find(ref: ObjectRef) -> ObjectRef:
        while leader[ref] != ref:
            leader[ref] = leader[leader[ref]]
            ref = leader[ref]
        return ref

    first: dict[tuple[str, str], ObjectRef] = {}
    for ref in ordered:
        for key in _twin_keys(ref, contents or {}):
            one, other = find(first.setdefault(key, ref)), find(ref)
            leader[max(one, other)] = min(one, other)
    groups: dict[ObjectRef, list[ObjectRef]] = defaultdict(list)
    for ref in ordered:
        groups[find(ref)].append(ref)
    return list(groups.values())


def _twin_keys(ref: ObjectRef, contents: Mapping[ObjectRef, str]) -> Iterator[tuple[str, str]]:
    if not _NUMBERED.fullmatch(ref.object_id):
        yield "id", ref.object_id
    if ref in contents:
        yield "content", contents[ref]


def make_manifest(
    refs: Iterable[ObjectRef],
    seed: int = 0,
    contents: Mapping[ObjectRef, str] | None = None,
    kept: Sequence[Entry] = (),
) -> list[Entry]:
    """Split objects 80 to 20, leak-free; see the module's text for what adding objects does.

    Args:
        refs: the objects.
        seed: seed of the split.
        contents: hash of each object's mesh, where it could be read.
        kept: entries of an earlier manifest; those objects keep their split, and twins of theirs get the same.

    Returns:
        An entry for each object, sorted. Objects that only `kept` has are left out.
    """
    before = {entry.ref: entry for entry in kept}
    entries = []
    for group in groups_of_twins(refs, contents):
        # Where earlier ones are on both sides, the first decides: two groups have been tied together.
        old = next((before[ref] for ref in group if ref in before), None)
        split = old.split if old else split_of(group[0], seed)
        origin = old.split_from if old else f"hash of seed {seed}"
        entries += [Entry(ref, split, origin) for ref in group]
    return sorted(entries)


def official_manifest(
    val: Iterable[ObjectRef], train: Iterable[ObjectRef] | None = None, objects: Iterable[ObjectRef] | None = None
) -> list[Entry]:
    """The split that 3DIEBench was published with.

    Args:
        val: the validation list.
        train: the training list.
        objects: all objects; the training list is then what `val` lacks of them.

    Raises:
        ThreeDieError: the lists overlap, or validation objects aren't among `objects`.
    """
    validation = set(val)
    training = set(train) if train is not None else set(objects or ()) - validation
    both = validation & training
    if both:
        raise ThreeDieError(f"{pluralize(len(both), 'object')} in both lists, such as {min(both)}; give the right ones")
    if objects is not None and (unlisted := (validation | training) - set(objects)):
        raise ThreeDieError(
            f"{pluralize(len(unlisted), 'listed object')} not among all objects, such as {min(unlisted)}"
        )
    return sorted([Entry(ref, VAL, OFFICIAL) for ref in validation] + [Entry(ref, TRAIN, OFFICIAL) for ref in training])


def clean_manifest(entries: Iterable[Entry], contents: Mapping[ObjectRef, str] | None = None) -> list[Entry]:
    """A split without leaks, made of another: groups of twins on both sides go to training.

    Its validation objects are all validation objects of the other, and none has a twin in the other's training list:
    what was trained on the other split may be measured on this one.
    """
    original = {entry.ref: entry for entry in entries}
    cleaned = []
    for group in groups_of_twins(original, contents):
        splits = {original[ref].split for ref in group}
        for ref in group:
            leaks = len(splits) > 1 and original[ref].split == VAL
            cleaned.append(Entry(ref, TRAIN if leaks else original[ref].split, f"{CLEAN} (moved)" if leaks else CLEAN))
    return sorted(cleaned)


@dataclass(frozen=True)
class Leaks:
    """Counts of twins in a split.

    Attributes:
        shared_ids: ids that occur under several classes.
        groups: groups of twins, by id or content.
        mixed: groups with members on both sides.
        leaking: validation objects with a twin in training.
    """

    shared_ids: int
    groups: int
    mixed: int
    leaking: int


def find_leaks(entries: Iterable[Entry], contents: Mapping[ObjectRef, str] | None = None) -> Leaks:
    """Count twins, and those that are on both sides of a split."""
    split = {entry.ref: entry.split for entry in entries}
    classes: dict[str, int] = defaultdict(int)
    for ref in split:
        if not _NUMBERED.fullmatch(ref.object_id):
            classes[ref.object_id] += 1
    groups = [group for group in groups_of_twins(split, contents) if len(group) > 1]
    mixed = [group for group in groups if len({split[ref] for ref in group}) > 1]
    leaking = sum(split[ref] == VAL for group in mixed for ref in group)
    return Leaks(sum(count > 1 for count in classes.values()), len(groups), len(mixed), leaking)


def write_manifest(path: Path, entries: Iterable[Entry]) -> None:
    """Write a manifest, whole or not at all.

    Raises:
        ThreeDieError: the file can't be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([each.ref.synset, each.ref.object_id, each.split, each.split_from] for each in sorted(entries))
    with replacing(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")


def read_manifest(path: Path) -> list[Entry]:
    """Read a manifest, in the file's order.

    Raises:
        ThreeDieError: not a manifest; the message says why.
    """
    entries = read_splits(path)
    if entries is None:
        raise ThreeDieError(f"{path}: has no column 'split'; make a manifest with '3die manifest create' or 'import'")
    return entries


def read_splits(path: Path) -> list[Entry] | None:
    """The entries of a list of objects that says splits; None where it is a list that doesn't.

    Raises:
        ThreeDieError: it can't be read, or a split is neither `train` nor `val`.
    """
    refs = read_object_list(path)
    if path.suffix.lower() == ".npy":
        return None
    rows = read_table(path, set())
    if not any("split" in row for row in rows):
        return None
    entries = []
    for ref, row in zip(refs, rows, strict=True):
        split = row["split"].strip()
        if split not in (TRAIN, VAL):
            raise ThreeDieError(f"{path}: {ref} has the split {split[:40]!r}; it must be {TRAIN} or {VAL}")
        entries.append(Entry(ref, split, row.get("split_from", "").strip() or "a list"))
    return entries


def split_names(entries: Iterable[Entry]) -> str:
    """Where a manifest's splits come from, in few words, such as `clean`: what a dataset records."""
    return ", ".join(sorted({entry.split_from.split(" (")[0] for entry in entries}))
