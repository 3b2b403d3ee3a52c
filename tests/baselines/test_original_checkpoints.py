"""Checkpoints of the original and of torchvision find their way into our methods, or are refused with reasons."""

import pytest
import torch

from threedie.baselines.original_checkpoints import (
    architecture,
    backbone_form,
    backbone_state,
    load_original,
    original_state,
)
from threedie.baselines.original_experiences import EXPERIENCES, original_settings
from threedie.baselines.registry import METHODS, build_method
from threedie.baselines.resnet import build_backbone


def small(seed: int, **arguments):
    torch.manual_seed(seed)
    return build_method("sie", width=4, projector="16-16", **arguments)


def same(one, other) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


def test_training_checkpoint_of_the_original():
    source, target = small(0), small(1)
    probes = {"module.evaluator.classifier_repr.weight": torch.zeros(55, 32)}
    wrapped = {f"module.{name}": value for name, value in source.state_dict().items()} | probes
    load_original(target, {"epoch": 2000, "model": wrapped, "optimizer": {}})
    assert same(source.state_dict(), target.state_dict())


def test_names_of_the_predictor_are_the_originals():
    names = {name for name in small(0).state_dict() if name.startswith("predictor")}
    assert names == {"predictor.hypernet.net.0.weight"}


@pytest.mark.parametrize("prefix", ["", "backbone.", "module.backbone.", "_orig_mod.module.backbone."])
def test_bare_backbone(prefix):
    source, target = small(0), small(1)
    projector = {name: value.clone() for name, value in target.state_dict().items() if "projector" in name}
    load_original(target, {prefix + name: value for name, value in source.backbone.state_dict().items()})
    assert same(source.backbone.state_dict(), target.backbone.state_dict())
    assert same(projector, target.state_dict())


def test_torchvision_weights_load_without_their_classifier():
    source, target = (build_backbone("resnet18", "torchvision", width=4) for _ in range(2))
    weights = dict(source.state_dict()) | {"fc.weight": torch.zeros(1000, 32), "fc.bias": torch.zeros(1000)}
    target.load_state_dict(backbone_state(weights))
    assert same(source.state_dict(), target.state_dict())


@pytest.mark.parametrize(
    ("name", "form"), [("resnet18", "original"), ("resnet18", "torchvision"), ("resnet50", "torchvision")]
)
def test_form_follows_from_the_names(name, form):
    assert backbone_form(build_backbone(name, form, width=4).state_dict()) == form


def test_what_does_not_fit_is_listed():
    state = small(0).state_dict()
    state["predictor.hypernet.net.0.weight"] = torch.zeros(3, 4)
    del state["projector_inv.0.bias"]
    state["projector.0.bias"] = torch.zeros(4)
    with pytest.raises(ValueError, match="doesn't fit") as caught:
        load_original(small(1), state)
    for expected in ("projector_inv.0.bias is missing", "projector.0.bias isn't in", "shape (3, 4) instead of (64, 4)"):
        assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("keep", "message"),
    [
        ({"predictor.weight": torch.zeros(4, 4)}, "its predictor is of no kind known here"),
        ({"predictor.0.bias": torch.zeros(4)}, "its predictor is of no kind known here"),
        ({"predictor.gate.weight": torch.zeros(4, 4)}, "its predictor is of no kind known here"),
    ],
)
def test_predictors_of_other_kinds_are_refused(keep, message):
    state = {name: value for name, value in small(0).state_dict().items() if not name.startswith("predictor")}
    with pytest.raises(ValueError, match=message):
        architecture(state | keep)


def test_a_torchvision_backbone_is_refused_by_the_original_form():
    source = build_backbone("resnet18", "torchvision", width=4)
    with pytest.raises(ValueError, match=r"layer1\.0\.downsample\.0\.weight is missing"):
        load_original(small(0), source.state_dict())


def test_nothing_to_load_is_refused():
    with pytest.raises(ValueError, match="no weights"):
        original_state({"epoch": 3})
    with pytest.raises(ValueError, match="no backbone in it; its modules are projector"):
        backbone_state({"projector.0.weight": torch.zeros(2)})
    with pytest.raises(ValueError, match=r"both come to backbone\.conv1\.weight"):
        original_state({"conv1.weight": torch.zeros(1), "module.backbone.conv1.weight": torch.zeros(1)})


def test_settings_of_every_experience_build():
    for experience in EXPERIENCES:
        settings = original_settings(experience, {"mlp": "8-8", "equi": 4 if "VICReg" in experience else 256})
        assert settings["name"] in METHODS
        assert settings["form"] == "original"
    settings = original_settings("SIE", {"sim_coeff": 5.0, "arch": "resnet50", "resolution": 256})
    assert settings["options"]["similarity_weight"] == 5.0
    assert settings["form"] == "torchvision"
    with pytest.raises(ValueError, match="did you mean 'SIENoVar'"):
        original_settings("SIENovar")
