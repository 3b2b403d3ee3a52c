"""Equivariance alone, by contrast: what an invariance term adds, seen from the other side."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from threedie.baselines import losses
from threedie.baselines.distributed import gather
from threedie.baselines.hypernetwork import build_predictor
from threedie.baselines.method import ALL, EQUIVARIANT, Batch, Method, MethodOutput, Parts, action_dims
from threedie.baselines.projector import Widths, build_projector, parse_widths
from threedie.baselines.resnet import ResNet


class OnlyEquivariance(Method):
    """The moved embedding of a view is nearer to that of the other view of its object than to those of all others.

    SimCLR's loss (Chen et al., ICML 2020, equation 1) between prediction and target, without any invariance: a control
    of Garrido, Najman & LeCun (ICML 2023). The control with VICReg's terms instead is `sie` with `split=False`.

    Args:
        backbone: encoder network, width D.
        projector: widths of the projector.
        predictor: kind and arguments of the predictor, see `threedie.baselines.hypernetwork.build_predictor`.
        action: which relative transformation, see `threedie.baselines.method.Method`.
        temperature: divides the cosine similarities.

    Raises:
        ValueError: an unknown action, or widths that don't fit.
    """

    def __init__(
        self,
        backbone: ResNet,
        projector: Widths = "2048-2048-2048",
        *,
        predictor: Mapping[str, Any] | None = None,
        action: str = "rotation",
        temperature: float = losses.TEMPERATURE,
    ):
        super().__init__()
        self.backbone = backbone
        self.projector_equi = build_projector(backbone.dim, projector)
        self.predictor = build_predictor(parse_widths(projector)[-1], action_dims(action), predictor)
        self.action = action
        self.temperature = temperature

    @property
    def parts(self) -> Parts:
        """All dimensions; the embedding's equivariant part is all of it."""
        return Parts(embedding={ALL: slice(None), EQUIVARIANT: slice(None)})

    def represent(self, images: Tensor) -> Tensor:
        """Images (N, 3, H, W) -> representation (N, D)."""
        return self.backbone(images)

    def embed(self, representation: Tensor) -> Tensor:
        """Representation (N, D) -> embedding (N, E)."""
        return self.projector_equi(representation)

    @property
    def has_predictor(self) -> bool:
        """True: the predictor moves embeddings."""
        return True

    def predict(self, embedding: Tensor, action: Tensor) -> Tensor:
        """Embedding (N, E) moved by the action (N, A)."""
        return self.predictor(embedding, action)

    def forward(self, batch: Batch) -> MethodOutput:
        """Loss, terms, representations and embeddings of a batch of pairs."""
        action = self.checked_action(batch)
        representation = self.represent(batch.view1), self.represent(batch.view2)
        embedding = self.embed(representation[0]), self.embed(representation[1])
        predicted = gather(self.predict(embedding[0], action))
        loss = losses.nt_xent(predicted, gather(embedding[1]), self.temperature)
        return MethodOutput(loss, {"equivariance": loss.detach()}, representation, embedding)
