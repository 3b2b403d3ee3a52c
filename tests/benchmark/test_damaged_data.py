"""Training and measuring refuse a damaged dataset before they begin."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from threedie.benchmark.commands.bench import bench
from threedie.benchmark.data.images import Images
from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_info import DatasetObject
from threedie.manifests.dataset_writer import write_dataset
from threedie.manifests.errors import ThreeDieError


def spoiled(source: Path, target: Path, value: float) -> Path:
    """A dataset file with one value among its latents that is no number."""
    dataset = Dataset(source)
    objects = [dataset.object(index) for index in range(len(dataset))]
    item = objects[3]
    latents = item.latents.copy()
    latents[1, 2] = value
    objects[3] = DatasetObject(item.ref, item.split, latents, item.jpegs)
    total = sum(len(jpeg) for each in objects for jpeg in each.jpegs)
    write_dataset(target, dataset.info, dataset.made, len(objects), total, objects)
    return target


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("command", [["run", "vicreg"], ["eval", "--checkpoint", "none.pt"]])
def test_latents_that_are_no_numbers_end_the_command_at_its_start(
    dataset: Dataset, tmp_path: Path, value: float, command: list[str]
) -> None:
    file = spoiled(dataset.path, tmp_path / "bad.h5", value)
    arguments = [*command, "--data", str(file), *(["--out", str(tmp_path / "runs")] if command[0] == "run" else [])]
    result = CliRunner().invoke(bench, arguments)
    assert isinstance(result.exception, ThreeDieError)
    says = f"{file}: {dataset.objects[3]}: rotation_z of view 1 is {value}, not a finite number"
    assert str(result.exception).startswith(says)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.h5"]


def test_data_to_measure_on_is_checked_too(dataset: Dataset, tmp_path: Path) -> None:
    file = spoiled(dataset.path, tmp_path / "bad.h5", np.nan)
    arguments = ["eval", "--checkpoint", "none.pt", "--data", str(dataset.path), "--eval-data", str(file)]
    assert "rotation_z of view 1 is nan" in str(CliRunner().invoke(bench, arguments).exception)
    with pytest.raises(ThreeDieError, match="rotation_z of view 1 is nan"):
        Images(Dataset(file), 32)


def test_a_flipped_bit_in_an_image_is_found_when_it_is_decoded(dataset: Dataset, tmp_path: Path) -> None:
    file = tmp_path / "bad.h5"
    content = bytearray(dataset.path.read_bytes())
    row = 3 * dataset.info.views + 2
    # Far inside the entropy-coded data: the picture still decodes, to other pixels.
    content[dataset._begin + int(dataset.offsets[row + 1]) - 40] ^= 1
    file.write_bytes(content)
    says = rf"{dataset.objects[3]}: the image of view 2 differs from its checksum"
    with pytest.raises(ThreeDieError, match=says):
        Images(Dataset(file), 32)
    streamed = Images(Dataset(file), 32, memory=0)
    streamed.take(np.array([3]), np.array([1]))
    with pytest.raises(ThreeDieError, match=says):
        streamed.take(np.array([3]), np.array([2]))
