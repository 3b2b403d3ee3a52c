"""EquiMod: an invariant method with an equivariant projector and a predictor beside it."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from threedie.baselines import losses
from threedie.baselines.distributed import gather
from threedie.baselines.hypernetwork import build_predictor
from threedie.baselines.method import Batch, Parts, action_dims, split_parts
from threedie.baselines.projector import Widths, build_projector, parse_widths
from threedie.baselines.resnet import ResNet
from threedie.baselines.two_view import EquivariantMethod, Loss, Views

OBJECTIVES = ("vicreg", "simclr")


class EquiMod(EquivariantMethod):
    """Two projectors see the whole representation: one is trained for invariance, the other for equivariance.

    Devillers & Lefort, "EquiMod: An Equivariance Module to Improve Visual Instance Discrimination", ICLR 2023, in the
    form that the authors of SIE compared with: the hypernetwork predictor, and the same loss on both sides. Nearer to
    its own code, and the form of later papers on 3DIEBench: `objective="simclr"`, `predictor="linear"` (which has an
    action embedding), `final_norm` and an `equivariance_factor` of 1.

    Args:
        backbone: encoder network, width D.
        projector: widths of each of the two projectors.
        objective: the loss on both sides, `vicreg` or `simclr`.
        predictor: kind and arguments of the predictor, see `threedie.baselines.hypernetwork.build_predictor`.
        action: name of the relative transformation, see `threedie.manifests.actions.ACTIONS`.
        final_norm: whether both projectors end in a batch-norm without weights.
        similarity_weight, variance_weight, covariance_weight: of VICReg's terms.
        temperature: of the contrastive loss.
        equivariance_factor: multiplies the whole loss of the equivariant side.

    Raises:
        ValueError: an unknown objective or action, or widths that don't fit.

    Command: `3die bench run equimod`. Record: `docs/history/mini/records/equimod-micro-s0/record.json`.
    """

    def __init__(
        self,
        backbone: ResNet,
        projector: Widths = "2048-2048-2048",
        *,
        objective: str = "vicreg",
        predictor: Mapping[str, Any] | None = None,
        action: str = "rotation",
        final_norm: bool = False,
        similarity_weight: float = 10.0,
        variance_weight: float = 10.0,
        covariance_weight: float = 1.0,
        temperature: float = losses.TEMPERATURE,
        equivariance_factor: float = 0.45,
    ):
        super().__init__()
        if objective not in OBJECTIVES:
            raise ValueError(f"objective {objective!r}: not known; choose one of {', '.join(OBJECTIVES)}")
        self.backbone = backbone
        self.projector_inv = build_projector(backbone.dim, projector, final_norm=final_norm)
        self.projector_equi = build_projector(backbone.dim, projector, final_norm=final_norm)
        self.cut = parse_widths(projector)[-1]
        self.predictor = build_predictor(self.cut, action_dims(action), predictor)
        self.objective = objective
        self.action = action
        self.similarity_weight = similarity_weight
        self.variance_weight = variance_weight
        self.covariance_weight = covariance_weight
        self.temperature = temperature
        self.equivariance_factor = equivariance_factor

    @property
    def parts(self) -> Parts:
        """All dimensions of the representation; of the embedding the invariant and the equivariant ones too."""
        return Parts(embedding=split_parts(self.cut))

    def embed(self, representation: Tensor) -> Tensor:
        """Representation (N, D) -> invariant and equivariant embedding side by side (N, 2E)."""
        return torch.cat([self.projector_inv(representation), self.projector_equi(representation)], dim=1)

    def compute_loss(self, batch: Batch, views: Views) -> Loss:
        """The loss of the invariant embeddings, and that of the moved and the target equivariant embeddings."""
        predicted = gather(self.predict(views.embedding[0][:, self.cut :], self.checked_action(batch)))
        u, v = views.gathered()
        u_inv, u_equi = u[:, : self.cut], u[:, self.cut :]
        v_inv, v_equi = v[:, : self.cut], v[:, self.cut :]

        if self.objective == "simclr":
            invariance = losses.nt_xent(u_inv, v_inv, self.temperature)
            equivariance = losses.nt_xent(predicted, v_equi, self.temperature)
            loss = invariance + self.equivariance_factor * equivariance
            return loss, {"invariance": invariance, "equivariance": equivariance}

        invariance = losses.invariance(u_inv, v_inv)
        equivariance = losses.invariance(predicted, v_equi)
        of_inv = losses.regularization(u_inv, v_inv)
        of_equi = losses.regularization(u_equi, v_equi)
        loss = self._weighted(invariance, of_inv) + self.equivariance_factor * self._weighted(equivariance, of_equi)
        return loss, {
            "invariance": invariance,
            "equivariance": equivariance,
            "variance": of_inv.variance + of_equi.variance,
            "covariance": of_inv.covariance + of_equi.covariance,
        }

    def _weighted(self, similarity: Tensor, regularization: losses.Regularization) -> Tensor:
        return (
            self.similarity_weight * similarity
            + self.variance_weight * regularization.variance
            + self.covariance_weight * regularization.covariance
        )
