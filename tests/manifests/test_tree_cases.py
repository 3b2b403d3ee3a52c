"""Official trees as they really lie on disks: incomplete, with litter, with other names, with objects that differ."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
from click.testing import CliRunner
from PIL import Image

from threedie.manifests.channels import guess_channel_order
from threedie.manifests.collection import open_collection
from threedie.manifests.commands import data
from threedie.manifests.dataset import Dataset
from threedie.manifests.description import DESCRIPTION
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import ObjectRef
from threedie.manifests.official_tree import OfficialTree
from threedie.manifests.tree_export import export_tree
from threedie.manifests.tree_files import is_tree
from threedie.manifests.verify import verify

CASES = Path(__file__).parents[1] / "data" / "cases"
CHAIR, MUG = "03001627", "03797390"
FIRST = f"{CHAIR}/4643a5d63173a946691246c2603874b9"
SECOND, THIRD = f"{CHAIR}/synth-0-00001", f"{MUG}/synth-0-00002"


def pack(tree: Path, out: Path) -> tuple[list[str], Dataset]:
    opened = OfficialTree(tree)
    opened.pack(out)
    return opened.assumptions, Dataset(out)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A whole tree without `dataset.json`: six objects of two classes, four views each."""
    shutil.copytree(CASES / "tree_ipynb", tmp_path / "tree")
    return tmp_path / "tree"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return pack(CASES / "tree_ipynb", tmp_path_factory.mktemp("whole") / "d.h5")[1]


def same(one: Dataset, other: Dataset) -> bool:
    return one.fingerprint() == other.fingerprint() and one.images_sha256() == other.images_sha256()


def test_an_object_with_fewer_views_costs_no_view_of_the_others() -> None:
    """Case tree_first_short: the first object lacks the last view."""
    opened = OfficialTree(CASES / "tree_first_short")
    assert opened.info.views == 4
    with pytest.raises(ThreeDieError, match=rf"{FIRST}: has 3 views and lacks image_3\.jpg; 5 of 6 objects have 4"):
        opened.pack(Path("never.h5"))
    with pytest.raises(ThreeDieError, match="lacks image_3"):
        open_collection(CASES / "tree_first_short")
    (problem,) = verify(CASES / "tree_first_short").problems
    assert FIRST in problem
    result = CliRunner().invoke(data, ["verify", str(CASES / "tree_first_short")])
    assert result.exit_code == 1


def test_a_value_that_is_no_number_is_refused_and_sways_no_guess(tmp_path: Path) -> None:
    """Case tree_l_nan."""
    opened = OfficialTree(CASES / "tree_l_nan")
    assert opened.info.channel_order == "bgr"
    assert "the background follows" in " ".join(opened.assumptions)
    with pytest.raises(ThreeDieError, match=rf"{CHAIR}/synth-0-00000: floor_hue of view 1 is nan, not a finite number"):
        opened.pack(tmp_path / "d.h5")
    assert not list(tmp_path.iterdir())
    (problem,) = verify(CASES / "tree_l_nan").problems
    assert "floor_hue of view 1 is nan" in problem


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_hues_that_are_no_numbers_have_no_vote(odd: float) -> None:
    blue = np.zeros((16, 16, 3), np.uint8)
    blue[..., 2] = 200
    images = [blue] * 20
    assert guess_channel_order(images, [2 / 3] * 16 + [odd] * 4) == "rgb"
    assert guess_channel_order(images, [2 / 3] * 15 + [odd] * 5) is None


LITTER: dict[str, Callable[[Path], None]] = {
    "checkpoints of notebooks": lambda root: (root / CHAIR / ".ipynb_checkpoints").mkdir(),
    "in an object": lambda root: (root / FIRST / ".ipynb_checkpoints").mkdir(),
    "macOS": lambda root: [(root / place / ".DS_Store").touch() for place in ("", CHAIR, FIRST)] and None,
    "resource forks": lambda root: (root / FIRST / "._image_0.jpg").write_bytes(b"\0\5\x16\7") and None,
    "network disks": lambda root: (root / CHAIR / "@eaDir").mkdir(),
    "Windows": lambda root: (root / FIRST / "Thumbs.db").touch(),
    "notes": lambda root: (root / CHAIR / "README.md").touch(),
    "archives of macOS": lambda root: (root / "__MACOSX" / CHAIR / "x").mkdir(parents=True),
}


@pytest.mark.parametrize("kind", LITTER)
def test_litter_is_no_part_of_a_tree(tree: Path, tmp_path: Path, whole: Dataset, kind: str) -> None:
    LITTER[kind](tree)
    assert is_tree(tree)
    assumptions, packed = pack(tree, tmp_path / "d.h5")
    assert same(packed, whole)
    assert "left out" not in " ".join(assumptions)
    assert verify(tree).problems == []


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: name.replace(".jpg", ".jpeg"),
        lambda name: name.replace(".jpg", ".JPG"),
        lambda name: name.replace(".jpg", ".JPEG"),
        lambda name: name.replace("_", "_0"),
        lambda name: name.replace("image", "IMAGE").replace("latent", "Latent"),
    ],
)
def test_other_spellings_of_the_names_give_the_same_dataset(
    tree: Path, tmp_path: Path, whole: Dataset, rename: Callable[[str], str]
) -> None:
    for path in [path for ref in (FIRST, THIRD) for path in (tree / ref).iterdir()]:
        path.rename(path.with_name(rename(path.name)))
    assert is_tree(tree)
    assert same(pack(tree, tmp_path / "d.h5")[1], whole)
    assert verify(tree).problems == []


def lose(*names: str) -> Callable[[Path], None]:
    return lambda folder: [(folder / name).unlink() for name in names] and None


def save(name: str, array: np.ndarray) -> Callable[[Path], None]:
    return lambda folder: np.save(folder / name, array)


def write(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content) and None


def one_more(folder: Path) -> None:
    shutil.copy(folder / "image_0.jpg", folder / "image_4.jpg")
    shutil.copy(folder / "latent_0.npy", folder / "latent_4.npy")


def as_png(folder: Path) -> None:
    for path in folder.glob("*.jpg"):
        Image.open(path).save(path.with_suffix(".png"))
        path.unlink()


SMALL = simplejpeg.encode_jpeg(np.zeros((16, 16, 3), np.uint8))
WIDE = simplejpeg.encode_jpeg(np.zeros((64, 32, 3), np.uint8))

FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "the last view": (lose("image_3.jpg", "latent_3.npy"), "has 3 views and lacks image_3.jpg"),
    "the first view": (lose("image_0.jpg", "latent_0.npy"), "lacks image_0.jpg"),
    "a gap": (lose("image_1.jpg", "latent_1.npy"), "lacks image_1.jpg"),
    "one view more": (one_more, "has 5 views, among them image_4.jpg, where 5 of 6 objects have 4"),
    "an image without latents": (lose("latent_2.npy"), "image_2.jpg has no latent_2.npy"),
    "latents without an image": (lose("image_2.jpg"), "latent_2.npy has no image_2.jpg"),
    "no views": (lambda folder: [path.unlink() for path in folder.iterdir()] and None, "holds no views"),
    "two files of a view": (lambda folder: shutil.copy(folder / "image_0.jpg", folder / "image_0.jpeg") and None,
                            "view 0 has two files, image_0.jpeg and image_0.jpg"),
    "PNG": (as_png, "image_0.png: the images of a tree are JPEGs"),
    "another size": (write("image_1.jpg", SMALL), "view 1 is 16 x 16 pixels, where those of other objects are 64 x 64"),
    "not square": (write("image_0.jpg", WIDE), "view 0 is 32 x 64 pixels"),
    "an empty image": (write("image_1.jpg", b""), "image_1.jpg: empty"),
    "a web page": (write("image_1.jpg", b"<html>"), "image_1.jpg: not a JPEG"),
    "other latents": (save("latent_1.npy", np.zeros(10)), "latent_1.npy: shape (10,), expected (7,)"),
    "latents of text": (save("latent_1.npy", np.array(["0"] * 7)), "latent_1.npy: <U1 is no array of numbers"),
    "complex latents": (save("latent_1.npy", np.zeros(7, complex)), "is no array of numbers"),
    "infinite latents": (save("latent_1.npy", np.full(7, np.inf)), "rotation_x of view 1 is inf, not a finite number"),
    "cut-off latents": (lambda folder: (folder / "latent_1.npy").write_bytes(
        (folder / "latent_1.npy").read_bytes()[:-8]) and None, "latent_1.npy: not a plain .npy array of numbers"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("which", [FIRST, SECOND, THIRD])
def test_what_differs_in_one_object_is_named_with_it(tree: Path, tmp_path: Path, fault: str, which: str) -> None:
    spoil, says = FAULTS[fault]
    spoil(tree / which)
    with pytest.raises(ThreeDieError) as caught:
        pack(tree, tmp_path / "d.h5")
    assert says in str(caught.value)
    assert which in str(caught.value)
    assert not (tmp_path / "d.h5").exists()
    problems = verify(tree).problems
    assert len(problems) in (1, 7)  # infinite latents: a line for each field
    assert all(which in problem for problem in problems)


def test_several_faults_are_all_listed(tree: Path) -> None:
    lose("image_3.jpg", "latent_3.npy")(tree / FIRST)
    one_more(tree / SECOND)
    lose("latent_0.npy")(tree / THIRD)
    with pytest.raises(ThreeDieError, match=r"and 2 more objects like it"):
        OfficialTree(tree).require_whole()
    assert len(verify(tree).problems) == 3


def test_only_pictures_of_another_kind(tree: Path) -> None:
    for ref in tree.glob("0*/*"):
        as_png(ref)
    assert is_tree(tree)
    with pytest.raises(ThreeDieError, match="the images of a tree are JPEGs"):
        OfficialTree(tree)


def test_latents_outside_the_assumed_ranges_are_packed_and_said(tree: Path, tmp_path: Path) -> None:
    np.save(tree / FIRST / "latent_1.npy", np.array([2.0, 0, 0, 0.5, 0.1, 0.1, 0.5], np.float32))
    result = CliRunner().invoke(data, ["pack", str(tree), "-o", str(tmp_path / "d.h5")])
    assert result.exit_code == 0
    assert f"note: rotation_x of 1 object lies outside the range of the publication: {FIRST}" in result.output
    assert Dataset(tmp_path / "d.h5").latents[0, 1, 0] == 2.0


def test_what_is_no_object_is_named(tree: Path, tmp_path: Path) -> None:
    (tree / "99999999").mkdir()
    (tree / CHAIR / "more.zip").touch()
    (tree / CHAIR / "a:b").mkdir()
    (tree / FIRST / "labels.json").touch()
    assumptions, packed = pack(tree, tmp_path / "d.h5")
    assert len(packed) == 6
    said = " ".join(assumptions)
    for name in ("99999999", f"{CHAIR}/more.zip", f"{CHAIR}/'a:b'"):
        assert name in said
    assert f"{FIRST}/labels.json" in said


def test_objects_that_no_list_names_need_not_be_whole(tree: Path, tmp_path: Path) -> None:
    shutil.copytree(tree / FIRST, tree / CHAIR / "extra")
    (tree / CHAIR / "extra" / "image_0.jpg").unlink()
    assumptions, packed = pack(tree, tmp_path / "d.h5")
    assert len(packed) == 6
    assert f"left out 1 object that neither list names: {CHAIR}/extra" in " ".join(assumptions)


def lists(tree: Path, train: list[str], val: list[str] | None) -> None:
    for split, refs in (("train", train), ("val", val)):
        (tree / f"{split}_images.npy").unlink()
        if refs is not None:
            np.save(tree / f"{split}_images.npy", np.array([f"/{ref}/" for ref in refs], np.str_))


def test_lists_that_contradict_each_other_or_the_tree(tree: Path) -> None:
    refs = [str(ref) for ref in OfficialTree(tree).objects]
    lists(tree, refs, refs[:2])
    with pytest.raises(
        ThreeDieError, match=rf"train_images\.npy and val_images\.npy share 2 objects, such as {refs[0]}"
    ):
        OfficialTree(tree)
    lists(tree, refs[2:], [refs[0], f"{MUG}/gone"])
    opened = OfficialTree(tree)
    assert opened.objects == sorted(ObjectRef(*ref.split("/")) for ref in [refs[0], *refs[2:]])
    said = " ".join(opened.assumptions)
    assert f"no folder for 1 listed object: {MUG}/gone" in said
    assert f"neither list names: {refs[1]}" in said
    lists(tree, refs, [])
    assert set(OfficialTree(tree).splits) == {"train"}
    lists(tree, [f"{MUG}/gone"], [f"{MUG}/lost"])
    with pytest.raises(ThreeDieError, match="name none of its objects"):
        OfficialTree(tree)


def test_a_strange_description_is_not_used(tree: Path, tmp_path: Path, whole: Dataset) -> None:
    (tree / DESCRIPTION).write_text('{"name": "of another program"}')
    assert is_tree(tree)
    assumptions, packed = pack(tree, tmp_path / "d.h5")
    assert same(packed, whole)
    assert f"{DESCRIPTION} isn't one of an exported tree" in assumptions[0]


@pytest.fixture
def exported(tmp_path: Path, whole: Dataset) -> Path:
    export_tree(whole, tmp_path / "exported")
    return tmp_path / "exported"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[" * 100_000,
        lambda text: text.replace('"views": 4', '"views": "4"'),
        lambda text: text.replace('"views": 4', '"views": -4'),
        lambda text: text.replace('"views": 4', '"views": ' + "4" * 5000),
        lambda text: text.replace('"name": "floor_hue"', '"name": "floor"'),
        lambda text: text.replace('"made": []', '"made": 3'),
        lambda text: text.replace('"made": []', '"made": [3]'),
        lambda text: text.replace('"splits"', '"split"'),
        lambda text: text.replace('"train"', "null"),
        lambda text: text.replace('"version": 1', '"version": 2'),
        lambda text: text.replace('"version": 1', '"version": null'),
        lambda text: text.replace("synth-0-00001", "synth-0-00000"),
        lambda text: text.replace('"fields": [', '"fields": [null, '),
    ],
)
def test_a_damaged_description_is_refused_in_one_line(exported: Path, spoil: Callable[[str], str]) -> None:
    text = (exported / DESCRIPTION).read_text()
    assert spoil(text) != text
    (exported / DESCRIPTION).write_text(spoil(text))
    with pytest.raises(ThreeDieError, match=r"dataset\.json: (damaged|not a JSON)") as caught:
        open_collection(exported)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_a_description_may_have_a_byte_order_mark(exported: Path, tmp_path: Path, whole: Dataset) -> None:
    (exported / DESCRIPTION).write_bytes(b"\xef\xbb\xbf" + (exported / DESCRIPTION).read_bytes())
    assert same(pack(exported, tmp_path / "d.h5")[1], whole)


def test_an_exported_tree_that_was_added_to(exported: Path, tmp_path: Path, whole: Dataset) -> None:
    shutil.copytree(exported / FIRST, exported / CHAIR / "new")
    assumptions, packed = pack(exported, tmp_path / "d.h5")
    assert same(packed, whole)
    assert f"left out object folders that dataset.json doesn't list: {CHAIR}/new" in assumptions
    one_more(exported / FIRST)
    with pytest.raises(ThreeDieError, match=rf"{FIRST}: holds more than the 4 views of dataset\.json: image_4\.jpg"):
        pack(exported, tmp_path / "e.h5")


def test_a_tree_one_folder_deeper_is_pointed_at(tree: Path) -> None:
    for command in (["pack", str(tree.parent), "-o", str(tree / "d.h5")], ["verify", str(tree.parent)]):
        result = CliRunner().invoke(data, command)
        assert f"give {tree}" in str(result.exception)


def test_a_tree_is_exported_into_a_folder_that_holds_only_litter(tmp_path: Path, whole: Dataset) -> None:
    (tmp_path / ".DS_Store").touch()
    assert export_tree(whole, tmp_path) == (6, 0)
    assert same(pack(tmp_path, tmp_path / "d.h5")[1], whole)


def test_a_tree_with_a_value_that_is_no_number_can_be_looked_at(tmp_path: Path) -> None:
    for command in (["preview", "-o", str(tmp_path / "sheet.png")], ["stats"]):
        result = CliRunner().invoke(data, [command[0], str(CASES / "tree_l_nan"), *command[1:]])
        assert result.exit_code == 0, result.output
    assert Image.open(tmp_path / "sheet.png").size[0] > 400


def test_two_images_of_a_view_of_an_exported_tree_are_named(whole: Dataset, tmp_path: Path) -> None:
    export_tree(whole, tmp_path / "tree")
    folder = next((tmp_path / "tree").glob("*/*/image_1.jpg")).parent
    shutil.copy(folder / "image_1.jpg", folder / "image_1.JPEG")
    with pytest.raises(ThreeDieError, match=r"view 1 has two files, image_1\.JPEG and image_1\.jpg; delete one"):
        pack(tmp_path / "tree", tmp_path / "d.h5")
    (problem,) = verify(tmp_path / "tree").problems
    assert f"{folder.name}: view 1 has two files" in problem
