"""What commands print about records that they leave out."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from threedie.benchmark.leaderboard.check import Verdict


def echo_refusal(verdict: "Verdict") -> None:
    """Name a refused record and the reason, on standard error."""
    click.echo(f"refused  {verdict.file}: {verdict.reason}", err=True)
