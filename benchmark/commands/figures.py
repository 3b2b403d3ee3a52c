"""`3die bench figures`: draw figures of runs and their records."""

from pathlib import Path
from typing import Any

import click

from threedie.benchmark.commands import options
from threedie.benchmark.figures.kinds import KINDS, SPELLINGS
from threedie.benchmark.settings.defaults import DEFAULT_WORKERS
from threedie.manifests.places import DEFAULT_DATASET, DEFAULT_FIGURES


class _KindName(click.Choice):
    """Name of a kind of figure: the spelling of today in the help, that of files too when it is read."""

    def __init__(self) -> None:
        self.spellings = {old: new for new, old in SPELLINGS.items()}
        super().__init__([self.spellings.get(kind, kind) for kind in KINDS])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The name in `KINDS`."""
        name = super().convert(self.spellings.get(value, value), param, ctx)
        return SPELLINGS.get(name, name)


@click.command()
@click.argument("runs", nargs=-1, required=True, type=options.PATH)
@click.option("-o", "--out", type=options.PATH, default=DEFAULT_FIGURES, show_default=True, help="Folder to write to.")
@click.option(
    "--data", type=options.PATH, help=f"Dataset that the runs were evaluated on.  [default: {DEFAULT_DATASET}]"
)
@click.option(
    "--method",
    "own",
    metavar="FILE.py:CLASS",
    multiple=True,
    help="A method of your own that a run is of. Can be repeated.",
)
@click.option(
    "--all-rows",
    is_flag=True,
    help="Draw every row of a method in the figures that compare methods; of more than 12 rows, they show the best of "
    "each method.",
)
@click.option("--only", type=_KindName(), multiple=True, help="Draw only this kind. Can be repeated.")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=DEFAULT_WORKERS,
    show_default=True,
    help="Threads that decode images.",
)
def figures(
    runs: tuple[Path, ...],
    out: Path,
    data: Path | None,
    own: tuple[str, ...],
    all_rows: bool,
    only: tuple[str, ...],
    workers: int,
) -> None:
    """Draw figures of runs, as PNG, SVG and PDF, for papers and for the leaderboard's page.

    RUNS are folders of runs, or folders that contain them at any depth. Figures of all runs together: classification
    against rotation, error by the size of the rotation, scores against images seen in training; and those of studies of
    datasets, where a folder has a study.toml. Figures of each method's first seed: nearest views to the
    predictor's output, steering, maps of the representation, how well the predictor follows the laws of rotations,
    scores by class, training curves. Methods without a predictor have fewer. figures.json holds the numbers.
    """
    from threedie.benchmark.commands.console import ConsoleReporter
    from threedie.benchmark.figures.draw import FigureRequest, draw_figures
    from threedie.benchmark.leaderboard.check import usable_records
    from threedie.benchmark.training.own_methods import load_method
    from threedie.manifests.errors import ThreeDieError

    records, refused = usable_records(runs)
    for verdict in refused:
        click.echo(f"refused {verdict.file}: {verdict.reason}", err=True)
    records = [record for record in records if record["origin"]["kind"] == "measured"]
    if not records:
        raise ThreeDieError(f"{', '.join(map(str, runs))}: no measured record in there; '3die bench run sie' makes one")
    for where in own:
        name = load_method(where)
        if all(record["method"]["name"] != name for record in records):
            raise ThreeDieError(
                f"--method {where}: is {name}, and none of these runs is of it; give the file as it was"
            )
    request = FigureRequest(records, runs, out, data, only or tuple(KINDS), workers, all_rows)
    index = draw_figures(request, ConsoleReporter())
    click.echo(f"numbers {index}")
    click.echo(f"next    3die leaderboard {' '.join(map(str, runs))} --figures {out}")
    if refused:
        raise SystemExit(1)
