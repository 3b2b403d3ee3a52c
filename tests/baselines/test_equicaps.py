"""EquiCaps: equal to its authors' numbers; poses that move as objects do; degenerate inputs; refusals."""

import json
import math
from pathlib import Path

import numpy as np
import parity_records
import pytest
import successors
import torch
from scipy.spatial.transform import Rotation
from torch.nn import functional as F

from threedie.baselines.action_matrix import action_matrix
from threedie.baselines.capsules import normalized_poses
from threedie.baselines.equicaps import MATRIX_SIDES, EquiCaps
from threedie.baselines.method import EQUIVARIANT, INVARIANT, Batch, action_dims
from threedie.baselines.registry import build_method
from threedie.baselines.two_view import Views
from threedie.manifests.latents import actions

RECORDS = json.loads((Path(__file__).parents[1] / "data/parity_equicaps.json").read_text())
ACTIONS = {"rotation": "rotation", "object": "motion_object", "base": "motion_base"}
TERMS = {
    "invariance": "invariance",
    "equivariance": "equivariance",
    "std": "variance",
    "cov": "covariance",
    "memax": "mean_entropy",
}
RELATIVE = 1e-5
# Of a network whose activations are nearly uniform this is a small difference of large numbers.
ABSOLUTE = {"memax": 1e-6}


def title(record: dict) -> str:
    return f"{record['name']} seed {record['seed']}"


def recorded(record: dict) -> tuple[EquiCaps, successors.Inputs, str]:
    """The method with the weights of a record, and its inputs and action."""
    action = ACTIONS[record["options"]["frame"]]
    with torch.device("meta"):
        method = build_method("equicaps", image_size=successors.SIZE, options={"action": action})
    shapes = {name: tuple(value.shape) for name, value in method.state_dict().items()}
    method.to_empty(device="cpu")
    method.load_state_dict({name: parity_records.entry(name, shape, record["seed"]) for name, shape in shapes.items()})
    return method.train(), successors.build_inputs(record["seed"]), action


def require_terms(terms: dict[str, torch.Tensor], record: dict) -> None:
    for theirs, ours in TERMS.items():
        tolerance = {"abs": ABSOLUTE[theirs]} if theirs in ABSOLUTE else {"rel": RELATIVE}
        assert terms[ours].item() == pytest.approx(record["terms"][theirs], **tolerance), theirs


@pytest.mark.parametrize("record", [each for each in RECORDS if "state_shapes" in each], ids=title)
def test_equals_its_authors_code(record):
    method, inputs, action = recorded(record)
    shapes = {name: list(value.shape) for name, value in method.state_dict().items() if "backbone" not in name}
    assert shapes == record["state_shapes"]
    assert sum(each.numel() for each in method.parameters()) == record["n_trainable_without_evaluator"]

    seen = []
    method.projector.register_forward_hook(lambda module, arguments, output: seen.append(output))
    output = method(inputs.batch(action))
    output.loss.backward()
    assert output.loss.item() == pytest.approx(record["loss"], rel=RELATIVE)
    require_terms(output.terms, record)
    for module, norm in record["grad_norm"].items():
        gradients = [each.grad.double().square().sum() for each in method.get_submodule(module).parameters()]
        assert math.sqrt(sum(gradients)) == pytest.approx(norm, rel=RELATIVE), module
    activation, pose = seen[0]
    assert activation.norm().item() == pytest.approx(record["outputs"]["activation"], rel=RELATIVE)
    assert pose.norm().item() == pytest.approx(record["outputs"]["pose"], rel=RELATIVE)
    first = record["outputs"]["first_activations"]
    np.testing.assert_allclose(activation[0, :4].detach(), first, rtol=RELATIVE)


@pytest.mark.parametrize("record", [each for each in RECORDS if "state_shapes" not in each], ids=title)
def test_loss_alone_equals_its_authors_code(record):
    """With uneven activations, where a missing entropy term shows."""
    action, size = ACTIONS[record["options"]["frame"]], record["options"]["matrix"] ** 2
    with torch.device("meta"):
        method = build_method("equicaps", width=1, image_size=32, options={"action": action})
    generator = np.random.Generator(np.random.PCG64([record["seed"], 17]))
    shapes = {"activation1": 32, "activation2": 32, "pose1": 32 * size, "pose2": 32 * size}
    given = {
        name: torch.from_numpy(generator.standard_normal((successors.BATCH, width)).astype(np.float32))
        for name, width in shapes.items()
    }
    for tensor in given.values():
        tensor.requires_grad_()

    def embedding(view: int) -> torch.Tensor:
        pose = given[f"pose{view}"].view(successors.BATCH, 32, size)
        return torch.cat([F.softmax(3 * given[f"activation{view}"], 1), normalized_poses(pose).flatten(1)], 1)

    batch = successors.build_inputs(record["seed"]).batch(action)
    loss, terms = method.compute_loss(batch, Views((torch.empty(0), torch.empty(0)), (embedding(1), embedding(2))))
    loss.backward()
    assert loss.item() == pytest.approx(record["loss"], rel=RELATIVE)
    require_terms(terms, record)
    for name, norm in record["grad_norm"].items():
        assert given[name].grad.double().norm().item() == pytest.approx(norm, rel=RELATIVE), name


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
