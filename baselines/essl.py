"""E-SSL: an invariant method that also predicts how a picture was transformed."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from threedie.baselines import losses
from threedie.baselines.distributed import gather
from threedie.baselines.encoder import Encoder
from threedie.baselines.essl_bases import build_base
from threedie.baselines.image_transformations import ACTION, NONE, TRANSFORMATIONS, check_choices
from threedie.baselines.method import Batch, MethodOutput, action_dims
from threedie.baselines.projector import Widths, build_prediction_head
from threedie.baselines.two_view import HEAD_KEY, Loss, TwoViewMethod, Views


class ESSL(TwoViewMethod):
    """An invariant method, and a prediction head that names from the representation how a picture was transformed.

    Dangovski et al., "Equivariant Contrastive Learning", ICLR 2022 (arXiv 2111.00899), equation 2. As in the paper, the
    invariant side pulls two augmented views together, and a third, small crop is turned by 0, 90, 180 and 270 degrees,
    or transformed by another set of `image_transformations`, which the head classifies. With `target="action"` the head
    regresses the relative transformation of two views of the dataset instead, from both representations.
    Augmentations are set by the recipe (`augmentation = "essl"`). Unit cells of crystals are transformed whole.

    Args:
        backbone: encoder network, width D.
        projector: widths of the projector.
        base: the invariant method: `simclr` (in the authors' form: contrast with the other view, batch-norm at the end
            of the projector), `simsiam` or `barlow_twins`.
        target: what the head predicts: a key of `image_transformations.TRANSFORMATIONS` (cross-entropy), `action` (mean
            squared error) or `none`.
        invariance: a key of `TRANSFORMATIONS` that both views are transformed by at random, so that the base becomes
            invariant to it, or `none`.
        action: name of what is regressed with target `action`, see `threedie.manifests.actions.ACTIONS`.
        equivariance_weight: of the equivariance-predicting term, lambda in the paper.
        hidden: widths of the prediction head's hidden layers, with layer-norm and ReLU.
        heads, negatives: of base `simclr`, see there; `heads` is the form of the prediction head too.
        last_relu: whether the last of them has a ReLU: on CIFAR-10, not on ImageNet.
        temperature: of the contrastive loss of `simclr`; the paper's is 0.5 on CIFAR-10 and 0.2 on ImageNet.
        redundancy_weight: of `barlow_twins`.
        final_affine: whether the batch-norm at the end of the projector of `simclr` has weights, as on ImageNet.
        predictor_bias, constant_predictor_rate: of `simsiam`; both as on ImageNet if true.
        crop_share: side of the small crop over that of the views: a half on CIFAR-10, 96 / 224 on ImageNet.
        crop_smallest, crop_largest: share of the picture's area that it shows: 0.2 to 1 on CIFAR-10, 0.05 to 0.14 on
            ImageNet.

    Raises:
        ValueError: an unknown base, target, invariance or action, an action where none is regressed, a transformation
            as both target and invariance, or numbers that don't fit.

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
        invariance: str = NONE,
        action: str = "rotation",
        equivariance_weight: float = 0.4,
        hidden: Widths = "2048-2048",
        heads: str = "usual",
        negatives: str = "other_view",
        last_relu: bool = True,
        temperature: float = 0.5,
        redundancy_weight: float = 0.005,
        final_affine: bool = False,
        predictor_bias: bool = False,
        constant_predictor_rate: bool = False,
        crop_share: float = 0.5,
        crop_smallest: float = 0.2,
        crop_largest: float = 1.0,
    ):
        super().__init__()
        check_choices(target, invariance, action)
        if not 0 < crop_share <= 1:
            raise ValueError(f"crop_share {crop_share}: must lie above 0 and up to 1")
        if not 0 < crop_smallest <= crop_largest <= 1:
            raise ValueError(f"crop_smallest {crop_smallest}, crop_largest {crop_largest}: must rise between 0 and 1")
        options = temperature, redundancy_weight, final_affine, predictor_bias, constant_predictor_rate
        self.base = build_base(base, backbone, projector, *options, heads, negatives)
        self.constant_rate = tuple(f"base.{module}" for module in self.base.constant_rate)
        self.target, self.invariance = TRANSFORMATIONS.get(target), TRANSFORMATIONS.get(invariance)
        self.action = action if target == ACTION else None
        if target != NONE:
            inputs = backbone.dim if self.target else 2 * backbone.dim
            outputs = len(self.target.members) if self.target else action_dims(action)
            self.add_module(HEAD_KEY, build_prediction_head(inputs, hidden, outputs, heads, last_relu))
        self.crop_keeps = self.target.augmentation if self.target else None
        self.equivariance_weight = equivariance_weight
        self.crop_share = crop_share
        self.crop_area = crop_smallest, crop_largest

    @property
    def backbone(self) -> Encoder:  # type: ignore[override]
        """The encoder network: the base's, because a second name would put its weights into checkpoints twice."""
        return self.base.backbone

    def crop_side(self, side: int) -> int | None:
        """Width and height in pixels of the small crop beside views of `side`, such as the network takes."""
        return min(side, self.backbone.fitting_side(round(side * self.crop_share))) if self.target else None

    def represent(self, images: Tensor) -> Tensor:
        """Images (N, 3, H, W) -> representation (N, D)."""
        return self.base.represent(images)

    def embed(self, representation: Tensor) -> Tensor:
        """Representation (N, D) -> embedding (N, E)."""
        return self.base.embed(representation)

    @property
    def prediction_head(self) -> nn.Module:
        """Representation (N, D) -> logits of the members (N, K), or of both views (N, 2D) -> action (N, A)."""
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
        elif self.target:
            if batch.crop is None:
                raise ValueError("ESSL transforms a small crop, and the batch has none; give Batch.crop")
            crops, numbers = self.target.all_members(batch.crop)
            logits = self.prediction_head(self.represent(crops))
            equivariance = losses.cross_entropy(gather(logits), gather(numbers))
        else:
            return loss, terms
        return loss + self.equivariance_weight * equivariance, {**terms, "equivariance": equivariance}

    def forward(self, batch: Batch) -> MethodOutput:
        """Loss, terms, representations and embeddings of a batch of pairs."""
        if self.invariance:
            view1, view2 = (self.invariance.at_random(view) for view in (batch.view1, batch.view2))
            batch = replace(batch, view1=view1, view2=view2)
        return super().forward(batch)
