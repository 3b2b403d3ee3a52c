"""`3die render`: meshes to a dataset."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from threedie.render.commands.options import CLUSTER_OPTIONS, DRY_RUN, RENDER_OPTIONS, add_options
from threedie.render.engines.options import ClusterOptions
from threedie.render.request import RenderRequest

if TYPE_CHECKING:
    from threedie.render.run import RenderRun

EXIT_QUARANTINED, EXIT_DIFFERS = 3, 4


def _list_datasets(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the published datasets, and exit."""
    if not wanted or context.resilient_parsing:
        return
    from threedie.render.definition import definition_names, load_definition

    columns = "{:<12} {:>7} {:>18} {:>8} {:>6} {:>8}  {}"
    click.echo(columns.format("name", "classes", "objects x views", "pixels", "MB", "minutes", "title"))
    for definition in map(load_definition, definition_names()):
        classes = len(definition.synsets)
        size, time = (f"{amount:,.0f}" if amount else "-" for amount in (definition.megabytes, definition.minutes))
        views = f"{classes * definition.objects:,} x {definition.views:,}"
        row = (definition.name, classes, views, definition.size, size, time, definition.title)
        click.echo(columns.format(*row))
    click.echo(
        "\nMB of the dataset file; minutes on two cores. Render one with: 3die render --dataset NAME --out FOLDER"
    )
    context.exit()


@click.command(
    epilog="""\b
Examples:
  3die render --classes all --views 50                   embedded models
  3die render --classes chair,mug --objects 2 --views 4 --size 64
  3die render --dataset mini --out mini                  a published dataset, with its models
  3die render --models ShapeNetCore.v2 --manifest objects.npy --views 50
  3die render --models ShapeNetCore.v2 --shard 2/8       second of eight shares, into a shared folder
  3die render --models ShapeNetCore.v2 --jobqueue slurm --jobs 20 --job-walltime 04:00:00

Run the same command again after any interruption: only what is missing is rendered.
Exit codes: 0 everything is rendered; 2 a mistake in the command; 3 some objects were left out; 4 the fingerprint isn't
that of the published dataset; 128 + the signal's number if interrupted (130 Ctrl-C, 143 SIGTERM, 138 SIGUSR1)."""
)
@add_options([*RENDER_OPTIONS, *CLUSTER_OPTIONS, DRY_RUN])
@click.option(
    "--list-datasets",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_datasets,
    help="List the published datasets, and exit.",
)
@click.pass_context
def render(context: click.Context, dataset: str | None, save_preset: Path | None, **options: Any) -> None:
    """Render objects from random views, recording every rotation, color and light.

    Writes one part file per object and at the end packs them into the dataset file OUT/dataset.h5.

    With --dataset, options that decide what a dataset is (such as --views) are refused, and at the end its fingerprint
    is compared with the published one.
    """
    if save_preset:
        _save_preset(options["preset"], save_preset, dataset)
        return
    from threedie.manifests.signals import exits_on_signals
    from threedie.render.commands.console import ConsoleReporter
    from threedie.render.run import RenderRun

    options["cluster"] = ClusterOptions(**{name: options.pop(name) for name in ClusterOptions.__dataclass_fields__})
    run = RenderRun(_request(context, dataset, options), ConsoleReporter())
    with exits_on_signals(lambda: _print_interrupted(run)):
        result = run.run()
    if result.quarantined:
        raise SystemExit(EXIT_QUARANTINED)
    if result.differs:
        raise SystemExit(EXIT_DIFFERS)


def _request(context: click.Context, dataset: str | None, options: dict[str, Any]) -> RenderRequest:
    if dataset is None:
        return RenderRequest(**options)
    default = ParameterSource.DEFAULT
    given = {name: value for name, value in options.items() if context.get_parameter_source(name) is not default}
    return RenderRequest.of_dataset(dataset, **given)


def _save_preset(name: str, path: Path, dataset: str | None) -> None:
    from threedie.manifests.errors import ThreeDieError
    from threedie.manifests.files import explained
    from threedie.render.preset import preset_text

    if dataset is not None:
        raise ThreeDieError("--save-preset beside --dataset: leave out one of the two")
    text = preset_text(name)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ThreeDieError(f"{path} exists already; give --save-preset another name") from None
    except OSError as error:
        raise explained(error, path) from error
    click.echo(f"Wrote {path}. Change its name and settings, then: 3die render --preset {path}")


def _print_interrupted(run: "RenderRun") -> None:
    """How far an interrupted run came, and how to go on."""
    from threedie.manifests.plurals import pluralize

    total = len(run.objects)
    done = f"{run.count_done()} of {pluralize(total, 'object')} done and safe; r" if total else "R"
    click.echo(
        f"\nStopped. {done}un the same command again to go on:\n  {shlex.join(['3die', *sys.argv[1:]])}", err=True
    )
