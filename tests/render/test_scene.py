import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from threedie.manifests.latents import LatentField
from threedie.render.preset import load_preset
from threedie.render.scene import aimed_at_origin, camera_matrix, object_matrix, spherical, view_scene

PRESET = load_preset("3diebench")
ANGLE = st.floats(-math.pi, math.pi)


def latents(**values: float) -> np.ndarray:
    return np.array([values.get(field.name, 0.0) for field in PRESET.latents])


@given(st.floats(0.1, 10), st.floats(0.01, 3.1), ANGLE)
def test_aimed_at_origin_is_a_rotation_that_looks_at_the_origin(distance: float, theta: float, phi: float) -> None:
    position = spherical(distance, theta, phi)
    matrix = aimed_at_origin(position)
    rotation = matrix[:3, :3]
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    np.testing.assert_allclose(matrix @ [0, 0, -distance, 1], [0, 0, 0, 1], atol=1e-9)
    assert rotation[2, 1] >= -1e-9, "up points down"
    assert abs(rotation[2, 0]) < 1e-9, "the horizon is tilted"


def test_straight_above_is_defined() -> None:
    matrix = aimed_at_origin(spherical(4, 0, 1))
    np.testing.assert_allclose(matrix[:3, :3], np.eye(3), atol=1e-9)


def test_camera_of_the_original() -> None:
    matrix = camera_matrix(PRESET)
    half = 2.5 * math.sqrt(0.5)
    np.testing.assert_allclose(matrix[:3, 3], [0, half, half], atol=1e-9)
    # Seen from +Y, the world's X runs to the left.
    np.testing.assert_allclose(matrix[:3, 0], [-1, 0, 0], atol=1e-9)


def test_rotation_is_about_fixed_axes_x_then_y_then_z() -> None:
    scene = view_scene(PRESET, PRESET.latents, latents(rotation_x=math.pi / 2, rotation_z=math.pi / 2))
    np.testing.assert_allclose(object_matrix(scene) @ [0, 1, 0, 1], [0, 0, 1, 1], atol=1e-9)
    np.testing.assert_allclose(object_matrix(scene) @ [1, 0, 0, 1], [0, 1, 0, 1], atol=1e-9)


def test_translation_is_in_the_frame_of_the_object() -> None:
    fields = (*PRESET.latents, *(LatentField(f"translation_{axis}", ((-0.5, 0.5),)) for axis in "xyz"))
    values = np.concatenate([latents(rotation_z=math.pi / 2), [0.3, 0.0, 0.0]])
    scene = view_scene(PRESET, fields, values)
    np.testing.assert_allclose(scene.object_location, [0, 0.3, 0], atol=1e-9)
    rotation, shift = np.eye(4), np.eye(4)
    rotation[:3, :3] = object_matrix(scene)[:3, :3]
    shift[0, 3] = 0.3
    np.testing.assert_allclose(object_matrix(scene), rotation @ shift, atol=1e-9)


def test_colors() -> None:
    scene = view_scene(PRESET, PRESET.latents, latents(floor_hue=0.0, light_hue=1 / 3))
    assert scene.floor_color == pytest.approx((0.6, 0.24, 0.24))
    assert scene.spot_color == pytest.approx((0.0, 0.8, 0.0))


def test_spot_shines_from_where_the_latents_say() -> None:
    scene = view_scene(PRESET, PRESET.latents, latents(light_theta=math.pi / 4, light_phi=math.pi / 2))
    np.testing.assert_allclose(scene.spot_matrix[:3, 3], [0, 4 * math.sqrt(0.5), 4 * math.sqrt(0.5)], atol=1e-9)
