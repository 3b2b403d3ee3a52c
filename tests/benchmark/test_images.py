from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
import torch

from threedie.benchmark.data.images import Images
from threedie.benchmark.data.normalization import ORIGINAL_MEAN, scaled
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError


def test_held_and_streamed_pixels_are_the_same(dataset: Dataset):
    in_memory, streamed = Images(dataset, 32), Images(dataset, 32, memory=0, workers=3)
    assert in_memory.in_memory
    assert not streamed.in_memory
    objects, views = np.array([3, 0, 19]), np.array([1, 5, 2])
    assert (in_memory.take(objects, views) == streamed.take(objects, views)).all()
    assert in_memory.statistics() == streamed.statistics()
    expected = simplejpeg.decode_jpeg(dataset.jpeg(3, 1))
    assert (in_memory.take(objects, views)[0] == expected).all()


def test_channels_stay_as_the_file_has_them_unless_asked(make_dataset: Callable[..., Path], tmp_path: Path):
    exchanged = Dataset(make_dataset(tmp_path / "bgr.h5", objects=6, views=2, size=32, channel_order="bgr"))
    as_filed, put_right = Images(exchanged, 32, "file"), Images(exchanged, 32, "rgb")
    assert (as_filed.decode(0, 0) == simplejpeg.decode_jpeg(exchanged.jpeg(0, 0))).all()
    assert (as_filed.decode(0, 0) == put_right.decode(0, 0)[..., ::-1]).all()
    plain = Dataset(make_dataset(tmp_path / "rgb.h5", objects=6, views=2, size=32))
    assert (Images(plain, 32, "rgb").decode(0, 0) == Images(plain, 32, "file").decode(0, 0)).all()


def test_smaller_pictures_are_averages_not_samples(make_dataset: Callable[..., Path], tmp_path: Path):
    large = Dataset(make_dataset(tmp_path / "large.h5", objects=5, views=2, size=128))
    small = Images(large, 32).decode(1, 1).astype(float)
    assert small.shape == (32, 32, 3)
    whole = simplejpeg.decode_jpeg(large.jpeg(1, 1)).astype(float)
    blocks = whole.reshape(32, 4, 32, 4, 3).mean((1, 3))
    assert np.abs(small - blocks).mean() < 4
    assert np.abs(small.mean() - whole.mean()) < 0.5


def test_the_middle_alone_is_seen_where_asked(make_dataset: Callable[..., Path], tmp_path: Path):
    large = Dataset(make_dataset(tmp_path / "large.h5", objects=5, views=2, size=128))
    whole = simplejpeg.decode_jpeg(large.jpeg(1, 1))
    middle = Images(large, 80, center=0.625)
    assert (middle.decode(1, 1) == whole[24:104, 24:104]).all()
    assert (
        Images(large, 80, memory=0, center=0.625).take(np.array([1]), np.array([1]))[0] == middle.decode(1, 1)
    ).all()
    small = Images(large, 40, center=0.625).decode(1, 1).astype(float)
    blocks = whole[24:104, 24:104].astype(float).reshape(40, 2, 40, 2, 3).mean((1, 3))
    assert np.abs(small - blocks).mean() < 4
    assert Images(large, 8, center=1e-9).decode(1, 1).shape == (8, 8, 3)


def test_statistics_are_those_of_the_training_images(dataset: Dataset):
    images = Images(dataset, 32)
    train = dataset.indices("train")
    pixels = images.take(np.repeat(train, 6), np.tile(np.arange(6), len(train))) / 255
    mean, std = images.statistics()
    assert np.allclose(mean, pixels.mean((0, 1, 2)), atol=1e-6)
    assert np.allclose(std, pixels.std((0, 1, 2)), atol=1e-6)


def test_normalized_inputs_have_mean_zero_and_the_paper_has_its_own_numbers(dataset: Dataset):
    images = Images(dataset, 32)
    normalize = images.normalization("dataset")
    train = dataset.indices("train")
    pixels = images.take(np.repeat(train, 6), np.tile(np.arange(6), len(train)))
    inputs = normalize(pixels, torch.device("cpu"))
    assert inputs.shape == (len(train) * 6, 3, 32, 32)
    assert np.allclose(inputs.mean((0, 2, 3)), 0, atol=1e-4)
    assert np.allclose(inputs.std((0, 2, 3)), 1, atol=1e-3)
    assert inputs.is_contiguous(memory_format=torch.channels_last)
    # The quick way on a CPU and the way of other devices.
    assert torch.equal(inputs, normalize.apply(scaled(pixels, torch.device("cpu"))))
    assert images.normalization("original").mean == ORIGINAL_MEAN


def test_an_image_of_another_size_is_named(make_dataset: Callable[..., Path], tmp_path: Path):
    path = make_dataset(tmp_path / "wrong.h5", objects=5, views=2, size=64)
    for size in (32, 128):
        dataset = Dataset(path)
        dataset.info = replace(dataset.info, image_size=size)
        with pytest.raises(ThreeDieError, match=f"is 64 x 64 pixels, the dataset says {size} x {size}"):
            Images(dataset, size)


def test_a_damaged_image_is_named(make_dataset: Callable[..., Path], tmp_path: Path):
    path = make_dataset(tmp_path / "bad.h5", objects=5, views=2, size=32)
    dataset = Dataset(path)
    begin = dataset._begin + int(dataset.offsets[3])
    content = bytearray(path.read_bytes())
    content[begin : begin + 40] = bytes(40)
    path.write_bytes(content)
    with pytest.raises(
        ThreeDieError, match=r"02747177/0001: the image of view 1 differs from its checksum.*3die data verify"
    ):
        Images(Dataset(path), 32)
