"""Random: the encoder network as it was initialised, the lower end of the scale."""

from torch import Tensor

from threedie.baselines.method import Batch, Method, MethodOutput, Parts
from threedie.baselines.projector import Widths
from threedie.baselines.resnet import ResNet


class Random(Method):
    """An untrained encoder. What a method scores above it, training has given.

    It takes no step: its checkpoint holds the initial weights, which the seed decides. Batch-norm keeps the mean of 0
    and the variance of 1 that it begins with.

    Args:
        backbone: encoder network, width D.
        projector: not used; the embedding is the representation.
    """

    needs_training = False

    def __init__(self, backbone: ResNet, projector: Widths = ""):
        super().__init__()
        self.backbone = backbone

    @property
    def parts(self) -> Parts:
        """Only all dimensions."""
        return Parts()

    def represent(self, images: Tensor) -> Tensor:
        """Images (N, 3, H, W) -> representation (N, D)."""
        return self.backbone(images)

    def embed(self, representation: Tensor) -> Tensor:
        """The representation (N, D) as it is."""
        return representation

    def forward(self, batch: Batch) -> MethodOutput:
        """A loss of zero without gradient; representations and embeddings of a batch of pairs."""
        representation = self.represent(batch.view1), self.represent(batch.view2)
        return MethodOutput(representation[0].new_zeros(()), {}, representation, representation)
