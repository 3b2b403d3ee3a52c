"""The family of a method in a record: the catalogue's for ours, a table's for published ones."""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from threedie.baselines.catalogue import CATALOGUE, FAMILIES
from threedie.baselines.parts import INVARIANT


def family(method: Mapping[str, Any]) -> str:
    """The family of a record's method, by its name; by its parts if the name is unknown.

    Args:
        method: the record's entry `method`.
    """
    ours = {method_key(name): about.family for name, about in CATALOGUE.items()}
    families = published_families() | ours
    return families.get(method_key(method["name"]), "split" if INVARIANT in (method["parts"] or ()) else "other")


@cache
def published_families() -> dict[str, str]:
    """Families of published methods that the catalogue lacks, by key, from `published_methods.json`."""
    path = resources.files("threedie.benchmark").joinpath("leaderboard/published_methods.json")
    table: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    assert set(table) <= set(FAMILIES)
    return {method_key(name): family for family, names in table.items() for name in names}


def method_key(name: str) -> str:
    """Letters and digits of a name without its variant: "Barlow Twins" is barlow_twins, "seq-JEPA (3, 5)" seq-JEPA."""
    return "".join(filter(str.isalnum, re.split(r"[(,]| without ", name.casefold())[0]))
