"""Losses, terms, gradients and parameter counts of methods published after SIE, against their authors' code."""

import json
from pathlib import Path

import parity_successors
import pytest
import replay_parity
import torch

TESTS = Path(__file__).parents[1]
RECORDS = {
    seed: json.loads((TESTS / f"data/parity_successors_seed{seed}.json").read_text(encoding="utf-8")) for seed in (0, 1)
}
CASES = [pytest.param(record, marks=pytest.mark.slow if seed else ()) for seed in RECORDS for record in RECORDS[seed]]


def record_of(name: str) -> dict:
    return next(dict(record) for record in RECORDS[0] if record["name"] == name)


@pytest.mark.parametrize("record", CASES, ids=parity_successors.title_of)
def test_equals_the_authors_code(record):
    comparison = parity_successors.compare(record)
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


@pytest.mark.parametrize("seed", RECORDS)
def test_every_form_is_replayed(seed):
    assert {record["name"] for record in RECORDS[seed]} == set(parity_successors.FORMS)


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
