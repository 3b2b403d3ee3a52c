"""Official trees: latents, images, `dataset.json` and lists, each damaged in a tree that is whole otherwise."""

import shutil
import sys
from pathlib import Path

import pytest
from mutations import fuzz

from threedie.manifests.dataset import Dataset
from threedie.manifests.description import DESCRIPTION
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.official_tree import OfficialTree
from threedie.manifests.tree_export import export_tree
from threedie.manifests.verify import verify

sys.path.insert(0, str(Path(__file__).parents[1] / "manifests"))
from dataset_samples import make_info, make_objects, write

pytestmark = pytest.mark.fuzz
INFO = make_info(views=2)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    export_tree(Dataset(write(folder / "d.h5", INFO, make_objects(INFO, 3))), folder / "whole")
    shutil.copytree(folder / "whole", folder / "download")
    (folder / "download" / DESCRIPTION).unlink()
    return folder


@pytest.mark.parametrize("form", ["whole", "download"])
@pytest.mark.parametrize("name", ["latent_1.npy", "image_0.jpg", DESCRIPTION, "train_images.npy"])
def test_one_file_is_damaged(
    tmp_path: Path, tree: Path, tmp_path_factory: pytest.TempPathFactory, form: str, name: str
) -> None:
    folder = tmp_path_factory.mktemp("damaged") / "tree"
    shutil.copytree(tree / form, folder)
    target = next(iter(sorted(folder.rglob(name))), folder / name)
    samples = [path.read_bytes() for path in sorted((tree / "whole").rglob(name))]
    out = tmp_path / "in" / "packed.h5"

    def read(path: Path) -> None:
        shutil.copyfile(path, target)
        problems = verify(folder).problems
        assert all(len(problem.splitlines()) == 1 for problem in problems)
        try:
            OfficialTree(folder).pack(out)
        except ThreeDieError as error:
            # An object is enough of a name for the file of one of its views; its folder for what a list says.
            raise ThreeDieError(f"{error} {name}" if folder.name in str(error) else str(error)) from error
        assert Dataset(out).objects
        out.unlink()

    fuzz(samples, read, tmp_path, name, 60)
