"""The matrix of an action that moves an object: a rotation, or a rotation and a translation."""

import torch
from torch import Tensor
from torch.nn import functional as F

from threedie.manifests.actions import QUATERNION_SIZE


def action_matrix(action: Tensor) -> Tensor:
    """Matrix of a rotation (N, 4) -> (N, 3, 3), or of a rigid motion (N, 7) -> (N, 4, 4), homogeneous."""
    x, y, z, w = F.normalize(action[:, :QUATERNION_SIZE], dim=1).unbind(dim=1)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    rotation = torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)
    if action.shape[1] == QUATERNION_SIZE:
        return rotation
    matrix = torch.eye(4, dtype=action.dtype, device=action.device).repeat(len(action), 1, 1)
    matrix[:, :3, :3], matrix[:, :3, 3] = rotation, action[:, QUATERNION_SIZE:]
    return matrix
