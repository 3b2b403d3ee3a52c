"""`3die leaderboard compare`: which differences between two rows are beyond chance."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from threedie.benchmark.commands import options
from threedie.benchmark.commands.refusals import echo_refusal
from threedie.manifests.places import DEFAULT_RUNS

if TYPE_CHECKING:
    from threedie.benchmark.leaderboard.compare import RowComparison, ScoreComparison

_HEAD = ("score", "part", "A", "B", "A - B", "95 % interval", "p", "verdict")
_LEFT = (0, 1, 7)
"""Columns of text."""


@click.command()
@click.argument("a")
@click.argument("b")
@click.option(
    "--records",
    type=options.PATH,
    default=DEFAULT_RUNS,
    show_default=True,
    help="Folder with the records of rows that are given by name.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compare(a: str, b: str, records: Path, as_json: bool) -> None:
    """Say which differences between two rows are beyond chance, task by task.

    A and B are each one of

    \b
    runs/sie-micro-s0           a run's folder, or its record.json
    runs/sie                    a folder with several seeds of one row
    sie                         a row of the records in --records, by its method
    "sie epochs 28"             and by settings, as the tables name them

    and :all, :invariant or :equivariant behind it picks a part of the representation. Against a part, the other row is
    taken whole. Without one, each part that both have is compared. Two parts of one row can be compared:

    \b
    3die leaderboard compare sie vicreg
    3die leaderboard compare sie:equivariant vicreg
    3die leaderboard compare sie:equivariant sie:invariant --json

    Compared are the main scores of all tasks, over all seeds of each row: means, their difference and its 95 % interval
    by a paired bootstrap. Each draw takes the same objects for both rows; seeds widen the interval where a row has
    several. Between two single runs the verdict holds for their weights alone. Scores of other objects or protocols are
    never compared. This takes the file draws.npz that '3die bench run' and 'bench eval' write beside each record.
    """
    import json

    from threedie.benchmark.leaderboard.compare import FORMAT, Side, compare_sides

    sides = Side.find(a, records), Side.find(b, records)
    for verdict in dict.fromkeys(verdict for side in sides for verdict in side.refused):
        echo_refusal(verdict)
    for note in dict.fromkeys(note for side in sides for note in side.notes):
        click.echo(f"note     {note}", err=True)
    comparisons = compare_sides(*sides)
    if as_json:
        document = {"format": FORMAT, "comparisons": [each.to_json() for each in comparisons]}
        click.echo(json.dumps(document, indent=1, allow_nan=False))
        return
    click.echo("\n\n".join(_text(each) for each in comparisons))


def _text(comparison: "RowComparison") -> str:
    names = zip("AB", comparison.names, comparison.rows, strict=True)
    table = [_HEAD, *(_line(score) for score in comparison.scores)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [f"{letter}  {name}: {row.runs}" for letter, name, row in names]
    lines += [f"on {comparison.data}", "", *(_aligned(line, widths) for line in table), "", *_notes(comparison)]
    return "\n".join(lines)


def _line(score: "ScoreComparison") -> tuple[str, ...]:
    text, change = score.metric.text, score.difference
    means = [text(cell.mean) + ("" if cell.deviation is None else f" ± {text(cell.deviation)}") for cell in score.cells]
    first, second = score.parts
    return (
        f"{score.metric.task_title}, {score.metric.title}",
        first if first == second else f"{first}, {second}",
        *means,
        _signed(text(score.cells[0].mean - score.cells[1].mean)),
        "" if change is None else f"{_signed(text(change.interval[0]))} to {_signed(text(change.interval[1]))}",
        "" if change is None else "< 0.001" if change.p < 0.001 else f"{change.p:.3f}",
        score.verdict,
    )


def _signed(text: str) -> str:
    return text if text.startswith("-") else f"+{text}"


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.ljust(width) if place in _LEFT else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _notes(comparison: "RowComparison") -> list[str]:
    """What to know before believing a verdict."""
    notes = ["Paired bootstrap over objects; each verdict at 5 %, uncorrected for the number of lines."]
    single = [name for name, row in zip("AB", comparison.rows, strict=True) if len(row.records) == 1]
    if len(single) == 2:
        notes.append("A and B have one run each: verdicts hold for these weights alone, not for other seeds.")
    elif single:
        notes.append(f"{single[0]} has one run: it is taken to vary over seeds as the other row does.")
    if comparison.same_runs and not single:
        notes.append("A and B are of the same runs, paired by run.")
    if any(score.difference is None for score in comparison.scores):
        notes.append(
            "no draws: a record lacks a usable draws.npz, as those of earlier versions do; '3die bench eval "
            "--checkpoint FILE' measures the weights again and writes it."
        )
    return notes
