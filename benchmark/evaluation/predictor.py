"""Predictions of a method's predictor: the embedding of each view, from view 0."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from threedie.benchmark.data.pairs import Indices
from threedie.benchmark.tasks.subject import EMBEDDING, REPRESENTATION, Data, Floats
from threedie.manifests.latents import actions

Predict = Callable[[Tensor, Tensor], Tensor]

_CHUNK = 4096
"""Predictions made at once."""

_PROBES, _AFFINE = 4, 1e-5
"""Objects on which a predictor is tested for being affine in the action, and the tolerance, relative to the largest
number."""


def view_predictor(
    predict: Predict, action: str, device: str = "cpu", from_representation: bool = False
) -> Callable[[Data, Indices, slice], Floats]:
    """A predictor that moves view 0 of objects to each of their views; see `Subject.predict_views`.

    All views of an object are predicted from one embedding. Where the prediction is affine in the action, as that of a
    linear hypernetwork is, each is a weighted sum of A + 1 predictions, made once for the object; a test on a few
    objects decides.

    Args:
        predict: equivariant embedding (n, E), action (n, A) -> (n, E).
        action: name of the action that it takes.
        device: `cpu` or `cuda`.
        from_representation: whether it takes whole representations of views instead of embeddings.
    """
    source = REPRESENTATION if from_representation else EMBEDDING
    affine: list[bool] = []

    def predict_views(data: Data, objects: Indices, dims: slice) -> Floats:
        latents = data.latents[objects]
        views = latents.shape[1]
        from_first = actions(action, data.fields, latents[:, :1].repeat(views, 1), latents)
        moves = torch.from_numpy(from_first).float().to(device)
        start = data.features(source)[objects, 0]
        first = torch.from_numpy(np.ascontiguousarray(start if from_representation else start[:, dims])).to(device)
        width = len(range(*dims.indices(data.embedding.shape[2])))
        predictions = np.empty((len(objects), views, width), np.float32)
        step = max(1, _CHUNK // views)
        with torch.inference_mode():
            if not affine:
                affine.append(_is_affine(predict, first, moves))
            compute = _combined if affine[0] else _each
            for begin in range(0, len(objects), step):
                piece = slice(begin, begin + step)
                predictions[piece] = compute(predict, first[piece], moves[piece]).cpu().numpy()
        return predictions

    return predict_views


def _is_affine(predict: Predict, first: Tensor, moves: Tensor) -> bool:
    """Whether predictions from (n, E) are affine in the actions (n, V, A), up to rounding."""
    # Spread over the list, which is sorted by class: its first objects may all be alike.
    probes = torch.linspace(0, len(first) - 1, min(_PROBES, len(first))).long().to(first.device)
    each, combined = _each(predict, first[probes], moves[probes]), _combined(predict, first[probes], moves[probes])
    return bool((each - combined).abs().max() <= _AFFINE * each.abs().max())


def _each(predict: Predict, first: Tensor, moves: Tensor) -> Tensor:
    """Predictions (n, V, E) from (n, E) by actions (n, V, A), one by one."""
    count, views, size = moves.shape
    return predict(first.repeat_interleave(views, 0), moves.reshape(-1, size)).float().reshape(count, views, -1)


def _combined(predict: Predict, first: Tensor, moves: Tensor) -> Tensor:
    """The same for predictions that are affine in the action."""
    size = moves.shape[2]
    basis = torch.cat([moves.new_zeros(1, size), torch.eye(size, device=moves.device)])
    corners = _each(predict, first, basis.expand(len(first), -1, -1))
    return corners[:, :1] + moves @ (corners[:, 1:] - corners[:, :1])
