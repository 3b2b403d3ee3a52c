"""The capsule layer: its definition computed plainly, gradients against numerical ones, degenerate inputs, memory."""

import pytest
import torch

from threedie.baselines.capsules import CapsuleLayer, SelfRouting, _WeightedVotes, normalized_poses


def routing(inputs: int = 6, outputs: int = 3, size: int = 4) -> SelfRouting:
    torch.manual_seed(0)
    layer = SelfRouting(inputs, outputs, size).double()
    torch.nn.init.normal_(layer.W2)
    torch.nn.init.normal_(layer.b2)
    return layer


def plainly(layer: SelfRouting, activation: torch.Tensor, pose: torch.Tensor):
    """Activations and poses by the definition, one input and one output at a time."""
    inputs, outputs, size = layer.W2.shape
    out_activation = torch.zeros(len(pose), outputs, dtype=pose.dtype)
    weighted = torch.zeros(len(pose), outputs, size, dtype=pose.dtype)
    for i in range(inputs):
        r = (pose[:, i] @ layer.W2[i].T + layer.b2[0, 0, i]).softmax(1)
        for j in range(outputs):
            vote = pose[:, i] @ layer.W1[i, j * size : (j + 1) * size].T
            s = activation[:, i] * r[:, j]
            out_activation[:, j] += s
            weighted[:, j] += s[:, None] * vote
    return out_activation / activation.sum(1, keepdim=True), weighted / out_activation[:, :, None]


def test_routing_is_its_definition():
    layer = routing()
    activation, pose = torch.rand(5, 6).double(), torch.randn(5, 6, 4).double()
    ours, theirs = layer(activation, pose), plainly(layer, activation, pose)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other)
    torch.testing.assert_close(ours[0].sum(1), torch.ones(5).double())


def test_gradients_of_the_votes_are_numerical_ones():
    generator = torch.Generator().manual_seed(0)
    shapes = ((5, 3, 4, 4), (2, 5, 3), (2, 5, 4))
    arguments = [torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True) for shape in shapes]
    assert torch.autograd.gradcheck(_WeightedVotes.apply, arguments)


def test_gradients_of_the_whole_layer_are_numerical_ones():
    """In double precision throughout: half precision is raised, double isn't lowered."""
    torch.manual_seed(0)
    layer = CapsuleLayer(channels=3, capsules=2, pose_size=4, side=2).double()
    torch.nn.init.normal_(layer.fc.W2)
    torch.nn.init.normal_(layer.fc.b2)
    weights = dict(layer.named_parameters())

    def routed(features: torch.Tensor, *values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.func.functional_call(layer, dict(zip(weights, values, strict=True)), (features,))

    features = torch.randn(3, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    assert [each.dtype for each in routed(features, *weights.values())] == [torch.float64] * 2
    assert torch.autograd.gradcheck(routed, (features, *weights.values()))


def test_no_votes_are_kept_for_the_way_back():
    """Autograd keeps what `saved_tensors_hooks` sees: all of it is smaller than the votes alone."""
    inputs, outputs, size, batch = 64, 16, 16, 8
    layer, kept = SelfRouting(inputs, outputs, size), []
    pose = torch.randn(batch, inputs, size, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: kept.append(tensor) or tensor, lambda tensor: tensor):
        layer(torch.rand(batch, inputs, requires_grad=True), pose)
    weights = {parameter.untyped_storage().data_ptr() for parameter in layer.parameters()}
    sizes = {each.untyped_storage().data_ptr(): each.untyped_storage().nbytes() // each.element_size() for each in kept}
    assert sum(size for place, size in sizes.items() if place not in weights) < batch * inputs * outputs * size / 2


def test_weights_start_so_that_every_input_is_routed_evenly():
    layer = SelfRouting(8, 4, 9)
    activation, _ = layer(torch.rand(3, 8), torch.randn(3, 8, 9))
    torch.testing.assert_close(activation, torch.full((3, 4), 0.25))


def test_the_map_is_read_row_by_row():
    """Positions are exchanged by exchanging the weights of their capsules, and by nothing else."""
    torch.manual_seed(0)
    layer = CapsuleLayer(channels=5, capsules=3, pose_size=4, side=2).eval()
    torch.nn.init.normal_(layer.fc.b2)
    for convolution in (layer.conv_a, layer.conv_pose):
        # Only the middle of the kernel, so that positions don't mix.
        kernel = torch.zeros_like(convolution.weight)
        kernel[:, :, 1, 1] = torch.randn(kernel.shape[:2])
        convolution.weight.data = kernel
    features = torch.randn(2, 5, 2, 2)
    before = layer(features)
    order = torch.arange(12).view(4, 3)[[1, 0, 3, 2]].flatten()
    with torch.no_grad():
        for name in ("W1", "W2"):
            getattr(layer.fc, name).copy_(getattr(layer.fc, name)[order].clone())
        layer.fc.b2.copy_(layer.fc.b2[:, :, order].clone())
    for one, other in zip(before, layer(features.flip(3)), strict=True):
        torch.testing.assert_close(one, other)
    assert not torch.allclose(before[1], layer(features)[1])


@pytest.mark.parametrize("activation", [0.0, 1.0])
def test_activations_of_zero_or_one(activation):
    layer = routing().float()
    given = torch.full((2, 6), activation, requires_grad=True)
    pose = torch.randn(2, 6, 4, requires_grad=True)
    out_activation, out_pose = layer(given, pose)
    torch.testing.assert_close(out_activation.sum(1), torch.ones(2))
    (out_activation.square().sum() + out_pose.square().sum()).backward()
    for tensor in (given, pose, *layer.parameters()):
        assert torch.isfinite(tensor.grad).all()
    if activation:
        torch.testing.assert_close(out_pose, plainly(layer, given, pose)[1])


def test_an_output_that_nothing_is_routed_to_has_a_pose_of_zeros():
    layer = routing().float()
    with torch.no_grad():
        layer.b2[..., 0] = -1e4
    pose = torch.randn(2, 6, 4, requires_grad=True)
    out_activation, out_pose = layer(torch.rand(2, 6), pose)
    assert (out_activation[:, 0] == 0).all()
    assert (out_pose[:, 0] == 0).all()
    normalized_poses(out_pose).square().sum().backward()
    assert torch.isfinite(pose.grad).all()
    assert all(torch.isfinite(each.grad).all() for each in (layer.W1, layer.W2, layer.b2))


def test_a_pose_of_zeros_stays_zero_with_a_finite_gradient():
    pose = torch.zeros(1, 2, 9)
    pose[0, 1, 0] = 2
    pose.requires_grad_()
    normalized = normalized_poses(pose)
    assert normalized[0, 0].abs().max() == 0
    assert normalized[0, 1, 0] == 1
    normalized.sum().backward()
    assert torch.isfinite(pose.grad).all()


def test_one_position_and_one_capsule():
    layer = CapsuleLayer(channels=4, capsules=1, pose_size=9, side=1)
    activation, pose = layer(torch.randn(3, 4, 1, 1))
    torch.testing.assert_close(activation, torch.ones(3, 1))
    assert pose.shape == (3, 1, 9)


def test_half_precision_is_routed_in_full():
    layer = CapsuleLayer(channels=4, capsules=2, pose_size=9, side=2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        activation, pose = layer(torch.randn(3, 4, 2, 2))
    assert (activation.dtype, pose.dtype) == (torch.float32, torch.float32)
