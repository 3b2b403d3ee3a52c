"""`3die photonics`: unit cells of photonic crystals with their density of states."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from threedie.manifests.photonics import KINDS

PATH = click.Path(path_type=Path)

LISTED = 50
"""At most this many problems are printed."""


@click.group()
def photonics() -> None:
    """Make, check and preview unit cells of photonic crystals with their density of states."""


@photonics.command()
@click.option("--kind", type=click.Choice(KINDS), required=True, help="Kind of unit cell.")
@click.option("--cells", type=click.IntRange(1, 10**8), default=1000, show_default=True, help="Number of cells.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Seed of the cells.")
@click.option("-o", "--out", type=PATH, default=Path("photonics.h5"), show_default=True, help="File to write; HDF5.")
@click.option("--workers", type=click.IntRange(1), help="Processes.  [default: one per core]")
def make(kind: str, cells: int, seed: int, out: Path, workers: int | None) -> None:
    """Draw unit cells and compute the density of states of their bands.

    Cells are level sets of Fourier sums: 'blob' has one inclusion around the center of the cell, 'gpm' any shapes with
    the mirror x -> -x. Bands are TM, ten on 25 x 25 wave vectors. A cell depends on kind, seed and its number alone. If
    it was interrupted, the same command goes on.

    \b
    Examples:
      3die photonics make --kind blob --cells 1000 --seed 0 -o blob.h5
      3die photonics verify blob.h5
      3die photonics preview blob.h5 -o blob.png
    """
    from threedie.manifests.plurals import pluralize
    from threedie.manifests.signals import exits_on_signals
    from threedie.render.photonics.make import describe
    from threedie.render.photonics.make import make as make_file

    with exits_on_signals(lambda: click.echo("stopped; the same command goes on", err=True)):
        written = make_file(out, describe(kind, seed, cells), workers or _cores(), _console())
    collection = f"{pluralize(cells, 'cell')} of kind {kind}, seed {seed}"
    click.echo(f"wrote {out}: {collection}" if written else f"{out} exists already: {collection}")


@photonics.command()
@click.argument("file", type=PATH)
@click.option(
    "--solve", type=click.IntRange(0), default=8, show_default=True, help="Cells whose bands are computed again."
)
def verify(file: Path, solve: int) -> None:
    """Check a file: checksums, numbers, cells against their seeds, and some densities of states computed again.

    Exits with 0 if nothing is wrong, with 1 and a list of problems otherwise.
    """
    from threedie.manifests.plurals import pluralize
    from threedie.manifests.progress import bar
    from threedie.render.photonics.verify import verify as check

    def progress(items: Iterable[int], total: int) -> Iterable[int]:
        wrapped: Iterable[int] = bar("checking", total, " cells", items)
        return wrapped

    problems = check(file, solve, progress)
    for problem in problems[:LISTED]:
        click.echo(problem)
    if len(problems) > LISTED:
        click.echo(f"... and {len(problems) - LISTED} more")
    if problems:
        click.echo(f"{pluralize(len(problems), 'problem')} in {file}")
        raise SystemExit(1)
    click.echo(f"no problems: {file}")


@photonics.command()
@click.argument("file", type=PATH)
@click.option("-o", "--out", type=PATH, default=Path("photonics.png"), show_default=True, help="PNG file to write.")
@click.option("--cells", type=click.IntRange(1, 400), default=16, show_default=True, help="How many: the first ones.")
def preview(file: Path, out: Path, cells: int) -> None:
    """Draw a contact sheet: cells, each with its density of states."""
    from threedie.manifests.files import replacing
    from threedie.manifests.photonics import PhotonicCells
    from threedie.render.photonics.sheet import contact_sheet

    sheet = contact_sheet(PhotonicCells(file), cells)
    with replacing(out) as temporary:
        temporary.write_bytes(sheet)
    click.echo(f"wrote {out}")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _console() -> Any:
    from threedie.manifests.progress import Reporter

    class Console(Reporter):
        quiet = False

        def wait(self, text: str) -> None:
            click.echo(text, err=True)

    return Console()
