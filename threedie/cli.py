"""The `3die` command: a thin group that loads a sub-command only when it is called."""

import errno
import importlib
import os
import sys

import click

from threedie import __version__

COMMANDS: dict[str, tuple[str, str]] = {
    "render": ("threedie.render.commands.render:render", "Render objects from random views: meshes to a dataset."),
    "data": ("threedie.manifests.commands:data", "Check, preview, measure, pack and export datasets."),
    "models": ("threedie.render.commands.models:models", "Generate, check, import and preview models."),
    "manifest": ("threedie.render.commands.manifest:manifest", "List objects with leak-free splits."),
    "photonics": (
        "threedie.render.commands.photonics:photonics",
        "Make photonic crystals with their density of states.",
    ),
    "bench": ("threedie.benchmark.commands.bench:bench", "Train methods, evaluate them and write result records."),
    "doctor": ("threedie.render.commands.doctor:doctor", "Check whether this machine can render."),
    "leaderboard": (
        "threedie.benchmark.commands.leaderboard:leaderboard",
        "Make tables and a page from result records.",
    ),
}
"""Sub-command -> module and function, and its line in the help, which must not cost an import."""

OTHER_WORDS = {"train": "bench run", "evaluate": "bench eval", "test": "bench eval", "table": "leaderboard"}
"""What other programs call a sub-command -> the sub-command."""

_LONGEST_SHOWN = 100


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of use, not alphabetically."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a sub-command."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The sub-command; for another word, an error that names the nearest, also of the groups' own."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"No such command {args[0][:_LONGEST_SHOWN]!r}; {self._suggestion(ctx, args[0])}")
        return super().resolve_command(ctx, args)

    def _suggestion(self, ctx: click.Context, word: str) -> str:
        # Imported here, so that the help costs nothing.
        from threedie.manifests.suggest import nearest, suggest

        if near := nearest(word, COMMANDS):
            return f"did you mean '3die {near}'?"
        inner: dict[str, str] = {}
        for name in COMMANDS:
            if isinstance(group := self.get_command(ctx, name), click.Group):
                for each in group.list_commands(ctx):
                    inner.setdefault(each, f"{name} {each}")
        near = OTHER_WORDS.get(word.casefold()) or inner.get(nearest(word, inner) or "")
        return f"did you mean '3die {near}'?" if near else suggest(word, COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the sub-commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
From models to a leaderboard:
  3die render --classes all --views 50     meshes -> dataset, in 3die-data/
  3die bench run sie                       train, evaluate, write a result record, in runs/
  3die leaderboard                         tables and a page, in leaderboard/""",
)
@click.version_option(__version__, prog_name="3die")
def cli() -> None:
    """Generate and benchmark 3DIEBench: images of 3D objects with known rotation, color and light."""


def main() -> None:
    """Run the command line; the user's mistakes become one line and exit code 2."""
    try:
        cli.main(prog_name="3die")
    except Exception as error:
        # Imported here, so that the help costs nothing.
        from threedie.manifests.errors import ThreeDieError

        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            error = _full_disk(error)
        if not isinstance(error, ThreeDieError):
            raise
        click.echo(f"3die: {error}", err=True)
        sys.exit(2)


def _full_disk(error: OSError) -> Exception:
    """The message for a full disk behind a library's file, or behind the standard output."""
    from pathlib import Path

    from threedie.manifests.files import explained

    if error.filename is None:
        # What is still to be printed can't be, either; at the end Python would complain once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return explained(error, Path(error.filename or "a file of this command, or what it prints into"))
