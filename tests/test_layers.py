"""Who may import whom: the tables of docs/architecture.md."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "manifests": set(),
    "render": {"manifests"},
    "baselines": {"manifests"},
    "benchmark": {"manifests", "baselines"},
}
"""Folder -> other folders that it may import."""
SHARED = {"actions", "classes", "suggest"}
"""What baselines may import of manifests: modules without further requirements."""
ROOMS = (
    "commands", "tuning", "runs", "figures", "leaderboard", "records", "evaluation", "training", "tasks", "data",
    "settings",
)  # fmt: skip
"""Rooms of benchmark/, from the top floor down: each imports only those below it."""
APART = {("runs", "figures"), ("runs", "leaderboard"), ("leaderboard", "evaluation"), ("leaderboard", "training")}
"""Rooms on different floors that don't import each other all the same."""


def imported(file: Path) -> set[str]:
    """Modules that a file imports anywhere, by their full names."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def packages(file: Path) -> set[str]:
    """Folders of threedie that a file imports."""
    return {name.split(".")[1] for name in imported(file) if name.startswith("threedie.")}


def rooms(file: Path) -> set[str]:
    """Rooms of benchmark that a file imports."""
    return {name.split(".")[2] for name in imported(file) if name.startswith("threedie.benchmark.")}


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_what_they_may(package: str) -> None:
    files = list((ROOT / package).rglob("*.py"))
    assert files
    forbidden = PACKAGES.keys() - PACKAGES[package] - {package}
    assert {file.name: names for file in files if (names := packages(file) & forbidden)} == {}


def test_methods_import_little_of_manifests() -> None:
    files = list((ROOT / "baselines").rglob("*.py"))
    names = {name.split(".")[2] for file in files for name in imported(file) if name.startswith("threedie.manifests.")}
    assert names == SHARED


def test_every_module_of_benchmark_is_in_a_room() -> None:
    inside = {path.name for path in (ROOT / "benchmark").iterdir() if path.name not in {"__init__.py", "__pycache__"}}
    assert inside == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_import_only_rooms_below(room: str) -> None:
    above = {*ROOMS[: ROOMS.index(room)]}
    for pair in APART:
        if room in pair:
            above |= {*pair} - {room}
    files = list((ROOT / "benchmark" / room).rglob("*.py"))
    assert files
    assert {file.name: names for file in files if (names := rooms(file) & above)} == {}
