"""Options that several commands of `3die bench` share, and how they end."""

import functools
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from threedie.benchmark.settings.defaults import DEFAULT_PROTOCOL, DEFAULT_WORKERS, MAX_SEED
from threedie.manifests.errors import ThreeDieError, shown_value
from threedie.manifests.places import DEFAULT_DATASET

if TYPE_CHECKING:
    from threedie.benchmark.evaluation.scope import Scope

PATH = click.Path(path_type=Path)


class Seeds(click.ParamType):
    """Seeds, joined by commas."""

    name = "seeds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """The seeds in their order."""
        if isinstance(value, tuple):
            return value
        words = [word.strip() for word in str(value).split(",")]
        for word in words:
            if not (word.isascii() and word.isdecimal() and len(word) <= len(str(MAX_SEED)) and int(word) <= MAX_SEED):
                self.fail(
                    f"{shown_value(word)} is no seed: give a whole number from 0 to {MAX_SEED}, or several as 0,1,2"
                )
        seeds = tuple(map(int, words))
        if len(set(seeds)) < len(seeds):
            self.fail(f"{value}: a seed is named twice; each is one run")
        return seeds


SEEDS = Seeds()


def checked_name(context: click.Context, option: click.Parameter, name: str | None) -> str | None:
    """Callback of an option: refuse a name that a record couldn't have, before anything is computed."""
    if name is not None:
        from threedie.benchmark.records.rules import check_name

        check_name(name, option.opts[0])
    return name


data = click.option("--data", type=PATH, help=f"Dataset file, or the folder of a render.  [default: {DEFAULT_DATASET}]")
protocol = click.option(
    "--protocol", default=DEFAULT_PROTOCOL, show_default=True, help="Evaluation protocol; see '3die bench list'."
)
display_name = click.option(
    "--name",
    callback=checked_name,
    help="Name in tables and figures, instead of the method's. Given again, it renames a finished run.",
)
device = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Device to compute on.",
)
seeds = click.option(
    "--seeds",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="Number of seeds that each evaluation head is trained from; the record has mean and standard deviation. For "
    "seeds of the method's own training, give 'run' several, as --seed 0,1,2; the leaderboard joins such runs.",
)
on_embedding = click.option(
    "--on-embedding", is_flag=True, help="Train heads on the embedding too, not only on the representation."
)
workers = click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=DEFAULT_WORKERS,
    show_default=True,
    help="Threads that decode images; results don't depend on it.",
)


def build_scope(seeds: int, on_embedding: bool, tasks: str | None = None) -> "Scope":
    """What of an evaluation is wanted.

    Args:
        seeds: seeds that heads are trained from.
        on_embedding: whether heads are trained on the embedding too.
        tasks: names as `a,b`; all that apply where None.

    Raises:
        ThreeDieError: no such task.
    """
    from threedie.benchmark.evaluation.scope import Scope
    from threedie.benchmark.tasks.subject import EMBEDDING, REPRESENTATION

    sources = (REPRESENTATION, EMBEDDING) if on_embedding else (REPRESENTATION,)
    return Scope(None if tasks is None else _task_names(tasks), seeds, sources)


def _task_names(text: str) -> tuple[str, ...]:
    from threedie.benchmark.tasks import TASKS
    from threedie.manifests.suggest import suggest

    names = tuple(name.strip().replace("-", "_") for name in text.split(",") if name.strip())
    for name in names:
        if name not in TASKS:
            raise ThreeDieError(f"--tasks: there is no task {name!r}; {suggest(name, TASKS)}")
    if not names:
        raise ThreeDieError(f"--tasks: names no task; there are {', '.join(TASKS)}")
    return names


def exits_on_signals(command: Callable[..., None]) -> Callable[..., None]:
    """End a command that a signal stops with the shell's exit code for the signal, and print how to resume."""

    @functools.wraps(command)
    def run_command(**options: Any) -> None:
        from threedie.manifests import signals

        with signals.exits_on_signals(lambda: _show_stop("Stopped. The same command goes on from what is done:")):
            command(**options)

    return run_command


@contextmanager
def exits_when_interrupted(folder: Path) -> Iterator[None]:
    """Print how to resume interrupted training, and exit with the signal's code."""
    from threedie.benchmark.training.signals import Interrupted

    try:
        yield
    except Interrupted as stop:
        _show_stop(f"{folder}: {stop}. The same command goes on from there:")
        raise SystemExit(128 + stop.number) from stop


def _show_stop(text: str) -> None:
    """Print why this command ends and how to resume, once: the first of several processes does."""
    from threedie.manifests.processes import find_processes

    if find_processes().first:
        click.echo(f"\n{text}\n  {command_line()}", err=True)


def command_line() -> str:
    """This command, as it would be typed again."""
    words = sys.argv[1:]
    return shlex.join(["3die", *(words if words[:1] == ["bench"] else ["bench", *words])])
