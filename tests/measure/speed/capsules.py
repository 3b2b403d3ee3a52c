"""The routing of capsules, against all votes in memory, kept for the way back or computed again."""

import time
from collections.abc import Iterator

import torch

from speed.comparison import Comparison, peak_mib, seconds_in_turns
from speed.plain_capsules import CheckpointedRouting, PlainRouting
from threedie.baselines.capsules import SelfRouting

BATCH, CAPSULES, POSE = 32, 32, 16
SIDES = {64: 2, 256: 8}
"""Pixels of the images -> width and height of the map."""
SUBJECT = f"routing of {CAPSULES} capsules of {POSE} numbers, forward and backward, batch {BATCH}, against all votes"
THREADS = 1
ROUNDS = 3
KINDS: dict[str, type[SelfRouting]] = {"kept": PlainRouting, "computed again": CheckpointedRouting}
MEMORY_WANTED = 2.0


def compare() -> Iterator[Comparison]:
    """Time in turns, then the memory of each in a process of its own."""
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        for pixels in SIDES:
            for kind, plain in KINDS.items():
                ours, theirs = _build(SelfRouting, pixels), _build(plain, pixels)
                times = seconds_in_turns(
                    lambda ours=ours: _once(ours), lambda theirs=theirs: _once(theirs), ROUNDS, clock=time.process_time
                )
                yield Comparison(f"{pixels} px, votes {kind}: time on {THREADS} core", "s", *times, wanted=1)
    finally:
        torch.set_num_threads(before)
    for kind, plain in KINDS.items():
        memory = [(peak_mib(_alone, side),) for side in (SelfRouting, plain)]
        yield Comparison(f"256 px, votes {kind}: memory", "MiB", *memory, wanted=MEMORY_WANTED)


def _build(kind: type[SelfRouting], pixels: int) -> SelfRouting:
    torch.manual_seed(0)
    return kind(SIDES[pixels] ** 2 * CAPSULES, CAPSULES, POSE)


def _once(layer: SelfRouting) -> None:
    torch.manual_seed(1)
    inputs = len(layer.W1)
    activation = torch.rand(BATCH, inputs, requires_grad=True)
    pose = torch.randn(BATCH, inputs, POSE, requires_grad=True)
    out_activation, out_pose = layer(activation, pose)
    (out_activation.square().sum() + out_pose.square().sum()).backward()
    layer.zero_grad(set_to_none=True)


def _alone(kind: type[SelfRouting]) -> None:
    torch.set_num_threads(THREADS)
    _once(_build(kind, 256))
