"""`3die leaderboard`: tables and a page from result records, and a check of records from elsewhere."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from threedie.benchmark.commands import options
from threedie.manifests.places import DEFAULT_LEADERBOARD, DEFAULT_RUNS

if TYPE_CHECKING:
    from threedie.benchmark.leaderboard.check import Verdict
    from threedie.benchmark.records.record import Record


class _WithCheck(click.Command):
    """A command that takes paths, with the subcommand `check`. A folder of that name is written `./check`."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Hand over to `check` if that is the first word."""
        if args[:1] == ["check"]:
            return check.make_context(f"{info_name} check", args[1:], parent=parent, **extra)
        return super().make_context(info_name, args, parent=parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the context's command."""
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)


@click.command()
@click.argument("folder", type=options.PATH)
def check(folder: Path) -> None:
    """Check whether the records in FOLDER can go into the tables.

    Reads every record.json at any depth. Names each one that is refused, with the field and the mend, and ends with
    exit code 1 if any is refused.
    """
    from threedie.benchmark.leaderboard.check import check_folder

    verdicts = check_folder(folder)
    for verdict in verdicts:
        if verdict.reason is not None:
            _echo_refusal(verdict)
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
    epilog="'3die leaderboard check FOLDER' checks records that others send, without making tables; see "
    "'3die leaderboard check --help'. Write a folder named check as ./check.",
)
@click.argument("runs", nargs=-1, type=options.PATH)
@click.option(
    "-o", "--out", type=options.PATH, help=f"Folder to write.  [default: {DEFAULT_LEADERBOARD}, or none with --into]"
)
@click.option(
    "--into",
    type=options.PATH,
    help="Markdown file to put the main tables into, between its lines '<!-- leaderboard: begin -->' and "
    "'<!-- leaderboard: end -->'.",
)
@click.option(
    "--figures",
    type=options.PATH,
    multiple=True,
    help="Folder of '3die bench figures' to show on the page.  [default: 'figures' in or beside RUNS, if it exists]",
)
@click.option("--contact-sheet", type=options.PATH, help="PNG of the dataset for the page.")
def leaderboard(
    runs: tuple[Path, ...], out: Path | None, into: Path | None, figures: tuple[Path, ...], contact_sheet: Path | None
) -> None:
    """Make tables and a page from result records.

    RUNS are record files or folders with record.json at any depth; without any, the folder 'runs'. Writes index.html
    (one file, opens without a network), and the tables as leaderboard.md, .csv, .tex and .json. Runs on different data
    or under different protocols are never ranked together. A record that '3die leaderboard check' would refuse is
    named and left out; the tables are made of the others, and the exit code is 1.
    """
    from threedie.benchmark.leaderboard.check import usable_records
    from threedie.benchmark.leaderboard.insert import insert
    from threedie.benchmark.leaderboard.markdown import render_summary
    from threedie.manifests.errors import ThreeDieError

    sources = runs or (DEFAULT_RUNS,)
    names = ", ".join(map(str, sources))
    records, refused = usable_records(sources)
    for verdict in refused:
        _echo_refusal(verdict)
    if refused and not records:
        raise ThreeDieError(f"{names}: no record is left; see the reasons above")
    if not records:
        raise ThreeDieError(f"{names}: no record.json in there; '3die bench run sie' makes one")
    click.echo(f"{len(records)} {'record' if len(records) == 1 else 'records'}, from {names}")
    if into is not None:
        changed = insert(into, render_summary(records))
        click.echo(f"into    {into}{'' if changed else ': as it was'}")
    if into is None or out is not None:
        _write(records, sources, out or DEFAULT_LEADERBOARD, figures, contact_sheet)
    if refused:
        what = "record was" if len(refused) == 1 else "records were"
        click.echo(f"without  {len(refused)} {what} refused, named above; the tables are made of the others", err=True)
        raise SystemExit(1)


def _write(
    records: Sequence["Record"],
    sources: tuple[Path, ...],
    out: Path,
    figures: tuple[Path, ...],
    contact_sheet: Path | None,
) -> None:
    """Write page and tables, and print their paths."""
    from threedie.benchmark.leaderboard.pictures import read_pictures
    from threedie.benchmark.leaderboard.publish import find_figure_folders, read_png, write_tables

    folders = figures or find_figure_folders(sources)
    pictures, of_other_records, too_many = read_pictures(folders, {record["id"] for record in records})
    page, *tables = write_tables(out, records, pictures, read_png(contact_sheet) if contact_sheet else None)
    click.echo(f"page    {page}")
    click.echo(f"tables  {', '.join(map(str, tables))}")
    if pictures:
        click.echo(f"figures {len(pictures)} on the page")
    if of_other_records:
        click.echo(f"        {of_other_records} left out: of runs that aren't among these records; draw them again")
    if too_many:
        click.echo(f"        {too_many} left out: the page would be too large; name a folder with fewer with --figures")


def _echo_refusal(verdict: "Verdict") -> None:
    click.echo(f"refused  {verdict.file}: {verdict.reason}", err=True)
