"""What tables show: labels, names of rows, chosen columns and rows, and how wide the tables are."""

import csv
import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import matplotlib.font_manager
import pytest
from click.testing import CliRunner
from matplotlib.ft2font import FT2Font
from record_samples import make_record, result

from threedie.benchmark.commands.bench import bench
from threedie.benchmark.commands.leaderboard import leaderboard
from threedie.benchmark.leaderboard.export import WIDE_COLUMNS, render_csv, render_json, render_wide_csv
from threedie.benchmark.leaderboard.groups import measured, published
from threedie.benchmark.leaderboard.latex import TEXT_WIDTH_PT, latex_tables, render_latex
from threedie.benchmark.leaderboard.markdown import find_definitions, render_markdown, render_summary
from threedie.benchmark.leaderboard.page import render_page
from threedie.benchmark.leaderboard.published import published_records
from threedie.benchmark.leaderboard.selection import MOST_LEADING, Selection, leading, without_gaps
from threedie.benchmark.records.record import read_records, write_record
from threedie.benchmark.settings.recipe import load_recipe
from threedie.manifests.errors import ThreeDieError

REPO = Path(__file__).parents[2]
MINI = REPO / "docs" / "history" / "mini" / "records"
PUBLISHED = published_records()
PDFLATEX = shutil.which("pdflatex")


def names(*records: Any) -> list[str]:
    return sorted(entry.name for group in measured(records) for entry in group.entries)


def with_config(record: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**record, "config": {**record["config"], **changes}}


def with_intervals(record: dict[str, Any]) -> dict[str, Any]:
    rows = [{**row, "interval": [row["value"] - 0.02, row["value"] + 0.03]} for row in record["results"]]
    return {**record, "results": rows}


def run(*words: object):
    return CliRunner().invoke(leaderboard, [str(word) for word in words])


def error_of(*words: object) -> str:
    error = run(*words).exception
    assert isinstance(error, ThreeDieError), error
    return str(error)


# Labels


def test_a_shipped_recipe_needs_no_words():
    recipe = load_recipe("smoke").to_json()
    assert names(make_record("sie", config=recipe)) == ["sie (smoke)"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"epochs": 10}, "epochs 10"),
        ({"learning_rate": 0.01}, "learning_rate 0.01"),
        ({"optimizer": "sgd", "momentum": 0.9}, "momentum 0.9, optimizer sgd"),
        ({"sync_batchnorm": True}, "sync_batchnorm true"),
        ({"projector": "64"}, 'projector "64"'),
        ({"center": 0.5}, "center 0.5"),
        ({"a_setting_of_tomorrow": [1, 2]}, "a_setting_of_tomorrow [1, 2]"),
    ],
)
def test_a_setting_unlike_the_recipe_is_named_even_where_all_rows_share_it(changes, words):
    records = [make_record(name, config={**load_recipe("smoke").to_json(), **changes}) for name in ("sie", "vicreg")]
    assert names(*records) == [f"sie (smoke, {words})", f"vicreg (smoke, {words})"]


def test_a_whole_number_and_its_float_are_one_value():
    assert names(with_config(make_record("sie"), epochs=200.0, center=1)) == ["sie (mini)"]


def test_a_recipe_of_ones_own_names_what_its_rows_differ_in():
    records = [with_config(make_record(name), name="mine", epochs=epochs) for name, epochs in (("a", 1), ("b", 2))]
    assert names(*records) == ["a (mine, epochs 1)", "b (mine, epochs 2)"]
    assert names(records[0]) == ["a (mine)"]


def test_rows_with_and_without_a_recipe():
    assert names(make_record("sie", config={}), make_record("vicreg")) == ["sie", "vicreg (mini)"]


def test_weights_trained_on_another_dataset_say_so():
    fingerprint = make_record()["dataset"]["fingerprint"]
    assert names(with_config(make_record("sie"), trained_on=fingerprint)) == ["sie (mini)"]
    assert names(with_config(make_record("sie"), trained_on=None)) == ["sie (mini)"]
    (name,) = names(with_config(make_record("sie"), trained_on="0123456789abcdef" * 4))
    assert name == "sie (mini, trained on 0123456789ab…)"


def test_many_differences_are_cut_without_two_rows_becoming_one():
    many = {f"setting_{number:02}": 1 for number in range(12)}
    records = [with_config(make_record("sie", seed), **{**many, "setting_11": seed}) for seed in range(3)]
    labels = names(*records)
    assert len(set(labels)) == 3
    assert all("and 4 more" in label for label in labels)
    assert all(f"setting_11 {seed}" in label for seed, label in enumerate(labels))


def test_rows_that_no_label_tells_apart_get_their_ids():
    records = [
        with_config(make_record("sie", seed), **{f"s{number}": seed + number for number in range(20)})
        for seed in range(2)
    ]
    for record in records:
        record["config"] |= {f"s{number}": "x" * 100 + str(record["seed"]) for number in range(20)}
    labels = names(*records)
    assert len(set(labels)) == 2
    assert all(record["id"] in label for record, label in zip(records, labels, strict=True))


# Names


def test_a_display_name_takes_the_place_of_the_method():
    record = make_record("Cosine-8949df3d", display_name="My cosine")
    assert names(record, make_record("sie")) == ["My cosine (mini)", "sie (mini)"]
    for text in (render_page([record], [], None), render_markdown([record], []), render_latex([record], [])):
        assert "My cosine" in text
    (row,) = json.loads(render_json([record], []))["groups"][0]["rows"]
    assert (row["method"], row["name"]) == ("Cosine-8949df3d", "My cosine")
    assert {line["name"] for line in csv.DictReader(io.StringIO(render_csv([record], [])))} == {"My cosine"}


def test_a_class_of_ones_own_is_called_by_it_unless_two_files_have_it():
    one, two = make_record("Cosine-8949df3d"), make_record("Cosine-0123abcd")
    assert names(one) == ["Cosine (mini)"]
    assert names(one, two) == ["Cosine-0123abcd (mini)", "Cosine-8949df3d (mini)"]
    assert names(one, make_record("cosine")) == ["Cosine-8949df3d (mini)", "cosine (mini)"]


def test_one_name_for_two_methods_tells_them_apart():
    records = [make_record(name, display_name="best") for name in ("sie", "vicreg")]
    assert names(*records) == ["best (mini, sie)", "best (mini, vicreg)"]


def test_another_display_name_is_another_row():
    assert names(make_record("sie", 0), make_record("sie", 1, display_name="x")) == ["sie (mini)", "x (mini)"]


# Columns and rows


def test_a_table_that_a_choice_empties_is_counted(tmp_path):
    write_record(tmp_path / "runs" / "one" / "record.json", make_record("sie"))
    write_record(tmp_path / "runs" / "two" / "record.json", make_record("vicreg", protocol="sie-v1"))
    done = run(tmp_path / "runs", "-o", tmp_path / "out", "--methods", "sie")
    assert done.exit_code == 0, done.exception
    assert "without 1 of 2 tables" in done.stdout
    assert "without" not in run(tmp_path / "runs", "-o", tmp_path / "out").stdout


def test_figures_of_rows_that_are_left_out_are_counted(tmp_path):
    records = [make_record("sie"), make_record("vicreg")]
    for record in records:
        write_record(tmp_path / "runs" / record["id"] / "record.json", record)
    figures = ["figures", str(tmp_path / "runs"), "-o", str(tmp_path / "figures"), "--only", "tradeoff"]
    assert CliRunner().invoke(bench, figures).exit_code == 0
    assert "figures 1 on the page" in run(tmp_path / "runs", "-o", tmp_path / "out").stdout
    done = run(tmp_path / "runs", "-o", tmp_path / "out", "--methods", "sie")
    assert "1 left out: of runs that aren't among these records" in done.stdout


def test_chosen_columns_are_those_of_every_table():
    records = [make_record("sie"), make_record("vicreg", parts=("all",))]
    (group,) = measured(records, None, Selection(tasks=("rotation",)))
    assert {column.metric.task for column in group.columns} == {"rotation"}
    assert [column.metric.name for column in group.main] == ["r2"] * 3
    assert group.lead == group.main
    (group,) = measured(records, None, Selection(parts=("invariant",)))
    assert [entry.method for entry in group.entries] == ["sie"]
    (group,) = measured(records, None, Selection(metrics=("geodesic_mean_deg",), parts=("all",)))
    assert [(column.metric.name, column.part) for column in group.lead] == [("geodesic_mean_deg", "all")]
    assert [group.record["protocol"]["name"] for group in measured(records, None, Selection(tasks=("knn",)))] == []


def test_a_task_beside_the_overview_can_be_chosen():
    record = make_record("sie")
    record["results"].append(result("knn", "top1", "all", 0.4))
    (group,) = measured([record], None, Selection(tasks=("knn", "classification"), parts=("all",)))
    assert [column.metric.task for column in group.main] == ["classification", "knn"]


def test_rows_are_ranked_among_those_shown():
    records = [make_record("a", top1=0.9), make_record("b", top1=0.8), make_record("c", top1=0.7)]
    (group,) = measured(records, None, Selection(methods=("b", "c")))
    assert [entry.method for entry in group.entries] == ["b", "c"]
    assert group.is_best(group.entries[0], group.lead[0])


def test_methods_are_found_by_any_of_their_names():
    records = [make_record("barlow_twins"), make_record("x", display_name="Mine"), make_record("sie")]
    for name, method in (("Barlow Twins", "barlow_twins"), ("mine", "Mine"), ("X", "Mine")):
        (group,) = measured(records, None, Selection(methods=(name,)))
        assert [entry.method for entry in group.entries] == [method]
    assert published(PUBLISHED, Selection(methods=("vicreg",)))


def test_published_tables_and_intervals_can_be_left_out():
    record = with_intervals(make_record("sie"))
    plain = Selection(intervals=False, published=False)
    renderers = (render_markdown, render_latex, render_json)
    for render in renderers:
        assert "seq-JEPA" in render([record], PUBLISHED)
        assert "seq-JEPA" not in render([record], PUBLISHED, None, plain)
    for render in renderers[:2]:
        assert "48.0, 53.0" in render([record], PUBLISHED)
        assert "48.0, 53.0" not in render([record], PUBLISHED, None, plain)
    assert "48.0 to 53.0" in render_page([record], [], None)
    assert "48.0 to 53.0" not in render_page([record], [], None, selection=plain)
    assert "_low" in render_wide_csv([record], [])
    assert "_low" not in render_wide_csv([record], [], plain)
    assert "brackets hold" not in render_summary([record], None, plain)


def test_a_caption_is_text_everywhere():
    chosen = Selection(caption="100 % of *it* & more_")
    assert r"\caption{100 \% of {*}it{*} \& more\_}" in render_latex([make_record()], [], None, chosen)
    assert r"100 % of \*it\* &amp; more\_" in render_summary([make_record()], None, chosen)
    assert "100 % of *it* &amp; more_" in render_page([make_record()], [], None, selection=chosen)


def test_the_command_takes_the_choice(tmp_path):
    write_record(tmp_path / "runs" / "record.json", with_intervals(make_record("sie")))
    done = run(
        tmp_path / "runs", "-o", tmp_path / "out", "--tasks", "rotation,", "--parts", "all, equivariant",
        "--no-published", "--no-intervals", "--methods", "SIE", "--metrics", "r2", "--caption", "Ours",
    )  # fmt: skip
    assert done.exit_code == 0, done.exception
    (table,) = (tmp_path / "out" / "tables").iterdir()
    text = table.read_text()
    assert r"\caption{Ours}" in text
    assert "Rotation" in text
    assert "Classification" not in text
    rows = list(csv.DictReader((tmp_path / "out" / "leaderboard.csv").open()))
    assert {(row["task"], row["metric"], row["part"]) for row in rows} == {
        ("rotation", "r2", "all"),
        ("rotation", "r2", "equivariant"),
    }


def test_a_choice_that_nothing_has_is_an_error(tmp_path):
    write_record(tmp_path / "runs" / "record.json", make_record("sie"))
    words = tmp_path / "runs", "-o", tmp_path / "out"
    assert "--tasks: no record has the task 'rotatoin'; did you mean 'rotation'?" in error_of(
        *words, "--tasks", "rotatoin"
    )
    assert "--parts: no record has the part 'whole'" in error_of(*words, "--parts", "whole")
    assert "--metrics: no record has the metric 'r3'" in error_of(*words, "--metrics", "r3")
    assert "--methods: no record is of 'vicrag'" in error_of(*words, "--methods", "vicrag")
    assert "--methods: names nothing" in error_of(*words, "--methods", " , ")
    # Published records have it, measured ones don't.
    assert "of what was chosen, no measured record has anything" in error_of(*words, "--methods", "vicreg")
    assert not (tmp_path / "out").exists()


def test_the_narrow_table_has_a_column_for_each_metric():
    (group,) = measured([make_record("sie"), make_record("vicreg", parts=("all",))])
    assert [(column.metric.task, column.part) for column in group.lead] == [
        ("classification", "all"),
        ("rotation", "all"),
    ]
    columns = group.main
    assert leading(columns, [{columns[1]}, {columns[1], columns[0]}])[0] == columns[1]


def test_columns_that_few_rows_have_give_way():
    record = make_record("sie", parts=("all",))
    record["results"] = [result(f"task{number}", "score", "all", 0.5) for number in range(MOST_LEADING + 2)]
    (group,) = measured([record])
    rows = [set(group.main[1:]), set(group.main[2:]), set(group.main)]
    # The first column is one row's alone.
    assert leading(group.main, rows) == group.main[1 : MOST_LEADING + 1]
    assert without_gaps(group.main, rows, 3) == [group.main[1:4], group.main[4:7], group.main[:1]]


def test_wide_csv_has_a_line_for_each_row_and_a_column_for_each_number():
    one, two = (make_record("sie", seed, top1=0.4 + 0.2 * seed) for seed in range(2))
    single = with_intervals(make_record("=vicreg", parts=("all",)))
    lines = {line["name"]: line for line in csv.DictReader(io.StringIO(render_wide_csv([one, two, single], PUBLISHED)))}
    assert tuple(lines["sie"])[: len(WIDE_COLUMNS)] == WIDE_COLUMNS
    sie, other = lines["sie"], lines["'=vicreg"]
    assert float(sie["classification.top1.all"]) == pytest.approx(0.5)
    assert float(sie["classification.top1.all_deviation"]) == pytest.approx(0.1414, abs=1e-3)
    assert (sie["runs"], sie["classification.top1.all_low"]) == ("2", "")
    assert float(other["classification.top1.all_low"]) == pytest.approx(0.48)
    assert other["classification.top1.invariant"] == ""
    assert other["rotation.geodesic_mean_deg.all"]
    assert lines["SimCLR"]["origin"] == "published"
    embedded = make_record("x", parts=("all",))
    embedded["results"].append(result("rotation", "r2", "all", 0.1, input="embedding", version=2))
    assert "rotation.r2.all.embedding.v2" in render_wide_csv([embedded], []).splitlines()[0]


# Definitions


def test_heads_lead_to_the_definitions_of_their_tasks(tmp_path):
    assert find_definitions(REPO / "README.md") == "docs/benchmark.md"
    assert find_definitions(REPO / "docs" / "history" / "mini.md") == "../benchmark.md"
    assert find_definitions(tmp_path / "README.md") is None
    page = tmp_path / "docs" / "benchmark.md"
    page.parent.mkdir()
    page.write_bytes(b"\xff another project's page")
    assert find_definitions(tmp_path / "README.md") is None
    text = render_summary([make_record()], None, Selection(), "docs/benchmark.md")
    assert "| Method | [Classification,<br>top-1, %](docs/benchmark.md#task-classification) |" in text
    assert "](" not in render_summary([make_record()])
    own = make_record()
    own["results"] = [result("probe_of_mine", "score", "all", 0.2)]
    assert "| Method | Probe of mine,<br>score |" in render_summary([own], None, Selection(), "docs/benchmark.md")


def test_the_readme_s_table_has_six_columns():
    (head,) = [line for line in (REPO / "README.md").read_text().splitlines() if line.startswith("| Method | [")]
    assert head.count(" | ") == 5


# LaTeX


def test_each_table_has_a_file_and_a_label_of_its_own():
    records = [make_record("a", data="one"), make_record("b", data="two"), make_record("c", protocol="sie-v1")]
    tables = latex_tables(records, PUBLISHED)
    assert list(tables)[:3] == ["3diebench-quick-v1", "3diebench-quick-v1-2", "3diebench-sie-v1-v1"]
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in tables)
    assert all(text.count(r"\begin{table}") == 1 and rf"\label{{tab:{name}}}" in text for name, text in tables.items())
    assert all(text in render_latex(records, PUBLISHED) for text in tables.values())


def test_names_of_files_hold_nothing_from_hostile_records():
    record = make_record(protocol="../../etc/passwd \\input{x}")
    assert list(latex_tables([record], [])) == ["3diebench-etc-passwd-input-x-v1"]
    record = make_record(protocol="§")
    record["dataset"]["preset"] = "中"
    assert list(latex_tables([record], [])) == ["v1"]


def tabular(text: str) -> str:
    return text[text.index(r"\begin{tabular}") : text.index(r"\end{tabular}") + len(r"\end{tabular}")]


def width_in_pt(text: str) -> float:
    """Width of a tabular in Computer Modern, from the font's own metrics."""
    font = FT2Font(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "cmr10.ttf"))
    font.set_size(10, 72)

    def width(words: str, size: float) -> float:
        # Computer Modern's small sizes are wider than the large one made small.
        font.set_text(words, 0)
        return font.get_width_height()[0] / 64 * size / 10 * {8: 1.06, 7: 1.14}[size]

    def cell(source: str) -> float:
        size = 7 if r"\scriptsize" in source else 8
        words = re.sub(r"\\(scriptsize|textbf|underline|textit|shortstack)|[{}$]", "", source)
        words = words.replace(r"\textminus", "+").replace(r"\textsuperscript2", "2").replace(r"\pm\,", "+")
        return max(width(line.replace("\\", "").strip() or " ", size) for line in words.split(r" \\ "))

    lines = [re.sub(r" \\\\(\[2pt\])?$", "", line) for line in text.splitlines() if re.search(r"\\\\(\[2pt\])?$", line)]
    rows = [line.split(" & ") for line in lines if r"\multicolumn" not in line]
    assert rows
    columns = [max(map(cell, column)) for column in zip(*rows, strict=True)]
    return sum(columns) + 2 * 3 * (len(columns) - 1)


WIDEST = [read_records([MINI]), [with_intervals(make_record("W" * 200, config={"name": "W" * 200}))]]


@pytest.mark.parametrize("records", WIDEST, ids=["mini", "long names"])
def test_the_default_choice_fits_into_the_text_of_a_paper(records):
    for name, text in latex_tables(records, PUBLISHED).items():
        assert width_in_pt(tabular(text)) <= TEXT_WIDTH_PT, name


@pytest.mark.skipif(not PDFLATEX, reason="needs pdflatex (Debian: texlive-latex-recommended)")
def test_tex_takes_the_tables_and_finds_them_narrow(tmp_path):
    tables = latex_tables(read_records([MINI]), PUBLISHED)
    boxes = "\n".join(
        rf"\savebox{{\tablebox}}{{{tabular(text)}}}\typeout{{WIDTH \the\wd\tablebox}}" for text in tables.values()
    )
    inputs = []
    for name, text in tables.items():
        (tmp_path / f"{name}.tex").write_text(text)
        inputs.append(rf"\input{{{name}}}")
    preamble = (
        r"\documentclass{article}\usepackage[textwidth=397pt,textheight=750pt]{geometry}\usepackage{booktabs}"
        r"\usepackage{textcomp}\newsavebox{\tablebox}\begin{document}"
    )
    boxes = rf"{{\footnotesize\setlength{{\tabcolsep}}{{3pt}}{boxes}}}"
    (tmp_path / "paper.tex").write_text("\n".join([preamble, boxes, *inputs, r"\end{document}"]))
    done = subprocess.run(
        [str(PDFLATEX), "-interaction=nonstopmode", "-halt-on-error", "-draftmode", "paper.tex"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    widths = [float(number) for number in re.findall(r"WIDTH ([\d.]+)pt", done.stdout)]
    assert len(widths) == len(tables)
    assert max(widths) <= TEXT_WIDTH_PT
    assert "Overfull" not in done.stdout
    estimates = [width_in_pt(tabular(text)) for text in tables.values()]
    assert estimates == pytest.approx(widths, rel=0.05)
