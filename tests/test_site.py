"""The documentation as a site: it builds without a warning, has every page and public name, and fetches nothing."""

import os
import re
import subprocess
import sys
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml
from browser import CHROMIUM, DRIVER, Browser
from slurm_cluster import wait_for

import threedie

REPO = Path(__file__).parents[1]
pytestmark = pytest.mark.slow
FETCHED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}
LINKS_ONLY = ("canonical", "next", "prev", "edit")


class Fetched(HTMLParser):
    """Addresses that a browser loads by itself to show a page."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        address = values.get(FETCHED.get(tag, ""))
        if address and values.get("rel") not in LINKS_ONLY:
            self.addresses.append(address)


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    environment = {**os.environ, "PYTHONPATH": str(REPO), "NO_MKDOCS_2_WARNING": "1"}
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(words, cwd=REPO, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


def test_every_page_is_in_the_site(site: Path) -> None:
    pages = {path.stem for path in (REPO / "docs").glob("*.md")} | {"index", "methods", "contributing", "changelog"}
    assert pages <= {path.stem for path in site.glob("*.html")}
    source = (site / "source" / "baselines" / "two_view.py.html").read_text("utf-8")
    assert "class TwoViewMethod" in re.sub("<[^>]*>", "", source), "a file that a page links to"


def test_every_public_name_has_its_docstring(site: Path) -> None:
    page = (site / "api.html").read_text("utf-8")
    for name in threedie.__all__:
        assert name == "__version__" or f'id="threedie.{name}"' in page, name
    text = re.sub(r"\s+", " ", re.sub("<[^>]*>", "", page))
    for name in ("Dataset", "PairDataset", "Run", "evaluate_features", "solve_bands"):
        first = getattr(threedie, name).__doc__.split("\n")[0].replace("`", "")
        assert first.replace("'", "&#39;") in text or first in text, name


def test_links_between_pages_lead_to_headings_that_exist(site: Path) -> None:
    for path in site.glob("*.html"):
        for target, heading in re.findall(r'href="((?!https?:)[^"#]*\.html)?#([^"]+)"', path.read_text("utf-8")):
            page = (path.parent / target) if target else path
            assert page.is_file(), f"{path.name}: {target}"
            anchors = (f'id="{heading}"', f'name="{heading}"')
            assert any(anchor in page.read_text("utf-8") for anchor in anchors), f"{path.name}: {target}#{heading}"


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    for path in site.rglob("*.html"):
        parser = Fetched()
        parser.feed(path.read_text("utf-8"))
        outside = [each for each in parser.addresses if re.match(r"(https?:)?//", each)]
        assert not outside, f"{path.relative_to(site)}: {outside}"
    for path in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//", path.read_text("utf-8")), path.name


@pytest.mark.browser
@pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Chromium and its driver")
def test_a_browser_fetches_only_files_of_the_site_and_search_works(site: Path, tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(site))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        with Browser(tmp_path / "profile") as browser:
            for page in ("index.html", "api.html", "classes.html"):
                browser.run("location.href = arguments[0]", address + page)
                wait_for(lambda: browser.run("return document.readyState") == "complete", 30, str)
            typed = "const box = document.querySelector('[data-md-component=search-query]'); box.focus(); "
            browser.run(typed + "box.value = 'retrieval'; box.dispatchEvent(new Event('keyup'));")
            shown = "return document.querySelectorAll('.md-search-result__item').length"
            wait_for(lambda: browser.run(shown), 30, lambda: str(browser.complaints()))
            fetched = browser.run("return performance.getEntriesByType('resource').map(entry => entry.name)")
            assert fetched
            assert [each for each in fetched if not each.startswith(("data:", "blob:", address))] == []
            assert browser.complaints() == []
        server.shutdown()


def test_the_page_of_classes_is_written_anew() -> None:
    script = (
        "import sys; sys.path.insert(0, 'docs'); import generate_classes as page; print(page.render_page(), end='')"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=REPO, capture_output=True, text=True, check=True)
    assert done.stdout == (REPO / "docs" / "classes.md").read_text("utf-8"), "write it: python docs/generate_classes.py"
    assert (REPO / "docs" / "classes.jpg").stat().st_size < 400_000


def test_the_citation_agrees_with_the_readme() -> None:
    citation = yaml.safe_load((REPO / "CITATION.cff").read_text("utf-8"))
    readme = (REPO / "README.md").read_text("utf-8")
    assert citation["version"] == threedie.__version__
    assert f"version = {{{threedie.__version__}}}" in readme
    paper = citation["references"][0]
    assert paper["title"] in readme
    assert f"pages = {{{paper['start']}--{paper['end']}}}" in readme
    assert f"volume = {{{paper['volume']}}}" in readme
    assert citation["cff-version"] == "1.2.0"
    assert all(citation[key] for key in ("message", "title", "authors"))
