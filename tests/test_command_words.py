"""Words on the command line: `-h`, near misses, and folders in the place of the file in them."""

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from threedie.baselines.catalogue import CATALOGUE
from threedie.benchmark.runs.weights import Weights
from threedie.benchmark.settings.recipe import load_recipe
from threedie.cli import COMMANDS, OTHER_WORDS, cli
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.suggest import nearest, suggest


def commands(group: click.Group, *words: str) -> dict[tuple[str, ...], click.Command]:
    """All commands below a group, by their words."""
    context, found = click.Context(group), dict[tuple[str, ...], click.Command]()
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found[*words, name] = command
        if isinstance(command, click.Group):
            found |= commands(command, *words, name)
    return found


def test_h_is_help_for_every_command(monkeypatch: pytest.MonkeyPatch):
    every = commands(cli)
    assert len(every) > 25
    for words, command in every.items():
        # Click keeps the option of a command's first call, which in other tests is a call without the program.
        monkeypatch.setattr(command, "_help_option", None)
        short, whole = (CliRunner().invoke(cli, [*words, option]) for option in ("-h", "--help"))
        assert short.exit_code == 0, (words, short.output)
        assert short.output == whole.output
        assert "-h, --help" in short.output


@pytest.mark.parametrize(
    ("word", "names", "expected"),
    [
        ("VICReg", CATALOGUE, "vicreg"),
        ("SIE", CATALOGUE, "sie"),
        ("Barlow-Twins", CATALOGUE, "barlow_twins"),
        ("Recipes", ("recipe", "other"), "recipe"),
        ("lr", ("learning_rate", "width"), "learning_rate"),
        ("wd", ("learning_rate", "weight_decay"), "weight_decay"),
        # Not if two have these initials, or for a letter.
        ("wd", ("weight_decay", "warm_down"), None),
        ("e", ("epochs", "width"), None),
        ("learning", ("learning_rate", "width"), "learning_rate"),
        ("xyz", ("learning_rate", "width"), None),
        ("", ("learning_rate", "width"), None),
        ("SMOKE", ("Smoke", "micro"), "Smoke"),
    ],
)
def test_near_misses(word: str, names: tuple[str, ...], expected: str | None):
    assert nearest(word, names) == expected
    assert suggest(word, names).startswith(f"did you mean {expected!r}?" if expected else "choose from ")


def test_settings_and_methods_are_suggested_where_they_are_given():
    with pytest.raises(ThreeDieError, match="there is no setting 'lr'; did you mean 'learning_rate'"):
        load_recipe("smoke", ["lr=0.1"])
    assert "did you mean 'vicreg'?" in str(CliRunner().invoke(cli, ["bench", "run", "VICReg"]).exception)


@pytest.mark.parametrize(
    ("word", "command"),
    [
        ("train", "bench run"),
        ("run", "bench run"),
        ("Evaluate", "bench eval"),
        ("synth", "models synth"),
        ("verfy", "data verify"),
        ("rendr", "render"),
        ("leaderbord", "leaderboard"),
    ],
)
def test_a_wrong_command_names_the_right_one(word: str, command: str):
    result = CliRunner().invoke(cli, [word, "sie"])
    assert result.exit_code == 2
    assert f"No such command {word!r}; did you mean '3die {command}'?" in result.output


def test_other_words_lead_to_commands():
    assert {tuple(words.split()) for words in OTHER_WORDS.values()} <= set(commands(cli))
    assert not OTHER_WORDS.keys() & COMMANDS.keys()
    assert "choose from render, data" in CliRunner().invoke(cli, ["qqqqqq"]).output


def test_a_folder_is_taken_for_the_file_in_it(tmp_path: Path):
    with pytest.raises(ThreeDieError, match="no such dataset file"):
        Dataset(tmp_path)
    (tmp_path / "checkpoint.pt").write_bytes(b"no weights")
    for path in (tmp_path, tmp_path / "checkpoint.pt"):
        with pytest.raises(ThreeDieError, match=re.escape(str(tmp_path / "checkpoint.pt"))):
            Weights.open(path, 32)


def test_a_damaged_file_in_a_folder_is_named_itself(tmp_path: Path):
    (tmp_path / "dataset.h5").write_bytes(b"no dataset")
    with pytest.raises(ThreeDieError, match=re.escape(str(tmp_path / "dataset.h5"))):
        Dataset(tmp_path)
