"""SimCLR: contrast each pair of views with all others."""

from torch import nn

from threedie.baselines import losses
from threedie.baselines.encoder import Encoder
from threedie.baselines.method import Batch
from threedie.baselines.projector import Widths, build_biased_head, build_projector, check_heads, parse_widths
from threedie.baselines.two_view import Loss, TwoViewMethod, Views

NEGATIVES = {"both_views": losses.nt_xent, "other_view": losses.info_nce}


class SimCLR(TwoViewMethod):
    """The embedding of a view is nearer to that of the other view of its object than to those of all other objects.

    Chen, Kornblith, Norouzi & Hinton, "A Simple Framework for Contrastive Learning of Visual Representations", ICML
    2020, equation 1.

    Args:
        backbone: encoder network, width D.
        projector: widths of the projector.
        temperature: divides the cosine similarities.
        negatives: which embeddings a view is contrasted with: `both_views` (all others of the batch, as in the paper)
            or `other_view` (only those of the other view).
        final_norm: whether the projector ends in a batch-norm.
        final_affine: whether that one has weights.
        heads: form of the projector: `usual`, or as E-SSL has it for photonic crystals with biases and a batch-norm
            that its hidden layers share (`shared_norm`) or not (`separate_norm`).

    Raises:
        ValueError: an unknown choice of negatives or heads, or widths that don't fit.

    Command: `3die bench run simclr`. Record: `docs/history/mini/records/simclr-micro-s0/record.json`.
    """

    def __init__(
        self,
        backbone: Encoder,
        projector: Widths = "2048-2048-2048",
        *,
        temperature: float = losses.TEMPERATURE,
        negatives: str = "both_views",
        final_norm: bool = False,
        final_affine: bool = False,
        heads: str = "usual",
    ):
        super().__init__()
        if negatives not in NEGATIVES:
            raise ValueError(f"negatives {negatives!r}: not known; choose one of {', '.join(NEGATIVES)}")
        self.backbone = backbone
        check_heads(heads)
        if heads == "usual":
            self.projector: nn.Module = build_projector(
                backbone.dim, projector, final_norm=final_norm, final_affine=final_affine
            )
        elif final_norm or final_affine:
            raise ValueError(f"final_norm, final_affine: heads {heads!r} end in a linear layer; leave them out")
        else:
            *hidden, outputs = parse_widths(projector)
            self.projector = build_biased_head(backbone.dim, hidden, outputs, heads)
        self.temperature = temperature
        self.contrast = NEGATIVES[negatives]

    def compute_loss(self, batch: Batch, views: Views) -> Loss:
        """The contrastive loss of the two embeddings."""
        loss = self.contrast(*views.gathered(), self.temperature)
        return loss, {"invariance": loss}
