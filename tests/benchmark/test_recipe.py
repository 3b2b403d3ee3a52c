import dataclasses
import re
from pathlib import Path

import pytest

import benchmark
from benchmark.recipe import Recipe, load_recipe, recipe_names
from manifests.errors import ThreeDieError


def test_the_recipes_load_and_survive_json():
    assert recipe_names() == ["cifar10", "mini", "paper", "smoke"]
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
        ("learning_rate=nan", "learning_rate is nan; it must be positive"),
    ],
)
def test_wrong_settings_are_refused_by_name(override: str, message: str):
    with pytest.raises(ThreeDieError, match=re.escape(message)):
        load_recipe("smoke", [override])


def test_a_misspelled_recipe_is_guessed():
    with pytest.raises(ThreeDieError, match="did you mean 'smoke'"):
        load_recipe("smok")


def test_every_setting_is_read_by_the_program():
    folder = Path(benchmark.__file__).parent
    text = "".join(path.read_text() for path in folder.glob("*.py") if path.name != "recipe.py")
    unread = [
        item.name for item in dataclasses.fields(Recipe) if not re.search(rf"\b(recipe|plan)\.{item.name}\b", text)
    ]
    assert unread == []
