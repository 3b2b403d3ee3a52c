"""Figures that `3die bench figures` drew, as data URIs for the page."""

import base64
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threedie.benchmark.leaderboard.safe_text import mask_hidden
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import explained
from threedie.manifests.text import read_json

INDEX_FILE = "figures.json"
"""List of the figures in a folder; `threedie.benchmark.figures` writes it."""
FORMAT = 1
MOST_BYTES = 12 * 2**20
"""Size of all figures on a page."""
MOST_PIXELS = 20_000
"""Width or height of a figure on the page."""
MOST_NAME = 256
"""Characters of a file's name."""
DRAWN_BY_PAGE = ("curves",)
"""Kinds of figures that the page draws itself, from the records."""
_SIGNATURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/svg+xml": b"<?xml"}


@dataclass(frozen=True)
class Picture:
    """One figure.

    Attributes:
        title, caption: what it shows.
        records: ids of the records it was made from.
        group: key of the group of records that it compares; "" for a figure of one run.
        source: the picture as a data URI.
        width, height: in CSS pixels.
    """

    title: str
    caption: str
    records: tuple[str, ...]
    group: str
    source: str
    width: int
    height: int


def read_pictures(
    folders: Sequence[Path], record_ids: Collection[str] | None = None, limit: int = MOST_BYTES
) -> tuple[list[Picture], int, int]:
    """The figures of some folders, as many as fit.

    Those of several runs come first, then kind after kind, so that a full page leaves out the same kinds of each run.

    Args:
        folders: where `3die bench figures` wrote.
        record_ids: figures of other records are left out; None keeps all.
        limit: bytes that all may take together.

    Returns:
        the figures, how many are of other records, and how many didn't fit.

    Raises:
        ThreeDieError: a folder without figures, or a damaged one.
    """
    rows = [(folder, row) for folder in folders for row in _read_index(folder) if row["kind"] not in DRAWN_BY_PAGE]
    selected = [item for item in rows if record_ids is None or set(item[1]["records"]) <= set(record_ids)]
    pictures, size, left_out = [], 0, 0
    for folder, row in sorted(selected, key=lambda item: item[1]["group"] == ""):
        picture = _read_picture(folder, row)
        if size + len(picture.source) > limit:
            left_out += 1
            continue
        size += len(picture.source)
        pictures.append(picture)
    return pictures, len(rows) - len(selected), left_out


def _read_index(folder: Path) -> list[dict[str, Any]]:
    path = folder / INDEX_FILE
    if not path.is_file():
        raise ThreeDieError(f"{folder}: no {INDEX_FILE} in there; '3die bench figures' draws figures")
    try:
        index = read_json(path)
    except ThreeDieError as error:
        raise ThreeDieError(f"{error}; draw the figures again") from error
    try:
        if index["format"] != FORMAT:
            raise ThreeDieError(f"{path}: format {index['format']!r}, this program reads {FORMAT}; draw them again")
        rows = index["figures"]
        texts = all(
            isinstance(row[key], str) for row in rows for key in ("kind", "title", "caption", "group", "png", "svg")
        )
        sizes = all(len(row["size"]) == 2 and all(map(_is_side, row["size"])) for row in rows)
        ids = all(
            isinstance(row["records"], list) and all(isinstance(name, str) for name in row["records"]) for row in rows
        )
    except (TypeError, KeyError, AttributeError) as error:
        raise ThreeDieError(f"{path}: not a list of figures ({error}); draw them again") from error
    if not (texts and sizes and ids):
        raise ThreeDieError(f"{path}: not a list of figures; draw them again")
    if not all(len(row[key]) < MOST_NAME and row[key].isprintable() for row in rows for key in ("png", "svg")):
        raise ThreeDieError(f"{path}: not a list of figures (names of files); draw them again")
    return [mask_hidden(row) for row in rows]


def _is_side(side: object) -> bool:
    return isinstance(side, int) and not isinstance(side, bool) and 0 < side <= MOST_PIXELS


def _read_picture(folder: Path, row: dict[str, Any]) -> Picture:
    """The smaller one of a figure's two files."""
    contents = []
    for kind, name in (("image/png", row["png"]), ("image/svg+xml", row["svg"])):
        path = folder / name
        try:
            # An index from elsewhere must not put other files of this machine on a page.
            inside = path.resolve().is_relative_to(folder.resolve())
            content = path.read_bytes() if inside and path.is_file() else b""
        except OSError as error:
            raise explained(error, path) from error
        except (ValueError, RuntimeError) as error:
            raise ThreeDieError(f"{folder / INDEX_FILE}: {name!a} names no file ({error}); draw them again") from error
        if not inside:
            raise ThreeDieError(f"{folder / INDEX_FILE}: {json.dumps(name)} lies outside its folder; draw them again")
        if not path.is_file():
            raise ThreeDieError(f"{path}: no such file; draw the figures again")
        if not content.startswith(_SIGNATURES[kind]):
            raise ThreeDieError(f"{path}: not the {kind} that its name says; draw the figures again")
        contents.append((len(content), kind, content))
    _, kind, content = min(contents, key=lambda item: item[:2])
    width, height = row["size"]
    source = f"data:{kind};base64,{base64.b64encode(content).decode()}"
    return Picture(row["title"], row["caption"], tuple(row["records"]), row["group"], source, width, height)
