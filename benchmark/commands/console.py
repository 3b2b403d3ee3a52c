"""What commands show: text on standard output; bars, and why something waits, on standard error."""

import click

from threedie.manifests.progress import Reporter


class ConsoleReporter(Reporter):
    """Prints what work reports."""

    quiet = False

    def text(self, text: str = "") -> None:
        """Print."""
        click.echo(text)

    def wait(self, text: str) -> None:
        """Print to standard error."""
        click.echo(text, err=True)
