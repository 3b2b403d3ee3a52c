import json
import shutil

import numpy as np
import pytest
import simplejpeg
from dataset_samples import make_info, make_objects, write

from threedie.manifests.dataset import Dataset
from threedie.manifests.description import DESCRIPTION
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import ObjectRef, read_object_list, split_of
from threedie.manifests.official_tree import OfficialTree
from threedie.manifests.tree_export import export_tree
from threedie.manifests.tree_files import is_tree


@pytest.fixture
def file(tmp_path):
    info = make_info()
    return write(tmp_path / "dataset.h5", info, make_objects(info))


@pytest.fixture
def tree(tmp_path, file):
    export_tree(Dataset(file), tmp_path / "tree")
    return tmp_path / "tree"


def snapshot(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_there_and_back_is_bit_for_bit(tmp_path, file, tree):
    OfficialTree(tree).pack(tmp_path / "back.h5")
    assert (tmp_path / "back.h5").read_bytes() == file.read_bytes()


def test_an_order_that_is_not_sorted_survives(tmp_path):
    info = make_info()
    file = write(tmp_path / "dataset.h5", info, make_objects(info)[::-1])
    export_tree(Dataset(file), tmp_path / "tree")
    OfficialTree(tmp_path / "tree").pack(tmp_path / "back.h5")
    assert (tmp_path / "back.h5").read_bytes() == file.read_bytes()


def test_the_tree_is_the_original_s(file, tree):
    dataset = Dataset(file)
    item = dataset.object(0)
    folder = tree / item.ref.synset / item.ref.object_id
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        name for view in range(3) for name in (f"image_{view}.jpg", f"latent_{view}.npy")
    )
    assert (folder / "image_1.jpg").read_bytes() == item.jpegs[1]
    latents = np.load(folder / "latent_2.npy")
    assert latents.dtype == np.float64
    assert latents.tobytes() == item.latents[2].tobytes()


def test_the_lists_are_those_the_original_code_reads(file, tree):
    dataset = Dataset(file)
    for split in ("train", "val"):
        names, labels = np.load(tree / f"{split}_images.npy"), np.load(tree / f"{split}_labels.npy")
        chosen = dataset.indices(split)
        assert names.dtype.kind == "U"
        assert names.tolist() == [f"/{dataset.objects[index]}/" for index in chosen]
        assert labels.dtype == np.int64
        assert labels.tolist() == dataset.labels[chosen].tolist()
        assert read_object_list(tree / f"{split}_images.npy") == [dataset.objects[index] for index in chosen]


def test_an_empty_split_has_empty_lists(tmp_path):
    info = make_info(views=1)
    file = write(tmp_path / "dataset.h5", info, make_objects(info, 2))
    export_tree(Dataset(file), tmp_path / "tree")
    assert np.load(tmp_path / "tree" / "val_images.npy").shape == (0,)
    OfficialTree(tmp_path / "tree").pack(tmp_path / "back.h5")
    assert (tmp_path / "back.h5").read_bytes() == file.read_bytes()


def test_run_again_it_writes_only_what_is_missing(file, tree):
    dataset = Dataset(file)
    before = snapshot(tree)
    first, second = (tree / str(dataset.objects[index]) for index in (0, 1))
    kept = {path: path.stat().st_mtime_ns for path in tree.rglob("*.jpg") if path.parent != first}
    shutil.rmtree(first)
    (second.parent / f".tmp-{second.name}").mkdir()
    assert export_tree(dataset, tree) == (1, len(dataset) - 1)
    assert snapshot(tree) == before
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_a_damaged_object_is_put_right(file, tree):
    before = snapshot(tree)
    folder = tree / str(Dataset(file).objects[0])
    (folder / "image_0.jpg").write_bytes(b"")
    (folder / "latent_1.npy").unlink()
    assert export_tree(Dataset(file), tree)[0] == 1
    assert snapshot(tree) == before


def test_two_datasets_do_not_mix(tmp_path, tree):
    for number, info in enumerate((make_info(seed=8), make_info())):
        other = write(tmp_path / f"{number}.h5", info, make_objects(info, seed=1))
        with pytest.raises(ThreeDieError, match="holds another dataset"):
            export_tree(Dataset(other), tree)


def test_a_folder_in_use_is_left_alone(tmp_path, file):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    with pytest.raises(ThreeDieError, match="not empty"):
        export_tree(Dataset(file), tmp_path / "home")
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["letter.txt"]


def test_nothing_is_written_through_a_link_that_leads_out(tmp_path, file, tree):
    synset = Dataset(file).objects[0].synset
    shutil.rmtree(tree / synset)
    (tmp_path / "elsewhere").mkdir()
    (tree / synset).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ThreeDieError, match="leads out"):
        export_tree(Dataset(file), tree)
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("name", ["../../escape", "/etc", "a/b/c"])
def test_a_description_cannot_lead_out_of_the_tree(tree, name):
    description = json.loads((tree / DESCRIPTION).read_text())
    description["objects"][0] = f"02691156/{name}"
    (tree / DESCRIPTION).write_text(json.dumps(description))
    with pytest.raises(ThreeDieError, match="damaged"):
        OfficialTree(tree)


def test_changes_since_the_export_are_noticed(tmp_path, file, tree):
    path = tree / str(Dataset(file).objects[0]) / "latent_0.npy"
    np.save(path, np.zeros(7))
    with pytest.raises(ThreeDieError, match="changed since the export"):
        OfficialTree(tree).pack(tmp_path / "back.h5")
    path.unlink()
    with pytest.raises(ThreeDieError, match=r"latent_0\.npy: missing"):
        OfficialTree(tree).pack(tmp_path / "back.h5")
    assert not (tmp_path / "back.h5").exists()


def floor_picture(hue, order, size=32):
    """A picture whose border has the floor's hue, in files that hold their channels in `order`."""
    import colorsys

    color = [round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.6, 0.6)]
    pixels = np.full((size, size, 3), color if order == "rgb" else color[::-1], np.uint8)
    pixels[8:-8, 8:-8] = 200
    return simplejpeg.encode_jpeg(pixels, 95, "RGB", "420")


@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_a_tree_without_a_description_packs_with_stated_assumptions(tmp_path, order):
    rng = np.random.default_rng(0)
    refs = [ObjectRef("02691156", f"plane{number}") for number in range(10)]
    for ref in refs:
        folder = tmp_path / "download" / str(ref)
        folder.mkdir(parents=True)
        for view in range(2):
            latents = rng.uniform(0, 0.7, 7)
            latents[3] = rng.uniform()
            np.save(folder / f"latent_{view}.npy", latents)
            (folder / f"image_{view}.jpg").write_bytes(floor_picture(latents[3], order))
    (tmp_path / "download" / "extras").mkdir()
    assert is_tree(tmp_path / "download")
    tree = OfficialTree(tmp_path / "download")
    tree.pack(tmp_path / "packed.h5")
    dataset = Dataset(tmp_path / "packed.h5")
    assert dataset.objects == refs
    assert dataset.info.channel_order == order
    assert dataset.info.preset["name"] == "3diebench"
    assert (dataset.info.views, dataset.info.image_size) == (2, 32)
    assert [field.name for field in dataset.info.fields][3:5] == ["floor_hue", "light_theta"]
    assert dataset.splits == [split_of(ref) for ref in refs]
    said = " ".join(tree.assumptions)
    assert all(word in said for word in ("extras", order, "hash", "seed"))


def test_list_files_in_a_download_give_its_splits(tmp_path, tree):
    (tree / DESCRIPTION).unlink()
    refs = OfficialTree(tree).objects
    np.save(tree / "train_images.npy", np.array([f"/{ref}/" for ref in refs[:2]]))
    np.save(tree / "val_images.npy", np.array([f"/{ref}/" for ref in refs[2:4]]))
    opened = OfficialTree(tree)
    assert opened.objects == refs[:4]
    assert opened.splits == ["train", "train", "val", "val"]
    assert f"left out {len(refs) - 4} objects" in " ".join(opened.assumptions)
    (tree / "val_images.npy").unlink()
    assert OfficialTree(tree).splits == ["train", "train", *["val"] * (len(refs) - 2)]


def test_other_folders_are_no_trees(tmp_path):
    assert not is_tree(tmp_path)
    (tmp_path / DESCRIPTION).write_text('{"format": "something else"}')
    assert not is_tree(tmp_path)
