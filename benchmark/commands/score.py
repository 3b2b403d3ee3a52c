"""`3die bench score`: evaluate arrays from any framework."""

from pathlib import Path

import click

from threedie.benchmark.commands import options
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.places import DEFAULT_DATASET, DEFAULT_RUNS


@click.command("score")
@click.argument("file", type=options.PATH)
@click.option(
    "--no-normalize",
    "--no-normalise",
    "no_normalize",
    is_flag=True,
    help="Compare embeddings by dot product instead of cosine in retrieval.",
)
@click.option("--no-heads", is_flag=True, help="Train no heads; compute only what needs none, in seconds.")
@click.option(
    "-o",
    "--out",
    type=options.PATH,
    help="File to write the JSON to, instead of printing it; with --record, folder in which the record gets its own "
    f"folder.  [default with --record: {DEFAULT_RUNS}]",
)
@click.option(
    "--record",
    "name",
    metavar="NAME",
    callback=options.checked_name,
    help="Write a record for the tables, with the features as a method of this name. FILE.npz must hold every view of "
    "--data, in its order.",
)
@click.option("--data", type=options.PATH, help=f"With --record: the dataset file.  [default: {DEFAULT_DATASET}]")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    help="With --record: seed of the training, for one of several runs that tables show as one row.",
)
@options.protocol
@options.seeds
@options.device
@options.exits_on_signals
def score(
    file: Path,
    no_normalize: bool,
    no_heads: bool,
    out: Path | None,
    name: str | None,
    data: Path | None,
    seed: int | None,
    protocol: str,
    seeds: int,
    device: str,
) -> None:
    """Evaluate the arrays in FILE.npz, from any framework, and print JSON; or write a record for the tables.

    \b
    latents     (N, V, L)  latents of N objects x V views: L = 3, 7 or 10, in the order of a dataset file
    embeddings  (N*V, D)   all views of object 0, then of object 1, ...
    predictor   (A, D, D)  optional: under an action a, view 0's embedding x is predicted to become the
                           sum of a_k W_k x. A = 4: relative quaternion; A = 6: and the two hues
    predicted   (N*V, D)   alternatively: your predictor's output for each view, from view 0
    labels      (N,)       optional: class of each object, as integers or text
    split       (N,)       optional: 'train' or 'val'; heads are trained on the former

    Every metric that these arrays allow is computed; the others are listed with what they need. --protocol and --seeds
    apply to heads only: nearest neighbors are searched among all objects. With --record, features are measured as those
    of a run are, by all rules of the protocol; labels and split are the dataset's. docs/benchmark.md describes the
    arrays.
    """
    import json

    from threedie.benchmark.settings.protocol import find_protocol

    rules = find_protocol(protocol)
    if name is None and (data is not None or seed is not None):
        raise ThreeDieError(f"{'--data' if data is not None else '--seed'}: only with --record, which makes a record")
    if name is not None and no_heads:
        raise ThreeDieError("--no-heads: a record needs the heads, which most tasks of the tables are; leave it out")
    if name is None and out is not None and out.exists() and file.exists() and out.samefile(file):
        raise ThreeDieError(f"--out {out}: is the file of arrays itself, which would be lost; name another")

    from threedie.benchmark.evaluation.arrays import read_arrays
    from threedie.benchmark.evaluation.own_features import evaluate_arrays
    from threedie.benchmark.training.device import find_device
    from threedie.manifests.files import replacing

    arrays = read_arrays(file)
    if name is not None:
        from threedie.benchmark.commands.console import ConsoleReporter
        from threedie.benchmark.evaluation.plan import EvaluationPlan
        from threedie.benchmark.runs.feature_record import FeatureMeasurement
        from threedie.benchmark.runs.summary import results_text

        reporter, place = ConsoleReporter(), out or DEFAULT_RUNS
        plan = EvaluationPlan(rules, options.build_scope(seeds, on_embedding=False), find_device(device), reporter)
        measurement = FeatureMeasurement.create(
            arrays, data, plan, name=name, seed=seed, out=place, normalize=not no_normalize
        )
        record, path = measurement.run()
        click.echo(results_text(record, path, path.parent, place))
        return
    result = evaluate_arrays(arrays, rules, not no_normalize, not no_heads, seeds, find_device(device)).to_json()
    text = json.dumps(result, indent=1)
    if out is None:
        click.echo(text)
        return
    with replacing(out) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    click.echo(f"{len(result['results'])} numbers in {out}")
