import numpy as np
import pytest
import simplejpeg

from threedie.render.encode import jpeg, quantize


def test_rounding_to_nearest() -> None:
    colors = np.array([[[0.0, 0.4 / 255, 0.6 / 255], [1.0, 254.4 / 255, 1.1]]], np.float32)
    assert quantize(colors, "none").tolist() == [[[0, 0, 1], [255, 254, 255]]]


def test_original_dither_brightens_by_two_fifths_of_a_level() -> None:
    pixels = quantize(np.full((256, 256, 3), 100 / 255, np.float32), "original")
    assert set(np.unique(pixels)) == {100, 101}
    assert abs(pixels.mean() - 100.42) < 0.12
    assert (pixels == quantize(np.full((256, 256, 3), 100 / 255, np.float32), "original")).all()
    with pytest.raises(ValueError, match="dither"):
        quantize(np.zeros((2, 2, 3), np.float32), "other")


def test_channel_order() -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 200
    assert simplejpeg.decode_jpeg(jpeg(red, "rgb", 95))[8, 8].argmax() == 0
    assert simplejpeg.decode_jpeg(jpeg(red, "bgr", 95))[8, 8].argmax() == 2
