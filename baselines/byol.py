"""BYOL: a network learns from a slow-moving average of itself."""

import copy
import math

import torch
from torch import Tensor

from threedie.baselines import losses
from threedie.baselines.distributed import gather
from threedie.baselines.method import Batch, Method, MethodOutput, Parts
from threedie.baselines.projector import Widths, build_projector, parse_widths
from threedie.baselines.resnet import ResNet


class BYOL(Method):
    """From one view a network tells what a slow-moving average of itself, the target, makes of the other view.

    Grill et al., "Bootstrap Your Own Latent: A New Approach to Self-Supervised Learning", NeurIPS 2020, equations 1 and
    2. The average is of weights; batch-norm of the target has statistics of its own. The predictor's last layer has no
    bias, like every projector's here.

    Args:
        backbone: encoder network, width D.
        projector: widths of the projector; the paper's are 4096-256.
        hidden: hidden width of the predictor; the paper's is 4096.
        momentum: of the average at the first step, tau in the paper; it rises to 1 along a cosine.

    Raises:
        ValueError: widths or a momentum that don't fit.
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

    @torch.no_grad()
    def after_step(self, done: float) -> None:
        """Move the target a little towards the network that learns (the paper's equation 1).

        Args:
            done: share of the run's steps that are done; 1 - momentum falls to zero with it, along half a cosine.
        """
        kept = 1 - (1 - self.momentum) * (math.cos(math.pi * done) + 1) / 2
        pairs = ((self.target_backbone, self.backbone), (self.target_projector, self.projector))
        for target, online in pairs:
            torch._foreach_lerp_(list(target.parameters()), list(online.parameters()), 1 - kept)

    def forward(self, batch: Batch) -> MethodOutput:
        """Loss, terms, representations and embeddings of a batch of pairs."""
        representation = self.represent(batch.view1), self.represent(batch.view2)
        embedding = self.embed(representation[0]), self.embed(representation[1])
        with torch.no_grad():
            target = tuple(
                gather(self.target_projector(self.target_backbone(view))) for view in (batch.view1, batch.view2)
            )
        forth = losses.normalised_distance(gather(self.predictor(embedding[0])), target[1])
        back = losses.normalised_distance(gather(self.predictor(embedding[1])), target[0])
        loss = forth + back
        return MethodOutput(loss, {"invariance": loss.detach()}, representation, embedding)
