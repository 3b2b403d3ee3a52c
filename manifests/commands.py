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
    """Join part files, or a tree SYNSET/OBJECT/image_I.jpg, into one dataset file."""
    from threedie.manifests.collection import no_dataset_in, part_files
    from threedie.manifests.dataset import Dataset
    from threedie.manifests.dataset_writer import lock_dataset
    from threedie.manifests.errors import ThreeDieError
    from threedie.manifests.parts import pack as pack_parts
    from threedie.manifests.plurals import pluralize
    from threedie.manifests.tree_files import is_tree

    if not source.is_dir():
        raise ThreeDieError(f"{source}: no such folder; give a folder of part files or a tree SYNSET/OBJECT/")
    from_tree = is_tree(source)
    parts = [] if from_tree else part_files(source)
    if not (from_tree or parts):
        raise no_dataset_in(source)
    with lock_dataset(out, "3die data pack", lambda text: click.echo(text, err=True)):
        if from_tree:
            _pack_tree(source, out)
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
@click.option("-o", "--out", type=PATH, required=True, help="Folder to write the tree into.")
def export(file: Path, out: Path) -> None:
    """Write a dataset file as a folder tree in 3DIEBench's published form.

    The tree is SYNSET/OBJECT/image_I.jpg and latent_I.npy, with the original's list files at its top.

    If it was interrupted, run it again: it writes only what is missing. '3die data pack' turns the tree back into the
    same file.
    """
    from threedie.manifests.dataset import Dataset
    from threedie.manifests.plurals import pluralize
    from threedie.manifests.tree_export import export_tree

    written, existing = export_tree(Dataset(file), out, _bar("exporting"))
    kept = f"; {existing:,} existed already" if existing else ""
    click.echo(f"wrote {pluralize(written, 'object')} to {out}{kept}")
