"""VICReg: variance, invariance and covariance."""

from threedie.baselines import losses
from threedie.baselines.method import Batch, Parts, split_parts
from threedie.baselines.projector import Widths, build_projector, parse_widths
from threedie.baselines.resnet import ResNet
from threedie.baselines.two_view import Loss, TwoViewMethod, Views


class VICReg(TwoViewMethod):
    """Two views have the same embedding; each dimension of it varies, and no two vary together.

    Bardes, Ponce & LeCun, "VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised Learning", ICLR
    2022, equation 6. With `free_dims` the invariance term leaves out a part of the embedding, a control of SIE's
    authors: are dimensions without that constraint enough to keep the pose?

    Args:
        backbone: encoder network, width D.
        projector: widths of the projector.
        free_dims: how many dimensions of the embedding, the last ones, the invariance term leaves out.
        similarity_weight, variance_weight, covariance_weight: of the terms.

    Raises:
        ValueError: widths or `free_dims` that don't fit.

    Command: `3die bench run vicreg`. Record: `docs/history/mini/records/vicreg-micro-s0/record.json`.
    """

    def __init__(
        self,
        backbone: ResNet,
        projector: Widths = "2048-2048-2048",
        *,
        free_dims: int = 0,
        similarity_weight: float = 10.0,
        variance_weight: float = 10.0,
        covariance_weight: float = 1.0,
    ):
        super().__init__()
        self.backbone = backbone
        self.projector = build_projector(backbone.dim, projector)
        width = parse_widths(projector)[-1]
        if not 0 <= free_dims < width:
            raise ValueError(f"free_dims {free_dims}: must lie between 0 and {width - 1}")
        self.free_dims, self.invariant_dims = free_dims, width - free_dims
        self.similarity_weight = similarity_weight
        self.variance_weight = variance_weight
        self.covariance_weight = covariance_weight

    @property
    def parts(self) -> Parts:
        """All dimensions; with `free_dims` the embedding has an invariant part, and a free one named equivariant."""
        if not self.free_dims:
            return Parts()
        return Parts(embedding=split_parts(self.invariant_dims))

    def compute_loss(self, batch: Batch, views: Views) -> Loss:
        """VICReg's loss of the two embeddings."""
        u, v = views.gathered()
        invariance = losses.invariance(u[:, : self.invariant_dims], v[:, : self.invariant_dims])
        variance, covariance = losses.regularization(u, v)
        loss = (
            self.similarity_weight * invariance + self.variance_weight * variance + self.covariance_weight * covariance
        )
        return loss, {"invariance": invariance, "variance": variance, "covariance": covariance}
