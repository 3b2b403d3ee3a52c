"""Progress bars: lively on a terminal, a line now and then in a log file."""

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

_SECONDS_ON_TERMINAL = 0.3
_SECONDS_IN_LOG = 20


def bar(
    word: str,
    total: int | None,
    unit: str,
    items: Iterable[Any] | None = None,
    leave: bool = False,
    initial: int = 0,
    quiet: bool = False,
) -> Any:
    """A bar with the time left, over `items` or moved by its `update`.

    Args:
        word: what is being done.
        total: how many in all.
        unit: of what.
        items: what to iterate over, if anything.
        leave: whether it stays when done.
        initial: how many are done already.
        quiet: show nothing.
    """
    terminal = sys.stderr.isatty()
    return tqdm(
        items,
        word,
        total,
        leave=leave and terminal,
        unit=unit,
        initial=initial,
        dynamic_ncols=True,
        mininterval=_SECONDS_ON_TERMINAL if terminal else _SECONDS_IN_LOG,
        delay=0.0 if terminal else _SECONDS_IN_LOG,
        disable=quiet,
    )
