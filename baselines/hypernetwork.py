"""Predictors: networks that move the equivariant embedding of one view to that of another, given the action."""

from collections.abc import Mapping
from inspect import signature
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from threedie.baselines.action_embedding import ACTION_EMBEDDING, ActionEmbedding
from threedie.baselines.projector import Widths, parse_widths

DEPTH_OF_DEEP = 3


class HypernetworkPredictor(nn.Module):
    """A network whose weights are made from the action by another network (Garrido, Najman & LeCun, ICML 2023).

    In the plain case the matrix is linear in the action: M(z) = sum_k z_k W_k. Building M for every sample of a batch
    costs B x E x E numbers (4 GB at B = E = 1024), and as much again for the gradient. But M(z) x = sum_k W_k (z_k x):
    one product of the stacked W_k with the outer products of x and z, B x E x A numbers (16 MB). The result is the
    same.

    A bias of the hypernetwork adds a matrix that doesn't depend on the action; hidden layers of the hypernetwork
    (`hypernetwork="deep"`) only replace z by h(z). Either way its last layer is linear, so the same rule serves all
    forms.

    Args:
        dim: width E of the embedding to move; also of the result.
        action_dims: width A of the action.
        hidden: widths of hidden layers of the predictor, `"256"` or a sequence; none makes it a single matrix.
        bias: whether the predictor's layers have biases (made from the action too).
        relu: whether there is a ReLU between the predictor's layers.
        hypernetwork: `linear`, or `deep` for two hidden layers as wide as the action with ReLU.
        hypernetwork_bias: whether the hypernetwork's layers have biases.

    Raises:
        ValueError: an unknown kind of hypernetwork.
    """

    def __init__(
        self,
        dim: int,
        action_dims: int,
        hidden: Widths = "",
        bias: bool = False,
        relu: bool = False,
        hypernetwork: str = "linear",
        hypernetwork_bias: bool = False,
    ):
        super().__init__()
        if hypernetwork not in ("linear", "deep"):
            raise ValueError(f"hypernetwork {hypernetwork!r}: not known; choose one of linear, deep")
        self.shapes = [(after, before) for before, after in pairwise((dim, *parse_widths(hidden), dim))]
        self.bias, self.relu = bias, relu
        count = sum(rows * columns + (rows if bias else 0) for rows, columns in self.shapes)
        layers: list[nn.Module] = []
        for _ in range(DEPTH_OF_DEEP - 1 if hypernetwork == "deep" else 0):
            layers += [nn.Linear(action_dims, action_dims, bias=hypernetwork_bias), nn.ReLU()]
        layers.append(nn.Linear(action_dims, count, bias=hypernetwork_bias))
        self.hypernet = nn.Module()
        self.hypernet.net = nn.Sequential(*layers)

    def forward(self, embedding: Tensor, action: Tensor) -> Tensor:
        """Embedding (N, E) and action (N, A) -> predicted embedding (N, E)."""
        _check_lengths(embedding, action)
        net = cast(nn.Sequential, self.hypernet.net)
        features = net[:-1](action)
        last = cast(nn.Linear, net[-1])
        x, start = embedding, 0
        for index, (rows, columns) in enumerate(self.shapes):
            if index > 0 and self.relu:
                x = F.relu(x)
            stop = start + rows * columns
            outer = (x.unsqueeze(2) * features.unsqueeze(1)).flatten(1)
            y = F.linear(outer, last.weight[start:stop].reshape(rows, -1))
            if last.bias is not None:
                y = y + F.linear(x, last.bias[start:stop].view(rows, columns))
            start = stop
            if self.bias:
                stop = start + rows
                y = y + F.linear(
                    features, last.weight[start:stop], None if last.bias is None else last.bias[start:stop]
                )
                start = stop
            x = y
        return x


class MLPPredictor(nn.Module):
    """A multilayer perceptron on action and embedding side by side, in this order: (N, E), (N, A) -> (N, E).

    The alternative that Garrido, Najman & LeCun (ICML 2023) compare the hypernetwork with; it can learn to
    ignore the action.

    Args:
        dim: width E of the embedding to move; also of the hidden layers and of the result.
        action_dims: width A of the action.
        layers: number of linear layers, with ReLU between them.

    Raises:
        ValueError: less than one layer.
    """

    def __init__(self, dim: int, action_dims: int, layers: int = 2):
        super().__init__()
        if layers < 1:
            raise ValueError(f"layers {layers}: a predictor has at least one")
        modules: list[nn.Module] = [nn.Linear(dim + action_dims, dim)]
        for _ in range(layers - 1):
            modules += [nn.ReLU(), nn.Linear(dim, dim)]
        self.pred = nn.Sequential(*modules)

    def forward(self, embedding: Tensor, action: Tensor) -> Tensor:
        """Embedding (N, E) and action (N, A) -> predicted embedding (N, E)."""
        _check_lengths(embedding, action)
        return cast(Tensor, self.pred(torch.cat([action.to(embedding.dtype), embedding], dim=1)))


class ActionPredictor(nn.Module):
    """A network on the embedded action and the embedding side by side, in this order: (N, E), (N, A) -> (N, E).

    Args:
        action_embedding: what the action passes first.
        network: (N, width of the action embedding + E) -> (N, E).
    """

    def __init__(self, action_embedding: ActionEmbedding, network: nn.Module):
        super().__init__()
        self.action_embedding = action_embedding
        self.network = network

    def forward(self, embedding: Tensor, action: Tensor) -> Tensor:
        """Embedding (N, E) and action (N, A) -> predicted embedding (N, E)."""
        _check_lengths(embedding, action)
        features = self.action_embedding(action.to(embedding.dtype))
        return cast(Tensor, self.network(torch.cat([features, embedding], dim=1)))


class LinearPredictor(ActionPredictor):
    """A linear layer without bias, then batch-norm without weights, on embedded action and embedding.

    The predictor that the code of Ghaemi, Muller & Bakhtiari (NeurIPS 2025) has for SEN and EquiMod.

    Args:
        dim: width E of the embedding to move; also of the result.
        action_dims: width A of the action.
        action_embedding: width of the action embedding; 0 for the raw action.

    Raises:
        ValueError: a width that is no whole number from 0.
    """

    def __init__(self, dim: int, action_dims: int, action_embedding: int = ACTION_EMBEDDING):
        embedded = ActionEmbedding(action_dims, action_embedding)
        layers = nn.Linear(embedded.width + dim, dim, bias=False), nn.BatchNorm1d(dim, affine=False)
        super().__init__(embedded, nn.Sequential(*layers))


PREDICTORS: dict[str, type[nn.Module]] = {
    "hypernetwork": HypernetworkPredictor,
    "mlp": MLPPredictor,
    "linear": LinearPredictor,
}


def build_predictor(dim: int, action_dims: int, options: Mapping[str, Any] | None = None) -> nn.Module:
    """A predictor from a method's `predictor` option.

    Args:
        dim: width of the equivariant embedding.
        action_dims: width of the action.
        options: `kind` (`hypernetwork`, the default, `mlp` or `linear`) and the arguments of the class of that kind,
            e.g. `{"kind": "mlp", "layers": 2}` or `{"hidden": "256", "bias": True, "relu": True}`.

    Raises:
        ValueError: an unknown kind, or an argument that kind doesn't have.
    """
    arguments = dict(options or {})
    kind = arguments.pop("kind", "hypernetwork")
    if kind not in PREDICTORS:
        raise ValueError(f"predictor kind {kind!r}: not known; choose one of {', '.join(PREDICTORS)}")
    options_of_kind = [name for name in signature(PREDICTORS[kind]).parameters if name not in ("dim", "action_dims")]
    for name in arguments:
        if name not in options_of_kind:
            raise ValueError(
                f"predictor option {name!r}: not known to kind {kind!r}; it has {', '.join(options_of_kind)}"
            )
    return PREDICTORS[kind](dim, action_dims, **arguments)


def _check_lengths(embedding: Tensor, action: Tensor) -> None:
    if len(embedding) != len(action):
        raise ValueError(f"{len(embedding)} embeddings but {len(action)} actions")
