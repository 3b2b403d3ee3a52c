"""E-SSL on photonic crystals: numbers that the authors' code gives, and that differences are noticed."""

import copy
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from replay_photonics import Report, fine_tuning, main, pretraining, replay_networks  # noqa: E402

FILE = ROOT / "data" / "photonics" / "networks_seed0.json"
CONTENT = json.loads(FILE.read_text())
RECORDS = {
    f"{record.get('dataset', '')} {record.get('mode', 'fine-tuning')}".strip(): record for record in CONTENT["records"]
}
QUICK = {"blob simclr_ee", "gpm simclr_trans", "fine-tuning"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in RECORDS]
)
def test_losses_gradients_and_buffers_are_the_authors(name: str):
    record = RECORDS[name]
    report = fine_tuning(record) if record["kind"] == "finetune" else pretraining(record)
    assert report.passed, report
    names = [each for each, _, _ in report.differences]
    assert {"loss", "parameters"} <= set(names)
    assert sum(each.startswith("gradient") for each in names) == len(record["grad_norm"]) + len(
        record["grad_norm_by_module"]
    )


def test_rates_are_the_authors():
    reports = list(replay_networks({"records": [], "schedule": CONTENT["schedule"]}))
    assert len(reports) == 2
    assert all(report.passed for report in reports), reports


def test_a_difference_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    changed = copy.deepcopy(RECORDS["fine-tuning"])
    changed["loss"] *= 1 + 1e-4
    (tmp_path / "changed.json").write_text(json.dumps({"records": [changed]}))
    assert main([str(tmp_path / "changed.json")]) == 1
    assert "FAIL fine-tuning" in capsys.readouterr().out
    assert not Report("nothing compared").passed
