"""Replay recorded numbers of other programs' models: python tests/replay_parity.py FILE

FILE is a JSON list of records. Those with a `name` are of methods published after SIE: of whole networks, see
`parity_successors.py` and `parity_context.py`, or of a loss alone, see `parity_losses.py`. The others are of the
original: `experience`, `seed`, `batch`, `size`, `options` (the original's flags), `state_shapes` (all entries but the
backbone's), and what came out: `loss`, `terms`, `grad_norm` by top-level module, `n_parameters`. State and inputs are
rebuilt from the seed, so that nothing but the numbers needs to be stored. For each record the worst relative error is
printed; the exit status is 1 if one is above its tolerance. Records without a method here are listed at the end. The
original's online evaluator, which sees detached values only, isn't part of a method and is left out.
"""

import json
import math
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import parity_context
import parity_losses
import parity_successors
import torch
from parity_records import SMALL, Comparison, entry, error, gradient_norm
from successors import inputs_of

from threedie.baselines.collapse import mean_correlation, spread
from threedie.baselines.method import EQUIVARIANT, Batch, Method, MethodOutput
from threedie.baselines.original_checkpoints import load_original
from threedie.baselines.original_experiences import EXPERIENCES, original_settings
from threedie.baselines.registry import build_method

LOSS_TOLERANCE = 1e-4
GRADIENT_TOLERANCE = 1e-3

# The original's name of a term -> ours, in order of preference.
TERMS = {
    "repr_loss_inv": ("invariance",),
    "repr_loss_equi": ("regression", "equivariance"),
    "std_loss": ("variance",),
    "pred_std_loss": ("predictor_variance",),
    "cov_loss": ("covariance",),
}

# Mean correlations are sums of large positive and negative numbers, and carry the rounding of those.
SMALL_CORRELATION = 1e-3


def replay(records: list[dict[str, Any]]) -> Iterator[Comparison | str]:
    """A comparison for each record, or the name of one whose method isn't there."""
    for record in records:
        if record.get("experience") in EXPERIENCES:
            yield compare(record)
        elif (name := record.get("name")) in parity_successors.FORMS:
            yield parity_successors.compare(record)
        elif name in parity_context.NAMES:
            yield parity_context.compare(record)
        elif name in parity_losses.LOSSES:
            yield parity_losses.compare(record)
        else:
            yield record["name"] if "name" in record else record["experience"]


def compare(record: Mapping[str, Any]) -> Comparison:
    with torch.device("meta"):
        method = build_method(**original_settings(record["experience"], record["options"]))
    method.to_empty(device="cpu")
    load_original(method, recorded_state(method, record))
    method.train()
    batch = inputs_of(record).batch(method.action)
    output = method(batch)
    output.loss.backward()

    losses = {"loss": error(output.loss.item(), record["loss"])}
    for theirs, ours in TERMS.items():
        name = next((each for each in ours if each in output.terms), None)
        if theirs in record["terms"] and (name is not None or record["terms"][theirs] != 0):
            losses[theirs] = error(output.terms[name].item() if name else math.nan, record["terms"][theirs])
    for theirs, ours_value in collapse_signs(method, output, batch).items():
        if theirs in record["terms"]:
            floor = SMALL_CORRELATION if theirs.startswith("cor") else SMALL
            losses[theirs] = error(ours_value, record["terms"][theirs], floor)
    expected = {name: norm for name, norm in record["grad_norm"].items() if name != "evaluator"}
    gradients = {name: error(gradient_norm(method, name), norm) for name, norm in expected.items()}
    theirs_count = record["n_parameters"] - sum(
        math.prod(shape) for name, shape in record["state_shapes"].items() if name.startswith("evaluator.")
    )
    ours_count = sum(parameter.numel() for parameter in method.parameters())
    return Comparison(
        title_of(record), losses, gradients, theirs_count - ours_count, LOSS_TOLERANCE, GRADIENT_TOLERANCE
    )


def recorded_state(method: Method, record: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """The state that the original had, under its names, as a checkpoint of it would hold them."""
    shapes = {
        name: tuple(value.shape) for name, value in method.state_dict().items() if name.startswith("backbone.")
    } | {name: tuple(shape) for name, shape in record["state_shapes"].items() if not name.startswith("evaluator.")}
    return {f"module.{name}": entry(name, shape, record["seed"]) for name, shape in shapes.items()}


@torch.no_grad()
def collapse_signs(method: Method, output: MethodOutput, batch: Batch) -> dict[str, float]:
    """Signs of collapse under the original's names, in which `emb` is the representation and `head` the embedding."""
    looked_at = {}
    for view in (0, 1):
        looked_at[f"emb_view{view + 1}"] = output.representation[view]
        looked_at[f"head_view{view + 1}"] = output.embedding[view]
    if method.has_predictor:
        equivariant = output.embedding[0][:, method.parts.embedding[EQUIVARIANT]]
        looked_at["emb_pred"] = method.predict(equivariant, batch.action)
    signs = {f"std{name}": spread(values).item() for name, values in looked_at.items()}
    return signs | {f"cor{name}": mean_correlation(values).item() for name, values in looked_at.items()}


def title_of(record: Mapping[str, Any]) -> str:
    options = record["options"]
    marks = [
        f"predictor {options['predictor']}" if options.get("predictor") else "",
        "deep hypernetwork" if options.get("hypernetwork") == "deep" else "",
        "MLP predictor" if options.get("predictor_type") == "mlp" else "",
    ]
    return ", ".join([f"{record['experience']} seed {record['seed']}", *filter(None, marks)])


def main(path: str) -> int:
    failures, missing = 0, []
    for result in replay(json.loads(Path(path).read_text())):
        if isinstance(result, str):
            missing.append(result)
            continue
        print(result, flush=True)
        failures += not result.passed
    if missing:
        print(f"not implemented: {', '.join(missing)}")
    return 1 if failures else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tests/replay_parity.py FILE")
    sys.exit(main(sys.argv[1]))
