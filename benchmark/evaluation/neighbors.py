"""Exact nearest neighbors among millions of vectors, in bounded memory, with deterministic ties."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from threedie.benchmark.data.pairs import Indices
from threedie.benchmark.tasks.scores import TIE
from threedie.benchmark.tasks.subject import Array, Floats, Nearest, Sliced

TEMPERATURE = 0.07
"""Of the weights of votes (Wu et al., "Unsupervised feature learning via instance discrimination", 2018)."""
_QUERIES, TARGETS = 4096, 8192
"""Rows and columns of one matrix product."""
_GROUP = 1 << 15
"""Queries that share one pass over a bank."""
_KEPT = 1 << 26
"""Products that are kept between the two passes over them (256 MiB); more are computed again where needed."""
_PAIRS = 1 << 15
"""Pairs computed at once in double precision."""
_SHORT = 1e-12


class BlockNeighborSearch:
    """Searches by blocks of matrix products; see `tasks.subject.NeighborSearch`.

    Single precision finds candidates, with a margin that covers all of its rounding; double precision decides among
    them. So the result is that of a search in double precision, whatever the blocks, at the cost of one in single.
    """

    def __init__(self, device: str = "cpu") -> None:
        self.device = torch.device(device)

    def nearest(
        self, queries: Floats, rotations: Array, targets: Sliced, target_rotations: Array, normalize: bool = True
    ) -> Nearest:
        """Nearest target of each query and the error of its rotation, the mean over those that tie for it.

        Args:
            queries: (Q, E).
            rotations: true rotation of each query, unit quaternions (Q, 4).
            targets: (T, E), an array or anything that is read by slices, such as a file.
            target_rotations: (T, 4).
            normalize: whether all are brought to length 1 first, so that the dot product is the cosine.
        """
        query_rows = self._single(queries, normalize)
        blocks = [slice(begin, begin + TARGETS) for begin in range(0, len(targets), TARGETS)]
        highest = torch.full((len(query_rows), len(blocks)), -math.inf, device=self.device)
        kept: dict[tuple[int, int], Tensor] = {}
        keep = len(query_rows) * len(targets) <= _KEPT
        longest = 0.0
        for number, block in enumerate(blocks):
            target_rows = self._single(targets[block], normalize)
            longest = max(longest, float(target_rows.norm(dim=1).max()))
            for rows in _slices(len(query_rows), _QUERIES):
                products = query_rows[rows] @ target_rows.T
                highest[rows, number] = products.max(1).values
                if keep:
                    kept[rows.start, number] = products
        # Rounding of a sum of E products in single precision, with room to spare (Higham 2002, section 3.1).
        slack = 4 * torch.finfo(torch.float32).eps * math.sqrt(query_rows.shape[1]) * longest
        least = highest.max(1).values - slack * query_rows.norm(dim=1)
        best = _Best(torch.from_numpy(np.ascontiguousarray(rotations)).to(self.device))
        for number, block in enumerate(blocks):
            if not bool((highest[:, number] >= least).any()):
                continue
            exact = _Targets(
                self._raw(targets[block]), torch.from_numpy(target_rotations[block]).to(self.device), normalize
            )
            recomputed = None if keep else self._single(targets[block], normalize)
            for rows in _slices(len(query_rows), _QUERIES):
                chosen = (highest[rows, number] >= least[rows]).nonzero()[:, 0]
                if not len(chosen):
                    continue
                if keep:
                    products = kept[rows.start, number]
                    products = products if len(chosen) == len(products) else products[chosen]
                else:
                    assert recomputed is not None
                    products = query_rows[rows][chosen] @ recomputed.T
                chosen = chosen + rows.start
                near = (products >= least[chosen, None]).nonzero()
                self._decide(best, queries, chosen, near, exact)
        return best.nearest()

    def votes(self, queries: Sliced, bank: Sliced, labels: Indices, classes: int, count: int) -> Array:
        """Votes of the nearest of a bank for each query, weighted by exp(cosine / 0.07).

        All that tie with the last of the `count` nearest, to the rounding of single precision, vote too. The bank is
        read twice, for the last one's cosine and for the votes.

        Args:
            queries: (Q, D), an array or anything that is read by slices, such as a file.
            bank: (T, D), the same.
            labels: class of each in the bank, (T,), below `classes`.
            classes: number of classes.
            count: how many vote.

        Returns:
            (Q, classes).
        """
        bank_labels = torch.from_numpy(labels).to(self.device)
        slack = 4 * torch.finfo(torch.float32).eps * math.sqrt(bank.shape[1])
        votes = np.empty((len(queries), classes))
        for group in _slices(len(queries), _GROUP):
            query_rows = self._single(queries[group], True)
            cosines = _Products(query_rows, lambda block: self._single(bank[block], True), len(bank))
            highest = torch.full((len(query_rows), min(count, len(bank))), -math.inf, device=self.device)
            for _, rows, products in cosines:
                highest[rows] = torch.cat([highest[rows], products], 1).topk(highest.shape[1], 1).values
            sums = torch.zeros(len(query_rows), classes, device=self.device)
            for block, rows, products in cosines:
                near = products >= highest[rows, -1:] - slack
                each = torch.nn.functional.one_hot(bank_labels[block], classes).float()
                sums[rows] += torch.where(near, ((products - 1) / TEMPERATURE).exp(), 0.0) @ each
            votes[group] = sums.double().cpu().numpy()
        # Rounded, so that equal votes of classes tie.
        return np.asarray(np.round(votes / np.maximum(votes.sum(1, keepdims=True), 1e-300), 6))

    def _raw(self, rows: npt.NDArray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(rows)).to(self.device)

    def _single(self, rows: npt.NDArray, normalize: bool) -> Tensor:
        values = self._raw(rows).float()
        return values / values.norm(dim=1, keepdim=True).clamp_min(_SHORT) if normalize else values

    def _decide(self, best: "_Best", queries: npt.NDArray, chosen: Tensor, near: Tensor, targets: "_Targets") -> None:
        """Offer candidates, (row of `chosen`, row of `targets`), to `best` by their products in double precision."""
        raw, rotations = targets.rows, targets.rotations
        query_rows = targets.double(self._raw(queries[chosen.cpu().numpy()]))
        if len(near) <= 8 * len(chosen):
            for rows in _slices(len(near), _PAIRS):
                one, other = near[rows].T
                products = (query_rows[one] * targets.double(raw[other])).sum(1)
                best.take(chosen[one], other, products, rotations)
            return
        # Nearly everything is near, as with a collapsed embedding: all products again.
        target_rows = targets.double(raw)
        for rows in _slices(len(chosen), max(1, _PAIRS * 32 // len(raw))):
            products = query_rows[rows] @ target_rows.T
            top = products.max(1, keepdim=True).values
            one, other = (products >= top - TIE * top.abs().clamp_min(1)).nonzero().T
            best.take(chosen[rows][one], other, products[one, other], rotations)


@dataclass(frozen=True, eq=False)
class _Targets:
    """A block of targets: vectors (T, E) as they were read, rotations (T, 4), and whether to compare at length 1."""

    rows: Tensor
    rotations: Tensor
    normalize: bool

    def double(self, rows: Tensor) -> Tensor:
        """Vectors in double precision, at length 1 where they are compared so."""
        values = rows.double()
        return values / values.norm(dim=1, keepdim=True).clamp_min(_SHORT) if self.normalize else values


class _Products:
    """Matrix products of queries with the rows of a bank, block by block; computed in each pass if too many to keep."""

    def __init__(self, queries: Tensor, read_bank: Callable[[slice], Tensor], length: int) -> None:
        self.queries, self.read_bank, self.length = queries, read_bank, length
        self.kept: list[Tensor] | None = None
        self.keep = len(queries) * length <= _KEPT

    def __iter__(self) -> Iterator[tuple[slice, slice, Tensor]]:
        """Block of the bank, rows of the queries, their products (rows, block); all rows for one block first."""
        places = (
            (block, rows) for block in _slices(self.length, TARGETS) for rows in _slices(len(self.queries), _QUERIES)
        )
        if self.kept is not None:
            for (block, rows), products in zip(places, self.kept, strict=True):
                yield block, rows, products
            return
        kept = []
        for block, rows in places:
            if not rows.start:
                bank_rows = self.read_bank(block)
            products = self.queries[rows] @ bank_rows.T
            if self.keep:
                kept.append(products)
            yield block, rows, products
        self.kept = kept if self.keep else None


class _Best:
    """The highest products so far, and the errors of those that tie for it."""

    def __init__(self, rotations: Tensor) -> None:
        self.rotations = rotations
        self.product = torch.full((len(rotations),), -math.inf, dtype=torch.float64, device=rotations.device)
        self.error, self.ties = torch.zeros_like(self.product), torch.zeros_like(self.product)

    def take(self, query: Tensor, target: Tensor, product: Tensor, target_rotations: Tensor) -> None:
        """Candidates: positions of queries, rows of `target_rotations`, products, each (n,)."""
        higher = self.product.scatter_reduce(0, query, product, "amax")
        replaced = higher > self.product + TIE * higher.abs().clamp_min(1)
        self.error[replaced], self.ties[replaced] = 0.0, 0.0
        self.product = higher
        tied = product >= higher[query] - TIE * higher[query].abs().clamp_min(1)
        query, target = query[tied], target[tied]
        cosine = (self.rotations[query] * target_rotations[target]).sum(1)
        self.error.index_add_(0, query, 1 - cosine.square())
        self.ties.index_add_(0, query, torch.ones_like(cosine))

    def nearest(self) -> Nearest:
        """As arrays."""
        return Nearest(self.product.cpu().numpy(), self.error.cpu().numpy(), self.ties.cpu().numpy())


def _slices(length: int, step: int) -> Iterator[slice]:
    for begin in range(0, length, step):
        yield slice(begin, min(begin + step, length))
