"""The page in a real browser: its script runs under its own policy, sorts, filters, opens what a number leads to."""

import base64
from pathlib import Path

import pytest
from browser import CHROMIUM, DRIVER, ENTER, TAB, Browser
from record_samples import HOSTILE, hostile_record, make_record

from threedie.benchmark.leaderboard.groups import measured
from threedie.benchmark.leaderboard.page import render_page
from threedie.benchmark.leaderboard.pictures import Picture
from threedie.benchmark.leaderboard.published import published_records
from threedie.benchmark.records.record import read_records, validate

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Chromium and its driver"),
]

MINI = Path(__file__).parents[2] / "docs" / "history" / "mini" / "records"
PUBLISHED = published_records()
RECORDS = [
    make_record("vicreg", top1=0.5, rotation=0.5, parts=("all",)),
    make_record("sie", top1=0.9, rotation=0.3),
    make_record("supervised", top1=0.2, rotation=0.9, parts=("all",)),
]
DRAWING = (
    "<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' width='900' height='300'>"
    "<rect width='900' height='300' fill='teal'/></svg>"
)
FIGURE = Picture(
    "A drawing",
    "A teal box.",
    tuple(record["id"] for record in RECORDS),
    measured(RECORDS)[0].key,
    "data:image/svg+xml;base64," + base64.b64encode(DRAWING.encode()).decode(),
    900,
    300,
)
ROWS = """
const table = document.querySelectorAll("table.sortable")[arguments[0]];
return Array.from(table.tBodies[table.tBodies.length - 1].rows).filter((row) => row.checkVisibility()).map(
  (row) => Array.from(row.cells).filter((cell) => cell.checkVisibility()).map(
    (cell) => cell.innerText.split("\\n")[0]));
"""
CHOOSE = """
const select = document.querySelector(`.filters select[name="${arguments[0]}"]`);
select.value = arguments[1];
select.dispatchEvent(new Event("change", {bubbles: true}));
return document.querySelector(".filters output").textContent;
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(render_page(RECORDS, PUBLISHED, None, [FIGURE]), encoding="utf-8")
    return path


def column(browser, place, table=0):
    return [f"{row[0]} {row[place]}" for row in browser.run(ROWS, table)]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1400, 1280, 375])
def test_the_page_runs_without_complaint_in_both_themes_and_on_a_phone(browser, page, dark, width):
    browser.open(page, width, 800, dark)
    assert browser.run("return document.querySelectorAll('th button').length") > 7
    assert browser.complaints() == []
    # Only what is made to scroll is wider than the window.
    assert browser.run("return document.documentElement.scrollWidth") <= width
    ink, paper = browser.run("const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]")
    brightness = [sum(map(int, color[4:-1].split(","))) for color in (ink, paper)]
    assert (brightness[0] > brightness[1]) == dark
    assert abs(brightness[0] - brightness[1]) > 450
    assert browser.run("const i = document.querySelector('.drawn img'); return i.complete && i.naturalWidth") == 900


def test_columns_sort_by_mouse_and_by_keyboard(browser, page):
    browser.open(page)
    assert column(browser, 1) == ["sie 90.0", "vicreg 50.0", "supervised 20.0"]
    # A head shows that it sorts, before anything was sorted.
    mark = "return getComputedStyle(document.querySelector('th[data-column=\"1\"] button'), '::after').content"
    assert "↕" in browser.run(mark)
    press = 'table.sortable th[data-column="1"] button'
    browser.click(press)
    assert column(browser, 1) == ["sie 90.0", "vicreg 50.0", "supervised 20.0"]
    assert "↓" in browser.run(mark)
    browser.press(ENTER)
    assert column(browser, 1) == ["supervised 20.0", "vicreg 50.0", "sie 90.0"]
    browser.press(TAB, ENTER)
    assert browser.run("return document.activeElement.closest('th').dataset.column") == "2"
    assert column(browser, 2) == ["supervised 0.900", "vicreg 0.500", "sie 0.300"]
    browser.click('table.sortable th[data-column="0"] button')
    assert [row[0] for row in browser.run(ROWS, 0)] == ["sie", "supervised", "vicreg"]
    assert browser.run("return document.querySelectorAll('th[aria-sort]').length") == 1
    assert browser.complaints() == []


def test_filters_by_family_part_and_origin(browser, page):
    browser.open(page)
    total = len(RECORDS) + len(
        {(r["origin"]["source"], r["method"]["name"], r["dataset"]["preset"]) for r in PUBLISHED}
    )
    assert browser.run(CHOOSE, "family", "") == f"{total} of {total} rows"
    browser.run(CHOOSE, "family", "split")
    assert [row[0] for row in browser.run(ROWS, 0)] == ["sie"]
    browser.run(CHOOSE, "family", "")
    browser.run(CHOOSE, "part", "equivariant")
    # The first table is of whole representations, the second of parts.
    shown = "return Array.from(document.querySelectorAll('table')).slice(0, 2).map((table) => table.checkVisibility())"
    assert browser.run(shown) == [False, True]
    assert browser.run(ROWS, 1) == [["sie", "90.0", "0.300"]]
    heads = "return Array.from(document.querySelectorAll('table')[1].tHead.rows[0].cells, (cell) => cell.colSpan)"
    assert browser.run(heads) == [1, 1, 1]
    browser.run(CHOOSE, "part", "")
    assert browser.run(heads) == [1, 2, 2]
    assert browser.run(shown) == [True, True]
    assert browser.run(CHOOSE, "origin", "measured") == f"{len(RECORDS)} of {total} rows"
    assert not browser.run("return document.querySelector('[data-origin=published]').checkVisibility()")
    assert browser.run(CHOOSE, "origin", "") == f"{total} of {total} rows"
    assert browser.complaints() == []


def test_a_number_leads_to_its_record(browser, page):
    browser.open(page)
    opened = "return document.getElementById('m1-1').closest('details').open"
    assert not browser.run(opened)
    browser.click('a[href="#m1-1"]')
    assert browser.run(opened)
    text = browser.run("return document.getElementById('m1-1').innerText")
    record = RECORDS[1]
    needed = [record["id"], record["code"]["commit"], record["dataset"]["fingerprint"], "a processor", "6 min 52 s"]
    assert all(each in text for each in [*needed, "learning_rate = 0.001"])


def test_it_can_be_read_without_script(browser, page):
    browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(page)
        browser.click('a[href="#m1-1"]')
    finally:
        browser.devtools("Emulation.setScriptExecutionDisabled", value=False)
    assert browser.run("return document.querySelectorAll('button, select').length") == 0
    # The target's details open by the browser's own doing, or by the reader's.
    browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert "a processor" in browser.run("return document.body.innerText")


def test_hostile_strings_run_nothing(browser, tmp_path):
    record = make_record(
        "x", warnings=["<script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">"]
    )
    record["method"]["name"] = "</script><script>document.title='taken'</script>"
    (tmp_path / "index.html").write_text(render_page([record], [], None), encoding="utf-8")
    browser.open(tmp_path / "index.html")
    assert browser.run("return document.title") == "3die leaderboard"
    assert browser.complaints() == []


def test_hostile_text_in_every_field_is_shown_and_does_nothing(browser, tmp_path):
    more = ["</script><script>document.title = 'taken'</script>", "<img src=x onerror=\"document.title='taken'\">"]
    more.append("W" * 90)
    records = [hostile_record(text, f"{text}\u202e\x00\ud800{text}") for text in (*HOSTILE, *more)]
    for number, record in enumerate(records):
        record["id"] = f"run-{number}"
        validate(record)
    page = tmp_path / "index.html"
    page.write_text(render_page(records, PUBLISHED, None), encoding="utf-8")
    browser.open(page, 375, 800)
    assert browser.run("return document.title") == "3die leaderboard"
    assert browser.complaints() == []
    count = "return document.querySelectorAll(arguments[0]).length"
    assert browser.run(count, "script") == browser.run(count, "style") == 1
    assert browser.run(count, "img, iframe, object, [onload], [onerror], [onclick]") == 0
    assert browser.run(count, "section[data-origin=measured]") == len(records)
    assert browser.run("return document.documentElement.scrollWidth") <= 375
    names = browser.run(
        "return Array.from(document.querySelectorAll('section[data-origin=measured] > details:not(.more) > summary'), "
        "(one) => one.firstChild.data.trim())"
    )
    assert sorted(" ".join(name.split()) for name in names) == sorted((*HOSTILE, *more))
    assert "\u202e" not in browser.run("return document.body.textContent")


def test_no_table_is_wider_than_a_window_of_1400_pixels(browser, tmp_path):
    """With all main metrics, their intervals, and rows of which some have parts and some a predictor."""
    page = tmp_path / "index.html"
    page.write_text(render_page(read_records([MINI]), PUBLISHED, None), encoding="utf-8")
    browser.open(page, 1400, 900)
    browser.run("document.querySelectorAll('details.more').forEach((one) => { one.open = true; })")
    wider = """return Array.from(document.querySelectorAll('.scroll'))
      .filter((one) => one.scrollWidth > one.clientWidth).length"""
    assert browser.run("return document.querySelectorAll('.scroll').length") > 20
    assert browser.run(wider) == 0
    # No column has more dashes than numbers.
    dashes = """return Array.from(document.querySelectorAll('[data-origin=measured] table')).flatMap((table) => {
      const rows = Array.from(table.tBodies[table.tBodies.length - 1].rows);
      const empty = (place) => rows.filter((row) => row.cells[place].classList.contains('none'));
      return Array.from(rows[0].cells, (_, place) => empty(place).length / rows.length);
    }).filter((share) => share > 0.5).length"""
    assert browser.run(dashes) == 0
    assert browser.complaints() == []
