"""Methods on sequences of views: trained, resumed, and measured with one view and with several in each embedding."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from test_training import TINY, same, settings_for, train_in_two_goes

from threedie.benchmark.commands.bench import bench
from threedie.benchmark.data.images import Images
from threedie.benchmark.data.pairs import every_view_last
from threedie.benchmark.evaluation.features import load_features
from threedie.benchmark.evaluation.own_features import evaluate_features
from threedie.benchmark.evaluation.plan import EvaluationPlan
from threedie.benchmark.evaluation.sequences import sequence_embeddings
from threedie.benchmark.leaderboard.groups import measured as measured_groups
from threedie.benchmark.leaderboard.ranges import impossible_values
from threedie.benchmark.records.record import read_record, read_records
from threedie.benchmark.settings.protocol import PROTOCOLS, existing_protocol, find_protocol
from threedie.benchmark.training.checkpoints import load_checkpoint
from threedie.benchmark.training.loop import train
from threedie.benchmark.training.restore import restore
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import actions
from threedie.manifests.progress import Reporter

LENGTH = ["method.length=2"]


@pytest.fixture(scope="module")
def small_file(make_dataset: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_dataset(tmp_path_factory.mktemp("sequences") / "d.h5", objects=20, views=5, size=32)


@pytest.mark.parametrize(("method", "options"), [("seq_jepa", LENGTH), ("vicreg_traj", [])])
def test_a_stopped_run_goes_on_to_the_same_weights(method: str, options: list[str], small_file: Path, tmp_path: Path):
    images = Images(Dataset(small_file), 32)
    settings = settings_for(images.dataset, method, [*TINY, "epochs=2", "passes=2", "online_probes=true", *options])
    whole = train(settings, images, tmp_path / "whole", "cpu")
    resumed, _ = train_in_two_goes(settings, images, tmp_path / "cut", 3)
    assert same(resumed, whole)
    assert {"loss", "probe_top1_all", "probe_rotation_r2_all"} <= set(whole["progress"]["curves"])


def words(command: str, *options: str) -> list[str]:
    return [*command.split(), *options]


@pytest.fixture(scope="module")
def trained(small_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a run of seq_jepa, measured with one view in each embedding."""
    out = tmp_path_factory.mktemp("runs")
    changes = [*TINY, "epochs=1", "passes=1", "warmup_epochs=0", *LENGTH]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROTOCOLS, "quick", replace(PROTOCOLS["quick"], hidden=32, steps=20))
        command = words("run seq_jepa --recipe smoke --on-embedding --data", str(small_file), "--out", str(out))
        result = CliRunner().invoke(bench, command + [word for change in changes for word in ("--set", change)])
    assert result.exception is None, result.exception
    return out / "seq_jepa-smoke-s0"


def evaluate(folder: Path, data: Path, protocol: str) -> tuple[dict, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROTOCOLS, "quick", replace(PROTOCOLS["quick"], hidden=32, steps=20))
        command = words("eval --on-embedding --protocol", protocol, "--data", str(data))
        result = CliRunner().invoke(bench, [*command, "--checkpoint", str(folder / "checkpoint.pt")])
    if result.exception is not None:
        return {}, str(result.exception)
    files = [file for file in folder.rglob("record.json") if read_record(file)["protocol"]["name"] == protocol]
    return read_record(files[0]), result.output


def scores(record: dict, source: str) -> dict[tuple[str, str, str], float]:
    return {
        (row["task"], row["metric"], row["part"]): row["value"] for row in record["results"] if row["input"] == source
    }


def test_tasks_are_measured_with_one_view_and_with_three(trained: Path, small_file: Path):
    one = read_record(trained / "record.json")
    three, _ = evaluate(trained, small_file, "quick-views3")
    groups = measured_groups(read_records(trained))
    assert {group.record["protocol"]["name"] for group in groups} == {"quick", "quick-views3"}
    assert three["protocol"] == {"name": "quick-views3", "version": one["protocol"]["version"]}
    assert list(impossible_values(one)) == list(impossible_values(three)) == []
    for record in (one, three):
        for task in ("classification", "rotation", "absolute_rotation", "color"):
            for part in ("all", "invariant", "equivariant"):
                assert any(key[0] == task and key[2] == part for key in scores(record, "embedding"))
        assert ("retrieval", "mrr", "equivariant") in scores(record, "embedding")
    # What is asked of single views doesn't change; the aggregate, the invariant part, does.
    assert scores(three, "representation") == pytest.approx(scores(one, "representation"), rel=1e-6)
    singles = [{k: v for k, v in scores(each, "embedding").items() if k[2] == "equivariant"} for each in (one, three)]
    assert singles[1] == pytest.approx(singles[0], rel=1e-6)
    several = [{k: v for k, v in scores(each, "embedding").items() if k[2] == "invariant"} for each in (one, three)]
    assert several[0] != several[1]


def test_embeddings_of_sequences_are_those_of_the_method(trained: Path, small_file: Path, tmp_path: Path):
    model, dataset = restore(load_checkpoint(trained / "checkpoint.pt")), Dataset(small_file)
    images = Images(dataset, 32)
    features = load_features(model, images, tmp_path)
    plan = EvaluationPlan(find_protocol("quick-views3"))
    # A copy: the file is damaged below, and what is mapped from it too.
    embedding = np.array(sequence_embeddings(model, features, dataset, tmp_path, plan))
    drawn = every_view_last(np.arange(20), 5, 3, plan.protocol.seed)
    assert embedding.shape[:2] == (20, 5)
    for row in (0, 7, 63):
        index, (first, second, last) = drawn.objects[row], drawn.views[row]
        assert (index, last) == divmod(row, 5)
        latents = dataset.latents[index][[first, second, last]]
        moves = torch.from_numpy(actions("rotation", dataset.info.fields, latents[:-1], latents[1:])).float()
        values = torch.from_numpy(features.representation[index][[first, second, last]].copy())
        with torch.inference_mode():
            expected = model.method.embed_sequence(values[None], moves[None])[0]
        np.testing.assert_allclose(embedding[index, last], expected, rtol=1e-4, atol=1e-5)
    # A second time they are read, and a damaged file is made anew.
    notes: list[str] = []

    class Notes(Reporter):
        def note(self, text: str) -> None:
            notes.append(text)

    files = set(tmp_path.glob("embedding-*.npy"))
    assert len(files) == 2
    again = replace(plan, reporter=Notes())
    assert np.array_equal(sequence_embeddings(model, features, dataset, tmp_path, again), embedding)
    assert not notes
    path = max(files, key=lambda file: file.stat().st_mtime_ns)
    content = bytearray(path.read_bytes())
    content[500] ^= 1
    path.write_bytes(content)
    assert np.array_equal(sequence_embeddings(model, features, dataset, tmp_path, again), embedding)
    assert "damaged" in notes[0]


@pytest.mark.parametrize(
    ("protocol", "words_of_error"),
    [
        ("quick-views6", "d.h5 has 5; take one with fewer"),
        ("quick-views1", "there is no protocol 'quick-views1'"),
        ("quick-views03", "there is no protocol 'quick-views03'"),
        ("slow-views3", "there is no protocol 'slow-views3'"),
    ],
)
def test_protocols_that_do_not_fit(trained: Path, small_file: Path, protocol: str, words_of_error: str):
    assert words_of_error in evaluate(trained, small_file, protocol)[1]


def test_methods_and_features_without_an_aggregate_are_refused(small_file: Path, tmp_path: Path):
    images = Images(Dataset(small_file), 32)
    train(settings_for(images.dataset, "random", TINY), images, tmp_path / "random", "cpu")
    message = evaluate(tmp_path / "random", small_file, "quick-views2")[1]
    assert message == (
        "protocol quick-views2: takes 2 views of an object at once, and method random embeds each by itself; take "
        "protocol quick"
    )
    run = words("run vicreg --recipe smoke --protocol quick-views2 --data", str(small_file), "--out", str(tmp_path))
    error = CliRunner().invoke(bench, run).exception
    assert "method vicreg embeds each by itself; take protocol quick" in str(error)
    assert not (tmp_path / "vicreg-smoke-s0").exists()
    rng = np.random.default_rng(0)
    with pytest.raises(
        ThreeDieError, match=r"quick-views2: for methods that aggregate views; features are .* by quick$"
    ):
        evaluate_features(rng.random((4, 3, 7)), rng.random((4, 3, 8)), protocol="quick-views2")


def test_a_protocol_with_views_keeps_its_rules_and_seeds():
    plain, several = PROTOCOLS["sie-v1"], find_protocol("sie-v1-views5")
    assert several == replace(plain, name="sie-v1-views5", views_per_input=5, definition=several.definition)
    assert several.definition.startswith(plain.definition)
    assert (several.seed, several.head_seed(2), several.base_name) == (plain.seed, plain.head_seed(2), "sie-v1")
    assert plain.with_views(1) is plain
    assert existing_protocol("sie-v1-views100") is None


def test_every_view_is_once_the_last():
    drawn = every_view_last(np.array([4, 9]), views=6, length=4, seed=5)
    assert list(zip(drawn.objects, drawn.views[:, -1], strict=True)) == [(o, v) for o in (4, 9) for v in range(6)]
    assert all(len(set(row)) == 4 for row in drawn.views.tolist())
    again = every_view_last(np.array([4, 9]), views=6, length=4, seed=5)
    assert (drawn.views == again.views).all()
    assert (drawn.views != every_view_last(np.array([4, 9]), views=6, length=4, seed=6).views).any()
    many = every_view_last(np.arange(2000), views=4, length=3, seed=0)
    counts = np.zeros((4, 4))
    np.add.at(counts, (many.views[:, 0], many.views[:, -1]), 1)
    assert (np.diag(counts) == 0).all()
    assert np.abs(counts[~np.eye(4, dtype=bool)] / (2000 / 3) - 1).max() < 0.15
