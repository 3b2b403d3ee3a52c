"""VICReg: variance, invariance and covariance."""

from torch import Tensor

from threedie.baselines import losses
from threedie.baselines.distributed import gather
from threedie.baselines.method import Batch, Method, MethodOutput, Parts, split_parts
from threedie.baselines.projector import Widths, build_projector, parse_widths
from threedie.baselines.resnet import ResNet


class VICReg(Method):
    """Two views have the same embedding; each dimension of it varies, and no two vary together.

    Bardes, Ponce & LeCun, "VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised Learning", ICLR
    2022, equation 6. With invariance on a part of the embedding only it is the control of SIE's authors: are dimensions
    without any constraint enough to keep the pose?

    Args:
        backbone: encoder network, width D.
        projector: widths of the projector.
        free_dims: how many dimensions of the embedding, the last ones, the invariance term leaves out.
        similarity_weight, variance_weight, covariance_weight: of the terms.

    Raises:
        ValueError: widths or `free_dims` that don't fit.
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
        u, v = gather(embedding[0]), gather(embedding[1])
        invariance = losses.invariance(u[:, : self.invariant_dims], v[:, : self.invariant_dims])
        variance, covariance = losses.regularisation(u, v)
        loss = (
            self.similarity_weight * invariance + self.variance_weight * variance + self.covariance_weight * covariance
        )
        terms = {"invariance": invariance, "variance": variance, "covariance": covariance}
        return MethodOutput(loss, {name: term.detach() for name, term in terms.items()}, representation, embedding)
