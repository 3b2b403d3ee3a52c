"""EquiCaps from the command line: trained with translations, resumed, measured on all tasks, retrieval included."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_training import TINY, same, settings_for, train_in_two_goes

from threedie.benchmark.commands.bench import bench
from threedie.benchmark.data.images import Images
from threedie.benchmark.leaderboard.ranges import impossible_values
from threedie.benchmark.records.record import read_record
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.benchmark.training.loop import train
from threedie.manifests.dataset import Dataset

SMALL = ["method.action=motion_base", "method.capsules=4"]


@pytest.fixture(scope="module")
def translated(make_dataset: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As of the preset 3diebench-t: with translations."""
    path = tmp_path_factory.mktemp("moved") / "d.h5"
    return make_dataset(path, objects=20, views=4, size=32, translated=True)


def test_a_stopped_run_goes_on_to_the_same_weights(translated: Path, tmp_path: Path):
    images = Images(Dataset(translated), 32)
    settings = settings_for(images.dataset, "equicaps", [*TINY, "epochs=2", "passes=2", *SMALL])
    whole = train(settings, images, tmp_path / "whole", "cpu")
    resumed, _ = train_in_two_goes(settings, images, tmp_path / "cut", 3)
    assert same(resumed, whole)
    assert {"invariance", "equivariance", "mean_entropy"} <= set(whole["progress"]["curves"])


def test_a_run_is_measured_on_representation_activations_and_poses(
    translated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(PROTOCOLS, "quick", replace(PROTOCOLS["quick"], hidden=32, steps=20))
    words = ["run", "equicaps", "--data", str(translated), "--recipe", "smoke", "--out", str(tmp_path)]
    changes = [
        word for setting in [*TINY, "epochs=1", "passes=1", "warmup_epochs=0", *SMALL] for word in ("--set", setting)
    ]
    result = CliRunner().invoke(bench, [*words, *changes, "--on-embedding"])
    assert result.exception is None, result.exception
    record = read_record(tmp_path / "equicaps-smoke-s0" / "record.json")
    assert list(impossible_values(record)) == []
    measured = {(row["task"], row["input"], row["part"]) for row in record["results"]}
    assert ("retrieval", "embedding", "equivariant") in measured
    assert ("pose_retrieval", "embedding", "equivariant") in measured
    for task in ("classification", "rotation", "translation_object", "translation_base"):
        assert (task, "representation", "all") in measured
        assert {(task, "embedding", part) for part in ("all", "invariant", "equivariant")} <= measured
