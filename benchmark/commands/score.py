"""`3die bench score`: measure arrays from any framework."""

from pathlib import Path

import click

from threedie.benchmark.commands import options
from threedie.manifests.errors import ThreeDieError


@click.command("score")
@click.argument("file", type=options.PATH)
@click.option(
    "--no-normalize",
    "--no-normalise",
    "no_normalize",
    is_flag=True,
    help="Compare embeddings by dot product instead of cosine in retrieval.",
)
@click.option("--no-heads", is_flag=True, help="Train no heads: only what needs none is measured, in seconds.")
@click.option("-o", "--out", type=options.PATH, help="File for the JSON instead of the terminal.")
@options.protocol
@options.seeds
@options.device
@options.exits_on_signals
def score(
    file: Path, no_normalize: bool, no_heads: bool, out: Path | None, protocol: str, seeds: int, device: str
) -> None:
    """Measure the arrays in FILE.npz, from any framework; gives JSON.

    \b
    latents     (N, V, L)  of N objects x V views: 3, 7 or 10 numbers, as a dataset file has them
    embeddings  (N*V, D)   of the views of object 0, then of object 1, ...
    predictor   (A, D, D)  optional: view 0's embedding x moves to the sum of a_k W_k x under an action a,
                           A = 4 the relative quaternion, 6 that and the two hues; see docs/benchmark.md
    predicted   (N*V, D)   or, instead: what your predictor makes of view 0 for each view
    labels      (N,)       optional: classes, integers or text
    split       (N,)       optional: 'train' or 'val'; heads learn from the former

    Every metric that these allow is computed, the others are named with what they need. --protocol and --seeds are
    about heads; neighbors are sought among all objects.
    """
    import json

    from threedie.benchmark.settings.protocol import find_protocol

    rules = find_protocol(protocol)
    if out is not None and out.exists() and file.exists() and out.samefile(file):
        raise ThreeDieError(f"--out {out}: is the file of arrays itself, which would be lost; name another")

    from threedie.benchmark.evaluation.arrays import read_arrays
    from threedie.benchmark.evaluation.own_features import evaluate_arrays
    from threedie.benchmark.training.device import find_device
    from threedie.manifests.files import replacing

    arrays = read_arrays(file)
    result = evaluate_arrays(arrays, rules, not no_normalize, not no_heads, seeds, find_device(device)).to_json()
    text = json.dumps(result, indent=1)
    if out is None:
        click.echo(text)
        return
    with replacing(out) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    click.echo(f"{len(result['results'])} numbers in {out}")
