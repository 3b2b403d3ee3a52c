"""Self-routing with all votes in memory, as its formulas are written."""

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from threedie.baselines.capsules import SelfRouting


class PlainRouting(SelfRouting):
    """The same weights and results. Votes of N images are N x K x J x C numbers."""

    def forward(self, activation: Tensor, pose: Tensor) -> tuple[Tensor, Tensor]:
        """Activations (N, K) and poses (N, K, C) of the inputs -> those of the outputs, (N, J) and (N, J, C)."""
        inputs, outputs, size = self.W2.shape
        votes = torch.einsum("kvc,nkc->nkv", self.W1, pose).view(len(pose), inputs, outputs, size)
        routing = (torch.einsum("kjc,nkc->nkj", self.W2, pose) + self.b2[0]).softmax(dim=2)
        weights = activation[:, :, None] * routing
        total = weights.sum(dim=1)
        return total / activation.sum(dim=1, keepdim=True), (weights[..., None] * votes).sum(dim=1) / total[..., None]


class CheckpointedRouting(PlainRouting):
    """The same, computed again on the way back instead of kept."""

    def forward(self, activation: Tensor, pose: Tensor) -> tuple[Tensor, Tensor]:
        """As above."""
        result: tuple[Tensor, Tensor] = checkpoint(super().forward, activation, pose, use_reentrant=False)
        return result
