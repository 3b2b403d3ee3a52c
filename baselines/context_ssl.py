"""ContextSSL: a transformer learns from a context of moved views which of their changes embeddings should follow."""

import torch
from torch import Tensor
from torch.nn import functional as F

from threedie.baselines import losses
from threedie.baselines.context_transformer import ContextTransformer, causal_mask, context_length, cut, hide_pairs
from threedie.baselines.distributed import gather
from threedie.baselines.environments import ACTION, COLUMNS, PARTS, Environments
from threedie.baselines.method import ALL, EQUIVARIANT, Batch, Method, MethodOutput, Parts, action_dims
from threedie.baselines.projector import Widths, build_perceptron, parse_widths
from threedie.baselines.resnet import ResNet


class ContextSSL(Method):
    """A view and an action give the other view's embedding, behind a context that shows which changes matter.

    A context is a run of pairs of different objects: view 1 with the action, view 2 without. A causal transformer maps
    each to an embedding; a contrast joins those of a pair, and a regressor reads view 2's rotation and hues from both.
    In each batch either the rotations or the hues of all actions are zero, and only the context tells which.

    Gupta, Wang, Wang, Jaakkola & Jegelka, "In-Context Symmetries: Self-Supervised Learning through Contextual World
    Models", NeurIPS 2024 (arXiv 2405.18193). An embedding is what a view without an action gives behind the context of
    `take_context`, at length one; `predict` gives the view an action too.

    Args:
        backbone: encoder network, width D.
        projector: widths; the first is the transformer's, the others aren't used.
        action: `rotation_color`, of which an environment hides a part.
        environment: `mixed` (rotation or color, drawn for each batch), `rotation`, `color` or `both`.
        length: views in a training context, two for each pair.
        mask_probability: that a view doesn't see an earlier pair, in each layer.
        layers, heads: of the transformer.
        temperature: divides the cosine similarities.
        regression_weight: of the regression of rotation and hues.
        regressor: its hidden widths.
        clamp: whether similarities below 1e-7 count as that, as in its authors' code, where they get no gradient.
        context: views of training objects that an evaluation shows first; its authors' 0, 2, 14, 30 and 126.
        context_environment: of those and of predictions; by default that of training, `rotation` for `mixed`.

    Raises:
        ValueError: a number out of its range, an unknown action or environment, or one that isn't trained.

    Command: `3die bench run context_ssl`. Record: none yet.
    """

    needs_absolute = True
    predicts_from_representation = True
    evaluation_options = ("context", "context_environment")
    context_tokens: Tensor

    def __init__(
        self,
        backbone: ResNet,
        projector: Widths = "2048-2048-2048",
        *,
        action: str = ACTION,
        environment: str = "mixed",
        length: int = 128,
        mask_probability: float = 0.9,
        layers: int = 3,
        heads: int = 4,
        temperature: float = losses.TEMPERATURE,
        regression_weight: float = 5.0,
        regressor: str = "1024-1024",
        clamp: bool = False,
        context: int = 0,
        context_environment: str | None = None,
    ):
        super().__init__()
        self.environments = Environments(action, environment, context_environment)
        if length < 2 or length % 2:
            raise ValueError(f"length {length}: must be even, 2 or more: two views for each pair")
        if not 0 <= context <= length - 2 or context % 2:
            raise ValueError(f"context {context}: must be even, from 0 to {length - 2}, the length trained on less 2")
        if not 0 <= mask_probability <= 1:
            raise ValueError(f"mask_probability {mask_probability}: must lie between 0 and 1")
        dims, (width, *_) = action_dims(action), parse_widths(projector) or (0,)
        self.backbone = backbone
        self.predictor = ContextTransformer(backbone.dim + dims, backbone.dim, width, layers, heads)
        self.regressor = build_perceptron(backbone.dim, regressor, dims)
        self.action, self.length, self.group, self.context_pairs = action, length, length // 2, context // 2
        self.mask_probability, self.temperature, self.clamp = mask_probability, temperature, clamp
        self.regression_weight = regression_weight
        self.register_buffer("context_tokens", torch.empty(0, backbone.dim + dims), persistent=False)

    @property
    def parts(self) -> Parts:
        """All dimensions; the embedding's equivariant part is all of it."""
        return Parts(embedding={ALL: slice(None), EQUIVARIANT: slice(None)})

    @property
    def has_predictor(self) -> bool:
        """True: `predict` works."""
        return True

    def represent(self, images: Tensor) -> Tensor:
        """Images (N, 3, H, W) -> representation (N, D)."""
        return self.backbone(images)

    def embed(self, representation: Tensor) -> Tensor:
        """Embeddings of views without an action, behind the context, at length one: (N, D) -> (N, D)."""
        return self.predict(representation, representation.new_zeros(len(representation), action_dims(ACTION)))

    def predict(self, embedding: Tensor, action: Tensor) -> Tensor:
        """Embeddings of the views that actions (N, A) lead to, from *representations* (N, D): (N, D)."""
        shown = self.environments.shown(action, self.environments.evaluated)
        answers = self.predictor.answer(self.context_tokens, torch.cat([embedding, shown], dim=1))
        return F.normalize(answers, dim=1)

    @torch.no_grad()
    def take_context(self, batch: Batch) -> None:
        """Keep pairs (B of them) as the context of all later embeddings and predictions."""
        shown = self.environments.shown(self.checked_action(batch), self.environments.evaluated)
        self.context_tokens = self._tokens(self._pairs(batch), shown).flatten(0, 1)

    def after_step(self, done: float) -> None:
        """Go on to the next batch's environment and masks."""
        self.environments.advance()

    def _pairs(self, batch: Batch) -> Tensor:
        """Representations of both views (B, 2, D), from one pass of the encoder."""
        return self.represent(torch.stack([batch.view1, batch.view2], dim=1).flatten(0, 1)).unflatten(0, (-1, 2))

    def _tokens(self, pairs: Tensor, action: Tensor) -> Tensor:
        """View 1 with its action, view 2 with zeros: (B, 2, D), (B, A) -> (B, 2, D + A)."""
        return torch.cat([pairs, torch.stack([action, torch.zeros_like(action)], dim=1)], dim=2)

    def forward(self, batch: Batch) -> MethodOutput:
        """Contrast of embeddings, regression of rotation and hues, representations and embeddings of a batch."""
        length = context_length(len(batch.view1), self.length)
        environment, numbers = self.environments.draw(len(self.predictor.blocks), length)
        pairs = self._pairs(batch)
        tokens = self._tokens(pairs, self.environments.shown(self.checked_action(batch), environment)).flatten(0, 1)
        masks = hide_pairs(causal_mask(length), numbers, self.mask_probability).to(pairs.device)
        answers = self.predictor(cut(tokens, length), masks).flatten(0, 1)[: len(tokens)]
        u, v = F.normalize(answers, dim=1).unflatten(0, (-1, 2)).unbind(1)

        lowest = losses.LOWEST_SIMILARITY if self.clamp else None
        terms = {"contrast": losses.nt_xent(gather(u), gather(v), self.temperature, lowest)}
        predicted, absolute = gather(self.regressor(torch.cat([u, v]))), self.checked_absolute(batch)
        for name, columns in COLUMNS.items():
            terms[name] = losses.invariance(predicted[:, columns], gather(absolute.repeat(2, 1))[:, columns])
        regression = sum(terms[name] for name in PARTS[environment])
        loss = terms["contrast"] + self.regression_weight * regression
        return MethodOutput(
            loss, {name: term.detach() for name, term in terms.items()}, (pairs[:, 0], pairs[:, 1]), (u, v)
        )
