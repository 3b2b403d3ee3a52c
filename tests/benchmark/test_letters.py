"""Compact letter display: rows share a letter exactly where they aren't told apart."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from record_samples import make_record

from threedie.benchmark.commands.leaderboard import leaderboard
from threedie.benchmark.leaderboard.groups import Group, measured
from threedie.benchmark.leaderboard.latex import render_latex
from threedie.benchmark.leaderboard.letters import LETTERS, letters
from threedie.benchmark.leaderboard.markdown import render_markdown, render_summary
from threedie.benchmark.leaderboard.page import render_page
from threedie.benchmark.records.draws import DRAWS_FILE, DrawsByRecord, DrawsByScore, ScoreDraws, key_of, write_draws
from threedie.benchmark.records.record import identity_of, write_record
from threedie.benchmark.tasks.spread import DRAWS

NOISE = np.random.default_rng(0).normal(0, 0.02, DRAWS)
"""What the drawn objects do to every row alike."""


def draws_of(record: dict[str, Any], own: float = 0.01) -> DrawsByScore:
    """Draws of a record's main scores: those that all rows share, and deviations of its own."""
    generator = np.random.default_rng(int(record["checkpoint"]["sha256"][:8], 16))
    return {
        key_of(row): ScoreDraws(
            row["value"], 49, 0, (row["value"] + NOISE + generator.normal(0, own, DRAWS)).astype(np.float32)
        )
        for row in record["results"]
        if row["main"]
    }


def with_draws(*records: dict[str, Any]) -> DrawsByRecord:
    return {identity_of(record): draws_of(record) for record in records}


def column_letters(group: Group, task: str = "classification", part: str = "all") -> dict[str, str]:
    (column,) = [each for each in group.main if (each.metric.task, each.part) == (task, part)]
    return {entry.method: entry.letters.get(column, "") for entry in group.entries}


@pytest.mark.parametrize(
    ("apart", "expected"),
    [
        ([], ["a", "a", "a", "a"]),
        (list(itertools.combinations(range(4), 2)), ["a", "b", "c", "d"]),
        ([(0, 3)], ["a", "ab", "ab", "b"]),
        # A chain: only neighbors aren't told apart.
        ([(0, 2), (0, 3), (1, 3)], ["a", "ab", "bc", "c"]),
        # Piepho's point: what isn't told apart needn't be neighbors.
        ([(0, 1), (1, 2)], ["a", "b", "a", "ab"]),
    ],
)
def test_letters_of_small_cases(apart: list[tuple[int, int]], expected: list[str]) -> None:
    assert letters(4, apart) == expected


def test_rows_share_a_letter_if_and_only_if_they_are_not_told_apart() -> None:
    generator = np.random.default_rng(0)
    for _ in range(50):
        count = int(generator.integers(2, 10))
        pairs = list(itertools.combinations(range(count), 2))
        apart = {pair for pair in pairs if generator.random() < 0.5}
        display = letters(count, apart)
        assert all(display)
        assert display[0][0] == "a"
        for one, other in pairs:
            assert ((one, other) in apart) == (not set(display[one]) & set(display[other]))


def test_an_alphabet_too_short_gives_no_letters() -> None:
    count = len(LETTERS) + 1
    every = list(itertools.combinations(range(count), 2))
    assert set(letters(count, every)) == {""}
    assert letters(count - 1, [pair for pair in every if max(pair) < count - 1]) == list(LETTERS)
    # Pairs whose groups would be 2 ** 30.
    assert set(letters(60, [(2 * at, 2 * at + 1) for at in range(30)])) == {""}


def test_the_best_row_has_an_a_in_both_directions() -> None:
    records = [make_record("far", top1=0.2), make_record("good", top1=0.5), make_record("alike", top1=0.499)]
    for record in records:
        # PRE is lower for the better.
        record["results"].append(
            {**record["results"][0], "task": "pose_retrieval", "metric": "pre_val_val", "higher_is_better": False}
        )
    (group,) = measured(records, with_draws(*records))
    assert column_letters(group) == {"good": "a", "alike": "a", "far": "b"}
    (pre,) = [column for column in group.columns if column.metric.task == "pose_retrieval" and column.part == "all"]
    assert {entry.method: entry.letters[pre] for entry in group.entries} == {"good": "b", "alike": "b", "far": "a"}


def test_only_ranked_main_columns_have_letters() -> None:
    records = [make_record("one"), make_record("other")]
    (group,) = measured(records, with_draws(*records))
    lettered = {column for entry in group.entries for column in entry.letters}
    names = {(column.metric.task, column.metric.name, column.part) for column in lettered}
    # An invariant part isn't ranked for telling the rotation.
    parts = ("all", "invariant", "equivariant")
    assert names == {
        *(("classification", "top1", part) for part in parts),
        ("rotation", "r2", "all"),
        ("rotation", "r2", "equivariant"),
    }


def test_seeds_of_a_row_are_one_test_and_a_seed_without_draws_costs_the_row_its_letters() -> None:
    records = [make_record("sie", seed, top1=0.5 + 0.001 * seed) for seed in range(3)]
    records += [make_record("vicreg", seed, top1=0.3 + 0.001 * seed) for seed in range(3)]
    records.append(make_record("simclr", top1=0.4))
    (group,) = measured(records, with_draws(*records))
    assert column_letters(group) == {"sie": "a", "simclr": "b", "vicreg": "c"}
    (group,) = measured(records, with_draws(*records[1:]))
    assert column_letters(group) == {"sie": "", "simclr": "a", "vicreg": "b"}
    (group,) = measured(records, with_draws(*records[:4]))
    assert not any(entry.letters for entry in group.entries)


def test_rows_measured_on_other_objects_get_no_letters() -> None:
    one, other = make_record("one"), make_record("other")
    draws = dict(with_draws(one, other))
    draws[identity_of(other)] = {
        key: ScoreDraws(each.value, each.objects - 1, each.seed, each.values) for key, each in draws_of(other).items()
    }
    (group,) = measured([one, other], draws)
    assert not any(entry.letters for entry in group.entries)


def test_every_table_shows_the_letters_and_says_what_they_mean() -> None:
    records = [make_record("good", top1=0.5), make_record("far", top1=0.2), make_record("bare", top1=0.4)]
    draws = with_draws(*records[:2])
    note = "Rows that share a superscript letter within a column are not told apart"
    page = render_page(records, [], None, draws=draws)
    assert page.count(f"<li>{note}") == 1
    assert '<sup title="Told apart from every other row with a letter">a</sup>' in page
    assert "td sup {" in page
    for text in (render_markdown(records, [], draws), render_summary(records, draws)):
        assert "**50.0**<sup>a</sup> |" in text
        assert "| 20.0<sup>b</sup> |" in text
        assert "| 40.0 |" in text
        assert text.count(note) == 1
        assert "a row without a letter where others have one lacks the draws" in text
        assert "between two rows with one run each, this holds for their weights alone" in text
    latex = render_latex(records, [], draws)
    assert r"\textbf{50.0}\textsuperscript{a}" in latex
    assert note in latex


def test_the_page_names_the_rows_that_one_is_not_told_apart_from() -> None:
    records = [make_record("good", top1=0.5), make_record("<alike>", top1=0.499), make_record("far", top1=0.2)]
    page = render_page(records, [], None, draws=with_draws(*records))
    assert '<sup title="Not told apart from &lt;alike&gt; (mini)">a</sup>' in page


@pytest.mark.parametrize("draws", [None, {}])
def test_tables_without_draws_are_as_they_were(draws: DrawsByRecord | None) -> None:
    records = [make_record("one"), make_record("other")]
    for text in (
        render_markdown(records, [], draws), render_summary(records, draws), render_latex(records, [], draws),
        render_page(records, [], None, draws=draws),
    ):  # fmt: skip
        for word in ("Rows that share", "<sup", "superscript letter", "td sup"):
            assert word not in text


def save(folder: Path, *records: dict[str, Any]) -> None:
    for record in records:
        write_record(folder / record["id"] / "record.json", record)
        write_draws(folder / record["id"] / DRAWS_FILE, record, draws_of(record))


def test_the_command_finds_the_draws_and_a_damaged_file_costs_one_row_its_letters(tmp_path: Path) -> None:
    records = [make_record("good", top1=0.5), make_record("far", top1=0.2), make_record("third", top1=0.1)]
    save(tmp_path / "runs", *records)
    out = tmp_path / "out"
    done = CliRunner().invoke(leaderboard, [str(tmp_path / "runs"), "-o", str(out)])
    assert (done.exit_code, done.stderr) == (0, "")
    assert "20.0<sup>b</sup>" in (out / "leaderboard.md").read_text()
    (group,) = json.loads((out / "leaderboard.json").read_text())["groups"][:1]
    letters_of = {
        row["method"]: {(one["task"], one["part"]): one.get("letters") for one in row["results"]}
        for row in group["rows"]
    }
    assert [letters_of[name]["classification", "all"] for name in ("good", "far", "third")] == ["a", "b", "c"]
    assert letters_of["good"]["rotation", "invariant"] is None

    damaged = tmp_path / "runs" / records[1]["id"] / DRAWS_FILE
    damaged.write_bytes(damaged.read_bytes()[:1000])
    done = CliRunner().invoke(leaderboard, [str(tmp_path / "runs"), "-o", str(out)])
    assert done.exit_code == 0
    assert done.stderr.count("\n") == 1
    assert str(damaged) in done.stderr
    text = (out / "leaderboard.md").read_text()
    assert "| 20.0 |" in text
    assert "10.0<sup>b</sup>" in text
    checked = CliRunner().invoke(leaderboard, ["check", str(tmp_path / "runs")])
    assert checked.exit_code == 0
    assert checked.stdout.count(str(damaged)) == 1
