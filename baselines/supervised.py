"""Supervised: trained with the very labels that the tasks ask for, the upper end of the scale."""

import torch
from torch import Tensor

from threedie.baselines import losses
from threedie.baselines.distributed import gather
from threedie.baselines.method import Batch, Method, MethodOutput, Parts, action_dims
from threedie.baselines.projector import Widths, build_perceptron
from threedie.baselines.resnet import ResNet

TARGETS = ("class", "rotation", "both")
# Labels are positions among the 55 classes of ShapeNetCore, whichever of them a dataset has.
CLASSES = 55


class Supervised(Method):
    """One network tells the class from one view, another the action from two; the backbone learns what they need.

    The supervised comparison of Garrido, Najman & LeCun, "Self-supervised learning of Split Invariant Equivariant
    representations", ICML 2023, here with the choice of what is told.

    Args:
        backbone: encoder network, width D.
        projector: widths of the hidden layers of each of the two networks, which have ReLU. There is no projector: the
            embedding is the representation.
        target: `class` (cross-entropy, mean of both views), `rotation` (mean squared error of the action) or `both`.
        action: what is regressed, see `threedie.baselines.method.Method`.
        rotation_weight: of the regression.

    Raises:
        ValueError: an unknown target or action, an action where none is regressed, or widths that don't fit.
    """

    def __init__(
        self,
        backbone: ResNet,
        projector: Widths = "2048-2048-2048",
        *,
        target: str = "both",
        action: str = "rotation",
        rotation_weight: float = 1.0,
    ):
        super().__init__()
        if target not in TARGETS:
            raise ValueError(f"target {target!r}: not known; choose one of {', '.join(TARGETS)}")
        outputs = action_dims(action)
        if target == "class" and action != "rotation":
            raise ValueError(f"action {action!r}: nothing is regressed with target 'class'; leave it out")
        self.backbone = backbone
        self.classifier = build_perceptron(backbone.dim, projector, CLASSES) if target != "rotation" else None
        self.predictor = build_perceptron(2 * backbone.dim, projector, outputs) if target != "class" else None
        self.action = None if target == "class" else action
        self.rotation_weight = rotation_weight

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
        """Loss, terms, representations and embeddings of a batch of pairs."""
        representation = self.represent(batch.view1), self.represent(batch.view2)
        terms: dict[str, Tensor] = {}
        loss = torch.zeros((), device=representation[0].device)
        if self.classifier is not None:
            label = gather(batch.label)
            told = [losses.cross_entropy(gather(self.classifier(each)), label) for each in representation]
            terms["classification"] = (told[0] + told[1]) / 2
            loss = loss + terms["classification"]
        if self.predictor is not None:
            action = gather(self.checked_action(batch))
            regressed = gather(self.predictor(torch.cat(representation, dim=1)))
            terms["regression"] = losses.invariance(regressed, action)
            loss = loss + self.rotation_weight * terms["regression"]
        return MethodOutput(loss, {name: term.detach() for name, term in terms.items()}, representation, representation)
