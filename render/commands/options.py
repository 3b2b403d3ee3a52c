"""The options of `3die render`; their defaults and ranges are those of `RenderRequest`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from threedie.render.engines.options import JOBQUEUES, ClusterOptions
from threedie.render.ranges import RANGES
from threedie.render.request import RenderRequest

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
        "--dataset",
        metavar="NAME",
        help="Render a published dataset, or the one that a .toml file defines; its models are generated.",
    ),
    click.option(
        "--classes",
        default=RenderRequest.classes,
        show_default=True,
        help="Names or synset ids, separated by commas, or 'all'.",
    ),
    click.option(
        "--views", type=_whole("views"), default=RenderRequest.views, show_default=True, help="Views per object."
    ),
    click.option(
        "--models",
        type=PATH,
        help="ShapeNetCore v2, or models in its layout: a folder or a zip.  [default: the embedded models]",
    ),
    click.option(
        "--manifest",
        type=PATH,
        help="List of the objects to render: the original's .npy lists, or a CSV with the columns class and id.",
    ),
    click.option(
        "--objects",
        type=_whole("objects"),
        help="At most this many objects per class.  [default: 8 of the embedded models, else all]",
    ),
    click.option("--size", type=_whole("size"), help="Width and height in pixels.  [default: the preset's, 256]"),
    click.option(
        "--seed", type=_whole("seed"), default=RenderRequest.seed, show_default=True, help="Seed of the latents."
    ),
    click.option("--out", type=PATH, default=RenderRequest.out, show_default=True, help="Folder to write to."),
    click.option(
        "--workers", type=_whole("workers"), help="Rendering processes.  [default: one per core, or one per GPU]"
    ),
    click.option(
        "--device",
        default=RenderRequest.device,
        show_default=True,
        help="cpu, optix, cuda, hip, oneapi or metal; auto uses GPUs if there are any. One process per GPU.",
    ),
    click.option(
        "--preset", default=RenderRequest.preset, show_default=True, help="Name of a preset, or a .toml file."
    ),
    click.option(
        "--save-preset", type=PATH, help="Write the preset to this new file, to be changed into your own, and exit."
    ),
    click.option(
        "--quality",
        default=RenderRequest.quality,
        show_default=True,
        help="'fast', 'draft', or 'reference' for the original's settings.",
    ),
    click.option("--samples", type=int, help="Samples per pixel, overriding --quality."),
    click.option("--denoiser", help="compositor, fast, high or none, overriding --quality."),
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
        help="Seconds that one view may take.",
    ),
    click.option(
        "--memory-limit",
        type=_limit("memory_limit"),
        default=RenderRequest.memory_limit,
        show_default=True,
        help="Memory that a rendering process may take, in GiB.",
    ),
    click.option(
        "--keep-going/--fail-fast",
        default=RenderRequest.keep_going,
        show_default=True,
        help="Leave out objects that can't be rendered, or stop at the first one.",
    ),
    click.option(
        "--shard",
        metavar="I/N",
        help="Render the I-th of N shares of the objects. Start 1/N to N/N on any machines, into a shared folder.",
    ),
)
"""What is rendered and how, and the processes of this machine."""

CLUSTER_OPTIONS: tuple[Decorator, ...] = (
    click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="Render on the workers of a running Dask scheduler, given as tcp://HOST:PORT or by its scheduler file.",
    ),
    click.option(
        "--jobqueue",
        type=click.Choice(JOBQUEUES),
        help="Submit jobs to this batch system and render in them; with --dry-run, only print the job script.",
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
    click.option(
        "--job-walltime", metavar="HH:MM:SS", help="Time limit of a job; jobs that reach it are submitted again."
    ),
    click.option("--job-queue", metavar="NAME", help="Queue or partition for the jobs."),
    click.option(
        "--job-option",
        multiple=True,
        metavar="TEXT",
        help="A line to add to the head of the job script, such as '--account=vision'. Can be repeated.",
    ),
)
"""For several machines; named like the fields of `ClusterOptions`."""

DRY_RUN = click.option(
    "--dry-run", is_flag=True, help="Print what would be rendered and how long it would take; write nothing."
)
