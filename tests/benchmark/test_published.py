"""Results of papers: their tables as records, in the columns of their own formula of R2, and what stands above them."""

import copy
import csv
import io
import json
import re

import pytest
from record_samples import make_record, result

from threedie.benchmark.leaderboard.columns import Column, TaskMetric
from threedie.benchmark.leaderboard.export import render_csv, render_json
from threedie.benchmark.leaderboard.groups import measured, published
from threedie.benchmark.leaderboard.latex import render_latex
from threedie.benchmark.leaderboard.markdown import render_markdown, render_summary
from threedie.benchmark.leaderboard.page import render_page
from threedie.benchmark.leaderboard.published import (
    published_columns,
    published_facts,
    published_records,
    records_of,
)
from threedie.benchmark.leaderboard.ranges import impossible_values
from threedie.benchmark.records.record import validate
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.metric import PER_COMPONENT, POOLED
from threedie.manifests.errors import ThreeDieError

RECORDS = published_records()
SEQ_JEPA, CONTEXT_SSL, EQUICAPS = "seq-JEPA (NeurIPS 2025", "ContextSSL (NeurIPS 2024", "EquiCaps (arXiv"
POOLED_R2, OTHER_R2 = (TaskMetric("rotation", 1, name, "representation") for name in ("r2", "r2_per_component"))
PAPER = {
    "format": 1,
    "id": "paper",
    "paper": "A paper (2030)",
    "tables": [
        {
            "table": "table 1",
            "seen": "paper",
            "dataset": "3diebench",
            "formula": "stated",
            "epochs": 100,
            "notes": ["Mean of two seeds."],
            "columns": ["classification.top1", "rotation.r2_per_component"],
            "rows": [
                {"method": "One", "values": [0.5, None]},
                {"method": "Two", "epochs": 200, "gpu_hours": 3, "notes": ["Longer."], "values": [0.625, -0.125]},
            ],
        }
    ],
}


def of_source(source, table=""):
    return [
        record
        for record in RECORDS
        if record["origin"]["source"].startswith(source) and record["origin"]["source"].endswith(table)
    ]


def values(record):
    return {f"{row['task']}.{row['metric']}": row["value"] for row in record["results"]}


def with_both(**changes):
    """A measured record that has R2 by both formulas, of every part."""
    record = make_record(**changes)
    record["results"] += [
        result("rotation", "r2_per_component", part, 0.1, main=False) for part in record["method"]["parts"]
    ]
    return record


def test_all_are_valid_possible_and_different():
    for record in RECORDS:
        validate(record)
        assert list(impossible_values(record)) == []
        assert record["published"]["seen"] in ("paper", "repository", "abstract")
    assert len({record["id"] for record in RECORDS}) == len(RECORDS) == 117
    rows = {(record["origin"]["source"], record["dataset"]["preset"], record["method"]["name"]) for record in RECORDS}
    assert len(rows) == len(RECORDS)


def test_every_r2_of_several_numbers_has_its_paper_s_formula():
    for record in RECORDS:
        source, name = record["origin"]["source"], record["method"]["name"]
        formulas = {TaskMetric.of(row).formula for row in record["results"]} - {""}
        per_component = source.startswith(SEQ_JEPA) and not name.startswith("ContextSSL")
        assert formulas <= {PER_COMPONENT if per_component else POOLED}, record["id"]
        assert not formulas or "formula" in record["published"]


def test_numbers_of_the_papers():
    (best,) = [record for record in of_source(SEQ_JEPA, "table 1") if record["method"]["name"] == "seq-JEPA (3, 5)"]
    assert values(best) == {
        "classification.top1": 0.8741, "rotation.r2_per_component": 0.71, "absolute_rotation.r2_per_component": 0.74
    }  # fmt: skip
    details = best["published"]
    assert (details["image_size"], details["batch_size"], details["epochs"]) == (128, 512, 1000)
    assert (details["train_views"], details["eval_views"], details["gpu_hours"]) == (3, 5, 15.1)
    (context,) = [record for record in of_source(CONTEXT_SSL, "table 1") if "126" in record["method"]["name"]]
    assert values(context) == {"retrieval.mrr": 0.402, "retrieval.h1": 0.292, "retrieval.h5": 0.568}
    assert context["published"]["context_length"] == 126
    moved = {
        record["method"]["name"]: values(record)
        for record in of_source(EQUICAPS)
        if "-t" in record["dataset"]["preset"]
    }
    assert moved["EquiCaps (rotation)"]["translation_base.r2"] == 0.88
    assert "translation_base.r2" not in moved["EquiCaps (rotation and object translation)"]


def test_contradictions_between_tables_of_a_paper_are_noted():
    for table in ("table 1", "table 12"):
        assert any("Tables 1 and 12 disagree" in fact for fact in published_facts(of_source(SEQ_JEPA, table)))


def test_tables_of_a_paper_are_in_the_order_of_their_numbers():
    sources = [group.record["origin"]["source"] for group in published(RECORDS)]
    numbers = [int(source.rpartition(" ")[2]) for source in sources if source.startswith(SEQ_JEPA)]
    assert numbers == [1, 4, 7, 8, 9, 10, 11, 12]


def test_a_paper_s_file_becomes_records():
    one, two = records_of(PAPER)
    assert one["id"] == "published-paper-table-1-3diebench-one"
    assert one["origin"] == {"kind": "published", "source": "A paper (2030), table 1"}
    assert values(one) == {"classification.top1": 0.5}
    assert one["published"] == {"seen": "paper", "formula": "stated", "epochs": 100, "notes": ["Mean of two seeds."]}
    assert values(two) == {"classification.top1": 0.625, "rotation.r2_per_component": -0.125}
    assert two["published"]["epochs"] == 200
    assert two["published"]["notes"] == ["Mean of two seeds.", "Two: Longer."]
    assert published_facts([one, two]) == [
        "Read in the paper.",
        "One: 100 epochs.",
        "Two: 200 epochs.",
        "The paper states its formula of R².",
        "Mean of two seeds.",
        "Two: Longer.",
        "Hours of training on one GPU: Two 3.",
    ]
    assert published_facts([make_record()]) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda paper: paper.update(format=2), "format 2; this program reads 1: update it"),
        (lambda paper: paper["tables"][0].update(columns=["rotation.r3", "rotation.r2"]), "rotation.r3: no task has"),
        (lambda paper: paper["tables"][0].update(columns=["spin.r2", "rotation.r2"]), "spin.r2: no task has"),
        (lambda paper: paper["tables"][0]["rows"][0].update(values=[0.5]), "table 1, One: 1 values for 2 columns"),
        (lambda paper: paper["tables"][0]["rows"][1].update(hours=3), "table 1, Two: published: there is no field"),
        (lambda paper: paper["tables"][0].update(seen="blog"), "table 1, One: published.seen: "),
    ],
)
def test_a_file_that_makes_no_records_is_refused(change, message):
    paper = copy.deepcopy(PAPER)
    change(paper)
    with pytest.raises(ThreeDieError, match=re.escape(message)):
        list(records_of(paper))


def test_the_overview_has_the_other_formula_where_a_published_row_has_it():
    (group,) = measured([with_both()])
    names = [(column.metric.name, column.part) for column in group.main if column.metric.task == "rotation"]
    assert names == [
        ("r2", "all"), ("r2", "invariant"), ("r2", "equivariant"), ("r2_per_component", "all")
    ]  # fmt: skip
    # Of colors nothing else is shown: both formulas agree there.
    colors = [result("color", name, "all", 0.2, main=name == "r2") for name in ("r2", "r2_per_component")]
    (group,) = measured([{**with_both(), "results": [*with_both()["results"], *colors]}])
    assert [column.metric.name for column in group.main if column.metric.task == "color"] == ["r2"]
    # A translation is published by the pooled formula alone, which the overview has anyway.
    moves = [result("translation_base", name, "all", 0.2, main=name == "r2") for name in ("r2", "r2_per_component")]
    (group,) = measured([{**make_record(), "results": moves}])
    assert [column.metric.name for column in group.main] == ["r2"]


def test_a_published_record_of_the_users_counts_too():
    moves = [result("translation_base", name, "all", 0.2, main=name == "r2") for name in ("r2", "r2_per_component")]
    ours = {**make_record(), "results": moves}
    paper = {**next(records_of(PAPER)), "results": moves[1:]}
    (group,) = measured([ours, paper])
    assert [column.metric.name for column in group.main] == ["r2", "r2_per_component"]
    assert Column(TaskMetric.of(moves[1]), "all") in published_columns([paper])
    assert Column(TaskMetric.of(moves[1]), "all") not in published_columns([ours])


def test_every_r2_column_of_every_format_says_which():
    record = with_both(rotation=0.4)
    markdown = render_markdown([record], RECORDS)
    heads = {
        "markdown": re.findall(r"^\| Method .*", markdown, re.MULTILINE),
        "summary": re.findall(r"^\| Method .*", render_summary([record]), re.MULTILINE),
        "latex": re.findall(r"\\shortstack.*", render_latex([record], RECORDS).replace(r"\textsuperscript{2}", "²")),
        "page": re.findall(r"<th class=.task.*", render_page([record], RECORDS, None)),
    }
    for lines in heads.values():
        following = re.findall(r"R²(?: \\\\)?( \w+|)", "\n".join(lines))
        assert following
        assert set(following) <= {" pooled", " per"}
    assert "| Rotation, R² pooled |" in markdown
    assert "| Rotation, R² per component |" in markdown
    rows = list(csv.DictReader(io.StringIO(render_csv([record], RECORDS))))
    formulas = {(row["metric"], row["formula"]) for row in rows if row["metric"].startswith("r2")}
    assert formulas == {("r2", POOLED), ("r2_per_component", PER_COMPONENT)}
    assert {row["formula"] for row in rows if row["metric"] == "top1"} == {""}
    document = json.loads(render_json([record], RECORDS))
    shown = [one for group in document["groups"] for row in group["rows"] for one in row["results"]]
    assert {(one["metric"], one["formula"]) for one in shown if one["metric"].startswith("r2")} == formulas


def test_what_is_known_of_published_rows_stands_beside_them():
    record = make_record()
    for text in (
        render_markdown([record], RECORDS),
        render_latex([record], RECORDS),
        render_page([record], RECORDS, None),
    ):
        assert "Read in the paper, resnet18, 128 px, batch 512, 1000 epochs." in text
        assert "Tables 1 and 12 disagree" in text
    rows = list(csv.DictReader(io.StringIO(render_csv([record], RECORDS))))
    for row in rows:
        details = json.loads(row["published"]) if row["published"] else None
        assert (details is not None) == (row["origin"] == "published")
    assert any(json.loads(row["published"]).get("context_length") == 14 for row in rows if row["published"])


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.744, "0.744"), (0.71, "0.71"), (0.7, "0.70"), (-0.198, "-0.198"), (1.0, "1.00"), (0.7096, "0.71")],
)
def test_published_r2_has_the_digits_of_its_paper(value, text):
    assert POOLED_R2.published_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.8741, "87.41"), (0.82652, "82.652"), (0.751, "75.1"), (0.77, "77.0"), (1.0, "100.0")]
)
def test_published_shares_have_the_digits_of_their_paper(value, text):
    assert TaskMetric("classification", 1, "top1", "representation").published_text(value) == text


def test_formulas_are_told_apart_by_their_task():
    assert OTHER_R2.is_other_formula_of(POOLED_R2)
    assert POOLED_R2.is_other_formula_of(OTHER_R2)
    assert not POOLED_R2.is_other_formula_of(POOLED_R2)
    elsewhere = TaskMetric("absolute_rotation", 1, "r2_per_component", "representation")
    assert not elsewhere.is_other_formula_of(POOLED_R2)
    assert not TaskMetric("rotation", 1, "r2_per_component", "embedding").is_other_formula_of(POOLED_R2)
    assert not TaskMetric("rotation", 1, "geodesic_mean_deg", "representation").is_other_formula_of(POOLED_R2)
    assert not TaskMetric("mine", 1, "r2_per_component", "representation").is_other_formula_of(
        TaskMetric("mine", 1, "r2", "representation")
    )
    for task in TASKS.values():
        for metric in task.metrics:
            assert (metric.formula != "") == (metric.name in ("r2", "r2_per_component")), (task.name, metric.name)
            assert metric.title != "R²"
