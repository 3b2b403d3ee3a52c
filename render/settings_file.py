"""TOML files with settings: those that come with the program, chosen by name, and the user's own, given by path."""

import re
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from threedie.manifests.errors import ThreeDieError, one_line
from threedie.manifests.fields import FieldError, first_error
from threedie.manifests.suggest import suggest
from threedie.manifests.text import parse_toml, read_text

SUFFIX = ".toml"

T = TypeVar("T")


def packaged_names(folder: str) -> list[str]:
    """Names of the files in one of the package's folders, without `.toml`, sorted."""
    entries = (resources.files("threedie.render") / folder).iterdir()
    return sorted(entry.name.removesuffix(SUFFIX) for entry in entries if entry.name.endswith(SUFFIX))


def settings_text(name: str | Path, folder: str, noun: str) -> str:
    """The text of a file.

    Args:
        name: name of a file of the package, or a path that ends in `.toml`.
        folder: the package's folder.
        noun: what such a file is, for messages.

    Raises:
        ThreeDieError: no such name or file.
    """
    name, names = str(name), packaged_names(folder)
    if name.endswith(SUFFIX):
        return read_text(Path(name), f"{noun} (TOML)")
    if name not in names:
        remedy = suggest(name, names, f"choose from {', '.join(names)}, or give a .toml file")
        raise ThreeDieError(f"{name!r} is not a {noun}: {remedy}")
    return (resources.files("threedie.render") / folder / f"{name}{SUFFIX}").read_text(encoding="utf-8")


def parse_settings(text: str, where: str, kind: type[T], sentence: Callable[[FieldError, dict[str, Any]], str]) -> T:
    """Read the text of a file.

    Args:
        text: the text.
        where: the file's name in messages.
        kind: dataclass of pydantic that it is checked with.
        sentence: words what is wrong with a field of the parsed file.

    Raises:
        ThreeDieError: a mistake; the message names the field and its line.
    """
    try:
        raw = parse_toml(text)
    except ValueError as error:
        raise ThreeDieError(f"{where}: not a TOML file: {one_line(error)}") from error
    try:
        return TypeAdapter(kind).validate_python(raw)
    except ValidationError as error:
        wrong = first_error(error)
        line = _line_of(text, wrong.path)
        place = f"{where}, line {line}" if line else where
        raise ThreeDieError(f"{place}: {sentence(wrong, raw)}") from error


def _line_of(text: str, path: Sequence[str | int]) -> int:
    """Number of the line with a field, or with the section that lacks it; 0 if neither is in the text."""
    section, name = (str(path[0]) if len(path) > 1 else ""), str(path[-1]) if path else ""
    line, inside = 0, ""
    for number, content in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[(\w+)\]", content):
            inside = header[1]
            line = number if inside in (name, section) else line
        if inside == section and re.match(rf"\s*{re.escape(name)}\s*=", content):
            return number
    return line
