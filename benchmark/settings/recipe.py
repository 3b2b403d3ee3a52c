"""Recipes: how to train, as a file of settings with a name."""

import dataclasses
import difflib
import math
import types
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, get_args, get_type_hints

from threedie.manifests.errors import ThreeDieError, one_line, shown_value
from threedie.manifests.text import parse_toml, without_mark

CHOICES: dict[str, tuple[str, ...]] = {
    "form": ("original", "torchvision", "cifar"),
    "normalisation": ("dataset", "original", "cifar10", "imagenet"),
    "channels": ("file", "rgb"),
    "augmentation": ("none", "essl"),
    "optimizer": ("adam", "adamw", "sgd"),
    "schedule": ("constant", "cosine"),
    "precision": ("32-true", "bf16-mixed"),
}
"""Settings that are one of a few words."""

_WHOLE = {"image_size": 2**14, "width": 2**14, "batch_size": 2**20, "epochs": 10**7, "passes": 10**6}
"""Whole numbers from 1 to these: what is larger is a slip, and would end in a full memory or an overflow."""

_WIDEST_PROJECTOR = 2**20
_LARGEST = 2**53
"""Whole numbers beyond are no longer exact in JSON and in floats."""

_DEEPEST, _LONGEST, _SHOWN = 4, 1000, 200
_MINIMUM_IMAGE = 32
SECTION, SHORT_SECTION = "method_options", "method"
"""Where the method's own options are: in a recipe, and as `--set method.split=false` may call it."""


@dataclass(frozen=True)
class Recipe:
    """How a method is trained.

    Attributes:
        name: what the recipe is called.
        image_size: input width and height in pixels; images of another size are resized.
        normalisation: `dataset` takes mean and standard deviation of each channel from the training images; `original`
            are the fixed numbers of the SIE paper's code for 3DIEBench, `cifar10` and `imagenet` those usual there.
        channels: `file` keeps the order of the colour channels that the JPEGs hold (the original's own: red and blue
            exchanged in `bgr` datasets), `rgb` puts them right.
        backbone: name of the encoder network.
        form: `original`, `torchvision` or `cifar` form of the ResNet.
        width: channels of the backbone's first stage; 64 is the full network.
        projector: widths of the projector's layers, joined by `-`.
        method_options: further arguments of the method.
        epochs: how many epochs.
        passes: pairs of views of each object in one epoch.
        batch_size: pairs in one step, over all devices.
        optimizer: `adam` (weight decay as L2 penalty), `adamw` (decoupled) or `sgd`.
        learning_rate: its highest value.
        weight_decay: coefficient.
        schedule: `constant`, or `cosine` down to zero at the last step.
        warmup_epochs: epochs of linear rise from zero; may be a fraction.
        precision: `32-true` or `bf16-mixed`.
        sync_batchnorm: batch statistics over all devices instead of one.
        centre: share of the pictures' width and height, around their middle, that is seen; what lies outside, in
            3DIEBench bare floor, is cut off before they are resized.
        augmentation: `none`, or `essl` for random crops, flips, colours and greyscale, see `data.augmentation`.
        momentum: of `sgd`.
        online_probes: whether heads for class and rotation are trained beside the method, for its curves alone.
    """

    name: str
    image_size: int
    normalisation: str
    channels: str
    backbone: str
    form: str
    width: int
    projector: str
    epochs: int
    passes: int
    batch_size: int
    optimizer: str
    learning_rate: float
    weight_decay: float
    schedule: str
    warmup_epochs: float
    precision: str
    sync_batchnorm: bool
    centre: float = 1.0
    augmentation: str = "none"
    momentum: float = 0.0
    online_probes: bool = False
    method_options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key, choices in CHOICES.items():
            if getattr(self, key) not in choices:
                self._refuse(key, f"one of {', '.join(choices)}")
        for key, most in _WHOLE.items():
            if getattr(self, key) < 1:
                self._refuse(key, "1 or more")
            if getattr(self, key) > most:
                self._refuse(key, f"at most {most:,}")
        if self.image_size < _MINIMUM_IMAGE:
            self._refuse("image_size", f"{_MINIMUM_IMAGE} or more: the backbone halves it five times")
        if self.batch_size < 2:
            self._refuse("batch_size", "2 or more: batch normalisation needs two")
        if not 0 < self.learning_rate < float("inf"):
            self._refuse("learning_rate", "positive")
        if not 0 <= self.weight_decay < float("inf"):
            self._refuse("weight_decay", "0 or more")
        if not 0 <= self.warmup_epochs < self.epochs:
            self._refuse("warmup_epochs", f"0 or more and less than epochs, which is {self.epochs}")
        if not 0 < self.centre <= 1:
            self._refuse("centre", "more than 0 and at most 1")
        if not 0 <= self.momentum < 1:
            self._refuse("momentum", "0 or more and less than 1")
        if self.momentum and self.optimizer != "sgd":
            self._refuse("momentum", f"0 with optimizer {self.optimizer}, which has averages of its own")
        if self.form == "original" and self.image_size % _MINIMUM_IMAGE:
            self._refuse("image_size", f"a multiple of {_MINIMUM_IMAGE} with form original")
        if self.form == "original" and self.backbone == "resnet50":
            self._refuse("form", "torchvision or cifar with backbone resnet50")
        if not all(_is_width(part) for part in self.projector.split("-")):
            self._refuse("projector", "widths joined by '-', such as 512-512-512")
        for key, entry in self.method_options.items():
            if not _is_plain(entry):
                expected = "a finite number, a text, true or false, or a list or a table of such"
                raise ThreeDieError(
                    f"recipe {self.name}: {SECTION}.{key} is {shown_value(entry)}; it must be {expected}"
                )

    def _refuse(self, key: str, expected: str) -> None:
        raise ThreeDieError(f"recipe {self.name}: {key} is {shown_value(getattr(self, key))}; it must be {expected}")

    def to_json(self) -> dict[str, Any]:
        """All settings, as plain JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Recipe":
        """Back from `to_json`.

        Raises:
            ThreeDieError: a setting is unknown, missing, of the wrong type or contradicts another.
        """
        if not isinstance(value, dict):
            raise ThreeDieError(f"a recipe is a table of settings, not {shown_value(value)}")
        name = str(value.get("name", "?"))[:_LONGEST]
        hints = get_type_hints(cls)
        for key in value:
            if key not in hints:
                raise ThreeDieError(
                    f"recipe {name}: there is no setting {shown_value(key)}{_suggest(key, list(hints))}"
                )
        for item in dataclasses.fields(cls):
            needed = item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
            if needed and item.name not in value:
                raise ThreeDieError(f"recipe {name}: the setting {item.name!r} is missing")
        return cls(**{key: _typed(name, key, entry, hints[key]) for key, entry in value.items()})

    def text(self) -> str:
        """The settings as lines of TOML."""
        settings = self.to_json()
        options = settings.pop(SECTION)
        lines = [f"{key} = {_toml(entry)}" for key, entry in settings.items()]
        return "\n".join([*lines, *(f"{SECTION}.{key} = {_toml(entry)}" for key, entry in options.items())])


def _typed(recipe: str, key: str, entry: Any, expected: Any) -> Any:
    if isinstance(entry, int) and abs(entry) > _LARGEST:
        raise ThreeDieError(f"recipe {recipe}: {key} is {shown_value(entry)}; that is too large")
    if expected is float and isinstance(entry, int) and not isinstance(entry, bool):
        return float(entry)
    if expected is str and isinstance(entry, int) and not isinstance(entry, bool):
        # A single width, `projector=512`.
        return str(entry)
    plain = dict if get_args(expected) and not isinstance(expected, types.UnionType) else expected
    if not isinstance(entry, plain) or (isinstance(entry, bool) and plain is not bool):
        raise ThreeDieError(f"recipe {recipe}: {key} is {shown_value(entry)}; it must be of type {plain.__name__}")
    return entry


def _is_width(part: str) -> bool:
    return part.isdecimal() and len(part) < len(str(_LARGEST)) and 0 < int(part) <= _WIDEST_PROJECTOR


def _is_plain(entry: Any, depth: int = 0) -> bool:
    """Whether a value can go into JSON and be an argument: finite, not too large, not nested without end."""
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


def _toml(entry: Any) -> str:
    if isinstance(entry, bool):
        return str(entry).lower()
    return f'"{entry}"' if isinstance(entry, str) else str(entry)


def _suggest(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(str(word)[:_SHOWN], known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"


def recipe_names() -> list[str]:
    """The recipes that come with the program, sorted."""
    folder = resources.files("threedie.benchmark.settings") / "recipes"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_recipe(name: str, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe and change some of its settings.

    Args:
        name: one of `recipe_names()`.
        overrides: `key=value` each; `method_options.key=value`, or `method.key=value`, for an argument of the method.
            Values are read as TOML,
            and as plain text where that fails.

    Raises:
        ThreeDieError: no such recipe or setting (the message suggests the nearest), or a wrong value.
    """
    if name not in recipe_names():
        raise ThreeDieError(f"there is no recipe {shown_value(name)}{_suggest(name, recipe_names())}")
    settings = read_settings(resources.files("threedie.benchmark.settings") / "recipes" / f"{name}.toml")
    settings = {"name": name, **settings}
    for override in overrides:
        key, equals, text = override.partition("=")
        key = key.strip()
        if not equals or not key:
            raise ThreeDieError(f"--set {override[:_SHOWN]}: write it as key=value, such as --set epochs=10")
        section, dot, inner = key.partition(".")
        if dot and section in (SECTION, SHORT_SECTION) and inner:
            settings[SECTION] = {**settings.get(SECTION, {}), inner: parse_value(text)}
        elif key == "name" or key not in get_type_hints(Recipe):
            known = [item for item in get_type_hints(Recipe) if item != "name"]
            raise ThreeDieError(
                f"--set {override[:_SHOWN]}: there is no setting {shown_value(key)}{_suggest(key, known)}"
            )
        else:
            settings[key] = parse_value(text)
    return Recipe.from_json(settings)


def read_settings(path: Traversable) -> dict[str, Any]:
    """The settings in a recipe's file.

    Raises:
        ThreeDieError: it can't be read, or isn't TOML.
    """
    try:
        return parse_toml(without_mark(path.read_bytes()).decode())
    except OSError as error:
        raise ThreeDieError(f"{path}: can't be read ({error.strerror})") from error
    except ValueError as error:
        raise ThreeDieError(f"{path}: not a recipe in TOML ({one_line(error)})") from error


def parse_value(text: str) -> Any:
    """A value of `--set`: as TOML, or as plain text where that fails."""
    try:
        read = parse_toml(f"value = {text}")
    except ValueError:
        return text.strip()
    # What goes on in another line is no value.
    return read["value"] if read.keys() == {"value"} else text.strip()
