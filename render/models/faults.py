"""Faults: what is missing or wrong in a model's files, and notes on them."""

from collections.abc import Sequence
from dataclasses import dataclass

from threedie.manifests.errors import one_line

MAX_NOTES = 20
"""More notes on one object are counted, not listed."""


@dataclass(frozen=True)
class Fault:
    """Something in an OBJ or MTL file that is missing, wrong, or without effect on a render.

    Attributes:
        kind: `material`, `texture`, `picture`, `mesh`, `color`, `other`; `import` for what matters to an import alone.
        what: what is wrong, as in `material red: Kd 255 0 0 is over 1`.
        done: what the import does about it, as in `taken as 0 to 255`; empty where nothing can be done.
        mended: whether the imported object therefore differs from what the files say, or from what other programs show.
    """

    kind: str
    what: str
    done: str = ""
    mended: bool = False

    def note(self) -> str:
        """For the table of imports."""
        return f"{self.what}: {self.done}" if self.done else self.what


def fault_notes(faults: Sequence[Fault]) -> list[str]:
    """Notes of faults, each once, not too many."""
    notes = list(dict.fromkeys(one_line(fault.note()) for fault in faults))
    if len(notes) > MAX_NOTES:
        return [*notes[: MAX_NOTES - 1], f"and {len(notes) - MAX_NOTES + 1:,} more"]
    return notes
