"""E-SSL: an invariant method that also predicts how a picture was turned."""

from typing import Any

import torch
from torch import Tensor, nn

from threedie.baselines import losses
from threedie.baselines.barlow_twins import BarlowTwins
from threedie.baselines.distributed import gather
from threedie.baselines.encoder import Encoder
from threedie.baselines.method import Batch, action_dims
from threedie.baselines.projector import Widths, build_biased_head, build_perceptron
from threedie.baselines.simclr import SimCLR
from threedie.baselines.simsiam import SimSiam
from threedie.baselines.transformations import CLASSES, TRANSFORMATIONS
from threedie.baselines.two_view import HEAD_KEY, Loss, TwoViewMethod, Views

BASES = ("simclr", "simsiam", "barlow_twins")
TARGETS = (*TRANSFORMATIONS, "action")


class ESSL(TwoViewMethod):
    """An invariant method, and a prediction head that names from the representation how a picture was transformed.

    Dangovski et al., "Equivariant Contrastive Learning", ICLR 2022 (arXiv 2111.00899), equation 2. As in the paper, the
    invariant side pulls two augmented views together, and a third, small crop is turned by 0, 90, 180 and 270 degrees,
    which the head classifies. With `target="action"` the head regresses the relative transformation of two views of the
    dataset instead, from both representations. Augmentations are set by the recipe (`augmentation = "essl"`).

    On unit cells of photonic crystals it is the cell as it is, turned or (`target="half_shift"`) shifted by half of it.

    Args:
        backbone: encoder network, width D.
        projector: widths of the projector.
        base: the invariant method: `simclr` (in the authors' form: contrast with the other view, batch-norm at the end
            of the projector), `simsiam` or `barlow_twins`.
        target: `image_rotation` or `half_shift` (cross-entropy of turns or shifts) or `action` (mean squared error).
        action: name of what is regressed with target `action`, see `threedie.manifests.actions.ACTIONS`.
        equivariance_weight: of the equivariance-predicting term, lambda in the paper.
        hidden: widths of the prediction head's hidden layers, with layer-norm (or as `heads` says) and ReLU.
        heads, negatives: of base `simclr`, see there; `heads` is the form of the prediction head too.
        temperature: of the contrastive loss of `simclr`; the paper's is 0.5 on CIFAR-10 and 0.2 on ImageNet.
        redundancy_weight: of `barlow_twins`.
        crop_share: side of the small crop over that of the views: a half on CIFAR-10, 96 / 224 on ImageNet.
        crop_smallest, crop_largest: share of the picture's area that it shows: 0.2 to 1 on CIFAR-10, 0.05 to 0.14 on
            ImageNet.

    Raises:
        ValueError: an unknown base, target or action, an action where none is regressed, or numbers that don't fit.

    Command: `3die bench run essl --set augmentation=essl`.
    Record: `docs/history/mini/records/essl-micro-s0/record.json`.
    """

    def __init__(
        self,
        backbone: Encoder,
        projector: Widths = "2048-2048-2048",
        *,
        base: str = "simclr",
        target: str = "image_rotation",
        action: str = "rotation",
        equivariance_weight: float = 0.4,
        hidden: Widths = "2048-2048",
        heads: str = "usual",
        negatives: str = "other_view",
        temperature: float = 0.5,
        redundancy_weight: float = 0.005,
        crop_share: float = 0.5,
        crop_smallest: float = 0.2,
        crop_largest: float = 1.0,
    ):
        super().__init__()
        if target not in TARGETS:
            raise ValueError(f"target {target!r}: not known; choose one of {', '.join(TARGETS)}")
        if target != "action" and action != "rotation":
            raise ValueError(f"action {action!r}: nothing is regressed with target {target!r}; leave it out")
        if not 0 < crop_share <= 1:
            raise ValueError(f"crop_share {crop_share}: must lie above 0 and up to 1")
        if not 0 < crop_smallest <= crop_largest <= 1:
            raise ValueError(f"crop_smallest {crop_smallest}, crop_largest {crop_largest}: must rise between 0 and 1")
        contrast = {"temperature": temperature, "negatives": negatives, "heads": heads}
        self.base = _build_base(base, backbone, projector, contrast, redundancy_weight)
        regresses = target == "action"
        inputs, outputs = (2 * backbone.dim, action_dims(action)) if regresses else (backbone.dim, CLASSES)
        if heads == "usual":
            self.add_module(HEAD_KEY, build_perceptron(inputs, hidden, outputs, layer_norm=True))
        else:
            self.add_module(HEAD_KEY, build_biased_head(inputs, hidden, outputs, heads))
        self.transform = None if regresses else TRANSFORMATIONS[target]
        self.action = action if regresses else None
        self.equivariance_weight = equivariance_weight
        self.crop_share = crop_share
        self.crop_area = crop_smallest, crop_largest

    @property
    def backbone(self) -> Encoder:  # type: ignore[override]
        """The encoder network: the base's, because a second name would put its weights into checkpoints twice."""
        return self.base.backbone

    def crop_side(self, side: int) -> int | None:
        """Width and height in pixels of the small crop beside views of `side`, such as the network takes."""
        return None if self.action else min(side, self.backbone.fitting_side(round(side * self.crop_share)))

    def represent(self, images: Tensor) -> Tensor:
        """Images (N, 3, H, W) -> representation (N, D)."""
        return self.base.represent(images)

    def embed(self, representation: Tensor) -> Tensor:
        """Representation (N, D) -> embedding (N, E)."""
        return self.base.embed(representation)

    @property
    def prediction_head(self) -> nn.Module:
        """Representation (N, D) -> logits of the transformations (N, 4), or of both views (N, 2D) -> action (N, A)."""
        return self.get_submodule(HEAD_KEY)

    def compute_loss(self, batch: Batch, views: Views) -> Loss:
        """The base's loss, and the cross-entropy of the transformations or the regression of the action.

        Raises:
            ValueError: the transformation of a small crop is to be predicted, and the batch has no crop.
        """
        loss, terms = self.base.compute_loss(batch, views)
        if self.action:
            predicted = self.prediction_head(torch.cat(views.representation, dim=1))
            equivariance = losses.invariance(gather(predicted), gather(self.checked_action(batch)))
        else:
            if self.transform is None or batch.crop is None:
                raise ValueError("ESSL transforms a small crop, and the batch has none; give Batch.crop")
            crops, classes = self.transform(batch.crop)
            logits = self.prediction_head(self.represent(crops))
            equivariance = losses.cross_entropy(gather(logits), gather(classes))
        return loss + self.equivariance_weight * equivariance, {**terms, "equivariance": equivariance}


def _build_base(
    base: str, backbone: Encoder, projector: Widths, contrast: dict[str, Any], redundancy_weight: float
) -> SimCLR | SimSiam | BarlowTwins:
    if base == "simclr":
        return SimCLR(backbone, projector, **contrast, final_norm=contrast["heads"] == "usual")
    if (contrast["heads"], contrast["negatives"]) != ("usual", "other_view"):
        raise ValueError(f"heads, negatives: base {base!r} has no others than the usual ones; leave them out")
    if base == "simsiam":
        return SimSiam(backbone, projector)
    if base == "barlow_twins":
        return BarlowTwins(backbone, projector, redundancy_weight=redundancy_weight)
    raise ValueError(f"base {base!r}: not known; choose one of {', '.join(BASES)}")
