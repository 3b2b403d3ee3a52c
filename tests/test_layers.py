"""Which of the packages may import which: the table of CONTRIBUTING.md."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {"manifests": set(), "render": {"manifests"}, "baselines": set(), "benchmark": {"manifests", "baselines"}}


def imported(file: Path) -> set[str]:
    """Top packages that a file imports anywhere."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
        elif isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
    return names


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_packages_import_only_what_they_may(package: str) -> None:
    files = list((ROOT / package).rglob("*.py"))
    assert files
    forbidden = MAY_IMPORT.keys() - MAY_IMPORT[package] - {package}
    assert {file.name: found for file in files if (found := imported(file) & forbidden)} == {}
