"""Losses, terms, signs of collapse, gradients and parameter counts of the original's models, replayed."""

import json
from pathlib import Path

import pytest
import replay_parity as replay

from threedie.baselines.original_experiences import EXPERIENCES

TESTS = Path(__file__).parents[1]
RECORDS = [
    record for seed in (0, 1) for record in json.loads((TESTS / f"data/parity_train_seed{seed}.json").read_text())
]


@pytest.mark.parametrize("record", RECORDS, ids=replay.title_of)
def test_equals_the_original(record):
    comparison = replay.compare(record)
    assert comparison.passed, str(comparison)


def test_every_experience_is_replayed():
    assert {record["experience"] for record in RECORDS} == set(EXPERIENCES)


def test_a_difference_fails(tmp_path, capsys):
    record = dict(next(each for each in RECORDS if each["experience"] == "SimCLR"))
    record["loss"] *= 1.001
    path = tmp_path / "records.json"
    path.write_text(json.dumps([record, {"experience": "Other"}]))
    assert replay.main(str(path)) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("FAIL SimCLR")
    assert printed.endswith("not implemented: Other\n")
