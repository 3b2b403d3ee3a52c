"""Recipes in files of one's own: `--recipe FILE.toml` and `--save-recipe FILE.toml`."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from record_samples import make_record

from threedie.benchmark.commands.bench import bench
from threedie.benchmark.leaderboard.variants import name_variants
from threedie.benchmark.records.record import read_record, validate
from threedie.benchmark.runs.saved_recipe import write_recipe
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.benchmark.settings.recipe import load_recipe, recipe_names, recipe_text
from threedie.benchmark.tuning.grid import load_grid
from threedie.benchmark.tuning.rules import RULES
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError

TINY = ["image_size=32", "width=4", "projector=8-8", "epochs=1", "warmup_epochs=0", "passes=1", "batch_size=8"]


@pytest.fixture(autouse=True)
def small_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROTOCOLS, "quick", replace(PROTOCOLS["quick"], hidden=8, steps=4))


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    write_recipe(path, "smoke", TINY)
    return path


def invoke(*words: str) -> Result:
    return CliRunner().invoke(bench, ["run", *words])


@pytest.mark.parametrize("name", recipe_names())
def test_a_saved_recipe_is_the_same_recipe(tmp_path: Path, name: str):
    path = tmp_path / "mine.toml"
    write_recipe(path, name)
    for method in (None, "essl", "simclr", "vicreg"):
        assert load_recipe(path, method=method) == replace(load_recipe(name, method=method), name="mine")
    assert load_recipe(str(path)) == load_recipe(path)


def test_a_saved_recipe_has_what_set_changes_and_the_options_of_the_method(tmp_path: Path):
    path = tmp_path / "mine.toml"
    write_recipe(path, "imagenet", ["epochs=200", "method.temperature=0.5"], "simclr")
    saved = load_recipe(path)
    assert saved.epochs == 200
    assert saved.method_options == {**load_recipe("imagenet", method="simclr").method_options, "temperature": 0.5}
    # For SimCLR alone: other methods have none.
    assert "[methods" not in path.read_text()
    assert load_recipe(path, ["method.temperature=0.1", "epochs=17"]).epochs == 17


def test_tables_of_methods_outlive_saving_for_none_of_them():
    assert "[methods.simclr]" in recipe_text("imagenet")
    assert "name =" not in recipe_text("imagenet")


def test_a_run_is_named_after_the_file(mine: Path, dataset: Dataset, tmp_path: Path):
    result = invoke("vicreg", "--data", str(dataset.path), "--recipe", str(mine), "--out", str(tmp_path / "runs"))
    assert result.exception is None, result.exception
    record = read_record(tmp_path / "runs" / "vicreg-mine-s0" / "record.json")
    validate(record)
    assert record["id"].startswith("vicreg-mine-s0-")
    assert record["config"]["name"] == "mine"
    assert record["config"]["width"] == 4
    # It isn't smoke with changes: nothing tells its only row from another.
    assert name_variants({"row": record}) == {"row": "mine"}


def test_rows_of_an_own_recipe_name_the_settings_in_which_they_differ(mine: Path):
    configs = [load_recipe(mine, [f"epochs={epochs}"]).to_json() for epochs in (3, 4)]
    rows = {str(config["epochs"]): make_record("sie", config=config) for config in configs}
    assert name_variants(rows) == {"3": "mine, epochs 3", "4": "mine, epochs 4"}


def test_a_smaller_run_is_suggested_with_the_file(tmp_path: Path, dataset: Dataset, mine: Path):
    path = tmp_path / "long name.toml"
    path.write_text(mine.read_text())
    with pytest.raises(ThreeDieError, match="runs are named after the file"):
        load_recipe(path)
    mine.write_text(mine.read_text().replace("epochs = 1\n", "epochs = 4\n"))
    result = invoke("random", "--data", str(dataset.path), "--recipe", str(mine), "--out", str(tmp_path / "runs"))
    assert result.exception is None, result.exception
    for line in result.output.splitlines():
        if line.startswith("smaller"):
            assert "--recipe smoke" in line or f"--recipe {mine}" in line


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("smoke.toml", None, "smoke is a recipe of this program, and tables would take one for the other; rename"),
        ("a b.toml", None, "runs are named after the file; give it a name of at most 80 letters"),
        (".toml", None, "runs are named after the file"),
        ("-s.toml", None, "runs are named after the file"),
        ("x" * 81 + ".toml", None, "runs are named after the file"),
        ("größe.toml", None, "runs are named after the file"),
        ("missing.toml", None, "missing.toml: can't be read (No such file or directory)"),
        ("broken.toml", "epochs = ", "broken.toml: not a recipe in TOML"),
        ("mine.toml", "+name = 'other'", "name is that of the file; remove it"),
        ("mine.toml", "+epoch = 3", "recipe mine: there is no setting 'epoch'; did you mean 'epochs'?"),
        ("mine.toml", "epochs = 3", "recipe mine: the setting 'image_size' is missing"),
        ("mine.toml", "+methods = 3", "recipe mine: methods is 3; it must be a table, [methods]"),
        ("mine.toml", "+methods.sie = 3", "recipe mine: methods.sie is 3; it must be a table, [methods.sie]"),
        ("mine.toml", "+methods.vicrge.a = 3", "methods names 'vicrge', which is no method of this program; did you"),
        ("mine.toml", "+method_options = 3", "recipe mine: method_options is 3; it must be"),
        ("mine.toml", "+centre = 0.5", "recipe mine: centre and center are one setting, and both are set; keep center"),
    ],
)
def test_a_faulty_recipe_is_refused_in_one_line(
    mine: Path, tmp_path: Path, name: str, content: str | None, message: str
):
    path, sound = tmp_path / name, mine.read_text()
    if name != "missing.toml":
        path.write_text(sound if content is None else f"{content[1:]}\n{sound}" if content[0] == "+" else content)
    for overrides in ([], ["method.split=false"]):
        with pytest.raises(ThreeDieError, match=re.escape(message)) as caught:
            load_recipe(path, overrides, "sie")
        assert "\n" not in str(caught.value)


def test_an_unknown_name_gets_the_nearest_and_says_that_files_are_taken():
    with pytest.raises(ThreeDieError, match="no recipe 'smok'; did you mean 'smoke', or give a file that ends in"):
        load_recipe("smok")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--save-recipe", "mine.txt"], "--save-recipe mine.txt: give a file that ends in .toml"),
        (["--save-recipe", "micro.toml"], "micro is a recipe of this program"),
        (["--save-recipe", "there.toml"], "there.toml exists already; give --save-recipe another name"),
        (["--save-recipe", "no/mine.toml"], "no: no such folder; check the path of --save-recipe"),
        (["vicrge", "--save-recipe", "mine.toml"], "'vicrge': no such method; did you mean 'vicreg'?"),
        (["--recipe", "smok", "--save-recipe", "mine.toml"], "no recipe 'smok'"),
        (["--set", "epoch=3", "--save-recipe", "mine.toml"], "there is no setting 'epoch'"),
        (["sie", "--method", "a.py:A", "--save-recipe", "mine.toml"], "name one method"),
    ],
)
def test_save_recipe_refuses_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
):
    monkeypatch.chdir(tmp_path)
    Path("there.toml").write_text("kept")
    assert message in str(invoke(*words).exception)
    assert [path.name for path in tmp_path.iterdir()] == ["there.toml"]
    assert Path("there.toml").read_text() == "kept"


def test_save_recipe_takes_the_usual_recipe_of_the_kind_of_dataset(tmp_path: Path):
    path = tmp_path / "mine.toml"
    assert invoke("simsiam", "--dataset", "imagenet", "--save-recipe", str(path)).exception is None
    expected = load_recipe("imagenet-simsiam", method="simsiam")
    assert load_recipe(path, method="simsiam") == replace(expected, name="mine")


def test_a_grid_takes_no_recipe_of_a_file(tmp_path: Path, mine: Path):
    grid = tmp_path / "grid.toml"
    text = f'recipe = "{mine}"\nepochs = 2\ntries = 1\ntasks = ["rotation"]\nrule = "score"\n[default]\nwidth = 4\n'
    grid.write_text(text.replace('"score"', f'"{next(iter(RULES))}"'))
    with pytest.raises(ThreeDieError, match="is a file; name a recipe of this program"):
        load_grid(grid)
