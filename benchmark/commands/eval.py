"""`3die bench eval`: evaluate trained weights."""

from pathlib import Path

import click

from threedie.benchmark.commands import options


@click.command("eval")
@click.option(
    "--checkpoint",
    type=options.PATH,
    required=True,
    help="A run's checkpoint.pt or its folder, a checkpoint of SIE's original code (model.pth, final_weights.pth) "
    "or of the code of EquiCaps, seq-JEPA or ContextSSL, or weights of a ResNet under torchvision's names.",
)
@click.option(
    "--experience", help="Name of the method in SIE's code, such as VICReg, if it can't be inferred from the weights."
)
@click.option(
    "--name",
    callback=options.checked_name,
    help="Name in tables and figures, instead of the method's; for weights of another program, the method's name.",
)
@click.option(
    "--normalization",
    "--normalisation",
    "normalization",
    type=click.Choice(["original", "imagenet", "cifar10"]),
    help="Normalization of the images, for weights of another program.  [default: imagenet for a bare torchvision "
    "ResNet, otherwise original]",
)
@click.option(
    "--set", "overrides", multiple=True, metavar="method.NAME=VALUE",
    help="Option of the method that can't be inferred from weights of another program, such as "
    "method.predictor.hidden=512; of a run's checkpoint one that only evaluation reads, such as method.context=30.",
)  # fmt: skip
@click.option("--method", "own", metavar="FILE.py:CLASS", help="File and class of the method, if it is your own.")
@click.option(
    "-o",
    "--out",
    type=options.PATH,
    metavar="FOLDER",
    help="Folder for the record and the features.  [default: the checkpoint's folder; a new one in runs/ for weights "
    "of another program]",
)
@options.data
@click.option(
    "--eval-data",
    type=options.PATH,
    help="Another dataset file to evaluate on, such as one of preset 3diebench-ood or of other classes. Heads are "
    "trained on --data and evaluated on the validation objects of this file that aren't training objects of --data.",
)
@click.option(
    "--tasks", metavar="NAME,...", help="Evaluate only these tasks; the record keeps its results of the others."
)
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
    """Evaluate a checkpoint: train heads on its features and write a record.

    Heads are trained on the training objects of --data and evaluated on its validation objects, or on those of
    --eval-data.
    """
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
