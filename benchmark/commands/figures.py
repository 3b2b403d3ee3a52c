"""`3die bench figures`: draws figures of runs and their records."""

from pathlib import Path
from typing import Any

import click

from threedie.benchmark.commands import options
from threedie.benchmark.figures.kinds import KINDS, SPELLINGS
from threedie.benchmark.settings.defaults import DEFAULT_WORKERS
from threedie.manifests.places import DEFAULT_DATASET, DEFAULT_FIGURES


class _KindName(click.Choice):
    """Name of a kind of figure, in any of its spellings."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The name in `KINDS`."""
        return super().convert(SPELLINGS.get(value, value), param, ctx)


@click.command()
@click.argument("runs", nargs=-1, required=True, type=options.PATH)
@click.option("-o", "--out", type=options.PATH, default=DEFAULT_FIGURES, show_default=True, help="Folder to write.")
@click.option("--data", type=options.PATH, help=f"Dataset that was measured on.  [default: {DEFAULT_DATASET}]")
@click.option(
    "--only", type=_KindName(tuple(KINDS)), multiple=True, help="Draw only this kind; repeat the option for several."
)
@click.option("--workers", type=click.IntRange(1, 256), default=DEFAULT_WORKERS, help="Decoding threads.")
def figures(runs: tuple[Path, ...], out: Path, data: Path | None, only: tuple[str, ...], workers: int) -> None:
    """Draw figures of runs, as PNG and SVG, for papers and for the leaderboard's page.

    RUNS are folders of runs, or folders with such at any depth. Of all together: classification against rotation, error
    against rotation. Of each method's first seed: views its predictor retrieves, steering, maps of its representation,
    whether its predictor keeps the laws of rotations, a table class by class, curves. A method without predictor has
    fewer. The numbers in the figures are in figures.json.
    """
    from threedie.benchmark.commands.console import ConsoleReporter
    from threedie.benchmark.figures.draw import FigureRequest, draw_figures
    from threedie.benchmark.leaderboard.check import usable_records
    from threedie.manifests.errors import ThreeDieError

    records, refused = usable_records(runs)
    for verdict in refused:
        click.echo(f"refused {verdict.file}: {verdict.reason}", err=True)
    records = [record for record in records if record["origin"]["kind"] == "measured"]
    if not records:
        raise ThreeDieError(f"{', '.join(map(str, runs))}: no measured record in there; '3die bench run sie' makes one")
    index = draw_figures(FigureRequest(records, runs, out, data, only or tuple(KINDS), workers), ConsoleReporter())
    click.echo(f"numbers {index}")
    click.echo(f"next    3die leaderboard {' '.join(map(str, runs))} --figures {out}")
    if refused:
        raise SystemExit(1)
