"""`3die leaderboard`: tables and a page from result records, and a check of records from elsewhere."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from threedie.benchmark.commands import options
from threedie.benchmark.commands.compare import compare
from threedie.benchmark.commands.refusals import echo_refusal
from threedie.manifests.places import DEFAULT_LEADERBOARD, DEFAULT_RUNS

if TYPE_CHECKING:
    from threedie.benchmark.leaderboard.selection import Selection
    from threedie.benchmark.records.draws import DrawsByRecord
    from threedie.benchmark.records.record import Record


def _names(context: click.Context, option: click.Parameter, text: str | None) -> tuple[str, ...]:
    """Callback of an option: the names in `a,b`.

    Raises:
        ThreeDieError: there is none.
    """
    from threedie.manifests.errors import ThreeDieError

    if text is None:
        return ()
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise ThreeDieError(f"{option.opts[0]}: names nothing; give one or several, joined by commas")
    return names


class _WithSubcommands(click.Command):
    """A command that takes paths, with the subcommands `SUBCOMMANDS`. A folder named `check` is written `./check`."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Hand over to a subcommand if the first word is one."""
        if args and args[0] in SUBCOMMANDS:
            return SUBCOMMANDS[args[0]].make_context(f"{info_name} {args[0]}", args[1:], parent=parent, **extra)
        return super().make_context(info_name, args, parent=parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the context's command."""
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)


@click.command()
@click.argument("folder", type=options.PATH)
def check(folder: Path) -> None:
    """Check whether the records in FOLDER can go into the tables.

    Reads every record.json at any depth. Each refused record is named with the field and how to fix it, and the exit
    code is then 1.
    """
    from threedie.benchmark.leaderboard.check import check_folder

    verdicts = check_folder(folder)
    for verdict in verdicts:
        if verdict.reason is not None:
            echo_refusal(verdict)
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


SUBCOMMANDS = {"check": check, "compare": compare}


@click.command(
    cls=_WithSubcommands,
    epilog="'3die leaderboard compare A B' says which differences between two rows are beyond chance. "
    "'3die leaderboard check FOLDER' checks records without making tables. "
    "To make tables of a folder named check or compare, write ./check.",
)
@click.argument("runs", nargs=-1, type=options.PATH)
@click.option(
    "-o", "--out", type=options.PATH, help=f"Folder to write to.  [default: {DEFAULT_LEADERBOARD}, or none with --into]"
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
@click.option("--contact-sheet", type=options.PATH, help="PNG of the dataset to show on the page.")
@click.option("--tasks", metavar="NAME,...", callback=_names, help="Show only these tasks; see '3die bench list'.")
@click.option(
    "--parts", metavar="NAME,...", callback=_names, help="Show only these parts: all, invariant, equivariant."
)
@click.option("--methods", metavar="NAME,...", callback=_names, help="Show only rows of these methods.")
@click.option(
    "--metrics", metavar="NAME,...", callback=_names, help="Show only these metrics, as the CSV calls them, such as r2."
)
@click.option("--no-intervals", is_flag=True, help="Leave out the 95 % intervals of single runs.")
@click.option("--no-published", is_flag=True, help="Leave out the results from papers.")
@click.option("--caption", help="Text above measured tables, instead of a sentence on the data.")
def leaderboard(
    runs: tuple[Path, ...],
    out: Path | None,
    into: Path | None,
    figures: tuple[Path, ...],
    contact_sheet: Path | None,
    tasks: tuple[str, ...],
    parts: tuple[str, ...],
    methods: tuple[str, ...],
    metrics: tuple[str, ...],
    no_intervals: bool,
    no_published: bool,
    caption: str | None,
) -> None:
    """Make tables and a page from result records.

    RUNS are record files, or folders with record.json at any depth; by default the folder 'runs'. Writes index.html (a
    single page that works offline) and the tables as leaderboard.md, .csv (a line for each result), -wide.csv (a line
    for each row), .tex and .json; tables/ has a LaTeX file for each table. Runs on different datasets or under
    different protocols are never ranked together. A row's label says in which settings it differs from its recipe as it
    comes with the program. Rows that share a letter in a column are not told apart;
    letters take the file draws.npz beside each record. A record that '3die leaderboard check' would refuse is named and
    left out; tables are made from the others, and the exit code is 1.
    """
    from threedie.benchmark.leaderboard.check import usable_files
    from threedie.benchmark.leaderboard.groups import measured
    from threedie.benchmark.leaderboard.insert import insert
    from threedie.benchmark.leaderboard.markdown import find_definitions, render_summary
    from threedie.benchmark.leaderboard.publish import published_records
    from threedie.benchmark.leaderboard.selection import EVERYTHING, Selection
    from threedie.benchmark.records.draws import draws_beside
    from threedie.benchmark.records.record import in_order
    from threedie.manifests.errors import ThreeDieError

    sources = runs or (DEFAULT_RUNS,)
    names = ", ".join(map(str, sources))
    files, refused = usable_files(sources)
    records = in_order(files)
    for verdict in refused:
        echo_refusal(verdict)
    if refused and not records:
        raise ThreeDieError(f"{names}: no record is left; see the reasons above")
    if not records:
        raise ThreeDieError(f"{names}: no record.json in there; '3die bench run sie' makes one")
    click.echo(f"{len(records)} {'record' if len(records) == 1 else 'records'}, from {names}")
    selection = Selection(tasks, parts, metrics, methods, not no_intervals, published=not no_published, caption=caption)
    selection.check([*records, *([] if no_published else published_records())])
    chosen, every = (len(measured(records, None, each)) for each in (selection, EVERYTHING))
    if every and not chosen:
        raise ThreeDieError(f"{names}: of what was chosen, no measured record has anything; choose less narrowly")
    if chosen < every:
        click.echo(f"without {every - chosen} of {every} tables, of other data or protocols: nothing chosen is in them")
    draws, notes = draws_beside(files)
    for note in notes:
        click.echo(f"note    {note}. The tables are made without its letters", err=True)
    if into is not None:
        changed = insert(into, render_summary(records, draws, selection, find_definitions(into)))
        click.echo(f"into    {into}{'' if changed else ': as it was'}")
    if into is None or out is not None:
        _write(records, draws, sources, out or DEFAULT_LEADERBOARD, figures, contact_sheet, selection)
    if refused:
        what = "record was" if len(refused) == 1 else "records were"
        click.echo(f"without  {len(refused)} {what} refused, named above; the tables are made of the others", err=True)
        raise SystemExit(1)


def _write(
    records: Sequence["Record"],
    draws: "DrawsByRecord",
    sources: tuple[Path, ...],
    out: Path,
    figures: tuple[Path, ...],
    contact_sheet: Path | None,
    selection: "Selection",
) -> None:
    """Write page and tables, and print their paths."""
    from threedie.benchmark.leaderboard.pictures import read_pictures
    from threedie.benchmark.leaderboard.publish import TABLES_FOLDER, find_figure_folders, read_png, write_tables

    folders = figures or find_figure_folders(sources)
    pictures, of_other_records, too_many = read_pictures(
        folders, {record["id"] for record in records if selection.has_method(record)}
    )
    sheet = read_png(contact_sheet) if contact_sheet else None
    page, *tables = write_tables(out, records, pictures, sheet, draws, selection)
    single = [file for file in tables if file.parent != out]
    click.echo(f"page    {page}")
    click.echo(f"tables  {', '.join(str(file) for file in tables if file not in single)}")
    click.echo(f"        {out / TABLES_FOLDER}: {len(single)} for \\input in LaTeX")
    if pictures:
        click.echo(f"figures {len(pictures)} on the page")
    if of_other_records:
        mend = "" if selection.methods else "; draw them again"
        click.echo(f"        {of_other_records} left out: of runs that these tables don't show{mend}")
    if too_many:
        click.echo(f"        {too_many} left out: the page would be too large; name a folder with fewer with --figures")
