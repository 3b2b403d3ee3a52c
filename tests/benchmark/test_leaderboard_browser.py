"""The page in a real browser: its script runs under its own policy, sorts, and opens what a number leads to."""

import html
import re
import shutil
import subprocess

import pytest
from record_samples import make_record

from benchmark.leaderboard.page import render_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")]

RECORDS = [
    make_record("middle", top1=0.5, rotation=0.5, parts=("all",)),
    make_record("first", top1=0.9, rotation=0.3),
    make_record("last", top1=0.2, rotation=0.9, parts=("all",)),
]

STEPS = """
const rows = (column) => Array.from(table.tBodies[table.tBodies.length - 1].rows,
  (row) => row.cells[0].querySelector("a").textContent + " " + row.cells[column].innerText.split("\\n")[0]).join(", ");
const table = document.querySelector("table.sortable");
const press = (column) => table.querySelector(`th[data-column="${column}"] button`).click();
const seen = [];
const look = (column) => seen.push(rows(column));
look(4);
press(4); look(4);
press(4); look(4);
press(5); look(5);
press(0); look(0);
seen.push(table.querySelectorAll("th[aria-sort]").length);
const before = document.getElementById("m1-2").closest("details").open;
location.hash = "#m1-2";
setTimeout(() => {
  seen.push(`${before} ${document.getElementById("m1-2").closest("details").open}`);
  document.title = seen.join(" | ");
}, 200);
"""


def browse(page, profile):
    """The page's source after its script has run, and what the browser complained about."""
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        "--disable-component-update", "--no-first-run", f"--user-data-dir={profile}", "--enable-logging=stderr",
        "--virtual-time-budget=2000", "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def test_the_script_runs_under_the_page_s_own_policy(tmp_path):
    (tmp_path / "index.html").write_text(render_page(RECORDS, [], None), encoding="utf-8")
    source, complaints = browse(tmp_path / "index.html", tmp_path / "profile")
    assert source.count("<button") > 7
    assert complaints == []


def test_columns_sort_and_numbers_lead_to_open_details(tmp_path):
    text = render_page(RECORDS, [], None)
    text = re.sub(r"<meta http-equiv=[^>]*>", "", text).replace("</body>", f"<script>{STEPS}</script></body>")
    (tmp_path / "index.html").write_text(text, encoding="utf-8")
    source, complaints = browse(tmp_path / "index.html", tmp_path / "profile")
    title = re.search(r"<title>(.*?)</title>", source)
    assert complaints == []
    assert html.unescape(title[1]).split(" | ") == [
        "first 0.300, middle 0.500, last 0.900",
        "last 0.900, middle 0.500, first 0.300",
        "first 0.300, middle 0.500, last 0.900",
        "first 0.300, middle –, last –",
        "first first, last last, middle middle",
        "1",
        "false true",
    ]
