"""Recipes: how to train, as a file of settings with a name."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import BeforeValidator, ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs

from threedie.manifests.errors import ThreeDieError, one_line, shown_value
from threedie.manifests.fields import Flag, Must, Number, Text, Whole, field_name, first_error
from threedie.manifests.suggest import suggest
from threedie.manifests.text import parse_toml, without_mark

OLD_NAMES = {"normalisation": "normalization", "centre": "center"}
"""Old name of a setting -> its name; files, checkpoints and `--set` may use both."""

SECTION, SHORT_SECTION = "method_options", "method"
"""Section of the method's own options in a recipe, and its short name in `--set method.split=false`."""

METHODS_SECTION = "methods"
"""Section of a recipe's file with the options of several methods, a table each."""

_MINIMUM_IMAGE = 32
_WIDEST_PROJECTOR = 2**20
_LARGEST = 2**53
"""Whole numbers beyond are no longer exact in JSON and in floats."""
_DEEPEST, _LONGEST, _SHOWN = 4, 1000, 200


def _is_width(part: str) -> bool:
    return part.isdecimal() and len(part) < len(str(_LARGEST)) and 0 < int(part) <= _WIDEST_PROJECTOR


def _are_widths(projector: str) -> bool:
    return all(map(_is_width, projector.split("-")))


def _is_plain(entry: Any, depth: int = 0) -> bool:
    """Whether a value can go into JSON and be an argument: finite, of limited size and depth."""
    if isinstance(entry, bool) or entry is None:
        return True
    if isinstance(entry, int):
        return abs(entry) <= _LARGEST
    if isinstance(entry, float):
        return math.isfinite(entry)
    if isinstance(entry, str):
        return len(entry) <= _LONGEST
    if isinstance(entry, dict | list | tuple) and depth < _DEEPEST:
        return all(_is_plain(each, depth + 1) for each in (entry.values() if isinstance(entry, dict) else entry))
    return False


def _number_as_text(value: Any) -> Any:
    """A single width, `projector=512`, is read as a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


# Upper bounds lie far beyond use: larger numbers are slips that would fill the memory or overflow.
ImageSize = Annotated[
    Whole, Must(lambda size: size >= _MINIMUM_IMAGE, f"{_MINIMUM_IMAGE} or more: the backbone halves it five times"),
    Field(le=2**14),
]  # fmt: skip
BatchSize = Annotated[
    Whole, Must(lambda size: size >= 2, "2 or more: batch normalization needs two"), Field(le=2**20)
]  # fmt: skip
Projector = Annotated[
    Text, Must(_are_widths, "widths joined by '-', such as 512-512-512"), BeforeValidator(_number_as_text)
]  # fmt: skip
Option = Annotated[Any, Must(_is_plain, "a finite number, a text, true or false, or a list or a table of such")]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Recipe:
    """How a method is trained.

    Attributes:
        name: what the recipe is called.
        image_size: input width and height in pixels; images of another size are resized.
        normalization: `dataset` takes mean and standard deviation of each channel from the training images; `original`
            are the fixed numbers of the SIE paper's code for 3DIEBench, `cifar10` and `imagenet` those in common use;
            `permittivity` is for unit cells.
        channels: `file` keeps the order of the color channels that the JPEGs hold (the original's own: red and blue
            exchanged in `bgr` datasets), `rgb` puts them right.
        backbone: name of the encoder network; `cell_cnn` is for unit cells.
        form: `original`, `torchvision` or `cifar` form of the ResNet.
        width: channels of the backbone's first stage; 64 is the full network.
        projector: widths of the projector's layers, joined by `-`.
        method_options: further arguments of the method.
        epochs: how many epochs.
        passes: pairs or sequences of views of each object in one epoch.
        batch_size: pairs or sequences in one step, over all devices.
        optimizer: `adam` (weight decay as L2 penalty), `adamw` (decoupled), `sgd` or `lars`.
        learning_rate: its highest value.
        weight_decay: coefficient.
        schedule: `constant`; `cosine` down to zero at the last step; `cosine_epochs`, the same in one step an epoch;
            `cosine_thousandth`, down to a thousandth, with a warm-up whose first step has the rate zero; `late_cosine`,
            which reaches zero an epoch and a step after the last (E-SSL's code for photonic crystals).
        warmup_epochs: epochs of linear rise from zero; may be a fraction.
        precision: `32-true` or `bf16-mixed`.
        sync_batchnorm: batch statistics over all devices instead of one.
        center: share of the images' width and height, around their middle, that is used; what lies outside, in
            3DIEBench bare floor, is cut off before they are resized.
        augmentation: `none`; `essl` for random crops, flips, colors and grayscale; `imagenet` for those of E-SSL on
            ImageNet, with blur and solarization. See `data.augmentation`. `cells` and `cells_transformed` are for unit
            cells, see `data.cell_augmentation`.
        momentum: of `sgd` and `lars`.
        online_probes: whether heads for class and rotation are trained beside the method, for its curves alone.
        vector_rate: learning rate of one-dimensional parameters (biases and those of normalization layers) over that of
            the others.

    Raises:
        ThreeDieError: a setting is unknown, missing, of the wrong type or contradicts another.
    """

    name: Text
    image_size: ImageSize
    normalization: Literal["dataset", "original", "cifar10", "imagenet", "permittivity"]
    channels: Literal["file", "rgb"]
    backbone: Text
    form: Literal["original", "torchvision", "cifar"]
    width: Annotated[Whole, Field(ge=1, le=2**14)]
    projector: Projector
    epochs: Annotated[Whole, Field(ge=1, le=10**7)]
    passes: Annotated[Whole, Field(ge=1, le=10**6)]
    batch_size: BatchSize
    optimizer: Literal["adam", "adamw", "sgd", "lars"]
    learning_rate: Annotated[Number, Must(lambda rate: 0 < rate < math.inf, "positive")]
    weight_decay: Annotated[Number, Must(lambda decay: 0 <= decay < math.inf, "0 or more")]
    schedule: Literal["constant", "cosine", "cosine_epochs", "cosine_thousandth", "late_cosine"]
    warmup_epochs: Number
    precision: Literal["32-true", "bf16-mixed"]
    sync_batchnorm: Flag
    center: Annotated[Number, Must(lambda share: 0 < share <= 1, "more than 0 and at most 1")] = 1.0
    augmentation: Literal["none", "essl", "imagenet", "cells", "cells_transformed"] = "none"
    momentum: Annotated[Number, Must(lambda value: 0 <= value < 1, "0 or more and less than 1")] = 0.0
    online_probes: Flag = False
    vector_rate: Annotated[Number, Must(lambda share: 0 < share < math.inf, "positive")] = 1.0
    method_options: dict[Text, Option] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.warmup_epochs < self.epochs:
            self._refuse("warmup_epochs", f"0 or more and less than epochs, which is {self.epochs}")
        if self.momentum and self.optimizer not in ("sgd", "lars"):
            self._refuse("momentum", f"0 with optimizer {self.optimizer}, which has averages of its own")
        if self.form == "original" and self.image_size % _MINIMUM_IMAGE:
            self._refuse("image_size", f"a multiple of {_MINIMUM_IMAGE} with form original")
        if self.form == "original" and self.backbone == "resnet50":
            self._refuse("form", "torchvision or cifar with backbone resnet50")

    def _refuse(self, key: str, expected: str) -> None:
        raise ThreeDieError(f"recipe {self.name}: {key} is {shown_value(getattr(self, key))}; it must be {expected}")

    @model_validator(mode="wrap")
    @classmethod
    def _explain(cls, value: Any, handler: ModelWrapValidatorHandler["Recipe"]) -> "Recipe":
        try:
            return handler(value)
        except ValidationError as error:
            name = value.kwargs.get("name", "?") if isinstance(value, ArgsKwargs) and value.kwargs else "?"
            recipe, wrong = f"recipe {str(name)[:_LONGEST]}", first_error(error, tuple(setting_names()))
            if not wrong.path:
                raise  # no table at all; what it is part of has a name
            if wrong.kind == "unknown":
                hint = suggest(wrong.name, setting_names())
                raise ThreeDieError(f"{recipe}: there is no setting {shown_value(wrong.name)}; {hint}") from error
            if wrong.kind == "missing":
                raise ThreeDieError(f"{recipe}: the setting {wrong.name!r} is missing") from error
            raise ThreeDieError(f"{recipe}: {field_name(wrong.path)} {wrong.sentence()}") from error

    def to_json(self) -> dict[str, Any]:
        """All settings, as plain JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Recipe":
        """Back from `to_json`, also of an older version.

        Raises:
            ThreeDieError: a setting is unknown, missing, of the wrong type or contradicts another.
        """
        if not isinstance(value, dict):
            raise ThreeDieError(f"a recipe is a table of settings, not {shown_value(value)}")
        for old, new in OLD_NAMES.items():
            if old in value and new in value:
                name = str(value.get("name", "?"))[:_LONGEST]
                raise ThreeDieError(f"recipe {name}: {old} and {new} are one setting, and both are set; keep {new}")
        return cls(**{str(key): entry for key, entry in with_current_names(value).items()})

    def text(self) -> str:
        """The settings as TOML, in the order of the fields."""
        return tomli_w.dumps({key: value for key, value in self.to_json().items() if value != {}}).strip()


def setting_names() -> list[str]:
    """Names of all settings, in their order."""
    return [item.name for item in dataclasses.fields(Recipe)]


def with_current_names(settings: dict[str, Any], names: Mapping[str, str] = OLD_NAMES) -> dict[str, Any]:
    """Settings by today's names; an old name beside its new one stays, to be refused.

    Args:
        settings: by name.
        names: old names and the new ones.
    """
    return {
        names[key] if key in names and names[key] not in settings else key: entry for key, entry in settings.items()
    }


def recipe_names() -> list[str]:
    """The recipes that come with the program, sorted."""
    folder = resources.files("threedie.benchmark.settings") / "recipes"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_recipe(name: str, overrides: Sequence[str] = (), method: str | None = None) -> Recipe:
    """Read a recipe and change some of its settings.

    Args:
        name: one of `recipe_names()`.
        overrides: `key=value` each; `method_options.key=value`, or `method.key=value`, for an argument of the method.
            Values are read as TOML, and as plain text where that fails.
        method: the method that it is for. A recipe's file may have options of several methods, as tables
            `methods.NAME`; those of this one are taken.

    Raises:
        ThreeDieError: no such recipe or setting (the message suggests the nearest), or a wrong value.
    """
    if name not in recipe_names():
        raise ThreeDieError(f"there is no recipe {shown_value(name)}; {suggest(name, recipe_names())}")
    settings = read_settings(resources.files("threedie.benchmark.settings") / "recipes" / f"{name}.toml")
    settings, spellings = {"name": name, **with_current_names(settings)}, dict[str, str]()
    own = settings.pop(METHODS_SECTION, {}).get(method)
    if own:
        settings[SECTION] = {**settings.get(SECTION, {}), **own}
    for override in overrides:
        key, equals, text = override.partition("=")
        key = key.strip()
        if not equals or not key:
            raise ThreeDieError(f"--set {override[:_SHOWN]}: write it as key=value, such as --set epochs=10")
        section, dot, inner = key.partition(".")
        if dot and section in (SECTION, SHORT_SECTION) and inner:
            settings[SECTION] = {**settings.get(SECTION, {}), inner: parse_value(text)}
            continue
        key, spelling = OLD_NAMES.get(key, key), key
        if spellings.setdefault(key, spelling) != spelling:
            raise ThreeDieError(f"--set {override[:_SHOWN]}: {spellings[key]} is set too, and both are {key}; give one")
        choices = [setting for setting in setting_names() if setting != "name"]
        if key not in choices:
            raise ThreeDieError(
                f"--set {override[:_SHOWN]}: there is no setting {shown_value(key)}; {suggest(key, choices)}"
            )
        settings[key] = parse_value(text)
    return Recipe.from_json(settings)


def read_settings(path: Traversable, what: str = "recipe") -> dict[str, Any]:
    """The settings in a recipe's file.

    Args:
        path: the file.
        what: what it should be, for the message.

    Raises:
        ThreeDieError: it can't be read, or isn't TOML.
    """
    try:
        return parse_toml(without_mark(path.read_bytes()).decode())
    except OSError as error:
        raise ThreeDieError(f"{path}: can't be read ({error.strerror})") from error
    except ValueError as error:
        raise ThreeDieError(f"{path}: not a {what} in TOML ({one_line(error)})") from error


def parse_value(text: str) -> Any:
    """A value of `--set`: as TOML, or as plain text where that fails."""
    try:
        table = parse_toml(f"value = {text}")
    except ValueError:
        return text.strip()
    # A text with line breaks may set other keys.
    return table["value"] if table.keys() == {"value"} else text.strip()
