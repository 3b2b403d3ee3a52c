"""Text from records without characters that are invisible or change the direction of the text around them."""

import re
from typing import Any

_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
"""Control characters, lone surrogates, marks and overrides of the writing direction, characters of no width."""
REPLACEMENT = "\ufffd"
MOST_CHARACTERS = 60


def mask_hidden(value: Any) -> Any:
    """A JSON value with every hidden character of its texts and keys replaced by U+FFFD."""
    if isinstance(value, str):
        return _HIDDEN.sub(REPLACEMENT, value)
    if isinstance(value, dict):
        return {mask_hidden(key): mask_hidden(value[key]) for key in value}
    if isinstance(value, list):
        return [mask_hidden(entry) for entry in value]
    return value


def truncate(text: str, most: int = MOST_CHARACTERS) -> str:
    """A text of at most so many characters, for where it is repeated."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
