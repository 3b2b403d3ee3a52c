"""The networks: torchvision's names, shapes, counts and values; the original's differences; narrow ones; refusals."""

import pytest
import torch
from torch.nn import functional as F

from threedie.baselines.resnet import BACKBONES, build_backbone

# As published for torchvision's networks (11,689,512, 21,797,672 and 25,557,032), less the 1000-way layer `fc`.
PARAMETERS = {"resnet18": 11_176_512, "resnet34": 21_284_672, "resnet50": 23_508_032}


def torchvision_shapes(name: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the weights (not of batch-norm's statistics), written out from the paper's table 1."""
    counts, bottleneck = BACKBONES[name]
    shapes: dict[str, tuple[int, ...]] = {}

    def convolution(name: str, out: int, into: int, size: int, norm: str) -> None:
        shapes[f"{name}.weight"] = (out, into, size, size)
        shapes[f"{norm}.weight"] = shapes[f"{norm}.bias"] = (out,)

    convolution("conv1", 64, 3, 7, "bn1")
    into = 64
    for index, (count, inner) in enumerate(zip(counts, (64, 128, 256, 512), strict=True)):
        out = inner * (4 if bottleneck else 1)
        for position in range(count):
            block = f"layer{index + 1}.{position}"
            if bottleneck:
                convolution(f"{block}.conv1", inner, into, 1, f"{block}.bn1")
                convolution(f"{block}.conv2", inner, inner, 3, f"{block}.bn2")
                convolution(f"{block}.conv3", out, inner, 1, f"{block}.bn3")
            else:
                convolution(f"{block}.conv1", inner, into, 3, f"{block}.bn1")
                convolution(f"{block}.conv2", out, inner, 3, f"{block}.bn2")
            if position == 0 and (index > 0 or bottleneck):
                convolution(f"{block}.downsample.0", out, into, 1, f"{block}.downsample.1")
            into = out
    return shapes


@pytest.mark.parametrize("name", BACKBONES)
def test_torchvision_form_has_its_names_shapes_and_count(name):
    with torch.device("meta"):
        network = build_backbone(name, form="torchvision")
    shapes = {key: tuple(value.shape) for key, value in network.named_parameters()}
    assert shapes == torchvision_shapes(name)
    assert sum(parameter.numel() for parameter in network.parameters()) == PARAMETERS[name]


def torchvision_values(images: torch.Tensor, state: dict[str, torch.Tensor], name: str) -> torch.Tensor:
    """The same network in evaluation mode, straight from a state dict."""

    def norm(x, key):
        mean, var = state[f"{key}.running_mean"], state[f"{key}.running_var"]
        return F.batch_norm(x, mean, var, state[f"{key}.weight"], state[f"{key}.bias"])

    def layer(x, conv, bn, stride=1):
        weight = state[f"{conv}.weight"]
        return norm(F.conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2), bn)

    x = F.max_pool2d(F.relu(layer(images, "conv1", "bn1", 2)), 3, 2, 1)
    counts, bottleneck = BACKBONES[name]
    for index, count in enumerate(counts):
        for position in range(count):
            block = f"layer{index + 1}.{position}"
            stride = 2 if index > 0 and position == 0 else 1
            strides = (1, stride, 1) if bottleneck else (stride, 1)
            y = x
            for number, each in enumerate(strides, start=1):
                y = layer(y, f"{block}.conv{number}", f"{block}.bn{number}", each)
                y = F.relu(y) if number < len(strides) else y
            if f"{block}.downsample.0.weight" in state:
                x = layer(x, f"{block}.downsample.0", f"{block}.downsample.1", stride)
            x = F.relu(x + y)
    return F.adaptive_avg_pool2d(x, 1).flatten(1)


@pytest.mark.parametrize("name", BACKBONES)
def test_torchvision_form_computes_what_it_should(name):
    torch.manual_seed(0)
    network = build_backbone(name, form="torchvision", width=8).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.running_mean, std=0.1)
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(network(images), torchvision_values(images, network.state_dict(), name))


def test_original_form_adds_one_projection_and_changes_the_values():
    torch.manual_seed(0)
    original, usual = (build_backbone("resnet18", form, width=8) for form in ("original", "torchvision"))
    extra = set(original.state_dict()) - set(usual.state_dict())
    assert {name.rsplit(".", 1)[0] for name in extra} == {"layer1.0.downsample.0", "layer1.0.downsample.1"}
    assert set(usual.state_dict()) < set(original.state_dict())
    usual.load_state_dict({name: value for name, value in original.state_dict().items() if name not in extra})
    images = torch.randn(4, 3, 64, 64)
    assert not torch.allclose(original(images), usual(images), rtol=0.01)


def test_original_form_keeps_the_usual_sizes():
    network = build_backbone("resnet18", "original", width=4).eval()
    sizes = {}
    for name in ("layer1", "layer2", "layer3", "layer4"):
        network.get_submodule(name).register_forward_hook(
            lambda module, arguments, result, name=name: sizes.update({name: tuple(result.shape[2:])})
        )
    network(torch.zeros(1, 3, 128, 128))
    assert sizes == {"layer1": (32, 32), "layer2": (16, 16), "layer3": (8, 8), "layer4": (4, 4)}


@pytest.mark.parametrize(("name", "dim"), [("resnet18", 128), ("resnet34", 128), ("resnet50", 512)])
def test_narrow_networks(name, dim):
    network = build_backbone(name, form="torchvision", width=16)
    assert network.dim == dim
    assert network(torch.randn(2, 3, 64, 64)).shape == (2, dim)


def test_standard_representation_is_512():
    with torch.device("meta"):
        assert build_backbone().dim == 512


@pytest.mark.parametrize("name", BACKBONES)
def test_every_block_begins_as_the_identity(name):
    network = build_backbone(name, form="torchvision", width=8).eval()
    block = network.get_submodule("layer3.1")
    x = torch.rand(1, block.conv1.in_channels, 4, 4)
    torch.testing.assert_close(block(x), x)


def test_cifar_form_keeps_the_size_of_small_pictures():
    """3 x 3 stem without pooling: 11,168,832 parameters at full width."""
    network = build_backbone("resnet18", "cifar")
    usual = build_backbone("resnet18", "torchvision")
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count == sum(parameter.numel() for parameter in usual.parameters()) - 64 * 3 * (49 - 9) == 11_168_832
    assert set(network.state_dict()) == set(usual.state_dict())
    sizes = []
    network.layer1.register_forward_hook(lambda _, __, out: sizes.append(out.shape[2:]))
    network.layer4.register_forward_hook(lambda _, __, out: sizes.append(out.shape[2:]))
    assert network.eval()(torch.zeros(1, 3, 32, 32)).shape == (1, 512)
    assert sizes == [(32, 32), (4, 4)]
    assert network.layer1[0].bn2.weight.eq(1).all()


def test_sides_that_fit():
    original, cifar = (build_backbone("resnet18", form, width=4) for form in ("original", "cifar"))
    assert [original.fitting_side(side) for side in (16, 32, 100, 256)] == [32, 32, 96, 256]
    assert cifar.fitting_side(16) == 16


def test_refusals():
    with pytest.raises(ValueError, match=r"resnet19.*resnet18"):
        build_backbone("resnet19")
    with pytest.raises(ValueError, match="form 'ours'"):
        build_backbone(form="ours")
    with pytest.raises(ValueError, match="resnet18 and resnet34 only"):
        build_backbone("resnet50", form="original")
    with pytest.raises(ValueError, match="width 0"):
        build_backbone(width=0)
    with pytest.raises(ValueError, match="images of 64 x 50"):
        build_backbone(width=4)(torch.zeros(2, 3, 64, 50))
    with pytest.raises(ValueError, match=r"\(2, 1, 32, 32\)"):
        build_backbone(width=4)(torch.zeros(2, 1, 32, 32))


@pytest.mark.parametrize(("form", "side"), [("original", 64), ("torchvision", 40), ("torchvision", 33), ("cifar", 20)])
def test_the_map_is_what_is_pooled_and_its_side_is_foreseen(form, side):
    torch.manual_seed(0)
    network = build_backbone(form=form, width=2).eval()
    images = torch.randn(2, 3, side, side)
    features = network.feature_map(images)
    assert features.shape == (2, network.dim, network.map_side(side), network.map_side(side))
    torch.testing.assert_close(network(images), features.mean(dim=(2, 3)))
