"""Losses, terms, gradients and parameter counts of methods published after SIE, against their authors' code."""

import json
from pathlib import Path

import parity_losses
import parity_successors
import pytest
import replay_parity
import torch
from parity_records import Comparison
from parity_successors import TOLERANCE

TESTS = Path(__file__).parents[1]
RECORDS = [
    record
    for file in sorted((TESTS / "data").glob("parity_successors_*.json"))
    for record in json.loads(file.read_text(encoding="utf-8"))
]
SEEDS = (0, 1)
CASES = [pytest.param(record, marks=pytest.mark.slow if record["seed"] else ()) for record in RECORDS]


def record_of(name: str) -> dict:
    return next(dict(record) for record in RECORDS if record["name"] == name)


@pytest.mark.parametrize("record", CASES, ids=parity_successors.title_of)
def test_equals_the_authors_code(record):
    (comparison,) = replay_parity.replay([record])
    assert isinstance(comparison, Comparison), f"{comparison}: not implemented"
    assert comparison.passed, str(comparison)


def test_inputs_of_a_relu_within_rounding_of_zero_may_have_either_sign():
    module = torch.nn.Sequential(torch.nn.ReLU())
    kinks = parity_successors.Kinks(module)
    gradients = []
    for flips in ((), (False, True), (True, False)):
        kinks.flips = flips
        x = torch.tensor([-1e-6, 0.5, 1e-6, -0.5, -1e-5], requires_grad=True)
        module(x).sum().backward()
        assert kinks.count == 2
        gradients.append(x.grad.tolist())
    assert gradients == [[0, 1, 1, 0, 0], [0, 1, 0, 0, 0], [1, 1, 1, 0, 0]]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_form_and_loss_is_replayed(seed):
    names = {record["name"] for record in RECORDS if record["seed"] == seed}
    assert names == parity_successors.FORMS.keys() | parity_losses.LOSSES.keys()


def test_a_difference_fails(tmp_path, capsys):
    record = record_of("byol_cond_rot")
    record["terms"] = {"cosine0": record["terms"]["cosine0"] + 1e-5}
    path = tmp_path / "records.json"
    path.write_text(json.dumps([record]))
    assert replay_parity.main(str(path)) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("FAIL byol_cond_rot seed 0")
    assert "(cosine0)" in printed


def test_configurations_without_a_method_are_listed_and_no_error(tmp_path, capsys):
    path = tmp_path / "records.json"
    path.write_text(json.dumps([{"name": "unknown_rot"}, {"name": "unknown_loss_only"}]))
    assert replay_parity.main(str(path)) == 0
    assert capsys.readouterr().out == "not implemented: unknown_rot, unknown_loss_only\n"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda shapes: shapes.pop("predictor.0.weight"), r"predictor\.network\.0\.weight"),
        (lambda shapes: shapes.update({"predictor.0.bias": [2048]}), r"predictor\.network\.0\.bias"),
    ],
)
def test_entries_that_one_side_lacks_are_named(change, named):
    record = record_of("sen_rot")
    shapes = dict(record["state_shapes"])
    change(shapes)
    with pytest.raises(ValueError, match=rf"^sen_rot: {named}: only one side has these"):
        parity_successors.compare(record | {"state_shapes": shapes})


def test_a_difference_in_one_number_of_equicaps_fails():
    record = record_of("equicaps_3x3")
    record["terms"] = record["terms"] | {"memax": record["terms"]["memax"] + 2e-6}
    record["outputs"] = record["outputs"] | {"pose": record["outputs"]["pose"] + 1e-3}
    record["grad_norm"] = record["grad_norm"] | {"projector": record["grad_norm"]["projector"] + 1e-3}
    (comparison,) = replay_parity.replay([record])
    wrong = {
        name for errors in (comparison.losses, comparison.gradients) for name in errors if errors[name] > TOLERANCE
    }
    assert wrong == {"memax", "pose", "projector"}
    assert not comparison.passed


@pytest.mark.parametrize(("entry", "name", "shift"), [("terms", "memax", 1e-4), ("grad_norm", "pose2", 1e-5)])
def test_a_difference_in_one_number_of_a_loss_alone_fails(entry, name, shift):
    record = record_of("equicaps_loss_only_4x4")
    record[entry] = record[entry] | {name: record[entry][name] + shift}
    (comparison,) = replay_parity.replay([record])
    assert not comparison.passed
    assert f"({name})" in str(comparison)


def test_numbers_of_the_first_sample_are_compared_one_by_one():
    outputs = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert parity_successors.output_error(outputs, [1.0, 2.0]) == 0
    assert parity_successors.output_error(outputs, [2.0, 1.0]) == pytest.approx(1)
    assert parity_successors.output_error(outputs, outputs.norm().item()) == 0
