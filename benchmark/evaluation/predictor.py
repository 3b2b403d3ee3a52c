"""A method's predictor at work: the embedding of each view, predicted from view 0."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from threedie.benchmark.data.pairs import Indices
from threedie.benchmark.tasks.task import Data, Floats
from threedie.manifests.latents import actions

Predict = Callable[[Tensor, Tensor], Tensor]

_CHUNK = 4096
"""Predictions made at once."""

_PROBES, _AFFINE = 4, 1e-5
"""Objects that tell whether a predictor is affine in the action, and how closely, relative to the largest number."""


def mover(predict: Predict, action: str, device: str = "cpu") -> Callable[[Data, Indices, slice], Floats]:
    """A predictor at work on view 0 of objects; see `Subject.moved`.

    All views of an object are predicted from one embedding. Where the prediction is affine in the action, as that of a
    linear hypernetwork is, each is a weighted sum of A + 1 predictions, made once for the object; a look at some rows
    tells whether it is.

    Args:
        predict: equivariant embedding (n, E), action (n, A) -> (n, E).
        action: which action it takes.
        device: `cpu` or `cuda`.
    """
    affine: list[bool] = []

    def moved(data: Data, rows: Indices, part: slice) -> Floats:
        latents = data.latents[rows]
        views = latents.shape[1]
        found = actions(action, data.fields, latents[:, :1].repeat(views, 1), latents)
        moves = torch.from_numpy(found).float().to(device)
        first = torch.from_numpy(np.ascontiguousarray(data.embedding[rows, 0][:, part])).to(device)
        said = np.empty((len(rows), views, first.shape[1]), np.float32)
        step = max(1, _CHUNK // views)
        with torch.inference_mode():
            if not affine:
                # Rows from everywhere: one class after the other, the first ones may all be alike.
                probes = torch.linspace(0, len(first) - 1, min(_PROBES, len(first))).long().to(device)
                few, turned = first[probes], moves[probes]
                one, other = _each(predict, few, turned), _combined(predict, few, turned)
                affine.append(bool((one - other).abs().max() <= _AFFINE * one.abs().max()))
            way = _combined if affine[0] else _each
            for begin in range(0, len(rows), step):
                piece = slice(begin, begin + step)
                said[piece] = way(predict, first[piece], moves[piece]).cpu().numpy()
        return said

    return moved


def _each(predict: Predict, first: Tensor, moves: Tensor) -> Tensor:
    """Predictions (n, V, E) from (n, E) by actions (n, V, A), one by one."""
    count, views, size = moves.shape
    return predict(first.repeat_interleave(views, 0), moves.reshape(-1, size)).float().reshape(count, views, -1)


def _combined(predict: Predict, first: Tensor, moves: Tensor) -> Tensor:
    """The same where they are affine in the action."""
    size = moves.shape[2]
    basis = torch.cat([moves.new_zeros(1, size), torch.eye(size, device=moves.device)])
    corners = _each(predict, first, basis.expand(len(first), -1, -1))
    return corners[:, :1] + moves @ (corners[:, 1:] - corners[:, :1])
