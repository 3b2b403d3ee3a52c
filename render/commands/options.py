"""The options of `3die render`; their defaults and ranges are those of `RenderRequest`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from threedie.render.engines.options import JOBQUEUES, ClusterOptions
from threedie.render.request import RANGES, RenderRequest

PATH = click.Path(path_type=Path)

Decorator = Callable[..., Any]


def add_options(options: Sequence[Decorator]) -> Decorator:
    """A decorator that adds options to a click command, in this order."""

    def decorated(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return decorated


def _whole(name: str) -> click.IntRange:
    low, high = RANGES[name]
    return click.IntRange(int(low), None if high is None else int(high))


def _limit(name: str) -> click.FloatRange:
    return click.FloatRange(*RANGES[name])


RENDER_OPTIONS: tuple[Decorator, ...] = (
    click.option(
        "--classes",
        default=RenderRequest.classes,
        show_default=True,
        help="Names or ids, separated by commas, or 'all'.",
    ),
    click.option(
        "--views", type=_whole("views"), default=RenderRequest.views, show_default=True, help="Views per object."
    ),
    click.option(
        "--models",
        type=PATH,
        help="ShapeNetCore v2 or models in its layout: folder or zip. Without it: the embedded models.",
    ),
    click.option("--manifest", type=PATH, help="List of objects: the original's .npy lists, or CSV with class,id."),
    click.option("--objects", type=_whole("objects"), help="At most this many objects per class. [embedded models: 8]"),
    click.option("--size", type=_whole("size"), help="Width and height in pixels. [the preset's: 256]"),
    click.option(
        "--seed", type=_whole("seed"), default=RenderRequest.seed, show_default=True, help="Seed of the latents."
    ),
    click.option("--out", type=PATH, default=RenderRequest.out, show_default=True, help="Folder to write to."),
    click.option("--workers", type=_whole("workers"), help="Rendering processes. [one per core, or one per GPU]"),
    click.option(
        "--device",
        default=RenderRequest.device,
        show_default=True,
        help="cpu, optix, cuda, hip, oneapi or metal, one process per GPU; auto: GPUs if available.",
    ),
    click.option(
        "--preset", default=RenderRequest.preset, show_default=True, help="Name of a preset, or a .toml file."
    ),
    click.option(
        "--save-preset", type=PATH, help="Write the preset to this new file as a start for your own, and exit."
    ),
    click.option(
        "--quality",
        default=RenderRequest.quality,
        show_default=True,
        help="'fast', 'reference' for the original's settings, or 'draft'.",
    ),
    click.option("--samples", type=int, help="Samples per pixel, instead of the quality's."),
    click.option("--denoiser", help="compositor, fast, high or none, instead of the quality's."),
    click.option(
        "--sampler",
        default=RenderRequest.sampler,
        show_default=True,
        help="How latents are drawn: 'counter', or 'reference' for the original's random stream.",
    ),
    click.option(
        "--time-limit",
        type=_limit("time_limit"),
        default=RenderRequest.time_limit,
        show_default=True,
        help="Seconds one view may take.",
    ),
    click.option(
        "--memory-limit",
        type=_limit("memory_limit"),
        default=RenderRequest.memory_limit,
        show_default=True,
        help="GiB a rendering process may take.",
    ),
    click.option(
        "--keep-going/--fail-fast",
        default=RenderRequest.keep_going,
        show_default=True,
        help="Go on without objects that can't be rendered, or stop at the first.",
    ),
    click.option(
        "--shard",
        metavar="I/N",
        help="Render the I-th of N shares of the objects: start 1/N to N/N on a shared folder, on any machines.",
    ),
)
"""What is rendered, how, and on this machine with which processes."""

CLUSTER_OPTIONS: tuple[Decorator, ...] = (
    click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="Render on the workers of a running Dask scheduler: tcp://HOST:PORT, or its scheduler file.",
    ),
    click.option(
        "--jobqueue",
        type=click.Choice(JOBQUEUES),
        help="Render in jobs of this batch system; with --dry-run print the job script.",
    ),
    click.option(
        "--jobs",
        type=click.IntRange(1),
        default=ClusterOptions.jobs,
        show_default=True,
        help="Number of jobs, with --jobqueue.",
    ),
    click.option(
        "--job-cores",
        type=click.IntRange(1),
        default=ClusterOptions.job_cores,
        show_default=True,
        help="Cores per job; each serves one rendering process.",
    ),
    click.option(
        "--job-memory",
        default=ClusterOptions.job_memory,
        show_default=True,
        help="Memory per job; plan 2 GB per core.",
    ),
    click.option("--job-walltime", metavar="HH:MM:SS", help="Time a job may take; ended jobs are restarted."),
    click.option("--job-queue", metavar="NAME", help="Queue or partition."),
    click.option(
        "--job-option",
        multiple=True,
        metavar="TEXT",
        help="One more option in the head of the job script, such as '--account=vision'. Can be repeated.",
    ),
)
"""More than one machine: named as the fields of `ClusterOptions`."""

DRY_RUN = click.option(
    "--dry-run", is_flag=True, help="Print what would be rendered and how long it would take; write nothing."
)
