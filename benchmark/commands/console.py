"""What commands show: text on standard output; bars, and why something waits, on standard error."""

from collections.abc import Iterable
from typing import Any

import click

from threedie.manifests.progress import Reporter, bar


class ConsoleReporter(Reporter):
    """Prints what work reports."""

    def bar(
        self,
        title: str,
        total: int | None,
        unit: str,
        items: Iterable[Any] | None = None,
        leave: bool = False,
        initial: int = 0,
    ) -> Any:
        """A bar that is drawn."""
        return bar(title, total, unit, items, leave, initial)

    def text(self, text: str = "") -> None:
        """Print."""
        click.echo(text)

    def wait(self, text: str) -> None:
        """Print to standard error."""
        click.echo(text, err=True)
