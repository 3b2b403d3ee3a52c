"""The methods of a tuning with their tries, checked before any is trained."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from threedie.baselines.catalogue import CATALOGUE
from threedie.baselines.method import Method
from threedie.baselines.registry import METHODS, find_method
from threedie.benchmark.records.build import run_name
from threedie.benchmark.records.record import RECORD_FILE
from threedie.benchmark.settings.recipe import Recipe, load_recipe, parse_value
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.build import build
from threedie.benchmark.training.own_methods import resolve_method
from threedie.benchmark.tuning.grid import Grid, Settings, as_words
from threedie.benchmark.tuning.names import folder_name
from threedie.manifests.errors import ThreeDieError


@dataclass(frozen=True)
class Candidate:
    """One try of a method.

    Attributes:
        settings: what the grid changes of the recipe, besides the epochs.
        words: all that is changed of it, as `key=value`.
        recipe: the result.
        out: folder in which the run gets its own.
        folder: of the run.
    """

    settings: Settings
    words: list[str]
    recipe: Recipe
    out: Path
    folder: Path

    @property
    def is_measured(self) -> bool:
        """Whether it was trained and measured before."""
        return (self.folder / RECORD_FILE).is_file()


@dataclass(frozen=True)
class TunedMethod:
    """A method and its tries.

    Attributes:
        name: of the method.
        file: `FILE.py:CLASS` of one that isn't this program's.
        arguments: settings of its usual command, which are kept.
        candidates: the tries; none for a method that isn't trained.
    """

    name: str
    file: str | None
    arguments: Settings
    candidates: list[Candidate]

    @property
    def words(self) -> str:
        """What `3die bench run` is given for the method."""
        return f"--method {shlex.quote(self.file)}" if self.file else self.name


def needs_training(method: str) -> bool:
    """Whether there is something to train, and so to tune, in a method."""
    return find_method(method).cls.needs_training


def usual_arguments(method: str) -> Settings:
    """Settings that a method's usual command has: those of its `arguments` in the catalogue."""
    if method not in CATALOGUE:
        return {}
    words = shlex.split(CATALOGUE[method].arguments)
    pairs = [word.partition("=") for option, word in zip(words[::2], words[1::2], strict=True) if option == "--set"]
    return {key: parse_value(value) for key, _, value in pairs}


def candidates_of(methods: Sequence[str | type[Method]], grid: Grid, out: Path) -> list[TunedMethod]:
    """Methods with their tries.

    Args:
        methods: names, `FILE.py:CLASS`, or classes.
        grid: what is tried.
        out: folder of the outcomes; each method gets a folder in it.

    Raises:
        ThreeDieError: no such method, one is named twice, or settings don't suit it.
    """
    tuned: list[TunedMethod] = []
    for method in methods:
        name, file = resolve_method(method)
        if any(each.name == name for each in tuned):
            raise ThreeDieError(f"method {name}: is named twice; remove one")
        arguments = usual_arguments(name)
        tries = grid.tries_of(name) if needs_training(name) else []
        candidates = [_candidate(name, arguments, each, grid, out) for each in tries]
        tuned.append(TunedMethod(name, file, arguments, candidates))
    return tuned


def _candidate(method: str, arguments: Settings, settings: Settings, grid: Grid, out: Path) -> Candidate:
    words = [*as_words(arguments), *grid.words(settings)]
    recipe = load_recipe(grid.recipe, words)
    run_settings = RunSettings(method, recipe, grid.seed, None, None)
    if method in METHODS:
        # On the meta device a network costs nothing. Methods of users may need real numbers: their runs check them.
        with torch.device("meta"):
            build(run_settings)
    place = out / method / folder_name(settings)
    return Candidate(settings, words, recipe, place, place / run_name(method, recipe.name, grid.seed))
