import numpy as np
import pytest

from threedie.render.frame import Box, composed, floor_size, object_box
from threedie.render.preset import load_preset
from threedie.render.scene import ViewScene, view_scene

PRESET = load_preset("3diebench")
CUBE = np.array([[x, y, z] for x in (-0.2, 0.2) for y in (-0.2, 0.2) for z in (-0.2, 0.2)], np.float32)


def seen(euler: tuple[float, float, float] = (0, 0, 0), location: tuple[float, float, float] = (0, 0, 0)) -> ViewScene:
    view = view_scene(PRESET, PRESET.latents, np.array([*euler, 0.0, 0.1, 0.0, 0.0]))
    return ViewScene(euler, location, view.floor_color, view.spot_matrix, view.spot_color)


def test_blender_cuts_the_very_box_off_at_every_size() -> None:
    for size in range(128, 1025):
        for pixel in range(size):
            box = Box(pixel, pixel + 1, pixel, pixel + 1)
            cut = np.array(box.border(size), np.float32) * np.float32(size)
            assert cut.astype(int).tolist() == [pixel, pixel + 1, size - pixel - 1, size - pixel], (size, pixel)


def test_small_pictures_are_rendered_in_one_piece() -> None:
    assert floor_size(64) is None
    assert floor_size(127) is None
    assert floor_size(128) == 64
    assert floor_size(256) == 96


def test_the_box_is_around_the_middle_and_grows_with_the_picture() -> None:
    box = object_box(CUBE, PRESET, seen(), 256)
    assert box is not None
    assert box.left + box.right == 256, "a cube at the origin is left-right symmetric"
    assert 40 < box.right - box.left < 110
    twice = object_box(CUBE, PRESET, seen(), 512)
    assert twice is not None
    assert twice.right - twice.left == pytest.approx(2 * (box.right - box.left) - 8, abs=2)


def test_every_vertex_is_inside() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        euler = tuple(rng.uniform(-1.5, 1.5, 3))
        whole = object_box(CUBE, PRESET, seen(euler), 256)
        assert whole is not None
        for vertex in CUBE:
            one = object_box(vertex[None], PRESET, seen(euler), 256)
            assert one is not None
            assert whole.left <= one.left
            assert one.right <= whole.right
            assert whole.top <= one.top
            assert one.bottom <= whole.bottom


def test_an_object_to_the_left_has_its_box_there() -> None:
    middle, left = object_box(CUBE, PRESET, seen(), 256), object_box(CUBE, PRESET, seen(location=(-0.3, 0, 0)), 256)
    right = object_box(CUBE, PRESET, seen(location=(0.3, 0, 0)), 256)
    assert middle is not None
    assert left is not None
    assert right is not None
    assert abs((left.left + left.right) - (right.left + right.right)) > 100


@pytest.mark.parametrize(
    ("scale", "location"),
    [
        (1.0, (0.0, 0.0, -0.6)),  # near the floor
        (1.0, (0.0, 0.0, 1.7)),  # near the camera or out of sight
        (4.0, (0.0, 0.0, 0.2)),  # fills the picture
        (1.0, (50.0, 0.0, 0.0)),  # out of sight
    ],
)
def test_where_two_pictures_would_be_wrong_or_useless(scale: float, location: tuple[float, float, float]) -> None:
    assert object_box(CUBE * np.float32(scale), PRESET, seen(location=location), 256) is None


def test_composed_takes_the_part_inside_and_the_floor_outside() -> None:
    floor, part = np.full((16, 16, 3), 0.25, np.float32), np.full((30, 20, 3), 0.75, np.float32)
    picture = composed(floor, part, Box(10, 30, 20, 50), 64)
    assert picture.shape == (64, 64, 3)
    np.testing.assert_allclose(picture[26:44, 16:24], 0.75)
    np.testing.assert_allclose(picture[:20], 0.25)
    np.testing.assert_allclose(picture[:, 31:], 0.25)
    assert 0.25 < picture[20, 20, 0] < 0.4, "the border isn't blended"


def test_a_part_at_the_edge_of_the_picture_is_not_faded_there() -> None:
    picture = composed(np.zeros((16, 16, 3), np.float32), np.ones((64, 20, 3), np.float32), Box(0, 20, 0, 64), 64)
    np.testing.assert_allclose(picture[:, :16], 1.0)
