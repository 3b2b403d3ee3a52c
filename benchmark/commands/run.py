"""`3die bench run`: train a method on a dataset and evaluate it."""

from pathlib import Path

import click

from threedie.benchmark.commands import options
from threedie.benchmark.data.sources import DEFAULT_SOURCE, source_names
from threedie.benchmark.settings.defaults import DEFAULT_RECIPE, SAVE_EVERY_S
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.places import DEFAULT_RUNS
from threedie.manifests.progress import titled


@click.command()
@click.argument("method", required=False)
@click.option("--method", "own", metavar="FILE.py:CLASS", help="A method of your own, instead of METHOD.")
@options.data
@click.option(
    "--dataset",
    type=click.Choice([name for name in source_names() if name != DEFAULT_SOURCE]),
    help="Kind of dataset, if it isn't a dataset file of views; --data is then the folder of its files, for photonics "
    "the file of '3die photonics make'.",
)
@click.option(
    "--recipe",
    help=f"Training recipe; see '3die bench list'.  [default: {DEFAULT_RECIPE}, or the one that --dataset uses]",
)
@click.option(
    "-o",
    "--out",
    type=options.PATH,
    default=DEFAULT_RUNS,
    show_default=True,
    help="Folder in which the run gets its own folder.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Seed of the initial weights and of the order and views of pairs.",
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a setting of the recipe, or with method.NAME an option of the method. Can be repeated.",
)
@click.option(
    "--tuned",
    type=options.PATH,
    metavar="FOLDER",
    help="Folder of '3die bench tune' with the method's outcome: its recipe and the settings it chose are taken. --set "
    "overrides them.",
)
@options.display_name
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
    help="Seconds between checkpoints; results don't depend on it.",
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
    tuned: Path | None,
    name: str | None,
    protocol: str,
    seeds: int,
    on_embedding: bool,
    device: str,
    workers: int,
    save_every_s: float,
) -> None:
    """Train METHOD on a dataset, evaluate it and write a record.

    After an interruption the same command resumes the run; nothing that is finished is repeated.
    """
    from threedie.benchmark.commands.console import ConsoleReporter
    from threedie.benchmark.runs.run import Run

    if (method is None) == (own is None):
        raise ThreeDieError("name one method: 3die bench run NAME (see '3die bench list'), or --method FILE.py:CLASS")
    reporter, chosen, words = ConsoleReporter(), None, [*overrides]
    if tuned is not None:
        from threedie.benchmark.tuning.chosen import chosen_settings

        chosen = chosen_settings(method or own or "", tuned, recipe, overrides)
        recipe, words = chosen.recipe, chosen.overrides
        reporter.text(titled("tuned", chosen.text))
    run = Run.create(
        method or own or "",
        data,
        dataset=dataset or DEFAULT_SOURCE,
        recipe=recipe,
        overrides=words,
        seed=seed,
        out=out,
        protocol=protocol,
        scope=options.build_scope(seeds, on_embedding),
        device=device,
        workers=workers,
        save_every_s=save_every_s,
        reporter=reporter,
        name=name,
    )
    if chosen is not None and (remark := chosen.other_dataset(run.settings.fingerprint)):
        reporter.note(remark)
    with options.exits_when_interrupted(run.folder):
        run.complete()
