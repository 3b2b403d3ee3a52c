"""SimSiam: a predictor and a stopped gradient, and neither negatives nor an average."""

from torch import nn

from threedie.baselines import losses
from threedie.baselines.distributed import gather
from threedie.baselines.encoder import Encoder
from threedie.baselines.method import Batch
from threedie.baselines.projector import Widths, build_projector, parse_widths
from threedie.baselines.two_view import Loss, TwoViewMethod, Views


class SimSiam(TwoViewMethod):
    """A small network predicts from the embedding of one view that of the other, which gets no gradient.

    Chen & He, "Exploring Simple Siamese Representation Learning", CVPR 2021, equations 1, 3 and 4. The projector ends
    in a batch-norm without weights, as in the authors' code, so that a bias before it would change nothing; the
    predictor's last layer has none either, unlike theirs, unless it is asked for.

    Args:
        backbone: encoder network, width D.
        projector: widths of the projector.
        bottleneck: hidden width of the predictor; None takes a quarter of the embedding's, as in the paper.
        predictor_bias: whether the predictor's last layer has a bias, as in the authors' code.
        constant_predictor_rate: whether the predictor's learning rate stays at its highest, as on ImageNet there.

    Raises:
        ValueError: widths that don't fit.

    Command: `3die bench run simsiam`. Record: `docs/history/mini/records/simsiam-micro-s0/record.json`.
    """

    def __init__(
        self,
        backbone: Encoder,
        projector: Widths = "2048-2048-2048",
        *,
        bottleneck: int | None = None,
        predictor_bias: bool = False,
        constant_predictor_rate: bool = False,
    ):
        super().__init__()
        width = parse_widths(projector)[-1]
        if bottleneck is not None and bottleneck < 1:
            raise ValueError(f"bottleneck {bottleneck}: must be 1 or more")
        self.backbone = backbone
        self.projector = nn.Sequential(build_projector(backbone.dim, projector), nn.BatchNorm1d(width, affine=False))
        self.predictor = build_projector(width, (bottleneck or max(1, width // 4), width), final_bias=predictor_bias)
        self.constant_rate = ("predictor",) if constant_predictor_rate else ()

    def compute_loss(self, batch: Batch, views: Views) -> Loss:
        """Negative cosine of each prediction and the other view's embedding."""
        predicted = [gather(self.predictor(embedding)) for embedding in views.embedding]
        u, v = views.gathered()
        loss = (losses.negative_cosine(predicted[0], v) + losses.negative_cosine(predicted[1], u)) / 2
        return loss, {"invariance": loss}
