"""Counts in messages: "1 class", "2 classes", "10,552 objects"."""


def pluralize(count: int, noun: str, plural: str = "") -> str:
    """A number and its noun, in the plural unless the number is 1.

    Args:
        count: how many; thousands are separated by commas.
        noun: in the singular; of several words the last is changed.
        plural: the plural where `noun` with an ending isn't it.
    """
    return f"{count:,} {noun if count == 1 else plural or _regular(noun)}"


def _regular(noun: str) -> str:
    if noun.endswith("vertex"):
        return f"{noun.removesuffix('ex')}ices"
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in set("aeiou"):
        return f"{noun[:-1]}ies"
    return f"{noun}s"
