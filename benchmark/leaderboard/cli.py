"""`3die leaderboard`: tables and a page from result records."""

from pathlib import Path

import click

DEFAULT_RUNS = Path("runs")
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@click.command()
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    default=Path("leaderboard"),
    show_default=True,
    help="Folder to write.",
)
@click.option("--contact-sheet", type=click.Path(path_type=Path), help="PNG of the dataset for the top of the page.")
def leaderboard(runs: tuple[Path, ...], out: Path, contact_sheet: Path | None) -> None:
    """Make tables and a page from result records.

    RUNS are record files or folders with record.json at any depth; without any, the folder 'runs'. Writes index.html
    (one file, opens without a network), leaderboard.md and leaderboard.csv. Runs on different data or under different
    protocols are never ranked together.
    """
    import json
    from importlib import resources

    from benchmark.leaderboard.page import render_page
    from benchmark.leaderboard.text import render_csv, render_markdown
    from benchmark.results import read_records, validate
    from manifests.errors import ThreeDieError
    from manifests.files import explained, replacing

    sources = runs or (DEFAULT_RUNS,)
    records = read_records(sources)
    if not records:
        raise ThreeDieError(f"{', '.join(map(str, sources))}: no record.json in there; '3die bench run sie' makes one")
    others = json.loads(resources.files("benchmark").joinpath("leaderboard/published.json").read_text(encoding="utf-8"))
    for record in others:
        validate(record)
    picture = None
    if contact_sheet:
        try:
            picture = contact_sheet.read_bytes()
        except OSError as error:
            raise explained(error, contact_sheet) from error
        if not picture.startswith(PNG_SIGNATURE):
            raise ThreeDieError(f"{contact_sheet}: not a PNG; '3die data preview' makes one")
    pages = {
        "index.html": render_page(records, others, picture),
        "leaderboard.md": render_markdown(records, others),
        "leaderboard.csv": render_csv(records, others),
    }
    for name, text in pages.items():
        with replacing(out / name) as temporary:
            temporary.write_text(text, encoding="utf-8", errors="replace", newline="\n")
    click.echo(f"{len(records)} {'record' if len(records) == 1 else 'records'}, from {', '.join(map(str, sources))}")
    click.echo(f"page    {out / 'index.html'}")
    click.echo(f"tables  {out / 'leaderboard.md'}, {out / 'leaderboard.csv'}")
