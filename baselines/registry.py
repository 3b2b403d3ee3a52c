"""Methods by name, and building one from plain settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from inspect import Parameter, signature
from types import NoneType
from typing import Any, get_args, get_origin

from threedie.baselines.catalogue import CATALOGUE, CatalogueEntry, entry, suggestion
from threedie.baselines.cell_encoder import NAME as CELL_ENCODER
from threedie.baselines.cell_encoder import CellEncoder
from threedie.baselines.encoder import Encoder
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
    """Register a class under a name that isn't in `METHODS`, for this process.

    Args:
        name: its name.
        cls: the class.
        source: where it is from, in words.

    Raises:
        ValueError: the name is in `METHODS`.
    """
    if name in METHODS:
        raise ValueError(f"method {name!r}: this name is taken; give yours another")
    idea = (cls.__doc__ or "").strip().split("\n", 1)[0]
    _ADDED[name] = MethodEntry(cls, CatalogueEntry(idea, "", source, cls.__module__, cls.__name__, family="other"))


def find_method(name: str) -> MethodEntry:
    """A method by name; ValueError, with the nearest name, if there is no such method."""
    if name in _ADDED:
        return _ADDED[name]
    entry(name)
    return METHODS[name]


def method_options(name: str) -> dict[str, Any]:
    """A method's own options and their defaults, in the order of its constructor; ValueError on an unknown name."""
    return {option: parameter.default for option, parameter in _parameters(name).items()}


def _parameters(name: str) -> dict[str, Parameter]:
    parameters = signature(find_method(name).cls).parameters.values()
    return {each.name: each for each in parameters if each.kind is Parameter.KEYWORD_ONLY}


def build_method(
    name: str,
    *,
    backbone: str = "resnet18",
    form: str = "original",
    width: int = 64,
    projector: Sequence[int] | str = "2048-2048-2048",
    image_size: int = 256,
    options: Mapping[str, Any] | None = None,
) -> Method:
    """A method with fresh weights, drawn from torch's global generator.

    Args:
        name: a key of `METHODS`, or the name of one that was added.
        backbone, form, width: the encoder network, see `threedie.baselines.registry.build_encoder`.
        projector: widths of the whole projector; a method that splits its representation shares them out.
        image_size: width and height of the images, for methods with weights for each position of the backbone's map.
        options: the method's own options, see `method_options`. One that holds a table may also be given entry by
            entry: `predictor.kind`.

    Raises:
        ValueError: an unknown method, backbone, form or option, or a value that doesn't fit.
    """
    parameters = _parameters(name)
    arguments = _nested(options or {})
    for option, value in arguments.items():
        if option not in parameters:
            raise ValueError(f"option {option!r}: {name} has no such option; {suggestion(option, tuple(parameters))}")
        arguments[option] = _checked(name, parameters[option], value)
    for option, parameter in parameters.items():
        if parameter.default is Parameter.empty and option not in arguments:
            raise ValueError(f"option {option!r}: {name} has no default for it; set method_options.{option}")
    cls = find_method(name).cls
    if "image_size" in signature(cls).parameters and "image_size" not in parameters:
        arguments["image_size"] = image_size
    method = cls(build_encoder(backbone, form, width), projector, **arguments)
    if method.action is not None:
        action_dims(method.action)
    return method


def build_encoder(name: str, form: str, width: int) -> Encoder:
    """An encoder network: `cell_cnn` for unit cells, which has one form, else `threedie.baselines.resnet`'s.

    Raises:
        ValueError: see `build_backbone`.
    """
    return CellEncoder(width) if name == CELL_ENCODER else build_backbone(name, form, width)


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


def _checked(name: str, parameter: Parameter, value: Any) -> Any:
    """The value, if it is of the option's type; whole numbers pass as real ones, a predictor's name as its kind."""
    option, default = parameter.name, parameter.default
    undecided = default is None or default is Parameter.empty
    expected = (_annotated_type(parameter) or type(value)) if undecided else type(default)
    if expected is float and type(value) is int:
        return float(value)
    if expected is str and type(value) is int:
        # A single width, 1024, written without quotes.
        return str(value)
    if option == "predictor" and isinstance(value, str):
        return {"kind": value}
    if value is default or type(value) is expected:
        return value
    raise ValueError(f"option {option!r} of {name}: wants {expected.__name__}, got {value!r}")


def _annotated_type(parameter: Parameter) -> type | None:
    """The plain type in an annotation such as `int | None`; None for an annotation without one, or with several."""
    types = [each for each in get_args(parameter.annotation) if each is not NoneType]
    if len(types) != 1:
        return None
    kind = get_origin(types[0]) or types[0]
    return {bool: bool, int: int, float: float, str: str, dict: dict, Mapping: dict}.get(kind)
