"""Writes the page and the tables into a folder."""

import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from threedie.benchmark.leaderboard.export import render_csv, render_json
from threedie.benchmark.leaderboard.latex import render_latex
from threedie.benchmark.leaderboard.markdown import render_markdown
from threedie.benchmark.leaderboard.page import render_page
from threedie.benchmark.leaderboard.pictures import INDEX_FILE, Picture
from threedie.benchmark.records.draws import DrawsByRecord
from threedie.benchmark.records.record import Record, validate
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import explained, replacing
from threedie.manifests.places import DEFAULT_FIGURES

PAGE_FILE = "index.html"
_PUBLISHED_FILES = ("leaderboard/published.json", "leaderboard/published_imagenet.json")
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def published_records() -> list[Record]:
    """Records of results from papers that the program comes with."""
    folder, records = resources.files("threedie.benchmark"), list[Record]()
    for name in _PUBLISHED_FILES:
        records += json.loads(folder.joinpath(name).read_text(encoding="utf-8"))
    for record in records:
        validate(record)
    return records


def write_tables(
    folder: Path,
    records: Sequence[Record],
    pictures: Sequence[Picture] = (),
    contact_sheet: bytes | None = None,
    draws: DrawsByRecord | None = None,
) -> list[Path]:
    """Write the page, and the tables as Markdown, CSV, LaTeX and JSON.

    Args:
        folder: where to write; made if it doesn't exist.
        records: usable ones (`usable_records`); the program's published records are added.
        pictures: figures for the page.
        contact_sheet: a PNG of the dataset for the page.
        draws: bootstrap draws of the records, for letters that say which differences are beyond chance.

    Returns:
        The files, the page first.

    Raises:
        ThreeDieError: a file can't be written.
    """
    others = published_records()
    texts = {
        PAGE_FILE: render_page(records, others, contact_sheet, pictures, draws),
        "leaderboard.md": render_markdown(records, others, draws),
        "leaderboard.csv": render_csv(records, others),
        "leaderboard.tex": render_latex(records, others, draws),
        "leaderboard.json": render_json(records, others, draws),
    }
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
