from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from threedie.manifests.classes import SYNSETS
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.manifest import (
    Entry,
    clean_manifest,
    find_leaks,
    groups_of_twins,
    make_manifest,
    official_manifest,
    read_manifest,
    read_splits,
    split_names,
    write_manifest,
)
from threedie.manifests.objects import ObjectRef, split_of
from threedie.manifests.published import read_published

CAR = "02958343"
refs = st.builds(ObjectRef, st.sampled_from(SYNSETS[:4]), st.sampled_from([f"{n:032x}" for n in range(12)]))
collections = st.lists(refs, unique=True, min_size=1, max_size=30)
hashes = st.dictionaries(refs, st.sampled_from("pqrs"))
seeds = st.integers(0, 3)


def sides(entries):
    return {entry.ref: entry.split for entry in entries}


def one_side_each(entries, contents):
    split = sides(entries)
    marks = {}
    for ref in split:
        marks.setdefault(("id", ref.object_id), set()).add(split[ref])
        if ref in contents:
            marks.setdefault(("content", contents[ref]), set()).add(split[ref])
    return all(len(found) == 1 for found in marks.values())


@given(collections, hashes, seeds)
def test_twins_lie_on_one_side(objects, contents, seed):
    entries = make_manifest(objects, seed, contents)
    assert sorted(entry.ref for entry in entries) == sorted(objects)
    assert one_side_each(entries, contents)
    assert find_leaks(entries, contents).leaking == 0


@given(collections, hashes, seeds, st.randoms(use_true_random=False))
def test_the_order_of_objects_does_not_matter(objects, contents, seed, random):
    entries = make_manifest(objects, seed, contents)
    shuffled = list(objects)
    random.shuffle(shuffled)
    assert make_manifest(shuffled, seed, contents) == entries


@given(collections, hashes, seeds)
def test_objects_without_twins_have_the_split_of_their_name(objects, contents, seed):
    split = sides(make_manifest(objects, seed, contents))
    for group in groups_of_twins(objects, contents):
        assert split[group[0]] == split_of(group[0], seed)


@given(collections, collections, hashes, seeds)
def test_adding_objects_moves_none_but_twins(objects, added, contents, seed):
    before = sides(make_manifest(objects, seed, contents))
    after = sides(make_manifest(objects + added, seed, contents))
    new = set(added) - set(objects)
    for group in groups_of_twins(objects + added, contents):
        if not new & set(group):
            assert all(after[ref] == before[ref] for ref in group)


@given(collections, collections, hashes, seeds)
def test_kept_objects_stay_unless_they_are_tied_together(objects, added, contents, seed):
    kept = make_manifest(objects, seed, contents)
    entries = make_manifest(objects + added, seed + 1, contents, kept)
    assert one_side_each(entries, contents)
    before, after = sides(kept), sides(entries)
    for group in groups_of_twins(objects + added, contents):
        earlier = {before[ref] for ref in group if ref in before}
        if len(earlier) == 1:
            assert {after[ref] for ref in group} == earlier


def test_the_split_is_80_to_20_in_every_class():
    objects = [ObjectRef(synset, f"{synset}{n:05d}") for synset in SYNSETS[:5] for n in range(1000)]
    shares = Counter(entry.ref.synset for entry in make_manifest(objects) if entry.split == "val")
    assert all(150 < count < 250 for count in shares.values())


def test_made_up_objects_are_numbered_and_no_twins():
    objects = [ObjectRef(synset, f"synth-0-{n:05d}") for synset in SYNSETS for n in range(8)]
    assert all(len(group) == 1 for group in groups_of_twins(objects))
    assert sides(make_manifest(objects)) == {ref: split_of(ref) for ref in objects}


@given(collections, hashes, st.data())
def test_a_clean_split_only_takes_from_validation(objects, contents, data):
    splits = data.draw(st.lists(st.sampled_from(["train", "val"]), min_size=len(objects), max_size=len(objects)))
    given_split = [Entry(ref, split, "official") for ref, split in zip(objects, splits, strict=True)]
    cleaned = clean_manifest(given_split, contents)
    before, after = sides(given_split), sides(cleaned)
    moved = {ref for ref in before if before[ref] != after[ref]}
    assert one_side_each(cleaned, contents)
    assert all(before[ref] == "val" for ref in moved)
    assert len(moved) == find_leaks(given_split, contents).leaking
    assert {entry.ref for entry in cleaned if "moved" in entry.split_from} == moved
    assert split_names(cleaned) == "clean"


@given(collections, hashes)
def test_a_file_comes_back_as_it_was(tmp_path_factory, objects, contents):
    path = tmp_path_factory.mktemp("manifest") / "manifest.csv"
    entries = make_manifest(objects, 5, contents)
    write_manifest(path, entries)
    assert read_manifest(path) == entries
    assert path.read_text().splitlines()[0] == "class,id,split,split_from"


def test_lists_without_splits_and_bad_ones(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("class,id\nchair,a\n")
    assert read_splits(path) is None
    with pytest.raises(ThreeDieError, match="3die manifest create"):
        read_manifest(path)
    path.write_text("class,id,split\nchair,a,train\nchair,b,validation\n")
    with pytest.raises(ThreeDieError, match="03001627/b has the split 'validation'"):
        read_manifest(path)
    path.write_text("class,id,split\nchair,a,train\n")
    assert read_manifest(path) == [Entry(ObjectRef("03001627", "a"), "train", "a list")]


@pytest.fixture
def published(tmp_path):
    """Lists in the published form: three validation objects, of which one is in training too, as another class."""
    val = [(SYNSETS[0], "a"), (SYNSETS[0], "b"), (SYNSETS[3], "c")]
    train = [(SYNSETS[1], "a"), (SYNSETS[2], "d"), (SYNSETS[2], "e"), (SYNSETS[2], "f")]
    for split, objects in (("val", val), ("train", train)):
        np.save(tmp_path / f"{split}_images.npy", np.array([f"/{synset}/{name}/" for synset, name in objects]))
        np.save(tmp_path / f"{split}_labels.npy", np.array([SYNSETS.index(synset) for synset, _ in objects]))
    np.save(tmp_path / "pairs.npy", np.array(val + train))
    return tmp_path


def test_published_lists(published):
    both = read_published(published)
    assert both.whole
    assert not both.notes
    assert split_names(both.entries) == "official"
    assert find_leaks(both.entries).leaking == 1
    assert [str(e.ref) for e in clean_manifest(both.entries) if e.split == "val"] == [
        f"{SYNSETS[0]}/b",
        f"{SYNSETS[3]}/c",
    ]
    (published / "train_images.npy").unlink()
    assert read_published(published, published / "pairs.npy").entries == both.entries
    alone = read_published(published)
    assert not alone.whole
    assert "only the labels of its 4 objects" in alone.notes[0]
    assert {entry.split for entry in alone.entries} == {"val"}


def test_published_lists_that_contradict_each_other(published):
    with pytest.raises(ThreeDieError, match=r"has no val_images\.npy"):
        read_published(published / "nowhere")
    np.save(published / "val_labels.npy", np.array([0, 1, 3]))
    with pytest.raises(ThreeDieError, match="has the label 1, but its class is 0"):
        read_published(published)
    np.save(published / "val_labels.npy", np.array([0, 0]))
    with pytest.raises(ThreeDieError, match="2 labels for 3 objects"):
        read_published(published)
    (published / "val_labels.npy").unlink()
    (published / "train_images.npy").unlink()
    np.save(published / "train_labels.npy", np.array([1, 2]))
    with pytest.raises(ThreeDieError, match=r"says 1 training object of .* it has 3"):
        read_published(published, published / "pairs.npy")


def test_nineteen_more_cars_are_noted(published):
    (published / "train_images.npy").unlink()
    pairs = np.load(published / "pairs.npy").tolist() + [[CAR, f"car{n}"] for n in range(19)]
    np.save(published / "pairs.npy", np.array(pairs))
    notes = read_published(published, published / "pairs.npy").notes
    assert any("car: 19 more than the published training list has" in note for note in notes)


def test_official_lists_must_not_overlap():
    one, other = ObjectRef(CAR, "a"), ObjectRef(CAR, "b")
    with pytest.raises(ThreeDieError, match="in both lists"):
        official_manifest([one], [one, other])
    with pytest.raises(ThreeDieError, match="not among all objects"):
        official_manifest([one], None, [other])
