"""`3die bench tune`: choose the settings of methods on a held-out part of the training objects."""

from pathlib import Path

import click

from threedie.benchmark.commands import options
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.places import DEFAULT_TUNING


@click.command()
@click.argument("methods", nargs=-1, metavar="[METHOD]...")
@options.data
@click.option(
    "--grid",
    default="micro",
    show_default=True,
    metavar="NAME|FILE.toml",
    help="What is tried for each method; see '3die bench list'. docs/tuning.md describes how to write one.",
)
@click.option(
    "-o",
    "--out",
    type=options.PATH,
    default=DEFAULT_TUNING,
    show_default=True,
    help="Folder for the outcomes (METHOD.json), the tuning split (tuning.h5) and the runs.",
)
@click.option("--dry-run", is_flag=True, help="List what would be tried and how long it takes; write nothing.")
@click.option("--show", type=options.PATH, metavar="FOLDER", help="Only print the outcomes in FOLDER as Markdown.")
@options.device
@options.workers
@options.exits_on_signals
def tune(
    methods: tuple[str, ...],
    data: Path | None,
    grid: str,
    out: Path,
    dry_run: bool,
    show: Path | None,
    device: str,
    workers: int,
) -> None:
    """Choose the settings of each METHOD from a grid, by one rule for all.

    METHOD is a name or, for one of your own, FILE.py:CLASS. Each try trains on four fifths of the dataset's training
    objects and is measured on the others; validation objects aren't used. Every method gets the same number of tries
    and of images. The outcome is written to OUT/METHOD.json, and '3die bench run METHOD --tuned OUT' trains with it.

    After an interruption the same command resumes; nothing that is finished is repeated.
    """
    if show is not None:
        from threedie.benchmark.tuning.outcome import read_outcomes
        from threedie.benchmark.tuning.tables import markdown

        if methods:
            raise ThreeDieError("--show: prints all outcomes in its folder; name no method")
        click.echo(markdown(read_outcomes(show)))
        return

    from threedie.benchmark.commands.console import ConsoleReporter
    from threedie.benchmark.tuning.tune import Tuning

    tuning = Tuning.create(
        methods, data, grid=grid, out=out, device=device, workers=workers, reporter=ConsoleReporter()
    )
    if dry_run:
        tuning.show_plan()
        return
    with options.exits_when_interrupted(out):
        failed = [outcome.method for outcome in tuning.run() if outcome.chosen is None]
    if failed:
        raise ThreeDieError(f"{', '.join(failed)}: every try failed, so no settings were chosen; see the reasons above")
