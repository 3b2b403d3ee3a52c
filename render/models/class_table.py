"""Tables of the class of each mesh: CSV files, written by hand or by a spreadsheet."""

import csv
import io
import posixpath
from collections.abc import Iterator
from pathlib import Path

from threedie.manifests.classes import find_class
from threedie.manifests.errors import ThreeDieError, shown_value
from threedie.manifests.plurals import pluralize
from threedie.manifests.text import read_text

SOURCE, CLASS = "source", "class"
_WHAT = "table of classes"
_SEPARATORS = ",;\t|"
_MAX_WORD = 200
_NAMED = 5


class ClassTable:
    """Classes by source: a path as in the table of imports, the end of one, or a file's name without its suffix.

    Columns are separated by commas, semicolons, tabs or `|`, whichever the first line has. Spaces around
    words and upper case in column names don't matter; other columns are ignored.
    """

    def __init__(self, path: Path) -> None:
        """Read a table.

        Raises:
            ThreeDieError: it can't be read, lacks a column, names a class that isn't one of the 55, or gives one source
                two classes. The message says in which line.
        """
        self.path = path
        self._synsets: dict[str, str] = {}
        self._lines: dict[str, int] = {}
        self._matched: set[str] = set()
        for line, source, name in _read(path):
            synset = _synset(path, line, name)
            before = self._synsets.setdefault(source, synset)
            if before != synset:
                raise ThreeDieError(
                    f"{path}, line {line}: {shown_value(source, _MAX_WORD)} has two classes; "
                    f"line {self._lines[source]} has the other"
                )
            self._lines.setdefault(source, line)

    def __call__(self, source: str) -> str | None:
        """The class of a mesh, by the longest path that matches; None if none does."""
        parts = source.split("/")
        tails = ["/".join(parts[begin:]) for begin in range(len(parts))]
        matches = [key for key in (*tails, posixpath.splitext(parts[-1])[0]) if key in self._synsets]
        self._matched.update(matches)
        return self._synsets[matches[0]] if matches else None

    def unmatched(self) -> list[str]:
        """A sentence on the rows that matched no mesh so far; none if all did."""
        rest = [source for source in self._synsets if source not in self._matched]
        if not rest:
            return []
        named = ", ".join(f"{shown_value(source, _MAX_WORD)} (line {self._lines[source]})" for source in rest[:_NAMED])
        more = ", ..." if len(rest) > _NAMED else ""
        return [f"{self.path}: {pluralize(len(rest), 'row')} without a mesh: {named}{more}"]


def _read(path: Path) -> Iterator[tuple[int, str, str]]:
    """Line, source and class of each row.

    Raises:
        ThreeDieError: see `ClassTable`.
    """
    text = read_text(path, _WHAT)
    if "\0" in text:
        raise ThreeDieError(f"{path}: not a {_WHAT}: it holds a zero byte; save it as CSV in UTF-8")
    head = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(_SEPARATORS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    header: list[str] | None = None
    rows = 0
    try:
        for row in reader:
            words = [word.strip() for word in row]
            if not any(words):
                continue
            if header is None:
                header = [word.lower() for word in words]
                _check_header(path, header)
                continue
            rows += 1
            source, name = (words[place] if place < len(words) else "" for place in map(header.index, (SOURCE, CLASS)))
            if not source or not name:
                missing = CLASS if source else SOURCE
                raise ThreeDieError(f"{path}, line {reader.line_num}: no {missing}; a row is source{separator}class")
            yield reader.line_num, _plain(source), name
    except csv.Error as error:
        raise ThreeDieError(f"{path}, line {reader.line_num}: not a {_WHAT} ({error})") from error
    if not rows:
        raise ThreeDieError(f"{path}: a {_WHAT} needs the columns 'source' and 'class', and a row")


def _check_header(path: Path, header: list[str]) -> None:
    for name in (SOURCE, CLASS):
        if header.count(name) != 1:
            number = "has no column" if name not in header else "has more than one column"
            raise ThreeDieError(f"{path}: {number} {name!r}; a {_WHAT} begins with the line source,class")


def _plain(source: str) -> str:
    """A path with `/` between folders and without `./` before it."""
    source = source.replace("\\", "/")
    while source.startswith("./"):
        source = source[2:]
    return source


def _synset(path: Path, line: int, name: str) -> str:
    if len(name) > _MAX_WORD:
        raise ThreeDieError(f"{path}, line {line}: a class of {len(name):,} characters; is a quote missing?")
    try:
        return find_class(name)
    except ThreeDieError as error:
        raise ThreeDieError(f"{path}, line {line}: {error}") from error
