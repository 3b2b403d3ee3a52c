"""`3die bench run`: train a method on a dataset and measure it."""

from pathlib import Path

import click

from threedie.benchmark.commands import options
from threedie.benchmark.data.sources import DEFAULT_SOURCE, source_names
from threedie.benchmark.settings.defaults import DEFAULT_RECIPE, SAVE_EVERY_S
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.places import DEFAULT_RUNS


@click.command()
@click.argument("method", required=False)
@click.option("--method", "own", metavar="FILE.py:CLASS", help="A method of your own, instead of METHOD.")
@options.data
@click.option(
    "--dataset",
    type=click.Choice([name for name in source_names() if name != DEFAULT_SOURCE]),
    help="Kind of dataset, if it isn't a dataset file; for cifar10, --data is the folder with its files.",
)
@click.option("--recipe", help=f"How to train: see 'list'.  [default: {DEFAULT_RECIPE}, or the --dataset's own]")
@click.option(
    "-o",
    "--out",
    type=options.PATH,
    default=DEFAULT_RUNS,
    show_default=True,
    help="Folder that gets a folder for the run.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Decides initial weights, pairs and order.",
)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a setting of the recipe.")
@options.protocol
@options.seeds
@options.on_embedding
@options.device
@options.workers
@click.option(
    "--save-every",
    "save_every_s",
    type=click.FloatRange(0),
    default=SAVE_EVERY_S,
    show_default=True,
    help="Seconds between checkpoints; no result depends on it.",
)
@options.exits_on_signals
def run(
    method: str | None,
    own: str | None,
    data: Path | None,
    dataset: str | None,
    recipe: str | None,
    out: Path,
    seed: int,
    overrides: tuple[str, ...],
    protocol: str,
    seeds: int,
    on_embedding: bool,
    device: str,
    workers: int,
    save_every_s: float,
) -> None:
    """Train METHOD on a dataset and measure it.

    The same command again resumes a stopped run, and repeats nothing that is done.
    """
    from threedie.benchmark.commands.console import ConsoleReporter
    from threedie.benchmark.runs.run import Run

    if (method is None) == (own is None):
        raise ThreeDieError("name one method: 3die bench run NAME (see '3die bench list'), or --method FILE.py:CLASS")
    run = Run.create(
        method or own or "",
        data,
        dataset=dataset or DEFAULT_SOURCE,
        recipe=recipe,
        overrides=overrides,
        seed=seed,
        out=out,
        protocol=protocol,
        scope=options.build_scope(seeds, on_embedding),
        device=device,
        workers=workers,
        save_every_s=save_every_s,
        reporter=ConsoleReporter(),
    )
    with options.exits_when_interrupted(run.folder):
        run.complete()
