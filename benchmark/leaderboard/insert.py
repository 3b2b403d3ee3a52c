"""Tables between two markers of a Markdown file; the rest of the file stays as it is."""

from pathlib import Path

from manifests.errors import ThreeDieError
from manifests.files import explained, replacing

BEGIN, END = "<!-- leaderboard: begin -->", "<!-- leaderboard: end -->"


def insert(path: Path, text: str) -> bool:
    """Put a text between the markers, in place of what stands there.

    Args:
        path: a Markdown file that has both markers, each on a line of its own.
        text: whole lines.

    Returns:
        Whether the file is another one than before.

    Raises:
        ThreeDieError: no such file, or not one pair of markers in it.
    """
    try:
        before = path.read_text(encoding="utf-8")
    except OSError as error:
        raise explained(error, path) from error
    except UnicodeDecodeError as error:
        raise ThreeDieError(f"{path}: not a text in UTF-8 ({error})") from error
    lines = before.splitlines()
    if lines.count(BEGIN) != 1 or lines.count(END) != 1 or lines.index(END) < lines.index(BEGIN):
        raise ThreeDieError(f"{path}: put the lines '{BEGIN}' and '{END}', once each, where the tables shall go")
    head, tail = lines[: lines.index(BEGIN) + 1], lines[lines.index(END) :]
    after = "\n".join([*head, "", text.rstrip("\n"), "", *tail]) + "\n"
    if after == before:
        return False
    with replacing(path) as temporary:
        temporary.write_text(after, encoding="utf-8", errors="replace", newline="\n")
    return True
