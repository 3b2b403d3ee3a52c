"""`3die bench`: train methods on a dataset, evaluate them and write result records."""

import os

import click

from threedie.benchmark.commands.eval import eval_
from threedie.benchmark.commands.export import export
from threedie.benchmark.commands.figures import figures
from threedie.benchmark.commands.list import list_
from threedie.benchmark.commands.run import run
from threedie.benchmark.commands.score import score
from threedie.benchmark.commands.transformations import transformations
from threedie.benchmark.commands.tune import tune


@click.group()
def bench() -> None:
    """Train methods on a dataset, evaluate them and write result records."""
    # Before torch is loaded: its threads then sleep while they wait for each other instead of spinning. On two cores
    # that other programs use too, a head's step took 70 ms so and 420 ms otherwise.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from threedie.manifests.processes import drop_odd_ranks

    drop_odd_ranks(os.environ)


for command in (figures, list_, run, eval_, export, score, transformations, tune):
    bench.add_command(command)
