"""Equivariance alone: a contrastive loss without invariance, the control for what an invariance term adds."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from threedie.baselines import losses
from threedie.baselines.distributed import gather
from threedie.baselines.hypernetwork import build_predictor
from threedie.baselines.method import ALL, EQUIVARIANT, Batch, Parts, action_dims
from threedie.baselines.projector import Widths, build_projector, parse_widths
from threedie.baselines.resnet import ResNet
from threedie.baselines.two_view import EquivariantMethod, Loss, Views


class OnlyEquivariance(EquivariantMethod):
    """The moved embedding of a view is nearer to that of the other view of its object than to those of all others.

    SimCLR's loss (Chen et al., ICML 2020, equation 1) between prediction and target, without any invariance: a control
    of Garrido, Najman & LeCun (ICML 2023). The control with VICReg's terms instead is `sie` with `split=False`.

    Args:
        backbone: encoder network, width D.
        projector: widths of the projector.
        predictor: kind and arguments of the predictor, see `threedie.baselines.hypernetwork.build_predictor`.
        action: name of the relative transformation, see `threedie.manifests.actions.ACTIONS`.
        temperature: divides the cosine similarities.
        final_norm: whether the projector ends in a batch-norm without weights.

    Raises:
        ValueError: an unknown action, or widths that don't fit.

    Command: `3die bench run only_equivariance`.
    Record: `docs/history/mini/records/only_equivariance-micro-s0/record.json`.
    """

    def __init__(
        self,
        backbone: ResNet,
        projector: Widths = "2048-2048-2048",
        *,
        predictor: Mapping[str, Any] | None = None,
        action: str = "rotation",
        temperature: float = losses.TEMPERATURE,
        final_norm: bool = False,
    ):
        super().__init__()
        self.backbone = backbone
        self.projector_equi = build_projector(backbone.dim, projector, final_norm=final_norm)
        self.predictor = build_predictor(parse_widths(projector)[-1], action_dims(action), predictor)
        self.action = action
        self.temperature = temperature

    @property
    def parts(self) -> Parts:
        """All dimensions; the embedding's equivariant part is all of it."""
        return Parts(embedding={ALL: slice(None), EQUIVARIANT: slice(None)})

    def embed(self, representation: Tensor) -> Tensor:
        """Representation (N, D) -> embedding (N, E)."""
        return self.projector_equi(representation)

    def compute_loss(self, batch: Batch, views: Views) -> Loss:
        """The contrastive loss of the moved embedding of view 1 and the embedding of view 2."""
        predicted = gather(self.predict(views.embedding[0], self.checked_action(batch)))
        loss = losses.nt_xent(predicted, gather(views.embedding[1]), self.temperature)
        return loss, {"equivariance": loss}
