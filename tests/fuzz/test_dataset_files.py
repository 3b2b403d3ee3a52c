"""Dataset and part files."""

import sys
from pathlib import Path

import pytest
from mutations import fuzz

from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.parts import pack
from threedie.manifests.verify import verify

sys.path.insert(0, str(Path(__file__).parents[1] / "manifests"))
from dataset_samples import make_info, make_objects, write, write_parts

pytestmark = pytest.mark.fuzz
INFO = make_info()


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("samples")
    objects = make_objects(INFO, 3)
    return [
        write(folder / "d.h5", INFO, objects).read_bytes(),
        write(folder / "e.h5", make_info(views=1), make_objects(make_info(views=1), 2)).read_bytes(),
        *(path.read_bytes() for path in write_parts(folder / "parts", INFO, objects[:1])),
    ]


def test_a_dataset_file_is_whole_or_refused(tmp_path: Path, samples: list[bytes]) -> None:
    def read(path: Path) -> None:
        dataset = Dataset(path)
        for index in range(len(dataset)):
            dataset.object(index)
        if path.read_bytes() not in samples:
            raise AssertionError("a changed file was read without a word")

    fuzz(samples, read, tmp_path, "some.h5")


def test_verify_finds_every_change(tmp_path: Path, samples: list[bytes]) -> None:
    def read(path: Path) -> None:
        report = verify(path)
        assert bool(report.problems) == (path.read_bytes() not in samples)
        if report.problems:
            raise ThreeDieError(report.problems[0])

    fuzz(samples, read, tmp_path, "some.h5", 150)


def test_packing_refuses_a_changed_part(tmp_path: Path, samples: list[bytes]) -> None:
    out = tmp_path / "in" / "packed.h5"

    def read(path: Path) -> None:
        pack([path], out)
        out.unlink()
        assert path.read_bytes() in samples

    fuzz(samples, read, tmp_path, "some.part.h5", 150)
