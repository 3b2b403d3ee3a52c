"""Random crops: their areas and aspects, and the same crop for the same number."""

import math

import numpy as np
import pytest
from PIL import Image

from threedie.benchmark.data.crops import ASPECTS, Box, RandomCrop, cut, middle


def test_areas_and_aspects_are_as_wanted() -> None:
    crop = RandomCrop(96, (0.05, 0.14))
    boxes = [crop.box(number, 375, 500) for number in range(2000)]
    areas = np.array([box.height * box.width for box in boxes]) / (375 * 500)
    assert areas.min() > 0.049
    assert areas.max() < 0.141
    assert areas.mean() == pytest.approx(0.095, abs=0.002)
    logs = np.log([box.width / box.height for box in boxes])
    assert logs.min() > math.log(ASPECTS[0]) - 0.02
    assert logs.max() < math.log(ASPECTS[1]) + 0.02
    assert logs.mean() == pytest.approx(0, abs=0.02)
    for box in boxes:
        assert 0 <= box.top <= 375 - box.height
        assert 0 <= box.left <= 500 - box.width
    # Positions are uniform: the mean of the middles is the image's.
    assert np.mean([box.top + box.height / 2 for box in boxes]) == pytest.approx(187.5, abs=6)
    assert np.mean([box.left + box.width / 2 for box in boxes]) == pytest.approx(250, abs=8)
    assert boxes[7] == crop.box(7, 375, 500)
    assert len(set(boxes)) > 1990


def test_an_image_in_which_none_fits_gives_its_middle() -> None:
    for height, width in ((10, 1000), (1000, 10), (1, 1), (1, 7)):
        box = RandomCrop(32, (0.9, 1.0)).box(0, height, width)
        assert 0 < box.height <= height
        assert 0 < box.width <= width
        assert box.top == (height - box.height) // 2
        assert box.left == (width - box.width) // 2
    assert RandomCrop(32, (0.9, 1.0)).box(0, 30, 1000).width == 40


def test_what_is_measured_is_the_middle_of_256() -> None:
    assert middle(256, 256) == Box(16, 16, 224, 224)
    assert middle(375, 500) == Box(23, 86, 328, 328)


@pytest.mark.parametrize("scale", [1, 2])
def test_a_crop_is_cut_where_its_box_is(scale: int) -> None:
    generator = np.random.default_rng(0)
    coarse = Image.fromarray(generator.integers(0, 255, (20, 30, 3), np.uint8))
    whole = coarse.resize((500, 375), Image.Resampling.BICUBIC)
    shown = np.asarray(whole.resize((500 // scale, -(-375 // scale)), Image.Resampling.BOX))
    result = cut(shown, Box(12, 20, 300, 350), scale, 96)
    expected = whole.crop((20, 12, 370, 312)).resize((96, 96), Image.Resampling.BICUBIC)
    differences = abs(result.astype(int) - np.asarray(expected))
    # Half the pixels show nearly the same: a crop that is off by two pixels differs by 9 on average.
    assert differences.mean() < (0.3 if scale == 1 else 4)
    assert differences.max() <= (2 if scale == 1 else 25)


def test_a_box_at_the_edge_of_a_smaller_image_stays_inside() -> None:
    pixels = np.arange(3 * 5 * 3, dtype=np.uint8).reshape(3, 5, 3)
    for box in (Box(5, 9, 1, 1), Box(0, 0, 6, 10), Box(4, 0, 2, 10)):
        assert cut(pixels, box, 2, 4).shape == (4, 4, 3)
    np.testing.assert_array_equal(cut(pixels, Box(0, 0, 3, 3), 1, 3), pixels[:, :3])
