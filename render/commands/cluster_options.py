"""The options of `3die render` for more than one machine."""

from collections.abc import Callable
from typing import Any

import click

from threedie.render.engines.options import JOBQUEUES, ClusterOptions


def cluster_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a click command, which gets them as keywords, named as the fields of `ClusterOptions`."""
    options = [
        click.option(
            "--scheduler",
            metavar="ADDRESS",
            help="Render on the workers of a running Dask scheduler: tcp://HOST:PORT, or its scheduler file.",
        ),
        click.option(
            "--jobqueue",
            type=click.Choice(JOBQUEUES),
            help="Start jobs on this batch system and render there; with --dry-run print the job script.",
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
        click.option("--job-walltime", metavar="HH:MM:SS", help="Time a job may take; ended jobs are started anew."),
        click.option("--job-queue", metavar="NAME", help="Queue or partition."),
        click.option(
            "--job-option",
            multiple=True,
            metavar="TEXT",
            help="One more option in the head of the job script, such as '--account=vision'. Can be repeated.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command
