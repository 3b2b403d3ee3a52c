"""The cheap predictor gives what one matrix per sample gives; projector widths and their split."""

import itertools

import pytest
import torch
from torch.nn import functional as F

from threedie.baselines.hypernetwork import HypernetworkPredictor, MLPPredictor, build_predictor
from threedie.baselines.projector import build_projector, parse_widths, split_widths


def one_matrix_per_sample(predictor: HypernetworkPredictor, x: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
    """The definition: the hypernetwork's output, cut into the weights and biases of each sample's own network."""
    results = []
    for sample, weights in zip(x, predictor.hypernet.net(action), strict=True):
        y, start = sample, 0
        for index, (rows, columns) in enumerate(predictor.shapes):
            if index > 0 and predictor.relu:
                y = F.relu(y)
            y = weights[start : start + rows * columns].view(rows, columns) @ y
            start += rows * columns
            if predictor.bias:
                y = y + weights[start : start + rows]
                start += rows
        assert start == len(weights)
        results.append(y)
    return torch.stack(results)


@pytest.mark.parametrize(
    ("hidden", "bias", "relu", "hypernetwork", "hypernetwork_bias"),
    list(itertools.product(["", "5", "5-3"], [False, True], [False, True], ["linear", "deep"], [False, True])),
)
def test_cheap_form_equals_one_matrix_per_sample(hidden, bias, relu, hypernetwork, hypernetwork_bias):
    torch.manual_seed(0)
    predictor = HypernetworkPredictor(6, 4, hidden, bias, relu, hypernetwork, hypernetwork_bias)
    x = torch.randn(9, 6, requires_grad=True)
    action = torch.randn(9, 4)
    cheap, naive = predictor(x, action), one_matrix_per_sample(predictor, x, action)
    torch.testing.assert_close(cheap, naive, rtol=1e-5, atol=1e-5)
    inputs = [x, *predictor.parameters()]
    direction = torch.randn_like(cheap)
    for one, other in zip(
        torch.autograd.grad(cheap, inputs, direction), torch.autograd.grad(naive, inputs, direction), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_linear_in_the_action():
    torch.manual_seed(0)
    predictor = HypernetworkPredictor(5, 4)
    x, a, b = torch.randn(3, 5), torch.randn(3, 4), torch.randn(3, 4)
    torch.testing.assert_close(predictor(x, 2 * a - b), 2 * predictor(x, a) - predictor(x, b))


def test_full_size_needs_no_matrix_per_sample():
    predictor = HypernetworkPredictor(256, 4)
    largest = 0

    def watch(tensor):
        nonlocal largest
        largest = max(largest, tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(watch, lambda tensor: tensor):
        predictor(torch.randn(64, 256), torch.randn(64, 4)).sum().backward()
    assert largest <= 256 * 256 * 4


def test_mlp_predictor_reads_both():
    torch.manual_seed(0)
    predictor = MLPPredictor(6, 4, layers=2)
    x, action = torch.randn(3, 6), torch.randn(3, 4)
    assert predictor(x, action).shape == (3, 6)
    assert not torch.allclose(predictor(x, action), predictor(x, -action))
    assert not torch.allclose(predictor(x, action), predictor(-x, action))
    assert len(MLPPredictor(6, 4, layers=1).pred) == 1


def test_predictor_refusals():
    with pytest.raises(ValueError, match="kind 'matrix'"):
        build_predictor(4, 4, {"kind": "matrix"})
    with pytest.raises(ValueError, match=r"'layers'.*hypernetwork"):
        build_predictor(4, 4, {"layers": 2})
    with pytest.raises(ValueError, match="hypernetwork 'wide'"):
        build_predictor(4, 4, {"hypernetwork": "wide"})
    with pytest.raises(ValueError, match="layers 0"):
        MLPPredictor(4, 4, layers=0)
    with pytest.raises(ValueError, match="3 embeddings but 2 actions"):
        build_predictor(4, 4)(torch.zeros(3, 4), torch.zeros(2, 4))


def test_widths():
    assert parse_widths("2048-2048-512") == (2048, 2048, 512)
    assert parse_widths([8, 4]) == (8, 4)
    assert parse_widths("") == ()
    assert split_widths("2048-1024", 128, 512) == (512, 256)
    for wrong in ("2048-x", "-5", "8--8", (8, 0)):
        with pytest.raises(ValueError, match="widths"):
            parse_widths(wrong)
    with pytest.raises(ValueError, match="width 10 can't be split"):
        split_widths("10", 1, 3)
    with pytest.raises(ValueError, match="at least one width"):
        build_projector(8, "")


def test_projector_form():
    layers = build_projector(6, "8-8-4")
    assert [type(layer).__name__ for layer in layers] == [
        *("Linear", "BatchNorm1d", "ReLU", "Linear", "BatchNorm1d", "ReLU", "Linear"),
    ]
    assert layers[-1].bias is None
    assert layers(torch.randn(5, 6)).shape == (5, 4)
    assert build_projector(6, "4")(torch.randn(1, 6)).shape == (1, 4)
