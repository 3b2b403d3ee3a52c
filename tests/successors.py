"""Inputs of the parity records of methods that followed SIE, rebuilt from a seed alone."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from threedie.baselines.method import Batch
from threedie.manifests.latents import UNITS, LatentField, actions

BATCH, SIZE = 16, 64
FIELDS = tuple(LatentField(name, ((-math.inf, math.inf),)) for name in UNITS)


@dataclass(frozen=True)
class Inputs:
    """What a record's networks see.

    Attributes:
        images: of each view, float32 (16, 3, 64, 64).
        euler: angles of each view in radians, (16, 3).
        colors: changes from each view to the next, float32 (16, 2).
        labels: (16,).
        hues: float32 (16, 2).
        translations: of each view, (16, 3).
    """

    images: list[torch.Tensor]
    euler: list[npt.NDArray]
    colors: list[npt.NDArray]
    labels: npt.NDArray
    hues: npt.NDArray
    translations: list[npt.NDArray]

    def latents(self, view: int) -> npt.NDArray:
        """Rotation and translation of a view among the latents of `FIELDS`, the others zero: (16, L)."""
        others = np.zeros((BATCH, len(FIELDS) - 6))
        return np.concatenate([self.euler[view], others, self.translations[view]], axis=1)

    def action(self, kind: str, view: int = 0) -> torch.Tensor:
        """The action from a view to the next, float32 (16, A)."""
        moves = actions(kind, FIELDS, self.latents(view), self.latents(view + 1))
        return torch.from_numpy(moves.astype(np.float32))

    def batch(self, kind: str) -> Batch:
        """The first two views as a batch of pairs, with an action."""
        return Batch(self.images[0], self.images[1], self.action(kind), torch.from_numpy(self.labels))


def build_inputs(seed: int, views: int = 2) -> Inputs:
    """The inputs of a seed, for methods that take so many views."""
    generator = np.random.Generator(np.random.PCG64([seed, 7]))
    images = [generator.standard_normal((BATCH, 3, SIZE, SIZE)).astype(np.float32) for _ in range(views)]
    euler = [generator.uniform(-np.pi / 2, np.pi / 2, (BATCH, 3)) for _ in range(views)]
    colors = [generator.uniform(-1, 1, (BATCH, 2)).astype(np.float32) for _ in range(views - 1)]
    labels = generator.integers(0, 55, BATCH)
    hues = generator.uniform(0, 1, (BATCH, 2)).astype(np.float32)
    translations = [generator.uniform(-0.5, 0.5, (BATCH, 3)) for _ in range(views)]
    return Inputs([torch.from_numpy(each) for each in images], euler, colors, labels, hues, translations)
