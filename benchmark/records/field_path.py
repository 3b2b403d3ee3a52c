"""Where a field is in a record, as messages name it: `results[3].value`."""

import re

from threedie.manifests.fields import Path

MAX_SHOWN = 200
"""Characters of a path: a wrong name may be as long as the file."""
_MAX_STEPS = 16
_WORD = re.compile(r"[\w+-][\w. +-]*\Z", re.ASCII)


def field_path(path: Path) -> str:
    """A field's path as text. Names with other than letters are quoted, the middle of a long path is left out."""
    steps = [
        f"[{step}]" if isinstance(step, int) else f".{step}" if _WORD.match(step) else f".{step[:MAX_SHOWN]!a}"
        for step in path
    ]
    if len(steps) > _MAX_STEPS:
        steps = [*steps[: _MAX_STEPS - 2], " ... ", *steps[-1:]]
    text = "".join(steps)
    if len(text) > MAX_SHOWN:
        text = f"{text[: MAX_SHOWN * 3 // 5]} ... {text[-MAX_SHOWN * 3 // 10 :]}"
    return text.lstrip(".") or "the record"
