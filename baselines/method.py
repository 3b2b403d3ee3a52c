"""What a method is: a module that computes a loss from a batch of pairs or sequences of views."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from threedie.baselines.parts import ALL, EQUIVARIANT, INVARIANT
from threedie.manifests.actions import ACTIONS, METHOD_ACTIONS

ACTION_DIMS: dict[str, int] = {name: ACTIONS[name].size for name in METHOD_ACTIONS}
"""Actions that a method may be trained with, and how many numbers each has."""


def action_dims(action: str) -> int:
    """Number of components A of an action by name; ValueError on another name."""
    if action not in ACTION_DIMS:
        raise ValueError(f"action {action!r}: not known; choose one of {', '.join(ACTION_DIMS)}")
    return ACTION_DIMS[action]


@dataclass(frozen=True)
class Batch:
    """Pairs of views of B objects, or sequences of V views where a method wants more (`Method.views`).

    Attributes:
        view1, view2: images (B, 3, H, W), normalized.
        action: the relative transformation from view 1 to view 2, (B, A), the one that `Method.action` names.
        label: class of each object, (B,), int64.
        crop: a small crop of view 1's picture, (B, 3, h, w), for methods that use one (`Method.crop_side`).
        later_views: the V - 2 views after view 2, images (B, 3, H, W) each.
        later_actions: from view 2 to view 3 and so on, (B, V - 2, A); None is as good as no such views.
        absolute: what the action would be to view 2 from a view whose latents are zero, (B, A): its rotation itself
            instead of the relative one, and so on; for methods that want it (`Method.needs_absolute`).
    """

    view1: Tensor
    view2: Tensor
    action: Tensor
    label: Tensor
    crop: Tensor | None = None
    later_views: tuple[Tensor, ...] = ()
    later_actions: Tensor | None = None
    absolute: Tensor | None = None

    @property
    def views(self) -> tuple[Tensor, ...]:
        """All V views in their order, images (B, 3, H, W) each."""
        return (self.view1, self.view2, *self.later_views)

    @property
    def actions(self) -> Tensor:
        """The relative transformations from each view to the next, (B, V - 1, A)."""
        first = self.action.unsqueeze(1)
        return first if self.later_actions is None else torch.cat([first, self.later_actions], dim=1)


@dataclass(frozen=True)
class MethodOutput:
    """The result of one forward pass.

    Attributes:
        loss: scalar to differentiate.
        terms: named scalars to log, detached; unweighted, so that runs with other weights can be compared.
        representation: backbone outputs of view 1 and view 2, each (B, D).
        embedding: projector outputs of view 1 and view 2, each (B, E).
    """

    loss: Tensor
    terms: dict[str, Tensor]
    representation: tuple[Tensor, Tensor]
    embedding: tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Parts:
    """Where the named parts lie in the representation and in the embedding, as slices of the last dimension."""

    representation: dict[str, slice] = field(default_factory=lambda: {ALL: slice(None)})
    embedding: dict[str, slice] = field(default_factory=lambda: {ALL: slice(None)})


def split_parts(cut: int) -> dict[str, slice]:
    """The parts of a last dimension that holds `cut` invariant values and then the equivariant ones."""
    return {ALL: slice(None), INVARIANT: slice(0, cut), EQUIVARIANT: slice(cut, None)}


class Method(nn.Module, ABC):
    """A self-supervised method. One subclass a file; variants are arguments of its constructor.

    Attributes:
        action: name of the relative transformation that `Batch.action` holds, a key of `ACTION_DIMS`; None if the
            method uses none. `threedie.manifests.actions` defines them.
        needs_training: whether there is something to train; if not, the initial weights are the result.
        views: how many views of each object a batch holds, 2 or more.
        group: how many objects the method takes together: every batch, and the share of every process, holds a multiple
            of them. Rows 0 to `group` - 1 are the first group, and so on. Where a batch or the dataset has fewer, the
            batch is one smaller group.
        crop_area: smallest and largest share of the picture's area that `Batch.crop` shows.
        needs_absolute: whether it wants `Batch.absolute`.
        context_pairs: how many pairs of views of training objects an evaluation hands to `take_context` first.
        predicts_from_representation: whether `predict` takes the whole representation of a view instead of the
            equivariant part of its embedding.
        evaluation_options: names of options that decide no weight: `3die bench eval --set` may change them.
        crop_keeps: random change that `Batch.crop` is spared, `flip`, `gray` or `blur`, because the method predicts it.
        constant_rate: names of modules that are trained at the recipe's highest rate throughout.
        classes: how many classes the method can tell apart, where it is trained with labels.
    """

    action: str | None = None
    needs_training: bool = True
    views: int = 2
    group: int = 1
    crop_area: tuple[float, float] = (0.2, 1.0)
    needs_absolute: bool = False
    context_pairs: int = 0
    predicts_from_representation: bool = False
    evaluation_options: tuple[str, ...] = ()
    crop_keeps: str | None = None
    constant_rate: tuple[str, ...] = ()
    classes: int | None = None

    def crop_side(self, side: int) -> int | None:
        """Width and height in pixels of the small crop this method wants beside views of `side`; None for no crop."""
        return None

    @property
    @abstractmethod
    def parts(self) -> Parts:
        """The named parts of representation and embedding."""

    @abstractmethod
    def represent(self, images: Tensor) -> Tensor:
        """Backbone output: images (N, 3, H, W) -> representation (N, D)."""

    @abstractmethod
    def embed(self, representation: Tensor) -> Tensor:
        """Projector output: representation (N, D) -> embedding (N, E)."""

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Representation (N, D) and embedding (N, E) of images (N, 3, H, W).

        `represent`, then `embed`; a method whose embedding needs more than the representation overrides it.
        """
        representation = self.represent(images)
        return representation, self.embed(representation)

    @abstractmethod
    def forward(self, batch: Batch) -> MethodOutput:
        """Loss, terms, representation and embedding of a batch."""

    def after_step(self, done: float) -> None:
        """Called by the training loop after every step of the optimizer; does nothing unless a method needs it.

        What it changes must be parameters or buffers, so that checkpoints hold it and a resumed run ends the same.

        Args:
            done: share of the run's steps that are done, above 0 and up to 1.
        """

    def take_context(self, batch: Batch) -> None:
        """Keep pairs as the context of all later embeddings and predictions, in buffers that checkpoints don't hold."""
        raise NotImplementedError(f"{type(self).__name__} takes no context")

    @property
    def has_predictor(self) -> bool:
        """Whether `predict` works, so that retrieval can be measured."""
        return False

    def predict(self, embedding: Tensor, action: Tensor) -> Tensor:
        """Move the equivariant part of an embedding by an action: (N, E_equi), (N, A) -> (N, E_equi)."""
        raise NotImplementedError(f"{type(self).__name__} has no predictor")

    @property
    def has_aggregate(self) -> bool:
        """Whether `embed_sequence` works, so that tasks can be measured with several views of an object at once."""
        return False

    def embed_sequence(self, representation: Tensor, actions: Tensor) -> Tensor:
        """Embedding of a view, given the views before it; for one view alone it equals that of `embed`.

        Args:
            representation: of M views, the last one included, (N, M, D).
            actions: from each of them to the next, (N, M - 1, A), with A = 0 for a method without actions.

        Returns:
            (N, E).
        """
        raise NotImplementedError(f"{type(self).__name__} embeds each view by itself")

    def checked_action(self, batch: Batch) -> Tensor:
        """The batch's action (B, A); ValueError where its shape isn't the one `self.action` names."""
        return self._checked(batch, batch.action, ())

    def checked_actions(self, batch: Batch) -> Tensor:
        """The batch's actions (B, V - 1, A); ValueError where their shape isn't that of `action` and `views`."""
        return self._checked(batch, batch.actions, (self.views - 1,))

    def checked_views(self, batch: Batch) -> tuple[Tensor, ...]:
        """The batch's views; ValueError where their number isn't `self.views`."""
        if len(batch.views) != self.views:
            raise ValueError(f"{type(self).__name__} takes {self.views} views, the batch gave {len(batch.views)}")
        return batch.views

    def _checked(self, batch: Batch, action: Tensor, steps: tuple[int, ...]) -> Tensor:
        if self.action is None:
            raise ValueError(f"{type(self).__name__} uses no action")
        wanted = (len(batch.view1), *steps, action_dims(self.action))
        if tuple(action.shape) != wanted:
            raise ValueError(f"action {self.action!r} has shape {wanted}, the batch gave {tuple(action.shape)}")
        return action

    def checked_absolute(self, batch: Batch) -> Tensor:
        """The batch's absolute latents (B, A); ValueError where they are missing or not of the action's shape."""
        if batch.absolute is None or batch.absolute.shape != batch.action.shape:
            got = "none" if batch.absolute is None else tuple(batch.absolute.shape)
            raise ValueError(f"absolute latents have shape {tuple(batch.action.shape)}, the batch gave {got}")
        return batch.absolute
