"""The table of sensitivity and invariance: its runs, its numbers, and a whole command on a few images."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from test_image_folder import TINY, write_folder

from threedie.benchmark.commands.bench import bench
from threedie.benchmark.runs.transformations import NAMES, run_variants, score_of, table, variants
from threedie.manifests.errors import ThreeDieError


def record(value: float, task: str = "picture_linear") -> dict[str, Any]:
    row = {"task": task, "metric": "top1", "part": "all", "input": "representation", "value": value}
    return {"id": "x", "results": [{**row, "part": "invariant", "value": 0.0}, row]}


def test_each_transformation_has_a_run_of_either_kind():
    folders = [variant.folder for variant in variants(("blur", "jigsaw", "blur"))]
    assert folders == ["base", "sensitive-blur", "invariant-blur", "sensitive-jigsaw", "invariant-jigsaw"]
    assert len(list(variants(NAMES))) == 1 + 2 * len(NAMES)
    words = {variant.folder: variant.words for variant in variants(("blur",))}
    assert words["base"] == ("method.target=none",)
    assert words["sensitive-blur"] == ("method.target=blur",)
    assert words["invariant-blur"] == ("method.target=none", "method.invariance=blur")
    with pytest.raises(ThreeDieError, match=r"there is no transformation 'blurr'.*blur"):
        list(variants(("blurr",)))


def test_the_table_has_accuracies_and_differences():
    values = {"base": 0.5, "sensitive-blur": 0.55, "invariant-blur": 0.475}
    text = run_variants(("blur",), lambda variant: record(values[variant.folder]))  # type: ignore[arg-type,return-value]
    assert text.splitlines()[0] == "base alone: 50.0%"
    assert text.splitlines()[-1] == "| blur | 55.0% | +5.0 | 47.5% | -2.5 |"
    assert run_variants(("blur",), lambda _: None) == ""
    assert table((), {"base": 1.0}).startswith("base alone: 100.0%")


def test_the_score_is_the_linear_classifier_s_on_everything():
    assert score_of(record(0.25)) == 0.25  # type: ignore[arg-type]
    assert score_of(record(0.75, "classification")) == 0.75  # type: ignore[arg-type]
    with pytest.raises(ThreeDieError, match="x: has no accuracy of a linear classifier"):
        score_of(record(0.5, "knn"))  # type: ignore[arg-type]


def test_every_transformation_is_in_the_table_of_methods_md():
    section = (
        (Path(__file__).parents[2] / "METHODS.md").read_text().split("## Which transformations")[1].split("\n## ")[0]
    )
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert sorted(name.strip(" `") for row in rows for name in row.split(",")) == sorted(NAMES)


def test_a_dataset_without_classes_is_refused_before_anything_is_trained(tmp_path: Path):
    words = [
        "transformations",
        "--dataset",
        "photonics",
        "--data",
        str(tmp_path / "none.h5"),
        "-o",
        str(tmp_path / "o"),
    ]
    error = CliRunner().invoke(bench, words).exception
    assert isinstance(error, ThreeDieError)
    assert "--dataset photonics: has no classes" in str(error)
    assert not (tmp_path / "o").exists()


@pytest.mark.slow
def test_the_command_trains_all_and_prints_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    data = write_folder(tmp_path / "data", 4, 2)
    words = ["transformations", "vertical_flip", "--dataset", "imagefolder", "--data", str(data), "--device", "cpu"]
    words += ["--out", str(tmp_path / "runs"), *TINY, "--set", "epochs=1", "--set", "method.hidden=8"]
    done = CliRunner().invoke(bench, words)
    assert done.exception is None, done.exception
    assert "| vertical_flip | " in done.output
    places = sorted(path.parent.parent.name for path in (tmp_path / "runs").glob("*/*/record.json"))
    assert places == ["base", "invariant-vertical_flip", "sensitive-vertical_flip"]
    again = CliRunner().invoke(bench, words)
    assert again.output.count("finished before; nothing to do") == 3
    assert done.output.splitlines()[-3:] == again.output.splitlines()[-3:]
