"""`3die bench export`: the encoder network of a run, for other libraries."""

from pathlib import Path

import click

from threedie.benchmark.commands import options
from threedie.manifests.progress import titled


@click.command("export")
@click.argument("run", type=options.PATH)
@click.option("-o", "--out", type=options.PATH, required=True, metavar="FOLDER", help="Folder to write into.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["safetensors", "torchvision", "timm"]),
    default="safetensors",
    show_default=True,
    help="safetensors: any network, for threedie.load_backbone and bench eval. torchvision: model.pth for "
    "torchvision.models. timm: for timm.create_model. The last two need form torchvision and width 64.",
)
@click.option(
    "--data",
    type=options.PATH,
    help="Dataset file of the run, if it has no record: it tells the order of the color channels.",
)
@click.option("--method", "own", metavar="FILE.py:CLASS", help="File and class of the method, if it is your own.")
def export(run: Path, out: Path, form: str, data: Path | None, own: str | None) -> None:
    """Write the encoder network of a trained run with a model card and a configuration that loads it.

    RUN is the folder of a run or its checkpoint.pt. The network takes red, green and blue, whatever order it was
    trained on: its first layer is turned around where needed, which changes no output.
    """
    from threedie.benchmark.runs.backbone_export import export_backbone

    remark = export_backbone(run, out, form, data, own)
    if remark:
        click.echo(titled("note", remark))
    click.echo(titled("wrote", f"{out}: see {out / 'README.md'}"))
