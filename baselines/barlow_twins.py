"""Barlow Twins: a cross-correlation matrix near the identity."""

from threedie.baselines import losses
from threedie.baselines.encoder import Encoder
from threedie.baselines.method import Batch
from threedie.baselines.projector import Widths, build_projector
from threedie.baselines.two_view import Loss, TwoViewMethod, Views


class BarlowTwins(TwoViewMethod):
    """Each dimension of the embedding correlates with itself in the other view, and with no other one.

    Zbontar, Jing, Misra, LeCun & Deny, "Barlow Twins: Self-Supervised Learning via Redundancy Reduction", ICML 2021,
    equations 1 and 2.

    Args:
        backbone: encoder network, width D.
        projector: widths of the projector; the paper's are 8192-8192-8192.
        redundancy_weight: of the entries off the diagonal, lambda in the paper.

    Raises:
        ValueError: widths that don't fit.

    Command: `3die bench run barlow_twins`. Record: `docs/history/mini/records/barlow_twins-micro-s0/record.json`.
    """

    def __init__(
        self,
        backbone: Encoder,
        projector: Widths = "2048-2048-2048",
        *,
        redundancy_weight: float = 0.005,
    ):
        super().__init__()
        self.backbone = backbone
        self.projector = build_projector(backbone.dim, projector)
        self.redundancy_weight = redundancy_weight

    def compute_loss(self, batch: Batch, views: Views) -> Loss:
        """Barlow Twins' loss of the two embeddings."""
        invariance, redundancy = losses.cross_correlation(*views.gathered())
        loss = invariance + self.redundancy_weight * redundancy
        return loss, {"invariance": invariance, "redundancy": redundancy}
