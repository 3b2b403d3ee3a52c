"""Which runs are seeds of one row, and how a row's label says what was run."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from threedie.baselines.catalogue import CATALOGUE
from threedie.benchmark.leaderboard.safe_text import truncate
from threedie.benchmark.records.record import Record, data_of_heads
from threedie.benchmark.settings.recipe import load_recipe, recipe_names

IGNORED = (
    "seed", "normalization_mean", "normalization_std", "normalisation_mean", "normalisation_std",
)  # fmt: skip
"""Entries of a configuration that make no row of their own. Statistics of the pixels differ in the last bit between
machines; the second spelling is that of old records."""
LATER = {"vector_rate": 1.0}
"""Settings that records of before lack, and their value then: it makes no row of its own either."""
_RECIPE, _TRAINED_ON = "name", "trained_on"
"""Entries of a configuration that are no settings: the recipe's name and the dataset's fingerprint."""
_MOST_NAMED = 8
_FINGERPRINT_DIGITS = 12
_PLAIN = re.compile(r"[A-Za-z][\w.-]*")
"""Texts that need no quotes."""
_OWN = re.compile(r"(.+)-[0-9a-f]{8}")
"""Name of a method from a user's file: its class and the file's hash."""


def row_key(record: Record) -> str:
    """Equal for records that are seeds of one row."""
    # Without a name of its own the key is as before: it sorts rows.
    named = [record["display_name"]] if "display_name" in record else []
    return json.dumps([record["method"], flat_settings(record), *named], sort_keys=True)


def flat_settings(record: Record) -> dict[str, Any]:
    """Configuration and method options by their path, as `method_options.momentum`, without those in `IGNORED`."""
    config, options = dict(record["config"] or {}), record["method"]["options"] or {}
    if config.get("method_options") == options:
        del config["method_options"]
    return _flatten(config, options)


def _flatten(config: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}

    def walk(path: str, value: Any) -> None:
        if isinstance(value, dict) and value:
            for key in value:
                walk(f"{path}.{key}".lstrip("."), value[key])
        elif path.rpartition(".")[2] not in IGNORED and not (path in LATER and LATER[path] == value):
            flat[path] = value

    # A method may have an option of a name that the recipe has too, as BYOL's momentum.
    walk("", {**config, **{f"method.{name}" if name in config else name: value for name, value in options.items()}})
    return flat


def setting_words(record: Record) -> dict[str, str]:
    """Each setting of a record in words, as `epochs 28`, by its path."""
    return {
        name: f"{truncate(name)} {truncate(_value_text(value))}"
        for name, value in flat_settings(record).items()
        if name not in (_RECIPE, _TRAINED_ON)
    }


def name_rows(samples: dict[str, Record]) -> dict[str, tuple[str, str]]:
    """For each row its name and its variant: together no two rows have the same.

    The name is the record's own (`display_name`), or the method's. A method from a user's file is called by its class,
    unless two files have a class of that name.

    Args:
        samples: `row_key` -> any record of that row.
    """
    names, variants = _names(samples), name_variants(samples)
    rows = {key: (names[key], variants[key]) for key in samples}
    # Two methods of one name, then settings that the variant has no room for.
    for word in (lambda record: record["method"]["name"], lambda record: record["id"]):
        taken = list(rows.values())
        rows = {
            key: (row[0], ", ".join(filter(None, (row[1], word(samples[key]))))) if taken.count(row) > 1 else row
            for key, row in rows.items()
        }
    return rows


def _names(samples: dict[str, Record]) -> dict[str, str]:
    methods = {key: record["method"]["name"] for key, record in samples.items()}
    classes = {name: match[1] for name in methods.values() if name not in CATALOGUE and (match := _OWN.fullmatch(name))}
    others = [classes.get(name, name).casefold() for name in dict.fromkeys(methods.values())]
    return {
        key: record.get("display_name")
        or (classes[name] if name in classes and others.count(classes[name].casefold()) == 1 else name)
        for (key, record), name in zip(samples.items(), methods.values(), strict=True)
    }


def name_variants(samples: dict[str, Record]) -> dict[str, str]:
    """For each row its recipe, and every setting in which it differs from that recipe as it comes with the program.

    A setting that a row doesn't have is at its default and isn't named. Of a recipe that doesn't come with the program,
    settings are named in which its rows, or those of the method, differ from each other.

    Args:
        samples: `row_key` -> any record of that row.
    """
    return {key: _name_variant(record, list(samples.values())) for key, record in samples.items()}


def _name_variant(record: Record, rows: Sequence[Record]) -> str:
    settings, recipe = flat_settings(record), _recipe_of(record)
    alike = [flat_settings(row) for row in rows if _recipe_of(row) == recipe and _method_of(row) == _method_of(record)]
    distinguishing = {name for name in settings if any(_differs(settings, row, name) for row in alike)}
    shipped = _shipped_settings(recipe, _method_of(record)) if recipe is not None else None
    if shipped is None:
        same_recipe = [flat_settings(row) for row in rows if _recipe_of(row) == recipe]
        differing = distinguishing | {
            name for name in _config_settings(record) if any(_differs(settings, row, name) for row in same_recipe)
        }
    else:
        differing = {name for name in settings if name not in shipped or shipped[name] != settings[name]}
    differing -= {_RECIPE, _TRAINED_ON}
    # Where there is no room for all, those stay that tell the row from others.
    kept = sorted(differing, key=lambda name: (name not in distinguishing, name))[:_MOST_NAMED]
    words = setting_words(record)
    more = len(differing) - len(kept)
    return ", ".join([
        *([recipe] if recipe is not None else []),
        *(words[name] for name in sorted(kept)),
        *_other_training_data(record),
    ]) + (f" and {more} more" if more > 0 else "")  # fmt: skip


def _differs(settings: dict[str, Any], others: dict[str, Any], name: str) -> bool:
    return name not in others or others[name] != settings[name]


def _recipe_of(record: Record) -> str | None:
    recipe = (record["config"] or {}).get(_RECIPE)
    return recipe if isinstance(recipe, str) else None


def _method_of(record: Record) -> str:
    return record["method"]["name"]


def _config_settings(record: Record) -> dict[str, Any]:
    """Settings without options of methods."""
    config = {name: value for name, value in (record["config"] or {}).items() if name != "method_options"}
    return flat_settings({**record, "config": config, "method": {**record["method"], "options": {}}})


def _other_training_data(record: Record) -> list[str]:
    """The dataset that the weights were trained on, in words, where it isn't that of the heads."""
    trained_on = (record["config"] or {}).get(_TRAINED_ON)
    if not isinstance(trained_on, str) or trained_on == (data_of_heads(record) or record["dataset"]["fingerprint"]):
        return []
    return [f"trained on {truncate(trained_on, _FINGERPRINT_DIGITS + 1)}"]


@cache
def _shipped_settings(recipe: str, method: str) -> dict[str, Any] | None:
    """The settings of a recipe that comes with the program, for a method, by their path; None of another."""
    if recipe not in recipe_names():
        return None
    settings = load_recipe(recipe, method=method).to_json()
    options = settings.pop("method_options")
    return _flatten(settings, options)


def _value_text(value: Any) -> str:
    plain = isinstance(value, str) and _PLAIN.fullmatch(value) and value not in ("true", "false", "null")
    return value if plain else json.dumps(value, sort_keys=True)
