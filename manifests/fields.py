"""Types of fields in files that users write or send, and the one place that words what pydantic says about a value.

pydantic's own messages name types of Python and link to its pages. Here an error becomes a `FieldError`: the field, its
value and what it should be, which each reader puts into a line of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Strict, ValidationError
from pydantic.annotated_handlers import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_after_validator_function

from threedie.manifests.errors import MAX_VALUE, shown_value

Path = tuple[str | int, ...]

Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict()]
"""A float; a whole number becomes one."""
Text = Annotated[str, Strict()]
Flag = Annotated[bool, Strict()]

_EXPECTED, _TOO_LONG = "threedie_expected", "threedie_too_long"


def unexpected(value: Any, expected: str) -> PydanticCustomError:
    """What a validator raises to refuse a value, which may be a part of the field's.

    Args:
        value: the value.
        expected: what it must be, in words.
    """
    # As text: pydantic fails on values with half characters.
    return PydanticCustomError(_EXPECTED, "{expected}", {"shown": shown_value(value), "expected": expected})


@dataclass(frozen=True)
class Must:
    """Annotation of a type: a condition on its values.

    Attributes:
        condition: takes a value of the type.
        expected: what the value must be, in words; may have a reason after a colon.
        schema: keywords of the JSON schema with their values.
    """

    condition: Callable[[Any], bool]
    expected: str
    schema: tuple[tuple[str, Any], ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), **dict(self.schema)}

    def _check(self, value: Any) -> Any:
        if not self.condition(value):
            raise unexpected(value, self.expected)
        return value


@dataclass(frozen=True)
class MaxLength:
    """Annotation of a text: how many characters it may have. Unlike pydantic's own it takes half characters."""

    most: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "maxLength": self.most}

    def _check(self, value: str) -> str:
        if len(value) > self.most:
            raise PydanticCustomError(_TOO_LONG, "{most}", {"most": self.most})
        return value


@dataclass(frozen=True)
class FieldError:
    """What is wrong with a field.

    Attributes:
        path: names and positions that lead to it; empty for the whole.
        kind: `unknown`, `missing`, `wrong` value, or `size` of a text or list.
        value: the field's value.
        shown: the wrong value, or the wrong part of it, in a line of bounded length.
        expected: what a wrong value must be, and of a size what it is and what is allowed.
    """

    path: Path
    kind: str
    value: Any = None
    shown: str = ""
    expected: str = ""

    @property
    def name(self) -> str:
        """The path's last entry."""
        return str(self.path[-1]) if self.path else ""

    def sentence(self) -> str:
        """What follows the field's name, as in `epochs is 0; it must be 1 or more`."""
        return f"has {self.expected}" if self.kind == "size" else f"is {self.shown}; it must be {self.expected}"

    def statement(self) -> str:
        """What follows the field's name and a colon, as in `results[0].value: '0.5' isn't of type float`."""
        return self.expected if self.kind == "size" else f"{self.shown} isn't {self.expected}"


def first_error(error: ValidationError, positional: tuple[str, ...] = ()) -> FieldError:
    """The error that a message names: an unknown field before a missing one, which it may be the misspelling of.

    Args:
        error: from pydantic.
        positional: names of a dataclass's fields, which pydantic counts where they weren't named.
    """
    errors = [_field_error(each, positional) for each in error.errors(include_url=False)]
    order = ("unknown", "missing", "wrong", "size")
    return min(errors, key=lambda each: order.index(each.kind))


def field_name(path: Path, separator: str = ".") -> str:
    """A path as text; an entry that can't be printed or is long is shown as Python writes it."""
    entries = [str(each) for each in path]
    return separator.join(
        each if each.isprintable() and len(each) <= MAX_VALUE else shown_value(each) for each in entries
    )


def _field_error(error: Mapping[str, Any], positional: tuple[str, ...]) -> FieldError:
    path, kind, value, context = error["loc"], error["type"], error["input"], error.get("ctx", {})
    if path and isinstance(path[0], int) and positional:
        path = (positional[path[0]], *path[1:])
    if path and path[-1] == "[key]":
        path = path[:-1]
    if kind in ("extra_forbidden", "unexpected_keyword_argument", "invalid_key"):
        return FieldError(path, "unknown", value)
    if kind in ("missing", "missing_argument"):
        return FieldError(path, "missing")
    if kind in (_TOO_LONG, "too_long", "too_short"):
        return FieldError(path, "size", value, expected=_size(kind, value, context))
    shown = str(context["shown"]) if kind == _EXPECTED else shown_value(value)
    return FieldError(path, "wrong", value, shown, _expected(error))


def _size(kind: str, value: Any, context: Mapping[str, Any]) -> str:
    if kind == _TOO_LONG:
        return f"{len(value):,} characters; {context['most']:,} at most"
    if kind == "too_short":
        return f"{len(value):,} entries; {context['min_length']:,} or more are needed"
    return f"{len(value):,} entries; {context['max_length']:,} at most"


_TYPES = {
    "int_type": "int", "int_from_float": "int", "float_type": "float", "bool_type": "bool", "string_type": "str",
    "dict_type": "dict", "list_type": "list", "dataclass_type": "dict", "model_type": "dict",
    "model_attributes_type": "dict",
}  # fmt: skip


_BOUNDS = {"ge": "{:,} or more", "gt": "more than {:,}", "le": "at most {:,}", "lt": "less than {:,}"}


def _expected(error: Mapping[str, Any]) -> str:
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind == _EXPECTED:
        return str(context["expected"])
    if kind == "float_type" and type(value) is int:
        return "a number that a float can hold"
    if kind in _TYPES:
        return f"of type {_TYPES[kind]}"
    if kind == "literal_error":
        choices = str(context["expected"]).replace("'", "").replace(" or ", ", ")
        return f"one of {choices}" if "," in choices else choices
    if kind == "string_unicode":
        return "a text of whole characters"
    for bound, words in _BOUNDS.items():
        if bound in context:
            limit = context[bound]
            return words.format(int(limit) if limit == int(limit) else limit)
    return str(error["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")
