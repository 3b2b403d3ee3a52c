"""The tables as LaTeX, for a paper: booktabs, best in bold, second best underlined, as narrow as a page's text."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from threedie.baselines.parts import ALL, EQUIVARIANT, INVARIANT
from threedie.benchmark.leaderboard.columns import Column
from threedie.benchmark.leaderboard.datasets import dataset_name, size_of_images
from threedie.benchmark.leaderboard.entries import Entry
from threedie.benchmark.leaderboard.groups import Group, measured, published
from threedie.benchmark.leaderboard.sections import Section
from threedie.benchmark.leaderboard.selection import EVERYTHING, Selection
from threedie.benchmark.records.draws import DrawsByRecord
from threedie.benchmark.records.record import Record, data_of_heads

PREAMBLE = (
    "% Needs \\usepackage{booktabs}. Made by '3die leaderboard' from result records: don't edit, make it again.\n"
)
TEXT_WIDTH_PT = 397
"""Width of the text of a NeurIPS paper; the default choice of columns fits into it."""
_SHORT_PARTS = {ALL: "all", INVARIANT: "inv.", EQUIVARIANT: "equi."}
_HEAD_LETTERS, _NAME_LETTERS, _VARIANT_LETTERS = 14, 22, 27
"""Letters of a line of a column's head, of a method's name, and of its variant in smaller type."""
_MOST_LINES = 8
_LINE_BREAK = r" \\ "
_SLUG_LETTERS = 60
_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "²": r"\textsuperscript{2}", "°": r"\textdegree{}", "–": "--",
    "[": "{[}", "*": "{*}",
}  # fmt: skip


def render_latex(
    records: Sequence[Record],
    others: Sequence[Record],
    draws: DrawsByRecord | None = None,
    selection: Selection = EVERYTHING,
) -> str:
    """All tables in one file; see `latex_tables`."""
    return "\n".join([PREAMBLE, *latex_tables(records, others, draws, selection).values()])


def latex_tables(
    records: Sequence[Record],
    others: Sequence[Record],
    draws: DrawsByRecord | None = None,
    selection: Selection = EVERYTHING,
) -> dict[str, str]:
    """A table of the main results for each group, then one for each published source, by names for files."""
    tables: dict[str, str] = {}
    for group in measured(records, draws, selection):
        dataset, protocol = group.record["dataset"], group.record["protocol"]
        section, version = Section("", group, selection=selection), protocol["version"]
        name = _free_name(f"{dataset_name(dataset)} {protocol['name']} v{version}", tables)
        caption = selection.caption or _facts(group)
        tables[name] = _table(section, group.lead, caption, name, _notes(section, group.lead))
    for group in published([*records, *others], selection):
        source, data = group.record["origin"]["source"], dataset_name(group.record["dataset"])
        caption = f"Published, not measured here and not ranked: {source}, on {data}."
        name = _free_name(f"published {source} {data}", tables)
        section = Section("", group, True, selection)
        tables[name] = _table(section, group.columns, caption, name, " ".join(section.published_facts))
    return tables


def _facts(group: Group) -> str:
    dataset, protocol = group.record["dataset"], group.record["protocol"]
    facts = (
        f"{dataset_name(dataset)}: {dataset['train_objects']} objects to train on, {dataset['val_objects']} to "
        f"measure on, {dataset['views']} views of {size_of_images(dataset)} (split {dataset['split']}, dataset "
        f"{str(dataset['fingerprint'])[:12]}), protocol {protocol['name']}, version {protocol['version']}."
    )
    heads = data_of_heads(group.record)
    return facts + (f" Heads were trained on dataset {heads[:12]}." if heads else "")


def _notes(section: Section, columns: Sequence[Column]) -> str:
    """How the numbers of a table are to be read."""
    notes = []
    if any(column in section.table.best for column in columns):
        notes.append("Best of a column in bold, second best underlined.")
    if section.seeds > 1:
        notes.append("After a plus-minus sign: standard deviation over runs.")
    if section.has_intervals:
        notes.append("In brackets: 95 % interval of a single run.")
    if any(column in section.table.floors for column in columns):
        notes.append("Floor: what knowing nothing about the image scores.")
    notes.append(section.letters_note(columns))
    return " ".join(filter(None, notes))


def _free_name(text: str, taken: dict[str, str]) -> str:
    """A name for a file and a label; numbered where others have it."""
    slug = re.sub(r"[^a-z0-9]+", "-", text.casefold())[:_SLUG_LETTERS].strip("-") or "table"
    names = (slug, *(f"{slug}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def plain(text: object) -> str:
    """One line of text, escaped for LaTeX. Letters beyond Latin-1, which a font may lack, become "?".

    "[" and "*" are put in braces: after a line break LaTeX would read them as its argument.
    """
    line = " ".join(str(text).split())
    printable = (
        letter if letter in _ESCAPES or (letter.isprintable() and ord(letter) < 256) else "?" for letter in line
    )
    return "".join(_ESCAPES.get(letter, letter) for letter in printable)


def _table(section: Section, columns: Sequence[Column], caption: str, label: str, notes: str = "") -> str:
    lines = [
        r"\begin{table}[t]",
        r"\centering\footnotesize",
        r"\setlength{\tabcolsep}{3pt}",
        rf"\caption{{{plain(caption)}}}",
        rf"\label{{tab:{label}}}",
        rf"\begin{{tabular}}{{@{{}}l{'c' * len(columns)}@{{}}}}",
        r"\toprule",
        *_heads(section, columns),
        r"\midrule",
    ]
    if any(column in section.table.floors for column in columns):
        lines += [" & ".join([r"\textit{floor}", *section.floor_texts(columns)]) + r" \\[2pt]"]
    for entry in section.rows(columns):
        lines += _row(section, entry, columns)
    lines += [r"\bottomrule", r"\end{tabular}"]
    if notes:
        lines += [rf"\par\smallskip\parbox{{\linewidth}}{{\scriptsize {plain(notes)}}}"]
    return "\n".join([*lines, r"\end{table}", ""])


def _heads(section: Section, columns: Sequence[Column]) -> Iterator[str]:
    """Tasks and metrics, and a line with the parts of those that don't show the whole representation alone."""
    titles, rules, position = ["Method"], [], 2
    for metric, parts in section.heads(columns):
        words = [*_wrap(metric.task_title, _HEAD_LETTERS), *_wrap(metric.title, _HEAD_LETTERS)]
        title = rf"\shortstack{{{_LINE_BREAK.join(map(plain, words))}}}"
        titles.append(title if len(parts) == 1 else rf"\multicolumn{{{len(parts)}}}{{c}}{{{title}}}")
        rules.append(rf"\cmidrule(lr){{{position}-{position + len(parts) - 1}}}" if len(parts) > 1 else "")
        position += len(parts)
    yield " & ".join(titles) + r" \\"
    if any(column.part != ALL for column in columns):
        if any(rules):
            yield "".join(rules)
        yield " & ".join(["", *(_SHORT_PARTS[column.part] for column in columns)]) + r" \\"


def _row(section: Section, entry: Entry, columns: Sequence[Column]) -> Iterator[str]:
    """The lines of a row: under the name its variant, under the numbers what is around them, in smaller type."""
    runs = f", {entry.runs}" if len(entry.records) > 1 else ""
    names = [plain(line) for line in _wrap(entry.method, _NAME_LETTERS)]
    names += [_small(plain(line)) for line in _wrap(f"{entry.variant}{runs}".lstrip(", "), _VARIANT_LETTERS)]
    cells = [_cell(section, entry, column) for column in columns]
    below = [_below(section, entry, column) for column in columns]
    numbers = [cells, below] if any(below) else [cells]
    blank = [""] * len(columns)
    lines = [" & ".join([name or "", *(row or blank)]) for name, row in zip_longest(names, numbers)]
    yield from (rf"{line} \\" for line in lines[:-1])
    yield rf"{lines[-1]} \\[2pt]"


def _wrap(text: str, letters: int) -> list[str]:
    """Lines of at most so many letters; what is beyond `_MOST_LINES` is cut with an ellipsis."""
    return textwrap.wrap(text, letters, max_lines=_MOST_LINES, placeholder=" ...")


def _small(text: str) -> str:
    return rf"{{\scriptsize {text}}}"


def _cell(section: Section, entry: Entry, column: Column) -> str:
    cell = entry.cells.get(column)
    if cell is None:
        return "--"
    text = _number(section.text(column, cell.mean))
    if section.table.is_best(entry, column):
        text = rf"\textbf{{{text}}}"
    elif section.table.is_second(entry, column):
        text = rf"\underline{{{text}}}"
    if letters := entry.letters.get(column):
        text += rf"\textsuperscript{{{letters}}}"
    return text


def _below(section: Section, entry: Entry, column: Column) -> str:
    """The deviation over runs, or the interval of a single one."""
    cell = entry.cells.get(column)
    if cell is None:
        return ""
    if cell.deviation is not None:
        return _small(rf"$\pm$\,{section.text(column, cell.deviation)}")
    if (interval := section.interval(cell)) is not None:
        low, high = (_number(section.text(column, end)) for end in interval)
        return _small(rf"{{[}}{low}, {high}]")
    return ""


def _number(text: str) -> str:
    return text.replace("-", r"\textminus{}")
