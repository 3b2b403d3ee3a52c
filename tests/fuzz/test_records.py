"""Mutated records through the reader, the check and every output; mutated Markdown through `--into`."""

import json
import random
from pathlib import Path

import pytest
from mutations import examples, fuzz, mutate
from record_samples import make_record, result

from threedie.benchmark.leaderboard.check import check_folder
from threedie.benchmark.leaderboard.export import render_csv, render_json
from threedie.benchmark.leaderboard.insert import BEGIN, END, insert
from threedie.benchmark.leaderboard.latex import render_latex
from threedie.benchmark.leaderboard.markdown import render_markdown, render_summary
from threedie.benchmark.leaderboard.page import render_page
from threedie.benchmark.leaderboard.pictures import INDEX_FILE, read_pictures
from threedie.benchmark.leaderboard.ranges import impossible_values
from threedie.benchmark.records.record import read_record
from threedie.benchmark.runs.summary import results_table
from threedie.manifests.errors import ThreeDieError

pytestmark = pytest.mark.fuzz

ODD = [
    None, True, False, 0, -1, 1, 2.0, 0.5, 1e308, -1e308, 5e-324, 10**30, 10**400, float("nan"), float("inf"), "", " ",
    "x", "x" * 5000, "\u202ex", "\ud800", "\x00", "<script>", "=1", "|", "\n", "`", [], {}, [None], [[[]]], {"": None},
    "published", "measured", "imported", "embedding", "equivariant", [1, 2], ["all", "all"], {"epoch": []}, "0 to 15",
    {"a": {}},
]  # fmt: skip


def samples():
    whole = make_record()
    whole["results"] += [
        result("retrieval", "mrr", "equivariant", 0.3, 0.1, version=2, input="embedding", interval=[0.2, 0.4]),
        result("rank", "effective_rank", "all", 12.0, 1.0),
        result("rank", "first_share", "all", 0.4, 1.0, higher_is_better=False, main=False, deviation=0.1),
    ]
    whole["breakdowns"] = [{
        "task": "rotation", "version": 1, "metric": "geodesic_mean_deg", "part": "all", "input": "representation",
        "higher_is_better": False, "by": "rotation_deg", "groups": ["0 to 15", "15 to 30"], "values": [20.0, None],
        "floors": [90.0, None], "counts": [7, 0],
    }]  # fmt: skip
    whole["evaluation"] = {
        "head_seeds": 3, "head_sources": ["representation"], "bootstrap_draws": 1000, "interval": 0.95,
    }  # fmt: skip
    imported = make_record(
        "elsewhere", origin={"kind": "measured", "weights": "imported", "source": "a file"}, seed=None
    )
    imported["checkpoint"] |= {"epochs": None, "steps": None}
    imported["times"]["train_s"] = None
    imported["trained_on"] = imported["dataset"]
    paper = make_record(
        "paper",
        origin={"kind": "published", "source": "a paper"},
        published={"seen": "paper", "epochs": 3, "notes": ["a note"]},
    )
    paper |= dict.fromkeys(
        ["config", "seed", "code", "checkpoint", "hardware", "libraries", "times", "curves", "warnings"]
    )
    paper["dataset"] = {**dict.fromkeys(paper["dataset"]), "preset": "3diebench"}
    paper["method"] |= {"options": None, "parts": None, "parameters": None}
    return [whole, imported, paper]


def places(value, path=()):
    found = [path] if path else []
    if isinstance(value, dict):
        return found + [place for key in value for place in places(value[key], (*path, key))]
    if isinstance(value, list):
        return found + [place for index, entry in enumerate(value) for place in places(entry, (*path, index))]
    return found


def changed(record, seed: int):
    """A record with one to three fields replaced, taken away, doubled or added."""
    raw = random.Random(seed)
    record = json.loads(json.dumps(record))
    for _ in range(raw.randint(1, 3)):
        *way, last = raw.choice(places(record))
        place = record
        for step in way:
            place = place[step]
        kind = raw.randrange(6)
        if kind == 0:
            del place[last]
        elif kind == 1 and isinstance(place, list):
            place.insert(raw.randrange(len(place) + 1), place[last])
        elif kind == 1:
            place[raw.choice(["extra", "", "\u202e", "x" * 300, "value", "epoch"])] = raw.choice(ODD)
        else:
            place[last] = raw.choice(ODD)
    return record


def use(record):
    """Everything that is done with a record that was read."""
    reasons = list(impossible_values(record))
    assert all(isinstance(reason, str) and "\n" not in reason for reason in reasons)
    other = make_record("other")
    # Whatever the check refuses never gets so far.
    rows = [other] if reasons else [record, other]
    for render in (
        lambda: render_page(rows, [], None), lambda: render_markdown(rows, []), lambda: render_summary(rows),
        lambda: render_csv(rows, []), lambda: render_latex(rows, []), lambda: render_json(rows, []),
    ):  # fmt: skip
        text = render()
        text.encode()
        assert "<script>alert" not in text
    results_table(record)


def test_records_with_flipped_bytes(tmp_path):
    whole = [json.dumps(sample, indent=1).encode() for sample in samples()]
    fuzz(whole, lambda path: use(read_record(path)), tmp_path, "record.json")


@pytest.mark.parametrize("which", range(3), ids=["measured", "imported", "published"])
def test_records_with_changed_fields(tmp_path, which):
    path = tmp_path / "record.json"
    refused = {}
    for seed in range(examples(200)):
        path.write_text(json.dumps(changed(samples()[which], seed)), encoding="utf-8")
        try:
            record = read_record(path)
        except ThreeDieError as error:
            refused[seed] = str(error)
        else:
            use(record)
    assert 0 < len(refused) < examples(200)
    for seed, message in refused.items():
        assert message.startswith(f"{path}: "), seed
        assert message.isprintable(), seed
        assert len(message) < 2000, seed


def test_check_never_ends_early(tmp_path):
    for seed in range(60):
        (tmp_path / str(seed)).mkdir()
        (tmp_path / str(seed) / "record.json").write_bytes(mutate(json.dumps(samples()[seed % 3]).encode(), seed))
    verdicts = check_folder(tmp_path)
    assert len(verdicts) == 60
    assert all(verdict.reason is None or verdict.reason.isprintable() for verdict in verdicts)


def test_lists_of_figures(tmp_path):
    row = {
        "kind": "maps", "title": "T", "caption": "C", "records": ["x"], "group": "", "png": "a.png", "svg": "a.svg",
        "size": [300, 200],
    }  # fmt: skip

    def read(path: Path):
        (path.parent / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        (path.parent / "a.svg").write_text("<?xml version='1.0'?>")
        read_pictures([path.parent])

    def named(path: Path):
        try:
            read(path)
        except ThreeDieError as error:
            # Of a file that the list names, the message names that file.
            if str(path.parent) in str(error):
                raise ThreeDieError(f"{INDEX_FILE}: {error}") from error
            raise

    fuzz([json.dumps({"format": 1, "figures": [row, row]}).encode()], named, tmp_path, INDEX_FILE)


def test_markdown_that_tables_go_into(tmp_path):
    text = f"# A\r\n\r\n```\n{BEGIN}\n```\n\n{BEGIN}\nstale\n{END}\nend é"

    def into(path: Path):
        before = path.read_bytes()
        try:
            insert(path, "| new |\n")
        except ThreeDieError:
            assert path.read_bytes() == before
            raise
        after = path.read_bytes()
        # What was before the markers and after them is there to the byte.
        new = after.index(b"| new |")
        head, tail = after[:new].rstrip(b"\r\n"), after[new + len(b"| new |") :].lstrip(b"\r\n")
        assert head.rstrip(b" \t").endswith(BEGIN.encode())
        assert tail.startswith(END.encode())
        assert before.startswith(head)
        assert before.endswith(tail)

    fuzz([text.encode(), text.replace("\n", "\r\n").encode(), f"{BEGIN}\r{END}".encode()], into, tmp_path, "README.md")
