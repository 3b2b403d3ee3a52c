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
    """Replace what stands between the markers by a text.

    Line ends are those of the first marker's line. The file keeps its mode, and its owner if possible; of a link the
    target is written.

    Args:
        path: a Markdown file that has both markers once, each on a line of its own outside blocks of code.
        text: whole lines.

    Returns:
        Whether the file changed.

    Raises:
        ThreeDieError: the file doesn't exist, or doesn't have one pair of markers.
    """
    if path.exists() and not path.is_file():
        raise ThreeDieError(f"{path}: not a file; name the Markdown file for the tables")
    try:
        before = path.read_bytes()
    except OSError as error:
        raise explained(error, path) from error
    if before.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ThreeDieError(f"{path}: in UTF-16; save it in UTF-8")
    markers = _find_markers(before)
    if [name for name, *_ in markers] != [BEGIN, END]:
        raise ThreeDieError(
            f"{path}: put the lines '{BEGIN}' and '{END}', once each and outside blocks of code, where the tables "
            "belong"
        )
    (_, begin, head), (_, tail, _) = markers
    first = before[begin:head]
    newline = first[len(first.rstrip(b"\r\n")) :]
    lines = ["", *text.rstrip("\n").split("\n"), "", ""]
    after = before[:head] + newline.join(line.encode(errors="replace") for line in lines) + before[tail:]
    if after == before:
        return False
    target = Path(os.path.realpath(path))
    with replacing(target) as temporary:
        temporary.write_bytes(after)
        status = target.stat()
        with suppress(PermissionError):
            os.chown(temporary, status.st_uid, status.st_gid)
        shutil.copymode(target, temporary)
    return True


def _find_markers(content: bytes) -> list[tuple[str, int, int]]:
    """Lines that are markers, outside blocks of code: which one, its offset, and the offset of the next line."""
    markers = []
    fence = b""
    for match in _LINE.finditer(content):
        line = match[0].rstrip(b"\r\n")
        delimiter = _FENCE.match(line)
        if fence:
            # Closed by at least as many of the same character, and nothing else.
            if delimiter and line.strip(b" \t") == delimiter[1] and delimiter[1].startswith(fence):
                fence = b""
        elif delimiter:
            fence = delimiter[1]
        else:
            name = line.removeprefix(codecs.BOM_UTF8).rstrip(b" \t").decode("latin-1")
            if name in (BEGIN, END):
                markers.append((name, match.start(), match.end()))
    return markers
