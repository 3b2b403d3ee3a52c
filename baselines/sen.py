"""SEN: a linear predictor moves the embedding of one view to that of the other, by contrast alone."""

from torch import Tensor

from threedie.baselines import losses
from threedie.baselines.action_embedding import ACTION_EMBEDDING
from threedie.baselines.distributed import gather
from threedie.baselines.hypernetwork import LinearPredictor
from threedie.baselines.method import ALL, EQUIVARIANT, Batch, Parts, action_dims
from threedie.baselines.projector import Widths, build_projector, parse_widths
from threedie.baselines.resnet import ResNet
from threedie.baselines.two_view import EquivariantMethod, Loss, Views


class SEN(EquivariantMethod):
    """The predicted embedding of a view is nearer to that of the other view of its object than to those of all others.

    Park, Biza, Zhao, van de Meent & Walters, "Learning Symmetric Embeddings for Equivariant World Models", ICML 2022,
    in the contrastive form that later papers on 3DIEBench compare with (Gupta et al., NeurIPS 2024; Ghaemi, Muller &
    Bakhtiari, NeurIPS 2025): the loss is SimCLR's between prediction and target, in one direction and without an
    invariance term; the projector ends in a batch-norm without weights; the predictor is one linear layer and such a
    batch-norm on the embedded action and the embedding. `only_equivariance` has the same loss with SIE's predictor.

    Args:
        backbone: encoder network, width D.
        projector: widths of the projector.
        action: name of the relative transformation, see `threedie.manifests.actions.ACTIONS`.
        action_embedding: width of the action embedding; 0 for the raw action.
        temperature: divides the cosine similarities.

    Raises:
        ValueError: an unknown action, or widths that don't fit.

    Command: `3die bench run sen`. Record: none yet.
    """

    def __init__(
        self,
        backbone: ResNet,
        projector: Widths = "2048-2048-2048",
        *,
        action: str = "rotation",
        action_embedding: int = ACTION_EMBEDDING,
        temperature: float = 0.5,
    ):
        super().__init__()
        self.backbone = backbone
        self.projector_equi = build_projector(backbone.dim, projector, final_norm=True)
        self.predictor = LinearPredictor(parse_widths(projector)[-1], action_dims(action), action_embedding)
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
        """The contrastive loss of the predicted embedding and the embedding of view 2."""
        predicted = gather(self.predict(views.embedding[0], self.checked_action(batch)))
        loss = losses.nt_xent(predicted, gather(views.embedding[1]), self.temperature)
        return loss, {"equivariance": loss}
