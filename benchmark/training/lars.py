"""LARS: stochastic gradient descent with a rate for each layer."""

from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch import Tensor

TRUST = 0.001
"""Share of a layer's norm that its update has before the learning rate, eta in the paper."""


class LARS(torch.optim.Optimizer):
    """Momentum, with each layer's gradient scaled to a share of the layer's norm.

    You, Gitman & Ginsburg, "Large Batch Training of Convolutional Networks", arXiv 1708.03888, algorithm 1, in the form
    of Barlow Twins' code: v <- m v + q (g + w p), p <- p - lr v, with q = eta |p| / |g + w p|, or 1 where a norm is
    zero. One-dimensional parameters (biases and those of normalization layers) have neither weight decay nor scaling.

    Args:
        params: parameters, or groups of them.
        lr: learning rate.
        momentum: m.
        weight_decay: w.
        trust: eta.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        trust: float = TRUST,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "trust": trust})

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Update every parameter that has a gradient; the loss, if a closure computes it again."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, group, getattr(self, "found_inf", None))
        return loss

    def _update(self, parameter: Tensor, group: dict[str, Any], left_out: Tensor | None) -> None:
        update = parameter.grad
        assert update is not None
        if parameter.ndim > 1:
            update = update.add(parameter, alpha=group["weight_decay"])
            length, change = torch.linalg.vector_norm(parameter), torch.linalg.vector_norm(update)
            # No `if`: it would wait for the GPU at every layer.
            scale = torch.where((length > 0) & (change > 0), group["trust"] * length / change, 1.0)
            update = update * scale
        state = self.state[parameter]
        if "velocity" not in state:
            state["velocity"] = torch.zeros_like(parameter)
        velocity = state["velocity"]
        following = velocity.mul(group["momentum"]).add_(update)
        if left_out is None:
            velocity.copy_(following)
            parameter.add_(velocity, alpha=-group["lr"])
            return
        # As torch's fused optimizers: where `found_inf` is 1 nothing changes.
        velocity.copy_(torch.where(left_out > 0, velocity, following))
        parameter.copy_(torch.where(left_out > 0, parameter, parameter.sub(velocity, alpha=group["lr"])))
