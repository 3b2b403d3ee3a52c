"""Progress: bars on a terminal, a line now and then in a log file; silent from Python by default."""

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

_SECONDS_ON_TERMINAL = 0.3
_SECONDS_IN_LOG = 20


def bar(
    title: str,
    total: int | None,
    unit: str,
    items: Iterable[Any] | None = None,
    leave: bool = False,
    initial: int = 0,
    quiet: bool = False,
) -> Any:
    """A bar with the time left, over `items` or moved by its `update`.

    Args:
        title: what is being done.
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
        title,
        total,
        leave=leave and terminal,
        unit=unit,
        initial=initial,
        dynamic_ncols=True,
        mininterval=_SECONDS_ON_TERMINAL if terminal else _SECONDS_IN_LOG,
        delay=0.0 if terminal else _SECONDS_IN_LOG,
        disable=quiet,
    )


class Reporter:
    """Receives what work reports, and discards it. Commands pass one that prints; other programs may pass their own.

    Attributes:
        quiet: whether bars stay invisible.
    """

    quiet = True

    def bar(
        self,
        title: str,
        total: int | None,
        unit: str,
        items: Iterable[Any] | None = None,
        leave: bool = False,
        initial: int = 0,
    ) -> Any:
        """A progress bar as a context manager; iterable over `items`, else moved by `update`. See `bar`."""
        return bar(title, total, unit, items, leave, initial, self.quiet)

    def text(self, text: str = "") -> None:
        """Lines for the user: what is about to run, and results."""

    def note(self, text: str) -> None:
        """A remark about the work, such as cached features that can't be used."""
        self.text(titled("note", text))

    def wait(self, text: str) -> None:
        """Why the work waits just now, such as for a lock."""


SILENT = Reporter()


def titled(title: str, text: str) -> str:
    """Lines in a column of their own, the first one beside a title."""
    first, *rest = text.splitlines() or [""]
    return "\n".join([f"{title:<9}{first}", *(f"{'':<9}{line}" for line in rest)])
