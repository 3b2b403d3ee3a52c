import pytest
import torch

from threedie.benchmark.data.augmentation import Augmentation
from threedie.manifests.actions import ACTIONS, Action

PICTURES = torch.rand(64, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def test_views_are_drawn_from_the_global_generator_alone():
    augmentation = Augmentation("essl", crop_side=16)
    results = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        results.append((augmentation.view(PICTURES), augmentation.crop(PICTURES)))
    for first, second, other in zip(*results, strict=True):
        assert torch.equal(first, second)
        assert not torch.equal(first, other)
        assert first.min() >= 0
        assert first.max() <= 1
    assert results[0][0].shape == PICTURES.shape
    assert results[0][1].shape == (64, 3, 16, 16)
    state = torch.get_rng_state()
    fresh = Augmentation("essl", crop_side=16)
    one = fresh.view(PICTURES)
    torch.set_rng_state(state)
    assert torch.equal(one, augmentation.view(PICTURES))


def test_none_changes_no_view_but_still_cuts_the_crop():
    augmentation = Augmentation("none", crop_side=16)
    before = torch.get_rng_state()
    assert augmentation.view(PICTURES) is PICTURES
    assert torch.equal(before, torch.get_rng_state())
    assert augmentation.crop(PICTURES).shape == (64, 3, 16, 16)
    assert Augmentation("none").crop(PICTURES) is None


def gray(pictures: torch.Tensor) -> torch.Tensor:
    return (pictures - pictures.mean(1, keepdim=True)).abs().amax((1, 2, 3)) < 1e-5


def test_a_fifth_becomes_gray_and_half_is_flipped():
    torch.manual_seed(0)
    many = PICTURES.repeat(16, 1, 1, 1)
    assert gray(Augmentation("essl").view(many)).float().mean() == pytest.approx(0.2, abs=0.04)
    # A picture that is dark on the left stays so unless it is flipped, however it is cropped.
    ramp = torch.linspace(0, 1, 32).expand(1024, 3, 32, 32).contiguous()
    viewed = Augmentation("essl").view(ramp)
    flipped = viewed[..., 0].mean((1, 2)) > viewed[..., -1].mean((1, 2))
    assert flipped.float().mean() == pytest.approx(0.5, abs=0.05)


def test_what_the_action_tells_is_not_augmented_away():
    torch.manual_seed(0)
    ramp = torch.linspace(0, 1, 32).expand(256, 3, 32, 32).contiguous()
    views = Augmentation("essl", "rotation").view(ramp)
    assert not (views[..., 0].mean((1, 2)) > views[..., -1].mean((1, 2))).any()
    colored = torch.stack([torch.full((256, 32, 32), value) for value in (0.2, 0.5, 0.8)], 1)
    assert torch.allclose(Augmentation("essl", "rotation_color").view(colored), colored, atol=1e-5)
    assert not torch.allclose(Augmentation("essl", "rotation").view(colored), colored, atol=1e-2)
    everything = Augmentation("essl", "latents_translation").view(PICTURES)
    assert torch.equal(everything, PICTURES)


def test_fields_of_an_action_count_and_not_its_name(monkeypatch: pytest.MonkeyPatch):
    # As an action is added by an entry: docs/extending.md.
    monkeypatch.setitem(ACTIONS, "floor", Action("floor hue", ("floor_hue",), rotates=False))
    monkeypatch.setitem(ACTIONS, "shift", Action("shift", ("translation_x",), rotates=False))
    torch.manual_seed(0)
    colored = torch.stack([torch.full((256, 32, 32), value) for value in (0.2, 0.5, 0.8)], 1)
    assert torch.allclose(Augmentation("essl", "floor").view(colored), colored, atol=1e-5)
    ramp = torch.linspace(0.2, 0.8, 32).expand(256, 3, 32, 32).contiguous()
    edges = Augmentation("essl", "shift").view(ramp).mean((1, 2))
    assert (edges.argmin(1) == 0).all()
    assert not (Augmentation("essl", "floor").view(ramp)[..., 0] < 0.21).all()


def test_an_unknown_kind_is_named():
    with pytest.raises(ValueError, match="augmentation 'flip'"):
        Augmentation("flip")


def test_imagenet_blurs_and_solarizes_as_often_as_the_authors_code():
    torch.manual_seed(0)
    augmentation = Augmentation("imagenet", crop_side=16, is_cut=True)
    # Every pixel apart from its neighbors: whatever blurs takes contrast away.
    checks = (torch.arange(32)[:, None] + torch.arange(32)).remainder(2).float()
    pictures = (0.4 + 0.05 * checks).expand(512, 3, 32, 32).contiguous()
    contrast = [
        each[..., 8:-8, 8:-8].amax((1, 2, 3)) - each[..., 8:-8, 8:-8].amin((1, 2, 3))
        for each in (augmentation.view(pictures), augmentation.view(pictures, second=True))
    ]
    weak = [(each < 0.02).float().mean().item() for each in contrast]
    assert weak[0] > 0.6
    assert weak[1] < 0.2
    bright = torch.full((512, 3, 32, 32), 0.95)
    dark = [(view.mean((1, 2, 3)) < 0.3).float().mean().item() for view in (
        augmentation.view(bright), augmentation.view(bright, second=True), augmentation.crop(bright[..., :16, :16])
    )]  # fmt: skip
    assert dark[0] == 0
    assert dark[1] == pytest.approx(0.2, abs=0.07)
    assert dark[2] == 0


def test_pictures_that_are_cut_already_are_not_cropped_again():
    torch.manual_seed(0)
    ramp = torch.linspace(0, 1, 32).expand(64, 3, 32, 32).contiguous()
    for view in (
        Augmentation("essl", is_cut=True).view(ramp),
        Augmentation("essl", crop_side=32, is_cut=True).crop(ramp),
    ):
        steps = view.mean((1, 2)).diff(dim=1)
        assert ((steps >= -1e-4).all(1) | (steps <= 1e-4).all(1)).all()
    kinds = Augmentation("imagenet", crop_side=16, crop_area=(0.05, 0.14)).cuts(32)
    assert [(kind.side, kind.area) for kind in kinds] == [(32, (0.08, 1.0)), (32, (0.08, 1.0)), (16, (0.05, 0.14))]
    assert len(Augmentation("essl").cuts(32)) == 2


def test_small_crops_are_spared_a_change_that_is_predicted():
    torch.manual_seed(0)
    ramp = torch.linspace(0, 1, 32).expand(256, 3, 32, 32).contiguous()
    spared = Augmentation("essl", crop_side=16, crop_keeps="flip").crop(ramp)
    assert not (spared[..., 0].mean((1, 2)) > spared[..., -1].mean((1, 2))).any()
    many = PICTURES.repeat(4, 1, 1, 1)
    assert not gray(Augmentation("essl", crop_side=16, crop_keeps="gray").crop(many)).any()
    assert gray(Augmentation("essl", crop_side=16, crop_keeps="gray").view(many)).any()
