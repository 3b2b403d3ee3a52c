"""Heads of one shape as one network, so that a training step is one batched matrix product for all of them."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional


class HeadStack:
    """Heads of one shape as one network: each layer has weights (heads, in, out) and biases (heads, 1, out).

    AdamW works on each number by itself, so that a stack takes the steps that its heads would take alone.
    """

    def __init__(self, heads: Sequence[Sequence[tuple[Tensor, Tensor]]]) -> None:
        self.layers = [
            (
                torch.stack([weight for weight, _ in layer]).requires_grad_(),
                torch.stack([bias[None] for _, bias in layer]).requires_grad_(),
            )
            for layer in zip(*heads, strict=True)
        ]
        self._optimizer: torch.optim.AdamW | None = None

    def forward(self, x: Tensor) -> Tensor:
        """(heads, B, in) -> (heads, B, out)."""
        return forward(self.layers, x)

    def step(self, loss: Tensor, rate: float, decay: float) -> None:
        """One step of AdamW down the sum of the heads' losses."""
        if self._optimizer is None:
            parameters = [each for layer in self.layers for each in layer]
            self._optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=decay, fused=True)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._optimizer.step()

    def cut(self, going: Sequence[int]) -> None:
        """Go on with some of the heads only."""
        for layer in self.layers:
            for each in layer:
                state = self._optimizer.state[each] if self._optimizer else {}
                for name in ("exp_avg", "exp_avg_sq"):
                    if name in state:
                        state[name] = state[name][list(going)]
                each.grad = None
                each.data = each.data[list(going)]


def forward(layers: Sequence[tuple[Tensor, Tensor]], x: Tensor) -> Tensor:
    """Perceptrons side by side, (heads, B, in) -> (heads, B, out); layers as in `HeadStack`."""
    for number, (weight, bias) in enumerate(layers):
        x = torch.baddbmm(bias, x.relu() if number else x, weight)
    return x


def head_losses(predictions: Tensor, target: Tensor) -> Tensor:
    """Loss of each head, (heads,), of predictions (heads, B, out); target (heads, B) of classes or like predictions."""
    if target.ndim == 2:
        flat = functional.cross_entropy(predictions.flatten(0, 1), target.flatten(), reduction="none")
        return flat.view(target.shape).mean(1)
    return (predictions - target).square().mean((1, 2))
