"""The aggregator: a transformer that makes one vector of a sequence of views and actions."""

import torch
from torch import Tensor, nn

HEADS, DEPTH, WIDENING = 4, 3, 4
"""Attention heads, layers, and the width inside a layer relative to a token's: those of seq-JEPA's code."""


class Aggregator(nn.Module):
    """A learned token in front of a sequence gathers it by attention: tokens (N, M, width) -> (N, width).

    Three layers with the normalization after each half, and a last layer-norm. No position is encoded: what tells
    views apart is what the tokens hold. Ghaemi, Muller & Bakhtiari, "seq-JEPA", NeurIPS 2025.

    Args:
        width: of a token.
        dropout: share of attention weights and of values in each layer that are dropped in training.

    Raises:
        ValueError: a width that the heads can't share evenly, or no share.
    """

    def __init__(self, width: int, dropout: float = 0.1):
        super().__init__()
        if width % HEADS:
            raise ValueError(
                f"tokens of {width} numbers: not a multiple of the {HEADS} attention heads; choose another "
                "action_embedding or backbone width"
            )
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout {dropout}: must be 0 or more and less than 1")
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(width, HEADS, WIDENING * width, dropout, batch_first=True) for _ in range(DEPTH)
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (N, M, width) -> the first output, that of the learned token (N, width)."""
        x = torch.cat([self.token.to(tokens.dtype).expand(len(tokens), -1, -1), tokens], dim=1)
        for layer in self.layers:
            x = layer(x)
        return self.norm(x[:, 0])
