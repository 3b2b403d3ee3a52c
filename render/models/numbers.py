"""The text of mesh files: its byte-order mark, its line ends, its numbers as arrays."""

import warnings

import numpy as np

from threedie.manifests.text import without_mark
from threedie.render.models.polygons import Floats, Ints
from threedie.render.models.source import ModelError

_BLANKS = np.isin(np.arange(256), list(b"\t\n\v\f\r "))
_EXACT = 2**53
"""Integers up to here are exact as floats."""


def unmarked(content: bytes) -> bytes:
    """A text file's bytes in UTF-8 without a byte-order mark, see `threedie.manifests.text.without_mark`.

    Raises:
        ModelError: a mark says UTF-16, and the rest isn't.
    """
    try:
        return without_mark(content)
    except UnicodeDecodeError as error:
        raise ModelError(f"its byte-order mark says UTF-16, but {error.reason} at byte {error.start}") from error


def unix_lines(text: bytes) -> bytes:
    """A text with the line ends of Windows and of old Macs made those of Unix."""
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def as_text(content: bytes) -> str:
    """Bytes as text: names are bytes to the system, and come out of `as_bytes` as they went in."""
    return content.decode("utf-8", "surrogateescape")


def as_bytes(text: str) -> bytes:
    """The inverse of `as_text`."""
    return text.encode("utf-8", "surrogateescape")


def read_numbers(text: bytes) -> tuple[Floats, Ints, str]:
    """Numbers with blanks between them.

    Args:
        text: with unix line ends.

    Returns:
        The numbers (N,) up to the first word that isn't one; how many words each line has that has any (L,); and that
        word, empty where all are numbers.
    """
    letters = np.frombuffer(text, np.uint8)
    blank = _BLANKS[letters]
    starts = np.flatnonzero(~blank & np.concatenate([[True], blank[:-1]]))
    ends = np.append(np.flatnonzero(letters == ord("\n")), len(letters))
    per_line = np.diff(np.searchsorted(starts, ends), prepend=0)
    per_line = per_line[per_line > 0]
    with warnings.catch_warnings():
        # What can't be read to its end is only warned of.
        warnings.simplefilter("error")
        try:
            # A text of blanks is read as one number.
            values = np.fromstring(text, sep=" ") if len(starts) else np.empty(0)
            # Two numbers without a blank between them are read as two.
            if len(values) == len(starts):
                return values, per_line, ""
        except (DeprecationWarning, ValueError):
            pass
    read: list[float] = []
    for word in text.split():
        try:
            read.append(float(word))
        except ValueError:
            return np.array(read), per_line, printable(word)
    return np.array(read), per_line, ""


def printable(word: bytes) -> str:
    """The beginning of a word for a message."""
    return ascii(word[:40].decode("latin-1"))


def to_integers(values: Floats, what: str) -> Ints:
    """Numbers (N,) as integers.

    Args:
        values: the numbers.
        what: what they are, for the message, such as `the corner of a face`.

    Raises:
        ModelError: one isn't an integer.
    """
    if values.dtype.kind in "iu":
        return values.astype(np.int64)
    good = np.abs(values) <= _EXACT
    good[good] = values[good] == np.floor(values[good])
    if not good.all():
        raise ModelError(f"{what} is {values[~good][0]:.6g}, which is no integer")
    return values.astype(np.int64)


def too_few(promised: str, count: int, bad: str) -> ModelError:
    """The error for a file that holds less than it says.

    Args:
        promised: what it says it has, such as `8 vertices`.
        count: how many of them it has.
        bad: a word that isn't a number, where the numbers end there; else empty.
    """
    why = f"{bad} is no number" if bad else "the file ends"
    return ModelError(f"it says {promised}, and has room for {count:,} before {why}; it is cut off or damaged")
