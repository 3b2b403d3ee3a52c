"""Two signs of collapse to watch during training, of a representation, an embedding or a prediction: (N, E) -> scalar.

Those that the authors of SIE log. Without gradient.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

# Keeps a dimension that doesn't vary from dividing by zero; the original's value.
DEVIATION_FLOOR = 1e-5


@torch.no_grad()
def spread(u: Tensor) -> Tensor:
    """Standard deviation over the batch of the rows scaled to length one, mean over dimensions.

    Near 1 / sqrt(E) when directions are spread evenly, 0 when all rows point the same way (Chen & He, "Exploring Simple
    Siamese Representation Learning", CVPR 2021).

    Raises:
        ValueError: no matrix, or less than two rows.
    """
    _check(u)
    return F.normalize(u.float(), dim=1).std(dim=0).mean()


@torch.no_grad()
def mean_correlation(u: Tensor) -> Tensor:
    """Correlation of two different dimensions over the batch, mean over all pairs of dimensions.

    Raises:
        ValueError: no matrix, less than two rows or less than two dimensions.
    """
    _check(u)
    count, width = u.shape
    if width < 2:
        raise ValueError("a single dimension has no other to correlate with")
    u = u.float()
    standardized = (u - u.mean(dim=0)) / (u.std(dim=0) + DEVIATION_FLOOR)
    # All entries of a Gram matrix add up to the squared length of the sum of its vectors: no E x E matrix is needed.
    everything, diagonal = standardized.sum(dim=1).square().sum(), standardized.square().sum()
    return (everything - diagonal) / ((count - 1) * width * (width - 1))


def _check(u: Tensor) -> None:
    if u.ndim != 2 or len(u) < 2:
        raise ValueError(f"values must be (N, E) with N of two or more, got {tuple(u.shape)}")
