"""The kinds of datasets, a file each. A module here is a kind of its own name and defines one subclass of `Source`."""

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

from threedie.manifests.errors import ThreeDieError

if TYPE_CHECKING:
    from threedie.benchmark.data.source import Source

DEFAULT_SOURCE = "views"


def source_names() -> list[str]:
    """Names of the kinds, sorted, without importing their modules."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def find_source(name: str = DEFAULT_SOURCE) -> "type[Source]":
    """The class that opens datasets of a kind.

    Raises:
        ThreeDieError: there is no such kind.
    """
    from threedie.benchmark.data.source import Source  # noqa: PLC0415  (torch, which listing names needn't load)

    if name not in source_names():
        raise ThreeDieError(f"--dataset {name}: unknown; choose one of {', '.join(source_names())}")
    module = import_module(f"{__name__}.{name}")
    (kind,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Source) and value.__module__ == module.__name__
    )
    return kind
