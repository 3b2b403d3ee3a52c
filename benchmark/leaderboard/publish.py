"""Writes the page and the tables into a folder."""

from collections.abc import Sequence
from pathlib import Path

from threedie.benchmark.leaderboard.export import render_csv, render_json, render_wide_csv
from threedie.benchmark.leaderboard.latex import PREAMBLE, latex_tables, render_latex
from threedie.benchmark.leaderboard.markdown import render_markdown
from threedie.benchmark.leaderboard.page import render_page
from threedie.benchmark.leaderboard.pictures import INDEX_FILE, Picture
from threedie.benchmark.leaderboard.published import published_records
from threedie.benchmark.leaderboard.selection import EVERYTHING, Selection
from threedie.benchmark.records.draws import DrawsByRecord
from threedie.benchmark.records.record import Record
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import explained, replacing
from threedie.manifests.places import DEFAULT_FIGURES

PAGE_FILE = "index.html"
TABLES_FOLDER = "tables"
"""Folder of LaTeX files with one table each, for \\input."""
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def write_tables(
    folder: Path,
    records: Sequence[Record],
    pictures: Sequence[Picture] = (),
    contact_sheet: bytes | None = None,
    draws: DrawsByRecord | None = None,
    selection: Selection = EVERYTHING,
) -> list[Path]:
    """Write the page, and the tables as Markdown, CSV, LaTeX and JSON.

    In LaTeX each table also has a file of its own, in the folder `TABLES_FOLDER`.

    Args:
        folder: where to write; made if it doesn't exist.
        records: usable ones (`usable_records`); the program's published records are added.
        pictures: figures for the page.
        contact_sheet: a PNG of the dataset for the page.
        draws: bootstrap draws of the records, for letters that say which differences are beyond chance.
        selection: what is shown.

    Returns:
        The files, the page first.

    Raises:
        ThreeDieError: a file can't be written.
    """
    others = published_records()
    texts = {
        PAGE_FILE: render_page(records, others, contact_sheet, pictures, draws, selection),
        "leaderboard.md": render_markdown(records, others, draws, selection),
        "leaderboard.csv": render_csv(records, others, selection),
        "leaderboard-wide.csv": render_wide_csv(records, others, selection),
        "leaderboard.tex": render_latex(records, others, draws, selection),
        "leaderboard.json": render_json(records, others, draws, selection),
    }
    for name, table in latex_tables(records, others, draws, selection).items():
        texts[f"{TABLES_FOLDER}/{name}.tex"] = f"{PREAMBLE}{table}"
    for name, text in texts.items():
        with replacing(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8", errors="replace", newline="\n")
    return [folder / name for name in texts]


def find_figure_folders(sources: Sequence[Path]) -> list[Path]:
    """Folders `figures` with an index in and beside some runs, each once."""
    folders = [place / DEFAULT_FIGURES for source in sources for place in (source, source.parent)]
    return [folder for folder in dict.fromkeys(folders) if (folder / INDEX_FILE).is_file()]


def read_png(path: Path) -> bytes:
    """The bytes of a PNG.

    Raises:
        ThreeDieError: the file can't be read or isn't a PNG.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise explained(error, path) from error
    if not content.startswith(_PNG_SIGNATURE):
        raise ThreeDieError(f"{path}: not a PNG; '3die data preview' makes one")
    return content
