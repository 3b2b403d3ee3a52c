"""The base of methods that compare two views of an object: what they have in common, written once."""

from abc import abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn

from threedie.baselines.distributed import gather
from threedie.baselines.encoder import Encoder
from threedie.baselines.method import Batch, Method, MethodOutput, Parts

HEAD_KEY = "predictor"
"""Name in checkpoints of a regressor or another prediction head, whatever its attribute is called: old ones have it."""

Loss = tuple[Tensor, dict[str, Tensor]]
"""A scalar to differentiate, and its terms by name, unweighted."""


@dataclass(frozen=True)
class Views:
    """Outputs of the networks for both views of a batch.

    Attributes:
        representation: backbone outputs of view 1 and view 2, each (B, D).
        embedding: projector outputs of view 1 and view 2, each (B, E).
    """

    representation: tuple[Tensor, Tensor]
    embedding: tuple[Tensor, Tensor]

    def gathered(self) -> tuple[Tensor, Tensor]:
        """Embeddings of view 1 and view 2 with the rows of all processes, each (N, E)."""
        return gather(self.embedding[0]), gather(self.embedding[1])


class TwoViewMethod(Method):
    """A method with a loss on the embeddings of two views. A subclass sets two modules and writes `compute_loss`.

    Subclasses with parts, or with other projectors than one, override `parts`, `represent` and `embed`.

    Attributes:
        backbone: encoder network, images (N, 3, H, W) -> representation (N, D).
        projector: representation (N, D) -> embedding (N, E).
    """

    backbone: Encoder
    projector: nn.Module

    @abstractmethod
    def compute_loss(self, batch: Batch, views: Views) -> Loss:
        """Loss and terms of a batch of pairs; `forward` detaches the terms."""

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

    def forward(self, batch: Batch) -> MethodOutput:
        """Loss, terms, representations and embeddings of a batch of pairs."""
        # One view after the other, so that batch-norm takes the statistics of each.
        first, second = self.encode(batch.view1), self.encode(batch.view2)
        representation, embedding = (first[0], second[0]), (first[1], second[1])
        loss, terms = self.compute_loss(batch, Views(representation, embedding))
        return MethodOutput(loss, {name: term.detach() for name, term in terms.items()}, representation, embedding)


class EquivariantMethod(TwoViewMethod):
    """A two-view method with a predictor, which moves equivariant embeddings by an action.

    Attributes:
        predictor: equivariant embedding (N, E_equi), action (N, A) -> moved embedding (N, E_equi).
    """

    predictor: nn.Module

    @property
    def has_predictor(self) -> bool:
        """True: `predict` works."""
        return True

    def predict(self, embedding: Tensor, action: Tensor) -> Tensor:
        """Equivariant embedding (N, E_equi) moved by the action (N, A)."""
        return self.predictor(embedding, action)
