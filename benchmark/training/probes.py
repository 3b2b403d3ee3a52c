"""Probes: heads trained beside a method on its representation, for curves; no gradient reaches the method."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from threedie.baselines.projector import build_perceptron
from threedie.manifests.classes import SYNSETS

CLASSES = len(SYNSETS)
"""Of the heads for labels that are positions among all classes of ShapeNetCore, or fewer."""
HIDDEN = "1024-1024"
"""Widths of the perceptron that predicts the rotation: those of SIE's evaluation (section 5)."""
LEARNING_RATE = 1e-3
_TINY = 1e-12


class OnlineProbes:
    """A linear classifier and a perceptron for the relative rotation, on every part of the representation.

    As the online evaluator of SIE's authors, but with an optimizer of their own (Adam, 1e-3), so that with them and
    without them a method ends with the same weights to the bit. Their first weights come from a generator of their own.
    """

    def __init__(self, parts: Mapping[str, slice], seed: int, device: torch.device, classes: int = CLASSES) -> None:
        """Prepare; heads are built at the first step, which shows the width of the representation.

        Args:
            parts: named slices of the representation.
            seed: of the heads' first weights.
            device: where to train.
            classes: outputs of the linear classifier.
        """
        self.parts, self.seed, self.device, self.classes = dict(parts), seed, device, classes
        self.heads: nn.ModuleDict | None = None
        self._optimizer: torch.optim.Adam | None = None
        self._waiting: dict[str, Any] | None = None

    def step(self, representation: tuple[Tensor, Tensor], label: Tensor, rotation: Tensor | None) -> dict[str, Tensor]:
        """One step of every head on a batch, and how well they did before it.

        Args:
            representation: of both views, each (B, D); no gradient passes into it.
            label: (B,).
            rotation: relative quaternion, (B, 4), or None for data without rotations.

        Returns:
            of each part `probe_top1_PART` (share of views 1 classified right) and, with a rotation,
            `probe_rotation_r2_PART` (one mean over all components); scalars on the device.
        """
        one, two = (each.detach().float() for each in representation)
        heads, optimizer = self._ready(one.shape[1], rotation is not None)
        total = torch.zeros((), device=one.device)
        values: dict[str, Tensor] = {}
        for part, dims in self.parts.items():
            logits = heads[f"class_{part}"](one[:, dims])
            total = total + F.cross_entropy(logits, label)
            values[f"probe_top1_{part}"] = (logits.argmax(1) == label).float().mean()
            if rotation is not None:
                predictions = heads[f"rotation_{part}"](torch.cat([one[:, dims], two[:, dims]], 1))
                total = total + F.mse_loss(predictions, rotation)
                spread = (rotation - rotation.mean()).square().sum().clamp_min(_TINY)
                values[f"probe_rotation_r2_{part}"] = 1 - (predictions.detach() - rotation).square().sum() / spread
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        optimizer.step()
        return values

    def state_dict(self) -> dict[str, Any]:
        """Weights and optimizer, for a checkpoint; empty before the first step."""
        if self.heads is None or self._optimizer is None:
            return self._waiting or {}
        return {"heads": self.heads.state_dict(), "optimizer": self._optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict`."""
        self._waiting = state or None

    def _ready(self, width: int, rotation: bool) -> tuple[nn.ModuleDict, torch.optim.Adam]:
        if self.heads is None or self._optimizer is None:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(self.seed)
                self.heads = nn.ModuleDict()
                for part, dims in self.parts.items():
                    dim = len(range(*dims.indices(width)))
                    self.heads[f"class_{part}"] = nn.Linear(dim, self.classes)
                    if rotation:
                        self.heads[f"rotation_{part}"] = build_perceptron(2 * dim, HIDDEN, 4)
            self.heads = self.heads.to(self.device)
            self._optimizer = torch.optim.Adam(self.heads.parameters(), lr=LEARNING_RATE, fused=True)
            if self._waiting:
                try:
                    self.heads.load_state_dict(self._waiting["heads"])
                    self._optimizer.load_state_dict(self._waiting["optimizer"])
                except Exception as error:
                    # What torch makes of a wrong table depends on what is wrong with it.
                    raise ValueError(f"probes: don't fit ({type(error).__name__})") from error
        return self.heads, self._optimizer
