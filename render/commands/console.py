"""What `3die render` shows: text on standard output; progress, warnings and why it waits on standard error."""

import sys
from typing import TYPE_CHECKING

import click
from tqdm import tqdm

from threedie.render.reporter import RenderReporter

if TYPE_CHECKING:
    from threedie.render.ledger import Outcome


class ConsoleReporter(RenderReporter):
    """Prints what a render reports."""

    quiet = False

    def text(self, text: str = "") -> None:
        """Print."""
        click.echo(text)

    def warn(self, text: str) -> None:
        """Print to standard error."""
        click.echo(text, err=True)

    wait = warn

    def views(self, total: int) -> "ViewsLine":
        """The progress line of a run."""
        return ViewsLine(total)


class ViewsLine:
    """The progress line: views done, views per second, time left, failures."""

    def __init__(self, total: int) -> None:
        # Into a log file a line a minute is enough.
        pace = 0.2 if sys.stderr.isatty() else 60.0
        self._bar = tqdm(total=total, unit=" views", file=sys.stderr, mininterval=pace, smoothing=0.05)
        self._bar.set_postfix(failed=0, refresh=False)

    def __enter__(self) -> "ViewsLine":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def view_done(self) -> None:
        """One more view was rendered."""
        self._bar.update()

    def views_lost(self, views: int) -> None:
        """Take back views of a try that failed."""
        self._bar.update(-views)

    def object_ended(self, outcome: "Outcome") -> None:
        """Show the number of failures."""
        self._bar.set_postfix(failed=len(outcome.quarantined), refresh=False)
