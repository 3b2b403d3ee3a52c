"""Grids: the settings that are tried for each method, as a TOML file with a name."""

import dataclasses
import itertools
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from threedie.baselines.catalogue import CATALOGUE
from threedie.benchmark.settings.defaults import MAX_SEED
from threedie.benchmark.settings.recipe import (
    SECTION,
    SHORT_SECTION,
    SUFFIX,
    is_own_recipe,
    load_recipe,
    parse_value,
    read_settings,
)
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tuning.rules import RULES
from threedie.manifests.errors import ThreeDieError, shown_value
from threedie.manifests.fields import Must, Text, Whole, field_name, first_error, unexpected
from threedie.manifests.suggest import suggest

DEFAULT_GRID = "micro"

Value = bool | int | float | str
Settings = dict[str, Value]
"""One try: settings of the recipe, and options of the method as `method.NAME`."""

FIXED = ("epochs", "passes", "name")
"""Settings of a recipe that decide how many images a try sees, which is the same for all, or that aren't a method's."""
_MOST_TRIES = 1000


def _listed(value: Any) -> Any:
    """One table, or a list of tables, as the tries that they stand for."""
    tables = value if isinstance(value, list) else [value]
    if not tables or not all(isinstance(table, dict) and table for table in tables):
        raise unexpected(value, "a table of settings, or a list of such tables")
    return [settings for table in tables for settings in _product(table)]


def _product(table: dict[str, Any]) -> list[Settings]:
    """All combinations of a table's lists; the last list changes fastest."""
    flat = _flat(table)
    lists = {key: value if isinstance(value, list) else [value] for key, value in flat.items()}
    for key, values in lists.items():
        if not values or not all(isinstance(each, bool | int | float | str) for each in values):
            raise unexpected(flat[key], f"a number, a text, true or false, or a list of such, for {key}")
    return [dict(zip(lists, values, strict=True)) for values in itertools.product(*lists.values())]


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`method.NAME` for the entries of a table `method`, at any depth."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        name = f"{prefix}{SHORT_SECTION if not prefix and key == SECTION else key}"
        flat |= _flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return flat


Tries = Annotated[list[dict[str, Any]], BeforeValidator(_listed)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Grid:
    """What is tried for each method, and how one of the tries is chosen.

    Attributes:
        name: what the grid is called.
        recipe: name of the recipe that the settings change.
        epochs: of every try, in place of the recipe's.
        tries: how many each method has.
        tasks: names of the tasks whose main scores are compared.
        rule: how, a key of `threedie.benchmark.tuning.rules.RULES`.
        default: the tries of a method without its own.
        methods: the tries of some methods, by name.
        seed: of every try.
    """

    name: Text
    recipe: Text
    epochs: Annotated[Whole, Field(ge=1, le=10**7)]
    tries: Annotated[Whole, Field(ge=1, le=_MOST_TRIES)]
    tasks: Annotated[list[Text], Must(bool, "a list of names of tasks")]
    rule: Text
    default: Tries
    methods: dict[Text, Tries] = dataclasses.field(default_factory=dict)
    seed: Annotated[Whole, Field(ge=0, le=MAX_SEED)] = 0

    def tries_of(self, method: str) -> list[Settings]:
        """The settings to try for a method."""
        return self.methods.get(method, self.default)

    def words(self, settings: Mapping[str, Value]) -> list[str]:
        """What a try changes of the recipe, as `key=value`."""
        return [f"epochs={self.epochs}", *as_words(settings)]


def as_words(settings: Mapping[str, Value]) -> list[str]:
    """Settings as `--set` takes them."""
    return [f"{key}={_word(value)}" for key, value in settings.items()]


def in_words(settings: Mapping[str, Value]) -> str:
    """Settings for people: `learning_rate 0.01, method.similarity_weight 2`."""
    return ", ".join(f"{key} {_word(value)}" for key, value in settings.items()) or "the recipe's settings"


def _word(value: Value) -> str:
    return value if isinstance(value, str) and parse_value(value) == value else json.dumps(value)


def grid_names() -> list[str]:
    """The grids that come with the program, sorted."""
    return sorted(entry.name.removesuffix(SUFFIX) for entry in _folder().iterdir() if entry.name.endswith(SUFFIX))


def _folder() -> Traversable:
    return resources.files("threedie.benchmark.settings") / "grids"


def load_grid(grid: str | Path) -> Grid:
    """Read a grid.

    Args:
        grid: one of `grid_names()`, or a TOML file of your own, whose name without its ending is the grid's.

    Raises:
        ThreeDieError: no such grid; the file isn't one; a method, a recipe, a task, a rule or a setting doesn't exist;
            or a method has another number of tries than the others.
    """
    path = Path(grid)
    own = isinstance(grid, Path) or str(grid).endswith(SUFFIX)
    if not own and grid not in grid_names():
        raise ThreeDieError(
            f"there is no grid {shown_value(str(grid))}; {suggest(grid, grid_names())}, or give a file that ends in "
            f"{SUFFIX}"
        )
    name = path.stem if own else str(grid)
    content = read_settings(path if own else _folder() / f"{name}{SUFFIX}", "grid")
    where = f"grid {path if own else name}"
    if "name" in content:
        raise ThreeDieError(f"{where}: name is that of the file; remove it")
    try:
        result = _type().validate_python({"name": name, **content})
    except ValidationError as error:
        raise ThreeDieError(f"{where}: {_refusal(error)}") from error
    try:
        _check(result)
    except ThreeDieError as error:
        raise ThreeDieError(f"{where}: {error}") from error
    return result


def _type() -> TypeAdapter[Grid]:
    return TypeAdapter(Grid)


def _refusal(error: ValidationError) -> str:
    names = [item.name for item in dataclasses.fields(Grid)]
    wrong = first_error(error, tuple(names))
    if wrong.kind == "unknown":
        return f"there is no entry {shown_value(wrong.name)}; {suggest(wrong.name, names)}"
    return f"{field_name(wrong.path)} {'is missing' if wrong.kind == 'missing' else wrong.sentence()}"


def _check(grid: Grid) -> None:
    """Refuse names that don't exist, and tries that differ in number or that no run could take."""
    for what, names, choices in (
        ("method", grid.methods, list(CATALOGUE)),
        ("task", grid.tasks, list(TASKS)),
        ("rule", [grid.rule], list(RULES)),
    ):
        for name in names:
            if name not in choices:
                raise ThreeDieError(f"there is no {what} {shown_value(name)}; {suggest(name, choices)}")
    for name in grid.tasks:
        RULES[grid.rule].check(TASKS[name])
    if len(set(grid.tasks)) < len(grid.tasks):
        raise ThreeDieError("a task is named twice in tasks; remove one")
    if is_own_recipe(grid.recipe):
        raise ThreeDieError(f"recipe {shown_value(grid.recipe)} is a file; name a recipe of this program")
    load_recipe(grid.recipe)
    for name, tries in {"default": grid.default, **grid.methods}.items():
        if len(tries) != grid.tries:
            raise ThreeDieError(
                f"{name} has {len(tries)} settings to try; tries is {grid.tries}, the same number for every method"
            )
        _check_tries(grid, name, tries)


def _check_tries(grid: Grid, name: str, tries: Sequence[Settings]) -> None:
    for settings in tries:
        if fixed := next((key for key in settings if key in FIXED), None):
            raise ThreeDieError(f"{name}: {fixed} can't be tried: every try of every method sees the same images")
        if sum(settings == other for other in tries) > 1:
            raise ThreeDieError(f"{name}: {in_words(settings)} is tried twice; remove one")
        try:
            load_recipe(grid.recipe, grid.words(settings))
        except ThreeDieError as error:
            raise ThreeDieError(f"{name}: {error}") from error
