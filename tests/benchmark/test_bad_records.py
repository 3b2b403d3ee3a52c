"""Records that somebody damaged or forged: each is refused with its file and field, and the others go on."""

import csv
import io
import json
import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from record_samples import HOSTILE, hostile_record, make_record, result, warning

from threedie.benchmark.commands.leaderboard import leaderboard
from threedie.benchmark.leaderboard.export import render_csv, render_json
from threedie.benchmark.leaderboard.groups import measured
from threedie.benchmark.leaderboard.latex import render_latex
from threedie.benchmark.leaderboard.markdown import render_markdown, render_summary
from threedie.benchmark.leaderboard.page import render_page
from threedie.benchmark.leaderboard.safe_text import mask_hidden
from threedie.benchmark.records.bounds import MAX_OPTIONS, MAX_TEXT
from threedie.benchmark.records.record import (
    MAX_BYTES,
    MAX_DEPTH,
    find_records,
    read_record,
    read_records,
    validate,
    write_record,
)
from threedie.benchmark.runs.summary import results_table
from threedie.manifests.errors import ThreeDieError

GOOD = make_record("good")
TEXT = json.dumps(GOOD)
VALUE = '"value": 0.5,'
BIDI, NUL, HALF = "\u202e", "\x00", "\ud800"


def with_value(text: str) -> str:
    assert VALUE in TEXT
    return TEXT.replace(VALUE, f'"value": {text},', 1)


def with_field(*path, value) -> str:
    record = json.loads(TEXT)
    place = record
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return json.dumps(record)


def deep(levels: int):
    value = 0
    for _ in range(levels):
        value = [value]
    return value


BAD: dict[str, tuple[str | bytes, str]] = {
    "an integer of 400 digits": (with_value("9" * 400), "results[0].value: an integer of more than 64 bits"),
    "an integer of 5,000 digits": (with_value("-" + "9" * 5000), "results[0].value: an integer of more than 64 bits"),
    "a seed of 400 digits": (with_field("seed", value=10**400), "seed: an integer of more than 64 bits"),
    "1e999": (with_value("1e999"), "results[0].value: inf is no result"),
    "NaN": (with_value("NaN"), "results[0].value: nan is no result"),
    "-Infinity": (with_value("-Infinity"), "results[0].value: -inf is no result"),
    "nested 5,000 deep": (with_value("[" * 5000 + "]" * 5000), f"nested deeper than {MAX_DEPTH} levels"),
    "nested 100,000 deep": ("[" * 100_000, f"nested deeper than {MAX_DEPTH} levels"),
    "objects nested 5,000 deep": ('{"a":' * 5000 + "1" + "}" * 5000, f"nested deeper than {MAX_DEPTH} levels"),
    "nested 20 deep": (with_field("config", "x", value=deep(20)), f"nested deeper than {MAX_DEPTH} levels"),
    "a number as a string": (with_value('"0.5"'), "results[0].value: '0.5' isn't of type float"),
    "true as a number": (with_value("true"), "results[0].value: True isn't of type float"),
    "true as an integer": (with_field("seed", value=True), "seed: True isn't of type"),
    "2.0 as an integer": (with_field("protocol", "version", value=2.0), "protocol.version: 2.0 isn't of type int"),
    "a field twice": (TEXT.replace(VALUE, f"{VALUE} {VALUE}", 1), "value: given twice in one object"),
    "a field too many": (with_field("results", 0, "extra", value=1), "results[0]: there is no field 'extra'"),
    "an empty name": (with_field("method", "name", value=""), "method.name: '' isn't a name"),
    "a name of spaces": (with_field("method", "name", value="  \u3000"), "method.name: "),
    "a name of 300 letters": (with_field("method", "name", value="x" * 300), "method.name: 300 characters"),
    "a name of 3 million letters": (with_field("method", "name", value="x" * 3_000_000), "method.name: 3,000,000 char"),
    "a name of 10 million letters": (with_field("method", "name", value="x" * 10**7), "bytes; a record has at most"),
    "a key of 3 million letters": (with_field("config", "x" * 3_000_000, value=1), "a name of 3,000,000 characters"),
    "a long text anywhere": (with_field("config", "note", value="x" * (MAX_TEXT + 1)), "config.note: 4,001 characters"),
    "a name turned round": (with_field("method", "name", value=f"a{BIDI}b"), "method.name: 'a\\u202eb' isn't a name"),
    "a name with a NUL": (with_field("method", "name", value=f"a{NUL}b"), "method.name: 'a\\x00b' isn't a name"),
    "a name with an escape": (with_field("method", "name", value="a\x1b[31m"), "method.name: 'a\\x1b[31m' isn't"),
    "half a character": (with_field("dataset", "preset", value=HALF), "dataset.preset: '\\ud800' isn't a name"),
    "a name of two lines": (with_field("protocol", "name", value="a\nb"), "protocol.name: 'a\\nb' isn't a name"),
    "a name that ends a line": (with_field("method", "name", value="a\n"), "method.name: 'a\\n' isn't a name"),
    "an id that ends a line": (with_field("id", value="a\n"), "id: 'a\\n' isn't an id"),
    "a hash that ends a line": (with_field("checkpoint", "sha256", value="a" * 64 + "\n"), "checkpoint.sha256: "),
    "the year 99999": (with_field("times", "started", value="99999-01-01T00:00:00Z"), "times.started: "),
    "the month 13": (with_field("times", "started", value="2026-13-01T00:00:00Z"), "times.started: '2026-13-01T"),
    "digits of another script": (with_field("times", "started", value="٢٠٢٦-01-01T00:00:00Z"), "times.started: "),
    "a time without end": (with_field("times", "train_s", value=1e300), "times.train_s: "),
    "too many results": (with_field("results", value=GOOD["results"] * 200), "results: 1,800 entries; 1,000 at most"),
    "too many warnings": (with_field("warnings", value=["a"] * 201), "warnings: 201 entries; 200 at most"),
    "too many entries": (with_field("config", "list", value=[0] * 2001), "config.list: 2,001 entries; 2,000 at most"),
    "too many curves": (with_field("curves", value={"epoch": [1]} | {f"c{n}": [1] for n in range(101)}), "curves: 102"),
    "long options": (with_field("method", "options", value={"a": "x" * MAX_OPTIONS}), "method.options: "),
    "a part twice": (with_field("method", "parts", value=["all", "all"]), "method.parts: "),
    "a rotation of no degrees": (
        with_field("breakdowns", value=[{
            "task": "rotation", "version": 1, "metric": "geodesic_mean_deg", "part": "all", "input": "representation",
            "higher_is_better": False, "by": "rotation_deg", "groups": ["wide"], "values": [1.0], "floors": [1.0],
            "counts": [1],
        }]), "breakdowns[0].groups: ",
    ),
    "imported from nowhere": (
        with_field("origin", value={"kind": "measured", "weights": "imported"}), "origin: 'source' is a required",
    ),
    "heads of unknown data": (
        with_field("trained_on", value={**GOOD["dataset"], "fingerprint": None}), "trained_on.fingerprint: may not be",
    ),
    "empty": ("", "not a JSON file"),
    "spaces": (" " * 100, "not a JSON file"),
    "cut off": (TEXT[:-20], "not a JSON file"),
    "a list": ("[]", "the record: [] isn't of type dict"),
    "null": ("null", "the record: None isn't of type dict"),
    "in Latin-1": (TEXT.replace("good", "gö").encode("latin-1"), "not a JSON file in UTF-8"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not a JSON file in UTF-8"),
    "half of UTF-16": (b"\xff\xfe" + TEXT.encode("utf-16-le")[:-1], "not a JSON file"),
}  # fmt: skip


def run(*arguments):
    return CliRunner().invoke(leaderboard, [str(argument) for argument in arguments])


def put(folder: Path, content: str | bytes) -> Path:
    folder.mkdir(parents=True)
    file = folder / "record.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_record_is_refused_with_file_and_field_in_one_short_line(tmp_path, kind):
    content, reason = BAD[kind]
    file = put(tmp_path / "bad", content)
    with pytest.raises(ThreeDieError) as caught:
        read_record(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert reason in message
    assert len(message) < 700
    assert message.isprintable()


@pytest.fixture(scope="module")
def all_kinds(tmp_path_factory):
    """A good record among one of each kind that is bad, and what isn't a file at all."""
    folder = tmp_path_factory.mktemp("kinds")
    for kind, (content, _) in BAD.items():
        put(folder / "runs" / kind, content)
    write_record(folder / "runs" / "good" / "record.json", GOOD)
    write_record(folder / "runs" / "other" / "record.json", make_record("other"))
    for name in ("folder", "loop", "nowhere", "pipe", "huge", "endless"):
        (folder / "runs" / name).mkdir()
    (folder / "runs" / "folder" / "record.json").mkdir()
    (folder / "runs" / "loop" / "record.json").symlink_to("record.json")
    (folder / "runs" / "nowhere" / "record.json").symlink_to("none.json")
    (folder / "runs" / "endless" / "record.json").symlink_to("/dev/zero")
    os.mkfifo(folder / "runs" / "pipe" / "record.json")
    with (folder / "runs" / "huge" / "record.json").open("wb") as file:
        file.truncate(2 * 2**30)
    # What Synology's file station and macOS leave behind isn't anybody's record.
    (folder / "runs" / "@eaDir" / "record.json").mkdir(parents=True)
    (folder / "runs" / ".ipynb_checkpoints").mkdir()
    (folder / "runs" / ".ipynb_checkpoints" / "record.json").write_text("{")
    return folder


def test_check_refuses_each_by_name_and_goes_on(all_kinds):
    began = time.monotonic()
    done = run("check", all_kinds / "runs")
    assert time.monotonic() - began < 20
    assert done.exit_code == 1
    bad = [*BAD, "folder", "loop", "nowhere", "pipe", "huge", "endless"]
    lines = done.stderr.splitlines()
    assert len(lines) == len(bad)
    for kind in bad:
        (line,) = [line for line in lines if f"/{kind}/record.json: " in line]
        assert line.startswith("refused  ")
    assert [line for line in done.stdout.splitlines() if line.startswith("good")] == [
        f"good     {all_kinds / 'runs' / name / 'record.json'}" for name in ("good", "other")
    ]
    assert f"2 of {len(bad) + 2} records are good" in done.stdout


def test_the_page_is_made_of_the_good_ones(all_kinds, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("<!-- leaderboard: begin -->\n<!-- leaderboard: end -->\n")
    done = run(all_kinds / "runs", "--into", readme, "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "2 records, from" in done.stdout
    assert all(f"/{kind}/record.json: " in done.stderr for kind in [*BAD, "folder", "loop", "nowhere", "pipe", "huge"])
    assert "the tables are made of the others" in done.stderr
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    for record in (GOOD, make_record("other")):
        assert record["id"] in page
    assert "| good (mini) |" in readme.read_text()
    alone = run(all_kinds / "runs" / "good", all_kinds / "runs" / "other", "-o", tmp_path / "alone")
    assert alone.exit_code == 0
    assert (tmp_path / "alone" / "index.html").read_bytes() == (tmp_path / "out" / "index.html").read_bytes()


def test_nothing_is_made_where_no_record_is_left(tmp_path):
    put(tmp_path / "runs" / "bad", "{")
    done = run(tmp_path / "runs", "-o", tmp_path / "out")
    assert isinstance(done.exception, ThreeDieError)
    assert "no record is left" in str(done.exception)
    assert "bad/record.json: not a JSON" in done.stderr
    assert not (tmp_path / "out").exists()


def test_what_check_refuses_is_in_no_table(tmp_path):
    impossible = make_record("impossible", top1=1.2)
    write_record(tmp_path / "runs" / "a" / "record.json", impossible)
    write_record(tmp_path / "runs" / "b" / "record.json", GOOD)
    write_record(tmp_path / "runs" / "c" / "record.json", {**GOOD, "warnings": [warning("another")]})
    done = run(tmp_path / "runs", "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "a/record.json: results[0].value: top1 of 1.2 can't be" in done.stderr
    assert "c/record.json: another record of" in done.stderr
    assert impossible["id"] not in (tmp_path / "out" / "leaderboard.csv").read_text()


def test_figures_are_drawn_of_the_good_ones(tmp_path):
    from threedie.benchmark.commands.bench import bench

    put(tmp_path / "runs" / "bad", BAD["an integer of 400 digits"][0])
    write_record(tmp_path / "runs" / "good" / "record.json", GOOD)
    words = ["figures", str(tmp_path / "runs"), "-o", str(tmp_path / "out"), "--only", "curves", "--only", "tradeoff"]
    done = CliRunner().invoke(bench, words)
    assert done.exit_code == 1
    assert "bad/record.json: results[0].value: an integer" in done.stderr
    assert (tmp_path / "out" / f"curves-{GOOD['id']}.png").is_file()
    assert (tmp_path / "out" / "tradeoff.png").is_file()


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"])
def test_a_byte_order_mark_is_no_part_of_a_record(tmp_path, mark):
    coding = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}[mark]
    assert read_record(put(tmp_path / "run", mark + TEXT.encode(coding))) == GOOD


def test_a_path_that_is_no_record_folder_is_named(tmp_path):
    with pytest.raises(ThreeDieError, match="none: no such file"):
        find_records([tmp_path / "none"])
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    with pytest.raises(ThreeDieError, match="loop"):
        read_records([loop])


def test_a_record_of_a_long_run_is_small_enough(tmp_path):
    record = make_record()
    record["curves"] = {name: [0.1234567890123] * 8000 for name in ("epoch", "loss", "a", "b", "c", "d", "e")}
    write_record(tmp_path / "record.json", record)
    assert (tmp_path / "record.json").stat().st_size < MAX_BYTES
    assert read_record(tmp_path / "record.json") == record


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_stays_a_text_in_every_output(text):
    record = hostile_record(text)
    page = render_page([record], [], None)
    plain = render_page([make_record()], [], None)
    assert page.count("<script") == plain.count("<script")
    assert all(sign not in page for sign in ("<img", "<svg/", "onerror=alert(1)>", "7777"))
    assert page.count("</style>") == page.count("</title>") == 1
    for row in csv.DictReader(io.StringIO(render_csv([record], []))):
        assert not row["method"].startswith(("=", "+", "-", "@", "＝"))
        assert not row["preset"].startswith(("=", "+", "-", "@", "＝"))
    for markdown in (render_markdown([record], []), render_summary([record])):
        assert all(sign not in markdown for sign in ("<script", "<img", "<svg", "<!--", "```"))
        table = [line for line in markdown.splitlines() if line.startswith("| ")]
        assert table
        if "$" in text:
            assert r"\$x^2\$" in markdown
    assert r"\input" not in render_latex([record], [])
    assert json.loads(render_json([record], []))["groups"][0]["protocol"]["name"] == text
    assert text.split()[0][:3] in results_table(record)


@pytest.mark.parametrize(
    "odd", [BIDI, "\u2066", "\u200f", NUL, "\x1b[2J", "\x85", "\u2028", HALF, "\ufeff", "\U000e0041"]
)
def test_hidden_characters_of_free_texts_are_replaced_in_every_output(odd):
    record = hostile_record("plain", free=f"a{odd}b")
    outputs = [
        render_page([record], [], None), render_markdown([record], []), render_summary([record]),
        render_csv([record], []), render_latex([record], []), render_json([record], []),
    ]  # fmt: skip
    for text in outputs:
        text.encode()
        assert odd[0] not in text
    assert "a\ufffd" in outputs[0]
    assert mask_hidden({odd: [f"x{odd[0]}", 1, None]})
    assert mask_hidden("a\tb\nc é中文🙂") == "a\tb\nc é中文🙂"


def sizes(records):
    return {
        "page": len(render_page(records, [], None)), "markdown": len(render_markdown(records, [])),
        "summary": len(render_summary(records)), "csv": len(render_csv(records, [])),
        "latex": len(render_latex(records, [])), "json": len(render_json(records, [])),
    }  # fmt: skip


def grown(kind: str, size: int):
    """A record with a part of it of a size, and its length as JSON."""
    record = make_record("m")
    if kind == "name":
        record["method"]["name"] = "&" * size
    elif kind == "results":
        record["results"] = [result(f"task {n}", "score", "all", 0.5) for n in range(size)]
    elif kind == "warnings":
        record["warnings"] = [warning(f"w{n}") for n in range(size)]
    elif kind == "config":
        record["config"] |= {f"k{n}": '"' * 100 for n in range(size)}
    elif kind == "options":
        record["method"]["options"] = {f"k{n}": "<" * 10 for n in range(size)}
    elif kind == "curves":
        record["curves"] = {"epoch": [1], **{f"c{n}": [1] for n in range(size)}}
    validate(record)
    return record


@pytest.mark.parametrize(
    ("kind", "size"),
    [("name", 90), ("results", 400), ("warnings", 90), ("config", 900), ("options", 40), ("curves", 45)],
)
def test_no_output_grows_faster_than_its_input(kind, size):
    # Another row of the same method, so that what differs is named in every table.
    beside = make_record("m", seed=1)
    half, whole = grown(kind, size), grown(kind, 2 * size)
    none = sizes([make_record("m"), beside])
    small, large = sizes([half, beside]), sizes([whole, beside])
    for name in none:
        assert large[name] - none[name] <= 2.3 * max(small[name] - none[name], 0) + 2000, name
        assert large[name] <= 40 * len(json.dumps([whole, beside])) + 60_000, name


def test_a_long_setting_is_shortened_where_it_tells_rows_apart():
    one, other = make_record("m"), make_record("m", seed=1)
    other["config"]["note"] = "x" * 3000
    (group,) = measured([one, other])
    assert max(len(entry.variant) for entry in group.entries) < 200
    assert "x" * 3000 in render_page([one, other], [], None)


def test_curves_of_the_largest_numbers_are_drawn():
    record = make_record()
    record["curves"] = {"epoch": [1, 2, 3], "loss": [-1.7e308, 1.7e308, 0.0]}
    validate(record)
    page = render_page([record], [], None)
    assert "nan" not in page.split("<polyline")[1].split("/>")[0]
    assert 'points="0.0,64.0 110.0,0.0 220.0,32.0"' in page


def test_a_record_without_floors_is_shown():
    record = make_record()
    record["results"] = [{**row, "floor": None, "floor_note": None} for row in record["results"]]
    validate(record)
    assert "–" in results_table(record)
    assert "50.0" in render_page([record], [], None)


def test_weights_from_elsewhere_with_some_of_their_training_known():
    record = make_record()
    record["origin"] |= {"weights": "imported", "source": "a paper's page"}
    record["times"]["train_s"] = None
    validate(record)
    assert "3 epochs, 36 steps in unknown time" in render_page([record], [], None)
    record["checkpoint"]["epochs"] = None
    validate(record)
    assert "elsewhere (a paper&#39;s page)" in render_page([record], [], None)
