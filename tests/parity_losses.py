"""Parity of losses alone, on given embeddings, with the numbers of their authors' code.

In whole networks with random weights some terms hardly show: activations of capsules are nearly uniform there, and
cosines positive. A record has `name`, `seed`, `options`, `loss`, `terms`, and `grad_norm` with respect to each array.
To replay another one, add it to `LOSSES`.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from parity_records import SMALL, Comparison, error
from parity_successors import EQUICAPS_TERMS, SMALL_TERMS, TOLERANCE, title_of
from successors import BATCH, build_inputs
from torch import Tensor
from torch.nn import functional as F

from threedie.baselines.capsules import normalized_poses
from threedie.baselines.registry import build_method
from threedie.baselines.two_view import Views

Computed = tuple[Tensor, dict[str, float], dict[str, Tensor]]
"""Loss, terms and the arrays that it is computed from, under their names."""


def compare(record: Mapping[str, Any]) -> Comparison:
    """Our numbers against those of a record."""
    loss, terms, arrays = LOSSES[record["name"]](record)
    loss.backward()
    losses = {"loss": error(loss.item(), record["loss"])}
    for name, value in record["terms"].items():
        losses[name] = error(terms.get(name, math.nan), value, SMALL_TERMS.get(name, SMALL))
    gradients = {name: error(_norm(arrays.get(name)), norm) for name, norm in record["grad_norm"].items()}
    return Comparison(title_of(record), losses, gradients, 0, TOLERANCE, TOLERANCE)


def _norm(array: Tensor | None) -> float:
    return math.nan if array is None or array.grad is None else array.grad.double().norm().item()


def draw(generator: np.random.Generator, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Arrays of normal numbers, in order, that want a gradient."""
    return {
        name: torch.from_numpy(generator.standard_normal(shape).astype(np.float32)).requires_grad_()
        for name, shape in shapes.items()
    }


def equicaps(record: Mapping[str, Any]) -> Computed:
    """EquiCaps' loss of uneven activations."""
    action = {3: "rotation", 4: "motion_object"}[record["options"]["matrix"]]
    with torch.device("meta"):
        method = build_method("equicaps", width=1, image_size=32, options={"action": action})
    count, size = record["options"]["capsules"], record["options"]["matrix"] ** 2
    generator = np.random.Generator(np.random.PCG64([record["seed"], 17]))
    widths = {"activation1": count, "activation2": count, "pose1": count * size, "pose2": count * size}
    arrays = draw(generator, {name: (BATCH, width) for name, width in widths.items()})

    def embedding(view: int) -> Tensor:
        pose = normalized_poses(arrays[f"pose{view}"].view(BATCH, count, size)).flatten(1)
        return torch.cat([F.softmax(3 * arrays[f"activation{view}"], 1), pose], 1)

    batch = build_inputs(record["seed"]).batch(action)
    loss, terms = method.compute_loss(batch, Views((torch.empty(0), torch.empty(0)), (embedding(1), embedding(2))))
    return loss, {theirs: terms[ours].item() for theirs, (ours,) in EQUICAPS_TERMS.items()}, arrays


LOSSES: dict[str, Callable[[Mapping[str, Any]], Computed]] = {
    "equicaps_loss_only_3x3": equicaps,
    "equicaps_loss_only_4x4": equicaps,
}
"""Record -> what computes it."""
