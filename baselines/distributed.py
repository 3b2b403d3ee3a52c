"""One batch over several processes: embeddings of all of them, with gradients, so that a loss sees the whole batch."""

from typing import Any

import torch
from torch import Tensor
from torch import distributed as dist


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, local: Tensor) -> Tensor:
        ctx.rows = len(local)
        parts = [torch.empty_like(local) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, local.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].contiguous()
        dist.all_reduce(total)
        start = dist.get_rank() * ctx.rows
        return total[start : start + ctx.rows]


def gather(local: Tensor) -> Tensor:
    """Rows of all processes in the order of their ranks: (n, E) -> (n x processes, E); unchanged in a single process.

    Every process then computes the same loss of the whole batch. Its gradient is summed over processes on the way back,
    which the mean that distributed data parallel takes of the parameters' gradients undoes: P processes of n samples
    give the gradient of one process of P x n. All processes must hold the same number of rows.
    """
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return local
    gathered: Tensor = _Gather.apply(local)
    return gathered
