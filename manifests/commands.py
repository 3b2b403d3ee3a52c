"""`3die data`: check, preview, measure, pack, select from and export datasets."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

LISTED = 50
"""At most this many problems are printed; a damaged disk can give thousands."""

PATH = click.Path(path_type=Path)


def _bar(title: str) -> Callable[..., Iterable[Any]]:
    """A progress bar that functions of `manifests` wrap around their objects."""
    from threedie.manifests.progress import bar

    def wrapped(items: Iterable[Any], total: int | None = None) -> Iterable[Any]:
        return bar(title, total, " objects", items)

    return wrapped


@click.group()
def data() -> None:
    """Check, preview, measure, pack, select from and export datasets."""


@data.command()
@click.argument("path", type=PATH)
def verify(path: Path) -> None:
    """Check a dataset: every image decodes, latents are in range, counts agree.

    PATH is a dataset file, a folder of part files, the output folder of a render, or a tree SYNSET/OBJECT/. Exits with
    0 if nothing is wrong, with 1 and a list of problems otherwise.
    """
    from threedie.manifests.plurals import pluralize
    from threedie.manifests.verify import verify as check

    report = check(path, _bar("checking"))
    for note in report.notes:
        click.echo(f"note: {note}")
    for problem in report.problems[:LISTED]:
        click.echo(problem)
    if len(report.problems) > LISTED:
        click.echo(f"... and {len(report.problems) - LISTED} more")
    if report.problems:
        click.echo(f"{pluralize(len(report.problems), 'problem')} in {report.checked}")
        raise SystemExit(1)
    click.echo(f"no problems: {report.checked}")


@data.command()
@click.argument("path", type=PATH)
@click.option("-o", "--out", type=PATH, default=Path("preview.png"), show_default=True, help="PNG file to write.")
@click.option(
    "--objects", type=click.IntRange(1, 200), default=8, show_default=True, help="Rows, spread over the classes."
)
@click.option(
    "--views", type=click.IntRange(1, 50), default=6, show_default=True, help="Columns: the first views of each object."
)
def preview(path: Path, out: Path, objects: int, views: int) -> None:
    """Draw a contact sheet of a dataset with the latents under each image, in true colors."""
    from threedie.manifests.collection import open_collection
    from threedie.manifests.files import replacing
    from threedie.manifests.preview import contact_sheet

    sheet = contact_sheet(open_collection(path), objects, views)
    with replacing(out) as temporary:
        temporary.write_bytes(sheet)
    click.echo(f"wrote {out}")


@data.command()
@click.argument("path", type=PATH)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def stats(path: Path, as_json: bool) -> None:
    """Count objects, views and classes; compute mean and standard deviation of pixels.

    Also prints the mean size of a JPEG.
    """
    from threedie.manifests.collection import open_collection
    from threedie.manifests.plurals import pluralize
    from threedie.manifests.stats import collect

    figures = collect(open_collection(path), _bar("measuring"))
    if as_json:
        click.echo(json.dumps(figures, indent=2))
        return
    size, order = figures["image_size"], figures["channel_order"]
    images = pluralize(figures["images"], "image")
    click.echo(
        f"objects  {figures['objects']:,} ({figures['splits']['train']:,} train, {figures['splits']['val']:,} val)"
    )
    click.echo(f"views    {figures['views']} per object, {images} of {size} x {size} px")
    click.echo(f"JPEG     {figures['jpeg_bytes_mean']:,.0f} bytes on average")
    click.echo(f"pixels   0 to 1, channels in the order of the files ({' '.join(order.upper())})")
    click.echo(f"  mean   {' '.join(f'{value:.6f}' for value in figures['mean'])}")
    click.echo(f"  std    {' '.join(f'{value:.6f}' for value in figures['std'])}")
    click.echo(f"classes  {len(figures['classes'])}")
    width = max(map(len, figures["classes"]))
    for name, count in figures["classes"].items():
        click.echo(f"  {name:<{width}}  {count:,}")


@data.command()
@click.argument("source", type=PATH)
@click.option("-o", "--out", type=PATH, required=True, help="Dataset file to write, such as dataset.h5.")
def pack(source: Path, out: Path) -> None:
    """Join part files, or what '3die data export' wrote, into one dataset file."""
    from threedie.manifests.collection import no_dataset_in, part_files
    from threedie.manifests.dataset import Dataset
    from threedie.manifests.dataset_writer import lock_dataset
    from threedie.manifests.errors import ThreeDieError
    from threedie.manifests.parts import pack as pack_parts
    from threedie.manifests.plurals import pluralize
    from threedie.manifests.shard_import import Shards, is_shards
    from threedie.manifests.tree_files import is_tree

    if not source.is_dir():
        raise ThreeDieError(f"{source}: no such folder; give a folder of part files or a tree SYNSET/OBJECT/")
    from_shards = is_shards(source)
    from_tree = not from_shards and is_tree(source)
    parts = [] if from_tree or from_shards else part_files(source)
    if not (from_tree or from_shards or parts):
        raise no_dataset_in(source)
    with lock_dataset(out, "3die data pack", lambda text: click.echo(text, err=True)):
        if from_tree:
            _pack_tree(source, out)
        elif from_shards:
            Shards(source).pack(out, _bar("packing"))
        else:
            pack_parts(parts, out, _bar("packing"))
    packed = Dataset(out)
    objects, views = pluralize(len(packed), "object"), pluralize(packed.info.views, "view")
    click.echo(f"wrote {out}: {objects}, {views} each")


def _pack_tree(source: Path, out: Path) -> None:
    from threedie.manifests.official_tree import OfficialTree

    tree = OfficialTree(source)
    before = list(tree.assumptions)
    for assumption in before:
        click.echo(f"assumed: {assumption}")
    tree.pack(out, _bar("packing"))
    for assumption in tree.assumptions[len(before) :]:
        click.echo(f"note: {assumption}")


@data.command()
@click.argument("file", type=PATH)
@click.option("-o", "--out", type=PATH, required=True, help="Dataset file to write.")
@click.option("--classes", help="Only these: names or synset ids, separated by commas.")
@click.option(
    "--train-objects",
    type=click.IntRange(1),
    help="At most this many training objects of each class. Validation objects stay, so that runs on more and on fewer "
    "are measured on the same ones.",
)
@click.option("--views", type=click.IntRange(1), help="Only the first views of each object.")
@click.option(
    "--tuning",
    is_flag=True,
    help="Leave out the validation objects, and validate on a fifth of the training objects instead: to choose "
    "settings without having seen what they will be measured on.",
)
def select(
    file: Path, out: Path, classes: str | None, train_objects: int | None, views: int | None, tuning: bool
) -> None:
    """Write a part of a dataset file as a dataset of its own.

    It gets a fingerprint of its own, so that results on it are never ranked together with those on the whole.

    \b
    Examples:
      3die data select dataset.h5 -o chairs.h5 --classes chair,sofa
      3die data select dataset.h5 -o small.h5 --train-objects 100 --views 10
      3die data select dataset.h5 -o tuning.h5 --tuning
    """
    from threedie.manifests.classes import parse_classes
    from threedie.manifests.dataset import Dataset
    from threedie.manifests.dataset_writer import lock_dataset
    from threedie.manifests.plurals import pluralize
    from threedie.manifests.selection import Selection, write_selection

    synsets = None if classes is None or classes.strip() == "all" else parse_classes(classes)
    selection = Selection(synsets, train_objects, views, tuning)
    with lock_dataset(out, "3die data select", lambda text: click.echo(text, err=True)):
        write_selection(Dataset(file), out, selection, _bar("selecting"))
    written = Dataset(out)
    click.echo(
        f"wrote {out}: {pluralize(len(written.indices('train')), 'object')} for training, "
        f"{len(written.indices('val')):,} for validation, {pluralize(written.info.views, 'view')} each"
    )


@data.command()
@click.argument("file", type=PATH)
@click.option("-o", "--out", type=PATH, required=True, help="Folder to write into.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["tree", "parquet", "webdataset"]),
    default="tree",
    show_default=True,
    help="tree: SYNSET/OBJECT/, as 3DIEBench was published. parquet: for Hugging Face datasets. webdataset: tar "
    "archives.",
)
@click.option(
    "--shard-size",
    type=click.IntRange(1, 100_000),
    metavar="MB",
    help="Largest size of a file of parquet or webdataset, in megabytes of JPEGs.  [default: 500]",
)
@click.option("--name", help="Name of the dataset in its card and its Croissant description.")
@click.option("--license", "license_", help="License in both, such as cc-by-4.0.")
@click.option("--url", help="Web page of the dataset in both.")
@click.option("--date", help="Day of publication in both, such as 2026-11-27.")
@click.option("--dry-run", is_flag=True, help="Print the number of files and their sizes; write nothing.")
def export(
    file: Path,
    out: Path,
    form: str,
    shard_size: int | None,
    name: str | None,
    license_: str | None,
    url: str | None,
    date: str | None,
    dry_run: bool,
) -> None:
    """Write a dataset file in a form that other programs read.

    The tree is SYNSET/OBJECT/image_I.jpg and latent_I.npy, with the original's list files at its top. parquet and
    webdataset write files of bounded size into data/, a dataset card README.md and a Croissant description
    croissant.json.

    If it was interrupted, run it again: it writes only what is missing. '3die data pack' turns each form back into the
    same file.

    \b
    Examples:
      3die data export dataset.h5 -o tree
      3die data export dataset.h5 -o hub --format parquet --license cc-by-4.0
    """
    from threedie.manifests.dataset import Dataset
    from threedie.manifests.dataset_card import Publication
    from threedie.manifests.errors import ThreeDieError
    from threedie.manifests.plurals import pluralize
    from threedie.manifests.tree_export import export_tree

    if form != "tree":
        publication = Publication(name, license_, url, date)
        _export_shards(Dataset(file), out, form, shard_size, publication, dry_run)
        return
    others = {"shard-size": shard_size, "name": name, "license": license_, "url": url, "date": date}
    given = [option for option, value in others.items() if value is not None] + ["dry-run"] * dry_run
    if given:
        raise ThreeDieError(f"--{given[0]}: only with --format parquet or webdataset")
    written, existing = export_tree(Dataset(file), out, _bar("exporting"))
    kept = f"; {existing:,} existed already" if existing else ""
    click.echo(f"wrote {pluralize(written, 'object')} to {out}{kept}")


def _export_shards(dataset: Any, out: Path, form: str, shard_size: int | None, publication: Any, dry_run: bool) -> None:
    from threedie.manifests.plurals import pluralize
    from threedie.manifests.shard_export import ShardExport
    from threedie.manifests.shards import DEFAULT_SHARD_MEGABYTES, MEGABYTE

    export = ShardExport.plan(dataset, out, form, (shard_size or DEFAULT_SHARD_MEGABYTES) * MEGABYTE)
    size, views = export.estimated_bytes(), pluralize(len(dataset) * dataset.info.views, "view")
    if dry_run:
        click.echo(f"{views} in {pluralize(len(export.shards), 'file')}, about {size / MEGABYTE:,.1f} MB")
        return
    written, existing = export.write(publication, _bar("exporting"))
    kept = f"; {existing:,} existed already" if existing else ""
    click.echo(f"wrote {pluralize(written, 'file')} with {views} to {out}{kept}")
    missing = [option for option in ("license", "url", "date") if getattr(publication, option) is None]
    if missing:
        options = ", ".join(f"--{option}" for option in missing)
        click.echo(f"note: before you publish it, run this again with {options} for README.md and croissant.json")
