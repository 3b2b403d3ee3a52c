"""The losses, each written once: pure functions of embeddings, tested against values computed by hand.

All compute in float32 at least, with mixed precision switched off: squares and sums over a batch overflow or vanish in
half precision. VICReg is Bardes, Ponce & LeCun, "VICReg: Variance-Invariance-Covariance Regularization for
Self-Supervised Learning", ICLR 2022; SimCLR is Chen et al., "A Simple Framework for Contrastive Learning of Visual
Representations", ICML 2020; Barlow Twins is Zbontar, Jing, Misra, LeCun & Deny, "Barlow Twins: Self-Supervised Learning
via Redundancy Reduction", ICML 2021.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from threedie.baselines.precision import full_precision

VARIANCE_TARGET = 1.0
VARIANCE_EPSILON = 1e-4
SMALLEST_PROBABILITY = 1e-12
"""Smaller ones count as this in a logarithm."""
TEMPERATURE = 0.1
LOWEST_SIMILARITY = 1e-7
"""What the code of ContextSSL's authors raises lower dot products to."""
# Added to a variance before its root is divided by: what batch-norm without weights adds in Barlow Twins' code.
STANDARDIZATION_EPSILON = 1e-5


@full_precision
def invariance(u: Tensor, v: Tensor) -> Tensor:
    """Mean squared difference of two sets of embeddings, over all entries: (N, E), (N, E) -> scalar.

    VICReg's equation 5, divided by E as well, as its authors' code and SIE's do. Also SIE's equivariance term, with the
    predictor's output as `u` (Garrido, Najman & LeCun, ICML 2023).

    Raises:
        ValueError: inputs that aren't two matrices of one shape.
    """
    _check_pair(u, v)
    return F.mse_loss(u, v)


@full_precision
def variance(u: Tensor, target: float = VARIANCE_TARGET, epsilon: float = VARIANCE_EPSILON) -> Tensor:
    """Hinge that keeps the standard deviation of each dimension above a target: (N, E) -> scalar.

    mean over j of max(0, target - sqrt(var(u_j) + epsilon)), the variance with N - 1 in the denominator: VICReg's
    equations 1 and 2.

    Raises:
        ValueError: no matrix, or less than two rows.
    """
    _check_batch(u)
    return F.relu(target - torch.sqrt(u.var(dim=0) + epsilon)).mean()


@full_precision
def covariance(u: Tensor) -> Tensor:
    """Sum of the squared off-diagonal entries of the covariance matrix, over the width: (N, E) -> scalar.

    VICReg's equations 3 and 4.

    Raises:
        ValueError: no matrix, or less than two rows.
    """
    _check_batch(u)
    centered = u - u.mean(dim=0)
    matrix = centered.T @ centered / (len(u) - 1)
    return (matrix.square().sum() - matrix.diagonal().square().sum()) / u.shape[1]


class Regularization(NamedTuple):
    """The two terms of VICReg that keep embeddings from collapsing, each over both views, unweighted."""

    variance: Tensor
    covariance: Tensor


@full_precision
def regularization(u: Tensor, v: Tensor) -> Regularization:
    """VICReg's variance and covariance terms of two views: (N, E), (N, E) -> two scalars.

    The variance is the mean of the views' hinges and the covariance the sum of theirs (VICReg's equation 6 adds both;
    the halved hinge is its authors' code).

    Raises:
        ValueError: shapes that differ, or less than two rows.
    """
    _check_pair(u, v)
    return Regularization((variance(u) + variance(v)) / 2, covariance(u) + covariance(v))


@full_precision
def nt_xent(u: Tensor, v: Tensor, temperature: float = TEMPERATURE, lowest: float | None = None) -> Tensor:
    """Normalized temperature-scaled cross-entropy: (N, E), (N, E) -> scalar.

    For each of the 2N embeddings, normalized to length one, the cross-entropy of choosing the other view of its object
    among the 2N - 1 others, with dot products over the temperature as logits: SimCLR's equation 1, averaged over 2N.
    Dot products below `lowest` count as that, and get no gradient.

    Raises:
        ValueError: shapes that differ, less than two pairs, or a temperature that isn't positive.
    """
    _check_contrast(u, v, temperature)
    rows = F.normalize(torch.cat([u, v]), dim=1)
    itself = torch.eye(len(rows), dtype=torch.bool, device=rows.device)
    products = rows @ rows.T if lowest is None else (rows @ rows.T).clamp_min(lowest)
    logits = (products / temperature).masked_fill(itself, -torch.inf)
    count = len(u)
    other_view = torch.arange(2 * count, device=rows.device).roll(count)
    return F.cross_entropy(logits, other_view)


@full_precision
def info_nce(u: Tensor, v: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Contrast with the other view's embeddings alone: (N, E), (N, E) -> scalar.

    As `nt_xent`, but each embedding is contrasted with the N of the other view, never with those of its own.
    Mean of both directions: the form of Dangovski et al., "Equivariant Contrastive Learning", ICLR 2022.

    Raises:
        ValueError: shapes that differ, less than two pairs, or a temperature that isn't positive.
    """
    _check_contrast(u, v, temperature)
    logits = F.normalize(u, dim=1) @ F.normalize(v, dim=1).T / temperature
    itself = torch.arange(len(u), device=u.device)
    return (F.cross_entropy(logits, itself) + F.cross_entropy(logits.T, itself)) / 2


class CrossCorrelation(NamedTuple):
    """The two terms of Barlow Twins, unweighted."""

    invariance: Tensor
    redundancy: Tensor


@full_precision
def cross_correlation(u: Tensor, v: Tensor, epsilon: float = STANDARDIZATION_EPSILON) -> CrossCorrelation:
    """How far the cross-correlation matrix of two views is from the identity: (N, E), (N, E) -> two scalars.

    With C_ij the correlation over the batch of dimension i of one view and dimension j of the other: the invariance is
    the sum over i of (1 - C_ii)^2, the redundancy that over i != j of C_ij^2. Barlow Twins' equations 1 and 2.

    Raises:
        ValueError: shapes that differ, or less than two rows.
    """
    _check_pair(u, v)
    _check_batch(u)
    correlation = _standardized(u, epsilon).T @ _standardized(v, epsilon) / len(u)
    diagonal = correlation.diagonal()
    return CrossCorrelation((1 - diagonal).square().sum(), correlation.square().sum() - diagonal.square().sum())


def _standardized(u: Tensor, epsilon: float) -> Tensor:
    centered = u - u.mean(dim=0)
    return centered / torch.sqrt(centered.square().mean(dim=0) + epsilon)


@full_precision
def negative_cosine(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean negative cosine of the rows of a prediction and of its target: (N, E), (N, E) -> scalar in [-1, 1].

    Equation 1 of Chen & He, "Exploring Simple Siamese Representation Learning", CVPR 2021. No gradient passes to the
    target: the stop-gradient of its equation 3.

    Raises:
        ValueError: shapes that differ.
    """
    _check_pair(predicted, target)
    return -(F.normalize(predicted, dim=1) * F.normalize(target.detach(), dim=1)).sum(dim=1).mean()


@full_precision
def normalized_distance(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean squared distance of rows scaled to length one: (N, E), (N, E) -> scalar in [0, 4].

    Equation 2 of Grill et al., "Bootstrap Your Own Latent", NeurIPS 2020: 2 - 2 cos. No gradient passes to the target.

    Raises:
        ValueError: shapes that differ.
    """
    return 2 + 2 * negative_cosine(predicted, target)


@full_precision
def trajectory(first: Tensor, middle: Tensor, last: Tensor) -> Tensor:
    """Mean negative cosine of two successive steps, seen across the middle point: three (N, E) -> scalar in [-1, 1].

    With v1 = middle - first, v2 = last - middle and u_k = v_k - (v_k . middle) middle: -cos(u1, u2). The middle point
    is taken as it is, not at length one: the form of the code of Ghaemi, Muller & Bakhtiari, "seq-JEPA", NeurIPS 2025,
    for Wang, Chen & Yu, "Pose-Aware Self-Supervised Learning with Viewpoint Trajectory Regularization", ECCV 2024.

    Raises:
        ValueError: shapes that differ.
    """
    _check_pair(first, middle)
    _check_pair(middle, last)
    steps = [middle - first, last - middle]
    one, two = (step - (step * middle).sum(dim=1, keepdim=True) * middle for step in steps)
    return -F.cosine_similarity(one, two, dim=1).mean()


@full_precision
def cross_entropy(logits: Tensor, label: Tensor) -> Tensor:
    """Mean negative log-likelihood of the labels: (N, classes), (N,) int64 -> scalar.

    Raises:
        ValueError: shapes that don't belong together.
    """
    if logits.ndim != 2 or label.shape != logits.shape[:1]:
        raise ValueError(f"logits must be (N, classes), labels (N,); got {tuple(logits.shape)}, {tuple(label.shape)}")
    return F.cross_entropy(logits, label)


@full_precision
def assignment_cross_entropy(u: Tensor, v: Tensor) -> Tensor:
    """Mean cross-entropy of two sets of probabilities, -sum_j v_j log u_j: (N, J), (N, J) -> scalar.

    Unlike in a distillation both get a gradient. EquiCaps' invariance term on the activations of its capsules
    (Konstantinou et al., arXiv 2506.09895).

    Raises:
        ValueError: inputs that aren't two matrices of one shape.
    """
    _check_pair(u, v)
    return -(v * u.clamp_min(SMALLEST_PROBABILITY).log()).sum(dim=1).mean()


@full_precision
def me_max(u: Tensor) -> Tensor:
    """How far the entropy of the mean probabilities is below its maximum log J: (N, J) -> scalar, zero if uniform.

    The mean-entropy maximization of Assran et al., "Masked Siamese Networks for Label-Efficient Learning", ECCV 2022:
    it keeps all samples from falling to a few of the J choices.

    Raises:
        ValueError: no matrix, or no row.
    """
    if u.ndim != 2 or not len(u):
        raise ValueError(f"probabilities must be (N, J) with at least one row, got {tuple(u.shape)}")
    mean = u.mean(dim=0)
    return math.log(u.shape[1]) + (mean * mean.clamp_min(SMALLEST_PROBABILITY).log()).sum()


def _check_contrast(u: Tensor, v: Tensor, temperature: float) -> None:
    _check_pair(u, v)
    _check_batch(u)
    if temperature <= 0:
        raise ValueError(f"temperature {temperature}: must be positive")


def _check_pair(u: Tensor, v: Tensor) -> None:
    if u.ndim != 2 or u.shape != v.shape:
        raise ValueError(f"embeddings must be two (N, E) of one shape, got {tuple(u.shape)} and {tuple(v.shape)}")


def _check_batch(u: Tensor) -> None:
    if u.ndim != 2:
        raise ValueError(f"embeddings must be (N, E), got {tuple(u.shape)}")
    if len(u) < 2:
        raise ValueError(f"a batch of {len(u)} has no statistics: give at least two samples")


# Spellings of before, which methods in users' own files may have.
Regularisation, regularisation, normalised_distance = Regularization, regularization, normalized_distance
