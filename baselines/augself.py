"""AugSelf: SimCLR that must also tell by what the two views differ."""

import torch
from torch import Tensor

from threedie.baselines import losses
from threedie.baselines.distributed import gather
from threedie.baselines.method import Batch, Method, MethodOutput, Parts, action_dims
from threedie.baselines.projector import Widths, build_perceptron, build_projector
from threedie.baselines.resnet import ResNet


class AugSelf(Method):
    """A network that sees both representations regresses the action, so that the backbone keeps what it depends on.

    Lee, Lee, Lee, Lee & Shin, "Improving Transferability of Representations via Augmentation-Aware Self-Supervision",
    NeurIPS 2021, on SimCLR's contrastive loss and with the action of 3DIEBench in place of augmentation parameters.

    Args:
        backbone: encoder network, width D.
        projector: widths of the projector.
        action: which relative transformation, see `threedie.baselines.method.Method`.
        temperature: of the contrastive loss.
        regression_weight: of the regression.
        regressor: widths of the hidden layers of the network that regresses, which have ReLU.

    Raises:
        ValueError: widths that don't fit, or an unknown action.
    """

    def __init__(
        self,
        backbone: ResNet,
        projector: Widths = "2048-2048-2048",
        *,
        action: str = "rotation",
        temperature: float = losses.TEMPERATURE,
        regression_weight: float = 1.0,
        regressor: Widths = "1024-1024",
    ):
        super().__init__()
        self.backbone = backbone
        self.projector = build_projector(backbone.dim, projector)
        self.predictor = build_perceptron(2 * backbone.dim, regressor, action_dims(action))
        self.action = action
        self.temperature = temperature
        self.regression_weight = regression_weight

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
        action = self.checked_action(batch)
        representation = self.represent(batch.view1), self.represent(batch.view2)
        embedding = self.embed(representation[0]), self.embed(representation[1])
        invariance = losses.nt_xent(gather(embedding[0]), gather(embedding[1]), self.temperature)
        regressed = self.predictor(torch.cat(representation, dim=1))
        regression = losses.invariance(gather(regressed), gather(action))
        loss = invariance + self.regression_weight * regression
        terms = {"invariance": invariance.detach(), "regression": regression.detach()}
        return MethodOutput(loss, terms, representation, embedding)
