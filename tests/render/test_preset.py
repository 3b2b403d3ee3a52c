import math
from importlib import resources

import numpy as np
import pytest

from threedie.manifests.errors import ThreeDieError
from threedie.render.preset import load_preset, parse_preset, preset_names

TEXT = (resources.files("threedie.render") / "presets" / "3diebench.toml").read_text()


def test_every_preset_loads() -> None:
    assert "3diebench" in preset_names()
    for name in preset_names():
        assert load_preset(name).name == name


def test_constants_of_3diebench() -> None:
    preset = load_preset("3diebench")
    assert [field.name for field in preset.latents] == [
        "rotation_x", "rotation_y", "rotation_z", "floor_hue", "light_theta", "light_phi", "light_hue",
    ]  # fmt: skip
    assert preset.latents[0].ranges == ((-math.pi / 2, math.pi / 2),)
    assert preset.latents[5].ranges == ((0.0, 2 * math.pi),)
    assert (preset.image_size, preset.channel_order, preset.jpeg_quality) == (256, "bgr", 95)


def test_fixed_and_united_ranges() -> None:
    text = TEXT.replace('rotation_x = ["-pi/2", "pi/2"]', 'rotation_x = [["-pi", "-pi/2"], ["pi/2", "pi"]]')
    text = text.replace("floor_hue = [0, 1]", "floor_hue = 0.3")
    preset = parse_preset(text, "mine.toml")
    assert preset.latents[0].ranges == ((-math.pi, -math.pi / 2), (math.pi / 2, math.pi))
    assert preset.latents[3].ranges == ((0.3, 0.3),)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("power = 500 ", "pwoer = 500 ", r"line \d+: spot.pwoer .*'power'"),
        ("image_size = 256", 'image_size = "big"', r"line 5: image_size is 'big'"),
        ('channel_order = "bgr"', 'channel_order = "grb"', "channel_order is 'grb'"),
        ("floor_hue = [0, 1]", "floor_hue = [1, 0]", "latents.floor_hue .*low is above high"),
        ("floor_hue = [0, 1]", "floor_hue = [0, 1, 2]", "latents.floor_hue"),
        ("floor_hue = [0, 1]", "floor_hue = [[0, 0.5], [0.4, 1]]", "latents.floor_hue .*overlap"),
        ("floor_hue = [0, 1]", "", "latents is missing 'floor_hue'"),
        ("floor_hue = [0, 1]", "floor_hue = [0, nan]", "latents.floor_hue"),
        ("grey = 0.05", 'grey = "pie/2"', "world.grey is 'pie/2'"),
        ("[world]", "[wolrd]", "wolrd is not a setting: did you mean 'world'"),
        ("[sun]", "[sun", "not a TOML file"),
        ("grey = 0.05", "", r"line \d+: world is missing 'grey'"),
        ("grey = 0.05", "grey = 0.05\ngray = 0.05", r"line \d+: world.gray and world.grey are one setting.*keep one"),
        ("[jpeg]\nquality = 95", "jpeg = 95", r"line \d+: jpeg must be a section, \[jpeg\]"),
        ("quality = 95", "quality = 101", r"jpeg.quality is 101; it must be a whole number from 1 to 100"),
        ("quality = 95", "quality = 95\nqualty = 95", r"jpeg.qualty is not a setting: did you mean 'quality'"),
        ("image_size = 256", "image_size = {}", r"line 5: image_size is \{\}; it must be of type int"),
        ("floor_hue = [0, 1]", "floor_hue = [0, 1]\nfloor_heu = 1", "latents.floor_heu is not a setting: did you mean"),
    ],
)
def test_a_mistake_is_refused_by_name(old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(ThreeDieError, match=message):
        parse_preset(TEXT.replace(old, new), "mine.toml")


def test_gray_may_be_spelled_either_way() -> None:
    assert parse_preset(TEXT.replace("grey = 0.05", "gray = 0.05"), "mine.toml") == load_preset("3diebench")
    assert load_preset("3diebench").to_json()["world"] == {"grey": 0.05}


def test_unknown_preset_suggests_the_nearest() -> None:
    with pytest.raises(ThreeDieError, match="did you mean '3diebench'"):
        load_preset("3diebnech")
    with pytest.raises(ThreeDieError, match="no such file"):
        load_preset("nowhere/mine.toml")


def test_variants_differ_from_3diebench_in_their_latents_alone() -> None:
    base = load_preset("3diebench")
    moved, unseen = load_preset("3diebench-t"), load_preset("3diebench-ood")
    for variant in (moved, unseen):
        assert variant.to_json() == {**base.to_json(), "name": variant.name}
        assert (variant.image_size, variant.channel_order) == (base.image_size, base.channel_order)
    assert moved.latents[:7] == base.latents
    assert [field.ranges for field in moved.latents[7:]] == [((-0.5, 0.5),)] * 3
    assert unseen.latents[3:] == base.latents[3:]
    for field, seen in zip(unseen.latents[:3], base.latents[:3], strict=True):
        assert field.ranges == ((-math.pi, -math.pi / 2), (math.pi / 2, math.pi))
        assert not seen.contains(np.array([-2.0, 2.0])).any()
