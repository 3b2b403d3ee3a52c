"""The action embedding: an action as a vector of the width of other features."""

from torch import Tensor, nn

ACTION_EMBEDDING = 128
"""Usual width of the result."""


class ActionEmbedding(nn.Module):
    """A linear layer without bias, then batch-norm without weights: action (N, A) -> (N, width).

    Without it, the few numbers of an action stand beside hundreds of an embedding. The form is that of the code of
    Ghaemi, Muller & Bakhtiari, "seq-JEPA", NeurIPS 2025; EquiMod (Devillers & Lefort, ICLR 2023) has one too. Width 0
    leaves the action as it is.

    Args:
        action_dims: width A of the action.
        width: of the result; 0 for the raw action.

    Attributes:
        width: of what comes out: A for the raw action.

    Raises:
        ValueError: a width that is no whole number from 0.
    """

    def __init__(self, action_dims: int, width: int):
        if not isinstance(width, int) or isinstance(width, bool) or width < 0:
            raise ValueError(f"action_embedding {width!r}: must be 1 or more, or 0 for the raw action")
        super().__init__()
        layers = (nn.Linear(action_dims, width, bias=False), nn.BatchNorm1d(width, affine=False)) if width else ()
        self.layers = nn.Sequential(*layers)
        self.width = width or action_dims

    def forward(self, action: Tensor) -> Tensor:
        """Action (N, A) -> (N, width)."""
        return self.layers(action)
