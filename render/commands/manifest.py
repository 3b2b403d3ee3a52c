"""`3die manifest`: lists of objects with their splits."""

import sys
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
SEED = click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, another split.")


@click.group()
def manifest() -> None:
    """Make lists of objects with leak-free splits, for '3die render --manifest'."""


@manifest.command()
@click.argument("source", type=PATH, required=False)
@OUT
@click.option("--classes", default="all", show_default=True, help="Names or synset ids, with commas between, or 'all'.")
@SEED
@click.option("--keep", type=PATH, help="Earlier manifest: its objects keep their split.")
@click.option(
    "--content/--no-content", default=True, help="Read every mesh, so that equal ones lie on one side. [content]"
)
@click.option("--workers", type=click.IntRange(1, 1024), help="Processes. [one a core]")
def create(
    source: Path | None, out: Path, classes: str, seed: int, keep: Path | None, content: bool, workers: int | None
) -> None:
    """List the models of SOURCE and split them, 80% to train and 20% to validation in each class.

    SOURCE is what '3die render --models' takes; without it, the embedded models are listed. An id that occurs under two
    classes lies on one side only, and so do equal meshes. Adding objects later moves no others, save for twins: give
    the earlier manifest with --keep to hold these too.
    """
    from tqdm import tqdm

    from threedie.manifests.classes import parse_classes
    from threedie.manifests.files import scratch_prefix
    from threedie.manifests.manifest import make_manifest, read_manifest, write_manifest
    from threedie.render.models.choose import open_source
    from threedie.render.models.contents import content_hashes
    from threedie.render.resources import available_cores

    kept = read_manifest(keep) if keep else []
    with tempfile.TemporaryDirectory(prefix=scratch_prefix()) as cache:
        opened = open_source(source, Path(cache))
        refs = opened.objects(parse_classes(classes))
        contents = {}
        if content:
            hashes = content_hashes(opened, refs, workers or available_cores())
            bar = tqdm(hashes, desc="reading", total=len(refs), unit=" models", file=sys.stderr, disable=None)
            contents = {ref: found for ref, found in zip(refs, bar, strict=True) if found}
            if len(contents) < len(refs):
                click.echo(
                    f"{len(refs) - len(contents):,} models can't be read and are split by their names alone; "
                    "'3die models check' says why",
                    err=True,
                )
    entries = make_manifest(refs, seed, contents, kept)
    write_manifest(out, entries)
    _say(entries, contents)
    moved = _moved(entries, kept)
    if moved:
        click.echo(
            f"{moved:,} objects of {keep} changed sides, because a new one ties them to a twin on the other side"
        )
    click.echo(f"wrote {out}")


@manifest.command("import")
@click.argument("lists", type=PATH)
@OUT
@click.option(
    "--split", type=click.Choice(["official", "clean"]), default="official", show_default=True, help="Which split."
)
@click.option("--objects", type=PATH, help="All objects, as pairs (synset, id): then the training list may be missing.")
@SEED
def import_(lists: Path, out: Path, split: str, objects: Path | None, seed: int) -> None:
    """Read the lists that 3DIEBench was published with.

    LISTS is the folder with val_images.npy, train_images.npy, val_labels.npy and train_labels.npy, as far as they are
    there; or one list of objects without a split, such as the pairs that the original's generator takes, which is then
    split by hash. 'official' is the published split; 'clean' is the same without validation objects that are in the
    training list too, under another class: it moves those to training.
    """
    from threedie.manifests.errors import ThreeDieError
    from threedie.manifests.manifest import clean_manifest, find_leaks, make_manifest, write_manifest
    from threedie.manifests.objects import read_object_list
    from threedie.manifests.published import read_published

    if lists.is_file():
        entries = make_manifest(read_object_list(lists), seed)
        write_manifest(out, entries)
        _say(entries)
        click.echo(f"wrote {out}")
        return
    published = read_published(lists, objects)
    for note in published.notes:
        click.echo(f"note: {note}")
    official = published.entries
    leaks = find_leaks(official)
    _say(official)
    clean = clean_manifest(official)
    if published.whole:
        click.echo(f"official: {leaks.leaking:,} validation objects are in training too, under another class")
        click.echo(f"clean: {_moved(clean, official):,} of them are moved to training")
    elif split == "clean":
        raise ThreeDieError(
            f"{lists}: the clean split needs the training list too; put train_images.npy there, or give the list of "
            "all objects with --objects"
        )
    write_manifest(out, clean if split == "clean" else official)
    click.echo(f"wrote {out}, the {split} split")


def _say(entries: "Iterable[Entry]", contents: "Mapping[ObjectRef, str] | None" = None) -> None:
    from threedie.manifests.manifest import find_leaks

    entries = list(entries)
    leaks = find_leaks(entries, contents)
    val = sum(entry.split == "val" for entry in entries)
    classes = len({entry.ref.synset for entry in entries})
    click.echo(f"{len(entries):,} objects of {classes} classes: {len(entries) - val:,} train, {val:,} val")
    click.echo(f"{leaks.shared_ids:,} ids occur under several classes; {leaks.groups:,} groups of twins by id or mesh")


def _moved(entries: "Iterable[Entry]", before: "Iterable[Entry]") -> int:
    sides = {entry.ref: entry.split for entry in before}
    return sum(entry.split != sides.get(entry.ref, entry.split) for entry in entries)
