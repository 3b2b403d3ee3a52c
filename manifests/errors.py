"""Exceptions shown to the user as one line, and how text of files and libraries goes into their messages."""

from collections.abc import Iterable
from typing import Any

MAX_WORDS = 200
"""Characters of a file's content or of a library's message that a message repeats."""
MAX_VALUE = 60
"""The same for a single value."""

NAMED = 3
"""Most things that a sentence names."""

_MOST_BITS = 64
"""Larger integers are described: Python refuses to write those of thousands of digits."""


class ThreeDieError(Exception):
    """A mistake or a fault that the user can fix: the message names the thing, what is wrong and what to do.

    The command line prints it as one line and exits with code 2; everything else is a bug and shows its traceback.
    """


class DamagedFileError(ThreeDieError):
    """A file that 3die wrote has been cut short or has other bytes than were written."""


def one_line(words: object, longest: int = MAX_WORDS) -> str:
    """Words of a file, or of an exception, for a message: in one line of bounded length that can be printed.

    An exception without a text gives the name of its type.
    """
    text = " ".join(str(words).split())
    if not text and isinstance(words, BaseException):
        text = type(words).__name__
    text = "".join(letter if letter.isprintable() else "?" for letter in text[: longest + 1])
    return text if len(text) <= longest else f"{text[:longest]}..."


def first_line(error: BaseException, longest: int = MAX_WORDS) -> str:
    """The same of the first line of an exception's text: what follows is often a trace of the library's own."""
    lines = str(error).strip().splitlines()
    return one_line(lines[0] if lines else error, longest)


def shown_value(value: Any, longest: int = MAX_VALUE) -> str:
    """A value as Python writes it, for a message: in one line of bounded length."""
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return f"a whole number of {value.bit_length()} bits"
    try:
        return one_line(repr(value), longest)
    except (ValueError, RecursionError):  # such an integer, or great depth, inside of it
        return f"a {type(value).__name__}"


def a_few(things: Iterable[object], named: int = NAMED) -> str:
    """The first few of some things, and the number of the others."""
    names = [str(thing) for thing in things]
    more = f" and {len(names) - named:,} more" if len(names) > named else ""
    return ", ".join(one_line(name) for name in names[:named]) + more
