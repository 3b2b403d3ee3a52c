"""ContextSSL from the command line: trained, resumed, measured without a context and behind one, drawn."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from test_training import TINY, same, settings_for, train_in_two_goes

from threedie.benchmark.commands.bench import bench
from threedie.benchmark.data.images import Images
from threedie.benchmark.data.inputs import TrainingViews
from threedie.benchmark.data.pairs import draw_context
from threedie.benchmark.evaluation.context import give_context
from threedie.benchmark.evaluation.features import load_features
from threedie.benchmark.figures.classes import reciprocal_ranks_of_views
from threedie.benchmark.figures.predictor import draw_predictor
from threedie.benchmark.figures.study import open_study
from threedie.benchmark.leaderboard.ranges import impossible_values
from threedie.benchmark.records.record import read_record, read_records
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.benchmark.training.loop import train
from threedie.benchmark.training.restore import restore, with_evaluation_options
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import quaternions

SMALL = ["method.length=8", "method.regressor=16"]


def command(*words: object) -> str:
    """What a command prints; it must succeed."""
    result = CliRunner().invoke(bench, [str(word) for word in words])
    assert result.exception is None, result.exception
    return result.output


@pytest.fixture(scope="module")
def run(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run, measured without a context, and behind one of four views in `context-4`."""
    root = tmp_path_factory.mktemp("runs")
    changes = [
        word for setting in [*TINY, "epochs=1", "passes=1", "warmup_epochs=0", *SMALL] for word in ("--set", setting)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROTOCOLS, "quick", replace(PROTOCOLS["quick"], hidden=8, steps=5))
        data = ["--data", dataset.path]
        command("run", "context_ssl", *data, "--recipe", "smoke", "--out", root, *changes, "--on-embedding")
        folder = root / "context_ssl-smoke-s0"
        again = ["eval", "--checkpoint", folder / "checkpoint.pt", *data, "--on-embedding", "--set"]
        command(*again, "method.context=4")
    return folder


def test_a_stopped_run_goes_on_to_the_same_weights(dataset: Dataset, tmp_path: Path):
    images = Images(dataset, 32)
    settings = settings_for(dataset, "context_ssl", [*TINY, "epochs=2", "passes=2", *SMALL])
    whole = train(settings, images, tmp_path / "whole", "cpu")
    resumed, _ = train_in_two_goes(settings, images, tmp_path / "cut", 3)
    assert same(resumed, whole)
    assert {"contrast", "rotation", "color"} <= set(whole["progress"]["curves"])
    assert whole["model"]["environments.progress"][1] == whole["progress"]["steps_done"]


def test_both_contexts_are_measured_on_embeddings_and_by_the_predictor(run: Path):
    plain, behind = read_record(run / "record.json"), read_record(run / "context-4" / "record.json")
    assert "context" not in plain["method"]["options"]
    assert behind["method"]["options"]["context"] == 4
    assert behind["id"] == f"{plain['id']}-context-4"
    assert plain["checkpoint"] == behind["checkpoint"]
    values = []
    for record in (plain, behind):
        assert list(impossible_values(record)) == []
        values.append({(row["task"], row["metric"], row["input"], row["part"]): row["value"]
                       for row in record["results"]})  # fmt: skip
        for task in ("classification", "rotation", "color"):
            assert {(task, where) for where in ("representation", "embedding")} <= {key[::2] for key in values[-1]}
        assert ("retrieval", "mrr", "embedding", "equivariant") in values[-1]
    assert values[0].keys() == values[1].keys()
    changed = {key[2] for key in values[0] if values[0][key] != values[1][key]}
    assert changed == {"embedding"}
    # They are two rows of one table.
    assert len(read_records(run)) == 2


def test_figures_show_the_context_of_the_record(run: Path, dataset: Dataset):
    for folder in (run, run / "context-4"):
        record = read_record(folder / "record.json")
        study = open_study(record, run, dataset, 1)
        mrr = next(row["value"] for row in record["results"] if row["metric"] == "mrr")
        assert reciprocal_ranks_of_views(study).mean() == pytest.approx(mrr, abs=1e-9)
        assert draw_predictor(study) is None
    with pytest.raises(ThreeDieError, match="its context is of objects of another dataset"):
        open_study(record | {"trained_on": record["dataset"]}, run, dataset, 1)


def test_the_context_is_fixed_pairs_of_training_objects(run: Path, dataset: Dataset):
    train_objects = dataset.indices("train")
    drawn = draw_context(train_objects, dataset.info.views, 2 * len(train_objects), 5)
    assert set(drawn.objects[: len(train_objects)]) == set(drawn.objects[len(train_objects) :]) == set(train_objects)
    assert (drawn.views[:, 0] != drawn.views[:, 1]).all()
    shorter = draw_context(train_objects, dataset.info.views, 3, 5)
    assert shorter.objects.tolist() == drawn.objects[:3].tolist()
    assert draw_context(train_objects, dataset.info.views, 3, 6).objects.tolist() != shorter.objects.tolist()

    content = torch.load(run / "checkpoint.pt", weights_only=True)  # noqa: TID251
    model = restore(with_evaluation_options(content, {"context": 6, "context_environment": "color"}, run))
    seen = []
    model.method.take_context = seen.append
    give_context(model, 5, Images(dataset, 32))
    (batch,) = seen
    latents = dataset.latents[shorter.objects[:, None], shorter.views]
    np.testing.assert_allclose(batch.action[:, 4:], (latents[:, 1] - latents[:, 0])[:, [3, 6]], atol=1e-6)
    assert batch.view2.shape == (3, 3, 32, 32)


def test_features_are_of_a_context(run: Path, dataset: Dataset, tmp_path: Path):
    content = torch.load(run / "checkpoint.pt", weights_only=True)  # noqa: TID251
    images, embeddings = Images(dataset, 32), {}
    for options in ({}, {"context": 4}, {"context": 6}, {"context": 4, "context_environment": "color"}):
        model = restore(with_evaluation_options(content, options, run))
        give_context(model, PROTOCOLS["quick"].seed, images)
        features = load_features(model, images, tmp_path)
        assert not features.cached
        embeddings[json.dumps(options)] = np.asarray(features.embedding)
        assert load_features(model, images, tmp_path).cached
    distinct = {each.tobytes() for each in embeddings.values()}
    assert len(distinct) == 4
    measured = np.load(next((run / "context-4" / "features").glob("embedding-*.npy")))
    np.testing.assert_allclose(embeddings[json.dumps({"context": 4})], measured, atol=1e-6)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("method.length=16", r"--set method\.length: the method context_ssl is trained, and only context, context_env"),
        ("method.contexts=4", r"--set method\.contexts: the method context_ssl is trained"),
        ("method.context=8", "context 8: must be even, from 0 to 6"),
        ("method.context=four", "option 'context' of context_ssl: wants int"),
        ("method.context_environment=both", "context_environment 'both': trained are rotation, color"),
        ("epochs=3", "write method.NAME=VALUE"),
    ],
)
def test_options_that_decide_weights_and_wrong_values_are_refused(run: Path, dataset: Dataset, setting, message):
    words = ["eval", "--checkpoint", str(run / "checkpoint.pt"), "--data", str(dataset.path), "--set", setting]
    error = CliRunner().invoke(bench, words).exception
    assert isinstance(error, ThreeDieError)
    with pytest.raises(ThreeDieError, match=message):
        raise error


def test_a_record_of_another_context_is_not_replaced(run: Path, dataset: Dataset):
    words = ["eval", "--checkpoint", str(run / "checkpoint.pt"), "--data", str(dataset.path), "--tasks", "knn"]
    for out, setting in ((run, "context=6"), (run / "context-4", "context=0"), (run / "context-4", "context=6")):
        error = CliRunner().invoke(bench, [*words, "--out", str(out), "--set", f"method.{setting}"]).exception
        assert isinstance(error, ThreeDieError)
        assert "was measured with other options; name another folder with --out" in str(error)


def test_options_that_are_as_trained_change_nothing(run: Path):
    content = torch.load(run / "checkpoint.pt", weights_only=True)  # noqa: TID251
    assert with_evaluation_options(content, {"context": 0}, run)["evaluated_with"] == {}
    changed = with_evaluation_options(content, {"context_environment": "color", "context": 2}, run)
    assert list(changed["evaluated_with"]) == ["context", "context_environment"]
    assert "context" not in content["settings"]["recipe"]["method_options"]


def test_absolute_latents_are_those_of_view_2(dataset: Dataset):
    drawn = draw_context(dataset.indices("train"), dataset.info.views, 3, 0)
    loaded = TrainingViews(Images(dataset, 32)).load(drawn, "rotation_color", absolute=True)
    latents = dataset.latents[drawn.objects, drawn.views[:, 1]]
    expected = np.concatenate([quaternions(latents[:, :3]), latents[:, [3, 6]]], axis=1)
    np.testing.assert_allclose(loaded.arrays["absolute"], expected, atol=1e-6)
