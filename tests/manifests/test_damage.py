"""Bit rot: whatever is flipped in a dataset or a part is found, and old files stay readable."""

import random
import subprocess
import sys
import textwrap
from pathlib import Path

import h5py
import numpy as np
import pytest
from dataset_samples import make_info, make_objects, write, write_parts

from threedie.manifests.collection import open_collection
from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_info import PART_SUFFIX
from threedie.manifests.errors import DamagedFileError, ThreeDieError
from threedie.manifests.parts import looks_whole, pack
from threedie.manifests.seal import HEAD_BYTES, MARK, BrokenSealError, check_seal
from threedie.manifests.tree_export import export_tree
from threedie.manifests.verify import verify

INFO = make_info()
FLIPS = 200


def as_version_1(path: Path) -> Path:
    """Rewrite a file as the first version of the format was: no seal, no checksums."""
    with h5py.File(path, "r+") as file:
        del file["seal"], file["checksums"]
        file.attrs["version"] = 1
    content = path.read_bytes()
    path.write_bytes(content.replace(MARK, bytes(len(MARK))))
    return path


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("sample") / "d.h5", INFO, make_objects(INFO, 4))


@pytest.mark.parametrize("name", ["x.h5", f"x{PART_SUFFIX}"])
def test_every_flipped_bit_is_found(tmp_path: Path, sample: Path, name: str) -> None:
    content = sample.read_bytes()
    if name.endswith(PART_SUFFIX):
        (part,) = write_parts(tmp_path, INFO, make_objects(INFO, 1))
        content = part.read_bytes()
    rng = random.Random(1)
    path = tmp_path / name
    for _ in range(FLIPS):
        bit = rng.randrange(len(content) * 8)
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        assert verify(path).problems, bit
        with pytest.raises(ThreeDieError, match=path.name):
            pack([path], tmp_path / "packed.h5")
    assert not (tmp_path / "packed.h5").exists()


def test_a_flipped_bit_in_an_image_is_named_with_its_view(tmp_path: Path) -> None:
    path = write(tmp_path / "d.h5", INFO, make_objects(INFO))
    dataset = Dataset(path)
    content = bytearray(path.read_bytes())
    for row in (4, 5):  # views 1 and 2 of the object at 1
        content[dataset._begin + int(dataset.offsets[row + 1]) - 3] ^= 4
    path.write_bytes(content)
    damaged = Dataset(path)
    says = rf"{damaged.objects[1]}: the image of views 1, 2 differs from its checksum.*'3die data pack' on the parts"
    with pytest.raises(ThreeDieError, match=says):
        damaged.object(1)
    assert len(damaged.object(0).jpegs) == 3
    with pytest.raises(ThreeDieError, match="the image of view 2 differs"):
        damaged.jpeg(1, 2)
    with pytest.raises(ThreeDieError, match="differs from its checksum"):
        export_tree(damaged, tmp_path / "tree")
    (problem,) = verify(path).problems
    assert "views 1, 2" in problem


def test_a_damaged_part_says_to_render_it_again(tmp_path: Path) -> None:
    parts = write_parts(tmp_path / "parts", INFO, make_objects(INFO))
    content = bytearray(parts[2].read_bytes())
    content[Dataset(parts[2])._begin + 700] ^= 1
    parts[2].write_bytes(content)
    assert looks_whole(parts[2])
    with pytest.raises(ThreeDieError, match=rf"{parts[2].name}.*delete it and run the same '3die render' again"):
        pack(parts, tmp_path / "d.h5")
    assert not (tmp_path / "d.h5").exists()


def test_files_of_version_1_are_read_and_packed_into_version_2(tmp_path: Path) -> None:
    objects = make_objects(INFO)
    new = write(tmp_path / "new.h5", INFO, objects)
    old = as_version_1(write(tmp_path / "old.h5", INFO, objects))
    dataset, expected = Dataset(old), Dataset(new)
    assert dataset.checksums is None
    assert dataset.fingerprint() == expected.fingerprint()
    assert dataset.images_sha256() == expected.images_sha256()
    report = verify(old)
    assert report.problems == []
    assert any("version 1, without checksums" in note for note in report.notes)
    parts = [as_version_1(path) for path in write_parts(tmp_path / "parts", INFO, objects)]
    pack(parts, tmp_path / "packed.h5")
    assert (tmp_path / "packed.h5").read_bytes() == new.read_bytes()
    export_tree(dataset, tmp_path / "tree")
    assert [path.read_bytes() for path in sorted((tmp_path / "tree").rglob("image_0.jpg"))] == [
        item.jpegs[0] for item in objects
    ]


def test_a_file_that_lost_its_seal_is_damaged(tmp_path: Path, sample: Path) -> None:
    path = tmp_path / "d.h5"
    path.write_bytes(sample.read_bytes().replace(MARK, bytes(len(MARK))))
    with pytest.raises(ThreeDieError, match="its seal is damaged"):
        Dataset(path)


def test_the_seal_lies_near_the_beginning_of_large_files_too(tmp_path: Path) -> None:
    info = make_info(preset={"name": "noise", "text": "x" * 50_000}, views=5)
    path = write(tmp_path / "d.h5", info, make_objects(info, 120))
    assert 0 <= path.read_bytes().find(MARK) < HEAD_BYTES // 2
    assert check_seal(path)


def test_an_empty_dataset_is_sealed(tmp_path: Path) -> None:
    path = write(tmp_path / "d.h5", INFO, [])
    content = path.read_bytes()
    assert check_seal(path)
    path.write_bytes(content[:-9] + b"x" + content[-8:])
    with pytest.raises(BrokenSealError):
        check_seal(path)


def test_latents_that_are_no_numbers_are_refused_when_parts_are_packed(tmp_path: Path) -> None:
    objects = make_objects(INFO)
    objects[2].latents[1, 3] = np.nan
    parts = write_parts(tmp_path / "parts", INFO, objects)
    with pytest.raises(ThreeDieError, match=rf"{objects[2].ref}: floor_hue of view 1 is nan, not a finite number"):
        pack(parts, tmp_path / "d.h5")


def test_litter_among_parts_and_beside_a_dataset_is_not_looked_at(tmp_path: Path) -> None:
    objects = make_objects(INFO)
    parts = write_parts(tmp_path / "parts", INFO, objects)
    for litter in (
        parts[0].with_name(f"._{parts[0].name}"),
        tmp_path / "parts" / ".ipynb_checkpoints" / parts[0].name,
        tmp_path / "._dataset.h5",
    ):
        litter.parent.mkdir(exist_ok=True)
        litter.write_bytes(b"\0\5\x16\7")
    pack(parts, tmp_path / "dataset.h5")
    report = verify(tmp_path)
    assert report.problems == []
    assert "6 part files with 6 objects" in report.checked


def test_an_object_in_two_places_is_refused_in_every_form(tmp_path: Path) -> None:
    objects = make_objects(INFO, 2)
    parts = write_parts(tmp_path / "parts", INFO, objects)
    parts[0].with_name(f"copy{PART_SUFFIX}").write_bytes(parts[0].read_bytes())
    with pytest.raises(ThreeDieError, match="is in two part files"):
        open_collection(tmp_path / "parts")
    file = write(tmp_path / "d.h5", INFO, [objects[0], *objects])
    with pytest.raises(ThreeDieError, match=rf"{objects[0].ref} occurs more than once"):
        export_tree(Dataset(file), tmp_path / "tree")


def test_a_file_of_a_later_version_is_not_damaged(tmp_path: Path) -> None:
    path = as_version_1(write(tmp_path / "d.h5", INFO, make_objects(INFO, 2)))
    with h5py.File(path, "r+") as file:
        file.attrs["version"] = 3
    with pytest.raises(
        ThreeDieError, match=r"d\.h5: format version 3, and this program reads up to 2: update it"
    ) as found:
        Dataset(path)
    assert not isinstance(found.value, DamagedFileError), "it must not be made anew"


FULL = textwrap.dedent("""
    import resource, sys
    from pathlib import Path
    from threedie.manifests.dataset import Dataset
    from threedie.manifests.parts import find_parts, pack
    from threedie.manifests.errors import ThreeDieError
    parts, target = find_parts(Path(sys.argv[1])), Path(sys.argv[2])
    whole = sum(part.stat().st_size for part in parts)
    for limit in (1, 100, 2048, 4096, 6000, *range(8000, whole, 9000)):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        try:
            pack(parts, target)
            assert len(Dataset(target)) == len(parts)
            print("packed")
            break
        except ThreeDieError as error:
            print(error)
        assert list(target.parent.iterdir()) == [], limit
""")


def test_a_disk_that_is_full_at_any_byte_is_one_line(tmp_path: Path) -> None:
    """HDF5's library crashes where a write fails, at the latest when the process ends."""
    write_parts(tmp_path / "parts", INFO, make_objects(INFO, 30))
    (tmp_path / "out").mkdir()
    words = [sys.executable, "-c", FULL, str(tmp_path / "parts"), str(tmp_path / "out" / "d.h5")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    *refused, last = done.stdout.splitlines()
    assert last == "packed"
    assert len(refused) > 10
    assert set(refused) == {
        f"{tmp_path / 'out' / 'd.h5'}: larger than this system or its limits (ulimit -f) allow a file to be"
    }
