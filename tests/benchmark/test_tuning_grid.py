"""Grids: what they may say, and that every method gets the same number of tries and of images."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from threedie.baselines.catalogue import CATALOGUE
from threedie.benchmark.commands.bench import bench
from threedie.benchmark.settings.recipe import load_recipe
from threedie.benchmark.tuning.candidates import candidates_of, needs_training
from threedie.benchmark.tuning.grid import as_words, grid_names, load_grid
from threedie.benchmark.tuning.names import folder_name
from threedie.benchmark.tuning.rules import choose, edges, mean_above_floor
from threedie.manifests.errors import ThreeDieError

HEAD = 'recipe = "micro"\nepochs = 2\ntries = 2\ntasks = ["classification"]\nrule = "mean_above_floor"\n'
RATES = "[default]\nlearning_rate = [1e-3, 1e-2]\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "own.toml"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize("name", grid_names())
def test_a_grid_of_the_program_gives_every_method_as_many_tries_of_as_many_images(name: str, tmp_path: Path) -> None:
    grid = load_grid(name)
    assert grid.name == name
    for method in candidates_of(list(CATALOGUE), grid, tmp_path):
        recipes = [each.recipe for each in method.candidates]
        assert len(recipes) == (grid.tries if needs_training(method.name) else 0)
        # Images a try takes are objects x passes x epochs x 2.
        assert {(recipe.passes, recipe.epochs) for recipe in recipes} <= {
            (load_recipe(grid.recipe).passes, grid.epochs)
        }
        assert len({each.out for each in method.candidates}) == len(recipes)


def test_the_grid_micro_tries_what_the_methods_authors_use_where_it_matters() -> None:
    grid = load_grid("micro")
    for name in ("byol", "simsiam"):
        assert {(each["optimizer"], each["momentum"]) for each in grid.tries_of(name)} == {("sgd", 0.9)}
    rates = {each["learning_rate"] for each in grid.tries_of("vicreg")}
    weights = {each["method.similarity_weight"] for each in grid.tries_of("vicreg")}
    assert len(rates) * len(weights) == len(grid.tries_of("vicreg")) == 4
    assert grid.tries_of("simclr") == grid.tries_of("barlow_twins") == grid.default


def test_the_usual_arguments_of_a_method_are_kept(tmp_path: Path) -> None:
    (essl,) = candidates_of(["essl"], load_grid("micro"), tmp_path)
    assert essl.arguments == {"augmentation": "essl"}
    assert {each.recipe.augmentation for each in essl.candidates} == {"essl"}


def test_tries_are_products_of_lists_or_a_list_of_tables(write: Callable[[str], Path]) -> None:
    grid = load_grid(
        write(
            HEAD.replace("tries = 2", "tries = 4")
            + '[default]\nlearning_rate = [1e-3, 1e-2]\noptimizer = ["adam", "adamw"]\n'
            + "[[methods.vicreg]]\nlearning_rate = 1e-3\n"
            + "[[methods.vicreg]]\nlearning_rate = 1e-2\nmethod.similarity_weight = [2, 5, 10]\n"
        )
    )
    assert grid.name == "own"
    assert grid.default == [
        {"learning_rate": rate, "optimizer": name} for rate in (1e-3, 1e-2) for name in ("adam", "adamw")
    ]
    assert grid.tries_of("vicreg") == [
        {"learning_rate": 1e-3},
        *({"learning_rate": 1e-2, "method.similarity_weight": weight} for weight in (2, 5, 10)),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + RATES + "[methods.sie]\nlearning_rate = [1, 2, 3]\n", "sie has 3 settings to try; tries is 2"),
        (HEAD + RATES.replace(", 1e-2", ""), "default has 1 settings to try; tries is 2"),
        (HEAD + RATES + "[methods.seo]\nlearning_rate = [1, 2]\n", "no method 'seo'; did you mean 'sie'"),
        (HEAD + RATES + "[methods.sie]\nlearning_rat = [1, 2]\n", "sie: .*no setting 'learning_rat'; did you mean"),
        (HEAD + RATES + "[methods.sie]\nepochs = [1, 2]\n", "sie: epochs can't be tried: .* the same images"),
        (HEAD + RATES + "[methods.sie]\npasses = [1, 2]\n", "sie: passes can't be tried"),
        (HEAD + RATES + "[methods.sie]\nlearning_rate = [1, 1]\n", "sie: learning_rate 1 is tried twice"),
        (HEAD + RATES + "[methods.sie]\nlearning_rate = [1, -1]\n", "sie: recipe micro: learning_rate is -1.0"),
        (HEAD + RATES + "[methods.sie]\nlearning_rate = [[1], 2]\n", "must be a number, a text, .* for learning_rate"),
        (HEAD + RATES + "[methods.sie]\n", "must be a table of settings"),
        (HEAD + "default = 3\n", "default is 3; it must be a table of settings"),
        (HEAD, "default is missing"),
        (HEAD + "tires = 3\n" + RATES, "no entry 'tires'; did you mean 'tries'"),
        (HEAD + 'name = "x"\n' + RATES, "name is that of the file"),
        (HEAD.replace("classification", "clasification") + RATES, "no task 'clasification'; did you mean"),
        (HEAD.replace('["classification"]', '["rank"]') + RATES, "task rank: its main score .* isn't 1 at best"),
        (HEAD.replace('["classification"]', "[]") + RATES, "tasks is .*; it must be a list of names of tasks"),
        (HEAD.replace('["classification"]', '["color", "color"]') + RATES, "named twice"),
        (HEAD.replace("mean_above", "mean_over") + RATES, "no rule 'mean_over_floor'; did you mean"),
        (HEAD.replace('"micro"', '"mikro"') + RATES, "no recipe 'mikro'; did you mean 'micro'"),
        (HEAD.replace("epochs = 2", "epochs = 0") + RATES, "epochs is 0; it must be 1 or more"),
        ("recipe = ", "not a grid in TOML"),
    ],
)  # fmt: skip
def test_a_wrong_grid_is_refused_in_a_line(write: Callable[[str], Path], text: str, message: str) -> None:
    with pytest.raises(ThreeDieError, match=message) as caught:
        load_grid(write(text))
    assert "own.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_grid_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ThreeDieError, match="no grid 'mikro'; did you mean 'micro'"):
        load_grid("mikro")
    with pytest.raises(ThreeDieError, match="can't be read"):
        load_grid(tmp_path / "none.toml")


def test_settings_that_do_not_suit_a_method_are_refused_before_anything_is_trained(
    write: Callable[[str], Path], tmp_path: Path
) -> None:
    grid = load_grid(write(HEAD + "[default]\nmethod.similarity_weight = [2, 10]\n"))
    with pytest.raises(ThreeDieError, match="similarity_weight"):
        candidates_of(["simclr"], grid, tmp_path)
    with pytest.raises(ThreeDieError, match="vicreg: is named twice"):
        candidates_of(["vicreg", "vicreg"], grid, tmp_path)


def test_folders_of_other_settings_have_other_names() -> None:
    settings = [
        {"momentum": 0.9}, {"method.momentum": 0.9}, {"momentum": 0.9, "method.momentum": 0.5},
        {"momentum": 0.5, "method.momentum": 0.9}, {"projector": "8/8"}, {"projector": "8-8"},
        {"learning_rate": 5e-3, "method.similarity_weight": 2}, {"backbone": "x" * 500}, {"backbone": "x" * 501},
    ]  # fmt: skip
    names = [folder_name(each) for each in settings]
    assert names[6] == "learning_rate-0.005_similarity_weight-2"
    assert len({*names[:1], *names[2:]}) == len(names) - 1
    assert all("/" not in name and len(name) < 200 for name in names)


def test_words_are_read_back_as_they_were() -> None:
    settings = {"optimizer": "sgd", "projector": "64", "learning_rate": 2e-3, "sync_batchnorm": True}
    recipe = load_recipe("micro", as_words(settings))
    assert {key: getattr(recipe, key) for key in settings} == settings
    assert as_words(settings) == ["optimizer=sgd", 'projector="64"', "learning_rate=0.002", "sync_batchnorm=true"]


def test_the_rule_is_the_mean_share_of_the_way_from_floor_to_one() -> None:
    assert mean_above_floor([0.1, 0.2], [0.1, 0.2]) == 0
    assert mean_above_floor([1, 1], [0.1, 0.2]) == 1
    assert mean_above_floor([0.55, 0.1], [0.1, 0.2]) == pytest.approx((0.5 - 0.125) / 2)


def test_the_highest_score_is_chosen_the_first_of_equal_ones_and_never_a_failure() -> None:
    assert choose([0.1, 0.3, 0.2]) == 1
    assert choose([None, 0.3, 0.3]) == 1
    assert choose([-0.5, None]) == 0
    assert choose([None, None]) is None


def test_a_choice_at_the_edge_of_the_grid_is_named() -> None:
    tries = [{"learning_rate": rate, "optimizer": "sgd", "momentum": 0.9} for rate in (0.1, 0.2, 0.4)]
    assert edges(tries, 1) == []
    assert edges(tries, 0) == ["learning_rate 0.1 is the lowest that was tried"]
    assert edges(tries, 2) == ["learning_rate 0.4 is the highest that was tried"]


@pytest.mark.parametrize(("task", "taken"), [("color", True), ("retrieval", True), ("pose_retrieval", False)])
def test_the_rule_takes_tasks_whose_best_score_is_one(write: Callable[[str], Path], task: str, taken: bool) -> None:
    path = write(HEAD.replace("classification", task) + RATES)
    if taken:
        assert load_grid(path).tasks == [task]
    else:
        with pytest.raises(ThreeDieError, match="isn't 1 at best"):
            load_grid(path)


def test_the_list_names_the_grids() -> None:
    output = CliRunner().invoke(bench, ["list"]).output
    assert "Grids (3die bench tune --grid NAME)\n  micro; the default is micro" in output
