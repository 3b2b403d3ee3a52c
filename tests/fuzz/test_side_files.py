"""What lies beside a dataset and a run: settings, splits, lists of objects given up, locks."""

import json
import os
from pathlib import Path

import pytest
from mutations import fuzz

from threedie.benchmark.runs.cifar10_result import read_result, result_text
from threedie.manifests import locks
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import machine
from threedie.manifests.locks import holder, lock
from threedie.render.models.embedded_source import EmbeddedSource
from threedie.render.plan import Plan, make_plan
from threedie.render.preset import load_preset
from threedie.render.quality import choose_quality
from threedie.render.run_folder import RunFolder
from threedie.render.shard import Shard

pytestmark = pytest.mark.fuzz


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return make_plan(
        EmbeddedSource(tmp_path_factory.mktemp("models")), load_preset("3diebench"), choose_quality("fast", None, None),
        synsets=["03001627"], views=1, per_class=2, size=16, seed=0, sampler="counter", manifest=None,
    )  # fmt: skip


def test_settings_of_a_run(plan: Plan, tmp_path: Path) -> None:
    def read(path: Path) -> None:
        try:
            RunFolder(path.parent)._check_settings(plan.info)
        except ThreeDieError as error:
            if "holds a run with other settings" not in str(error):
                raise

    whole = [json.dumps(plan.info.to_json(), indent=indent).encode() for indent in (None, 2)]
    fuzz(whole, read, tmp_path, "run.json")


def test_lists_of_objects_given_up(plan: Plan, tmp_path: Path) -> None:
    name = "quarantine-shard-1-of-2.csv"
    folder = RunFolder(tmp_path / "whole")
    folder.path.mkdir()
    folder.write_quarantine(dict.fromkeys(plan.objects, 'no "faces",\nand more: ü'), Shard(1, 2))
    whole = folder.quarantine_of(Shard(1, 2)).read_bytes()

    def read(path: Path) -> None:
        said: list[str] = []
        found = RunFolder(path.parent).quarantined_by_shards(2, said.append)
        assert all(isinstance(reason, str) for reason in found.values())
        assert all(line.startswith(str(path)) and "\n" not in line and len(line) < 2000 for line in said)

    fuzz([whole], read, tmp_path, name)


@pytest.mark.parametrize("take", [False, True], ids=["ask", "take"])
def test_locks(take: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STALE_S", "DAMAGED_S", "BEAT_S"):
        monkeypatch.setattr(locks, name, 0.0)
    about = {"machine": machine(), "host": "h", "process": os.getpid(), "started": 1, "since": "s", "note": "n"}
    whole = [json.dumps({**about, **other, "beat": 3}).encode() for other in ({}, {"machine": "other"})]

    def read(path: Path) -> None:
        if not take:
            assert holder(path) is None
            assert not path.exists()
            return
        with lock(path, "mine", f"{path}: {{holder}}"):
            assert json.loads(path.read_text())["note"] == "mine"

    fuzz(whole, read, tmp_path, "run", 100)


def test_results_on_cifar10(tmp_path: Path) -> None:
    rows = [{"metric": metric, "value": 0.5, "floor": 0.1} for metric in ("knn_top1", "linear_top1")]
    result = {"rules": {"name": "linear", "version": 1}, "results": rows, "curves": {"epoch": [1]}}

    def read(path: Path) -> None:
        result_text(read_result(path), path.parent)

    fuzz([json.dumps(result, indent=1).encode()], read, tmp_path, "cifar10.json")
