"""SimCLR: contrast each pair of views with all others."""

from torch import Tensor, nn

from threedie.baselines import losses
from threedie.baselines.distributed import gather
from threedie.baselines.method import Batch, Method, MethodOutput, Parts
from threedie.baselines.projector import Widths, build_projector, parse_widths
from threedie.baselines.resnet import ResNet

NEGATIVES = {"both_views": losses.nt_xent, "other_view": losses.info_nce}


class SimCLR(Method):
    """The embedding of a view is nearer to that of the other view of its object than to those of all other objects.

    Chen, Kornblith, Norouzi & Hinton, "A Simple Framework for Contrastive Learning of Visual Representations", ICML
    2020, equation 1.

    Args:
        backbone: encoder network, width D.
        projector: widths of the projector.
        temperature: divides the cosine similarities.
        negatives: whom an embedding is held apart from: `both_views` (all others of the batch, as in the paper) or
            `other_view` (only those of the other view).
        final_norm: whether the projector ends in a batch-norm without weights.

    Raises:
        ValueError: an unknown choice of negatives, or widths that don't fit.
    """

    def __init__(
        self,
        backbone: ResNet,
        projector: Widths = "2048-2048-2048",
        *,
        temperature: float = losses.TEMPERATURE,
        negatives: str = "both_views",
        final_norm: bool = False,
    ):
        super().__init__()
        if negatives not in NEGATIVES:
            raise ValueError(f"negatives {negatives!r}: not known; choose one of {', '.join(NEGATIVES)}")
        self.backbone = backbone
        self.projector = build_projector(backbone.dim, projector)
        if final_norm:
            self.projector.append(nn.BatchNorm1d(parse_widths(projector)[-1], affine=False))
        self.temperature = temperature
        self.contrast = NEGATIVES[negatives]

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
        loss = self.contrast(gather(embedding[0]), gather(embedding[1]), self.temperature)
        return MethodOutput(loss, {"invariance": loss.detach()}, representation, embedding)
