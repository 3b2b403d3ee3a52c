"""SIE written the plain way: as the paper and its code describe it, one step after the other, nothing rearranged."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class PlainPredictor(nn.Module):
    """Makes a matrix for every sample of a batch, then multiplies: (B, E), (B, A) -> (B, E)."""

    def __init__(self, dim: int, action_dims: int) -> None:
        super().__init__()
        self.dim = dim
        self.hypernetwork = nn.Linear(action_dims, dim * dim, bias=False)

    def forward(self, embedding: Tensor, action: Tensor) -> Tensor:
        """The moved embedding."""
        matrices = self.hypernetwork(action).reshape(-1, self.dim, self.dim)
        return torch.bmm(matrices, embedding.unsqueeze(-1)).squeeze(-1)


class _Block(nn.Module):
    def __init__(self, before: int, after: int, stride: int, first: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        # Stride 2 pads one column on the right and one row below.
        self.pad = nn.ZeroPad2d((0, 1, 0, 1) if stride == 2 else 1)
        self.conv2 = nn.Conv2d(after, after, 3, stride=stride, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.relu = nn.ReLU(inplace=True)
        shortcut = nn.Sequential(nn.Conv2d(before, after, 1, stride=stride, bias=False), nn.BatchNorm2d(after))
        self.shortcut = shortcut if first else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(self.pad(y)))
        return self.relu(y + self.shortcut(x))


class PlainResNet18(nn.Module):
    """The ResNet-18 of SIE's authors with its pads as layers: (B, 3, H, W) -> (B, 512)."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.ZeroPad2d((2, 3, 2, 3)),
            nn.Conv2d(3, 64, 7, stride=2, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
            nn.ConstantPad2d((0, 1, 0, 1), -1e4),
            nn.MaxPool2d(3, stride=2),
        ]
        before = 64
        for index, after in enumerate((64, 128, 256, 512)):
            layers.append(_Block(before, after, 1 if index == 0 else 2, first=True))
            layers.append(_Block(after, after, 1, first=False))
            before = after
        self.layers = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def forward(self, images: Tensor) -> Tensor:
        """The representation."""
        return self.layers(images)


def plain_projector(dim: int, width: int) -> nn.Sequential:
    """Three layers of one width."""
    return nn.Sequential(
        nn.Linear(dim, width), nn.BatchNorm1d(width), nn.ReLU(True),
        nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU(True),
        nn.Linear(width, width, bias=False),
    )  # fmt: skip


def off_diagonal(matrix: Tensor) -> Tensor:
    """The entries off the diagonal, copied out."""
    return matrix[~torch.eye(len(matrix), dtype=torch.bool, device=matrix.device)]


def plain_regularization(one: Tensor, two: Tensor) -> tuple[Tensor, Tensor]:
    """VICReg's variance and covariance terms of two views: (B, E), (B, E) -> two scalars."""
    deviations = [torch.sqrt(each.var(dim=0) + 1e-4) for each in (one, two)]
    variance = sum((F.relu(1 - each).mean() / 2 for each in deviations), torch.zeros(()))
    covariance = torch.zeros(())
    for each in (one, two):
        centred = each - each.mean(dim=0)
        matrix = centred.T @ centred / (len(each) - 1)
        covariance = covariance + off_diagonal(matrix).pow(2).sum() / each.shape[1]
    return variance, covariance


class PlainSIE(nn.Module):
    """Encoder, two projectors, predictor and the five terms, with the paper's coefficients."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.backbone = PlainResNet18()
        self.projector_inv = plain_projector(256, width // 2)
        self.projector_equi = plain_projector(256, width // 2)
        self.predictor = PlainPredictor(width // 2, 4)

    def embed(self, representation: Tensor) -> tuple[Tensor, Tensor]:
        """Invariant and equivariant embedding."""
        return self.projector_inv(representation[:, :256]), self.projector_equi(representation[:, 256:])

    def loss(self, inv1: Tensor, equi1: Tensor, inv2: Tensor, equi2: Tensor, moved: Tensor) -> Tensor:
        """The weighted sum of the terms."""
        whole1, whole2 = torch.cat([inv1, equi1], 1), torch.cat([inv2, equi2], 1)
        variance, covariance = plain_regularization(whole1, whole2)
        of_moved = F.relu(1 - torch.sqrt(moved.var(dim=0) + 1e-4)).mean() / 2
        similarity = F.mse_loss(inv1, inv2) + 0.45 * F.mse_loss(moved, equi2)
        return 10 * similarity + 10 * (variance + of_moved) + covariance

    def forward(self, view1: Tensor, view2: Tensor, action: Tensor) -> Tensor:
        """The loss of a batch."""
        inv1, equi1 = self.embed(self.backbone(view1))
        inv2, equi2 = self.embed(self.backbone(view2))
        return self.loss(inv1, equi1, inv2, equi2, self.predictor(equi1, action))
