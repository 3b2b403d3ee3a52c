import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benchmark.cli import bench
from benchmark.protocol import PROTOCOLS
from benchmark.recipe import Recipe, load_recipe, recipe_names
from benchmark.training import Settings, Stepper, build
from manifests.dataset import Dataset
from manifests.errors import ThreeDieError


def test_the_recipes_load_and_survive_json():
    assert recipe_names() == ["cifar10", "micro", "mini", "paper", "smoke"]
    for name in recipe_names():
        recipe = load_recipe(name)
        assert recipe.name == name
        assert Recipe.from_json(recipe.to_json()) == recipe


def test_the_paper_recipe_is_the_original_s():
    recipe = load_recipe("paper")
    assert (recipe.backbone, recipe.form, recipe.width, recipe.image_size) == ("resnet18", "original", 64, 256)
    assert (recipe.batch_size, recipe.epochs, recipe.passes) == (1024, 2000, 1)
    assert (recipe.optimizer, recipe.learning_rate, recipe.weight_decay) == ("adam", 1e-3, 1e-6)
    assert (recipe.schedule, recipe.normalisation, recipe.sync_batchnorm) == ("constant", "original", True)
    assert recipe.projector == "2048-2048-2048"


def test_overrides_are_typed():
    recipe = load_recipe("smoke", ["epochs=7", "learning_rate=1", "projector=64-64", "method_options.split=false"])
    assert recipe.epochs == 7
    assert recipe.learning_rate == 1.0
    assert recipe.projector == "64-64"
    assert recipe.method_options == {"split": False}
    assert "method_options.split = false" in recipe.text()
    assert load_recipe("smoke", ["projector=64"]).projector == "64"
    assert load_recipe("smoke", ["method.split=false"]).method_options == {"split": False}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("epoch=7", "no setting 'epoch'; did you mean 'epochs'"),
        ("colour=7", "no setting 'colour'; there are image_size"),
        ("name=mine", "no setting 'name'"),
        ("epochs", "write it as key=value"),
        ("epochs=many", "epochs is 'many'; it must be of type int"),
        ("epochs=0", "epochs is 0; it must be 1 or more"),
        ("sync_batchnorm=1", "sync_batchnorm is 1; it must be of type bool"),
        ("optimizer=lars", "optimizer is 'lars'; it must be one of adam, adamw, sgd"),
        ("warmup_epochs=500", "warmup_epochs is 500.0; it must be 0 or more and less than epochs"),
        ("batch_size=1", "batch_size is 1; it must be 2 or more"),
        ("image_size=16", "image_size is 16; it must be 32 or more"),
        ("projector=64-x", "projector is '64-x'; it must be widths"),
        ("momentum=0.9", "momentum is 0.9; it must be 0 with optimizer adam"),
        ("momentum=1.0", "momentum is 1.0; it must be 0 or more and less than 1"),
        ("image_size=100", "image_size is 100; it must be a multiple of 32 with form original"),
        ("backbone=resnet50", "form is 'original'; it must be torchvision or cifar with backbone resnet50"),
        ("augmentation=flip", "augmentation is 'flip'; it must be one of none, essl"),
        ("online_probes=yes", "online_probes is 'yes'; it must be of type bool"),
        ("centre=0", "centre is 0.0; it must be more than 0 and at most 1"),
        ("centre=1.5", "centre is 1.5; it must be more than 0 and at most 1"),
        ("learning_rate=nan", "learning_rate is nan; it must be positive"),
    ],
)
def test_wrong_settings_are_refused_by_name(override: str, message: str):
    with pytest.raises(ThreeDieError, match=re.escape(message)):
        load_recipe("smoke", [override])


def test_a_misspelled_recipe_is_guessed():
    with pytest.raises(ThreeDieError, match="did you mean 'smoke'"):
        load_recipe("smok")


def test_every_setting_is_read_by_a_run(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Read, and not only printed and stored: reads by `to_json` and by the recipe's own checks don't count."""
    names = {item.name for item in dataclasses.fields(Recipe)}
    read: set[str] = set()
    whole = Recipe.to_json
    aside = 0

    def noted(self: Recipe, name: str) -> Any:
        if name in names and not aside:
            read.add(name)
        return object.__getattribute__(self, name)

    def set_aside(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any) -> Any:
            nonlocal aside
            aside += 1
            try:
                return function(*arguments)
            finally:
                aside -= 1

        return wrapped

    monkeypatch.setattr(Recipe, "__post_init__", set_aside(Recipe.__post_init__))
    monkeypatch.setattr(Recipe, "to_json", set_aside(whole))
    monkeypatch.setattr(Recipe, "text", set_aside(Recipe.text))
    monkeypatch.setattr(Recipe, "__getattribute__", noted)
    monkeypatch.setitem(PROTOCOLS, "quick", dataclasses.replace(PROTOCOLS["quick"], hidden=16, steps=10))
    overrides = ["image_size=32", "width=4", "projector=16-16", "epochs=2", "passes=1", "warmup_epochs=1"]
    overrides += ["optimizer=sgd", "momentum=0.9", "batch_size=8", "learning_rate=0.001"]
    words = [word for override in overrides for word in ("--set", override)]
    run = ["run", "vicreg", "--data", str(dataset.path), "--recipe", "smoke", "--out", str(tmp_path), *words]
    done = CliRunner().invoke(bench, run)
    assert done.exception is None, done.exception
    assert read == names


@pytest.mark.parametrize(("field", "value"), [("momentum", 0.5), ("weight_decay", 0.125), ("lr", 0.25)])
def test_settings_of_the_optimizer_reach_it(field: str, value: float):
    overrides = ["image_size=32", "width=4", "projector=16-16", "optimizer=sgd"]
    recipe = load_recipe("smoke", [*overrides, "momentum=0.5", "weight_decay=0.125", "learning_rate=0.25"])
    stepper = Stepper(build(Settings("vicreg", recipe, 0, "", "")), recipe, "cpu")
    assert stepper.optimizer.param_groups[0][field] == value
