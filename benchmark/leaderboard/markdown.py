"""The tables as Markdown: all of them, or the main results for a README."""

import html
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from threedie.baselines.parts import ALL
from threedie.benchmark.leaderboard.columns import Column
from threedie.benchmark.leaderboard.datasets import dataset_name, size_of_images
from threedie.benchmark.leaderboard.entries import Entry
from threedie.benchmark.leaderboard.groups import Group, measured, published
from threedie.benchmark.leaderboard.sections import Section
from threedie.benchmark.leaderboard.selection import EVERYTHING, Selection
from threedie.benchmark.records.draws import DrawsByRecord
from threedie.benchmark.records.record import Record
from threedie.benchmark.tasks import TASKS

DEFINITIONS_PAGE = "docs/benchmark.md"
"""Page of the repository that defines tasks, each at the anchor `task-NAME`."""
FLOOR_NOTE = "Each number beside its floor: what knowing nothing about the image scores."
DEVIATION_NOTE = "± is the standard deviation over runs"
INTERVAL_NOTE = "brackets hold the 95 % interval of a single one"
PUBLISHED_NOTE = (
    "As their authors report them; not ranked, here or against the above. By R² pooled, a constant quaternion already "
    "scores about 0.23 on pairs of views and 0.46 on single ones, by R² per component 0: never compare the two."
)


def render_markdown(
    records: Sequence[Record],
    others: Sequence[Record],
    draws: DrawsByRecord | None = None,
    selection: Selection = EVERYTHING,
) -> str:
    """All tables as Markdown: the overview and every task of each group, then published results."""
    lines = ["# Leaderboard", "", _numbers_note(selection), ""]
    for group in measured(records, draws, selection):
        section, dataset, protocol = _section(group, selection), group.record["dataset"], group.record["protocol"]
        lines += [
            f"## {_plain(dataset_name(dataset))}, protocol {_plain(protocol['name'])}, version {protocol['version']}",
            "",
            _plain(selection.caption) if selection.caption else _facts(dataset, group.record.get("trained_on")),
            "",
        ]
        lines += [line for text in _warnings(group) for line in (text, "")]
        lines += [*_table(section, group.lead), ""]
        lines += [f"- {_plain(note)}" for note in (*section.floor_notes, section.letters_note(group.columns)) if note]
        for title, columns in section.tasks:
            lines += ["", f"### {_plain(title)}"]
            lines += [line for each in section.tables(columns) for line in ("", *_table(section, each))]
        lines += ["", "### Runs", ""]
        lines += [f"- {_plain(entry.name)}: {_runs(entry)}" for entry in group.entries]
        lines.append("")
    elsewhere = published([*records, *others], selection)
    if elsewhere:
        lines += [
            "## Published elsewhere",
            "",
            PUBLISHED_NOTE,
            "",
        ]
    for group in elsewhere:
        lines += [
            f"### {_plain(group.record['origin']['source'])}, on {_plain(dataset_name(group.record['dataset']))}",
            "",
        ]
        section = Section("", group, True, selection)
        lines += [_plain(" ".join(section.published_facts)), ""] if section.published_facts else []
        lines += [*_table(section, group.columns), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def render_summary(
    records: Sequence[Record],
    draws: DrawsByRecord | None = None,
    selection: Selection = EVERYTHING,
    definitions: str | None = None,
) -> str:
    """The main results of each group in few columns, for a README.

    Args:
        records: measured ones.
        draws: their bootstrap draws.
        selection: what is shown.
        definitions: the page that defines tasks, as a link from the README reaches it; heads of columns lead there.
    """
    lines: list[str] = []
    for group in measured(records, draws, selection):
        section, dataset, protocol = _section(group, selection), group.record["dataset"], group.record["protocol"]
        title = f"{_plain(dataset_name(dataset))}, protocol {_plain(protocol['name'])}, version {protocol['version']}"
        facts = f"**{title}.** {_facts(dataset, group.record.get('trained_on'))}"
        caption = _plain(selection.caption) if selection.caption else facts
        lines += [caption, "", *_table(section, group.lead, "<br>", definitions), ""]
        lines += [f"{text}\n" for text in _warnings(group)]
        if note := section.letters_note(group.lead):
            lines.append(f"{note}\n")
    links = "The head of a column leads to its definition." if definitions else ""
    words = ["Best of a column in bold.", _numbers_note(selection), links]
    return "\n".join([*lines, " ".join(filter(None, words))]) + "\n"


def find_definitions(page: Path) -> str | None:
    """The page that defines tasks, relative to another page of its repository; None where there is none.

    Args:
        page: the Markdown file with links to it.
    """
    start = Path(os.path.realpath(page)).parent
    for folder in (start, *start.parents):
        file = folder / DEFINITIONS_PAGE
        with suppress(OSError, UnicodeDecodeError):
            if all(f'<a id="{_anchor(task)}"></a>' in file.read_text(encoding="utf-8") for task in TASKS):
                return Path(os.path.relpath(file, start)).as_posix()
    return None


def _anchor(task: str) -> str:
    return f"task-{task}"


def _section(group: Group, selection: Selection) -> Section:
    return Section("", group, selection=selection)


def _numbers_note(selection: Selection) -> str:
    """How numbers are to be read."""
    return f"{FLOOR_NOTE} {DEVIATION_NOTE}" + (f"; {INTERVAL_NOTE}." if selection.intervals else ".")


def _plain(text: object) -> str:
    """One line of text, escaped for Markdown."""
    line = re.sub(r"([\\`*_\[\]|~#$])", r"\\\1", html.escape(" ".join(str(text).split()), quote=False))
    # At the beginning of a line these start a list or a heading.
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", line)


def _facts(dataset: Mapping[str, Any], trained_on: Mapping[str, Any] | None) -> str:
    return (
        f"{dataset['objects']} objects of {dataset['classes']} classes, {dataset['views']} views each, "
        f"{size_of_images(dataset)}; {dataset['train_objects']} to train on, {dataset['val_objects']} to validate on "
        f"(split {_plain(dataset['split'])}). Dataset `{dataset['fingerprint'][:12]}`"
        + (f", heads trained on `{trained_on['fingerprint'][:12]}`." if trained_on else ".")
    )


def _warnings(group: Group) -> list[str]:
    """Warnings as quotations; one that not all runs gave names its methods."""
    lines = []
    for warning, methods in group.warnings:
        names = "" if len(methods) == group.runs else f" ({', '.join(dict.fromkeys(methods))})"
        lines.append(f"> {_plain(warning + names)}")
    return lines


def _runs(entry: Entry) -> str:
    return ", ".join(f"`{record['id']}`" for record in entry.records)


def _table(section: Section, columns: Sequence[Column], gap: str = " ", definitions: str | None = None) -> list[str]:
    """A table; `gap` separates a column's metric and part: a line break makes the table narrower."""
    names = [_head(column, gap, definitions) for column in columns]
    lines = [f"| Method | {' | '.join(names)} |", f"|---|{'---:|' * len(columns)}"]
    if any(column in section.table.floors for column in columns):
        lines.append(f"| *floor* | {' | '.join(section.floor_texts(columns))} |")
    for entry in section.rows(columns):
        name = _plain(entry.method) + (f" ({_plain(entry.variant)})" if entry.variant else "")
        name += f", {entry.runs}" if len(entry.records) > 1 else ""
        lines.append(f"| {name} | {' | '.join(_cell(section, entry, column) for column in columns)} |")
    return lines


def _head(column: Column, gap: str, definitions: str | None) -> str:
    """The head of a column; where the page of definitions has its task, a link to it."""
    metric, part = column
    title = f"{_plain(metric.task_title)},{gap}{_plain(metric.title)}"
    if definitions and metric.task in TASKS:
        title = f"[{title}]({definitions}#{_anchor(metric.task)})"
    return title if part == ALL else f"{title}{gap}({part})"


def _cell(section: Section, entry: Entry, column: Column) -> str:
    cell = entry.cells.get(column)
    if cell is None:
        return "–"
    text = section.text(column, cell.mean)
    text = f"**{text}**" if section.table.is_best(entry, column) else text
    if letters := entry.letters.get(column):
        text += f"<sup>{letters}</sup>"
    if cell.deviation is not None:
        text += f" ± {section.text(column, cell.deviation)}"
    elif (interval := section.interval(cell)) is not None:
        low, high = (section.text(column, end) for end in interval)
        text += f" [{low}, {high}]"
    if cell.floor is not None and column not in section.table.floors:
        text += f" (floor {section.text(column, cell.floor)})"
    return text
