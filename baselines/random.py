"""Random: the encoder network with its initial weights, the lower end of the scale."""

from torch import Tensor

from threedie.baselines.encoder import Encoder
from threedie.baselines.method import Batch
from threedie.baselines.projector import Widths
from threedie.baselines.two_view import Loss, TwoViewMethod, Views


class Random(TwoViewMethod):
    """An untrained encoder. What a method scores above it comes from training.

    No step is taken: its checkpoint holds the initial weights, which the seed decides. Batch-norm keeps its initial
    mean of 0 and variance of 1.

    Args:
        backbone: encoder network, width D.
        projector: not used; the embedding is the representation.

    Command: `3die bench run random`. Record: `docs/history/mini/records/random-micro-s0/record.json`.
    """

    needs_training = False

    def __init__(self, backbone: Encoder, projector: Widths = ""):
        super().__init__()
        self.backbone = backbone

    def embed(self, representation: Tensor) -> Tensor:
        """The representation (N, D) as it is."""
        return representation

    def compute_loss(self, batch: Batch, views: Views) -> Loss:
        """Zero, without gradient or terms."""
        return views.representation[0].new_zeros(()), {}
