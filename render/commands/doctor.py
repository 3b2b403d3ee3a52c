"""`3die doctor`: check whether this machine can render."""

from pathlib import Path

import click


@click.command()
@click.option("--install", is_flag=True, help="Install missing system libraries, where this runs as root on Debian.")
def doctor(install: bool) -> None:
    """Check whether this machine can render. If not, list what to fix and exit with 1."""
    from threedie.render.doctor import examine, install_libraries

    if install:
        install_libraries()
    findings = examine(Path.cwd())
    for finding in findings:
        click.echo(f"{'FIX ' if finding.fix else 'ok  '}  {finding.name:<10} {finding.state}")
        if finding.fix:
            click.echo(f"      {'':<10} -> {finding.fix}")
    if any(finding.fix for finding in findings):
        raise SystemExit(1)
