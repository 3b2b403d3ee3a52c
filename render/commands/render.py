"""`3die render`: meshes to a dataset."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from threedie.render.commands.cluster_options import cluster_options
from threedie.render.engines.options import ClusterOptions
from threedie.render.request import RANGES, RenderRequest

if TYPE_CHECKING:
    from threedie.render.run import RenderRun

EXIT_QUARANTINED = 3

PATH = click.Path(path_type=Path)


def _whole(name: str) -> click.IntRange:
    low, high = RANGES[name]
    return click.IntRange(int(low), None if high is None else int(high))


def _limit(name: str) -> click.FloatRange:
    return click.FloatRange(*RANGES[name])


@click.command(
    epilog="""\b
Examples:
  3die render --classes all --views 50                   embedded models
  3die render --classes chair,mug --objects 2 --views 4 --size 64
  3die render --models ShapeNetCore.v2 --manifest objects.npy --views 50
  3die render --models ShapeNetCore.v2 --shard 2/8       second of eight runs on a shared folder
  3die render --models ShapeNetCore.v2 --jobqueue slurm --jobs 20 --job-walltime 04:00:00

Run the same command again after any interruption: only what is missing is rendered.
Exit codes: 0 everything is rendered; 2 a mistake in the command; 3 some objects were left out; 128 + the signal's
number if interrupted (130 Ctrl-C, 143 SIGTERM, 138 SIGUSR1)."""
)
@click.option(
    "--classes", default=RenderRequest.classes, show_default=True, help="Names or ids, separated by commas, or 'all'."
)
@click.option("--views", type=_whole("views"), default=RenderRequest.views, show_default=True, help="Views per object.")
@click.option(
    "--models",
    type=PATH,
    help="ShapeNetCore v2 or models in its layout: folder or zip. Without it: the embedded models.",
)
@click.option("--manifest", type=PATH, help="List of objects: the original's .npy lists, or CSV with class,id.")
@click.option("--objects", type=_whole("objects"), help="At most this many objects per class. [embedded models: 8]")
@click.option("--size", type=_whole("size"), help="Width and height in pixels. [the preset's: 256]")
@click.option("--seed", type=_whole("seed"), default=RenderRequest.seed, show_default=True, help="Seed of the latents.")
@click.option("--out", type=PATH, default=RenderRequest.out, show_default=True, help="Folder to write to.")
@click.option("--workers", type=_whole("workers"), help="Rendering processes. [one per core, or one per GPU]")
@click.option(
    "--device",
    default=RenderRequest.device,
    show_default=True,
    help="cpu, optix, cuda, hip, oneapi or metal, one process per GPU; auto: GPUs if there are any.",
)
@click.option("--preset", default=RenderRequest.preset, show_default=True, help="Name of a preset, or a .toml file.")
@click.option("--save-preset", type=PATH, help="Write the preset to this new file as a start for your own, and exit.")
@click.option(
    "--quality",
    default=RenderRequest.quality,
    show_default=True,
    help="'fast', 'reference' for the original's settings, or 'draft'.",
)
@click.option("--samples", type=int, help="Samples per pixel, instead of the quality's.")
@click.option("--denoiser", help="compositor, fast, high or none, instead of the quality's.")
@click.option(
    "--sampler",
    default=RenderRequest.sampler,
    show_default=True,
    help="How latents are drawn: 'counter', or 'reference' for the original's random stream.",
)
@click.option(
    "--time-limit",
    type=_limit("time_limit"),
    default=RenderRequest.time_limit,
    show_default=True,
    help="Seconds one view may take.",
)
@click.option(
    "--memory-limit",
    type=_limit("memory_limit"),
    default=RenderRequest.memory_limit,
    show_default=True,
    help="GiB a rendering process may take.",
)
@click.option(
    "--keep-going/--fail-fast",
    default=RenderRequest.keep_going,
    show_default=True,
    help="Go on without objects that can't be rendered, or stop at the first.",
)
@click.option(
    "--shard",
    metavar="I/N",
    help="Render the I-th of N shares of the objects: start 1/N to N/N on a shared folder, on any machines.",
)
@cluster_options
@click.option("--dry-run", is_flag=True, help="Print what would be rendered and how long it would take; write nothing.")
def render(save_preset: Path | None, preset: str, **options: Any) -> None:
    """Render objects from random views, recording every rotation, color and light.

    Writes one part file per object and, at the end, one dataset file: OUT/dataset.h5.
    """
    if save_preset:
        _save_preset(preset, save_preset)
        return
    from threedie.manifests.signals import exits_on_signals
    from threedie.render.commands.console import ConsoleReporter
    from threedie.render.run import RenderRun

    cluster = ClusterOptions(**{name: options.pop(name) for name in ClusterOptions.__dataclass_fields__})
    run = RenderRun(RenderRequest(preset=preset, cluster=cluster, **options), ConsoleReporter())
    with exits_on_signals(lambda: _print_interrupted(run)):
        result = run.run()
    if result.quarantined:
        raise SystemExit(EXIT_QUARANTINED)


def _save_preset(name: str, path: Path) -> None:
    from threedie.manifests.errors import ThreeDieError
    from threedie.manifests.files import explained
    from threedie.render.preset import preset_text

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
    total = len(run.objects)
    done = f"{run.count_done()} of {total} objects are done and safe; r" if total else "R"
    click.echo(
        f"\nStopped. {done}un the same command again to go on:\n  {shlex.join(['3die', *sys.argv[1:]])}", err=True
    )
