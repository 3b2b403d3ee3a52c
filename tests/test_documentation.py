"""The commands of the README and the docs, run as they stand but at their smallest."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from threedie.cli import cli

REPO = Path(__file__).parents[1]
PAGES = [REPO / "README.md", *sorted((REPO / "docs").glob("*.md")), *sorted((REPO / "docs" / "history").glob("*.md"))]
# A later option wins: these make a command small without changing what it is.
SMALLEST = {
    "render": "--classes chair,mug,lamp --objects 5 --views 3 --size 32 --samples 1 --denoiser none",
    "bench run": "--recipe smoke --set epochs=1 --set warmup_epochs=0 --set passes=1 --set image_size=32",
}
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)[^)]*\)")


def commands(page: Path) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def smallest(command: str) -> list[str]:
    words = shlex.split(command)
    assert words[0] == "3die", f"a test knows how to run make and 3die, not {command!r}"
    for name, options in SMALLEST.items():
        if words[1 : 1 + len(name.split())] == name.split():
            words += options.split()
    return [sys.executable, "-P", "-m", "threedie", *words[1:]]


@pytest.fixture(scope="module")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where the README's three commands were run, one after the other."""
    folder = tmp_path_factory.mktemp("reader")
    for command in commands(REPO / "README.md"):
        if not command.startswith("make "):
            run(command, folder)
    return folder


def run(command: str, folder: Path) -> None:
    environment = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run(smallest(command), cwd=folder, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.mark.slow
@pytest.mark.blender
def test_readme_commands_work_one_after_the_other_in_an_empty_folder(small_data: Path) -> None:
    assert (small_data / "3die-data" / "dataset.h5").is_file()
    assert (small_data / "leaderboard" / "index.html").is_file()
    assert list(small_data.glob("runs/*/record.json"))


@pytest.mark.slow
@pytest.mark.blender
@pytest.mark.parametrize("page", [page for page in PAGES[1:] if commands(page)], ids=lambda page: page.name)
def test_commands_of_the_docs_work(page: Path, small_data: Path) -> None:
    for command in commands(page):
        run(command, small_data)


@pytest.mark.parametrize("page", [*PAGES, REPO / "CONTRIBUTING.md", REPO / "METHODS.md"], ids=lambda page: page.name)
def test_commands_on_the_readers_own_files_have_options_that_exist(page: Path) -> None:
    for line in re.findall(r"^ {4}3die (.*)", page.read_text(encoding="utf-8"), re.MULTILINE):
        command: click.Command = cli
        for word in re.split(r"[ \[\]]+", re.split(r" {2,}", line)[0]):
            if isinstance(command, click.Group):
                subcommand = command.get_command(click.Context(command), word)
                assert subcommand, f"{page.name}: there is no command {word!r} in 3die {line}"
                command = subcommand
            elif word.startswith("-"):
                options = {option for parameter in command.params for option in parameter.opts}
                assert word in options, f"{page.name}: there is no option {word} in 3die {line}"


def test_make_knows_the_targets_of_the_readme() -> None:
    targets = {command.split()[1] for command in commands(REPO / "README.md") if command.startswith("make ")}
    assert targets == {"demo", "test"}
    for target in targets:
        subprocess.run(["make", "--dry-run", target], cwd=REPO, check=True, capture_output=True)


def test_every_target_of_make_that_a_page_names_is_there() -> None:
    named = {
        target for page in PAGES for target in re.findall(r"(?:`|^    )make ([a-z]+)", page.read_text("utf-8"), re.M)
    }
    assert {"small", "tuning", "runs", "tables", "bench"} <= named
    for target in named:
        subprocess.run(["make", "--dry-run", target], cwd=REPO, check=True, capture_output=True)


@pytest.mark.parametrize("page", [*PAGES, REPO / "CONTRIBUTING.md", REPO / "METHODS.md"], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_no_path_of_one_machine_is_in_the_repository() -> None:
    pattern = re.compile(r"/(work|root|home)/[A-Za-z]")
    listed = subprocess.run(["git", "ls-files"], cwd=REPO, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    texts = [REPO / name for name in listed if name.endswith((".py", ".md", ".toml", ".json", ".txt"))]
    offenders = [str(path) for path in texts if path != Path(__file__) and pattern.search(path.read_text("utf-8"))]
    assert not offenders
