"""Compact letter display: rows of a column that share a letter are not told apart."""

import itertools
import string
from collections.abc import Iterable, Sequence

from threedie.benchmark.leaderboard.columns import Column
from threedie.benchmark.leaderboard.entries import Entry
from threedie.benchmark.leaderboard.ranking import is_ranked
from threedie.benchmark.leaderboard.significance import LEVEL, RowScores, difference, holm
from threedie.benchmark.records.draws import DrawsByRecord, draws_of, key_of
from threedie.benchmark.records.record import identity_of

LETTERS = string.ascii_lowercase + string.ascii_uppercase
_MOST_GROUPS = 1000
"""On the way: contradictory tests of many rows could make more than memory holds."""


def letters_of_column(entries: Sequence[Entry], column: Column, draws: DrawsByRecord) -> dict[int, str]:
    """Letters of the rows of a column, by their places among the entries.

    Every pair is tested, with Holm's correction at 5 %. Rows without draws get none, and nothing does where the column
    isn't ranked, fewer than two rows have draws, or rows were measured on different objects.
    """
    if not is_ranked(column):
        return {}
    rows = {place: row for place, entry in enumerate(entries) if (row := row_scores(entry, column, draws))}
    if len(rows) < 2 or len({(each.objects, each.seed) for row in rows.values() for each in row.scores}) > 1:
        return {}
    sign = -1 if next(entries[place].cells[column].higher_is_better for place in rows) else 1
    order = sorted(rows, key=lambda place: (sign * entries[place].cells[column].mean, place))
    pairs = list(itertools.combinations(range(len(order)), 2))
    adjusted = holm([difference(rows[order[one]], rows[order[other]]).p for one, other in pairs])
    apart = [pair for pair, p in zip(pairs, adjusted, strict=True) if p < LEVEL]
    return dict(zip(order, letters(len(order), apart), strict=True))


def row_scores(entry: Entry, column: Column, draws: DrawsByRecord) -> RowScores | None:
    """The scores of a row in a column with their draws; None where one of its runs lacks them."""
    metric, part = column
    key = (metric.task, metric.version, metric.name, metric.input, part)
    records = [record for record in entry.records if key in map(key_of, record["results"])]
    scores = [each for record in records if (each := draws_of(record, draws).get(key)) is not None]
    if not records or len(scores) < len(records):
        return None
    return RowScores(entry.name, tuple(" ".join(identity_of(record)) for record in records), tuple(scores))


def letters(count: int, apart: Iterable[tuple[int, int]]) -> list[str]:
    """Letters of rows 0 to count - 1, best first, by insertion and absorption (Piepho 2004).

    Two rows share a letter if and only if they aren't among the pairs told apart; the first row has an `a`. All texts
    are empty where the alphabet is too short.

    Args:
        count: of the rows.
        apart: pairs of rows that are told apart.
    """
    groups = [frozenset(range(count))]
    for one, other in apart:
        both = [group for group in groups if one in group and other in group]
        split = [group - {row} for group in both for row in (one, other)]
        groups = _absorbed([*(group for group in groups if group not in both), *split])
        if len(groups) > _MOST_GROUPS:
            break
    if len(groups) > len(LETTERS):
        return [""] * count
    groups.sort(key=sorted)
    return ["".join(LETTERS[place] for place, group in enumerate(groups) if row in group) for row in range(count)]


def _absorbed(groups: Iterable[frozenset[int]]) -> list[frozenset[int]]:
    """Groups without those that lie in another one."""
    each = list(dict.fromkeys(groups))
    return [group for group in each if not any(group < other for other in each)]
