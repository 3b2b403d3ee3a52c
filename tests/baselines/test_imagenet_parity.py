"""Heads, losses, LARS and learning rates of E-SSL's ImageNet code, replayed."""

import json
from pathlib import Path

import pytest
import replay_imagenet as replay
import torch

from threedie.baselines.essl import ESSL
from threedie.baselines.projector import build_perceptron
from threedie.baselines.resnet import build_backbone
from threedie.benchmark.training.lars import LARS

FILE = Path(__file__).parents[1] / "data" / "parity_imagenet.json"
CONTENT = json.loads(FILE.read_text(encoding="utf-8"))
# Projectors of 8192 x 8192 in float64 take seconds; of the others one seed is quick.
CASES = [
    pytest.param(
        record,
        id=f"{record['base']}-{record['seed']}",
        marks=pytest.mark.slow if record["base"] == "barlowtwins" or record["seed"] else (),
    )
    for record in CONTENT["records"]
]


@pytest.mark.parametrize("record", CASES)
def test_heads_and_losses_equal_the_authors_code(record):
    errors = replay.compare_heads(record)
    assert {"loss", "base_loss", "rotation_cross_entropy"} | set(record["grad_norm"]) <= set(errors)
    assert max(errors.values()) < replay.TOLERANCE


def test_lars_and_learning_rates_equal_the_authors_code():
    assert max(replay.compare_lars(CONTENT["lars"]).values()) < replay.TOLERANCE
    errors = replay.compare_schedules(CONTENT["schedule"])
    assert len(errors) == 32
    assert max(errors.values()) < replay.TOLERANCE


def test_a_difference_fails(tmp_path, capsys):
    changed = {"records": [], "lars": CONTENT["lars"] | {"eta": 0.002}, "schedule": CONTENT["schedule"]}
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(changed))
    assert replay.main(str(path)) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("FAIL lars")
    assert printed[1].startswith("ok   schedule")


def test_lars_leaves_zero_gradients_and_zero_weights_finite():
    for weight, gradient in ((torch.zeros(2, 2), torch.ones(2, 2)), (torch.ones(2, 2), torch.zeros(2, 2))):
        parameter = torch.nn.Parameter(weight.clone())
        parameter.grad = gradient
        LARS([parameter], 0.5, weight_decay=0.0).step()
        assert torch.equal(parameter.data, weight - 0.5 * gradient)
    untouched = torch.nn.Parameter(torch.ones(2, 2))
    LARS([untouched], 0.5).step()
    assert torch.equal(untouched.data, torch.ones(2, 2))


def test_the_last_hidden_layer_may_have_no_relu():
    usual, without = (build_perceptron(4, "3-2", 5, layer_norm=True, last_relu=last) for last in (True, False))
    names = [[type(layer).__name__ for layer in each] for each in (usual, without)]
    assert names[0] == ["Linear", "LayerNorm", "ReLU", "Linear", "LayerNorm", "ReLU", "Linear"]
    assert names[1] == ["Linear", "LayerNorm", "ReLU", "Linear", "LayerNorm", "Linear"]
    assert len(build_perceptron(4, "", 5, last_relu=False)) == 1


@pytest.mark.parametrize(
    ("base", "options", "message"),
    [
        ("simsiam", {"final_affine": True}, "final_affine: only with base simclr"),
        ("simclr", {"predictor_bias": True}, "only with base simsiam"),
        ("barlow_twins", {"constant_predictor_rate": True}, "only with base simsiam"),
    ],
)
def test_options_of_another_base_are_refused(base, options, message):
    with pytest.raises(ValueError, match=message):
        ESSL(build_backbone("resnet18", "torchvision", 1), "8", base=base, **options)
