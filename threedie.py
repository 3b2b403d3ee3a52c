"""The `3die` command: a thin group that loads a sub-command only when it is called."""

import importlib
import sys

import click

COMMANDS: dict[str, tuple[str, str]] = {
    "render": ("render.cli:render", "Render objects from random views: meshes to a dataset."),
    "data": ("manifests.cli:data", "Check, preview, measure, pack and export datasets."),
    "models": ("render.models.cli:models", "Make, check, import and preview models."),
    "manifest": ("render.manifest.cli:manifest", "List objects with leak-free splits."),
    "bench": ("benchmark.cli:bench", "Train methods, evaluate them, write result records."),
    "doctor": ("render.cli:doctor", "Look whether this machine can render."),
    "leaderboard": ("benchmark.leaderboard.cli:leaderboard", "Make tables and a page from result records."),
}
"""Sub-command -> where it lies, and its line in the help, which must not cost an import."""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of use, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a sub-command."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the sub-commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=_Lazy,
    epilog="""\b
From nothing to a leaderboard:
  3die render --classes all --views 50     meshes -> dataset, in 3die-data/
  3die bench run sie                       train, evaluate, write a result record, in runs/
  3die leaderboard                         tables and a page, in leaderboard/""",
)
@click.version_option(package_name="threedie", prog_name="3die")
def cli() -> None:
    """Make and study 3DIEBench: images of 3D objects whose every rotation, colour and light is known."""


def main() -> None:
    """Run the command line; the user's mistakes become one line and exit code 2."""
    try:
        cli.main(prog_name="3die")
    except Exception as error:
        # Imported here, so that the help costs nothing.
        from manifests.errors import ThreeDieError

        if not isinstance(error, ThreeDieError):
            raise
        click.echo(f"3die: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
