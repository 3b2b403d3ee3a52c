"""Which of the networks in another program's checkpoint is the trained encoder: MoCo's and DINO's keep several."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

QUERY_ENCODERS = {"encoder_q.": "MoCo", "base_encoder.": "MoCo v3"}
"""Prefix of the encoder that its authors evaluate -> program. Beside it are its momentum copy and, in MoCo, a queue."""
_TEACHER, _STUDENT, _HEAD, _BACKBONE = "teacher", "student", "head.", "backbone."


def choose_network(content: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
    """The part of a file's content that holds the encoder, and who wrote it where there were several networks.

    DINO's teacher is what its authors evaluate.
    """
    if all(isinstance(content.get(name), Mapping) for name in (_TEACHER, _STUDENT)):
        return content[_TEACHER], "DINO's teacher: its student was left out"
    return content, None


def encoder_alone(state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], str | None]:
    """The encoder's weights, without a prefix of MoCo's or DINO's, and a remark on what was left out.

    Args:
        state: weights by name, wrappers' prefixes removed.
    """
    for prefix, program in QUERY_ENCODERS.items():
        own = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
        if own:
            return own, f"{program}'s encoder of queries: its momentum copy, heads and whatever else were left out"
    tops = {name.split(".", 1)[0] for name in state}
    if tops == {"backbone", "head"}:
        own = {name: value for name, value in state.items() if name.startswith(_BACKBONE)}
        return own, "an encoder without its head, as in DINO"
    return dict(state), None
