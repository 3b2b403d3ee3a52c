"""`make bench` (`python -m speed [NAME...]` beside this folder): compare speed and memory.

Runs all comparisons, or those named; exits with 1 where a promise is missed.
"""

import importlib
import pkgutil
import sys

import click

import speed

NOT_SUBJECTS = {"__main__", "comparison"}


def subjects() -> list[str]:
    """Names of the comparisons."""
    names = (module.name for module in pkgutil.iter_modules(speed.__path__))
    return sorted(name for name in names if name not in NOT_SUBJECTS and not name.startswith("plain_"))


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--list", "only_list", is_flag=True, help="List them and run none.")
def main(names: tuple[str, ...], only_list: bool) -> None:
    """Compare what is here with the plain way of doing the same."""
    unknown = sorted(set(names) - set(subjects()))
    if unknown:
        raise click.ClickException(f"no comparison {', '.join(unknown)}; choose from {', '.join(subjects())}")
    kept = True
    for name in names or subjects():
        module = importlib.import_module(f"speed.{name}")
        click.echo(f"{name}: {module.SUBJECT}")
        if only_list:
            continue
        for comparison in module.compare():
            click.echo(f"  {comparison}")
            sys.stdout.flush()
            kept &= comparison.kept
    if not kept:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
