"""Names to methods: what there is, and building one from plain settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from inspect import Parameter, signature
from typing import Any

from threedie.baselines.catalogue import CATALOGUE, CatalogueEntry, entry, suggestion
from threedie.baselines.method import Method, action_dims
from threedie.baselines.resnet import build_backbone


@dataclass(frozen=True)
class MethodEntry:
    """A method's class and what the catalogue says about it."""

    cls: type[Method]
    about: CatalogueEntry

    @property
    def idea(self) -> str:
        """The idea in one line."""
        return self.about.idea

    @property
    def paper(self) -> str:
        """Authors, venue, year, arXiv number."""
        return self.about.paper


METHODS: dict[str, MethodEntry] = {
    name: MethodEntry(getattr(import_module(about.module), about.class_name), about)
    for name, about in CATALOGUE.items()
}
"""Every method of the catalogue, in its order."""


# Methods from files of users, for this process.
_ADDED: dict[str, MethodEntry] = {}


def add_method(name: str, cls: type[Method], source: str) -> None:
    """Make a class known under a name that isn't in `METHODS`, for this process.

    Args:
        name: what to call it.
        cls: the class.
        source: where it comes from, in words.

    Raises:
        ValueError: the name is in `METHODS`.
    """
    if name in METHODS:
        raise ValueError(f"method {name!r}: there is one of this name; give yours another")
    idea = (cls.__doc__ or "").strip().split("\n", 1)[0]
    _ADDED[name] = MethodEntry(cls, CatalogueEntry(idea, "", source, cls.__module__, cls.__name__))


def find_method(name: str) -> MethodEntry:
    """A method by name; ValueError, with the near miss, on an unknown one."""
    if name in _ADDED:
        return _ADDED[name]
    entry(name)
    return METHODS[name]


# What an option holds whose default, None, doesn't show it.
KINDS_WITHOUT_DEFAULT: dict[str, type] = {"predictor": dict, "equivariant_dims": int, "bottleneck": int}


def method_options(name: str) -> dict[str, Any]:
    """A method's own options and their defaults, in the order of its constructor; ValueError on an unknown name."""
    parameters = signature(find_method(name).cls).parameters.values()
    return {each.name: each.default for each in parameters if each.kind is Parameter.KEYWORD_ONLY}


def build_method(
    name: str,
    *,
    backbone: str = "resnet18",
    form: str = "original",
    width: int = 64,
    projector: Sequence[int] | str = "2048-2048-2048",
    options: Mapping[str, Any] | None = None,
) -> Method:
    """A method with fresh weights, drawn from torch's global generator.

    Args:
        name: a key of `METHODS`, or the name of one that was added.
        backbone, form, width: the encoder network, see `threedie.baselines.resnet.build_backbone`.
        projector: widths of the whole projector; a method that splits its representation shares them out.
        options: the method's own options, see `method_options`. One that holds a table may also be given entry by
            entry: `predictor.kind`.

    Raises:
        ValueError: an unknown method, backbone, form or option, or a value that doesn't fit.
    """
    known = method_options(name)
    given = _nested(options or {})
    for option, value in given.items():
        if option not in known:
            raise ValueError(f"option {option!r}: {name} has no such option; {suggestion(option, tuple(known))}")
        given[option] = _checked(name, option, value, known[option])
    for option, default in known.items():
        if default is Parameter.empty and option not in given:
            raise ValueError(f"option {option!r}: {name} has no default for it; set method_options.{option}")
    method = find_method(name).cls(build_backbone(backbone, form, width), projector, **given)
    if method.action is not None:
        action_dims(method.action)
    return method


def _nested(options: Mapping[str, Any]) -> dict[str, Any]:
    """`predictor.kind` as an entry of `predictor`, as command lines write it."""
    nested: dict[str, Any] = {}
    for option, value in options.items():
        head, dot, tail = option.partition(".")
        new = {tail: value} if dot else value
        before = nested.get(head, {})
        if head in nested and not (isinstance(new, Mapping) and isinstance(before, dict)):
            raise ValueError(f"option {head!r}: set as a whole and entry by entry; give one or the other")
        nested[head] = {**before, **new} if isinstance(new, Mapping) else new
    return nested


def _checked(name: str, option: str, value: Any, default: Any) -> Any:
    """The value, if it is of the option's kind; whole numbers pass as real ones, a predictor's name as its kind."""
    kind = KINDS_WITHOUT_DEFAULT.get(option, type(default))
    if default is None or default is Parameter.empty:
        # An option of a user's method may have any kind that its default doesn't show.
        kind = KINDS_WITHOUT_DEFAULT.get(option, type(value))
    if kind is float and type(value) is int:
        return float(value)
    if kind is str and type(value) is int:
        # A single width, 1024, written without quotes.
        return str(value)
    if option == "predictor" and isinstance(value, str):
        return {"kind": value}
    if value is default or type(value) is kind:
        return value
    raise ValueError(f"option {option!r} of {name}: wants {kind.__name__}, got {value!r}")
