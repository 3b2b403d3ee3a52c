"""Which runs are seeds of one row, and which settings distinguish a row from others."""

import json
from collections.abc import Iterable
from typing import Any

from threedie.benchmark.leaderboard.safe_text import truncate
from threedie.benchmark.records.record import Record

IGNORED = (
    "seed", "normalization_mean", "normalization_std", "normalisation_mean", "normalisation_std",
)  # fmt: skip
"""Entries of a configuration that make no row of their own. Statistics of the pixels differ in the last bit between
machines; the second spelling is that of old records."""
LATER = {"vector_rate": 1.0}
"""Settings that records of before lack, and their value then: it makes no row of its own either."""
_MOST_NAMED = 4
_NO_MAJORITY = object()
"""A value that no row has."""


def row_key(record: Record) -> str:
    """Equal for records that are seeds of one row."""
    return json.dumps([record["method"], flat_settings(record)], sort_keys=True)


def flat_settings(record: Record) -> dict[str, Any]:
    """Configuration and method options by their path, as `method_options.momentum`, without those in `IGNORED`."""
    config, options = dict(record["config"] or {}), record["method"]["options"] or {}
    if config.get("method_options") == options:
        del config["method_options"]
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


def name_variants(samples: dict[str, Record]) -> dict[str, str]:
    """For each row its recipe, and the settings in which it differs from other rows of its method or recipe.

    A setting that a row doesn't have is at its default and isn't named. Most rows of a recipe share a setting's value;
    where none is in the majority, each row names its own.

    Args:
        samples: `row_key` -> any record of that row.
    """
    majority = _majority_settings(samples.values())
    return {key: _name_variant(record, samples.values(), majority) for key, record in samples.items()}


def _name_variant(record: Record, others: Iterable[Record], majority: dict[str, dict[str, Any]]) -> str:
    settings = flat_settings(record)
    recipe = (record["config"] or {}).get("name")
    usual = majority.get(str(recipe), {})
    differing = {name for name in usual if settings.get(name) != usual[name]}
    for other in others:
        if other["method"]["name"] == record["method"]["name"]:
            theirs = flat_settings(other)
            differing |= {name for name in settings.keys() | theirs.keys() if settings.get(name) != theirs.get(name)}
    words = [str(recipe)] if isinstance(recipe, str) else []
    words += [
        f"{truncate(name)} {truncate(json.dumps(settings[name], sort_keys=True))}"
        for name in sorted(differing)
        if name in settings and name != "name"
    ]
    more = len(words) - _MOST_NAMED
    return ", ".join(words[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _majority_settings(records: Iterable[Record]) -> dict[str, dict[str, Any]]:
    """Recipe -> setting -> the value that more than half of its rows have, without options of methods."""
    by_recipe: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        config = {name: value for name, value in (record["config"] or {}).items() if name != "method_options"}
        settings = flat_settings({**record, "config": config, "method": {**record["method"], "options": {}}})
        by_recipe.setdefault(str(config.get("name")), []).append(settings)
    majority: dict[str, dict[str, Any]] = {}
    for recipe, rows in by_recipe.items():
        for name in set().union(*rows):
            values = [row.get(name) for row in rows]
            commonest = max(values, key=values.count)
            agreed = 2 * values.count(commonest) > len(values)
            majority.setdefault(recipe, {})[name] = commonest if agreed else _NO_MAJORITY
    return majority
