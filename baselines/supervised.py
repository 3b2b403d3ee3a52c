"""Supervised: trained with the labels that the tasks measure, the upper end of the scale."""

import torch
from torch import Tensor, nn

from threedie.baselines import losses
from threedie.baselines.distributed import gather
from threedie.baselines.method import Batch, action_dims
from threedie.baselines.projector import Widths, build_perceptron
from threedie.baselines.resnet import ResNet
from threedie.baselines.two_view import HEAD_KEY, Loss, TwoViewMethod, Views
from threedie.manifests.classes import SYNSETS

TARGETS = ("class", "rotation", "both")
CLASSES = len(SYNSETS)
"""In rendered datasets labels are positions among all classes of ShapeNetCore, whichever of them a dataset has."""


class Supervised(TwoViewMethod):
    """A classifier of each view, a regressor of the action between two; the backbone learns what they need.

    The supervised comparison of Garrido, Najman & LeCun, "Self-supervised learning of Split Invariant Equivariant
    representations", ICML 2023, with the target as an option.

    Args:
        backbone: encoder network, width D.
        projector: widths of the hidden layers of classifier and regressor, which have ReLU. There is no projector: the
            embedding is the representation.
        target: `class` (cross-entropy, mean of both views), `rotation` (mean squared error of the action) or `both`.
        action: name of the action that is regressed, see `threedie.manifests.actions.ACTIONS`.
        rotation_weight: of the regression.
        classes: outputs of the classifier; those of rendered datasets by default.

    Raises:
        ValueError: an unknown target or action, an action where none is regressed, or widths that don't fit.

    Command: `3die bench run supervised`. Record: `docs/history/mini/records/supervised-micro-s0/record.json`.
    """

    def __init__(
        self,
        backbone: ResNet,
        projector: Widths = "2048-2048-2048",
        *,
        target: str = "both",
        action: str = "rotation",
        rotation_weight: float = 1.0,
        classes: int = CLASSES,
    ):
        super().__init__()
        if target not in TARGETS:
            raise ValueError(f"target {target!r}: not known; choose one of {', '.join(TARGETS)}")
        if classes < 1:
            raise ValueError(f"classes {classes}: must be 1 or more")
        outputs = action_dims(action)
        if target == "class" and action != "rotation":
            raise ValueError(f"action {action!r}: nothing is regressed with target 'class'; leave it out")
        self.backbone = backbone
        self.classifier = build_perceptron(backbone.dim, projector, classes) if target != "rotation" else None
        if target != "class":
            self.add_module(HEAD_KEY, build_perceptron(2 * backbone.dim, projector, outputs))
        self.action = None if target == "class" else action
        self.rotation_weight, self.classes = rotation_weight, classes

    def embed(self, representation: Tensor) -> Tensor:
        """The representation (N, D) as it is."""
        return representation

    @property
    def regressor(self) -> nn.Module:
        """Representations of both views side by side (N, 2D) -> action (N, A); AttributeError with target `class`."""
        return self.get_submodule(HEAD_KEY)

    def compute_loss(self, batch: Batch, views: Views) -> Loss:
        """Cross-entropy of the class, regression of the action, or both."""
        terms: dict[str, Tensor] = {}
        loss = torch.zeros((), device=views.representation[0].device)
        if self.classifier is not None:
            label = gather(batch.label)
            of_view = [losses.cross_entropy(gather(self.classifier(each)), label) for each in views.representation]
            terms["classification"] = (of_view[0] + of_view[1]) / 2
            loss = loss + terms["classification"]
        if self.action is not None:
            action = gather(self.checked_action(batch))
            predicted = gather(self.regressor(torch.cat(views.representation, dim=1)))
            terms["regression"] = losses.invariance(predicted, action)
            loss = loss + self.rotation_weight * terms["regression"]
        return loss, terms
