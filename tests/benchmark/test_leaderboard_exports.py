"""The tables for papers, programs and READMEs, and the look at records that others send."""

import base64
import csv
import io
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from record_samples import make_record
from table_commands import table_commands

from threedie.baselines.catalogue import FAMILIES
from threedie.benchmark.commands.leaderboard import leaderboard
from threedie.benchmark.leaderboard.columns import TaskMetric
from threedie.benchmark.leaderboard.datasets import NAMES
from threedie.benchmark.leaderboard.export import render_csv, render_json
from threedie.benchmark.leaderboard.families import family
from threedie.benchmark.leaderboard.groups import measured
from threedie.benchmark.leaderboard.insert import BEGIN, END, insert
from threedie.benchmark.leaderboard.latex import plain, render_latex
from threedie.benchmark.leaderboard.markdown import render_markdown, render_summary
from threedie.benchmark.leaderboard.page import render_page
from threedie.benchmark.leaderboard.pictures import INDEX_FILE, read_pictures
from threedie.benchmark.leaderboard.published import published_records
from threedie.benchmark.records.record import write_record
from threedie.manifests.errors import ThreeDieError

PUBLISHED = published_records()
TOP1 = (TaskMetric("classification", 1, "top1", "representation"), "all")
THREE = [make_record("good", top1=0.9), make_record("fair", top1=0.7), make_record("poor", top1=0.01)]
REPO = Path(__file__).parents[2]


def with_intervals(record):
    rows = [{**row, "interval": [row["value"] - 0.02, row["value"] + 0.03]} for row in record["results"]]
    return {**record, "results": rows}


def run(*arguments):
    return CliRunner().invoke(leaderboard, [str(argument) for argument in arguments])


def test_best_is_bold_and_second_underlined_in_latex():
    text = render_latex(THREE, [])
    rows = {line.split(" & ")[0].split(" (")[0]: line.split(" & ") for line in text.splitlines() if " & " in line}
    assert rows["good"][1] == r"\textbf{90.0}"
    assert rows["fair"][1] == r"\underline{70.0}"
    assert rows["poor"][1] == "1.0"
    assert all(word in text for word in (r"\toprule", r"\midrule", r"\bottomrule", r"\textit{floor}"))
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 1


def test_every_line_of_a_latex_table_has_as_many_cells():
    text = render_latex([*THREE, make_record("plain", parts=("all",))], PUBLISHED)
    tables = re.findall(r"\\begin\{tabular\}\{@\{\}(\w+)@\{\}\}(.*?)\\end\{tabular\}", text, re.DOTALL)
    assert tables
    for table in tables:
        for line in table[1].splitlines():
            if line.endswith((r"\\", r"\\[2pt]")):
                wide = sum(int(count) - 1 for count in re.findall(r"\\multicolumn\{(\d+)\}", line))
                assert len(re.findall(r"(?<!\\)&", line)) + 1 + wide == len(table[0]), line


def test_latex_never_ranks_across_groups_nor_published_rows():
    text = render_latex([make_record("a", data="one"), make_record("b", data="two")], PUBLISHED)
    assert r"\textbf" not in text
    assert r"\underline" not in text
    assert text.count("Published, not measured here") == len({record["origin"]["source"] for record in PUBLISHED}) + 1


@given(st.text())
@settings(max_examples=60, deadline=None)
def test_no_name_runs_in_latex(name):
    commands = (
        r"\\(textbackslash|textasciitilde|textasciicircum|textless|textgreater|textbar|textdegree)\{\}"
        r"|\\textsuperscript\{2\}|\\[{}$&#_%]|\{[\[*]\}"
    )
    left = re.sub(commands, "", plain(name))
    assert not set(left) & set("\\{}$&#_%~^[*\n")
    assert all(ord(letter) < 256 for letter in left)


def test_json_holds_every_number_over_its_runs_and_the_records():
    records = [make_record("sie", seed, top1=0.4 + 0.1 * seed) for seed in range(3)]
    document = json.loads(render_json(records, PUBLISHED))
    (ours,) = [group for group in document["groups"] if group["origin"]["kind"] == "measured"]
    (row,) = ours["rows"]
    (top1,) = [one for one in row["results"] if one["metric"] == "top1" and one["part"] == "all"]
    assert top1["values"] == pytest.approx([0.4, 0.5, 0.6])
    assert (top1["mean"], top1["deviation"], top1["runs"]) == (pytest.approx(0.5), pytest.approx(0.1), 3)
    assert (row["family"], row["seeds"]) == ("split", [0, 1, 2])
    assert {record["id"] for record in records} == set(row["records"])
    assert {record["id"] for record in document["records"]} == {record["id"] for record in [*records, *PUBLISHED]}
    assert all("config" in record and "curves" not in record for record in document["records"])


def test_json_marks_second_and_published():
    document = json.loads(render_json(THREE, PUBLISHED))
    marks = {
        row["method"]: (one["best"], one["second"])
        for row in document["groups"][0]["rows"]
        for one in row["results"]
        if (one["metric"], one["part"]) == ("top1", "all")
    }
    assert marks == {"good": (True, False), "fair": (False, True), "poor": (False, False)}
    published = [group for group in document["groups"] if group["origin"]["kind"] == "published"]
    assert len(published) == len(document["groups"]) - 1
    assert not any(
        one["best"] or one["second"] for group in published for row in group["rows"] for one in row["results"]
    )


def test_every_table_says_which_data_heads_were_trained_on():
    other_dataset = {**THREE[0]["dataset"], "fingerprint": "abcdef012345" + "0" * 52}
    records = [THREE[0], {**THREE[0], "trained_on": other_dataset}]
    assert render_latex(records, []).count("Heads were trained on dataset abcdef012345.") == 1
    groups = json.loads(render_json(records, []))["groups"]
    assert [group["trained_on"] for group in groups] == [None, other_dataset]
    rows = list(csv.DictReader(io.StringIO(render_csv(records, []))))
    assert {row["trained_on"] for row in rows} == {"", other_dataset["fingerprint"]}


def test_an_invariant_part_that_tells_classes_by_neighbors_may_be_best():
    def with_neighbors(name, value):
        record = make_record(name)
        row = {**record["results"][0], "task": "knn", "part": "invariant", "metric": "top1", "value": value}
        return {**record, "results": [*record["results"], row]}

    (group,) = measured([with_neighbors("a", 0.8), with_neighbors("b", 0.6)])
    assert group.best[TaskMetric("knn", 1, "top1", "representation"), "invariant"] == 0.8


def test_two_that_share_the_best_leave_no_second():
    (group,) = measured([make_record(name, top1=0.5) for name in "ab"])
    assert TOP1 in group.best
    assert TOP1 not in group.second
    assert all(group.is_best(entry, TOP1) for entry in group.entries)


def test_one_run_shows_its_interval_and_several_their_deviation():
    one, two = (with_intervals(make_record("sie", seed, top1=0.5 + 0.1 * seed)) for seed in range(2))
    single, both = measured([one])[0].entries[0].cells[TOP1], measured([one, two])[0].entries[0].cells[TOP1]
    assert single.interval == pytest.approx((0.48, 0.53))
    assert both.interval is None
    assert both.deviation == pytest.approx(0.0707, abs=1e-3)
    assert "50.0 [48.0, 53.0]" in render_markdown([one], [])
    assert "48.0 to 53.0" in render_page([one], [], None)
    assert "48.0 to 53.0" not in render_page([one, two], [], None)
    assert r"{\scriptsize {[}48.0, 53.0]}" in render_latex([one], [])
    assert "0.48,0.53," in render_csv([one], [])


def test_families_come_from_names_and_else_from_parts():
    from threedie.baselines.catalogue import CATALOGUE

    for name, about in CATALOGUE.items():
        its_family = family({"name": name, "parts": ["all"]})
        assert its_family in FAMILIES
        assert its_family != "equivariant" or about.actions
    for record in PUBLISHED:
        assert family(record["method"]) != "other", record["method"]["name"]
    assert family({"name": "Barlow Twins", "parts": None}) == "invariant"
    assert family({"name": "seq-JEPA (3, 5)", "parts": None}) == "equivariant"
    assert family({"name": "Mine-1a2b", "parts": ["all"]}) == "other"
    assert family({"name": "Mine-1a2b", "parts": ["all", "invariant", "equivariant"]}) == "split"


def test_tables_go_between_the_markers_byte_for_byte(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"# Mine\n\n{BEGIN}\nstale\n{END}\n\nThe end\n")
    for number, record in enumerate(THREE):
        write_record(tmp_path / "records" / str(number) / "record.json", record)
    done = run(tmp_path / "records", "--into", readme)
    assert done.exit_code == 0
    first = readme.read_bytes()
    assert first.startswith(f"# Mine\n\n{BEGIN}\n\n".encode())
    assert first.endswith(f"\n\n{END}\n\nThe end\n".encode())
    assert b"| good (mini) | **90.0** |" in first
    assert b"stale" not in first
    assert not (tmp_path / "leaderboard").exists()
    done = run(*(tmp_path / "records" / name for name in "210"), "--into", readme)
    assert "as it was" in done.stdout
    assert readme.read_bytes() == first


@pytest.mark.parametrize("text", ["none", f"{BEGIN}\n", f"{END}\n{BEGIN}\n", f"{BEGIN}\n{BEGIN}\n{END}\n"])
def test_a_file_without_one_pair_of_markers_is_left_as_it_is(tmp_path, text):
    path = tmp_path / "README.md"
    path.write_text(text)
    with pytest.raises(ThreeDieError, match="put the lines"):
        insert(path, "new\n")
    assert path.read_text() == text
    with pytest.raises(ThreeDieError, match="no such file"):
        insert(tmp_path / "none.md", "new\n")


@pytest.mark.parametrize("fingerprint", NAMES)
def test_a_dataset_with_a_name_of_its_own_is_called_by_it(fingerprint):
    record = make_record("vicreg")
    record["dataset"]["fingerprint"] = fingerprint
    for text in (render_summary([record]), render_markdown([record], []), render_latex([record], [])):
        assert NAMES[fingerprint] in text
    assert NAMES[fingerprint] in render_page([record], [], None)


def test_a_name_closes_no_marker(tmp_path):
    record = make_record("x")
    record["method"]["name"] = f"\n{END}\n"
    path = tmp_path / "README.md"
    path.write_text(f"{BEGIN}\n{END}\n")
    for _ in range(2):
        insert(path, render_summary([record]))
    assert path.read_text().splitlines().count(END) == 1


def option(words, name):
    return words[words.index(name) + 1]


def files_of(folder):
    """Paths of all files below a folder, relative to it."""
    return {file.relative_to(folder) for file in folder.rglob("*") if file.is_file()}


COMMANDS = table_commands(REPO)


@pytest.mark.parametrize("words", COMMANDS, ids=[option(words, "--into") for words in COMMANDS])
def test_the_tables_of_this_repository_come_from_its_records(words, tmp_path, monkeypatch):
    monkeypatch.chdir(REPO)
    page, published = Path(option(words, "--into")), Path(option(words, "--out"))
    copy, made = tmp_path / page, tmp_path / "made"
    # At its place beside the page of definitions, which it links to.
    for file in (page, Path("docs/benchmark.md")):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes(file.read_bytes())
    elsewhere = {str(page): copy, str(published): made}
    assert run(*(elsewhere.get(word, word) for word in words)).exit_code == 0
    assert copy.read_bytes() == page.read_bytes()
    assert files_of(made) == {file for file in files_of(published) if file.parts[0] != "records"}
    for file in files_of(made):
        assert (made / file).read_bytes() == (published / file).read_bytes(), file
    assert run("check", words[0]).exit_code == 0


def test_the_tables_of_the_mini_stay_and_those_of_the_readme_have_the_records_of_leaderboard_once_it_has_any(tmp_path):
    for name in ("threedie/manifests", "leaderboard"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()

    def sources():
        return {option(words, "--into"): words[0] for words in table_commands(tmp_path)}

    mini = {"README.md": "docs/history/mini/records", "docs/history/mini.md": "docs/history/mini/records"}
    assert sources() == mini
    write_record(tmp_path / "leaderboard" / "sie-micro-s0" / "record.json", make_record("sie"))
    assert sources() == {**mini, "README.md": "leaderboard"}
    assert not any("--figures" in words or "--contact-sheet" in words for words in table_commands(tmp_path))


def test_check_names_each_refused_record_with_its_field(tmp_path):
    write_record(tmp_path / "good" / "record.json", THREE[0])
    percent = make_record("percent")
    percent["results"][0]["value"] = 48.2
    write_record(tmp_path / "percent" / "record.json", percent)
    lacking = {key: value for key, value in make_record("lacking").items() if key != "hardware"}
    far, long = make_record("far"), make_record("long")
    far["results"][0] |= {"metric": "pre_val_val", "value": 1.4}
    long["results"][0] |= {"metric": "r2_light_phi", "value": 1.1}
    for name, record in (("far", far), ("long", long)):
        write_record(tmp_path / name / "record.json", record)
    other = {**THREE[0], "warnings": [{"task": None, "text": "other"}]}
    for name, record in (("lacking", lacking), ("twice", other), ("null", {**THREE[1], "seed": None})):
        (tmp_path / name).mkdir()
        (tmp_path / name / "record.json").write_text(json.dumps(record))
    (tmp_path / "large").mkdir()
    (tmp_path / "large" / "record.json").write_text(" " * (4 * 2**20 + 1))
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "record.json").symlink_to(tmp_path / "good" / "record.json")
    done = run("check", tmp_path)
    assert done.exit_code == 1
    refused = {line.split(": ", 1)[0].split("/")[-2]: line for line in done.stderr.splitlines()}
    assert set(refused) == {"percent", "far", "long", "lacking", "twice", "null", "large", "link"}
    assert "pre_val_val of 1.4 can't be" in refused["far"]
    assert "r2_light_phi of 1.1 can't be" in refused["long"]
    assert "results[0].value: top1 of 48.2" in refused["percent"]
    assert "'hardware'" in refused["lacking"]
    assert "another record of" in refused["twice"]
    assert "seed: may not be null" in refused["null"]
    assert "1 of 9 records are good" in done.stdout


def test_check_passes_good_records_and_remarks_on_uncommitted_code(tmp_path):
    for number, record in enumerate(THREE):
        write_record(tmp_path / str(number) / "record.json", record)
    changed = make_record("changed")
    changed["code"]["modified"] = True
    write_record(tmp_path / "changed" / "record.json", changed)
    done = run("check", tmp_path)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "4 of 4 records are good" in done.stdout
    assert "aren't committed" in done.stdout


def test_check_of_nothing_is_no_success(tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        done = run("check", folder)
        assert isinstance(done.exception, ThreeDieError)


def test_a_folder_named_check_is_a_folder_of_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_record(tmp_path / "check" / "record.json", THREE[0])
    assert run("./check").exit_code == 0
    assert (tmp_path / "leaderboard" / "index.html").is_file()
    assert run("check", "check").exit_code == 0


PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


def write_figures(folder, records, **changes):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.png").write_bytes(PNG)
    (folder / "a.svg").write_text("<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>" + " " * 100)
    row = {"title": "T", "caption": "<b>C", "records": records, "group": "", "png": "a.png", "svg": "a.svg"}
    row |= {"kind": "maps", "size": [300, 200]}
    (folder / INDEX_FILE).write_text(json.dumps({"format": 1, "figures": [{**row, **changes}]}))


def test_figures_beside_the_runs_are_on_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_record(tmp_path / "runs" / "0" / "record.json", THREE[0])
    write_figures(tmp_path / "figures", [THREE[0]["id"]])
    done = run("runs")
    page = (tmp_path / "leaderboard" / "index.html").read_text()
    assert "1 on the page" in done.stdout
    assert page.count("data:image/png;base64,") == 1
    assert "&lt;b&gt;C" in page
    write_figures(tmp_path / "elsewhere", ["unknown"])
    done = run("runs", "--figures", "elsewhere")
    assert "1 left out: of runs that these tables don't show" in done.stdout
    assert "data:image" not in (tmp_path / "leaderboard" / "index.html").read_text()


def test_figures_take_only_so_much_room(tmp_path):
    write_figures(tmp_path / "one", ["x"])
    write_figures(tmp_path / "two", ["x", "y"], group="g")
    folders = [tmp_path / "one", tmp_path / "two"]
    pictures, strange, left = read_pictures(folders)
    assert [len(picture.records) for picture in pictures] == [2, 1]
    assert (strange, left) == (0, 0)
    pictures, strange, left = read_pictures(folders, limit=len(pictures[0].source))
    assert ([len(picture.records) for picture in pictures], strange, left) == ([2], 0, 1)
    # What isn't shown takes no room from what is.
    pictures, strange, left = read_pictures(folders, {"x"}, limit=len(pictures[0].source))
    assert ([len(picture.records) for picture in pictures], strange, left) == ([1], 1, 0)


def test_a_run_measured_twice_shows_its_figures_once(tmp_path):
    record = make_record("x")
    again = {**record, "protocol": {"name": "quick", "version": 2}}
    write_figures(tmp_path / "one", [record["id"]])
    write_figures(tmp_path / "all", [record["id"]], group=measured([again])[0].key)
    pictures, *_ = read_pictures([tmp_path / "one", tmp_path / "all"])
    page = render_page([record, again], [], None, pictures)
    first, second = page.split("version 2</h2>")
    assert (first.count("data:image"), second.count("data:image")) == (0, 2)


@pytest.mark.parametrize(
    ("changes", "names"),
    [({"png": "../secret.png"}, "outside"), ({"png": "a.svg"}, "not the image/png"), ({"size": ["1", 2]}, "not a list"),
     ({"title": 3}, "not a list"), ({"svg": "none.svg"}, r"none\.svg")],
)  # fmt: skip
def test_a_damaged_list_of_figures_is_refused(tmp_path, changes, names):
    (tmp_path / "secret.png").write_bytes(PNG)
    write_figures(tmp_path / "figures", ["x"], **changes)
    with pytest.raises(ThreeDieError, match=names):
        read_pictures([tmp_path / "figures"])
    with pytest.raises(ThreeDieError, match="bench figures"):
        read_pictures([tmp_path])
