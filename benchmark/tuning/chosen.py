"""Settings of a run that were chosen by tuning, taken from the outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from threedie.baselines.method import Method
from threedie.benchmark.settings.recipe import OLD_NAMES, SECTION, SHORT_SECTION, is_own_recipe
from threedie.benchmark.training.own_methods import resolve_method
from threedie.benchmark.tuning.candidates import needs_training
from threedie.benchmark.tuning.grid import as_words, in_words
from threedie.benchmark.tuning.outcome import Outcome, outcome_file, read_outcome
from threedie.manifests.errors import ThreeDieError


@dataclass(frozen=True)
class ChosenSettings:
    """What a run takes from an outcome.

    Attributes:
        recipe: name of the recipe; None for the usual one.
        overrides: what is changed of it, as `key=value`: the chosen settings, and what the user sets.
        text: what was taken and where from, for the user.
        outcome: the outcome; None for a method that isn't trained.
    """

    recipe: str | None
    overrides: list[str]
    text: str
    outcome: Outcome | None

    def other_dataset(self, fingerprint: str | None) -> str | None:
        """A remark where a run's dataset isn't the one that the settings were chosen for; None where it is."""
        if self.outcome is None or self.outcome.source["fingerprint"] == fingerprint:
            return None
        source = self.outcome.source
        name = f"preset {source['preset']}, {str(source['fingerprint'])[:12]}"
        return (
            f"the settings were chosen on another dataset ({name}); this one, {str(fingerprint)[:12]}, may need others"
        )


def chosen_settings(
    method: str | type[Method], folder: Path, recipe: str | None = None, overrides: Sequence[str] = ()
) -> ChosenSettings:
    """The settings that were chosen for a method.

    Args:
        method: its name, `FILE.py:CLASS`, or a class.
        folder: of the outcomes.
        recipe: name of the run's recipe; None for the outcome's.
        overrides: what the user sets, as `key=value`; it wins.

    Raises:
        ThreeDieError: there is no outcome for the method, or it is bad, without a choice, or of another recipe.
    """
    name, _ = resolve_method(method)
    if not needs_training(name):
        return ChosenSettings(recipe, list(overrides), f"{name} isn't trained: nothing is taken from {folder}", None)
    path = outcome_file(folder, name)
    if not path.is_file():
        raise ThreeDieError(f"{path}: no such outcome; '3die bench tune {name} --out {folder}' makes it")
    outcome = read_outcome(path)
    if recipe is not None and recipe != outcome.grid.recipe:
        raise ThreeDieError(
            f"{path}: its settings were chosen with recipe {outcome.grid.recipe}, not {recipe}; run with --recipe "
            f"{outcome.grid.recipe}" + ("" if is_own_recipe(recipe) else f", or tune with a grid of recipe {recipe}")
        )
    settings = outcome.chosen_settings
    own = {_key(word) for word in overrides}
    taken = {key: value for key, value in settings.items() if _key(key) not in own}
    text = f"{in_words(taken)} (from {path})" if taken else f"all of {path} is set otherwise"
    return ChosenSettings(outcome.grid.recipe, [*as_words(taken), *overrides], text, outcome)


def _key(word: str) -> str:
    """The setting that `key=value` sets, by its name today."""
    key = word.partition("=")[0].strip()
    section, dot, inner = key.partition(".")
    return f"{SHORT_SECTION}.{inner}" if dot and section == SECTION else OLD_NAMES.get(key, key)
