"""EquiCaps: capsules whose poses are moved by the action itself, without a predictor."""

import torch
from torch import Tensor

from threedie.baselines import losses
from threedie.baselines.action_matrix import action_matrix
from threedie.baselines.capsules import CapsuleLayer, normalized_poses
from threedie.baselines.distributed import gather
from threedie.baselines.method import Batch, Parts, action_dims, split_parts
from threedie.baselines.precision import full_precision
from threedie.baselines.projector import Widths
from threedie.baselines.resnet import ResNet
from threedie.baselines.two_view import Loss, TwoViewMethod, Views

MATRIX_SIDES = {"rotation": 3, "motion_object": 4, "motion_base": 4}
"""Action -> width and height of its matrix, and of a pose."""


class EquiCaps(TwoViewMethod):
    """Capsules of the unpooled map: their activations are the same for both views, their poses move with the action.

    A pose is a matrix. Multiplied from the right by the matrix of the action, it is pulled towards that of the other
    view; there is no predictor to train. Variance and covariance terms prevent collapse, and a mean-entropy term keeps
    all capsules in use.

    Konstantinou et al., "EquiCaps: Predictor-Free Pose-Aware Pre-Trained Capsule Networks", 2025 (arXiv 2506.09895);
    coefficients as there. The representation is the pooled map, as in its evaluation. The embedding is made of the map
    before pooling; the activations are its invariant part and the poses, at norm one, its equivariant part.

    Args:
        backbone: encoder network, width D.
        projector: not used; the capsule layer takes its place.
        image_size: width and height of the images: the capsule layer has weights for each position of their map.
        capsules: how many capsules J.
        action: `rotation` (poses of 3 x 3), or `motion_object` or `motion_base` (4 x 4) where the dataset has
            translations; see `threedie.manifests.actions.ACTIONS`.
        similarity_weight, equivariance_weight, variance_weight, covariance_weight, entropy_weight: of the terms.

    Raises:
        ValueError: no capsule, or an action that has no matrix.

    Command: `3die bench run equicaps`. Record: none yet.
    """

    backbone: ResNet

    def __init__(
        self,
        backbone: ResNet,
        projector: Widths = "",
        image_size: int = 256,
        *,
        capsules: int = 32,
        action: str = "rotation",
        similarity_weight: float = 0.1,
        equivariance_weight: float = 5.0,
        variance_weight: float = 10.0,
        covariance_weight: float = 1.0,
        entropy_weight: float = 1.0,
    ):
        super().__init__()
        action_dims(action)
        if action not in MATRIX_SIDES:
            raise ValueError(f"action {action!r}: equicaps needs one that is a matrix: {', '.join(MATRIX_SIDES)}")
        if capsules < 1:
            raise ValueError(f"capsules {capsules}: must be 1 or more")
        self.backbone = backbone
        self.projector = CapsuleLayer(backbone.dim, capsules, MATRIX_SIDES[action] ** 2, backbone.map_side(image_size))
        self.capsules = capsules
        self.action = action
        self.similarity_weight = similarity_weight
        self.equivariance_weight = equivariance_weight
        self.variance_weight = variance_weight
        self.covariance_weight = covariance_weight
        self.entropy_weight = entropy_weight

    @property
    def parts(self) -> Parts:
        """All dimensions of the representation; the embedding's activations are invariant, its poses equivariant."""
        return Parts(embedding=split_parts(self.capsules))

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images (N, 3, H, W) -> pooled map (N, D), and activations and poses side by side (N, J + J C)."""
        features = self.backbone.feature_map(images)
        return features.mean(dim=(2, 3)), self.embed(features)

    def embed(self, representation: Tensor) -> Tensor:
        """The backbone's map (N, D, h, w), not pooled -> activations and poses side by side (N, J + J C).

        Raises:
            ValueError: a pooled representation, or a map of another size than the method was built for.
        """
        if representation.ndim != 4:
            raise ValueError("equicaps embeds the backbone's unpooled map (N, D, h, w), not the representation: encode")
        activation, pose = self.projector(representation)
        return torch.cat([activation, normalized_poses(pose).flatten(1)], dim=1)

    @property
    def has_predictor(self) -> bool:
        """True: `predict` works, by the action alone."""
        return True

    @full_precision
    def predict(self, embedding: Tensor, action: Tensor) -> Tensor:
        """Poses (N, J C) times the matrix of the action (N, A), from the right, at norm one.

        Raises:
            ValueError: poses or actions of another width, or of different numbers of views.
        """
        self._check_shapes(embedding, action)
        side = MATRIX_SIDES[str(self.action)]
        matrix = action_matrix(action.to(embedding.dtype))
        moved = embedding.view(len(embedding), self.capsules * side, side) @ matrix
        moved = moved.view(len(embedding), self.capsules, side * side)
        # A rotation keeps the norm; left as it is, the prediction is linear in the embedding.
        return (moved if side == 3 else normalized_poses(moved)).flatten(1)

    def _check_shapes(self, embedding: Tensor, action: Tensor) -> None:
        width = self.capsules * MATRIX_SIDES[str(self.action)] ** 2
        if embedding.ndim != 2 or embedding.shape[1] != width:
            raise ValueError(f"embeddings of shape {tuple(embedding.shape)}: equicaps moves poses alone, (N, {width})")
        wanted = (len(embedding), action_dims(str(self.action)))
        if action.shape != wanted:
            raise ValueError(f"actions of shape {tuple(action.shape)}: {self.action} of these embeddings is {wanted}")

    def compute_loss(self, batch: Batch, views: Views) -> Loss:
        """Cross-entropy of activations, distance of poses, mean entropy, and variance and covariance of both."""
        cut = self.capsules
        predicted = gather(self.predict(views.embedding[0][:, cut:], self.checked_action(batch)))
        x, y = views.gathered()
        u = torch.cat([x[:, :cut], predicted], dim=1)

        terms: dict[str, Tensor] = {}
        terms["invariance"] = losses.assignment_cross_entropy(x[:, :cut], y[:, :cut])
        terms["equivariance"] = losses.invariance(predicted, y[:, cut:])
        terms["variance"], terms["covariance"] = losses.regularization(u, y)
        terms["mean_entropy"] = losses.me_max(x[:, :cut]) + losses.me_max(y[:, :cut])
        loss = (
            self.similarity_weight * terms["invariance"]
            + self.equivariance_weight * terms["equivariance"]
            + self.variance_weight * terms["variance"]
            + self.covariance_weight * terms["covariance"]
            + self.entropy_weight * terms["mean_entropy"]
        )
        return loss, terms
