"""VICReg-Traj: VICReg, and embeddings that move straight on along three views."""

import torch

from threedie.baselines import losses
from threedie.baselines.distributed import gather
from threedie.baselines.method import Batch, MethodOutput
from threedie.baselines.projector import Widths
from threedie.baselines.resnet import ResNet
from threedie.baselines.two_view import Views
from threedie.baselines.vicreg import VICReg


class VICRegTraj(VICReg):
    """VICReg on the first two of three views; the step from view 1 to 2 points where that from 2 to 3 points.

    Wang, Chen & Yu, "Pose-Aware Self-Supervised Learning with Viewpoint Trajectory Regularization", ECCV 2024 (arXiv
    2403.14973), in the form that Ghaemi, Muller & Bakhtiari, "seq-JEPA", NeurIPS 2025, compare with on 3DIEBench: the
    views are any three of an object, not neighbors on a path, and all three pass the networks as one batch. No action
    is used.

    Args:
        backbone: encoder network, width D.
        projector: widths of the projector.
        similarity_weight, variance_weight, covariance_weight: of VICReg's terms.
        trajectory_weight: of the trajectory term.

    Raises:
        ValueError: widths that don't fit.

    Command: `3die bench run vicreg_traj`. Record: none yet.
    """

    views = 3

    def __init__(
        self,
        backbone: ResNet,
        projector: Widths = "2048-2048-2048",
        *,
        similarity_weight: float = 10.0,
        variance_weight: float = 10.0,
        covariance_weight: float = 1.0,
        trajectory_weight: float = 0.01,
    ):
        super().__init__(
            backbone,
            projector,
            similarity_weight=similarity_weight,
            variance_weight=variance_weight,
            covariance_weight=covariance_weight,
        )
        self.trajectory_weight = trajectory_weight

    def forward(self, batch: Batch) -> MethodOutput:
        """Loss, terms, and the representations and embeddings of the first two views."""
        views = torch.stack(self.checked_views(batch), dim=1)
        representation, embedding = (
            tuple(each.unflatten(0, (-1, self.views)).unbind(1)) for each in self.encode(views.flatten(0, 1))
        )
        pair = Views(representation[:2], embedding[:2])
        loss, terms = self.compute_loss(batch, pair)
        terms["trajectory"] = losses.trajectory(*(gather(each) for each in embedding))
        loss = loss + self.trajectory_weight * terms["trajectory"]
        detached = {name: term.detach() for name, term in terms.items()}
        return MethodOutput(loss, detached, pair.representation, pair.embedding)
