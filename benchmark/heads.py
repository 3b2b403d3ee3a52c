"""Heads: small networks trained on frozen features, by a protocol's rules."""

import copy
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.pairs import Indices, Pairs, every_view_first, stream
from benchmark.protocol import Protocol
from benchmark.tasks.task import Array

_MINIMUM_DEVIATION = 1e-6
_CHUNK = 4096
_STATISTICS_VIEWS = 50_000


class FeatureHeads:
    """Trains heads on the representations of a dataset's training objects; see `tasks.task.Heads`.

    Heads of several parts and tasks share the features; each begins with the same random weights for the same shape.
    """

    def __init__(
        self,
        representation: npt.NDArray[np.float32],
        train: Indices,
        protocol: Protocol,
        device: str = "cpu",
        tick: Callable[[int], object] = lambda _: None,
    ) -> None:
        """Keep what heads are trained on.

        Args:
            representation: of all objects, (N, V, D).
            train: positions of the training objects.
            protocol: the rules.
            device: `cpu` or `cuda`.
            tick: called with the number of steps just done or saved, for a progress bar.
        """
        self.features, self.protocol = representation, protocol
        self.device, self.tick = torch.device(device), tick
        self.views = representation.shape[1]
        count = round(protocol.holdout * len(train))
        # Every k-th object is held out, so that all classes of a sorted list take part.
        held = np.linspace(0, len(train) - 1, count).round().astype(np.int64) if count else np.empty(0, np.int64)
        if count and len(train) - len(np.unique(held)) >= 2:
            self.held, self.taught = train[np.unique(held)], np.delete(train, np.unique(held))
        else:
            self.held, self.taught = train[:0], train

    def classify(self, part: slice, labels: Indices, classes: int, pairs: Pairs) -> Array:
        """Logits (Q, classes) of a linear classifier for view 1 of each query."""
        shift, scale = self._standard(part)

        def inputs(asked: Pairs) -> Tensor:
            return (self._take(asked.objects, asked.view1, part) - shift) / scale

        def loss(said: Tensor, asked: Pairs) -> Tensor:
            return functional.cross_entropy(said, torch.from_numpy(labels[asked.objects]).to(self.device))

        shares = np.bincount(labels[self.taught], minlength=classes) / len(self.taught)
        constant = np.log(np.maximum(shares, 1e-3))
        head = self._head(lambda: nn.Linear(shift.shape[-1], classes), constant)
        return self._fit(head, inputs, loss, pairs)

    def regress(self, part: slice, target: Callable[[Pairs], Array], pairs: Pairs) -> Array:
        """What a perceptron with two hidden layers says about `target(pairs)`, (Q, T)."""
        shift, scale = self._standard(part)

        def inputs(asked: Pairs) -> Tensor:
            views = [self._take(asked.objects, view, part) for view in (asked.view1, asked.view2)]
            return torch.cat([(view - shift) / scale for view in views], 1)

        def loss(said: Tensor, asked: Pairs) -> Tensor:
            return functional.mse_loss(said, torch.from_numpy(target(asked)).float().to(self.device))

        mean = target(every_view_first(self.taught, self.views, self.protocol.seed)).mean(0)
        hidden = self.protocol.hidden
        head = self._head(
            lambda: nn.Sequential(
                nn.Linear(2 * shift.shape[-1], hidden),
                nn.ReLU(),
                nn.Linear(hidden, hidden),
                nn.ReLU(),
                nn.Linear(hidden, len(mean)),
            ),
            mean,
        )
        return self._fit(head, inputs, loss, pairs)

    def _take(self, objects: Indices, views: Indices, part: slice) -> Tensor:
        return torch.from_numpy(self.features[objects, views][:, part].astype(np.float32)).to(self.device)

    def _standard(self, part: slice) -> tuple[Tensor, Tensor]:
        width = len(range(*part.indices(self.features.shape[2])))
        if not self.protocol.standardise:
            return torch.zeros(width, device=self.device), torch.ones(width, device=self.device)
        step = max(1, len(self.taught) * self.views // _STATISTICS_VIEWS)
        values = self.features[self.taught[::step]][..., part].reshape(-1, width).astype(np.float64)
        deviation = values.std(0)
        # A dimension that doesn't vary would otherwise become a divided rounding error.
        scale = np.where(deviation > _MINIMUM_DEVIATION * np.abs(values).max(initial=1e-30), deviation, np.inf)
        statistics = torch.from_numpy(np.stack([values.mean(0), scale])).float().to(self.device)
        return statistics[0], statistics[1]

    def _head(self, make: Callable[[], nn.Module], constant: Array) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.protocol.seed)
            head = make()
        if self.protocol.holdout:
            last = head if isinstance(head, nn.Linear) else list(head.children())[-1]
            assert isinstance(last, nn.Linear)
            with torch.no_grad():
                last.weight.zero_()
                last.bias.copy_(torch.from_numpy(constant))
        return head.to(self.device)

    def _fit(
        self,
        head: nn.Module,
        inputs: Callable[[Pairs], Tensor],
        loss: Callable[[Tensor, Pairs], Tensor],
        pairs: Pairs,
    ) -> Array:
        rules = self.protocol
        optimizer = torch.optim.AdamW(
            head.parameters(), lr=rules.learning_rate, weight_decay=rules.weight_decay, fused=True
        )
        check = every_view_first(self.held, self.views, rules.seed) if len(self.held) else None
        steps = rules.head_steps(len(self.taught))
        best, best_loss, best_step = copy.deepcopy(head.state_dict()), float("inf"), 0
        batches = stream(self.taught, self.views, rules.batch_size, rules.seed, "heads")
        for step in range(steps + 1):
            if check is not None and (step % rules.check_every == 0 or step == steps):
                with torch.inference_mode():
                    pieces = [check[begin : begin + _CHUNK] for begin in range(0, len(check), _CHUNK)]
                    now = sum(float(loss(head(inputs(piece)), piece)) * len(piece) for piece in pieces) / len(check)
                if now < best_loss:
                    best, best_loss, best_step = copy.deepcopy(head.state_dict()), now, step
                if step - best_step >= rules.patience:
                    self.tick(steps - step)
                    break
            if step < steps:
                asked = next(batches)
                optimizer.zero_grad(set_to_none=True)
                loss(head(inputs(asked)), asked).backward()
                optimizer.step()
                self.tick(1)
        if check is not None:
            head.load_state_dict(best)
        said = []
        with torch.inference_mode():
            for begin in range(0, len(pairs), _CHUNK):
                said.append(head(inputs(pairs[begin : begin + _CHUNK])).double().cpu().numpy())
        return np.concatenate(said)
