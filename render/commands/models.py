"""`3die models`: generate, check, import, measure and preview models."""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from threedie.manifests.classes import class_names, parse_classes
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import scratch_prefix, write_json
from threedie.manifests.plurals import pluralize
from threedie.manifests.text import read_json

RECORD = "synth.json"
PATH = click.Path(path_type=Path)
WORKERS = click.option("--workers", type=click.IntRange(1, 1024), help="Number of processes.  [default: one per core]")


def _bar(items: Iterable[Any], total: int, title: str) -> Iterable[Any]:
    from threedie.manifests.progress import bar

    return bar(title, total, " models", items)


def _cores() -> int:
    from threedie.render.resources import available_cores

    return available_cores()


@click.group()
def models() -> None:
    """Generate, check, import, measure and preview models."""


@models.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write to, in ShapeNet's layout.")
@click.option("--classes", default="all", show_default=True, help="Names or synset ids, separated by commas, or 'all'.")
@click.option("--per-class", type=click.IntRange(min=1), default=8, show_default=True, help="Objects of each class.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the models.")
def synth(out: Path, classes: str, per_class: int, seed: int) -> None:
    """Generate models of everyday objects as OBJ files.

    The same seed gives the same files. Existing files are kept, so that a run for more objects adds to an earlier one.
    """
    from threedie.render.models.synth import library

    requested = parse_classes(classes)
    synsets = [synset for synset in requested if synset in library.GENERATORS]
    if not synsets:
        available = class_names(sorted(library.GENERATORS))
        raise ThreeDieError(f"no generator makes {class_names(requested)}; choose from {available}")
    record = {"kind": "synth", "version": library.VERSION}
    if (out / RECORD).exists() and read_json(out / RECORD) != record:
        raise ThreeDieError(f"{out}: holds models of another version of the generators; give another folder with --out")
    write_json(out / RECORD, record)
    numbered = [(synset, index) for synset in synsets for index in range(per_class)]
    for synset, index in _bar(numbered, len(numbered), "making"):
        library.write_object(seed, synset, index, out)
    models_made, of_classes = pluralize(len(numbered), "model"), pluralize(len(synsets), "class")
    click.echo(f"{models_made} of {of_classes} in {out}")
    left_out = [synset for synset in requested if synset not in library.GENERATORS]
    if left_out:
        click.echo(f"no generator yet: {class_names(left_out)}")


@models.command()
@click.argument("path", type=PATH)
@click.option("--classes", default="all", show_default=True, help="Names or synset ids, separated by commas, or 'all'.")
@click.option("--manifest", type=PATH, help="List of the expected objects: the original's .npy lists, or a CSV.")
@click.option("-o", "--out", type=PATH, default=Path("models_check.csv"), show_default=True, help="Report to write.")
@WORKERS
def check(path: Path, classes: str, manifest: Path | None, out: Path, workers: int | None) -> None:
    """Read every model of a collection and report what is wrong.

    PATH is ShapeNetCore v2, or other models in its layout: a folder, a zip archive, or a folder of SYNSET.zip. Broken
    objects can't be rendered; objects with flaws can, for example without a texture. Exits with 1 if objects are broken
    or missing.
    """
    from threedie.manifests.objects import read_object_list
    from threedie.render.models.check import Report, check_objects, compare_with_list, count_notes
    from threedie.render.models.choose import left_out_notes, open_source

    with tempfile.TemporaryDirectory(prefix=scratch_prefix()) as cache:
        source = open_source(path, Path(cache))
        synsets = parse_classes(classes)
        refs = source.objects(synsets)
        report = Report(len(refs))
        for problems in _bar(check_objects(source, refs, workers or _cores()), len(refs), "checking"):
            report.problems += problems
    report.notes += [*left_out_notes(source), *count_notes(refs)]
    if manifest is not None:
        absent, notes = compare_with_list(refs, [ref for ref in read_object_list(manifest) if ref.synset in synsets])
        report.problems += absent
        report.notes += notes
    report.write(out)
    for line in report.summary():
        click.echo(line)
    click.echo(f"wrote {out}")
    if any(problem.level != "flaw" for problem in report.problems):
        raise SystemExit(1)


@models.command("import")
@click.argument("src", type=PATH)
@click.option("--out", type=PATH, required=True, help="Folder to write to, in ShapeNet's layout.")
@click.option("--class", "class_name", help="Class of all meshes, or of those for which --classes-from gives none.")
@click.option(
    "--classes-from",
    metavar="folders|FILE",
    help="'folders' if folders are named after classes, or a CSV with the columns source and class.",
)
@click.option("--up", type=click.Choice(["y", "z"]), default="y", show_default=True, help="Up axis of the meshes.")
@WORKERS
def import_(
    src: Path, out: Path, class_name: str | None, classes_from: str | None, up: str, workers: int | None
) -> None:
    """Import OBJ, PLY, STL, OFF, GLB and glTF meshes with materials and textures.

    SRC is a mesh file, a zip archive (such as Sweet Home 3D's .sh3f), or a folder of either. Objects are centered and
    scaled like ShapeNet's; an id is a hash of the object's source. OUT/imported.csv lists which source became which
    object, OUT/import_failures.csv why others failed. An interrupted import resumes when run again.
    """
    from collections import Counter

    from threedie.render.models.importer import ClassChooser, check_tables, find_meshes, import_meshes, write_tables

    choose = ClassChooser(class_name, classes_from)
    check_tables(out)
    meshes, results = find_meshes(src, choose, out)
    results = [*results, *_bar(import_meshes(meshes, out, up, workers or _cores()), len(meshes), "importing")]
    table, failures = write_tables(out, results)
    done = [each for each in results if not each.reason]
    distinct = len({(each.synset, each.object_id) for each in done})
    objects = pluralize(distinct, "object")
    click.echo(f"imported {len(done):,} of {pluralize(len(results), 'mesh')} as {objects}; see {table}")
    changed = sum(bool(each.notes) for each in done)
    if changed:
        click.echo(f"not exactly as in their files: {changed:,} of them; the notes in the table list the differences")
    for note in choose.notes():
        click.echo(note)
    if len(done) < len(results):
        click.echo(f"{len(results) - len(done):,} failed; see {failures}")
        reasons = Counter(each.reason for each in results if each.reason)
        for reason, count in reasons.most_common(10):
            click.echo(f"  {count:>6,}  {reason}")
    if not done:
        raise SystemExit(1)


@models.command()
@click.option("--models", "path", type=PATH, help="Models, as for '3die render'.  [default: the embedded models]")
@click.option("--classes", default="all", show_default=True, help="Names or synset ids, separated by commas, or 'all'.")
@click.option("-o", "--out", type=PATH, default=Path("models_preview"), show_default=True,
              help="Folder for a sheet per class, or one .png file for all.")  # fmt: skip
@click.option(
    "--objects", type=click.IntRange(1, 50), default=6, show_default=True, help="Rows: objects of each class."
)
@click.option(
    "--views", type=click.IntRange(1, 20), default=4, show_default=True, help="Columns: views of each object."
)
@click.option(
    "--size", type=click.IntRange(16, 512), default=128, show_default=True, help="Width and height of a view in pixels."
)
@WORKERS
def preview(
    path: Path | None, classes: str, out: Path, objects: int, views: int, size: int, workers: int | None
) -> None:
    """Draw a contact sheet of each class: rendered views of a few objects."""
    from threedie.manifests.progress import bar
    from threedie.render.models.choose import open_source
    from threedie.render.models.sheets import render_sheets

    with (
        tempfile.TemporaryDirectory(prefix=scratch_prefix()) as cache,
        bar("rendering", None, " views") as views_done,
    ):
        written, failed = render_sheets(
            open_source(path, Path(cache)),
            parse_classes(classes),
            out,
            objects=objects,
            views=views,
            size=size,
            workers=workers or _cores(),
            on_views=views_done.update,
        )
    for reason in failed.values():
        click.echo(f"left out: {reason}", err=True)
    click.echo(f"wrote {out}" if len(written) == 1 else f"wrote {pluralize(len(written), 'sheet')} to {out}")


@models.command()
@click.argument("path", type=PATH)
@click.option("--classes", default="all", show_default=True, help="Names or synset ids, separated by commas, or 'all'.")
@click.option("--per-class", type=click.IntRange(min=1), default=20, show_default=True, help="Objects of each class.")
@click.option(
    "--preset", default="3diebench", show_default=True, help="Whose rotations: name of a preset, or a .toml file."
)
@click.option(
    "--share",
    type=click.FloatRange(0.5, 1),
    default=0.98,
    show_default=True,
    help="Share of the surface that must look the same.",
)
@click.option("--csv", "csv_file", type=PATH, help="Also write a row for each object to this file.")
@WORKERS
def symmetry(
    path: Path, classes: str, per_class: int, preset: str, share: float, csv_file: Path | None, workers: int | None
) -> None:
    """Measure symmetries of models, and the highest scores of rotation that they permit.

    PATH is as for 'check'. Where an object looks the same after a rotation, no picture tells which way it stands. The
    table has the highest R2 that is possible all the same, by class.
    """
    from threedie.render.models.choose import open_source
    from threedie.render.models.symmetry_report import find_symmetries, report_of
    from threedie.render.preset import load_preset

    fields = load_preset(preset).latents
    with tempfile.TemporaryDirectory(prefix=scratch_prefix()) as cache:
        source = open_source(path, Path(cache))
        refs = source.objects(parse_classes(classes), per_class)
        symmetries = _bar(find_symmetries(source, refs, workers or _cores(), share), len(refs), "measuring")
        report = report_of(refs, list(symmetries), fields)
    for reason in report.left_out:
        click.echo(f"left out: {reason}", err=True)
    for line in report.table():
        click.echo(line)
    click.echo(f"the best constant has {report.floor.rotation:.2f} and {report.floor.rotation_in_class:.2f}")
    if csv_file is not None:
        report.write(csv_file)
        click.echo(f"wrote {csv_file}")
