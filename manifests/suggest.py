"""The nearest name to a misspelled one."""

from collections.abc import Iterable
from difflib import get_close_matches

MAX_COMPARED = 200
"""Characters of a name that are compared: a wrong one may be as long as a file."""


def nearest(word: object, names: Iterable[str]) -> str | None:
    """The name nearest to a misspelled one, or None if none is near."""
    close = get_close_matches(str(word)[:MAX_COMPARED], list(names), n=1)
    return close[0] if close else None


def suggest(word: object, names: Iterable[str], otherwise: str | None = None) -> str:
    """The end of a message about a name that doesn't exist.

    Args:
        word: the name.
        names: those that exist.
        otherwise: the text where none is near; by default the names are listed.

    Returns:
        `did you mean 'x'?`, or `otherwise`, or `choose from a, b, c`.
    """
    names = list(names)
    if near := nearest(word, names):
        return f"did you mean {near!r}?"
    return otherwise or f"choose from {', '.join(names)}"
