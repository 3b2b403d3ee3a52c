"""Checks of values that come from Python, where no command line has parsed them."""

import os
from collections.abc import Callable
from dataclasses import fields
from numbers import Integral, Real
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args

from threedie.manifests.errors import ThreeDieError, shown_value


def check_types(settings: Any) -> None:
    """Refuse values of a frozen dataclass whose type isn't the field's.

    Whole numbers and numbers of NumPy become Python's, and paths may be strings. Only fields annotated with bool, int,
    float, str or Path, or with one of these or None, are checked.

    Raises:
        ThreeDieError: a value has another type; names the field as an option.
    """
    for field in fields(settings):
        kinds = get_args(field.type) if isinstance(field.type, UnionType) else (field.type,)
        value = getattr(settings, field.name)
        types = [kind for kind in kinds if kind is not NoneType]
        if len(types) > 1 or types[0] not in _TYPES or (value is None and NoneType in kinds):
            continue
        expected, convert = _TYPES[types[0]]
        try:
            object.__setattr__(settings, field.name, convert(value))
        except (TypeError, ValueError, OverflowError) as error:
            raise ThreeDieError(f"{option(field.name)} {shown_value(value)}: give {expected}") from error


def option(field: str) -> str:
    """The command line's name of a field, such as `--time-limit`."""
    return f"--{field.replace('_', '-')}"


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError
    return int(value)


def _real(value: Any) -> float:
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _path(value: Any) -> Path:
    if not isinstance(value, str | os.PathLike) or value == "":
        raise TypeError
    return Path(value)


_TYPES: dict[Any, tuple[str, Callable[[Any], Any]]] = {
    bool: ("True or False", _flag),
    int: ("a whole number", _whole),
    float: ("a number", _real),
    str: ("a text", _text),
    Path: ("a path", _path),
}
"""Type of a field -> what a message calls it, and a function that converts a value or raises."""
