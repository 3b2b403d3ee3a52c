"""Text files of other programs, with or without a byte-order mark."""

import codecs
import csv
import io
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from threedie.manifests.errors import ThreeDieError, one_line
from threedie.manifests.files import explained
from threedie.manifests.plurals import pluralize

MAX_FIELD = 2**20
"""Longest field of a CSV table, in characters. The csv module stops at 131,072 with an exception of its own."""
MAX_JSON_BYTES = 256 * 2**20

_BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

csv.field_size_limit(MAX_FIELD)


def without_mark(content: bytes) -> bytes:
    """A text file's bytes in UTF-8, or whatever they were coded in, without a byte-order mark; UTF-16 is converted.

    Raises:
        UnicodeDecodeError: a mark says UTF-16, and the rest isn't.
    """
    for bom, coding in _BOMS.items():
        if content.startswith(bom):
            rest = content[len(bom) :]
            return rest if coding == "utf-8" else rest.decode(coding).encode()
    return content


def read_text(path: Path, what: str = "text file") -> str:
    """A file's text.

    Args:
        path: the file.
        what: what it should be, for the message, as in `CSV table`.

    Raises:
        ThreeDieError: it can't be read, or isn't UTF-8.
    """
    try:
        return without_mark(path.read_bytes()).decode()
    except OSError as error:
        raise explained(error, path) from error
    except UnicodeDecodeError as error:
        raise ThreeDieError(f"{path}: not a {what} in UTF-8 ({error.reason} at byte {error.start})") from error


def read_table(path: Path, columns: set[str], what: str = "CSV table") -> list[dict[str, str]]:
    """Rows of a CSV table by column; a cell that a row lacks is empty. Spaces around column names and
    upper case in them don't count.

    Lines without anything in them are left out.

    Args:
        path: the file.
        columns: columns it must have; others are kept too.
        what: what it should be, for the message.

    Raises:
        ThreeDieError: it can't be read, isn't a CSV table, lacks a column, has one twice, or has a row with more cells
            than the table has columns.
    """
    text = read_text(path, what)
    if "\0" in text:
        raise ThreeDieError(f"{path}: not a {what}: it holds a zero byte")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise ThreeDieError(f"{path}: not a {what} ({error})") from error
    header = [name.strip().lower() for name in rows[0]] if rows else []
    missing = sorted(columns - set(header))
    if missing:
        names = " and ".join(repr(name) for name in missing)
        split = next((mark for mark in ";\t|" if len(header) == 1 and columns <= set(header[0].split(mark))), None)
        remedy = f"; its columns are separated by {split!r}: save it with commas" if split else ""
        needed = "a column" if len(missing) == 1 else "the columns"
        raise ThreeDieError(f"{path}: a {what} needs {needed} {names}{remedy}")
    repeated = sorted(name for name in set(header) if name and header.count(name) > 1)
    if repeated:
        raise ThreeDieError(f"{path}: has the column {repeated[0][:60]!r} twice; remove one")
    filled = [(number, row) for number, row in enumerate(rows[1:], 2) if any(cell.strip() for cell in row)]
    for number, row in filled:
        if any(cell.strip() for cell in row[len(header) :]):
            cells, width = pluralize(len(row), "cell"), pluralize(len(header), "column")
            raise ThreeDieError(
                f"{path}: row {number} has {cells}, and the table has {width}; put a text with a comma in "
                "quotation marks"
            )
    return [dict(zip(header, row + [""] * len(header), strict=False)) for _, row in filled]


def parse_json(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it isn't JSON, is nested too deep, or has an integer of thousands of digits.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError(f"nested deeper than {sys.getrecursionlimit() // 3} levels or so") from error


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        ThreeDieError: it can't be read or isn't JSON.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_JSON_BYTES + 1)
        if len(content) > MAX_JSON_BYTES:
            raise ThreeDieError(f"{path}: not a JSON file (more than {MAX_JSON_BYTES // 2**20} MiB)")
        return parse_json(without_mark(content).decode())
    except OSError as error:
        raise explained(error, path) from error
    except ValueError as error:
        raise ThreeDieError(f"{path}: not a JSON file ({one_line(error)})") from error


def parse_toml(text: str) -> dict[str, Any]:
    """The table of a TOML text.

    Raises:
        ValueError: it isn't TOML, is nested too deep, or has an integer of thousands of digits.
    """
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    except ValueError as error:
        if "set_int_max_str_digits" in str(error):
            raise ValueError("a number of thousands of digits") from error
        raise
