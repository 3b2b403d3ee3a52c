"""SIE: split invariant and equivariant representations."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from threedie.baselines import losses
from threedie.baselines.distributed import gather
from threedie.baselines.hypernetwork import build_predictor
from threedie.baselines.method import ALL, EQUIVARIANT, Batch, Parts, action_dims, split_parts
from threedie.baselines.projector import Widths, build_projector, parse_widths, split_widths
from threedie.baselines.resnet import ResNet
from threedie.baselines.two_view import EquivariantMethod, Loss, Views


class SIE(EquivariantMethod):
    """One half of the representation is the same for both views; the other moves with the action.

    The invariant embeddings of two views are pulled together. The equivariant embedding of the first, moved by a
    predictor that gets the relative transformation, is pulled towards that of the second. Variance and covariance terms
    on both parts prevent collapse; a variance term on the predictor's output keeps it from ignoring the action.

    Garrido, Najman & LeCun, "Self-Supervised Learning of Split Invariant Equivariant Representations", ICML 2023
    (arXiv 2302.10283); coefficients as there.

    Args:
        backbone: encoder network, width D.
        projector: widths of the projector as a whole; the two parts get their share of each.
        equivariant_dims: how many of the D dimensions, the last ones, are equivariant; half if None.
        split: False leaves the invariant part out and makes all dimensions equivariant (no equivariance factor then).
        predictor_variance: whether the variance term also acts on the predictor's output.
        predictor: kind and arguments of the predictor, see `threedie.baselines.hypernetwork.build_predictor`.
        action: name of the relative transformation, see `threedie.manifests.actions.ACTIONS`.
        similarity_weight, variance_weight, covariance_weight: of the terms.
        equivariance_factor: multiplies the similarity weight in the equivariance term.

    Raises:
        ValueError: parts or widths that don't fit.

    Command: `3die bench run sie`. Record: `docs/history/mini/records/sie-micro-s0/record.json`.
    """

    def __init__(
        self,
        backbone: ResNet,
        projector: Widths = "2048-2048-2048",
        *,
        equivariant_dims: int | None = None,
        split: bool = True,
        predictor_variance: bool = True,
        predictor: Mapping[str, Any] | None = None,
        action: str = "rotation",
        similarity_weight: float = 10.0,
        variance_weight: float = 10.0,
        covariance_weight: float = 1.0,
        equivariance_factor: float = 0.45,
    ):
        super().__init__()
        dim = backbone.dim
        if split:
            equivariant_dims = dim // 2 if equivariant_dims is None else equivariant_dims
            if not 0 < equivariant_dims < dim:
                raise ValueError(f"equivariant_dims {equivariant_dims}: must lie between 1 and {dim - 1}")
        elif equivariant_dims not in (None, dim):
            raise ValueError(f"equivariant_dims {equivariant_dims}: without split all {dim} dimensions are equivariant")
        else:
            equivariant_dims = dim
        invariant_dims = dim - equivariant_dims
        equivariant_widths = split_widths(projector, equivariant_dims, dim)

        self.backbone = backbone
        if split:
            self.projector_inv = build_projector(invariant_dims, split_widths(projector, invariant_dims, dim))
        self.projector_equi = build_projector(equivariant_dims, equivariant_widths)
        self.predictor = build_predictor(equivariant_widths[-1], action_dims(action), predictor)

        self.action = action
        self.split = split
        self.predictor_variance = predictor_variance
        self.similarity_weight = similarity_weight
        self.variance_weight = variance_weight
        self.covariance_weight = covariance_weight
        self.equivariance_weight = similarity_weight * (equivariance_factor if split else 1.0)
        self.representation_cut = invariant_dims
        self.embedding_cut = parse_widths(projector)[-1] - equivariant_widths[-1]

    @property
    def parts(self) -> Parts:
        """All, invariant and equivariant dimensions; without split the embedding's equivariant part is all of it."""
        if not self.split:
            return Parts(embedding={ALL: slice(None), EQUIVARIANT: slice(None)})
        return Parts(split_parts(self.representation_cut), split_parts(self.embedding_cut))

    def embed(self, representation: Tensor) -> Tensor:
        """Representation (N, D) -> invariant and equivariant embedding side by side (N, E)."""
        if not self.split:
            return self.projector_equi(representation)
        invariant = self.projector_inv(representation[:, : self.representation_cut])
        equivariant = self.projector_equi(representation[:, self.representation_cut :])
        return torch.cat([invariant, equivariant], dim=1)

    def compute_loss(self, batch: Batch, views: Views) -> Loss:
        """Invariance of one part, equivariance of the other, variance and covariance of both."""
        cut = self.embedding_cut
        predicted = gather(self.predict(views.embedding[0][:, cut:], self.checked_action(batch)))
        u, v = views.gathered()

        terms: dict[str, Tensor] = {}
        terms["equivariance"] = losses.invariance(predicted, v[:, cut:])
        terms["variance"], terms["covariance"] = losses.regularization(u, v)
        loss = (
            self.equivariance_weight * terms["equivariance"]
            + self.variance_weight * terms["variance"]
            + self.covariance_weight * terms["covariance"]
        )
        if self.split:
            terms["invariance"] = losses.invariance(u[:, :cut], v[:, :cut])
            loss = loss + self.similarity_weight * terms["invariance"]
        if self.predictor_variance:
            # Half of the hinge, so that the prediction counts as much as each of the two views does.
            terms["predictor_variance"] = losses.variance(predicted) / 2
            loss = loss + self.variance_weight * terms["predictor_variance"]
        return loss, terms
