"""Families of methods: what a method asks of two views of one object."""

import re
from collections.abc import Mapping
from typing import Any

FAMILIES: dict[str, str] = {
    "invariant": "two views have the same embedding",
    "equivariant": "an embedding moves with the action, or tells it",
    "split": "one part of the representation stays the same, the other moves",
    "control": "an end of the scale: labels given, or nothing learned",
    "other": "anything else",
}
"""Name -> what its methods have in common, in the order of the filter."""

_MEMBERS: dict[str, tuple[str, ...]] = {
    "invariant": ("vicreg", "simclr", "barlowtwins", "simsiam", "byol", "moco", "mocov2", "mocov3", "dino", "ijepa"),
    "equivariant": (
        "equimod", "simclrequimod", "vicregequimod", "augself", "simclraugself", "onlyequivariance", "simclronlyequi",
        "sen", "condbyol", "conditionalbyol", "seqjepa", "care", "essl", "iwm", "contextssl", "equicaps", "capsie",
    ),
    "split": ("sie",),
    "control": ("random", "supervised"),
}  # fmt: skip


def family(method: Mapping[str, Any]) -> str:
    """The family of a record's method: by its name, or by its parts where the name isn't known.

    Args:
        method: the record's entry `method`.
    """
    # "Barlow Twins" in a paper is barlow_twins here, and "seq-JEPA (3, 5)" a variant of seq-JEPA.
    name = "".join(filter(str.isalnum, re.split(r"[(,]| without ", method["name"].casefold())[0]))
    for title, members in _MEMBERS.items():
        if name in members:
            return title
    return "split" if "invariant" in (method["parts"] or ()) else "other"
