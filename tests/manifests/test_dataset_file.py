import os
import pickle
import random

import h5py
import numpy as np
import pytest
from dataset_samples import make_info, make_objects, write, write_parts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_info import DatasetInfo
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.parts import find_parts, pack


@pytest.fixture
def info():
    return make_info()


def same(one, other):
    return (
        one.ref == other.ref
        and one.split == other.split
        and one.latents.tobytes() == other.latents.tobytes()
        and [bytes(view) for view in one.jpegs] == [bytes(view) for view in other.jpegs]
    )


def test_what_is_written_is_read(tmp_path, info):
    objects = make_objects(info)
    dataset = Dataset(write(tmp_path / "d.h5", info, objects))
    assert dataset.info == info
    assert len(dataset) == len(objects)
    assert all(same(dataset.object(index), item) for index, item in enumerate(objects))
    assert bytes(dataset.jpeg(2, 1)) == objects[2].jpegs[1]
    assert dataset.labels.tolist() == [item.ref.label for item in objects]
    assert sorted([*dataset.indices("train"), *dataset.indices("val")]) == list(range(len(objects)))


def test_the_same_dataset_is_the_same_bytes(tmp_path, info):
    first, second = (write(tmp_path / f"{name}.h5", info, make_objects(info)) for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_a_dataset_goes_to_other_processes_without_its_bytes(tmp_path, info):
    dataset = Dataset(write(tmp_path / "d.h5", info, make_objects(info)))
    before = bytes(dataset.jpeg(0, 0))
    copy = pickle.loads(pickle.dumps(dataset))
    assert bytes(copy.jpeg(0, 0)) == before


def test_an_empty_dataset_is_a_dataset(tmp_path, info):
    dataset = Dataset(write(tmp_path / "d.h5", info, []))
    assert len(dataset) == 0
    assert dataset.images_sha256()


def test_the_fingerprint_is_of_what_the_dataset_is_not_of_its_pixels(tmp_path, info):
    objects = make_objects(info)
    one = Dataset(write(tmp_path / "one.h5", info, objects))
    repainted = [type(item)(item.ref, item.split, item.latents, list(reversed(item.jpegs))) for item in objects]
    two = Dataset(write(tmp_path / "two.h5", info, repainted))
    assert one.fingerprint() == two.fingerprint()
    assert one.images_sha256() != two.images_sha256()
    moved = [type(item)(item.ref, item.split, np.nextafter(item.latents, 9), item.jpegs) for item in objects]
    resplit = [type(item)(item.ref, "val", item.latents, item.jpegs) for item in objects]
    others = [
        (info, moved),
        (info, resplit),
        (info, objects[:-1]),
        (make_info(seed=8), objects),
    ]
    prints = {Dataset(write(tmp_path / f"{number}.h5", *other)).fingerprint() for number, other in enumerate(others)}
    assert len(prints | {one.fingerprint()}) == len(others) + 1


@given(shuffle=st.randoms(use_true_random=False))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_packing_does_not_depend_on_the_order_of_parts(tmp_path, shuffle: random.Random):
    info = make_info(views=2)
    objects = make_objects(info)
    parts = write_parts(tmp_path / "parts", info, objects)
    assert find_parts(tmp_path / "parts") == sorted(parts)
    shuffle.shuffle(parts)
    assert pack(parts, tmp_path / "packed.h5") == len(objects)
    whole = write(tmp_path / "whole.h5", info, objects)
    assert (tmp_path / "packed.h5").read_bytes() == whole.read_bytes()


def test_files_of_several_objects_pack_too(tmp_path, info):
    objects = make_objects(info)
    halves = [write(tmp_path / "b.h5", info, objects[::2]), write(tmp_path / "a.h5", info, objects[1::2])]
    pack(halves, tmp_path / "packed.h5")
    assert Dataset(tmp_path / "packed.h5").objects == [item.ref for item in objects]


def test_parts_of_two_datasets_do_not_mix(tmp_path, info):
    objects = make_objects(info, 2)
    parts = [
        *write_parts(tmp_path / "a", info, objects[:1]),
        *write_parts(tmp_path / "b", make_info(quality={"name": "draft", "samples": 2}), objects[1:]),
    ]
    with pytest.raises(ThreeDieError, match=r"quality\.samples is 1 there and 2 here"):
        pack(parts, tmp_path / "packed.h5")
    assert not (tmp_path / "packed.h5").exists()


def test_an_object_twice_is_refused_and_no_parts_too(tmp_path, info):
    objects = make_objects(info, 1)
    parts = [*write_parts(tmp_path / "a", info, objects), *write_parts(tmp_path / "b", info, objects)]
    with pytest.raises(ThreeDieError, match="in two part files"):
        pack(parts, tmp_path / "packed.h5")
    with pytest.raises(ThreeDieError, match="no part files"):
        pack([], tmp_path / "packed.h5")


def test_an_object_that_does_not_fit_leaves_no_file(tmp_path, info):
    objects = make_objects(make_info(views=4), 2)
    with pytest.raises(ThreeDieError, match="4 views"):
        write(tmp_path / "d.h5", info, objects)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.99])
def test_a_truncated_file_is_refused_in_one_line(tmp_path, info, share):
    path = write(tmp_path / "d.h5", info, make_objects(info))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ThreeDieError) as caught:
        Dataset(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_truncated_part_is_to_be_rendered_again(tmp_path, info):
    path = write(tmp_path / "d.part.h5", info, make_objects(info))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ThreeDieError, match="delete it and run the same '3die render' again"):
        pack([path], tmp_path / "d.h5")


def test_a_path_may_hold_bytes_that_are_no_text(tmp_path, info):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    assert Dataset(write(tmp_path / "d.h5", info, make_objects(info)).rename(folder / "d.h5")).info == info


@pytest.mark.parametrize("content", [b"", b"garbage" * 1000, b"\x89HDF\r\n\x1a\n" + bytes(3000)])
def test_garbage_is_no_dataset(tmp_path, content):
    (tmp_path / "d.h5").write_bytes(content)
    with pytest.raises(ThreeDieError, match=r"d\.h5"):
        Dataset(tmp_path / "d.h5")


def damage(path, change):
    with h5py.File(path, "r+") as file:
        change(file)


def test_damaged_tables_are_found_on_opening(tmp_path, info):
    def shrink(file):
        values = file["latents"][:-1]
        del file["latents"]
        file["latents"] = values

    def reverse(file):
        file["offsets"][1] = file["offsets"][2] + 1

    def rename(file):
        file.attrs["format"] = "other"

    def renew(file):
        file.attrs["version"] = 99

    def forget(file):
        del file["objects/split"]

    def escape(file):
        file["objects/id"][0] = "../../escape"

    for number, change in enumerate((shrink, reverse, rename, renew, forget, escape)):
        path = write(tmp_path / f"{number}.h5", info, make_objects(info))
        damage(path, change)
        with pytest.raises(ThreeDieError):
            Dataset(path)


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(ThreeDieError, match="3die render"):
        Dataset(tmp_path / "none.h5")


def test_info_survives_json(info):
    assert DatasetInfo.from_json(info.to_json()) == info
    assert info.difference(make_info()) is None
    assert info.difference(make_info(seed=1)) == "seed is 7 there and 1 here"
