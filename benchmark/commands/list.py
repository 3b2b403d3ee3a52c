"""`3die bench list`: what can be trained and evaluated, and how."""

import textwrap

import click


@click.command("list")
def list_() -> None:
    """List methods, recipes, grids, tasks and protocols."""
    from threedie.baselines.catalogue import CATALOGUE
    from threedie.benchmark.settings.defaults import DEFAULT_RECIPE
    from threedie.benchmark.settings.protocol import PROTOCOLS
    from threedie.benchmark.settings.recipe import recipe_names
    from threedie.benchmark.tasks import TASKS
    from threedie.benchmark.tuning.grid import DEFAULT_GRID, grid_names

    click.echo("Methods (3die bench run NAME)")
    for name, about in CATALOGUE.items():
        click.echo(f"  {name:<18} {about.idea}\n  {'':<18} {about.paper}")
    click.echo(f"\nRecipes (--recipe NAME)\n  {', '.join(recipe_names())}; the default is {DEFAULT_RECIPE}")
    click.echo(f"\nGrids (3die bench tune --grid NAME)\n  {', '.join(grid_names())}; the default is {DEFAULT_GRID}")
    click.echo("\nTasks")
    for name, task in TASKS.items():
        click.echo(_paragraph(f"{name} v{task.version}", f"Main score {task.main}. {task.definition}"))
    click.echo("\nProtocols (--protocol NAME)")
    for name, rules in PROTOCOLS.items():
        click.echo(_paragraph(f"{name} v{rules.version}", rules.definition))
    text = "As NAME, with 3 views (or another number from 2 to 99) in each embedding, for methods that aggregate views."
    click.echo(_paragraph("NAME-views3", text))


def _paragraph(title: str, text: str) -> str:
    lines = textwrap.wrap(text, 92)
    return "\n".join(f"  {title if index == 0 else '':<22} {line}" for index, line in enumerate(lines))
