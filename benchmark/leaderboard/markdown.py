"""The tables as Markdown: all of them, or the main results for a README."""

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from threedie.benchmark.leaderboard.columns import Column
from threedie.benchmark.leaderboard.datasets import dataset_name, size_of_images
from threedie.benchmark.leaderboard.entries import Entry
from threedie.benchmark.leaderboard.groups import Group, measured, published
from threedie.benchmark.leaderboard.sections import Section
from threedie.benchmark.records.draws import DrawsByRecord
from threedie.benchmark.records.record import Record

NUMBERS_NOTE = (
    "Each number beside its floor: what knowing nothing about the image scores. ± is the standard deviation over runs; "
    "brackets hold the 95 % interval of a single one."
)
PUBLISHED_NOTE = (
    "As their authors report them; not ranked, here or against the above. Where R² is pooled over the components of a "
    "quaternion, as the original evaluation does, a constant already scores about 0.23 on pairs of views and 0.46 on "
    "single ones."
)


def render_markdown(records: Sequence[Record], others: Sequence[Record], draws: DrawsByRecord | None = None) -> str:
    """All tables as Markdown: the overview and every task of each group, then published results."""
    lines = [
        "# Leaderboard",
        "",
        NUMBERS_NOTE,
        "",
    ]
    for group in measured(records, draws):
        section, dataset, protocol = Section("", group), group.record["dataset"], group.record["protocol"]
        lines += [
            f"## {_plain(dataset_name(dataset))}, protocol {_plain(protocol['name'])}, version {protocol['version']}",
            "",
            _facts(dataset, group.record.get("trained_on")),
            "",
        ]
        lines += [line for text in _warnings(group) for line in (text, "")]
        lines += [*_table(section, group.main), ""]
        lines += [f"- {_plain(note)}" for note in (*section.floor_notes, section.letters_note(group.columns)) if note]
        for title, columns in section.tasks:
            lines += ["", f"### {_plain(title)}", "", *_table(section, columns)]
        lines += ["", "### Runs", ""]
        lines += [f"- {_plain(entry.method)}: {_runs(entry)}" for entry in group.entries]
        lines.append("")
    elsewhere = published([*records, *others])
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
        lines += [*_table(Section("", group, True), group.columns), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def render_summary(records: Sequence[Record], draws: DrawsByRecord | None = None) -> str:
    """The main results of each group, for a README."""
    lines: list[str] = []
    for group in measured(records, draws):
        section, dataset, protocol = Section("", group), group.record["dataset"], group.record["protocol"]
        title = f"{_plain(dataset_name(dataset))}, protocol {_plain(protocol['name'])}, version {protocol['version']}"
        lines += [
            f"**{title}.** {_facts(dataset, group.record.get('trained_on'))}",
            "",
            *_table(section, group.main, "<br>"),
            "",
        ]
        lines += [f"{text}\n" for text in _warnings(group)]
        if note := section.letters_note(group.main):
            lines.append(f"{note}\n")
    return "\n".join([*lines, f"Best of a column in bold. {NUMBERS_NOTE}"]) + "\n"


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


def _table(section: Section, columns: Sequence[Column], gap: str = " ") -> list[str]:
    """A table; `gap` separates a column's metric and part: a line break makes the table narrower."""
    names = [f"{_plain(metric.task_title)},{gap}{_plain(metric.title)}{gap}({part})" for metric, part in columns]
    lines = [f"| Method | Runs | {' | '.join(names)} |", f"|---|---:|{'---:|' * len(columns)}"]
    if any(column in section.table.floors for column in columns):
        lines.append(f"| *floor* | | {' | '.join(section.floor_texts(columns))} |")
    for entry in section.table.entries:
        if not any(column in entry.cells for column in columns):
            continue
        name = _plain(entry.method) + (f" ({_plain(entry.variant)})" if entry.variant else "")
        lines.append(
            f"| {name} | {len(entry.records)} | {' | '.join(_cell(section, entry, column) for column in columns)} |"
        )
    return lines


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
    elif cell.interval is not None:
        low, high = (section.text(column, end) for end in cell.interval)
        text += f" [{low}, {high}]"
    if cell.floor is not None and column not in section.table.floors:
        text += f" (floor {section.text(column, cell.floor)})"
    return text
