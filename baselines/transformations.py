"""Transformations of images that E-SSL's prediction head names: groups of four, each applied to every image."""

from collections.abc import Callable

import torch
from torch import Tensor

CLASSES = 4
"""Turns by a quarter, or shifts by a half: both are a group of four."""


def quarter_turns(images: Tensor) -> tuple[Tensor, Tensor]:
    """Square images turned counter-clockwise by 0, 1, 2 and 3 quarters: (N, C, S, S) -> (4N, C, S, S), (4N,) int64.

    The second is the number of quarters of each; all images with the first turn come first.

    Raises:
        ValueError: images that aren't square.
    """
    if images.ndim != 4 or images.shape[2] != images.shape[3]:
        raise ValueError(f"images must be (N, C, S, S), got {tuple(images.shape)}")
    turned = torch.cat([torch.rot90(images, turn, (2, 3)) for turn in range(CLASSES)])
    return turned, torch.arange(CLASSES, device=images.device).repeat_interleave(len(images))


def half_shifts(images: Tensor) -> tuple[Tensor, Tensor]:
    """Images rolled by half of neither side, of their width, their height and both: (N, C, H, W) -> (4N, C, H, W).

    The second result is the number of each shift, (4N,) int64; all images with the first shift come first.

    Raises:
        ValueError: sides that can't be halved.
    """
    if images.ndim != 4 or images.shape[2] % 2 or images.shape[3] % 2:
        raise ValueError(f"images must be (N, C, H, W) with even sides, got {tuple(images.shape)}")
    height, width = images.shape[2] // 2, images.shape[3] // 2
    shifts = [(down, right) for down in (0, height) for right in (0, width)]
    shifted = torch.cat([torch.roll(images, shift, (2, 3)) for shift in shifts])
    return shifted, torch.arange(CLASSES, device=images.device).repeat_interleave(len(images))


TRANSFORMATIONS: dict[str, Callable[[Tensor], tuple[Tensor, Tensor]]] = {
    "image_rotation": quarter_turns,
    "half_shift": half_shifts,
}
"""Target -> all transformed images of a batch, and the class of each."""
