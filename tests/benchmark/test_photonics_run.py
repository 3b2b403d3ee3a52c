"""E-SSL on photonic crystals: a whole run on a tiny file, fine-tuning and its files, and what is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from torch import Tensor

from threedie.baselines.cell_encoder import CellEncoder
from threedie.baselines.random import Random
from threedie.benchmark.commands.bench import bench
from threedie.benchmark.commands.leaderboard import leaderboard
from threedie.benchmark.data.cells import POINTS, CellImages, UnitCells
from threedie.benchmark.evaluation import cells as cells_module
from threedie.benchmark.evaluation.cells import (
    DensityNetwork,
    LabeledInputs,
    epochs_of,
    fine_tune,
    fine_tuning_steps,
    trained_cells,
)
from threedie.benchmark.evaluation.density_file import read_density
from threedie.benchmark.records.record import read_records
from threedie.benchmark.settings.fine_tuning import LABELS, RULES
from threedie.benchmark.settings.recipe import load_recipe
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.density import Density, relative_errors
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.photonics import PhotonicCell, PhotonicCells, PhotonicInfo, empty_lattice, write_cells

SHORT = replace(RULES["quick"], epochs=2, steps=0)
TINY = ("--recipe", "photonics-micro", "--set", "width=1", "--set", "projector=8-8-4", "--set", "epochs=1")


def write(path: Path, count: int = 80, kind: str = "blob") -> Path:
    """Cells whose densities grow with their mean permittivity."""
    generator = np.random.default_rng(0)

    def cell() -> PhotonicCell:
        low, high = np.sort(generator.uniform(1, 20, 2))
        epsilon = np.where(generator.random((32, 32)) < 0.5, low, high)
        label = empty_lattice() * (1 + 0.02 * (epsilon.mean() - 10))
        return PhotonicCell(epsilon, label, np.zeros(4), np.zeros(2))

    info = PhotonicInfo(kind, 0, count, 1, {"version": 1})
    write_cells(path, info, {}, (cell() for _ in range(count)))
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("cells") / "blob.h5")


@pytest.fixture(autouse=True)
def short_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RULES, "quick", SHORT)


def invoke(data: Path, out: Path, *more: str, method: str = "essl") -> Result:
    words = ["run", method, "--dataset", "photonics", "--data", str(data), "--out", str(out), "--device", "cpu"]
    return CliRunner().invoke(bench, [*words, *TINY, *more])


def rows_of(out: Path) -> dict[str, Any]:
    (record,) = read_records([out])
    return {row["task"]: row for row in record["results"]}


def test_essl_is_trained_and_fine_tuned_to_a_record_a_table_and_a_figure(data: Path, tmp_path: Path):
    out = tmp_path / "runs"
    done = invoke(data, out, "--seeds", "2")
    assert done.exception is None, done.exception
    for text in (
        "80 unit cells of kind blob",
        "64 for training, 16 for test",
        'target = "half_shift"',
        "fine-tuning at",
    ):
        assert text in done.output, text
    (record,) = read_records([out])
    assert record["dataset"]["preset"] == "photonics-blob"
    assert record["method"]["options"] == {
        "heads": "shared_norm", "temperature": 0.1, "negatives": "both_views", "hidden": "512-512",
        "equivariance_weight": 5.0, "crop_share": 1.0, "target": "half_shift",
    }  # fmt: skip
    assert {"invariance", "equivariance", "loss"} <= set(record["curves"] or {})
    (row,) = record["results"]
    assert (row["task"], row["metric"], row["main"]) == ("density_50", "relative_error", True)
    files = sorted((out / "essl-photonics-micro-s0" / "fine-tuning").glob("density-50-*.json"))
    results = [read_density(file) for file in files]
    assert [result.seed for result in results] == [0, 1]
    assert row["value"] == pytest.approx(np.mean([result.errors for result in results]))
    assert row["deviation"] == pytest.approx(np.std([np.mean(result.errors) for result in results], ddof=1))
    expected = UnitCells(PhotonicCells(data)).densities(np.arange(64, 80)) + empty_lattice()[:POINTS]
    floor = relative_errors(np.broadcast_to(empty_lattice()[:POINTS], (16, POINTS)), expected)
    assert row["floor"] == pytest.approx(floor.mean())
    assert results[0].examples[0].name == "blob/0/64"
    assert np.allclose(results[0].examples[0].expected, expected[0], atol=1e-4)
    again = invoke(data, out, "--seeds", "2")
    assert "finished before; nothing to do" in again.output
    drawn = CliRunner().invoke(bench, ["figures", str(out), "--only", "densities", "-o", str(tmp_path / "figures")])
    assert drawn.exception is None, drawn.exception
    (figure,) = json.loads((tmp_path / "figures" / "figures.json").read_text())["figures"]
    (numbers,) = figure["numbers"].values()
    assert numbers["50"][0] == pytest.approx(row["value"])
    assert "three test cells" in figure["caption"]
    made = CliRunner().invoke(leaderboard, [str(out), "-o", str(tmp_path / "page")])
    assert made.exception is None, made.exception
    assert "Density of states, 50 labels" in (tmp_path / "page" / "leaderboard.md").read_text()


@pytest.mark.parametrize(
    ("method", "more"),
    [("simclr", ("--set", "augmentation=cells_transformed")), ("random", ()), ("barlow_twins", ())],
)
def test_other_methods_are_fine_tuned_too(method: str, more: tuple[str, ...], data: Path, tmp_path: Path):
    assert invoke(data, tmp_path, *more, method=method).exception is None
    assert rows_of(tmp_path).keys() == {"density_50"}


def test_gpm_cells_are_turned_and_the_paper_s_protocol_takes_the_best_epoch_on_test_cells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(RULES, "essl-photonics-v1", replace(RULES["essl-photonics-v1"], epochs=2))
    out = tmp_path / "runs"
    done = invoke(write(tmp_path / "gpm.h5", kind="gpm"), out, "--protocol", "essl-photonics-v1")
    assert done.exception is None, done.exception
    (record,) = read_records([out])
    assert (record["method"]["options"] or {})["target"] == "image_rotation"
    assert record["protocol"] == {"name": "essl-photonics-v1", "version": 1}
    (file,) = (out / "essl-photonics-micro-s0" / "fine-tuning").glob("density-50-*.json")
    result = read_density(file)
    assert len(result.curve) == 3
    assert np.mean(result.errors) == min(error for error in result.curve if error is not None)
    assert rows_of(out)["density_50"]["value"] == pytest.approx(np.mean(result.errors))


def test_an_interrupted_evaluation_goes_on_with_what_is_not_done(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert invoke(data, tmp_path / "whole", "--seeds", "2", method="random").exception is None
    calls = 0

    def counting(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        # The forecast takes four of them.
        if calls == 6:
            raise KeyError("stopped")
        return fine_tune(*arguments)

    monkeypatch.setattr(cells_module, "fine_tune", counting)
    calls = 4
    assert isinstance(invoke(data, tmp_path / "cut", "--seeds", "2", method="random").exception, KeyError)
    folder = tmp_path / "cut" / "random-photonics-micro-s0" / "fine-tuning"
    (first,) = folder.iterdir()
    before = first.read_bytes()
    calls = 6
    assert invoke(data, tmp_path / "cut", "--seeds", "2", method="random").exception is None
    assert calls == 7
    assert first.read_bytes() == before
    assert rows_of(tmp_path / "cut")["density_50"] == rows_of(tmp_path / "whole")["density_50"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('"version": 1', '"version": 2', 1),
        lambda text: json.dumps({**json.loads(text), "errors": ["x"]}),
        lambda text: json.dumps({**json.loads(text), "kind": "other"}),
        lambda text: "[]",
    ],
)
def test_a_damaged_file_is_refused_by_name(damage: Callable[[str], str], data: Path, tmp_path: Path):
    file = tmp_path / "density-50-0-00000000.json"
    example = {"name": "a", "epsilon": [[1.0]], "expected": [1.0], "predicted": [1.0]}
    whole = {
        "kind": "3die-density", "version": 1, "key": "k", "weights": "w", "protocol": ["quick", 1], "labeled": 50,
        "seed": 0, "epoch": 0, "curve": [0.1, None], "errors": [0.1], "floor": [0.2], "examples": [example],
    }  # fmt: skip
    file.write_text(json.dumps(whole))
    assert read_density(file).curve == [0.1, None]
    file.write_text(damage(file.read_text()))
    with pytest.raises(ThreeDieError, match=r"density-50-0-00000000\.json: "):
        read_density(file)


def test_what_does_not_suit_is_refused(data: Path, tmp_path: Path):
    for words, method, message in (
        ((), "sie", "unit cells have neither"),
        ((), "supervised", "unit cells have neither"),
        (("--set", "backbone=resnet18"), "simclr", "backbone is resnet18; unit cells need cell_cnn"),
        (("--set", "augmentation=essl"), "simclr", "augmentation is essl; unit cells need cells or cells_transformed"),
        (("--set", "normalization=dataset"), "simclr", "normalization is dataset; unit cells need permittivity"),
        (("--set", "image_size=64"), "simclr", "image_size is 64; unit cells need 32"),
        (("--protocol", "sie-v1"), "essl", "on photonic crystals there are quick, essl-photonics-v1"),
    ):
        error = invoke(data, tmp_path / "runs", *words, method=method).exception
        assert isinstance(error, ThreeDieError), error
        assert message in str(error)
    nowhere = CliRunner().invoke(bench, ["run", "essl", "--dataset", "photonics"]).exception
    assert "name the file of '3die photonics make' with --data" in str(nowhere)
    assert not (tmp_path / "runs").exists()


def test_recipes_for_cells_are_refused_on_pictures(make_dataset: Callable[..., Path], tmp_path: Path):
    pictures = make_dataset(tmp_path / "pictures.h5", objects=20, views=3, size=32)
    error = CliRunner().invoke(bench, ["run", "simclr", "--data", str(pictures), "--recipe", "photonics"]).exception
    assert isinstance(error, ThreeDieError)
    assert "backbone cell_cnn is for unit cells" in str(error)


def test_the_last_fifth_of_the_cells_is_for_test(data: Path):
    cells = UnitCells(PhotonicCells(data))
    assert cells.indices("train").tolist() == list(range(64))
    assert cells.indices("val").tolist() == list(range(64, 80))
    rows = np.array([70, 3, 3, 12])
    expected = np.stack([PhotonicCells(data).cell(int(row)).label[:POINTS] for row in rows]) - empty_lattice()[:POINTS]
    assert np.allclose(cells.densities(rows), expected, atol=1e-6)
    taken = CellImages(cells).take(rows, 0 * rows)
    assert taken.shape == (4, 32, 32, 1)
    assert np.allclose(taken[0, ..., 0], PhotonicCells(data).cell(70).epsilon)
    assert cells.fingerprint() != UnitCells(PhotonicCells(write(data.with_name("more.h5"), 81))).fingerprint()


def test_relative_errors_count_points_from_the_hundredth_on():
    expected = np.ones((2, 400))
    predicted = np.ones((2, 400))
    predicted[0, :100] = 50
    predicted[1, 100:250] = 3
    assert relative_errors(predicted, expected) == pytest.approx([0, 1])
    assert relative_errors(0 * expected, -expected) == pytest.approx([1, 1])


class OneNumber(DensityNetwork):
    """A network that predicts one number, its only weight, everywhere."""

    def __init__(self) -> None:
        super().__init__(Random(CellEncoder(1)), 16, POINTS)
        self.value = torch.nn.Parameter(torch.zeros(()))

    def forward(self, cells: Tensor) -> Tensor:
        return self.value + torch.zeros(len(cells), POINTS)


def test_the_epoch_with_the_smallest_error_counts():
    inputs = torch.zeros(8, 1, 32, 32)
    train = LabeledInputs(inputs, torch.full((8, POINTS), 1.0))
    # Training moves the weight by 0.1 a step towards 1; what is measured wants 0.35.
    chosen_on = LabeledInputs(inputs[:2], torch.full((2, POINTS), 0.35))
    rules = replace(SHORT, epochs=6, rate=0.1, weight_decay=0.0)
    network, ticks = OneNumber(), []
    tuned = fine_tune(network, train, chosen_on, rules, 0, lambda cells: cells, ticks.append)
    assert len(tuned.curve) == 7
    assert tuned.epoch == int(np.argmin(tuned.curve))
    assert tuned.epoch in (3, 4)
    assert chosen_on.errors(network)[0].mean() == pytest.approx(min(tuned.curve))
    assert sum(ticks) == fine_tuning_steps(rules, [10], 1)


def test_few_cells_are_seen_in_more_epochs():
    rules = replace(RULES["quick"], epochs=100, steps=400, batch_size=64, holdout=0.2)
    assert [trained_cells(rules, count) for count in LABELS] == [40, 160, 800, 2400]
    assert [epochs_of(rules, count) for count in (40, 160, 800, 2400)] == [400, 134, 100, 100]
    assert fine_tuning_steps(rules, [50, 200], 3) == 3 * (400 + 134 * 3)


def test_rules_are_those_of_the_docs_and_of_the_authors_code():
    rules = RULES["essl-photonics-v1"]
    assert (rules.epochs, rules.batch_size, rules.rate, rules.weight_decay, rules.holdout) == (99, 64, 1e-4, 1e-5, 0)
    assert "on the test cells themselves" in rules.protocol.definition
    recipe = load_recipe("photonics")
    assert (recipe.width, recipe.projector, recipe.batch_size, recipe.epochs) == (64, "512-512-256", 256, 200)
    assert (recipe.optimizer, recipe.learning_rate, recipe.momentum, recipe.weight_decay) == ("sgd", 1e-3, 0.9, 0)


def test_each_number_of_labels_is_a_task():
    tasks = {task.labeled: task for task in TASKS.values() if isinstance(task, Density)}
    assert tuple(tasks) == LABELS
    for count, task in tasks.items():
        assert (task.name, task.needs.train_objects) == (f"density_{count}", count)
