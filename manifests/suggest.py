"""The nearest name to a misspelled one."""

from collections.abc import Iterable
from difflib import get_close_matches

MAX_COMPARED = 200
"""Characters of a name that are compared: a wrong one may be as long as a file."""


def nearest(word: object, names: Iterable[str]) -> str | None:
    """The name nearest to a misspelled one, or None if none is near."""
    known, wanted = {_plain(name): name for name in names}, _plain(str(word)[:MAX_COMPARED])
    if close := get_close_matches(wanted, list(known), n=1):
        return known[close[0]]
    # Initials, as lr is short for learning_rate.
    short = [name for name in known.values() if "".join(part[:1] for part in _plain(name).split("_")) == wanted]
    return short[0] if len(short) == 1 and len(wanted) > 1 else None


def _plain(name: str) -> str:
    """Without case, and with one sign between words: `VICReg` is near `vicreg`, `barlow-twins` is `barlow_twins`."""
    return name.casefold().replace("-", "_")


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
