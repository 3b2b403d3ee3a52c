"""EquiCaps (its parity is in test_successor_parity.py): poses that move as objects do; degenerate inputs; refusals."""

import numpy as np
import pytest
import successors
import torch
from scipy.spatial.transform import Rotation

from threedie.baselines.action_matrix import action_matrix
from threedie.baselines.capsules import normalized_poses
from threedie.baselines.equicaps import MATRIX_SIDES
from threedie.baselines.method import EQUIVARIANT, INVARIANT, Batch, action_dims
from threedie.baselines.registry import build_method
from threedie.manifests.latents import actions


@pytest.mark.parametrize("action", MATRIX_SIDES)
def test_predictions_compose_as_the_motions_do(action):
    """Moved from view 0 to 1 and on to 2 is moved from 0 to 2, and back again is where it began."""
    method = build_method("equicaps", width=1, image_size=32, options={"action": action})
    inputs = successors.build_inputs(0, views=3)
    pose = normalized_poses(torch.randn(successors.BATCH, 32, MATRIX_SIDES[action] ** 2)).flatten(1)
    there, onward, direct, back, stay = (
        torch.from_numpy(actions(action, successors.FIELDS, inputs.latents(first), inputs.latents(second))).float()
        for first, second in ((0, 1), (1, 2), (0, 2), (1, 0), (1, 1))
    )
    once = method.predict(pose, there)
    assert not torch.allclose(once, pose, atol=0.1)
    torch.testing.assert_close(method.predict(once, onward), method.predict(pose, direct), rtol=0, atol=1e-5)
    torch.testing.assert_close(method.predict(once, back), pose, rtol=0, atol=1e-5)
    torch.testing.assert_close(method.predict(pose, stay), pose, rtol=0, atol=1e-6)
    norms = once.view(successors.BATCH, 32, -1).norm(dim=2)
    torch.testing.assert_close(norms, torch.ones_like(norms))


@pytest.mark.parametrize(("action", "frame"), [("motion_object", "object"), ("motion_base", "base")])
def test_the_action_s_matrix_is_that_of_the_relative_motion(action, frame):
    inputs = successors.build_inputs(0)

    def matrix(view: int) -> np.ndarray:
        rotation, translation = np.tile(np.eye(4), (2, successors.BATCH, 1, 1))
        rotation[:, :3, :3] = Rotation.from_euler("xyz", inputs.euler[view]).as_matrix()
        translation[:, :3, 3] = inputs.translations[view]
        return translation @ rotation if frame == "object" else rotation @ translation

    expected = np.linalg.inv(matrix(0)) @ matrix(1)
    np.testing.assert_allclose(action_matrix(inputs.action(action)), expected, atol=1e-6)


def test_a_rotation_s_prediction_is_linear_in_the_poses():
    method = build_method("equicaps", width=1, image_size=32)
    one, two = torch.randn(2, successors.BATCH, 32 * 9)
    action = successors.build_inputs(0).action("rotation")
    both = method.predict(one, action) + method.predict(two, action)
    torch.testing.assert_close(method.predict(one + two, action), both, rtol=0, atol=1e-5)


@pytest.mark.parametrize("action", MATRIX_SIDES)
def test_no_embeddings_are_moved_to_none(action):
    method = build_method("equicaps", width=1, image_size=32, options={"action": action})
    width = 32 * MATRIX_SIDES[action] ** 2
    assert method.predict(torch.zeros(0, width), torch.zeros(0, action_dims(action))).shape == (0, width)


@pytest.mark.parametrize("action", MATRIX_SIDES)
def test_double_precision_is_kept_and_half_precision_raised(action):
    method = build_method("equicaps", width=1, image_size=32, options={"action": action})
    pose = normalized_poses(torch.randn(successors.BATCH, 32, MATRIX_SIDES[action] ** 2)).flatten(1)
    moves = successors.build_inputs(0).action(action)
    single, double = method.predict(pose, moves), method.predict(pose.double(), moves)
    assert double.dtype == torch.float64
    torch.testing.assert_close(double.float(), single, rtol=0, atol=1e-6)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(method.predict(pose, moves), single, rtol=0, atol=0)
        assert method.predict(pose.bfloat16(), moves).dtype == torch.float32


@pytest.mark.parametrize(
    ("embedding", "action", "message"),
    [
        ((3, 288), (2, 4), r"actions of shape \(2, 4\): rotation of these embeddings is \(3, 4\)"),
        ((3, 288), (1, 4), r"\(1, 4\)"),
        ((3, 288), (3, 7), r"\(3, 7\)"),
        ((3, 288), (4,), r"\(4,\)"),
        ((3, 320), (3, 4), r"embeddings of shape \(3, 320\): equicaps moves poses alone, \(N, 288\)"),
        ((288,), (1, 4), r"embeddings of shape \(288,\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(embedding, action, message):
    method = build_method("equicaps", width=1, image_size=32)
    with pytest.raises(ValueError, match=message):
        method.predict(torch.zeros(embedding), torch.zeros(action))


def test_representation_is_the_pooled_map_and_the_embedding_is_made_of_the_map():
    torch.manual_seed(0)
    method = build_method("equicaps", width=4, image_size=64).eval()
    images = torch.randn(3, 3, 64, 64)
    representation, embedding = method.encode(images)
    torch.testing.assert_close(representation, method.represent(images))
    assert representation.shape == (3, 32)
    parts = method.parts.embedding
    torch.testing.assert_close(embedding[:, parts[INVARIANT]].sum(1), torch.ones(3))
    norms = embedding[:, parts[EQUIVARIANT]].reshape(3, 32, 9).norm(dim=2)
    torch.testing.assert_close(norms, torch.ones(3, 32))
    with pytest.raises(ValueError, match="unpooled map"):
        method.embed(representation)


def test_images_of_another_size_are_refused():
    method = build_method("equicaps", width=1, image_size=64)
    with pytest.raises(ValueError, match="map of 1 x 1: the capsule layer has weights for each of 2 x 2"):
        method.encode(torch.zeros(2, 3, 32, 32))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"action": "rotation_color"}, "needs one that is a matrix: rotation, motion_object, motion_base"),
        ({"action": "rotate"}, "action 'rotate': not known"),
        ({"capsules": 0}, "capsules 0: must be 1 or more"),
    ],
)
def test_settings_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        build_method("equicaps", width=1, image_size=32, options=options)


def test_a_dead_map_gives_finite_loss_and_gradients():
    """Of images all alike the map, and with it every pose, is the same; batch-norm makes zeros of it."""
    method = build_method("equicaps", width=1, image_size=32)
    inputs = successors.build_inputs(0)
    images = torch.zeros(successors.BATCH, 3, 32, 32)
    batch = Batch(images, images, inputs.action("rotation"), torch.from_numpy(inputs.labels))
    output = method(batch)
    output.loss.backward()
    assert torch.isfinite(output.loss)
    assert all(torch.isfinite(each.grad).all() for each in method.parameters())
