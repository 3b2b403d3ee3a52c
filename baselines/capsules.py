"""A capsule layer: the backbone's unpooled map -> capsules, each an activation and a pose."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from threedie.baselines.precision import full_precision

SMALLEST_WEIGHT = 1e-12
"""Activations, and sums of weights that are divided by, count as no less than this: a dead layer gives no NaN."""

SMALLEST_NORM = 1e-6
"""Norms that are divided by count as no less than this: a pose of zeros stays zero, with a finite gradient."""


class CapsuleLayer(nn.Module):
    """Primary capsules at every position of a map, and capsules of the whole map that are routed from them.

    Two convolutions give J primary capsules at each position, with activations (sigmoid) and poses of C numbers. Each
    of the K = J h w primary capsules votes for the poses of the J output capsules and distributes its activation over
    them, by weights of its own and without iterating: the self-routing of Hahn, Pyeon & Kim, "Self-Routing Capsule
    Networks", NeurIPS 2019, in the form of EquiCaps (Konstantinou et al., arXiv 2506.09895).

    Args:
        channels: of the map.
        capsules: how many capsules J.
        pose_size: how many numbers C a pose has.
        side: width and height of the map.
    """

    def __init__(self, channels: int, capsules: int, pose_size: int, side: int):
        super().__init__()
        self.capsules, self.pose_size, self.side = capsules, pose_size, side
        self.conv_a = nn.Conv2d(channels, capsules, 3, padding=1, bias=False)
        self.bn_a = nn.BatchNorm2d(capsules)
        self.conv_pose = nn.Conv2d(channels, capsules * pose_size, 3, padding=1, bias=False)
        self.bn_pose = nn.BatchNorm2d(capsules * pose_size)
        self.fc = SelfRouting(side * side * capsules, capsules, pose_size)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Map (N, channels, side, side) -> activations (N, J), which sum to one, and poses (N, J, C).

        Raises:
            ValueError: a map of another size.
        """
        if features.shape[2:] != (self.side, self.side):
            height, width = features.shape[2:]
            raise ValueError(
                f"map of {height} x {width}: the capsule layer has weights for each of {self.side} x {self.side} "
                "positions; give images of the size that the method was built for"
            )
        activation = torch.sigmoid(self.bn_a(self.conv_a(features)))
        pose = self.bn_pose(self.conv_pose(features))
        # Input capsules in the order of the positions, row by row, and at each position in that of its capsules.
        activation = activation.permute(0, 2, 3, 1).flatten(1)
        pose = pose.permute(0, 2, 3, 1).reshape(len(pose), -1, self.pose_size)
        routed: tuple[Tensor, Tensor] = self.fc(activation, pose)
        return routed


def normalized_poses(pose: Tensor) -> Tensor:
    """Poses (N, J, C), each divided by its Frobenius norm."""
    return F.normalize(pose, dim=2, eps=SMALLEST_NORM)


class SelfRouting(nn.Module):
    """Routes K input capsules to J output capsules: activations (N, K), poses (N, K, C) -> (N, J), (N, J, C).

    With activation a_i and pose p_i of input i: votes v_ij = W1_ij p_i, routing r_ij = softmax over j of
    W2_i p_i + b2_i, weights s_ij = a_i r_ij. Output activation sum_i s_ij / sum_i a_i, output pose sum_i s_ij v_ij /
    sum_i s_ij.

    Names of the weights are those of the authors' checkpoints. W2 and b2 start at zero, so that each input is routed
    evenly, and W1 from He's normal distribution.
    """

    def __init__(self, inputs: int, outputs: int, pose_size: int):
        super().__init__()
        self.W1 = nn.Parameter(torch.empty(inputs, outputs * pose_size, pose_size))
        self.W2 = nn.Parameter(torch.zeros(inputs, outputs, pose_size))
        self.b2 = nn.Parameter(torch.zeros(1, 1, inputs, outputs))
        nn.init.kaiming_normal_(self.W1)

    @full_precision
    def forward(self, activation: Tensor, pose: Tensor) -> tuple[Tensor, Tensor]:
        """Activations (N, K) and poses (N, K, C) of the inputs -> those of the outputs, (N, J) and (N, J, C)."""
        inputs, outputs, size = self.W2.shape
        logits = torch.bmm(pose.transpose(0, 1), self.W2.transpose(1, 2)).transpose(0, 1) + self.b2[0]
        activation = activation.clamp_min(SMALLEST_WEIGHT)
        weights = activation.unsqueeze(2) * logits.softmax(dim=2)
        total = weights.sum(dim=1)
        votes: Tensor = _WeightedVotes.apply(self.W1.view(inputs, outputs, size, size), weights, pose)
        return total / activation.sum(dim=1, keepdim=True), votes / total.unsqueeze(2).clamp_min(SMALLEST_WEIGHT)


class _WeightedVotes(torch.autograd.Function):
    """sum_i s_ij W_ij p_i for weights (K, J, C, C), s (N, K, J) and poses p (N, K, C) -> (N, J, C).

    The votes of all inputs for all outputs are N x K x J x C numbers: 1 GiB at 256 images of 256 px with 4 x 4 poses,
    and autograd would keep several such arrays. But sum_i W_ij (s_ij p_i) is one matrix product for each output, of all
    inputs' scaled poses at once: no vote is computed, and nothing but the arguments is kept for the way back.
    """

    @staticmethod
    def forward(ctx: Any, matrices: Tensor, weights: Tensor, pose: Tensor) -> Tensor:
        ctx.save_for_backward(matrices, weights, pose)
        result = pose.new_empty(len(pose), *matrices.shape[1:3])
        for j in range(matrices.shape[1]):
            result[:, j] = _scaled(weights, pose, j) @ _stacked(matrices, j)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        matrices, weights, pose = ctx.saved_tensors
        of_matrices, of_weights, of_pose = map(torch.empty_like, (matrices, weights, pose))
        of_pose.zero_()
        for j in range(matrices.shape[1]):
            of_scaled = (gradient[:, j] @ _stacked(matrices, j).T).view_as(pose)
            of_weights[:, :, j] = (of_scaled * pose).sum(dim=2)
            of_pose.addcmul_(of_scaled, weights[:, :, j : j + 1])
            of_stacked = _scaled(weights, pose, j).T @ gradient[:, j]
            of_matrices[:, j] = of_stacked.view(len(matrices), pose.shape[2], -1).transpose(1, 2)
        return of_matrices, of_weights, of_pose


def _scaled(weights: Tensor, pose: Tensor, j: int) -> Tensor:
    """The poses of all inputs times their weights for output j, side by side: (N, K C)."""
    return (weights[:, :, j : j + 1] * pose).flatten(1)


def _stacked(matrices: Tensor, j: int) -> Tensor:
    """The transposed matrices of all inputs for output j, one below the other: (K C, C)."""
    return matrices[:, j].transpose(1, 2).flatten(0, 1)
