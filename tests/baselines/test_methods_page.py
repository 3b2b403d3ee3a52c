"""METHODS.md's tables are the catalogue's; `python tests/baselines/test_methods_page.py` writes them again."""

import re
from pathlib import Path

import pytest

from threedie.baselines.catalogue import CATALOGUE
from threedie.baselines.registry import METHODS, method_options
from threedie.manifests.actions import ACTIONS, METHOD_ACTIONS

PAGE = Path(__file__).parents[2] / "METHODS.md"


def methods_table() -> str:
    """A row for each method of the catalogue."""
    lines = ["| method | family | idea | loss | action | paper | command |", "|---|---|---|---|---|---|---|"]
    for name, about in CATALOGUE.items():
        file = f"baselines/{about.module.rsplit('.', 1)[-1]}.py"
        actions = "any" if about.actions == METHOD_ACTIONS else ", ".join(about.actions) or "none"
        paper = re.sub(r"^(.*), arXiv (\S+)$", r"[\1](https://arxiv.org/abs/\2)", about.paper)
        command = f"3die bench run {name} {about.arguments}".strip()
        cells = [
            f"[`{name}`]({file})",
            about.family,
            about.idea.rstrip("."),
            about.loss,
            actions,
            paper,
            f"`{command}`",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def actions_table() -> str:
    """A row for each action that a method may be trained with."""
    rows = [f"| `{name}` | {ACTIONS[name].size} | {ACTIONS[name].formula} |" for name in METHOD_ACTIONS]
    return "\n".join(["| action | numbers | formula |", "|---|---|---|", *rows])


TABLES = {"methods": methods_table, "actions": actions_table}


def replaced(text: str, name: str) -> str:
    """The page with one of its tables made anew, between the two markers of its name."""
    begin, end = f"<!-- {name}: begin -->\n", f"\n<!-- {name}: end -->"
    before, rest = text.split(begin)
    return before + begin + TABLES[name]() + end + rest.split(end)[1]


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_those_of_the_catalogue(name):
    text = PAGE.read_text(encoding="utf-8")
    assert replaced(text, name) == text, "run: python tests/baselines/test_methods_page.py"


def test_every_option_of_a_method_has_a_row():
    options = PAGE.read_text(encoding="utf-8").split("## Options")[1].split("\n## ")[0]
    rows = [line.split("|") for line in options.splitlines() if line.startswith("| `")]
    described = {
        (method, option) for row in rows for option in re.findall(r"`(\w+)`", row[1]) for method in row[2].split(", ")
    }
    described = {(method.strip(), option) for method, option in described}
    assert described == {(name, option) for name in METHODS for option in method_options(name)}


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    for table in TABLES:
        page = replaced(page, table)
    PAGE.write_text(page, encoding="utf-8")
