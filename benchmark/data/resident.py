"""A dataset's pixels on the device that trains, so that batches are gathered there."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from threedie.benchmark.data.pairs import Indices
from threedie.benchmark.data.source import ImageStore

MEMORY_SHARE = 0.4
"""Share of a GPU's free memory that pixels may take; the rest is for the networks."""
_COPIED_AT_ONCE = 2**28


@dataclass(frozen=True)
class ResidentPixels:
    """All pixels of a dataset on one device.

    Attributes:
        pixels: uint8 (N, V, S, S, 3).
    """

    pixels: Tensor

    @classmethod
    def fitting(cls, images: ImageStore, device: torch.device) -> "ResidentPixels | None":
        """On a GPU whose free memory they fit in; None otherwise, and on a CPU, where nothing would be gained."""
        if device.type != "cuda" or images.pixels is None:
            return None
        if images.pixels.nbytes > MEMORY_SHARE * torch.cuda.mem_get_info(device)[0]:
            return None
        return cls.copied(images, device)

    @classmethod
    def copied(cls, images: ImageStore, device: torch.device) -> "ResidentPixels":
        """Copied to a device, a piece at a time, from images that lie in memory."""
        pixels = images.pixels
        assert pixels is not None
        copy = torch.empty(pixels.shape, dtype=torch.uint8, device=device)
        step = max(1, _COPIED_AT_ONCE * len(pixels) // max(1, pixels.nbytes))
        for begin in range(0, len(pixels), step):
            copy[begin : begin + step] = torch.from_numpy(pixels[begin : begin + step]).to(device)
        return cls(copy)

    def take(self, objects: Indices, views: Indices) -> Tensor:
        """Images of the views (B,) of some objects (B,): uint8 (B, S, S, 3) on the device."""
        rows = torch.from_numpy(np.stack([objects, views])).to(self.pixels.device, non_blocking=True)
        return self.pixels[rows[0], rows[1]]
