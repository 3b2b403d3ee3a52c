"""One training step of SIE on the CPU, and its parts, against the plain way."""

import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from speed.comparison import Comparison, seconds_in_turns
from speed.plain_sie import PlainSIE, plain_regularization
from threedie.baselines import losses
from threedie.baselines.method import Batch
from threedie.baselines.registry import build_method
from threedie.baselines.sie import SIE

BATCH, PIXELS, WIDTH, ROUNDS = 16, 64, 1024, 5
SUBJECT = f"one training step of SIE, ResNet-18, batch {BATCH}, {PIXELS} px, projector {WIDTH}, one core, and its parts"
NOT_SLOWER = 0.9
"""Least ratio that counts as no slower: two runs of one and the same code differ by so much."""


def compare() -> Iterator[Comparison]:
    """Each part forward and backward, the optimizer, and the whole."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield from _compare()
    finally:
        torch.set_num_threads(threads)


def _compare() -> Iterator[Comparison]:
    torch.manual_seed(0)
    method = build_method("sie", projector=f"{WIDTH}-{WIDTH}-{WIDTH}")
    assert isinstance(method, SIE)
    ours = method.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    plain = PlainSIE(WIDTH)
    views = torch.randn(2, BATCH, 3, PIXELS, PIXELS)
    nearer = [view.to(memory_format=torch.channels_last) for view in views]
    action = torch.nn.functional.normalize(torch.randn(BATCH, 4), dim=1)
    representation = torch.randn(BATCH, 512)
    one, two = torch.randn(2, BATCH, WIDTH)
    half = WIDTH // 2
    optimizers = [
        torch.optim.Adam(ours.parameters(), lr=1e-3, weight_decay=1e-6, fused=True),
        torch.optim.Adam(plain.parameters(), lr=1e-3, weight_decay=1e-6),
    ]
    batch = Batch(nearer[0], nearer[1], action, torch.zeros(BATCH, dtype=torch.int64))

    def our_losses(u: Tensor, v: Tensor) -> Tensor:
        variance, covariance = losses.regularization(u, v)
        return 10 * losses.invariance(u, v) + 10 * variance + covariance

    def plain_losses(u: Tensor, v: Tensor) -> Tensor:
        variance, covariance = plain_regularization(u, v)
        return 10 * torch.nn.functional.mse_loss(u, v) + 10 * variance + covariance

    def step(index: int, loss: Callable[[], Tensor]) -> None:
        optimizers[index].zero_grad(set_to_none=True)
        loss().backward()
        optimizers[index].step()

    parts: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "encoder": (
            lambda: _backward(ours.backbone, nearer[0]),
            lambda: _backward(plain.backbone, views[0]),
        ),
        "projectors": (
            lambda: _backward(ours.embed, representation),
            lambda: _backward(lambda x: torch.cat(plain.embed(x), 1), representation),
        ),
        "predictor": (
            lambda: _backward(ours.predict, one[:, :half], action),
            lambda: _backward(plain.predictor, one[:, :half], action),
        ),
        "losses": (lambda: _backward(our_losses, one, two), lambda: _backward(plain_losses, one, two)),
        "whole step": (
            lambda: step(0, lambda: ours(batch).loss),
            lambda: step(1, lambda: plain(views[0], views[1], action)),
        ),
        "optimizer": (optimizers[0].step, optimizers[1].step),
    }
    for name, sides in parts.items():
        yield Comparison(name, "s", *seconds_in_turns(*sides, ROUNDS, clock=time.process_time), wanted=NOT_SLOWER)


def _backward(function: Callable[..., Tensor], *inputs: Tensor) -> None:
    leaves = [each.detach().requires_grad_() for each in inputs]
    function(*leaves).sum().backward()
