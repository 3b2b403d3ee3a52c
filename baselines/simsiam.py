"""SimSiam: a predictor and a stopped gradient, and neither negatives nor an average."""

from torch import Tensor, nn

from threedie.baselines import losses
from threedie.baselines.distributed import gather
from threedie.baselines.method import Batch, Method, MethodOutput, Parts
from threedie.baselines.projector import Widths, build_projector, parse_widths
from threedie.baselines.resnet import ResNet


class SimSiam(Method):
    """From the embedding of one view a small network tells that of the other, which gets no gradient.

    Chen & He, "Exploring Simple Siamese Representation Learning", CVPR 2021, equations 1, 3 and 4. The projector ends
    in a batch-norm without weights, as in the authors' code; the predictor's last layer has no bias, like every
    projector's here.

    Args:
        backbone: encoder network, width D.
        projector: widths of the projector.
        bottleneck: hidden width of the predictor; None takes a quarter of the embedding's, as in the paper.

    Raises:
        ValueError: widths that don't fit.
    """

    def __init__(
        self,
        backbone: ResNet,
        projector: Widths = "2048-2048-2048",
        *,
        bottleneck: int | None = None,
    ):
        super().__init__()
        width = parse_widths(projector)[-1]
        if bottleneck is not None and bottleneck < 1:
            raise ValueError(f"bottleneck {bottleneck}: must be 1 or more")
        self.backbone = backbone
        self.projector = nn.Sequential(build_projector(backbone.dim, projector), nn.BatchNorm1d(width, affine=False))
        self.predictor = build_projector(width, (bottleneck or max(1, width // 4), width))

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
        predicted = gather(self.predictor(embedding[0])), gather(self.predictor(embedding[1]))
        forth = losses.negative_cosine(predicted[0], gather(embedding[1]))
        back = losses.negative_cosine(predicted[1], gather(embedding[0]))
        loss = (forth + back) / 2
        return MethodOutput(loss, {"invariance": loss.detach()}, representation, embedding)
