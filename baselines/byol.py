"""BYOL: a network learns from a slow-moving average of itself."""

import copy
import math

import torch

from threedie.baselines import losses
from threedie.baselines.distributed import gather
from threedie.baselines.method import Batch
from threedie.baselines.projector import Widths, build_projector, parse_widths
from threedie.baselines.resnet import ResNet
from threedie.baselines.two_view import Loss, TwoViewMethod, Views


class BYOL(TwoViewMethod):
    """A network predicts from one view the embedding of the other by a slow-moving average of itself, the target.

    Grill et al., "Bootstrap Your Own Latent: A New Approach to Self-Supervised Learning", NeurIPS 2020, equations 1 and
    2. Weights are averaged; the target's batch-norm keeps statistics of its own. The predictor's last layer has no
    bias, like that of every projector here.

    Args:
        backbone: encoder network, width D.
        projector: widths of the projector; the paper's are 4096-256.
        hidden: hidden width of the predictor; the paper's is 4096.
        momentum: of the average at the first step, tau in the paper; it rises to 1 along a cosine.

    Raises:
        ValueError: widths or a momentum that don't fit.

    Command: `3die bench run byol`. Record: `docs/history/mini/records/byol-micro-s0/record.json`.
    """

    def __init__(
        self,
        backbone: ResNet,
        projector: Widths = "2048-2048-2048",
        *,
        hidden: int = 2048,
        momentum: float = 0.996,
    ):
        super().__init__()
        if not 0 <= momentum <= 1:
            raise ValueError(f"momentum {momentum}: must lie between 0 and 1")
        if hidden < 1:
            raise ValueError(f"hidden {hidden}: must be 1 or more")
        self.backbone = backbone
        self.projector = build_projector(backbone.dim, projector)
        width = parse_widths(projector)[-1]
        self.predictor = build_projector(width, (hidden, width))
        self.target_backbone = copy.deepcopy(self.backbone).requires_grad_(False)
        self.target_projector = copy.deepcopy(self.projector).requires_grad_(False)
        self.momentum = momentum

    @torch.no_grad()
    def after_step(self, done: float) -> None:
        """Move the target towards the trained network (the paper's equation 1).

        Args:
            done: share of the run's steps that are done; 1 - momentum falls to zero with it, along half a cosine.
        """
        momentum = 1 - (1 - self.momentum) * (math.cos(math.pi * done) + 1) / 2
        pairs = ((self.target_backbone, self.backbone), (self.target_projector, self.projector))
        for target, online in pairs:
            torch._foreach_lerp_(list(target.parameters()), list(online.parameters()), 1 - momentum)

    def compute_loss(self, batch: Batch, views: Views) -> Loss:
        """Squared distance of each prediction and the target's embedding of the other view."""
        with torch.no_grad():
            target = [gather(self.target_projector(self.target_backbone(view))) for view in (batch.view1, batch.view2)]
        predicted = [gather(self.predictor(embedding)) for embedding in views.embedding]
        loss = losses.normalized_distance(predicted[0], target[1]) + losses.normalized_distance(predicted[1], target[0])
        return loss, {"invariance": loss}
