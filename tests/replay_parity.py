"""Replay recorded numbers of the original's models: python tests/replay_parity.py FILE

FILE is a JSON list of records: `experience`, `seed`, `batch`, `size`, `options` (the original's flags), `state_shapes`
(all entries but the backbone's), and what came out: `loss`, `terms`, `grad_norm` by top-level module, `n_parameters`.
State and inputs are rebuilt from the seed, so that nothing but the numbers needs to be stored. For each record the
worst relative error is printed; the exit status is 1 if one is above its tolerance. The original's online evaluator,
which sees detached values only, isn't part of a method and is left out.
"""

import json
import math
import sys
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.spatial.transform import Rotation

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

# Nearer to zero than this, an absolute error is compared instead of a relative one. Mean correlations are sums of large
# positive and negative numbers, and carry the rounding of those.
SMALL, SMALL_CORRELATION = 1e-6, 1e-3


@dataclass(frozen=True)
class Comparison:
    """The relative errors of one record, by what was compared."""

    title: str
    losses: dict[str, float]
    gradients: dict[str, float]
    parameters_missing: int

    @property
    def passed(self) -> bool:
        return (
            max(self.losses.values()) <= LOSS_TOLERANCE
            and max(self.gradients.values()) <= GRADIENT_TOLERANCE
            and self.parameters_missing == 0
        )

    def __str__(self) -> str:
        loss, gradient = (max(errors, key=errors.__getitem__) for errors in (self.losses, self.gradients))
        return (
            f"{'ok  ' if self.passed else 'FAIL'} {self.title:44} loss {self.losses['loss']:.1e}"
            f"  worst term {self.losses[loss]:.1e} ({loss})  worst gradient {self.gradients[gradient]:.1e} ({gradient})"
            f"  parameters {'equal' if self.parameters_missing == 0 else f'differ by {self.parameters_missing}'}"
        )


def replay(records: list[dict[str, Any]]) -> Iterator[Comparison | str]:
    """A comparison for each record, or a line of text for one whose method isn't there."""
    for record in records:
        if record["experience"] in EXPERIENCES:
            yield compare(record)
        else:
            yield f"---- {record['experience']}: not implemented"


def compare(record: Mapping[str, Any]) -> Comparison:
    with torch.device("meta"):
        method = build_method(**original_settings(record["experience"], record["options"]))
    method.to_empty(device="cpu")
    load_original(method, recorded_state(method, record))
    method.train()
    batch = recorded_batch(record, method.action)
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
    return Comparison(title_of(record), losses, gradients, theirs_count - ours_count)


def recorded_state(method: Method, record: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """The state that the original had, under its names, as a checkpoint of it would hold them."""
    shapes = {
        name: tuple(value.shape) for name, value in method.state_dict().items() if name.startswith("backbone.")
    } | {name: tuple(shape) for name, shape in record["state_shapes"].items() if not name.startswith("evaluator.")}
    return {f"module.{name}": entry(name, shape, record["seed"]) for name, shape in shapes.items()}


@lru_cache(maxsize=256)
def entry(name: str, shape: tuple[int, ...], seed: int) -> torch.Tensor:
    if name.endswith("num_batches_tracked"):
        return torch.tensor(0)
    generator = np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))
    x = generator.standard_normal(shape).astype(np.float32)
    if name.endswith("running_var"):
        x = 1 + 0.1 * abs(x)
    elif name.endswith("running_mean"):
        x = 0.1 * x
    elif len(shape) == 1:
        x = 1 + 0.1 * x if name.endswith("weight") else 0.1 * x
    else:
        scale = 0.4 if name.startswith(("projector", "predictor")) else 1.0
        x = scale * x / math.sqrt(math.prod(shape[1:]))
    return torch.from_numpy(x.astype(np.float32))


def recorded_batch(record: Mapping[str, Any], action: str | None) -> Batch:
    generator = np.random.Generator(np.random.PCG64([record["seed"], 7]))
    count, size = record["batch"], record["size"]
    views = [generator.standard_normal((count, 3, size, size)).astype(np.float32) for _ in range(2)]
    first, second = (Rotation.from_euler("xyz", generator.uniform(-np.pi / 2, np.pi / 2, (count, 3))) for _ in range(2))
    hues = generator.uniform(-1, 1, (count, 2)).astype(np.float32)
    labels = generator.integers(0, 55, count)
    quaternion = (first.inv() * second).as_quat().astype(np.float32)
    z = np.concatenate([quaternion, hues], axis=1) if action == "rotation_color" else quaternion
    view1, view2 = (torch.from_numpy(view) for view in views)
    return Batch(view1, view2, torch.from_numpy(z), torch.from_numpy(labels))


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


def gradient_norm(method: Method, module: str) -> float:
    gradients = [p.grad for p in method.get_submodule(module).parameters() if p.grad is not None]
    return math.sqrt(sum(float(gradient.double().square().sum()) for gradient in gradients))


def error(ours: float, theirs: float, floor: float = SMALL) -> float:
    return abs(ours - theirs) / max(abs(theirs), floor) if math.isfinite(ours) else math.inf


def title_of(record: Mapping[str, Any]) -> str:
    options = record["options"]
    marks = [
        f"predictor {options['predictor']}" if options.get("predictor") else "",
        "deep hypernetwork" if options.get("hypernetwork") == "deep" else "",
        "MLP predictor" if options.get("predictor_type") == "mlp" else "",
    ]
    return ", ".join([f"{record['experience']} seed {record['seed']}", *filter(None, marks)])


def main(path: str) -> int:
    failures = 0
    for result in replay(json.loads(Path(path).read_text())):
        print(result, flush=True)
        failures += isinstance(result, Comparison) and not result.passed
    return 1 if failures else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tests/replay_parity.py FILE")
    sys.exit(main(sys.argv[1]))
