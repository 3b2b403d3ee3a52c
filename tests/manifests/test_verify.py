import dataclasses
import shutil

import h5py
import numpy as np
import pytest
import simplejpeg
from dataset_samples import make_info, make_objects, write, write_parts

from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.parts import pack
from threedie.manifests.tree_export import export_tree
from threedie.manifests.verify import verify

INFO = make_info()


def with_jpeg(item, view, jpeg):
    jpegs = list(item.jpegs)
    jpegs[view] = jpeg
    return dataclasses.replace(item, jpegs=jpegs)


def with_latent(item, view, column, value):
    latents = item.latents.copy()
    latents[view, column] = value
    return dataclasses.replace(item, latents=latents)


def faults():
    small = simplejpeg.encode_jpeg(np.zeros((8, 8, 3), np.uint8))
    wide = simplejpeg.encode_jpeg(np.zeros((16, 32, 3), np.uint8))
    return {
        "a JPEG cut short": (lambda item: with_jpeg(item, 1, item.jpegs[1][:-40]), "image of view 1 doesn't decode"),
        "no JPEG": (lambda item: with_jpeg(item, 2, b"no picture"), "image of view 2 doesn't decode"),
        "an empty image": (lambda item: with_jpeg(item, 0, b""), "image of view 0 is empty"),
        "another size": (lambda item: with_jpeg(item, 0, small), "8 x 8 pixels, not 16 x 16"),
        "not square": (lambda item: with_jpeg(item, 0, wide), "32 x 16 pixels"),
        "rotation out of range": (
            lambda item: with_latent(item, 1, 0, 1.6),
            "rotation_x of view 1 is 1.6, outside -1.57",
        ),
        "hue out of range": (lambda item: with_latent(item, 0, 3, -0.1), "floor_hue of view 0 is -0.1"),
        "not a number": (lambda item: with_latent(item, 2, 6, np.nan), "light_hue of view 2 is nan"),
        "infinite": (lambda item: with_latent(item, 2, 5, np.inf), "light_phi of view 2 is inf"),
        "no such split": (lambda item: dataclasses.replace(item, split="test"), "split is 'test'"),
    }


def test_a_whole_dataset_has_no_problems_in_any_form(tmp_path):
    objects = make_objects(INFO)
    file = write(tmp_path / "d.h5", INFO, objects)
    write_parts(tmp_path / "parts", INFO, objects)
    export_tree(Dataset(file), tmp_path / "tree")
    for path in (file, tmp_path / "parts", tmp_path / "tree"):
        report = verify(path)
        assert report.problems == []
        assert "6" in report.checked


@pytest.mark.parametrize("fault", faults())
def test_each_fault_is_found_in_a_file_in_parts_and_in_a_tree(tmp_path, fault):
    spoil, says = faults()[fault]
    objects = make_objects(INFO)
    objects[3] = spoil(objects[3])
    file = write(tmp_path / "d.h5", INFO, objects)
    write_parts(tmp_path / "parts", INFO, objects)
    export_tree(Dataset(file), tmp_path / "tree")
    for path in (file, tmp_path / "parts", tmp_path / "tree"):
        problems = verify(path).problems
        assert len(problems) == 1
        assert says in problems[0]
        assert str(objects[3].ref) in problems[0]


def test_all_faults_are_listed_not_only_the_first(tmp_path):
    objects = make_objects(INFO)
    objects = [with_latent(item, 0, 0, 9.0) for item in objects]
    assert len(verify(write(tmp_path / "d.h5", INFO, objects)).problems) == len(objects)


def test_a_truncated_file_is_a_problem_not_a_crash(tmp_path):
    file = write(tmp_path / "d.h5", INFO, make_objects(INFO))
    content = file.read_bytes()
    for share in (0.2, 0.6, 0.95):
        file.write_bytes(content[: int(len(content) * share)])
        (problem,) = verify(file).problems
        assert "d.h5" in problem


def test_flipped_bytes_in_the_images_are_found(tmp_path):
    file = write(tmp_path / "d.h5", INFO, make_objects(INFO))
    with h5py.File(file, "r+") as opened:
        opened["jpeg"][200:260] = 255
    assert verify(file).problems


def test_moved_offsets_are_found(tmp_path):
    file = write(tmp_path / "d.h5", INFO, make_objects(INFO))
    with h5py.File(file, "r+") as opened:
        opened["offsets"][4] = opened["offsets"][4] - 30
    assert verify(file).problems


def test_broken_missing_and_strange_parts_are_found(tmp_path):
    objects = make_objects(INFO)
    parts = write_parts(tmp_path / "out" / "parts", INFO, objects)
    pack(parts, tmp_path / "out" / "dataset.h5")
    assert verify(tmp_path / "out").problems == []
    parts[2].write_bytes(parts[2].read_bytes()[:500])
    (problem,) = verify(tmp_path / "out").problems
    assert parts[2].name in problem
    parts[2].unlink()
    other = make_objects(INFO, seed=5)
    write_parts(tmp_path / "out" / "parts", INFO, other[:1])
    assert ["differs between" in problem for problem in verify(tmp_path / "out").problems] == [True]
    write_parts(tmp_path / "out" / "parts", make_info(seed=9), other[:1])
    assert "belongs to another dataset" in " ".join(verify(tmp_path / "out").problems)


def test_an_object_in_two_parts_is_found(tmp_path):
    objects = make_objects(INFO, 2)
    parts = write_parts(tmp_path, INFO, objects)
    shutil.copy(parts[0], parts[0].with_name("copy.part.h5"))
    assert any("more than once" in problem for problem in verify(tmp_path).problems)


def test_quarantined_objects_and_unpacked_parts_are_mentioned(tmp_path):
    parts = write_parts(tmp_path / "parts", INFO, make_objects(INFO))
    pack(parts[:-2], tmp_path / "dataset.h5")
    (tmp_path / "quarantine.csv").write_text("class,id,reason\n")
    report = verify(tmp_path)
    assert report.problems == []
    assert "fingerprint" in report.notes[0]
    assert "2 objects with part files" in report.notes[1]
    assert "quarantine.csv" in report.notes[2]


def test_a_missing_view_and_a_stray_one_in_a_tree(tmp_path):
    file = write(tmp_path / "d.h5", INFO, make_objects(INFO))
    export_tree(Dataset(file), tmp_path / "tree")
    first, second = (tmp_path / "tree" / str(Dataset(file).objects[index]) for index in (0, 1))
    (first / "image_2.jpg").unlink()
    shutil.copy(second / "image_0.jpg", second / "image_3.jpg")
    problems = verify(tmp_path / "tree").problems
    assert len(problems) == 2
    assert "image_2.jpg: missing" in problems[0]
    assert "image_3.jpg" in problems[1]


def test_an_empty_dataset_is_a_problem_and_nothing_at_all_an_error(tmp_path):
    assert verify(write(tmp_path / "d.h5", INFO, [])).problems == ["it holds no objects"]
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(ThreeDieError, match=path.name):
            verify(path)


def test_a_whole_file_is_named_by_its_fingerprint(tmp_path):
    parts = write_parts(tmp_path / "parts", INFO, make_objects(INFO))
    pack(parts, tmp_path / "dataset.h5")
    assert any(Dataset(tmp_path / "dataset.h5").fingerprint() in note for note in verify(tmp_path).notes)
