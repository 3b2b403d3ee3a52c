"""Names of the folders of tries."""

import hashlib
import re

from threedie.benchmark.tuning.grid import Settings, as_words

_PREFIX = "method."
_LONGEST = 120
_DIGITS = 8


def folder_name(settings: Settings) -> str:
    """A name for a folder that says what a try's settings are; another for other settings.

    Names with characters that file systems or shells treat as special, and long ones, are cut and get a hash.
    """
    text = "_".join(word.replace("=", "-", 1).removeprefix(_PREFIX) for word in as_words(settings))
    safe = re.sub(r"[^A-Za-z0-9.+_-]", "-", text)[:_LONGEST]
    ambiguous = any(key.removeprefix(_PREFIX) in settings for key in settings if key.startswith(_PREFIX))
    if safe == text and not ambiguous:
        return safe
    digest = hashlib.sha256("\n".join(as_words(settings)).encode()).hexdigest()
    return f"{safe}-{digest[:_DIGITS]}"
