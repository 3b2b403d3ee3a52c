"""SEN: a linear predictor moves the embedding of one view to that of the other, by contrast alone."""

from threedie.baselines.action_embedding import ACTION_EMBEDDING
from threedie.baselines.only_equivariance import OnlyEquivariance
from threedie.baselines.projector import Widths
from threedie.baselines.resnet import ResNet


class SEN(OnlyEquivariance):
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
        predictor = {"kind": "linear", "action_embedding": action_embedding}
        super().__init__(
            backbone, projector, predictor=predictor, action=action, temperature=temperature, final_norm=True
        )
