import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from parity_successors import FORMS

from threedie.baselines.registry import build_method
from threedie.benchmark.commands.bench import bench
from threedie.benchmark.settings import recipe as recipe_module
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.benchmark.settings.recipe import Recipe, load_recipe, read_settings, recipe_names
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import build
from threedie.benchmark.training.stepper import Stepper
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError


def test_the_recipes_load_and_survive_json():
    assert {"cifar10", "context-ssl", "equicaps", "micro", "mini", "paper", "seq-jepa", "seq-jepa-others", "smoke"} <= {
        *recipe_names()
    }
    assert {"photonics", "photonics-micro"} <= {*recipe_names()}
    assert {"imagefolder", "imagenet"} <= {*recipe_names()}
    assert recipe_names() == sorted(recipe_names())
    for name in recipe_names():
        recipe = load_recipe(name)
        assert recipe.name == name
        assert Recipe.from_json(recipe.to_json()) == recipe


def test_a_recipe_s_file_may_have_options_of_several_methods():
    plain, ours, theirs = (load_recipe("imagenet", method=method) for method in (None, "simclr", "essl"))
    assert plain.method_options == {}
    assert ours.method_options == {
        "temperature": 0.2, "negatives": "other_view", "final_norm": True, "final_affine": True
    }  # fmt: skip
    assert (theirs.method_options["base"], theirs.method_options["equivariance_weight"]) == ("simclr", 0.4)
    changed = load_recipe("imagenet", ["method.temperature=0.5"], "simclr")
    assert changed.method_options == {**ours.method_options, "temperature": 0.5}
    assert load_recipe("imagenet", ["method.final_norm=true"], "vicreg").method_options == {"final_norm": True}


def test_the_imagenet_recipes_are_the_paper_s():
    simclr, twins, simsiam = (load_recipe(name) for name in ("imagenet", "imagenet-barlow-twins", "imagenet-simsiam"))
    for recipe in (simclr, twins, simsiam):
        assert (recipe.backbone, recipe.form, recipe.width, recipe.image_size) == ("resnet50", "torchvision", 64, 224)
        assert (recipe.epochs, recipe.normalization, recipe.augmentation) == (100, "imagenet", "imagenet")
    for recipe in (simclr, twins):
        assert (recipe.optimizer, recipe.momentum, recipe.weight_decay) == ("lars", 0.9, 1e-6)
        assert (recipe.batch_size, recipe.warmup_epochs, recipe.schedule) == (4096, 10, "cosine_thousandth")
    assert (simclr.learning_rate, simclr.projector) == (4.8, "2048-2048-128")
    assert (twins.learning_rate, twins.learning_rate * twins.vector_rate) == (0.2 * 16, pytest.approx(0.0048 * 16))
    assert (simsiam.optimizer, simsiam.learning_rate, simsiam.batch_size) == ("sgd", 0.05 * 2, 512)
    assert (simsiam.weight_decay, simsiam.warmup_epochs, simsiam.schedule) == (1e-4, 0, "cosine_epochs")


def test_the_paper_recipe_is_the_original_s():
    recipe = load_recipe("paper")
    assert (recipe.backbone, recipe.form, recipe.width, recipe.image_size) == ("resnet18", "original", 64, 256)
    assert (recipe.batch_size, recipe.epochs, recipe.passes) == (1024, 2000, 1)
    assert (recipe.optimizer, recipe.learning_rate, recipe.weight_decay) == ("adam", 1e-3, 1e-6)
    assert (recipe.schedule, recipe.normalization, recipe.sync_batchnorm) == ("constant", "original", True)
    assert recipe.projector == "2048-2048-2048"


def test_the_recipes_of_seq_jepa_are_the_paper_s():
    own, others = load_recipe("seq-jepa"), load_recipe("seq-jepa-others")
    for recipe in (own, others):
        assert (recipe.backbone, recipe.form, recipe.width, recipe.image_size) == ("resnet18", "torchvision", 64, 128)
        assert (recipe.batch_size, recipe.epochs, recipe.passes) == (512, 1000, 1)
        assert (recipe.normalization, recipe.augmentation) == ("original", "none")
    assert (own.optimizer, own.learning_rate, own.weight_decay) == ("adamw", 4e-4, 1e-3)
    assert (own.schedule, own.warmup_epochs) == ("cosine", 20)
    assert (others.optimizer, others.learning_rate, others.weight_decay) == ("adam", 1e-3, 0)


def test_recipes_with_options_build_the_method_of_their_parity_record():
    others = dataclasses.asdict(load_recipe("seq-jepa-others"))
    for recipe_name, method, record in (
        ("seq-jepa-byol", "byol", "byol_cond_rot"),
        ("seq-jepa-equimod", "equimod", "equimod_rot"),
    ):
        recipe, form = load_recipe(recipe_name), FORMS[record]
        assert (recipe.form, recipe.projector, recipe.method_options) == (form.form, form.projector, form.options)
        assert form.method == method
        differing = {name for name, value in dataclasses.asdict(recipe).items() if value != others[name]}
        assert differing == {"name", "projector", "method_options"}
        with torch.device("meta"):
            build_method(method, projector=recipe.projector, options=recipe.method_options)


def test_the_recipe_of_equicaps_is_its_code_s():
    recipe, original = (dataclasses.asdict(load_recipe(name)) for name in ("equicaps", "paper"))
    assert {**recipe, "name": ""} == {**original, "name": ""}


def test_overrides_are_typed():
    recipe = load_recipe("smoke", ["epochs=7", "learning_rate=1", "projector=64-64", "method_options.split=false"])
    assert recipe.epochs == 7
    assert recipe.learning_rate == 1.0
    assert recipe.projector == "64-64"
    assert recipe.method_options == {"split": False}
    assert "[method_options]\nsplit = false" in recipe.text()
    assert load_recipe("smoke", ["projector=64"]).projector == "64"
    assert load_recipe("smoke", ["method.split=false"]).method_options == {"split": False}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("epoch=7", "no setting 'epoch'; did you mean 'epochs'"),
        ("colour=7", "no setting 'colour'; choose from image_size"),
        ("name=mine", "no setting 'name'"),
        ("epochs", "write it as key=value"),
        ("epochs=many", "epochs is 'many'; it must be of type int"),
        ("epochs=0", "epochs is 0; it must be 1 or more"),
        ("sync_batchnorm=1", "sync_batchnorm is 1; it must be of type bool"),
        ("optimizer=lamb", "optimizer is 'lamb'; it must be one of adam, adamw, sgd, lars"),
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
        ("center=0", "center is 0.0; it must be more than 0 and at most 1"),
        ("center=1.5", "center is 1.5; it must be more than 0 and at most 1"),
        ("learning_rate=nan", "learning_rate is nan; it must be positive"),
    ],
)
def test_wrong_settings_are_refused_by_name(override: str, message: str):
    with pytest.raises(ThreeDieError, match=re.escape(message)):
        load_recipe("smoke", [override])


def test_old_names_of_settings_mean_the_new_ones(tmp_path: Path):
    new = load_recipe("micro", ["center=0.5", "normalization=original"])
    assert load_recipe("micro", ["centre=0.5", "normalisation=original"]) == new
    old = {"centre" if key == "center" else key: value for key, value in new.to_json().items()}
    old = {"normalisation" if key == "normalization" else key: value for key, value in old.items()}
    assert "center" not in old
    assert Recipe.from_json(old) == new


@pytest.mark.parametrize(("first", "second"), [("centre", "center"), ("center", "centre")])
def test_both_spellings_of_a_setting_are_refused(first: str, second: str):
    with pytest.raises(ThreeDieError, match=r"recipe micro: centre and center are one setting.*keep center"):
        Recipe.from_json({**load_recipe("micro").to_json(), "centre": 0.5})
    with pytest.raises(ThreeDieError, match=f"--set {second}=0.6: {first} is set too, and both are center; give one"):
        load_recipe("micro", [f"{first}=0.5", f"{second}=0.6"])
    assert load_recipe("micro", [f"{first}=0.5", f"{first}=0.6"]).center == 0.6


def test_what_a_recipe_prints_can_be_read_back(tmp_path: Path):
    recipe = load_recipe("smoke", ["method.split=false", 'method.predictor={hidden = "1"}', "center=0.5"])
    path = tmp_path / "mine.toml"
    path.write_text(recipe.text())
    assert Recipe.from_json(read_settings(path)) == recipe


def test_a_recipe_made_in_python_is_checked_as_one_from_a_file():
    with pytest.raises(ThreeDieError, match="recipe smoke: width is 0; it must be 1 or more"):
        dataclasses.replace(load_recipe("smoke"), width=0)


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
    stepper = Stepper(build(RunSettings("vicreg", recipe, 0, "", "")), recipe, "cpu")
    assert stepper.optimizer.param_groups[0][field] == value


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (f"epochs={'9' * 5000}", "it must be of type int"),
        ("epochs=99999999999999999999", "epochs is a whole number of 67 bits; it must be at most 10,000,000"),
        ("epochs=100000000", "epochs is 100000000; it must be at most 10,000,000"),
        ("epochs=1e9", "epochs is 1000000000.0; it must be of type int"),
        ("image_size=100000", "image_size is 100000; it must be at most 16,384"),
        (
            f"learning_rate={'9' * 400}",
            "learning_rate is a whole number of 1329 bits; it must be a number that",
        ),
        ("learning_rate=inf", "learning_rate is inf; it must be positive"),
        ("weight_decay=nan", "weight_decay is nan; it must be 0 or more"),
        ("warmup_epochs=nan", "warmup_epochs is nan; it must be 0 or more and less than epochs"),
        (f"projector={'9' * 5000}", "it must be widths joined by '-'"),
        ("projector=99999999999", "it must be widths joined by '-'"),
        ("projector=64--64", "it must be widths joined by '-'"),
        ("method.weight=nan", "method_options.weight is nan; it must be a finite number"),
        ("method.weight=[1, inf]", "method_options.weight is [1, inf]; it must be a finite number"),
        (f"method.weight={'9' * 20}", "method_options.weight is a whole number of 67 bits; it must be a finite number"),
        ("epochs=" + "[" * 5000, "it must be of type int"),
        ("epochs=3\nwidth=5", "epochs is '3\\nwidth=5'; it must be of type int"),
        ("x" * 5000 + "=1", "there is no setting 'xxx"),
    ],
)
def test_odd_values_are_refused_in_one_line(override: str, message: str):
    with pytest.raises(ThreeDieError) as caught:
        load_recipe("smoke", [override])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_a_recipe_s_file_may_have_a_byte_order_mark_and_windows_line_ends(tmp_path: Path):
    plain = (Path(recipe_module.__file__).parent / "recipes" / "smoke.toml").read_bytes()
    path = tmp_path / "mine.toml"
    for content in (b"\xef\xbb\xbf" + plain, plain.replace(b"\n", b"\r\n"), plain.decode().encode("utf-16")):
        path.write_bytes(content)
        assert Recipe.from_json({"name": "smoke", **read_settings(path)}) == load_recipe("smoke")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"epochs = ", "not a recipe in TOML (Invalid value"),
        (b"epochs = 1\nepochs = 2\n", "not a recipe in TOML (Cannot overwrite a value"),
        (b"# H\xf6he\n", "not a recipe in TOML ('utf-8' codec can't decode byte 0xf6"),
        (b"epochs = " + b"9" * 5000, "not a recipe in TOML (a number of thousands of digits"),
        (b"epochs = " + b"[" * 5000, "not a recipe in TOML (nested too deep"),
        (b"\x00", "not a recipe in TOML (Invalid statement"),
    ],
)
def test_a_damaged_recipe_is_refused_by_its_file(tmp_path: Path, content: bytes, message: str):
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(ThreeDieError) as caught:
        read_settings(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [None, [], "smoke", 3])
def test_what_is_no_table_is_no_recipe(value: Any):
    with pytest.raises(ThreeDieError, match="a recipe is a table of settings"):
        Recipe.from_json(value)


def test_a_setting_that_old_records_lack_makes_no_row_of_its_own():
    from record_samples import make_record

    from threedie.benchmark.leaderboard.variants import row_key

    old = make_record("sie", 0)
    new, other = ({**old, "config": {**old["config"], "vector_rate": rate}} for rate in (1.0, 0.024))
    assert "vector_rate" not in old["config"]
    assert row_key(old) == row_key(new)
    assert row_key(old) != row_key(other)
