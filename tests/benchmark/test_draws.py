"""The draws of a record's main scores: written beside it, paired by object, and never worth a crash."""

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from record_samples import make_record

from threedie.benchmark.evaluation.scope import Scope
from threedie.benchmark.records.draws import (
    DRAWS_FILE,
    DrawsByScore,
    ScoreDraws,
    key_of,
    main_draws,
    read_draws,
    write_draws,
)
from threedie.benchmark.records.record import read_record
from threedie.benchmark.runs.checkpoint_evaluation import CheckpointEvaluation
from threedie.benchmark.runs.run import Run
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.outcome import Outcome
from threedie.benchmark.tasks.spread import DRAWS, Bootstrap, draws
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.progress import Reporter

TINY = ["image_size=32", "width=8", "projector=32-32", "epochs=1", "passes=1", "batch_size=8", "warmup_epochs=0"]
MAIN = {"classification": "top1", "rotation": "r2"}


class Lines(Reporter):
    """Keeps what is reported."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def text(self, text: str = "") -> None:
        self.lines.append(text)


def draws_of(record: dict, seed: int = 0) -> DrawsByScore:
    generator = np.random.default_rng(seed)
    return {
        key_of(row): ScoreDraws(row["value"], 49, 0, generator.normal(row["value"], 0.01, DRAWS).astype(np.float32))
        for row in record["results"]
        if row["main"]
    }


@pytest.fixture(scope="module")
def small_heads() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROTOCOLS, "quick", replace(PROTOCOLS["quick"], hidden=16, steps=20))
        yield


@pytest.fixture(scope="module")
def finished(small_heads: None, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("runs")
    run = Run.create("sie", dataset.path, recipe="smoke", overrides=TINY, out=out, device="cpu")
    run.complete()
    return run


def test_every_main_score_of_a_run_with_an_interval_has_its_draws(finished: Run) -> None:
    record = finished.record
    assert record is not None
    stored = read_draws(finished.folder / DRAWS_FILE, record)
    mains = {key_of(row): row for row in record["results"] if row["main"] and row["interval"]}
    assert stored.keys() == mains.keys()
    assert {("classification", "invariant"), ("retrieval", "equivariant"), ("knn", "all")} <= {
        (key[0], key[4]) for key in stored
    }
    for key, each in stored.items():
        low, high = np.quantile(each.values[np.isfinite(each.values)], [0.025, 0.975])
        assert mains[key]["interval"] == pytest.approx((low, high), abs=max(1e-6, 0.003 * (high - low))), key
        assert (each.objects, each.seed) == (4, PROTOCOLS["quick"].seed)


def test_tasks_measured_later_join_the_file(finished: Run, dataset: Dataset, tmp_path: Path) -> None:
    def measure(*tasks: str, reporter: Reporter | None = None) -> DrawsByScore:
        CheckpointEvaluation.create(
            finished.folder / "checkpoint.pt", dataset.path, scope=Scope(tasks=tasks), out=tmp_path, device="cpu",
            reporter=reporter or Lines(),
        ).run()  # fmt: skip
        return read_draws(tmp_path / DRAWS_FILE, read_record(tmp_path / "record.json"))

    first = measure("color")
    assert {key[0] for key in first} == {"color"}
    both = measure("knn")
    assert {key[0] for key in both} == {"color", "knn"}
    whole = read_draws(finished.folder / DRAWS_FILE, finished.record or {})
    assert all((both[key].values == whole[key].values).all() for key in both)
    # A damaged file costs its draws, and says so once; the results stay.
    (tmp_path / DRAWS_FILE).write_bytes(b"damaged")
    report = Lines()
    assert {key[0] for key in measure("light", reporter=report)} == {"light"}
    assert sum("draws are lost" in line for line in report.lines) == 1
    assert {row["task"] for row in read_record(tmp_path / "record.json")["results"]} == {"color", "knn", "light"}


def test_stored_draws_are_the_bootstraps_own_to_a_small_part_of_their_deviation() -> None:
    generator = np.random.default_rng(0)
    correct = (generator.random(40 * 5) < 0.4).astype(float)
    task = TASKS["classification"]
    outcome = Outcome(task.name)
    outcome.add(task.score("top1", ("representation", "all"), Bootstrap(40, 3).mean([correct]), 0.1, "chance"))
    outcome.add(task.score("top5", ("representation", "all"), Bootstrap(40, 3).mean([correct]), 0.1, "chance"))
    (stored,) = main_draws({task.name: outcome}).values()
    expected = draws(40, 3) @ correct.reshape(40, 5).mean(1) / 40
    assert np.abs(stored.values - expected).max() < expected.std() / 500
    assert (stored.objects, stored.seed, stored.value) == (40, 3, correct.mean())


def test_one_object_has_no_draws() -> None:
    task, outcome = TASKS["classification"], Outcome("classification")
    outcome.add(task.score("top1", ("representation", "all"), Bootstrap(1, 3).mean([np.ones(5)]), 0.1, "chance"))
    assert main_draws({task.name: outcome}) == {}


def test_a_file_is_small_and_the_same_every_time(tmp_path: Path) -> None:
    record, generator = make_record(), np.random.default_rng(0)
    outcomes = {}
    for name in ("classification", "rotation", "color", "light", "knn", "rotation_in_class", "absolute_rotation"):
        outcomes[name] = Outcome(name)
        for part in ("all", "invariant", "equivariant"):
            mean = Bootstrap(800, 0).mean([generator.random(800 * 2)])
            outcomes[name].add(TASKS[name].score(TASKS[name].main, ("representation", part), mean, 0.0, "nothing"))
    for name in ("one.npz", "other.npz"):
        write_draws(tmp_path / name, record, main_draws(outcomes))
    content = (tmp_path / "one.npz").read_bytes()
    assert content == (tmp_path / "other.npz").read_bytes()
    # 21 scores x 1000 draws are 84,000 bytes as they are.
    assert len(content) < 50_000


def test_scores_that_the_record_has_otherwise_have_no_draws(tmp_path: Path) -> None:
    record, path = make_record(), tmp_path / DRAWS_FILE
    assert read_draws(path, record) == {}
    write_draws(path, record, draws_of(record))
    assert len(read_draws(path, record)) == 6
    record["results"][0]["value"] += 1e-9
    del record["results"][1]
    assert len(read_draws(path, record)) == 4


@pytest.mark.parametrize(
    ("other", "field"),
    [(make_record("vicreg"), "method"), (make_record(data="b"), "data"), (make_record(protocol="sie-v1"), "rules")],
)
def test_draws_of_another_record_are_refused(other: dict, field: str, tmp_path: Path) -> None:
    write_draws(tmp_path / DRAWS_FILE, other, draws_of(other))
    with pytest.raises(ThreeDieError, match=rf"{DRAWS_FILE}: of another record"):
        read_draws(tmp_path / DRAWS_FILE, make_record())


def repacked(path: Path, change: Callable[[dict], object], values: np.ndarray | None = None) -> None:
    """Write a file anew with another header."""
    with np.load(path) as file:
        header, stored = json.loads(str(file["header"])), file["draws"]
    change(header)
    np.savez(path, header=np.array(json.dumps(header)), draws=stored if values is None else values)


def test_a_damaged_file_is_one_line_that_names_it(tmp_path: Path) -> None:
    record, path = make_record(), tmp_path / DRAWS_FILE

    def refused(match: str) -> None:
        with pytest.raises(ThreeDieError, match=match) as raised:
            read_draws(path, record)
        assert str(raised.value).startswith(f"{path}: ")
        assert "\n" not in str(raised.value)
        write_draws(path, record, draws_of(record))

    write_draws(path, record, draws_of(record))
    whole = path.read_bytes()
    for content in (b"", b"no archive", whole[: len(whole) // 2], whole[:300] + b"xxxx" + whole[304:]):
        path.write_bytes(content)
        refused("damaged")
    repacked(path, lambda header: header.update(version=2))
    refused("version 2; this program reads up to 1")
    repacked(path, lambda header: header["entries"][0].update(objects="many"))
    refused(r"damaged \(header, entries.0.objects")
    repacked(path, lambda header: header["entries"].pop())
    refused("draws of shape")
    repacked(path, lambda header: None, np.array([{}], dtype=object))
    refused("damaged")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.npy", bytes(20 * 2**20))
    refused("more than")
