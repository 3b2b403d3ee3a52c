"""Finite sets of transformations: what each member does, and E-SSL with each as target and as invariance."""

import pytest
import torch

from threedie.baselines.essl import ESSL
from threedie.baselines.image_transformations import TARGETS, TRANSFORMATIONS, Transformation
from threedie.baselines.method import Batch
from threedie.baselines.resnet import build_backbone

COUNTS = {
    "image_rotation": 4, "half_shift": 4, "vertical_flip": 2, "horizontal_flip": 2, "jigsaw": 24, "blur": 4,
    "inversion": 2, "grayscale": 2,
}  # fmt: skip


def images(count: int = 6, side: int = 8) -> torch.Tensor:
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(0))


def test_each_set_has_its_members_and_the_first_changes_nothing():
    assert {name: len(each.members) for name, each in TRANSFORMATIONS.items()} == COUNTS
    for each in TRANSFORMATIONS.values():
        assert torch.equal(each.members[0](images()), images())
        for number, member in enumerate(each.members):
            changed = member(images())
            assert changed.shape == images().shape
            assert number == 0 or not torch.allclose(changed, images())


def test_members_do_what_they_say():
    x = images(1)
    assert torch.equal(TRANSFORMATIONS["vertical_flip"].members[1](x)[..., 0, :], x[..., -1, :])
    assert torch.equal(TRANSFORMATIONS["horizontal_flip"].members[1](x)[..., 0], x[..., -1])
    assert torch.equal(TRANSFORMATIONS["inversion"].members[1](x), -x)
    assert torch.equal(TRANSFORMATIONS["image_rotation"].members[1](x), torch.rot90(x, 1, (2, 3)))
    gray = TRANSFORMATIONS["grayscale"].members[1](x)
    assert torch.allclose(gray[:, 0], 0.299 * x[:, 0] + 0.587 * x[:, 1] + 0.114 * x[:, 2])
    assert torch.equal(gray[:, 0], gray[:, 2])


def test_the_jigsaw_has_every_order_of_the_quarters_once():
    quarters = torch.tensor([[0.0, 1.0], [2.0, 3.0]]).repeat_interleave(2, 0).repeat_interleave(2, 1).expand(1, 3, 4, 4)
    orders = {
        tuple(member(quarters)[0, 0, ::2, ::2].flatten().tolist()) for member in TRANSFORMATIONS["jigsaw"].members
    }
    assert len(orders) == 24
    assert all(sorted(order) == [0, 1, 2, 3] for order in orders)
    odd = TRANSFORMATIONS["jigsaw"].members[-1](images(1, 5))
    assert torch.equal(odd[..., 4, :], images(1, 5)[..., 4, :])


def test_blur_keeps_the_mean_and_takes_away_detail():
    constant = torch.full((1, 3, 16, 16), 0.7)
    noise = images(4, 32)
    deviations = [member(noise).std().item() for member in TRANSFORMATIONS["blur"].members]
    assert deviations == sorted(deviations, reverse=True)
    assert deviations[1] > 2 * deviations[3]
    for member in TRANSFORMATIONS["blur"].members:
        assert torch.allclose(member(constant), constant, atol=1e-6)
    # A point becomes a Gaussian of the standard deviation that is named.
    point = torch.zeros(1, 3, 33, 33)
    point[..., 16, 16] = 1
    spread = TRANSFORMATIONS["blur"].members[3](point)[0, 0].sum(0)
    offsets = torch.arange(33) - 16
    assert (spread * offsets**2).sum().sqrt().item() == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("name", COUNTS)
def test_numbers_name_the_member(name: str):
    each, x = TRANSFORMATIONS[name], images()
    changed, numbers = each.all_members(x)
    assert len(changed) == len(numbers) == min(4, COUNTS[name]) * 6
    for row, (image, number) in enumerate(zip(changed, numbers.tolist(), strict=True)):
        assert torch.equal(image, each.members[number](x[row % 6][None])[0])
    for image in range(6):
        assert len(set(numbers[image::6].tolist())) == min(4, COUNTS[name])


def test_random_members_come_from_the_global_generator_and_are_all_drawn():
    each, x = TRANSFORMATIONS["image_rotation"], images(1).expand(400, 3, 8, 8)
    results = []
    for _ in range(2):
        torch.manual_seed(3)
        results.append(each.at_random(x))
    assert torch.equal(*results)
    shares = [(results[0] == member(x[:1])).all((1, 2, 3)).float().mean().item() for member in each.members]
    assert shares == pytest.approx([0.25] * 4, abs=0.08)


def test_images_that_aren_t_square_are_refused():
    for each in TRANSFORMATIONS.values():
        with pytest.raises(ValueError, match="images must be"):
            each.all_members(torch.zeros(1, 3, 2, 4))
        with pytest.raises(ValueError, match="images must be"):
            each.at_random(torch.zeros(1, 3, 2, 4))


def build(**options) -> ESSL:
    torch.manual_seed(0)
    return ESSL(build_backbone("resnet18", "cifar", 2), "8-8", hidden="8", **options)


def batch(crop: bool = True) -> Batch:
    return Batch(
        images(4, 16), images(4, 16).flip(0), torch.zeros(4, 0), torch.arange(4), images(4, 8) if crop else None
    )


@pytest.mark.parametrize("name", COUNTS)
def test_each_can_be_predicted(name: str):
    method = build(target=name)
    assert method.action is None
    assert method.crop_side(32) == 16
    output = method(batch())
    output.loss.backward()
    assert output.terms["equivariance"].item() == pytest.approx(torch.tensor(float(COUNTS[name])).log().item(), rel=0.5)
    assert all(parameter.grad is not None for parameter in method.prediction_head.parameters())
    with pytest.raises(ValueError, match="the batch has none"):
        method(batch(crop=False))


@pytest.mark.parametrize("name", COUNTS)
def test_each_can_be_an_invariance_instead(name: str, monkeypatch: pytest.MonkeyPatch):
    method = build(target="none", invariance=name)
    assert method.crop_side(32) is None
    assert "predictor.0.weight" not in method.state_dict()
    seen = []
    plain = Transformation.at_random
    monkeypatch.setattr(Transformation, "at_random", lambda self, view: seen.append(self) or plain(self, view))
    output = method(batch(crop=False))
    assert seen == [TRANSFORMATIONS[name]] * 2
    assert output.terms.keys() == {"invariance"}
    both = build(target="image_rotation", invariance="jigsaw")
    assert both(batch()).terms.keys() == {"invariance", "equivariance"}


def test_small_crops_are_spared_what_is_predicted():
    spared = {name: build(target=name).crop_keeps for name in COUNTS}
    assert {name: keeps for name, keeps in spared.items() if keeps} == {
        "horizontal_flip": "flip", "blur": "blur", "grayscale": "gray"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "flip"}, "target 'flip': not known; choose one of image_rotation, .*none"),
        ({"invariance": "action"}, "invariance 'action': not known"),
        ({"invariance": "image_rotation"}, "is the target too"),
        ({"target": "blur", "action": "rotation_color"}, "nothing is regressed with target 'blur'"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    assert {"action", "none"} < set(TARGETS)
    with pytest.raises(ValueError, match=message):
        build(**options)
