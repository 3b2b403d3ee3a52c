"""The hypernetwork predictor, against one matrix for every sample."""

import time
from collections.abc import Iterator

import torch
from torch import nn

from speed.comparison import Comparison, peak_mib, seconds_in_turns
from speed.plain_sie import PlainPredictor
from threedie.baselines.hypernetwork import HypernetworkPredictor

BATCH, WIDTH, ACTION = 256, 1024, 4
SUBJECT = f"the predictor forward and backward, batch {BATCH}, width {WIDTH}, against a matrix for every sample"
THREADS = 1
ROUNDS = 3


def compare() -> Iterator[Comparison]:
    """Time in turns, then the memory of each in a process of its own."""
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        modules = [_build(plain) for plain in (False, True)]
        times = seconds_in_turns(lambda: _once(modules[0]), lambda: _once(modules[1]), ROUNDS, clock=time.process_time)
    finally:
        torch.set_num_threads(before)
    yield Comparison(f"time on {THREADS} core", "s", *times, wanted=40)
    memory = [(peak_mib(_alone, plain),) for plain in (False, True)]
    yield Comparison("memory", "MiB", memory[0], memory[1], wanted=15)


def _build(plain: bool) -> nn.Module:
    torch.manual_seed(0)
    return (PlainPredictor if plain else HypernetworkPredictor)(WIDTH, ACTION)


def _once(module: nn.Module) -> None:
    torch.manual_seed(1)
    embedding = torch.randn(BATCH, WIDTH, requires_grad=True)
    action = torch.randn(BATCH, ACTION)
    module(embedding, action).square().sum().backward()
    module.zero_grad(set_to_none=True)


def _alone(plain: bool) -> None:
    torch.set_num_threads(THREADS)
    _once(_build(plain))
