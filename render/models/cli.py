"""`3die models`: write models to disk."""

from pathlib import Path

import click

from manifests.classes import class_names, parse_classes
from manifests.errors import ThreeDieError
from manifests.files import read_json, write_json

RECORD = "synth.json"


@click.group()
def models() -> None:
    """Meshes: make them."""


@models.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write to, in ShapeNet's layout.")
@click.option("--classes", default="all", show_default=True, help="Names or synset ids, with commas between, or 'all'.")
@click.option("--per-class", type=click.IntRange(min=1), default=8, show_default=True, help="Objects of each class.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Another seed, other objects.")
def synth(out: Path, classes: str, per_class: int, seed: int) -> None:
    """Make up models of everyday things and write them as OBJ files.

    The same seed gives the same files; what is already there is kept, so that a longer run goes on from a shorter one.
    """
    from tqdm import tqdm

    from render.models.synth import library

    asked = parse_classes(classes)
    synsets = [synset for synset in asked if synset in library.GENERATORS]
    if not synsets:
        there = class_names(sorted(library.GENERATORS))
        raise ThreeDieError(f"no generator makes {class_names(asked)}; there are generators for {there}")
    record = {"kind": "synth", "version": library.VERSION}
    if (out / RECORD).exists() and read_json(out / RECORD) != record:
        raise ThreeDieError(f"{out}: begun by another version of the generators; give another folder with --out")
    write_json(out / RECORD, record)
    for synset, index in tqdm(
        [(synset, index) for synset in synsets for index in range(per_class)], unit="model", disable=None
    ):
        library.write_object(seed, synset, index, out)
    print(f"{len(synsets) * per_class} models of {len(synsets)} classes in {out}")
    left_out = [synset for synset in asked if synset not in library.GENERATORS]
    if left_out:
        print(f"no generator yet: {class_names(left_out)}")
