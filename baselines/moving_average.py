"""A network that follows another one as the moving average of its weights."""

import math

import torch
from torch import nn

MOMENTUM = 0.996
"""Usual share of the average that stays at the first step."""


@torch.no_grad()
def move_average(target: nn.Module, online: nn.Module, momentum: float, done: float) -> None:
    """Move the parameters of a network towards those of another of the same form.

    Grill et al., "Bootstrap Your Own Latent", NeurIPS 2020, equation 1. Buffers stay as they are: the target's
    batch-norm keeps statistics of its own.

    Args:
        target: what is moved, in place.
        online: what it follows.
        momentum: share of the target that stays at the first step; 1 - momentum falls to zero along half a cosine.
        done: share of the run's steps that are done, above 0 and up to 1.
    """
    now = 1 - (1 - momentum) * (math.cos(math.pi * done) + 1) / 2
    torch._foreach_lerp_(list(target.parameters()), list(online.parameters()), 1 - now)


def check_momentum(momentum: float) -> float:
    """The momentum of an average; ValueError where it isn't between 0 and 1."""
    if not 0 <= momentum <= 1:
        raise ValueError(f"momentum {momentum}: must lie between 0 and 1")
    return momentum
