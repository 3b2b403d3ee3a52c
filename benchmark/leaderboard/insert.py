"""Tables between two markers of a Markdown file; every other byte of the file stays as it is."""

import codecs
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.files import explained, replacing

BEGIN, END = "<!-- leaderboard: begin -->", "<!-- leaderboard: end -->"
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_FENCE = re.compile(rb" {0,3}(`{3,}(?=[^`]*\Z)|~{3,})")


def insert(path: Path, text: str) -> bool:
    """Put a text between the markers, in place of what stands there.

    Lines end as that of the first marker does. The file keeps its mode, and its owner where that can be set; where the
    path is a link, the file it leads to is written.

    Args:
        path: a Markdown file that has both markers once, each on a line of its own outside blocks of code.
        text: whole lines.

    Returns:
        Whether the file is another one than before.

    Raises:
        ThreeDieError: no such file, or not one pair of markers in it.
    """
    if path.exists() and not path.is_file():
        raise ThreeDieError(f"{path}: not a file; name the Markdown file for the tables")
    try:
        before = path.read_bytes()
    except OSError as error:
        raise explained(error, path) from error
    if before.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ThreeDieError(f"{path}: in UTF-16; save it in UTF-8")
    marks = _markers(before)
    if [name for name, *_ in marks] != [BEGIN, END]:
        raise ThreeDieError(
            f"{path}: put the lines '{BEGIN}' and '{END}', once each and outside blocks of code, where the tables "
            "belong"
        )
    (_, begin, head), (_, tail, _) = marks
    first = before[begin:head]
    newline = first[len(first.rstrip(b"\r\n")) :]
    lines = ["", *text.rstrip("\n").split("\n"), "", ""]
    after = before[:head] + newline.join(line.encode(errors="replace") for line in lines) + before[tail:]
    if after == before:
        return False
    place = Path(os.path.realpath(path))
    with replacing(place) as temporary:
        temporary.write_bytes(after)
        about = place.stat()
        with suppress(PermissionError):
            os.chown(temporary, about.st_uid, about.st_gid)
        shutil.copymode(place, temporary)
    return True


def _markers(content: bytes) -> list[tuple[str, int, int]]:
    """The lines that are markers, outside blocks of code: which one, where it begins and where the next line does."""
    marks = []
    fence = b""
    for match in _LINE.finditer(content):
        line = match[0].rstrip(b"\r\n")
        mark = _FENCE.match(line)
        if fence:
            # Closed by at least as many of the same sign, and nothing else.
            if mark and line.strip(b" \t") == mark[1] and mark[1].startswith(fence):
                fence = b""
        elif mark:
            fence = mark[1]
        else:
            name = line.removeprefix(codecs.BOM_UTF8).rstrip(b" \t").decode("latin-1")
            if name in (BEGIN, END):
                marks.append((name, match.start(), match.end()))
    return marks
