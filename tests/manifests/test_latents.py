import numpy as np
import pytest
from dataset_samples import FIELDS
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from threedie.baselines.method import ACTION_DIMS
from threedie.manifests.actions import ACTIONS, FRAMES, TRANSLATION
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import (
    ACTION_SIZES,
    LatentField,
    actions,
    check_latents,
    columns,
    latent_problems,
    quaternions,
    relative_quaternions,
)
from threedie.manifests.objects import ObjectRef

ROOT = np.sqrt(0.5)
ANGLES = arrays(np.float64, (3,), elements=st.floats(-np.pi / 2, np.pi / 2))


def matrix_by_hand(euler):
    """Turn about the fixed x axis, then y, then z: the product Rz Ry Rx, written out."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(euler), np.sin(euler)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


@pytest.mark.parametrize(
    ("euler", "quaternion"),
    [
        ([0, 0, 0], [0, 0, 0, 1]),
        ([np.pi / 2, 0, 0], [ROOT, 0, 0, ROOT]),
        ([0, np.pi / 2, 0], [0, ROOT, 0, ROOT]),
        ([0, 0, np.pi / 2], [0, 0, ROOT, ROOT]),
        ([np.pi / 2, 0, np.pi / 2], [0.5, 0.5, 0.5, 0.5]),
    ],
)
def test_quaternions_of_hand_made_cases(euler, quaternion):
    np.testing.assert_allclose(quaternions(np.array(euler)), quaternion, atol=1e-15)


@given(ANGLES)
def test_quaternions_turn_about_fixed_axes_x_then_y_then_z(euler):
    turned = Rotation.from_quat(quaternions(euler)).as_matrix()
    np.testing.assert_allclose(turned, matrix_by_hand(euler), atol=1e-12)


@given(ANGLES, ANGLES)
@settings(max_examples=200)
def test_the_relative_quaternion_leads_from_the_first_to_the_second(euler1, euler2):
    relative = relative_quaternions(euler1, euler2)
    assert np.linalg.norm(relative) == pytest.approx(1)
    led = matrix_by_hand(euler1) @ Rotation.from_quat(relative).as_matrix()
    np.testing.assert_allclose(led, matrix_by_hand(euler2), atol=1e-12)


@given(ANGLES, ANGLES)
def test_there_and_back_is_no_turn(euler1, euler2):
    there, back = relative_quaternions(euler1, euler2), relative_quaternions(euler2, euler1)
    product = Rotation.from_quat(there) * Rotation.from_quat(back)
    assert product.magnitude() == pytest.approx(0, abs=1e-7)


def test_the_sign_is_the_product_s_own_and_negative_in_4_4_percent():
    """The share that the original's pairs have; flipping would make it none."""
    euler = np.random.default_rng(0).uniform(-np.pi / 2, np.pi / 2, (2, 200_000, 3))
    negative = (relative_quaternions(euler[0], euler[1])[:, 3] < 0).mean()
    assert negative == pytest.approx(0.044, abs=0.002)


def test_a_relative_quaternion_beyond_half_a_turn_keeps_its_negative_w():
    first, second = np.array([-np.pi / 2, -np.pi / 2, 0.0]), np.array([np.pi / 2, np.pi / 2, 0.0])
    one, two = quaternions(first), quaternions(second)
    vector = one[3] * two[:3] - two[3] * one[:3] - np.cross(one[:3], two[:3])
    by_hand = np.append(vector, one[3] * two[3] + one[:3] @ two[:3])
    np.testing.assert_allclose(relative_quaternions(first, second), by_hand, atol=1e-15)


def test_shapes_are_kept():
    latents = np.zeros((5, 2, len(FIELDS)))
    for kind, size in ACTION_SIZES.items():
        if not {*TRANSLATION} & {*ACTIONS[kind].fields}:
            assert actions(kind, FIELDS, latents, latents).shape == (5, 2, size)


def test_methods_and_datasets_know_the_same_actions():
    assert {**ACTION_DIMS, "color": 2} == ACTION_SIZES


def test_actions_of_all_latents_hold_every_change_once():
    fields = (*FIELDS, *(LatentField(f"translation_{axis}", ((-0.5, 0.5),)) for axis in "xyz"))
    first, second = np.zeros(10), np.arange(10.0) / 100
    second[:3] = 0
    everything = actions("latents_translation", fields, first, second)
    # Quaternion; floor hue, light hue; light theta, light phi; translation.
    np.testing.assert_allclose(everything, [0, 0, 0, 1, 0.03, 0.06, 0.04, 0.05, 0.07, 0.08, 0.09])
    np.testing.assert_allclose(actions("latents", fields, first, second), everything[:8])
    np.testing.assert_allclose(actions("translation", fields, first, second), everything[8:])
    np.testing.assert_allclose(
        actions("rotation_translation", fields, first, second), everything[[0, 1, 2, 3, 8, 9, 10]]
    )


@given(ANGLES, ANGLES, ANGLES, ANGLES)
def test_a_motion_is_the_relative_matrix_of_two_views(euler1, euler2, shift1, shift2):
    """M1^-1 M2 by 4 x 4 matrices, with the translation before the rotation or after it."""
    fields = (*FIELDS, *(LatentField(f"translation_{axis}", ((-2, 2),)) for axis in "xyz"))
    first, second = (
        np.concatenate([euler, np.zeros(4), shift]) for euler, shift in ((euler1, shift1), (euler2, shift2))
    )
    for frame in FRAMES:
        matrices = []
        for latents in (first, second):
            rotation, translation = np.eye(4), np.eye(4)
            rotation[:3, :3], translation[:3, 3] = matrix_by_hand(latents[:3]), latents[-3:]
            matrices.append(translation @ rotation if frame == "object" else rotation @ translation)
        relative = np.linalg.inv(matrices[0]) @ matrices[1]
        motion = actions(f"motion_{frame}", fields, first, second)
        np.testing.assert_allclose(motion[:4], relative_quaternions(first[:3], second[:3]))
        np.testing.assert_allclose(motion[4:], relative[:3, 3], atol=1e-9)
        several = actions(f"motion_{frame}", fields, np.tile(first, (2, 3, 1)), np.tile(second, (2, 3, 1)))
        np.testing.assert_allclose(several, np.broadcast_to(motion, (2, 3, 7)))


def test_color_actions_are_second_minus_first_and_may_be_negative():
    first, second = np.zeros(7), np.zeros(7)
    first[3], first[6], second[3], second[6] = 0.9, 0.2, 0.1, 0.6
    np.testing.assert_allclose(actions("color", FIELDS, first, second), [-0.8, 0.4])
    both = actions("rotation_color", FIELDS, first, second)
    np.testing.assert_allclose(both, [0, 0, 0, 1, -0.8, 0.4])


def test_unknown_kinds_and_fields_are_named():
    with pytest.raises(ThreeDieError, match="'spin'"):
        actions("spin", FIELDS, np.zeros(7), np.zeros(7))
    with pytest.raises(ThreeDieError, match="translation_x"):
        columns(FIELDS, ["translation_x"])
    with pytest.raises(ThreeDieError, match="no latent field 'translation_x'"):
        actions("latents_translation", FIELDS, np.zeros(7), np.zeros(7))


def test_ranges_are_closed_and_may_be_several():
    field = LatentField("rotation_x", ((-2.0, -1.0), (1.0, 2.0)))
    inside = field.contains(np.array([-2.0, -1.0, 0.0, 1.0, 2.0, 2.1, np.nan, np.inf]))
    assert inside.tolist() == [True, True, False, True, True, False, False, False]


@pytest.mark.parametrize("field", FIELDS)
def test_fields_survive_json(field):
    assert LatentField.from_json(field.to_json()) == field
    assert field.to_json()["unit"] in ("rad", "turn", "length")


REFS = [ObjectRef("03001627", name) for name in "abc"]


def test_latents_are_checked_for_numbers_that_are_none():
    latents = np.zeros((3, 4, len(FIELDS)))
    latents[0, 0, 0] = 99  # out of its range, but a number
    check_latents(FIELDS, latents, REFS, "some.h5")
    check_latents(FIELDS, latents[:0], [], "some.h5")
    latents[1, 2, 3], latents[2, 0, 6] = np.nan, -np.inf
    says = "^some.h5: 03001627/b: floor_hue of view 2 is nan, not a finite number; the same in 1 more object"
    with pytest.raises(ThreeDieError, match=says):
        check_latents(FIELDS, latents, REFS, "some.h5")
    with pytest.raises(ThreeDieError, match="03001627/c: light_hue of view 0 is -inf"):
        check_latents(FIELDS, latents[2:], REFS[2:], "some.h5")


def test_problems_of_latents_are_a_sentence_for_each_field():
    latents = np.zeros((4, len(FIELDS)))
    assert latent_problems(FIELDS, latents) == []
    latents[1:3, 3], latents[0, 6] = 1.5, np.nan
    assert latent_problems(FIELDS, latents) == [
        "floor_hue of view 1 (and of 1 more view) is 1.5, outside 0 to 1 turn",
        "light_hue of view 0 is nan, outside 0 to 1 turn",
    ]
    assert len(latent_problems(FIELDS, latents, within_ranges=False)) == 1


@pytest.mark.parametrize(
    "value",
    [
        {"name": "colour", "ranges": [[0, 1]]},
        {"name": "floor_hue", "ranges": [[1, 0]]},
        {"name": "floor_hue", "ranges": [[float("nan"), 0]]},
        {"name": "floor_hue", "ranges": [["a", 0]]},
    ],
)
def test_a_damaged_field_is_no_field(value):
    with pytest.raises(ValueError, match=r"range|latent field|float"):
        LatentField.from_json(value)
