"""Pages of the documentation site that don't lie in docs/: a hook of mkdocs.

README.md is its first page; METHODS.md, CONTRIBUTING.md and CHANGELOG.md are pages too, and so is every file of the
repository that a page links to. Links are changed accordingly.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

import threedie

REPO = Path(__file__).parents[1]
DOCS = "docs"
TOP = {"README.md": "index.md", "METHODS.md": "methods.md", "CONTRIBUTING.md": "contributing.md",
       "CHANGELOG.md": "changelog.md"}  # fmt: skip
"""Page at the top of the repository -> its name in the site."""
_BACK = {page: source for source, page in TOP.items()}
_LINK = re.compile(r"(\]\()(?!https?://|mailto:|#)([^)#\s]+)((?:#[^)]*)?\))")
_API_PAGE = "api.md"
_LANGUAGES = {".py": "python", ".toml": "toml"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add pages that `nav` doesn't name to its end, so that none is missing."""
    assert config.nav is not None
    named = set(_names(config.nav))
    folder = Path(config.docs_dir)
    pages = [path.relative_to(folder).as_posix() for path in sorted(folder.glob("*.md"))]
    rest = [page for page in pages if page not in named]
    if rest:
        config.nav.append({"More": rest})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from outside docs/."""
    texts = {page: (REPO / source).read_text(encoding="utf-8") for source, page in TOP.items()}
    pages = {file.src_uri: file.content_string for file in files.documentation_pages()} | texts
    waiting = [target for page, text in pages.items() for target in _targets(page, text)]
    while waiting:
        target = waiting.pop()
        page = _page_of(target)
        if page not in texts and not target.startswith(DOCS + "/") and (REPO / target).exists():
            texts[page] = _source_page(target)
            waiting += _targets(page, texts[page])
    for page, text in texts.items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links to where the site has their targets, and write the reference of the Python API."""
    here = page.file.src_uri

    def moved(match: re.Match[str]) -> str:
        target = _page_of(_resolved(here, match[2]))
        return match[1] + posixpath.relpath(target, posixpath.dirname(here) or ".") + match[3]

    text = _LINK.sub(moved, markdown)
    if here == _API_PAGE:
        text += "".join(_reference(name) for name in _public())
    return text


def _public() -> dict[str, object]:
    names = [name for name in threedie.__all__ if name != "__version__"]  # type: ignore[attr-defined]
    return {name: getattr(threedie, name) for name in names}


def _reference(name: str) -> str:
    """The directive for a public name: with the members of its bases, where these aren't on the page themselves."""
    value, others = getattr(threedie, name), _public().values()
    inherits = isinstance(value, type) and not any(base in others for base in value.__mro__[1:])
    return f"\n\n::: threedie.{name}\n    options:\n      inherited_members: {str(inherits).lower()}\n"


def _names(nav: list[object]) -> Iterator[str]:
    for entry in nav:
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, dict):
            for value in entry.values():
                yield from _names(value if isinstance(value, list) else [value])


def _targets(page: str, text: str) -> list[str]:
    return [_resolved(page, match[2]) for match in _LINK.finditer(text)]


def _resolved(page: str, link: str) -> str:
    """The repository's file that a link of a page leads to."""
    here = _BACK.get(page) or _source_of(page) or f"{DOCS}/{page}"
    return posixpath.normpath(posixpath.join(posixpath.dirname(here), link))


def _source_of(page: str) -> str | None:
    if not page.startswith("source/"):
        return None
    return page.removeprefix("source/").removesuffix(".md")


def _page_of(target: str) -> str:
    """Where the site has a file of the repository."""
    if target.startswith(DOCS + "/"):
        return target.removeprefix(DOCS + "/")
    return TOP.get(target) or f"source/{target.removesuffix('.md')}.md"


def _source_page(target: str) -> str:
    path = REPO / target
    if path.is_dir():
        files = sorted(each.name for each in path.iterdir() if each.is_file() and not each.name.startswith("."))
        return f"# {target}/\n\n" + "\n".join(f"- [{name}]({path.name}/{name})" for name in files) + "\n"
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return text
    language = _LANGUAGES.get(PurePosixPath(target).suffix, "text")
    return f"# {target}\n\n````{language}\n{text.rstrip()}\n````\n"
