"""`3die bench score --record`: features of another program in a row of the tables."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from threedie.benchmark.commands.bench import bench
from threedie.benchmark.commands.leaderboard import leaderboard
from threedie.benchmark.evaluation.features import FEATURES_FOLDER, load_features
from threedie.benchmark.leaderboard.check import usable_records
from threedie.benchmark.leaderboard.groups import measured
from threedie.benchmark.leaderboard.page import render_page
from threedie.benchmark.records.draws import DRAWS_FILE, read_draws
from threedie.benchmark.records.record import Record, read_record
from threedie.benchmark.runs.run import Run
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.benchmark.training.restore import restore
from threedie.manifests.dataset import Dataset

TINY = ["width=2", "projector=8-8", "image_size=32", "epochs=1", "passes=1", "warmup_epochs=0", "batch_size=8"]


@pytest.fixture(scope="module", autouse=True)
def small_heads() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROTOCOLS, "quick", replace(PROTOCOLS["quick"], hidden=16, steps=20))
        yield


@pytest.fixture(scope="module")
def run(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of a network without a projector: its representation is its embedding."""
    run = Run.create(
        "random", dataset, recipe="smoke", overrides=TINY, out=tmp_path_factory.mktemp("runs"), device="cpu"
    )
    run.complete()
    return run


@pytest.fixture(scope="module")
def features(run: Run, dataset: Dataset) -> dict[str, np.ndarray]:
    """What another program would save: latents in single precision, names of classes of its own."""
    assert run.checkpoint is not None
    images = run._load_images()
    computed = load_features(restore(run.checkpoint), images, run.folder / FEATURES_FOLDER, "cpu")
    rows = np.asarray(computed.representation)
    return {"latents": dataset.latents.astype(np.float32), "embeddings": rows.reshape(-1, rows.shape[-1])}


@pytest.fixture
def score(features: dict[str, np.ndarray], dataset: Dataset, tmp_path: Path) -> Callable[..., tuple[Result, Path]]:
    """Score the features, with some arrays changed, as a record of a name."""

    def invoke(name: str, *words: object, **changes: Any) -> tuple[Result, Path]:
        file = tmp_path / "features.npz"
        np.savez(file, **{**features, **changes})
        arguments = ["score", file, "--record", name, "--data", dataset.path, "--out", tmp_path / "runs", *words]
        return CliRunner().invoke(bench, [*map(str, arguments), "--device", "cpu"]), tmp_path / "runs"

    return invoke


def error_of(result: Result) -> str:
    assert type(result.exception).__name__ == "ThreeDieError", result.exception
    return str(result.exception)


def values_of(record: Record) -> dict[tuple[str, ...], float]:
    return {(row["task"], row["metric"], row["part"], row["input"]): row["value"] for row in record["results"]}


def test_features_score_what_the_run_that_made_them_scored(run: Run, score) -> None:
    result, runs = score("DINO v2 (ViT-S)")
    assert result.exception is None, result.exception
    record = read_record(runs / "DINO-v2-ViT-S-features" / "record.json")
    assert run.record is not None
    expected = values_of(run.record)
    of_representation = {key: value for key, value in expected.items() if key[3] == "representation"}
    measured_values = values_of(record)
    assert of_representation
    for key, value in of_representation.items():
        assert measured_values[key] == pytest.approx(value, abs=1e-6), key
    assert measured_values.keys() == expected.keys()


def test_a_record_of_features_says_what_it_is_and_shares_the_table(run: Run, score, tmp_path: Path) -> None:
    assert run.record is not None
    result, runs = score("Mine")
    assert result.exception is None, result.exception
    file = runs / "Mine-features" / "record.json"
    record = read_record(file)
    assert (record["schema"], record["origin"]["weights"]) == (3, "features")
    assert (record["method"]["name"], record["method"]["parameters"], record["seed"]) == ("Mine", None, None)
    assert "isn't known" in (record["warnings"] or [])[0]["text"]
    assert read_draws(file.with_name(DRAWS_FILE), record)
    records, refused = usable_records([runs, run.folder])
    assert not refused
    (group,) = measured(records)
    assert {entry.name for entry in group.entries} >= {"Mine (features)"}
    assert len(group.entries) == 2
    assert "unknown" in render_page(records, [], None)
    tables = CliRunner().invoke(leaderboard, [str(runs), str(run.folder), "-o", str(tmp_path / "tables")])
    assert tables.exit_code == 0, tables.exception
    assert "Mine" in (tmp_path / "tables" / "index.html").read_text()
    assert str(file) in result.stdout


def test_several_seeds_are_one_row(score, features) -> None:
    for seed in (0, 1):
        noise = np.random.default_rng(seed).normal(size=features["embeddings"].shape)
        result, runs = score("Mine", "--seed", seed, embeddings=features["embeddings"] + noise)
        assert result.exception is None, result.exception
    (group,) = measured(usable_records([runs])[0])
    (entry,) = group.entries
    assert [record["seed"] for record in entry.records] == [0, 1]


def test_other_features_never_replace_a_record(score, features) -> None:
    result, runs = score("Mine")
    before = (runs / "Mine-features" / "record.json").read_bytes()
    assert "the record of other features" in error_of(score("Mine", embeddings=features["embeddings"] + 1)[0])
    assert (runs / "Mine-features" / "record.json").read_bytes() == before
    assert score("Mine")[0].exception is None, result.exception


def test_a_predictor_gives_retrieval(score, features) -> None:
    dims = features["embeddings"].shape[1]
    matrices = np.zeros((4, dims, dims))
    matrices[3] = np.eye(dims)
    result, runs = score("Mine", predictor=matrices)
    assert result.exception is None, result.exception
    record = read_record(runs / "Mine-features" / "record.json")
    assert {"retrieval", "pose_retrieval"} <= {row["task"] for row in record["results"]}


def test_features_of_other_data_are_refused(score, features, dataset: Dataset) -> None:
    latents = features["latents"].copy()
    latents[3, 1, 0] += 0.01
    assert "latents: differ from object 3" in error_of(score("Mine", latents=latents)[0])
    fewer = {"latents": features["latents"][:-1], "embeddings": features["embeddings"][: -latents.shape[1]]}
    assert "latents: of 19 objects x 6 views, and 20 x 6 are in" in error_of(score("Mine", **fewer)[0])
    labels = np.array([f"class {label}" for label in dataset.labels])
    assert score("Named", labels=labels)[0].exception is None
    labels[5] = "another"
    assert "labels: differ from object 5" in error_of(score("Mine", labels=labels)[0])
    split = np.full(len(dataset), "train")
    split[dataset.indices("val")[1:]] = "val"
    first = dataset.indices("val")[0]
    assert f"split: differ from object {first} " in error_of(score("Mine", split=split)[0])


def test_wrong_options_are_refused_before_anything_is_read(score, tmp_path: Path) -> None:
    assert "--no-heads: a record needs" in error_of(score("Mine", "--no-heads")[0])
    assert "--record" in error_of(score("", "--seeds", 1)[0])
    assert "--record" in error_of(score("a\u202eb")[0])
    for words in (["--seed", "1"], ["--data", "data.h5"]):
        result = CliRunner().invoke(bench, ["score", str(tmp_path / "x.npz"), *words])
        assert f"{words[0]}: only with --record" in error_of(result)


def test_a_name_of_no_letters_still_has_a_folder(score) -> None:
    result, runs = score("../§§")
    assert result.exception is None, result.exception
    record = read_record(runs / "unnamed-features" / "record.json")
    assert record["method"]["name"] == "../§§"
    assert [path.name for path in runs.iterdir()] == ["unnamed-features"]
    assert json.loads((runs / "unnamed-features" / "record.json").read_text())["id"].startswith("unnamed-features-")
