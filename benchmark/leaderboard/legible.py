"""Text from records without characters that are invisible or change the direction of the text around them."""

import re
from typing import Any

_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
"""Control characters, halves of characters, marks and overrides of the direction of writing, and what has no width."""
REPLACEMENT = "\ufffd"
MOST_WORD = 60


def legible(value: Any) -> Any:
    """A JSON value with every hidden character of its texts and names replaced by one that says so."""
    if isinstance(value, str):
        return _HIDDEN.sub(REPLACEMENT, value)
    if isinstance(value, dict):
        return {legible(key): legible(value[key]) for key in value}
    if isinstance(value, list):
        return [legible(entry) for entry in value]
    return value


def shortened(text: str, most: int = MOST_WORD) -> str:
    """A text of at most so many characters, for where it is repeated."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
