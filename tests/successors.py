"""Inputs of parity records, rebuilt from a seed alone: views, and what made them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from threedie.baselines.method import Batch
from threedie.manifests.actions import COLOR, ROTATION, TRANSLATION
from threedie.manifests.latents import UNITS, LatentField, actions, columns

BATCH, SIZE = 16, 64
"""Of records that don't give their own."""
FIELDS = tuple(LatentField(name, ((-math.inf, math.inf),)) for name in UNITS)


@dataclass(frozen=True)
class Inputs:
    """What a record's networks see.

    Attributes:
        images: of each view, float32 (B, 3, H, H).
        euler: angles of each view in radians, (B, 3).
        colors: changes from each view to the next, float32 (B, 2).
        labels: (B,).
        hues: float32 (B, 2).
        translations: of each view, (B, 3).
    """

    images: list[torch.Tensor]
    euler: list[npt.NDArray]
    colors: list[npt.NDArray]
    labels: npt.NDArray
    hues: npt.NDArray
    translations: list[npt.NDArray]

    def latents(self, view: int) -> npt.NDArray:
        """Rotation, colors and translation of a view among the latents of `FIELDS`, the others zero: (B, L)."""
        latents = np.zeros((len(self.labels), len(FIELDS)))
        latents[:, columns(FIELDS, ROTATION)] = self.euler[view]
        latents[:, columns(FIELDS, COLOR)] = np.sum(self.colors[:view], axis=0, dtype=np.float64)
        latents[:, columns(FIELDS, TRANSLATION)] = self.translations[view]
        return latents

    def action(self, kind: str, view: int = 0) -> torch.Tensor:
        """The action from a view to the next, float32 (B, A)."""
        moves = actions(kind, FIELDS, self.latents(view), self.latents(view + 1))
        return torch.from_numpy(moves.astype(np.float32))

    def batch(self, kind: str | None) -> Batch:
        """All views as a batch, with the actions between them; for methods without any, the rotation."""
        first, second, *later = self.images
        action, *actions = (self.action(kind or "rotation", view) for view in range(len(self.images) - 1))
        return Batch(
            first,
            second,
            action,
            torch.from_numpy(self.labels),
            later_views=tuple(later),
            later_actions=torch.stack(actions, dim=1) if actions else None,
        )


def build_inputs(seed: int, views: int = 2, batch: int = BATCH, size: int = SIZE) -> Inputs:
    """The inputs of a seed, for methods that take so many views.

    With two views they are those of the original's records too.
    """
    generator = np.random.Generator(np.random.PCG64([seed, 7]))
    images = [generator.standard_normal((batch, 3, size, size)).astype(np.float32) for _ in range(views)]
    euler = [generator.uniform(-np.pi / 2, np.pi / 2, (batch, 3)) for _ in range(views)]
    colors = [generator.uniform(-1, 1, (batch, 2)).astype(np.float32) for _ in range(views - 1)]
    labels = generator.integers(0, 55, batch)
    hues = generator.uniform(0, 1, (batch, 2)).astype(np.float32)
    translations = [generator.uniform(-0.5, 0.5, (batch, 3)) for _ in range(views)]
    return Inputs([torch.from_numpy(each) for each in images], euler, colors, labels, hues, translations)


def inputs_of(record: Mapping[str, Any], views: int = 2) -> Inputs:
    """The inputs of a record."""
    return build_inputs(record["seed"], views, record.get("batch", BATCH), record.get("size", SIZE))
