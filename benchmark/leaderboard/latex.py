"""The tables as LaTeX, for a paper: booktabs, best in bold, second best underlined."""

from collections.abc import Sequence

from threedie.baselines.parts import ALL, EQUIVARIANT, INVARIANT
from threedie.benchmark.leaderboard.columns import Column
from threedie.benchmark.leaderboard.datasets import dataset_name, size_of_images
from threedie.benchmark.leaderboard.entries import Entry
from threedie.benchmark.leaderboard.groups import measured, published
from threedie.benchmark.leaderboard.sections import Section
from threedie.benchmark.records.draws import DrawsByRecord
from threedie.benchmark.records.record import Record, data_of_heads

PREAMBLE = (
    "% Needs \\usepackage{booktabs}. Made by '3die leaderboard' from result records: don't edit, make it again.\n"
    "% Best of a column in bold, second best underlined; +- is the standard deviation over training seeds, brackets\n"
    "% hold the 95 % interval of a single run. Tables are of one dataset, split and protocol each.\n"
)
_SHORT_PARTS = {ALL: "all", INVARIANT: "inv.", EQUIVARIANT: "equi."}
_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "²": r"\textsuperscript{2}", "°": r"\textdegree{}", "–": "--",
    "[": "{[}", "*": "{*}",
}  # fmt: skip


def render_latex(records: Sequence[Record], others: Sequence[Record], draws: DrawsByRecord | None = None) -> str:
    """A table of the main results for each group, then one for each published source."""
    tables = [PREAMBLE]
    for number, group in enumerate(measured(records, draws), 1):
        dataset, protocol = group.record["dataset"], group.record["protocol"]
        caption = (
            f"{dataset_name(dataset)}: {dataset['train_objects']} objects to train on, {dataset['val_objects']} to "
            f"measure on, {dataset['views']} views of {size_of_images(dataset)} (split {dataset['split']}, dataset "
            f"{str(dataset['fingerprint'])[:12]}), protocol {protocol['name']}, version {protocol['version']}."
        )
        if heads := data_of_heads(group.record):
            caption += f" Heads were trained on dataset {heads[:12]}."
        section = Section("", group)
        if note := section.letters_note(group.main):
            caption += f" {note}"
        tables.append(_table(section, group.main, caption, f"measured-{number}"))
    for number, group in enumerate(published([*records, *others]), 1):
        caption = (
            f"Published, not measured here and not ranked: {group.record['origin']['source']}, on "
            f"{dataset_name(group.record['dataset'])}."
        )
        tables.append(_table(Section("", group, True), group.columns, caption, f"published-{number}"))
    return "\n".join(tables)


def plain(text: object) -> str:
    """One line of text, escaped for LaTeX. Letters beyond Latin-1, which a font may lack, become "?".

    "[" and "*" are put in braces: after a line break LaTeX would read them as its argument.
    """
    line = " ".join(str(text).split())
    printable = (
        letter if letter in _ESCAPES or (letter.isprintable() and ord(letter) < 256) else "?" for letter in line
    )
    return "".join(_ESCAPES.get(letter, letter) for letter in printable)


def _table(section: Section, columns: Sequence[Column], caption: str, label: str) -> str:
    titles, rules, position = ["Method", "Runs"], [], 3
    for metric, parts in section.heads(columns):
        titles.append(rf"\multicolumn{{{len(parts)}}}{{c}}{{{plain(metric.task_title)}, {plain(metric.title)}}}")
        rules.append(rf"\cmidrule(lr){{{position}-{position + len(parts) - 1}}}")
        position += len(parts)
    lines = [
        r"\begin{table}[t]",
        r"\centering",
        rf"\caption{{{plain(caption)}}}",
        rf"\label{{tab:{label}}}",
        rf"\begin{{tabular}}{{lr{'r' * len(columns)}}}",
        r"\toprule",
        " & ".join(titles) + r" \\",
        "".join(rules),
        " & ".join(["", "", *(_SHORT_PARTS[column.part] for column in columns)]) + r" \\",
        r"\midrule",
    ]
    if any(column in section.table.floors for column in columns):
        lines += [" & ".join([r"\textit{floor}", "", *section.floor_texts(columns)]) + r" \\"]
    for entry in section.table.entries:
        if any(column in entry.cells for column in columns):
            name = plain(entry.method) + (f" ({plain(entry.variant)})" if entry.variant else "")
            cells = [_cell(section, entry, column) for column in columns]
            runs = "--" if section.as_published else str(len(entry.records))
            lines.append(" & ".join([name, runs, *cells]) + r" \\")
    lines += [r"\bottomrule", r"\end{tabular}", r"\end{table}", ""]
    return "\n".join(lines)


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
    if cell.deviation is not None:
        text += rf" {{\footnotesize$\pm$\,{section.text(column, cell.deviation)}}}"
    elif cell.interval is not None:
        low, high = (_number(section.text(column, end)) for end in cell.interval)
        text += rf" {{\footnotesize[{low}, {high}]}}"
    return text


def _number(text: str) -> str:
    return text.replace("-", r"\textminus{}")
