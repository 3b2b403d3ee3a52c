"""`3die manifest`: make lists of objects with their splits."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from threedie.manifests.manifest import Entry
    from threedie.manifests.objects import ObjectRef

PATH = click.Path(path_type=Path)
OUT = click.option("-o", "--out", type=PATH, required=True, help="CSV file to write.")
SEED = click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the split.")


@click.group()
def manifest() -> None:
    """Make lists of objects with leak-free splits, for '3die render --manifest'."""


@manifest.command()
@click.argument("source", type=PATH, required=False)
@OUT
@click.option("--classes", default="all", show_default=True, help="Names or synset ids, separated by commas, or 'all'.")
@SEED
@click.option("--keep", type=PATH, help="Earlier manifest; its objects keep their splits.")
@click.option(
    "--content/--no-content",
    default=True,
    help="Compare meshes, so that equal ones get the same split.  [default: content]",
)
@click.option("--workers", type=click.IntRange(1, 1024), help="Number of processes.  [default: one per core]")
def create(
    source: Path | None, out: Path, classes: str, seed: int, keep: Path | None, content: bool, workers: int | None
) -> None:
    """List the models of SOURCE and split each class 80/20 into training and validation.

    SOURCE is a path as for '3die render --models'; by default, the embedded models are listed. Twins (objects with the
    same id in two classes, or with equal meshes) get the same split. Objects that are added later can change only the
    splits of their twins; --keep with the earlier manifest keeps these too.
    """
    from threedie.manifests.classes import parse_classes
    from threedie.manifests.files import scratch_prefix
    from threedie.manifests.manifest import make_manifest, read_manifest, write_manifest
    from threedie.manifests.plurals import pluralize
    from threedie.manifests.progress import bar
    from threedie.render.models.choose import open_source
    from threedie.render.models.contents import content_hashes
    from threedie.render.resources import available_cores

    earlier = read_manifest(keep) if keep else []
    with tempfile.TemporaryDirectory(prefix=scratch_prefix()) as cache:
        opened = open_source(source, Path(cache))
        refs = opened.objects(parse_classes(classes))
        contents = {}
        if content:
            hashes = content_hashes(opened, refs, workers or available_cores())
            hashes = bar("reading", len(refs), " models", hashes, leave=True)
            contents = {ref: content_hash for ref, content_hash in zip(refs, hashes, strict=True) if content_hash}
            if len(contents) < len(refs):
                click.echo(
                    f"unreadable, so split only by name: {pluralize(len(refs) - len(contents), 'model')}; see "
                    "'3die models check'",
                    err=True,
                )
    entries = make_manifest(refs, seed, contents, earlier)
    write_manifest(out, entries)
    _print_counts(entries, contents)
    moved = _count_moved(entries, earlier)
    if moved:
        count = pluralize(moved, "object")
        click.echo(f"{count} of {keep} changed the split: a new object is a twin of objects in both splits")
    click.echo(f"wrote {out}")


@manifest.command("import")
@click.argument("lists", type=PATH)
@OUT
@click.option(
    "--split", type=click.Choice(["official", "clean"]), default="official", show_default=True, help="Split to write."
)
@click.option(
    "--objects", type=PATH, help="List of all objects, as pairs (synset, id), if the training list is missing."
)
@SEED
def import_(lists: Path, out: Path, split: str, objects: Path | None, seed: int) -> None:
    """Convert the lists that 3DIEBench was published with.

    LISTS is a folder with val_images.npy and, if available, train_images.npy, val_labels.npy and train_labels.npy; or
    one list of objects without a split, such as the pairs that the original's generator takes, which is then split by
    hash. 'official' is the published split; 'clean' moves validation objects that are also in the training list, under
    another class, to training.
    """
    from threedie.manifests.errors import ThreeDieError
    from threedie.manifests.manifest import clean_manifest, find_leaks, make_manifest, write_manifest
    from threedie.manifests.objects import read_object_list
    from threedie.manifests.plurals import pluralize
    from threedie.manifests.published import read_published

    if lists.is_file():
        entries = make_manifest(read_object_list(lists), seed)
        write_manifest(out, entries)
        _print_counts(entries)
        click.echo(f"wrote {out}")
        return
    published = read_published(lists, objects)
    for note in published.notes:
        click.echo(f"note: {note}")
    official = published.entries
    leaks = find_leaks(official)
    _print_counts(official)
    clean = clean_manifest(official)
    if published.whole:
        leaking = pluralize(leaks.leaking, "validation object")
        click.echo(f"official: {leaking} also in training, under another class")
        click.echo(f"clean: {_count_moved(clean, official):,} of them moved to training")
    elif split == "clean":
        raise ThreeDieError(
            f"{lists}: the clean split needs the training list too; put train_images.npy into the folder, or give "
            "the list of all objects with --objects"
        )
    write_manifest(out, clean if split == "clean" else official)
    click.echo(f"wrote {out}, the {split} split")


def _print_counts(entries: "Iterable[Entry]", contents: "Mapping[ObjectRef, str] | None" = None) -> None:
    from threedie.manifests.manifest import find_leaks
    from threedie.manifests.plurals import pluralize

    entries = list(entries)
    leaks = find_leaks(entries, contents)
    val = sum(entry.split == "val" for entry in entries)
    classes = len({entry.ref.synset for entry in entries})
    objects, of_classes = pluralize(len(entries), "object"), pluralize(classes, "class")
    click.echo(f"{objects} of {of_classes}: {len(entries) - val:,} train, {val:,} val")
    shared = pluralize(leaks.shared_ids, "id")
    click.echo(f"{shared} under several classes; {pluralize(leaks.groups, 'group')} of twins by id or mesh")


def _count_moved(entries: "Iterable[Entry]", before: "Iterable[Entry]") -> int:
    sides = {entry.ref: entry.split for entry in before}
    return sum(entry.split != sides.get(entry.ref, entry.split) for entry in entries)
