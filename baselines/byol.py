"""BYOL: a network learns from a slow-moving average of itself."""

import copy

import torch
from torch import Tensor, nn

from threedie.baselines import losses
from threedie.baselines.action_embedding import ACTION_EMBEDDING, ActionEmbedding
from threedie.baselines.distributed import gather
from threedie.baselines.hypernetwork import ActionPredictor
from threedie.baselines.method import ALL, EQUIVARIANT, Batch, Parts, action_dims
from threedie.baselines.moving_average import MOMENTUM, check_momentum, move_average
from threedie.baselines.projector import Widths, build_projector, parse_widths
from threedie.baselines.resnet import ResNet
from threedie.baselines.two_view import Loss, TwoViewMethod, Views


class BYOL(TwoViewMethod):
    """A network predicts from one view the embedding of the other by a slow-moving average of itself, the target.

    Grill et al., "Bootstrap Your Own Latent: A New Approach to Self-Supervised Learning", NeurIPS 2020, equations 1 and
    2. Weights are averaged; the target's batch-norm keeps statistics of its own. The predictor's last layer has no
    bias, like that of every projector here, unless `predictor_bias` gives it one.

    With `conditional` the predictor gets the action beside the embedding, and view 2 is predicted from view 1 alone.
    Ghaemi, Muller & Bakhtiari, "seq-JEPA", NeurIPS 2025, compare with that; their code has `final_norm` and
    `predictor_bias` too.

    Args:
        backbone: encoder network, width D.
        projector: widths of the projector; the paper's are 4096-256.
        hidden: hidden width of the predictor; the paper's is 4096.
        momentum: of the average at the first step, tau in the paper; it rises to 1 along a cosine.
        final_norm: whether the projector ends in a batch-norm without weights.
        predictor_bias: whether the predictor's last layer has a bias.
        conditional: whether the predictor gets the action.
        action: name of the relative transformation, see `threedie.manifests.actions.ACTIONS`; only with `conditional`.
        action_embedding: width of the action embedding; 0 for the raw action; only with `conditional`.

    Raises:
        ValueError: widths or a momentum that don't fit, an unknown action, or options of an action that nothing gets.

    Command: `3die bench run byol`. Record: `docs/history/mini/records/byol-micro-s0/record.json`.
    """

    def __init__(
        self,
        backbone: ResNet,
        projector: Widths = "2048-2048-2048",
        *,
        hidden: int = 2048,
        momentum: float = MOMENTUM,
        final_norm: bool = False,
        predictor_bias: bool = False,
        conditional: bool = False,
        action: str = "rotation",
        action_embedding: int = ACTION_EMBEDDING,
    ):
        super().__init__()
        if hidden < 1:
            raise ValueError(f"hidden {hidden}: must be 1 or more")
        if not conditional and action != "rotation":
            raise ValueError(f"action {action!r}: used only with conditional=true; set that, or leave the action out")
        if not conditional and action_embedding != ACTION_EMBEDDING:
            raise ValueError(
                f"action_embedding {action_embedding}: used only with conditional=true; set that, or leave it out"
            )
        self.backbone = backbone
        self.projector = build_projector(backbone.dim, projector, final_norm=final_norm)
        width = parse_widths(projector)[-1]
        self.predictor: nn.Module
        if conditional:
            embedded = ActionEmbedding(action_dims(action), action_embedding)
            network = build_projector(embedded.width + width, (hidden, width), final_bias=predictor_bias)
            self.predictor = ActionPredictor(embedded, network)
        else:
            self.predictor = build_projector(width, (hidden, width), final_bias=predictor_bias)
        self.target_backbone = copy.deepcopy(self.backbone).requires_grad_(False)
        self.target_projector = copy.deepcopy(self.projector).requires_grad_(False)
        self.momentum = check_momentum(momentum)
        self.action = action if conditional else None

    @property
    def parts(self) -> Parts:
        """All dimensions; with an action the embedding's equivariant part is all of it."""
        return Parts(embedding={ALL: slice(None), EQUIVARIANT: slice(None)}) if self.action else Parts()

    @property
    def has_predictor(self) -> bool:
        """Whether the predictor gets an action, so that `predict` works."""
        return self.action is not None

    def predict(self, embedding: Tensor, action: Tensor) -> Tensor:
        """Embedding (N, E) moved by the action (N, A); without one see `Method.predict`."""
        return self.predictor(embedding, action) if self.action else super().predict(embedding, action)

    def after_step(self, done: float) -> None:
        """Move the target towards the trained network (the paper's equation 1)."""
        move_average(self.target_backbone, self.backbone, self.momentum, done)
        move_average(self.target_projector, self.projector, self.momentum, done)

    def compute_loss(self, batch: Batch, views: Views) -> Loss:
        """Squared distance of each prediction and the target's embedding of the other view; with an action, of one."""
        if self.action:
            moved = gather(self.predict(views.embedding[0], self.checked_action(batch)))
            distance = losses.normalized_distance(moved, self._target(batch.view2))
            return distance, {"equivariance": distance}
        target = [self._target(view) for view in (batch.view1, batch.view2)]
        predicted = [gather(self.predictor(embedding)) for embedding in views.embedding]
        loss = losses.normalized_distance(predicted[0], target[1]) + losses.normalized_distance(predicted[1], target[0])
        return loss, {"invariance": loss}

    @torch.no_grad()
    def _target(self, view: Tensor) -> Tensor:
        """The average's embeddings of a view (B, 3, H, W), those of all processes: (N, E)."""
        return gather(self.target_projector(self.target_backbone(view)))
