"""Retrieval the plain way: a loop over queries, a matrix made by the hypernetwork for each."""

from torch import Tensor
from torch.nn import functional


def moved(weight: Tensor, embedding: Tensor, action: Tensor) -> Tensor:
    """An embedding (E,) moved by the matrix that a linear hypernetwork, weight (E * E, A), makes of an action (A,)."""
    matrix = (weight @ action).view(len(embedding), len(embedding))
    return matrix @ embedding


def rank(weight: Tensor, views: Tensor, actions: Tensor, wanted: int) -> float:
    """1 / rank of one view among those of its object, (V, E), from view 0 by actions (V, A)."""
    query = moved(weight, views[0], actions[wanted])
    order = functional.cosine_similarity(query[None], views, dim=1).argsort(descending=True)
    return 1 / (order.tolist().index(wanted) + 1)


def pose_error(
    weight: Tensor, first: Tensor, action: Tensor, wanted: Tensor, everything: Tensor, rotations: Tensor
) -> float:
    """1 - (q . q')^2 of the view wanted, rotation (4,), and the nearest one of everything, (T, E) and (T, 4)."""
    query = moved(weight, first, action)
    nearest = functional.cosine_similarity(query[None], everything, dim=1).argmax()
    return float(1 - (wanted @ rotations[nearest]) ** 2)
