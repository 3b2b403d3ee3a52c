"""`3die bench transformations`: which transformations to be sensitive to, and which to be invariant to."""

from pathlib import Path

import click

from threedie.benchmark.commands import options
from threedie.benchmark.data.sources import DEFAULT_SOURCE, find_source, source_names
from threedie.manifests.places import DEFAULT_RUNS


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@options.data
@click.option(
    "--dataset",
    type=click.Choice([name for name in source_names() if name != DEFAULT_SOURCE]),
    help="Kind of dataset, if it isn't a dataset file of 3die; --data is then the folder of its files.",
)
@click.option("--recipe", help="Training recipe.  [default: the one of the kind of dataset]")
@click.option(
    "-o",
    "--out",
    type=options.PATH,
    default=DEFAULT_RUNS / "transformations",
    show_default=True,
    help="Folder in which each run gets a folder.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Seed of every run.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a setting of the recipe.")
@options.protocol
@options.device
@options.workers
@options.exits_on_signals
def transformations(
    names: tuple[str, ...],
    data: Path | None,
    dataset: str | None,
    recipe: str | None,
    out: Path,
    seed: int,
    overrides: tuple[str, ...],
    protocol: str,
    device: str,
    workers: int,
) -> None:
    """Train essl sensitive to each transformation, invariant to it, and without any, and compare them.

    NAMEs are those of METHODS.md; by default all. The result is the table of the first figure of E-SSL (Dangovski et
    al., ICLR 2022). After an interruption the same command goes on.
    """
    from threedie.benchmark.commands.console import ConsoleReporter
    from threedie.benchmark.records.record import Record
    from threedie.benchmark.runs.run import Run
    from threedie.benchmark.runs.transformations import NAMES, Variant, check_comparable, run_variants

    kind = dataset or DEFAULT_SOURCE
    check_comparable(kind, find_source(kind).tasks)

    def complete(variant: Variant) -> Record | None:
        click.echo(f"\n{variant.folder}")
        run = Run.create(
            "essl",
            data,
            dataset=kind,
            recipe=recipe,
            overrides=[*overrides, *variant.words],
            seed=seed,
            out=out / variant.folder,
            protocol=protocol,
            device=device,
            workers=workers,
            reporter=ConsoleReporter(),
        )
        with options.exits_when_interrupted(run.folder):
            return run.complete()

    click.echo("\n" + run_variants(names or NAMES, complete))
