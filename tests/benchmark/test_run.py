"""A run as an object: the same from Python as from the command, silent unless a reporter is passed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from threedie.benchmark.commands.bench import bench
from threedie.benchmark.data import sources
from threedie.benchmark.runs.run import Run
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.benchmark.training.checkpoints import weights_sha256
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.progress import Reporter

TINY = ["image_size=32", "width=8", "projector=32-32", "epochs=2", "passes=2", "batch_size=8", "warmup_epochs=1"]


def create(dataset: Dataset, out: Path, method: Any = "vicreg", **options: Any) -> Run:
    return Run.create(method, dataset.path, recipe="smoke", overrides=TINY, out=out, device="cpu", **options)


class Lines(Reporter):
    """Keeps what is reported."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def text(self, text: str = "") -> None:
        self.lines.append(text)


@pytest.fixture(scope="module", autouse=True)
def small_heads() -> Iterator[None]:
    """The rules of `quick` with small heads: what they score is tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROTOCOLS, "quick", replace(PROTOCOLS["quick"], hidden=32, steps=40))
        yield


@pytest.fixture(scope="module")
def finished(small_heads: None, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = create(dataset, tmp_path_factory.mktemp("runs"))
    run.train()
    run.evaluate()
    return run


def test_python_and_the_command_end_in_the_same_record(finished: Run, dataset: Dataset, tmp_path: Path) -> None:
    words = ["run", "vicreg", "--data", str(dataset.path), "--recipe", "smoke", "--out", str(tmp_path)]
    words += ["--device", "cpu", *(word for text in TINY for word in ("--set", text))]
    assert CliRunner().invoke(bench, words).exception is None
    record = Run.open(tmp_path / "vicreg-smoke-s0").record
    assert record is not None
    assert finished.record is not None
    for key in ("id", "results", "breakdowns", "curves", "config", "dataset", "warnings"):
        assert record[key] == finished.record[key], key


def test_nothing_is_printed_from_python(dataset: Dataset, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    create(dataset, tmp_path, "random").complete()
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_what_is_finished_is_not_repeated(finished: Run, dataset: Dataset) -> None:
    written = {path: path.stat().st_mtime_ns for path in finished.folder.rglob("*") if path.is_file()}
    report = Lines()
    again = create(dataset, finished.folder.parent, reporter=report)
    assert again.complete() == finished.record
    assert any("finished before; nothing to do" in line for line in report.lines)
    assert again.evaluate() == finished.record
    assert {path: path.stat().st_mtime_ns for path in finished.folder.rglob("*") if path.is_file()} == written


def test_a_run_is_opened_to_read_and_to_measure(finished: Run, dataset: Dataset, tmp_path: Path) -> None:
    read = Run.open(finished.folder)
    assert read.record == finished.record
    assert read.settings == finished.settings
    with pytest.raises(ThreeDieError, match="give its dataset"):
        read.evaluate()
    other = Run.open(finished.folder, dataset.path, protocol="sie-v1")
    assert other.record is None
    assert other.record_file.parent.name.startswith("sie-v1-v1-")
    with pytest.raises(ThreeDieError, match=r"checkpoint\.pt"):
        Run.open(tmp_path / "nowhere")


def test_a_run_is_not_opened_on_another_dataset(
    finished: Run, make_dataset: Callable[..., Path], tmp_path: Path
) -> None:
    other = make_dataset(tmp_path / "other.h5", objects=10, views=2, size=32)
    with pytest.raises(ThreeDieError, match="isn't the dataset that"):
        Run.open(finished.folder, other)


def test_a_run_that_is_not_trained_is_not_measured(dataset: Dataset, tmp_path: Path) -> None:
    run = create(dataset, tmp_path)
    assert run.checkpoint is None
    assert run.record is None
    with pytest.raises(ThreeDieError, match="isn't trained to the end"):
        run.evaluate()


OWN = """
from threedie.baselines.vicreg import VICReg

class Mine(VICReg):
    pass
"""


def test_a_class_is_a_method(finished: Run, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine_of_a_test.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    from mine_of_a_test import Mine  # type: ignore[import-not-found]

    run = create(dataset, tmp_path, Mine)
    assert run.settings.method.startswith("Mine-")
    checkpoint = run.train()
    assert finished.checkpoint is not None
    assert weights_sha256(checkpoint["model"]) == weights_sha256(finished.checkpoint["model"])


FURTHER = '''
"""Dataset files under another name."""
from threedie.benchmark.data.sources.views import ViewsSource

class Further(ViewsSource):
    default_recipe = "smoke"

    def summary(self):
        return "dataset  further"
'''


def test_a_further_kind_of_dataset_is_one_file(
    finished: Run, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "further.py").write_text(FURTHER)
    monkeypatch.setattr(sources, "__path__", [*sources.__path__, str(tmp_path)])
    assert {"cifar10", "further", "imagefolder", "imagenet", "views"} <= {*sources.source_names()}
    report = Lines()
    run = Run.create(
        "vicreg", dataset.path, dataset="further", overrides=TINY, out=tmp_path, device="cpu", reporter=report
    )
    run.complete()
    assert "dataset  further" in report.lines
    assert run.record is not None
    assert finished.record is not None
    assert run.record["results"] == finished.record["results"]
    with pytest.raises(ThreeDieError, match=r"choose one of cifar10, further, .*views"):
        sources.find_source("films")
