import io
import json

import numpy as np
import pytest
import simplejpeg
from click.testing import CliRunner
from dataset_samples import make_info, make_objects, write, write_parts
from PIL import Image

from threedie.manifests.collection import open_collection
from threedie.manifests.commands import data
from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_info import DatasetObject
from threedie.manifests.dataset_writer import lock_dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.locks import Taken
from threedie.manifests.objects import ObjectRef
from threedie.manifests.preview import choose_objects, contact_sheet
from threedie.manifests.stats import collect

INFO = make_info()


def run(*arguments):
    return CliRunner(catch_exceptions=False).invoke(data, [str(argument) for argument in arguments])


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "dataset.h5", INFO, make_objects(INFO))


def test_verify_ends_with_0_or_with_1_and_a_bounded_list(tmp_path, file):
    good = run("verify", file)
    assert (good.exit_code, "no problems" in good.stdout) == (0, True)
    many = [DatasetObject(item.ref, "test", item.latents, item.jpegs) for item in make_objects(INFO, 60)]
    bad = run("verify", write(tmp_path / "bad.h5", INFO, many))
    assert bad.exit_code == 1
    assert "and 10 more" in bad.stdout
    assert "60 problems" in bad.stdout
    assert len(bad.stdout.splitlines()) == 52
    with pytest.raises(ThreeDieError):
        run("verify", tmp_path / "nowhere")


def test_all_forms_open_as_the_same_collection(tmp_path, file):
    write_parts(tmp_path / "run" / "parts", INFO, make_objects(INFO))
    run("export", file, "-o", tmp_path / "tree")
    figures = [
        collect(open_collection(path), lambda items, _: items) for path in (file, tmp_path / "run", tmp_path / "tree")
    ]
    assert figures[0] == figures[1] == figures[2]


def test_stats_are_those_of_all_pixels_at_once(file):
    figures = json.loads(run("stats", "--json", file).stdout)
    dataset = Dataset(file)
    jpegs = [bytes(dataset.jpeg(index, view)) for index in range(len(dataset)) for view in range(3)]
    pixels = np.stack([simplejpeg.decode_jpeg(jpeg) for jpeg in jpegs]).reshape(-1, 3) / 255
    np.testing.assert_allclose(figures["mean"], pixels.mean(0), rtol=1e-12)
    np.testing.assert_allclose(figures["std"], pixels.std(0), rtol=1e-12)
    assert figures["jpeg_bytes_mean"] == np.mean([len(jpeg) for jpeg in jpegs])
    assert figures["splits"] == {"train": 5, "val": 1}
    assert sum(figures["classes"].values()) == figures["objects"] == 6
    text = run("stats", file).stdout
    assert "R G B" in text
    assert f"{figures['mean'][0]:.6f}" in text


def test_stats_of_one_color_have_no_deviation(tmp_path):
    info = make_info(views=1)
    gray = simplejpeg.encode_jpeg(np.full((16, 16, 3), 51, np.uint8), 100)
    (item,) = make_objects(info, 1)
    file = write(tmp_path / "gray.h5", info, [DatasetObject(item.ref, item.split, item.latents, [gray])])
    figures = collect(open_collection(file), lambda items, _: items)
    assert figures["mean"] == [0.2, 0.2, 0.2]
    assert figures["std"] == [0.0, 0.0, 0.0]


def test_parts_and_trees_pack_to_the_same_file(tmp_path, file):
    write_parts(tmp_path / "parts", INFO, make_objects(INFO))
    run("pack", tmp_path / "parts", "-o", tmp_path / "from_parts.h5")
    run("export", file, "-o", tmp_path / "tree")
    packed = run("pack", tmp_path / "tree", "-o", tmp_path / "from_tree.h5")
    assert packed.exit_code == 0
    assert file.read_bytes() == (tmp_path / "from_parts.h5").read_bytes() == (tmp_path / "from_tree.h5").read_bytes()
    with pytest.raises(ThreeDieError, match="no such folder"):
        run("pack", file, "-o", tmp_path / "x.h5")
    again = run("export", file, "-o", tmp_path / "tree")
    assert "wrote 0 objects" in again.stdout


@pytest.mark.parametrize("form", ["parts", "tree"])
def test_packing_into_a_file_that_another_process_writes_is_refused(tmp_path, file, form):
    write_parts(tmp_path / "parts", INFO, make_objects(INFO))
    run("export", file, "-o", tmp_path / "tree")
    out = tmp_path / "packed" / "dataset.h5"
    with (
        lock_dataset(out, "another pack"),
        pytest.raises(Taken, match=r"dataset\.h5: another process is writing this file \(another pack, process"),
    ):
        run("pack", tmp_path / form, "-o", out)
    assert list(out.parent.iterdir()) == []
    assert run("pack", tmp_path / form, "-o", out).exit_code == 0
    assert [path.name for path in out.parent.iterdir()] == ["dataset.h5"]


def test_packing_deletes_half_a_file_of_another_machine_but_no_other_files(tmp_path):
    write_parts(tmp_path / "parts", INFO, make_objects(INFO))
    out = tmp_path / "packed" / "dataset.h5"
    out.parent.mkdir()
    for name in ("dataset.h5", "other.h5"):
        (out.parent / f".tmp-0badcafe-1-{name}").write_bytes(b"half")
    run("pack", tmp_path / "parts", "-o", out)
    assert sorted(path.name for path in out.parent.iterdir()) == [".tmp-0badcafe-1-other.h5", "dataset.h5"]


def test_preview_chooses_objects_spread_over_the_classes():
    refs = [ObjectRef(synset, str(number)) for synset in ("02691156", "03001627", "04379243") for number in range(4)]
    assert [refs[index].synset for index in choose_objects(refs, 3)] == ["02691156", "03001627", "04379243"]
    assert [str(refs[index]) for index in choose_objects(refs, 2)] == ["02691156/0", "04379243/0"]
    assert len(choose_objects(refs, 5)) == len(set(choose_objects(refs, 5))) == 5
    assert sorted(choose_objects(refs, 99)) == list(range(12))
    shuffled = refs[::-1]
    assert [shuffled[index] for index in choose_objects(shuffled, 4)] == [
        refs[index] for index in choose_objects(refs, 4)
    ]


def painted(tmp_path, order):
    """One red view, in files that hold their channels in `order`."""
    info = make_info(views=1, size=32, channel_order=order)
    color = [220, 30, 40] if order == "rgb" else [40, 30, 220]
    jpeg = simplejpeg.encode_jpeg(np.full((32, 32, 3), color, np.uint8), 95)
    (item,) = make_objects(info, 1)
    return write(tmp_path / f"{order}.h5", info, [DatasetObject(item.ref, item.split, item.latents, [jpeg])])


@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_preview_shows_true_colors_whatever_the_files_order(tmp_path, order):
    sheet = Image.open(io.BytesIO(contact_sheet(open_collection(painted(tmp_path, order)), 1, 1)))
    red = np.array(sheet.convert("RGB"))
    assert (np.abs(red.astype(int) - [220, 30, 40]).max(-1) < 8).sum() > 10_000


def test_preview_is_the_same_every_time_and_grows_with_what_is_asked(tmp_path, file):
    for name in "ab":
        assert run("preview", file, "-o", tmp_path / f"{name}.png", "--objects", 4, "--views", 2).exit_code == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    run("preview", file, "-o", tmp_path / "c.png", "--objects", 2, "--views", 3)
    tall, wide = Image.open(tmp_path / "a.png").size, Image.open(tmp_path / "c.png").size
    assert tall[1] > wide[1]
    assert tall[0] < wide[0]
