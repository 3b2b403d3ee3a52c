"""`3die leaderboard`: tables and a page from result records, and a look at records that others send."""

from pathlib import Path
from typing import Any

import click

DEFAULT_RUNS = Path("runs")
DEFAULT_OUT = Path("leaderboard")
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PATH = click.Path(path_type=Path)


class _WithCheck(click.Command):
    """A command that takes paths, and one word that isn't one: `check`. A folder of that name is `./check`."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Hand over to `check` where that is the first word."""
        if args[:1] == ["check"]:
            return check.make_context(f"{info_name} check", args[1:], parent=parent, **extra)
        return super().make_context(info_name, args, parent=parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that the context is of."""
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)


@click.command()
@click.argument("folder", type=PATH)
def check(folder: Path) -> None:
    """Check whether the records in FOLDER can go into the tables.

    Reads every record.json at any depth. Names each one that is refused, with the field and the mend, and ends with
    exit code 1 if there is one.
    """
    from threedie.benchmark.leaderboard.check import check_folder

    verdicts = check_folder(folder)
    for verdict in verdicts:
        if verdict.reason is not None:
            click.echo(f"refused  {verdict.file}: {verdict.reason}", err=True)
        else:
            click.echo(f"good     {verdict.file}")
        for remark in verdict.remarks:
            click.echo(f"         {remark}")
    refused = sum(verdict.reason is not None for verdict in verdicts)
    click.echo(
        f"{len(verdicts) - refused} of {len(verdicts)} {'record is' if len(verdicts) == 1 else 'records are'} good"
    )
    if refused:
        raise SystemExit(1)


@click.command(
    cls=_WithCheck,
    epilog="'3die leaderboard check FOLDER' looks at records without making tables, for those that others send; see "
    "'3die leaderboard check --help'. A folder that is itself called check is given as ./check.",
)
@click.argument("runs", nargs=-1, type=PATH)
@click.option("-o", "--out", type=PATH, help=f"Folder to write.  [default: {DEFAULT_OUT}, or none with --into]")
@click.option(
    "--into",
    type=PATH,
    help="Markdown file to put the main tables into, between its lines '<!-- leaderboard: begin -->' and "
    "'<!-- leaderboard: end -->'.",
)
@click.option(
    "--figures",
    type=PATH,
    multiple=True,
    help="Folder of '3die bench figures' to show on the page.  [default: 'figures' in or beside RUNS, if there]",
)
@click.option("--contact-sheet", type=PATH, help="PNG of the dataset for the page.")
def leaderboard(
    runs: tuple[Path, ...], out: Path | None, into: Path | None, figures: tuple[Path, ...], contact_sheet: Path | None
) -> None:
    """Make tables and a page from result records.

    RUNS are record files or folders with record.json at any depth; without any, the folder 'runs'. Writes index.html
    (one file, opens without a network), and the tables as leaderboard.md, .csv, .tex and .json. Runs on different data
    or under different protocols are never ranked together. A record that '3die leaderboard check' would refuse is
    named and left out; the tables are made of the others, and the exit code is 1.
    """
    import json
    from importlib import resources

    from threedie.benchmark.leaderboard.check import usable_records
    from threedie.benchmark.leaderboard.export import render_json
    from threedie.benchmark.leaderboard.insert import insert
    from threedie.benchmark.leaderboard.latex import render_latex
    from threedie.benchmark.leaderboard.page import render_page
    from threedie.benchmark.leaderboard.pictures import read_pictures
    from threedie.benchmark.leaderboard.text import render_csv, render_markdown, render_summary
    from threedie.benchmark.records.record import validate
    from threedie.manifests.errors import ThreeDieError
    from threedie.manifests.files import replacing

    sources = runs or (DEFAULT_RUNS,)
    records, refused = usable_records(sources)
    for verdict in refused:
        click.echo(f"refused  {verdict.file}: {verdict.reason}", err=True)
    if refused and not records:
        raise ThreeDieError(f"{', '.join(map(str, sources))}: no record is left; see the reasons above")
    if not records:
        raise ThreeDieError(f"{', '.join(map(str, sources))}: no record.json in there; '3die bench run sie' makes one")
    others = json.loads(
        resources.files("threedie.benchmark").joinpath("leaderboard/published.json").read_text(encoding="utf-8")
    )
    for record in others:
        validate(record)
    click.echo(f"{len(records)} {'record' if len(records) == 1 else 'records'}, from {', '.join(map(str, sources))}")
    if into is not None:
        changed = insert(into, render_summary(records))
        click.echo(f"into    {into}{'' if changed else ': as it was'}")
        if out is None:
            _end(len(refused))
            return
    out = out or DEFAULT_OUT
    pictures, strange, left = read_pictures(figures or _beside(sources), {record["id"] for record in records})
    pages = {
        "index.html": render_page(records, others, _png(contact_sheet), pictures),
        "leaderboard.md": render_markdown(records, others),
        "leaderboard.csv": render_csv(records, others),
        "leaderboard.tex": render_latex(records, others),
        "leaderboard.json": render_json(records, others),
    }
    for name, text in pages.items():
        with replacing(out / name) as temporary:
            temporary.write_text(text, encoding="utf-8", errors="replace", newline="\n")
    click.echo(f"page    {out / 'index.html'}")
    click.echo(f"tables  {', '.join(str(out / name) for name in list(pages)[1:])}")
    if pictures:
        click.echo(f"figures {len(pictures)} on the page")
    if strange:
        click.echo(f"        {strange} left out: of runs that aren't among these records; draw them again")
    if left:
        click.echo(f"        {left} left out: the page would be too large; name a folder with fewer with --figures")
    _end(len(refused))


def _end(refused: int) -> None:
    """Say so, and end with exit code 1, where some records aren't in the tables."""
    if refused:
        word = "record was" if refused == 1 else "records were"
        click.echo(f"without  {refused} {word} refused, named above; the tables are made of the others", err=True)
        raise SystemExit(1)


def _beside(sources: tuple[Path, ...]) -> list[Path]:
    """Folders of figures in and beside the runs, each once."""
    from threedie.benchmark.leaderboard.pictures import INDEX_FILE

    places = [place / "figures" for source in sources for place in (source, source.parent)]
    return [place for place in dict.fromkeys(places) if (place / INDEX_FILE).is_file()]


def _png(path: Path | None) -> bytes | None:
    from threedie.manifests.errors import ThreeDieError
    from threedie.manifests.files import explained

    if path is None:
        return None
    try:
        picture = path.read_bytes()
    except OSError as error:
        raise explained(error, path) from error
    if not picture.startswith(PNG_SIGNATURE):
        raise ThreeDieError(f"{path}: not a PNG; '3die data preview' makes one")
    return picture
