"""AugSelf: SimCLR, and a regression of the relative transformation of the two views."""

import torch
from torch import nn

from threedie.baselines import losses
from threedie.baselines.distributed import gather
from threedie.baselines.method import Batch, action_dims
from threedie.baselines.projector import Widths, build_perceptron, build_projector
from threedie.baselines.resnet import ResNet
from threedie.baselines.two_view import HEAD_KEY, Loss, TwoViewMethod, Views


class AugSelf(TwoViewMethod):
    """A regressor predicts the action from both representations, so that the backbone keeps what it depends on.

    Lee, Lee, Lee, Lee & Shin, "Improving Transferability of Representations via Augmentation-Aware Self-Supervision",
    NeurIPS 2021, on SimCLR's contrastive loss and with the action of 3DIEBench in place of augmentation parameters.

    Args:
        backbone: encoder network, width D.
        projector: widths of the projector.
        action: name of the relative transformation, see `threedie.manifests.actions.ACTIONS`.
        temperature: of the contrastive loss.
        regression_weight: of the regression.
        regressor: widths of the regressor's hidden layers, which have ReLU.

    Raises:
        ValueError: widths that don't fit, or an unknown action.

    Command: `3die bench run augself`. Record: `docs/history/mini/records/augself-micro-s0/record.json`.
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
        self.add_module(HEAD_KEY, build_perceptron(2 * backbone.dim, regressor, action_dims(action)))
        self.action = action
        self.temperature = temperature
        self.regression_weight = regression_weight

    @property
    def regressor(self) -> nn.Module:
        """Representations of both views side by side (N, 2D) -> action (N, A)."""
        return self.get_submodule(HEAD_KEY)

    def compute_loss(self, batch: Batch, views: Views) -> Loss:
        """SimCLR's loss of the two embeddings, and the regression of the action from both representations."""
        invariance = losses.nt_xent(*views.gathered(), self.temperature)
        predicted = self.regressor(torch.cat(views.representation, dim=1))
        regression = losses.invariance(gather(predicted), gather(self.checked_action(batch)))
        loss = invariance + self.regression_weight * regression
        return loss, {"invariance": invariance, "regression": regression}
