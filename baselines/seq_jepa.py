"""seq-JEPA: from a sequence of views and actions, the representation of the next view."""

import copy

import torch
from torch import Tensor

from threedie.baselines import losses
from threedie.baselines.action_embedding import ACTION_EMBEDDING, ActionEmbedding
from threedie.baselines.aggregator import Aggregator
from threedie.baselines.distributed import gather
from threedie.baselines.method import Batch, Method, MethodOutput, Parts, action_dims, split_parts
from threedie.baselines.moving_average import MOMENTUM, check_momentum, move_average
from threedie.baselines.projector import Widths, build_projector
from threedie.baselines.resnet import ResNet


class SeqJEPA(Method):
    """A transformer makes one vector, the aggregate, of some views and the actions between them; the next view follows.

    The predictor gets the aggregate and the last action; its target is the representation that a slow-moving average of
    the backbone gives the next view. There is no projector: the embedding is the aggregate (its invariant part) beside
    the representation (its equivariant part, which the predictor moves).

    Ghaemi, Muller & Bakhtiari, "seq-JEPA: Autoregressive Predictive Learning of Invariant-Equivariant World Models",
    NeurIPS 2025 (arXiv 2505.03176).

    Args:
        backbone: encoder network, width D.
        projector: not used.
        length: how many views are observed, L; the one after them is predicted.
        conditional: whether actions are used.
        action: name of the relative transformation, see `threedie.manifests.actions.ACTIONS`; only with `conditional`.
        action_embedding: width of the action embedding; 0 for the raw action; only with `conditional`.
        hidden: hidden width of the predictor.
        averaged_target: whether the target is an average of the backbone, and not the backbone itself.
        momentum: of the average at the first step; it rises to 1 along a cosine.
        dropout: of the transformer.

    Raises:
        ValueError: a length, widths or shares that don't fit, an unknown action, or options of what isn't used.

    Command: `3die bench run seq_jepa`. Record: none yet.
    """

    def __init__(
        self,
        backbone: ResNet,
        projector: Widths = "",
        *,
        length: int = 3,
        conditional: bool = True,
        action: str = "rotation",
        action_embedding: int = ACTION_EMBEDDING,
        hidden: int = 1024,
        averaged_target: bool = True,
        momentum: float = MOMENTUM,
        dropout: float = 0.1,
    ):
        super().__init__()
        if min(length, hidden) < 1:
            raise ValueError(f"length {length}, hidden {hidden}: must be 1 or more")
        if not conditional and (action, action_embedding) != ("rotation", ACTION_EMBEDDING):
            raise ValueError("action, action_embedding: used only with conditional=true; set that, or leave them out")
        self.backbone = backbone
        self.action = action if conditional else None
        self.action_embedding = ActionEmbedding(action_dims(action), action_embedding) if conditional else None
        width = self.action_embedding.width if self.action_embedding else 0
        self.cut = backbone.dim + width
        self.aggregator = Aggregator(self.cut, dropout)
        self.predictor = build_projector(self.cut + width, (hidden, backbone.dim), final_bias=True)
        self.target_backbone = copy.deepcopy(backbone).requires_grad_(False) if averaged_target else None
        self.momentum = check_momentum(momentum)
        self.views = length + 1

    @property
    def parts(self) -> Parts:
        """All dimensions of the representation; of the embedding the aggregate and the representation."""
        return Parts(embedding=split_parts(self.cut))

    def represent(self, images: Tensor) -> Tensor:
        """Images (N, 3, H, W) -> representation (N, D)."""
        return self.backbone(images)

    def embed(self, representation: Tensor) -> Tensor:
        """Representation (N, D) -> aggregate of that view alone, and the representation, side by side (N, E)."""
        return torch.cat([self._aggregate(representation.unsqueeze(1)), representation], dim=1)

    @property
    def has_aggregate(self) -> bool:
        """True: `embed_sequence` works."""
        return True

    def embed_sequence(self, representation: Tensor, actions: Tensor) -> Tensor:
        """Aggregate of M views and representation of the last one, side by side: (N, M, D), (N, M - 1, A) -> (N, E)."""
        embedded = None
        if self.action_embedding is not None and actions.shape[1]:
            embedded = self.action_embedding(actions.flatten(0, 1)).unflatten(0, actions.shape[:2])
        return torch.cat([self._aggregate(representation, embedded), representation[:, -1]], dim=1)

    @property
    def has_predictor(self) -> bool:
        """Whether the predictor gets an action, so that `predict` works."""
        return self.action_embedding is not None

    def predict(self, embedding: Tensor, action: Tensor) -> Tensor:
        """Representation (N, D) of the view that an action (N, A) leads to, from that of one view (N, D)."""
        if self.action_embedding is None:
            return super().predict(embedding, action)
        return self.predictor(torch.cat([self._aggregate(embedding.unsqueeze(1)), self.action_embedding(action)], 1))

    def forward(self, batch: Batch) -> MethodOutput:
        """Loss, terms, representations of the first two views; as embeddings the prediction and its target."""
        *observed, following = self.checked_views(batch)
        target = self._target(following)
        # One batch of all observed views, so that batch-norm takes their common statistics.
        representation = self.backbone(torch.cat(observed)).unflatten(0, (len(observed), -1))
        tokens = representation.transpose(0, 1)
        if self.action_embedding is None:
            predicted = self.predictor(self._aggregate(tokens))
        else:
            actions = self.checked_actions(batch)
            last = self.action_embedding(actions[:, -1])
            embedded = self.action_embedding(actions.flatten(0, 1)).unflatten(0, actions.shape[:2])
            predicted = self.predictor(torch.cat([self._aggregate(tokens, embedded[:, :-1]), last], dim=1))
        loss = 1 + losses.negative_cosine(gather(predicted), gather(target))
        second = representation[1] if len(observed) > 1 else target
        return MethodOutput(loss, {"equivariance": loss.detach()}, (representation[0], second), (predicted, target))

    def after_step(self, done: float) -> None:
        """Move the target towards the backbone, where it is an average."""
        if self.target_backbone is not None:
            move_average(self.target_backbone, self.backbone, self.momentum, done)

    def _aggregate(self, representation: Tensor, embedded: Tensor | None = None) -> Tensor:
        """Aggregate (N, D + width) of M views (N, M, D) and the embedded actions between them (N, M - 1, width)."""
        if self.action_embedding is None:
            return self.aggregator(representation)
        # From the last view no action leads on.
        count, views, _ = representation.shape
        padded = representation.new_zeros(count, views, self.action_embedding.width)
        if embedded is not None:
            padded = torch.cat([embedded.to(padded.dtype), padded[:, -1:]], dim=1)
        return self.aggregator(torch.cat([representation, padded], dim=2))

    @torch.no_grad()
    def _target(self, view: Tensor) -> Tensor:
        """What is predicted of a view (B, 3, H, W): its representation (B, D), without gradient."""
        return (self.backbone if self.target_backbone is None else self.target_backbone)(view)
