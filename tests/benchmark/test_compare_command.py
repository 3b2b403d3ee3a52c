"""`3die leaderboard compare`: two rows, score by score."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from record_samples import make_record, result
from test_letters import draws_of, save

from threedie.benchmark.commands.leaderboard import leaderboard
from threedie.benchmark.records.draws import DRAWS_FILE, write_draws
from threedie.benchmark.records.record import write_record


def run(*arguments: object) -> Result:
    return CliRunner().invoke(leaderboard, ["compare", *map(str, arguments)])


def refusal(*arguments: object) -> str:
    error = run(*arguments).exception
    assert type(error).__name__ == "ThreeDieError", error
    return str(error)


def lines_of(done: Result) -> list[list[str]]:
    """Cells of the lines of a table."""
    assert done.exit_code == 0, done.exception
    return [
        [cell.strip() for cell in line.split("  ") if cell.strip()] for line in done.stdout.splitlines() if "  " in line
    ]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Three seeds of sie, one of vicreg in two settings, of which one has no draws."""
    records = [make_record("sie", seed, top1=0.3 + 0.001 * seed, rotation=0.5 + 0.001 * seed) for seed in range(3)]
    for record in records:
        (equivariant,) = [row for row in record["results"] if row["part"] == "equivariant" and row["metric"] == "r2"]
        equivariant["value"] += 0.1
    vicreg = make_record("vicreg", top1=0.4, rotation=0.501, parts=("all",))
    longer = make_record("vicreg", 1, top1=0.4, rotation=0.501, parts=("all",))
    longer["config"] |= {"epochs": 12}
    folder = tmp_path / "runs"
    save(folder / "sie", *records)
    save(folder / "vicreg", vicreg)
    write_record(folder / "longer" / "record.json", longer)
    return folder


def test_rows_by_name_are_compared_over_their_seeds(runs: Path) -> None:
    done = run("sie", "vicreg epochs 200", "--records", runs)
    lines = lines_of(done)
    assert lines[0] == ["A", "sie (mini): 3 runs"]
    assert lines[1] == ["B", "vicreg (mini): 1 run"]
    table = {line[0]: line for line in lines}
    assert table["score"] == ["score", "part", "A", "B", "A - B", "95 % interval", "p", "verdict"]
    top1, rotation = table["Classification, top-1, %"], table["Rotation, R² pooled"]
    assert top1[1:5] == ["all", "30.1 ± 0.1", "40.0", "-9.9"]
    assert top1[6:] == ["< 0.001", "B higher"]
    assert rotation[4] == "+0.000"
    assert rotation[-1] == "not told apart"
    assert "B has one run: it is taken to vary over seeds as the other row does" in done.stdout
    assert "under protocol quick, version 1" in done.stdout
    assert "angle" not in done.stdout, "main scores alone"


def test_paths_name_the_same_rows(runs: Path) -> None:
    vicreg = next((runs / "vicreg").iterdir())
    by_name = run("sie", "vicreg epochs 200", "--records", runs, "--json")
    for place in (runs / "vicreg", vicreg, vicreg / "record.json"):
        by_path = run(runs / "sie", place, "--json")
        assert (
            json.loads(by_path.stdout)["comparisons"][0]["results"]
            == json.loads(by_name.stdout)["comparisons"][0]["results"]
        )


def test_the_json_has_every_number(runs: Path) -> None:
    document = json.loads(run(runs / "vicreg", runs / "sie", "--json").stdout)
    assert document["format"] == 1
    (comparison,) = document["comparisons"]
    assert comparison["protocol"] == {"name": "quick", "version": 1}
    assert [len(row["records"]) for row in comparison["rows"]] == [1, 3]
    top1 = comparison["results"][0]
    assert (top1["task"], top1["metric"], top1["parts"], top1["runs"]) == (
        "classification",
        "top1",
        ["all", "all"],
        [1, 3],
    )
    assert top1["difference"] == pytest.approx(0.099)
    assert top1["interval"][0] < 0.099 < top1["interval"][1]
    assert top1["verdict"] == "A higher"


def test_two_parts_of_a_row_are_compared_and_a_part_against_a_whole_row(runs: Path) -> None:
    done = run("sie:equivariant", "sie:invariant", "--records", runs)
    lines = {line[0]: line for line in lines_of(done)}
    assert lines["A"] == ["A", "sie (mini), equivariant: 3 runs"]
    assert lines["Rotation, R² pooled"][1] == "equivariant, invariant"
    assert lines["Rotation, R² pooled"][4] == "+0.100"
    assert lines["Rotation, R² pooled"][-1] == "A higher"
    assert lines["Classification, top-1, %"][-1] == "not told apart"
    assert "A and B are of the same runs, paired by run." in done.stdout
    whole = {line[0]: line for line in lines_of(run("sie:equivariant", "vicreg epochs 200", "--records", runs))}
    assert whole["Rotation, R² pooled"][1] == "equivariant, all"
    assert whole["Rotation, R² pooled"][-1] == "A higher"
    assert "have no main score in common" in refusal("sie", "vicreg epochs 200:invariant", "--records", runs)


def test_without_draws_there_is_no_verdict(runs: Path) -> None:
    done = run("sie", "vicreg epochs 12", "--records", runs)
    lines = {line[0]: line for line in lines_of(done)}
    assert lines["Classification, top-1, %"][2:] == ["30.1 ± 0.1", "40.0", "-9.9", "no draws"]
    assert "'3die bench eval --checkpoint FILE'" in done.stdout
    damaged = next((runs / "vicreg").rglob(DRAWS_FILE))
    damaged.write_bytes(b"damaged")
    done = run("sie", "vicreg epochs 200", "--records", runs)
    assert done.exit_code == 0
    assert done.stderr.count(str(damaged)) == 1
    assert "no draws" in done.stdout


def test_lower_is_better_where_the_metric_says_so(tmp_path: Path) -> None:
    for name, value in (("near", 0.2), ("far", 0.4)):
        record = make_record(name)
        changes: dict[str, Any] = {"input": "embedding", "higher_is_better": False}
        record["results"].append(result("pose_retrieval", "pre_val_val", "equivariant", value, 0.5, **changes))
        save(tmp_path, record)
    lines = {line[0]: line for line in lines_of(run("near", "far", "--records", tmp_path))}
    assert lines["Pose retrieval, PRE val-val"][-1] == "A lower (better)"


def test_only_the_same_objects_are_compared(tmp_path: Path) -> None:
    one, other, rules = make_record("one"), make_record("other", data="b"), make_record("third", protocol="sie-v1")
    save(tmp_path, one, other, rules)
    for record in (other, rules):
        text = refusal(tmp_path / one["id"], tmp_path / record["id"])
        assert "only scores of the same objects under the same protocol can be compared" in text
        assert one["id"] in text
        assert record["id"] in text
    # Draws of other objects, though record and rules are the same.
    fewer = make_record("fewer")
    write_record(tmp_path / "fewer" / "record.json", fewer)
    draws = {key: type(each)(each.value, 40, 0, each.values) for key, each in draws_of(fewer).items()}
    write_draws(tmp_path / "fewer" / DRAWS_FILE, fewer, draws)
    assert "one (mini) was measured on 49 objects (draws of seed 0), fewer (mini) on 40 objects" in refusal(
        tmp_path / one["id"], tmp_path / "fewer"
    )


def test_a_row_measured_under_two_protocols_is_compared_under_both(tmp_path: Path) -> None:
    for method in ("one", "other"):
        save(tmp_path, *(make_record(method, protocol=name) for name in ("quick", "sie-v1")))
    done = run("one", "other", "--records", tmp_path)
    assert done.stdout.count("A  one (mini): 1 run") == 2
    assert "under protocol sie-v1" in done.stdout


def test_what_cannot_be_found_is_named(runs: Path, tmp_path: Path) -> None:
    assert "did you mean 'sie (mini)'?" in refusal("sie (minj)", "vicreg", "--records", runs)
    assert "no such file, folder or row; the rows in" in refusal("zzz", "sie", "--records", runs)
    text = refusal("sie", "vicreg", "--records", runs)
    assert "vicreg: 2 rows, vicreg (mini), vicreg (mini, epochs 12); name one" in text
    # A label as it stands, and a setting that no label names.
    for name in ("vicreg mini", "vicreg (mini)", "vicreg epochs 200", "vicreg learning_rate 0.001, epochs 12"):
        assert run("sie", name, "--records", runs).exit_code == 0, name
    assert "there is no" in refusal("sie", "vicreg", "--records", tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "no record.json in there" in refusal(tmp_path / "empty", "sie", "--records", runs)
    (tmp_path / "empty" / "record.json").write_text("{}")
    assert "'schema' is a required field" in refusal(tmp_path / "empty", "sie", "--records", runs)
    assert "rows" in refusal(runs, runs / "sie")


def test_help_teaches_and_leaderboard_names_it() -> None:
    text = run("--help").stdout
    for words in ("3die leaderboard compare sie:equivariant sie:invariant", "draws.npz", "--records", "--json"):
        assert words in text
    assert "3die leaderboard compare A B" in " ".join(CliRunner().invoke(leaderboard, ["--help"]).stdout.split())


def test_draws_of_the_samples_are_paired() -> None:
    one, other = (draws_of(make_record(name)) for name in ("one", "other"))
    key = next(iter(one))
    assert np.corrcoef(one[key].values, other[key].values)[0, 1] > 0.5
