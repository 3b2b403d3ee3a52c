"""The nearest name to a misspelled one."""

from collections.abc import Iterable
from difflib import get_close_matches

MAX_COMPARED = 200
"""Characters of a name that are compared: a wrong one may be as long as a file."""


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
    near = get_close_matches(str(word)[:MAX_COMPARED], names, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return otherwise or f"choose from {', '.join(names)}"
