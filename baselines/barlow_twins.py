"""Barlow Twins: a cross-correlation matrix near the identity."""

from torch import Tensor

from threedie.baselines import losses
from threedie.baselines.distributed import gather
from threedie.baselines.method import Batch, Method, MethodOutput, Parts
from threedie.baselines.projector import Widths, build_projector
from threedie.baselines.resnet import ResNet


class BarlowTwins(Method):
    """Each dimension of the embedding correlates with itself in the other view, and with no other one.

    Zbontar, Jing, Misra, LeCun & Deny, "Barlow Twins: Self-Supervised Learning via Redundancy Reduction", ICML 2021,
    equations 1 and 2.

    Args:
        backbone: encoder network, width D.
        projector: widths of the projector; the paper's are 8192-8192-8192.
        redundancy_weight: of the entries off the diagonal, lambda in the paper.

    Raises:
        ValueError: widths that don't fit.
    """

    def __init__(
        self,
        backbone: ResNet,
        projector: Widths = "2048-2048-2048",
        *,
        redundancy_weight: float = 0.005,
    ):
        super().__init__()
        self.backbone = backbone
        self.projector = build_projector(backbone.dim, projector)
        self.redundancy_weight = redundancy_weight

    @property
    def parts(self) -> Parts:
        """Only all dimensions."""
        return Parts()

    def represent(self, images: Tensor) -> Tensor:
        """Images (N, 3, H, W) -> representation (N, D)."""
        return self.backbone(images)

    def embed(self, representation: Tensor) -> Tensor:
        """Representation (N, D) -> embedding (N, E)."""
        return self.projector(representation)

    def forward(self, batch: Batch) -> MethodOutput:
        """Loss, terms, representations and embeddings of a batch of pairs."""
        representation = self.represent(batch.view1), self.represent(batch.view2)
        embedding = self.embed(representation[0]), self.embed(representation[1])
        invariance, redundancy = losses.cross_correlation(gather(embedding[0]), gather(embedding[1]))
        loss = invariance + self.redundancy_weight * redundancy
        terms = {"invariance": invariance.detach(), "redundancy": redundancy.detach()}
        return MethodOutput(loss, terms, representation, embedding)
