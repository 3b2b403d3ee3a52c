"""`3die bench eval`: measure trained weights."""

from pathlib import Path

import click

from threedie.benchmark.commands import options


@click.command("eval")
@click.option(
    "--checkpoint",
    type=options.PATH,
    required=True,
    help="A run's checkpoint.pt, a checkpoint of SIE's original code (model.pth, final_weights.pth), or weights of a "
    "ResNet under torchvision's names.",
)
@click.option("--experience", help="The method's name in SIE's code, if the weights fit several methods: VICReg, ...")
@click.option("--name", help="Name of weights of another program in records.")
@click.option(
    "--normalization",
    "--normalisation",
    "normalization",
    type=click.Choice(["original", "imagenet", "cifar10"]),
    help="Pixel statistics, for weights of another program.  [default: imagenet for a bare torchvision ResNet, else "
    "original]",
)
@click.option(
    "--set", "overrides", multiple=True, metavar="method.NAME=VALUE",
    help="Option of the method that weights of another program don't determine, such as method.predictor.hidden=512.",
)  # fmt: skip
@click.option("--method", "own", metavar="FILE.py:CLASS", help="File and class of the method, if it is your own.")
@click.option(
    "-o",
    "--out",
    type=options.PATH,
    metavar="FOLDER",
    help="Folder for the record and the features.  [default: the checkpoint's own, or one in runs/ for weights of "
    "another program]",
)
@options.data
@click.option(
    "--eval-data",
    type=options.PATH,
    help="Another dataset file to measure on, such as one of preset 3diebench-ood or of other classes; heads are "
    "trained on --data. Its validation objects are measured, without any that --data has for training.",
)
@click.option("--tasks", metavar="NAME,...", help="Only these tasks; the record keeps what it has of others.")
@options.protocol
@options.seeds
@options.on_embedding
@options.device
@options.workers
@options.exits_on_signals
def eval_(
    checkpoint: Path,
    experience: str | None,
    name: str | None,
    normalization: str | None,
    overrides: tuple[str, ...],
    own: str | None,
    out: Path | None,
    data: Path | None,
    eval_data: Path | None,
    tasks: str | None,
    protocol: str,
    seeds: int,
    on_embedding: bool,
    device: str,
    workers: int,
) -> None:
    """Measure a trained checkpoint: heads trained and measured on --data, or measured on --eval-data."""
    from threedie.benchmark.commands.console import ConsoleReporter
    from threedie.benchmark.runs.checkpoint_evaluation import CheckpointEvaluation
    from threedie.benchmark.training.imported import ImportOptions

    CheckpointEvaluation.create(
        checkpoint,
        data,
        eval_data,
        import_options=ImportOptions(experience, name, normalization, overrides),
        method_file=own,
        protocol=protocol,
        scope=options.build_scope(seeds, on_embedding, tasks),
        out=out,
        device=device,
        workers=workers,
        reporter=ConsoleReporter(),
    ).run()
