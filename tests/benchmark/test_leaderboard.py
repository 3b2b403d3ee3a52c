import csv
import io
import re
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from record_samples import make_record, result

from threedie.benchmark.commands.leaderboard import leaderboard
from threedie.benchmark.leaderboard.columns import TaskMetric
from threedie.benchmark.leaderboard.curves import curves
from threedie.benchmark.leaderboard.export import render_csv
from threedie.benchmark.leaderboard.groups import measured, published
from threedie.benchmark.leaderboard.markdown import render_markdown
from threedie.benchmark.leaderboard.page import duration, render_page
from threedie.benchmark.leaderboard.published import published_records
from threedie.benchmark.records.record import validate, write_record
from threedie.manifests.errors import ThreeDieError

PUBLISHED = published_records()
HASHES = ("fingerprint", "images_sha256")
TOP1 = (TaskMetric("classification", 1, "top1", "representation"), "all")
R2 = (TaskMetric("rotation", 1, "r2", "representation"), "all")
ANGLE = (TaskMetric("rotation", 1, "geodesic_mean_deg", "representation"), "all")


class Page(HTMLParser):
    """What a browser would see: tags with attributes, and the text of the tables."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.tables, self._text = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self._text = []

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.tables[-1][-1].append(" ".join(self._text))
            self._text = None

    def handle_data(self, data):
        if self._text is not None and data.strip():
            self._text.append(data.strip())


@pytest.mark.parametrize("split", ["data", "protocol"])
def test_records_of_other_data_or_protocols_never_share_a_table(split):
    records = [make_record("sie", top1=0.3, **{split: "one"}), make_record("vicreg", top1=0.9, **{split: "two"})]
    groups = measured(records)
    assert [[entry.method for entry in group.entries] for group in groups] in (
        [["sie"], ["vicreg"]],
        [["vicreg"], ["sie"]],
    )
    assert all(not group.best for group in groups)
    for table in Page(render_page(records, [], None)).tables:
        rows = " ".join(" ".join(row) for row in table)
        assert ("sie" in rows) != ("vicreg" in rows)


def test_another_split_or_protocol_version_is_another_group():
    one, two, three = make_record("a"), make_record("b"), make_record("c")
    two["dataset"] = {**two["dataset"], "split": "official"}
    three["protocol"] = {"name": "quick", "version": 2}
    assert len(measured([one, two, three])) == 3


def test_published_and_measured_never_share_a_table():
    groups = measured([make_record("SIE"), *PUBLISHED])
    assert [[entry.method for entry in group.entries] for group in groups] == [["SIE"]]
    for group in published([make_record("SIE"), *PUBLISHED]):
        assert group.best == {}
        assert all(record["origin"]["kind"] == "published" for entry in group.entries for record in entry.records)
        assert len({record["origin"]["source"] for entry in group.entries for record in entry.records}) == 1
        names = [re.sub("[0-9]+", lambda number: number[0].zfill(3), each.method.casefold()) for each in group.entries]
        assert names == sorted(names)


def test_seeds_of_one_configuration_are_one_row_with_mean_and_deviation():
    records = [make_record("sie", seed, top1=top1) for seed, top1 in enumerate((0.4, 0.5, 0.6))]
    (group,) = measured(records)
    (entry,) = group.entries
    cell = entry.cells[TOP1]
    assert cell.mean == pytest.approx(0.5)
    assert cell.deviation == pytest.approx(0.1)
    page = render_page(records, [], None)
    assert "50.0" in page
    assert "± 10.0" in page
    assert "3 runs" in page
    assert "50.0 ± 10.0" in render_markdown(records, [])


def test_one_seed_has_no_deviation():
    (group,) = measured([make_record()])
    assert group.entries[0].cells[TOP1].deviation is None


def test_another_configuration_is_another_row_and_says_what_differs():
    changed = make_record("sie", 1)
    changed["config"] = {**changed["config"], "learning_rate": 0.01}
    (group,) = measured([make_record("sie", 0), changed])
    assert {entry.variant for entry in group.entries} == {"mini", "mini, learning_rate 0.01"}


def test_a_row_names_what_differs_from_its_recipe_as_shipped():
    records = [make_record(name) for name in ("vicreg", "simclr", "sie")]
    records[2]["config"] = {**records[2]["config"], "epochs": 7}
    variants = {entry.method: entry.variant for entry in measured(records)[0].entries}
    assert variants == {"vicreg": "mini", "simclr": "mini", "sie": "mini, epochs 7"}
    # Whatever the other rows have, even where the difference is what they share.
    for record in records:
        record["config"] = {**record["config"], "epochs": 7}
    variants = {entry.method: entry.variant for entry in measured(records)[0].entries}
    assert variants == {"vicreg": "mini, epochs 7", "simclr": "mini, epochs 7", "sie": "mini, epochs 7"}
    assert measured(records[2:])[0].entries[0].variant == "mini, epochs 7"


def test_options_that_differ_are_named_once():
    records = [make_record("sie", seed) for seed in range(2)]
    for record, factor in zip(records, (0.45, 0.9), strict=True):
        record["method"]["options"] = {"equi_factor": factor}
        record["config"]["method_options"] = {"equi_factor": factor}
    assert {entry.variant for entry in measured(records)[0].entries} == {
        "mini, equi_factor 0.45",
        "mini, equi_factor 0.9",
    }


def test_an_option_left_alone_is_not_named():
    plain, changed = make_record("sie", 0), make_record("sie", 1)
    changed["method"]["options"] = changed["config"]["method_options"] = {"similarity_weight": 2}
    variants = {entry.variant for entry in measured([plain, changed])[0].entries}
    assert variants == {"mini", "mini, similarity_weight 2"}


def test_pixels_of_another_machine_make_no_other_row():
    records = [make_record("sie", seed) for seed in range(2)]
    for record in records:
        record["config"]["normalization_mean"] = [0.5 + 1e-6 * record["seed"]] * 3
    assert len(measured(records)[0].entries) == 1


def test_the_seed_in_a_configuration_makes_no_row_of_its_own():
    records = [make_record("sie", seed, config={"name": "mini", "seed": seed}) for seed in range(2)]
    assert len(measured(records)[0].entries) == 1


def test_the_best_is_marked_in_its_direction_and_above_its_floor_only():
    good, better = make_record("good", top1=0.5, rotation=0.1), make_record("better", top1=0.6, rotation=0.2)
    (group,) = measured([good, better])
    first = group.entries[0]
    assert first.method == "better"
    assert group.is_best(first, TOP1)
    assert group.is_best(first, ANGLE)
    assert R2 not in group.best
    assert "≤ floor" in render_page([good, better], [], None)


def test_an_option_is_not_taken_for_a_setting_of_the_same_name():
    records = [make_record("byol", seed) for seed in range(2)]
    for record, momentum in zip(records, (0.0, 0.9), strict=True):
        record["method"]["options"] = {"momentum": 0.97}
        record["config"] |= {"momentum": momentum, "method_options": {"momentum": 0.97}}
    variants = {entry.variant for entry in measured(records)[0].entries}
    assert variants == {"mini, method.momentum 0.97", "mini, method.momentum 0.97, momentum 0.9"}


def test_an_invariant_part_wins_nothing_for_telling_the_rotation():
    (group,) = measured([make_record("a", rotation=0.5), make_record("b", rotation=0.6)])
    assert (R2[0], "equivariant") in group.best
    assert (R2[0], "invariant") not in group.best
    assert (TOP1[0], "invariant") in group.best


def test_a_warning_names_its_task_first():
    record = make_record("sie")
    record["warnings"] = [{"task": "rotation", "text": "few objects"}, {"task": None, "text": "a short run"}]
    (group,) = measured([record, make_record("vicreg", warnings=["rotation: few objects"])])
    assert group.warnings == (("rotation: few objects", ("sie", "vicreg")), ("a short run", ("sie",)))
    assert "rotation: few objects<br>a short run" in render_page([record], [], None)


def test_every_number_has_its_floor():
    records = [make_record("sie"), make_record("vicreg", parts=("all",))]
    for table in Page(render_page(records, [], None)).tables:
        columns = len(table[1])
        (floor,) = [row for row in table if row[0] == "floor"]
        assert len(floor) == columns + 1
        assert all(floor[1:])
    main = Page(render_page(records, [], None)).tables[0]
    assert [row for row in main if row[0] == "floor"] == [["floor", "8.3", "0.229"]]
    markdown = render_markdown(records, [])
    assert "| *floor* | 8.3 | 0.229 |" in markdown
    assert "chance over 12 classes" in markdown


def test_floors_that_differ_stand_at_each_number():
    one, two = make_record("one", parts=("all",)), make_record("two", parts=("all",))
    two["results"] = [{**row, "floor": 0.3} if row["metric"] == "r2" else row for row in two["results"]]
    page = render_page([one, two], [], None)
    assert "floor 0.229" in page
    assert "floor 0.300" in page
    assert "(floor 0.300)" in render_markdown([one, two], [])


def test_parts_have_a_table_of_their_own_without_columns_of_dashes():
    others = [make_record(name, parts=("all",)) for name in ("vicreg", "simclr")]
    page = Page(render_page([make_record("sie"), *others], [], None))
    main, parts = page.tables[:2]
    assert main[1] == ["all", "all"]
    (row,) = [row for row in main if row[0].startswith("vicreg")]
    assert row[1:] == ["50.0", "0.400"]
    assert parts[1] == ["invariant", "equivariant"] * 2
    assert [row[0] for row in parts[3:]] == ["sie mini, 1 run"]
    assert not any("–" in row for table in page.tables for row in table)
    # Retrieval, of few rows, stands apart from parts, and rows begin with the best of their own table.
    with_retrieval = [make_record(name, parts=("all",)) for name in ("equimod", "only_equivariance")]
    for record, score in zip(with_retrieval, (0.3, 0.4), strict=True):
        record["results"].append(result("retrieval", "mrr", "equivariant", score, 0.2, input="embedding"))
    page = Page(render_page([make_record("sie"), *others, *with_retrieval], [], None))
    assert [row[0] for row in page.tables[2][3:]] == ["only_equivariance mini, 1 run", "equimod mini, 1 run"]


def test_a_value_that_a_row_lacks_is_a_dash():
    lacking = make_record("vicreg", parts=("all",))
    lacking["results"] = lacking["results"][:1]
    main = Page(render_page([make_record("sie"), make_record("simclr"), lacking], [], None)).tables[0]
    (row,) = [row for row in main if row[0].startswith("vicreg")]
    assert row[1:] == ["50.0", "–"]


def test_main_metrics_come_first_and_retrieval_is_of_embeddings():
    record = make_record()
    record["results"] += [
        result("retrieval", "mrr", "equivariant", 0.2, 0.09, input="embedding"),
        result("probe_of_mine", "score", "all", 0.2),
    ]
    (group,) = measured([record])
    assert [column[0].task for column in group.main[::3]] == ["classification", "rotation", "retrieval"]
    assert group.main[-1][0].task_title == "Probe of mine"
    assert ANGLE not in group.main
    assert ANGLE in group.columns
    page = render_page([record], [], None)
    assert "MRR" in page
    assert "on the embedding" not in page


def test_the_overview_is_narrow_and_all_metrics_are_below():
    record = make_record()
    beside = [
        result("knn", "top1", "all", 0.4),
        result("classification", "top1", "all", 0.3, input="embedding"),
        result("pose_retrieval", "pre_val_val", "equivariant", 0.6, input="embedding", higher_is_better=False),
    ]
    (group,) = measured([{**record, "results": record["results"] + beside}])
    assert [column[0].task for column in group.main] == ["classification"] * 3 + ["rotation"] * 3
    assert len(group.columns) == len(record["results"]) + len(beside)
    (alone,) = measured([{**record, "results": beside[:1]}])
    assert [column[0].task for column in alone.main] == ["knn"]


def test_warnings_are_shown_with_how_many_runs_gave_them():
    warned = make_record("sie", warnings=["too small to teach rotation"])
    records = [warned, make_record("vicreg")]
    page = render_page(records, [], None)
    assert "too small to teach rotation" in page
    assert "(1 of 2 runs: sie)" in page
    assert "> too small to teach rotation (sie)" in render_markdown(records, [])


def test_each_number_leads_to_the_details_of_its_runs():
    record = make_record()
    page = Page(render_page([record], [], None))
    targets = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    links = {attrs["href"] for tag, attrs in page.tags if tag == "a"}
    assert links == {f"#{target}" for target in targets}
    text = render_page([record], [], None)
    identity = (record["id"], record["checkpoint"]["sha256"], *(record["dataset"][key] for key in HASHES))
    shown = (*identity, "<code>0ab674d", "a processor", "torch 2.9.0", "6 min 52 s", "learning_rate", "17,185,196")
    assert all(each in text for each in shown)


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}|`*"


def hostile_record():
    record = make_record(warnings=[HOSTILE])
    record["method"] = {**record["method"], "name": HOSTILE, "options": {HOSTILE: HOSTILE}}
    record["protocol"] = {"name": HOSTILE, "version": 1}
    record["dataset"] = {**record["dataset"], "preset": HOSTILE, "split": HOSTILE, "models": {HOSTILE: HOSTILE}}
    record["config"] = {"name": HOSTILE, HOSTILE: HOSTILE}
    record["code"] = {**record["code"], "version": HOSTILE}
    record["hardware"] = {
        **record["hardware"],
        "processor": HOSTILE,
        "device": HOSTILE,
        "gpus": [HOSTILE, {"name": HOSTILE}],
    }
    record["libraries"] = {HOSTILE: HOSTILE}
    record["curves"] = {"epoch": [1], HOSTILE: [1.0]}
    record["results"] = [
        {**row, "task": HOSTILE, "metric": f"{HOSTILE}{row['metric']}", "floor_note": HOSTILE}
        for row in record["results"]
    ]
    return record


def test_hostile_strings_stay_text():
    record = hostile_record()
    validate(record)
    harmless = Page(render_page([make_record()], PUBLISHED, None))
    page = Page(render_page([record], PUBLISHED, None))
    assert {tag for tag, _ in page.tags} == {tag for tag, _ in harmless.tags}
    assert [attrs for tag, attrs in page.tags if tag == "script"] == [{}]
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert "49" not in page.tables[0][-1][0]
    markdown = render_markdown([record], [])
    assert "<script" not in markdown
    assert "<img" not in markdown
    table = [line for line in markdown.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table[:4]} == {len(re.findall(r"(?<!\\)\|", table[0]))}


@given(st.text(min_size=1))
@settings(max_examples=12, deadline=None)
def test_no_name_opens_a_tag(name):
    record = make_record(method="x", warnings=[name])
    record["method"]["name"] = name
    tags = [tag for tag, _ in Page(render_page([record], [], None)).tags]
    assert tags == [tag for tag, _ in Page(render_page([make_record("x", warnings=["y"])], [], None)).tags]


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_a_spreadsheet_takes_no_formula_from_a_record(start):
    record = make_record()
    record["method"]["name"] = f'{start}HYPERLINK("http://x","y")'
    rows = list(csv.DictReader(io.StringIO(render_csv([record], []))))
    assert all(row["method"].startswith(f"'{start}") for row in rows)


def test_csv_has_every_result_once():
    records = [make_record("sie", 0), make_record("sie", 1), make_record("vicreg", parts=("all",))]
    rows = list(csv.DictReader(io.StringIO(render_csv(records, PUBLISHED))))
    assert len(rows) == sum(len(record["results"]) for record in [*records, *PUBLISHED])
    ours = [row for row in rows if row["origin"] == "measured"]
    assert {row["floor"] for row in ours if row["metric"] == "r2"} == {"0.2291"}
    assert {row["source"] for row in rows if row["origin"] == "published"} == {r["origin"]["source"] for r in PUBLISHED}


@given(st.permutations([*range(6)]))
@settings(max_examples=6, deadline=None)
def test_the_same_records_give_the_same_bytes(order):
    records = [make_record(name, seed) for name in ("sie", "vicreg") for seed in range(3)]

    def reversed_keys(value):
        if isinstance(value, dict):
            return {key: reversed_keys(value[key]) for key in reversed(value)}
        return value

    shuffled = [reversed_keys(records[index]) for index in order]
    for render in (lambda rows: render_page(rows, PUBLISHED, b"png"), lambda rows: render_markdown(rows, PUBLISHED)):
        assert render(shuffled) == render(records)
    assert render_csv(shuffled, PUBLISHED) == render_csv(records, PUBLISHED)


def test_the_page_needs_nothing_from_elsewhere():
    text = render_page([make_record()], PUBLISHED, b"png")
    page = Page(text)
    for tag, attrs in page.tags:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            target = attrs.get(name, "#")
            assert target.startswith(("#", "data:image/png;base64,")), (tag, target)
    assert "url(" not in text
    assert "@import" not in text
    policy = next(attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")


def test_it_can_be_read_without_script():
    text = render_page([make_record("sie", 0), make_record("sie", 1)], PUBLISHED, None)
    assert "<button" not in text
    assert "hidden" not in re.sub(r"<style>.*?</style>|<script>.*?</script>", "", text, flags=re.DOTALL)
    assert "prefers-color-scheme: dark" in text


def test_curves_are_drawn_within_their_box():
    drawn = curves({"epoch": [1, 2, 3, 4], "b": [1.0, 1.0, 1.0, 1.0], "loss": [4.0, None, 2.0, 1.0], "a": [None] * 4})
    assert [curve.name for curve in drawn] == ["loss", "b"]
    assert (drawn[0].first, drawn[0].last) == (4.0, 1.0)
    assert len(drawn[0].points) == 2
    assert drawn[0].points[1].split()[-1] == "220.0,64.0"
    long = curves({"epoch": list(range(2000)), "loss": [float(value) for value in range(2000)]})[0]
    assert len(long.points[0].split()) <= 222
    assert long.points[0].split()[-1] == "220.0,0.0"
    assert curves(None) == curves({"epoch": [1]}) == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.25, "0.2 s"), (59, "59 s"), (412.3, "6 min 52 s"), (3600, "1 h 0 min"), (9000, "2 h 30 min")],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


def run(*arguments):
    return CliRunner(catch_exceptions=False).invoke(leaderboard, [str(argument) for argument in arguments])


def test_the_command_writes_page_tables_and_csv(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed in range(2):
        write_record(tmp_path / "runs" / f"sie-mini-s{seed}" / "record.json", make_record("sie", seed))
    (tmp_path / "sheet.png").write_bytes(b"\x89PNG\r\n\x1a\n...")
    done = run("--contact-sheet", "sheet.png")
    assert done.exit_code == 0
    assert "index.html" in done.stdout
    assert sorted(path.name for path in (tmp_path / "leaderboard").iterdir()) == [
        "index.html", "leaderboard-wide.csv", "leaderboard.csv", "leaderboard.json", "leaderboard.md",
        "leaderboard.tex", "tables",
    ]  # fmt: skip
    page = (tmp_path / "leaderboard" / "index.html").read_text(encoding="utf-8")
    assert "data:image/png;base64,iVBORw0KGgo" in page
    assert "Published elsewhere" in page
    assert run("runs/sie-mini-s0", "runs/sie-mini-s1/record.json", "-o", "other").exit_code == 0
    for name in ("leaderboard.md", "leaderboard.csv", "leaderboard-wide.csv", "leaderboard.tex", "leaderboard.json"):
        assert (tmp_path / "other" / name).read_bytes() == (tmp_path / "leaderboard" / name).read_bytes()


def test_half_a_character_in_a_record_spoils_no_page(tmp_path):
    write_record(tmp_path / "record.json", make_record(warnings=["\ud800"]))
    assert run(tmp_path, "-o", tmp_path / "out").exit_code == 0


def test_the_command_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ThreeDieError, match="runs: no such"):
        run()
    (tmp_path / "runs").mkdir()
    with pytest.raises(ThreeDieError, match=r"no record\.json"):
        run()
    write_record(tmp_path / "runs" / "record.json", make_record())
    (tmp_path / "text.png").write_text("no picture")
    for sheet in ("text.png", "none.png"):
        with pytest.raises(ThreeDieError, match=sheet):
            run("--contact-sheet", sheet)
    assert not (tmp_path / "leaderboard").exists()
