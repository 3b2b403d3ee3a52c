"""The content of our checkpoints except optimizer and random states, as types, and its validation."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from torch import Tensor
from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

from threedie.manifests.fields import FieldError, Flag, Must, Text, Whole, field_name, first_error

MEND = "put a copy of it back, or delete it and train again (no older one is kept)"
"""What to do about a damaged checkpoint of a run."""
_LARGEST_PIXEL = 1e6
_LARGEST_COUNT = 10**15
CHANNELS = (1, 3)
"""Permittivities have one channel, pictures three."""


def _is_number(value: Any) -> bool:
    """A float of any kind (losses may be infinite), or an integer of 64 bits."""
    return isinstance(value, float) or (type(value) is int and abs(value) < 2**63)


def _is_channels(values: Any) -> bool:
    whole = isinstance(values, list | tuple) and len(values) in CHANNELS
    return whole and all(_is_number(value) and abs(value) < _LARGEST_PIXEL for value in values)


def _is_seconds(value: Any) -> bool:
    return _is_number(value) and 0 <= value < _LARGEST_COUNT


Count = Annotated[Whole, Must(lambda count: 0 <= count < _LARGEST_COUNT, "0 or more, and possible")]
AnyNumber = Annotated[Any, Must(_is_number, "a number")]
Channels = Annotated[Any, Must(_is_channels, "three numbers, or one")]
Deviations = Annotated[Any, Must(lambda std: _is_channels(std) and min(std) > 0, "three numbers above 0, or one")]
Weight = Annotated[Any, Must(lambda value: isinstance(value, Tensor), "a tensor")]


class Normalization(TypedDict):
    """Statistics that inputs are normalized with: for red, green and blue in 0 to 1, or for permittivities."""

    mean: Channels
    std: Deviations


@with_config(ConfigDict(extra="forbid"))
class Progress(TypedDict):
    """How far training is: finished epochs, steps in the current one, steps in all, and sums of the current epoch."""

    epoch: Count
    step: Count
    steps_done: Count
    seconds: Annotated[Any, Must(_is_seconds, "0 or more seconds")]
    sums: dict[Text, AnyNumber]
    curves: Annotated[dict[Text, list[AnyNumber]], Must(lambda curves: "epoch" in curves, "a table with 'epoch'")]


class Header(TypedDict):
    """A checkpoint's content as far as it can be checked without its method; `settings` are read with `read_settings`.

    `normalisation` keeps the spelling that checkpoints have had from the beginning.
    """

    settings: dict[Any, Any]
    model: dict[Text, Weight]
    normalisation: Normalization
    progress: Progress
    finished: Flag


@cache
def _adapter() -> TypeAdapter[Header]:
    return TypeAdapter(Header)


def check_header(content: Mapping[str, Any]) -> None:
    """Check a checkpoint's content as far as it can be without its method.

    Raises:
        ValueError: names the key and what is wrong with it.
    """
    try:
        _adapter().validate_python(content)
    except ValidationError as error:
        raise ValueError(_sentence(first_error(error))) from error


def _sentence(wrong: FieldError) -> str:
    name = field_name(wrong.path, ": ")
    if wrong.kind == "missing" and len(wrong.path) == 1:
        return f"a 3die checkpoint without '{name}': damaged; {MEND}"
    if wrong.kind == "missing":
        return f"{name} is missing; {MEND}"
    if wrong.kind == "unknown":
        return f"{field_name(wrong.path[:-1])}: {wrong.name!r:.40} is unknown; {MEND}"
    if len(wrong.path) == 1 and wrong.expected.startswith("of type "):
        return f"{name} is of type {type(wrong.value).__name__} instead of {wrong.expected.split()[-1]}; {MEND}"
    return f"{name} {wrong.sentence()}; {MEND}"
