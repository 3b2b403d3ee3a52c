"""Heads: small networks trained on frozen features, by a protocol's rules, those of one shape all together."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from threedie.benchmark.data.pairs import Indices, Pairs, every_view_first, stream
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.tasks.task import Array, Data, Question

_MINIMUM_DEVIATION = 1e-6
_CHUNK = 8192
"""Views or pairs times heads that are looked at together."""
_STATISTICS_VIEWS = 50_000


@dataclass(frozen=True, eq=False)
class _Member:
    """One head of a stack: a question to a part of the features, from one seed."""

    question: Question
    source: str
    part: slice
    index: int

    @property
    def key(self) -> tuple[str, str, tuple[int | None, int | None, int | None], int]:
        """What tells it from all others."""
        return self.question.name, self.source, (self.part.start, self.part.stop, self.part.step), self.index


@dataclass(frozen=True, eq=False)
class _Trained:
    """A trained head: weights (in, out) and biases (out,) of each layer; what inputs are shifted and scaled by."""

    layers: list[tuple[Tensor, Tensor]]
    shift: Tensor
    scale: Tensor


class FeatureHeads:
    """Trains heads on the features of a dataset's training objects; see `tasks.task.Heads`.

    Heads with the same shape (of several parts, questions and seeds) are one stack: a step is one batched matrix
    product for all of them. They don't see each other: each has first weights, views and a best moment of its own.
    """

    def __init__(
        self,
        data: Data,
        train: Indices,
        protocol: Protocol,
        device: str = "cpu",
        tick: Callable[[int], object] = lambda _: None,
        seeds: int = 1,
    ) -> None:
        """Keep what heads are trained on.

        Args:
            data: the dataset.
            train: positions of its training objects.
            protocol: the rules.
            device: `cpu` or `cuda`.
            tick: called with the number of steps just done or saved, for a progress bar.
            seeds: how many heads answer each question.
        """
        self.data, self.protocol, self.seeds = data, protocol, seeds
        self.device, self.tick = torch.device(device), tick
        count = round(protocol.holdout * len(train))
        # Every k-th object is held out, so that all classes of a sorted list take part.
        held = np.linspace(0, len(train) - 1, count).round().astype(np.int64) if count else np.empty(0, np.int64)
        if count and len(train) - len(np.unique(held)) >= 2:
            self.held, self.taught = train[np.unique(held)], np.delete(train, np.unique(held))
        else:
            self.held, self.taught = train[:0], train
        self.warnings: list[str] = []
        self._names: dict[tuple, str] = {}
        self._planned: list[_Member] = []
        self._trained: dict[tuple, _Trained] = {}

    def plan(self, question: Question, source: str, part: slice, name: str = "") -> None:
        """Announce a question, so that its heads are trained together with others of the same shape.

        Args:
            question, source, part: see `answers`.
            name: of the part, for messages.
        """
        members = [_Member(question, source, part, index) for index in range(self.seeds)]
        self._planned += members
        self._names |= {member.key: name for member in members}

    def answers(self, question: Question, source: str, part: slice, data: Data, pairs: Pairs) -> list[Array]:
        """What the heads of a question say about pairs of a dataset, one (Q, classes) or (Q, T) for each seed."""
        members = [_Member(question, source, part, index) for index in range(self.seeds)]
        if members[0].key not in self._trained:
            waiting = {member.key: member for member in [*members, *self._planned]}
            shape = self._shape(members[0])
            self._train([member for member in waiting.values() if self._shape(member) == shape], shape)
        features = data.features(source)
        found = []
        with torch.inference_mode():
            for member in members:
                head = self._trained[member.key]
                pieces = []
                for begin in range(0, len(pairs), _CHUNK):
                    x = self._inputs(features, member, pairs[begin : begin + _CHUNK], head.shift, head.scale)
                    pieces.append(_forward([(w[None], b[None, None]) for w, b in head.layers], x[None])[0])
                found.append(torch.cat(pieces).double().cpu().numpy())
                if not np.isfinite(found[-1]).all():
                    self._warn(member, "predicts numbers that aren't finite: its scores are left out")
                    found[-1][:] = np.nan
        return found

    def _shape(self, member: _Member) -> tuple[int, bool, int]:
        """Width of the input, whether it is linear, width of the output: heads that agree make one stack."""
        question = member.question
        width = len(range(*member.part.indices(self.data.features(member.source).shape[2])))
        if question.classes is not None:
            return question.views * width, True, question.classes
        probe = Pairs(self.taught[:1], np.zeros(1, np.int64), np.zeros(1, np.int64))
        return question.views * width, False, question.target(self.data, probe).shape[1]

    def _inputs(self, features: npt.NDArray, member: _Member, pairs: Pairs, shift: Tensor, scale: Tensor) -> Tensor:
        views = (pairs.view1, pairs.view2)[: member.question.views]
        taken = [features[pairs.objects, view][:, member.part].astype(np.float32) for view in views]
        return torch.cat([(torch.from_numpy(values).to(self.device) - shift) / scale for values in taken], 1)

    def _standard(self, source: str, part: slice) -> tuple[Tensor, Tensor]:
        features = self.data.features(source)
        width = len(range(*part.indices(features.shape[2])))
        if not self.protocol.standardize:
            return torch.zeros(width, device=self.device), torch.ones(width, device=self.device)
        step = max(1, len(self.taught) * self.data.views // _STATISTICS_VIEWS)
        values = features[self.taught[::step]][..., part].reshape(-1, width).astype(np.float64)
        deviation = values.std(0)
        # A dimension that doesn't vary would otherwise become a divided rounding error.
        scale = np.where(deviation > _MINIMUM_DEVIATION * np.abs(values).max(initial=1e-30), deviation, np.inf)
        statistics = torch.from_numpy(np.stack([values.mean(0), scale])).float().to(self.device)
        return statistics[0], statistics[1]

    def _constant(self, question: Question) -> Array:
        """Biases with which a head says the best constant."""
        pairs = every_view_first(self.taught, self.data.views, self.protocol.seed)
        target = question.target(self.data, pairs)
        if question.classes is None:
            return np.asarray(target.mean(0))
        shares = np.bincount(target, minlength=question.classes) / len(target)
        return np.asarray(np.log(np.maximum(shares, 1e-3)))

    def _first_weights(self, member: _Member, shape: tuple[int, bool, int]) -> list[tuple[Tensor, Tensor]]:
        width, linear, outputs = shape
        hidden = self.protocol.hidden
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.protocol.head_seed(member.index))
            sizes = [(width, outputs)] if linear else [(width, hidden), (hidden, hidden), (hidden, outputs)]
            layers = [nn.Linear(*size) for size in sizes]
        if self.protocol.holdout:
            with torch.no_grad():
                layers[-1].weight.zero_()
                layers[-1].bias.copy_(torch.from_numpy(self._constant(member.question)))
        return [(layer.weight.detach().T.to(self.device), layer.bias.detach().to(self.device)) for layer in layers]

    def _train(self, members: Sequence[_Member], shape: tuple[int, bool, int]) -> None:
        rules, data = self.protocol, self.data
        standard = {}
        for member in members:
            where = member.key[1:3]
            if where not in standard:
                standard[where] = self._standard(member.source, member.part)
        stack = _Stack([self._first_weights(member, shape) for member in members])
        check = every_view_first(self.held, data.views, rules.seed) if len(self.held) else None
        steps = rules.head_steps(len(self.taught))
        batches = {
            index: _stream(self.taught, data.views, rules.batch_size, rules.head_seed(index))
            for index in {member.index for member in members}
        }

        def look(at: Sequence[int], pairs: dict[int, Pairs]) -> tuple[Tensor, Tensor]:
            """Inputs (heads, B, in) and targets of some of the heads, each on the pairs of its seed."""
            inputs: dict[tuple, Tensor] = {}
            targets: dict[tuple, Tensor] = {}
            for member in (members[place] for place in at):
                asked = pairs[member.index]
                where = (*member.key[1:], member.question.views)
                if where not in inputs:
                    features = data.features(member.source)
                    inputs[where] = self._inputs(features, member, asked, *standard[member.key[1:3]])
                what = (member.question.name, member.index)
                if what not in targets:
                    found = torch.from_numpy(member.question.target(data, asked))
                    targets[what] = (found if shape[1] else found.float()).to(self.device)
            chosen = [members[place] for place in at]
            x = torch.stack([inputs[*one.key[1:], one.question.views] for one in chosen])
            return x, torch.stack([targets[one.question.name, one.index] for one in chosen])

        best_loss, best_step = np.full(len(members), np.inf), np.zeros(len(members), np.int64)
        active = list(range(len(members)))
        for step in range(steps + 1):
            if check is not None and (step % rules.check_every == 0 or step == steps):
                now = np.zeros(len(active))
                with torch.inference_mode():
                    chunk = max(1, _CHUNK // len(active))
                    for begin in range(0, len(check), chunk):
                        piece = check[begin : begin + chunk]
                        x, y = look(active, dict.fromkeys(batches, piece))
                        now += len(piece) * _losses(stack.forward(x), y).double().cpu().numpy()
                for place in np.flatnonzero(~np.isfinite(now)):
                    member = members[active[place]]
                    if np.isfinite(best_loss[active[place]]):
                        self._warn(
                            member, f"has a loss that isn't finite at step {step}: its best moment before counts"
                        )
                    else:
                        self._warn(member, f"has a loss that isn't finite at step {step}: it isn't trained")
                        self._keep(member, stack, int(place), standard)
                better = now / len(check) < best_loss[active]
                for place in np.flatnonzero(better):
                    best_loss[active[place]], best_step[active[place]] = now[place] / len(check), step
                    self._keep(members[active[place]], stack, int(place), standard)
                going = [
                    place
                    for place, head in enumerate(active)
                    if step - best_step[head] < rules.patience and np.isfinite(now[place])
                ]
                self.tick((len(active) - len(going)) * (steps - step))
                if not going:
                    break
                if len(going) < len(active):
                    stack.cut(going)
                    active = [active[place] for place in going]
            if step < steps:
                x, y = look(active, {index: next(batch) for index, batch in batches.items()})
                stack.step(_losses(stack.forward(x), y).sum(), rules.learning_rate, rules.weight_decay)
                self.tick(len(active))
        if check is None:
            for place, member in enumerate(members):
                self._keep(member, stack, place, standard)

    def _warn(self, member: _Member, what: str) -> None:
        part = self._names.get(member.key) or f"{member.part.start or 0} to {member.part.stop or 'the end'}"
        line = f"{member.question.name}: the head on {member.source}, part {part}, {what}"
        if line not in self.warnings:
            self.warnings.append(line)

    def _keep(self, member: _Member, stack: "_Stack", place: int, standard: dict) -> None:
        layers = [(weight.detach()[place].clone(), bias.detach()[place, 0].clone()) for weight, bias in stack.layers]
        self._trained[member.key] = _Trained(layers, *standard[member.key[1:3]])


class _Stack:
    """Heads of one shape as one network: each layer has weights (heads, in, out) and biases (heads, 1, out).

    AdamW works on each number by itself, so that a stack takes the steps that its heads would take alone.
    """

    def __init__(self, heads: Sequence[Sequence[tuple[Tensor, Tensor]]]) -> None:
        self.layers = [
            (
                torch.stack([weight for weight, _ in layer]).requires_grad_(),
                torch.stack([bias[None] for _, bias in layer]).requires_grad_(),
            )
            for layer in zip(*heads, strict=True)
        ]
        self._optimizer: torch.optim.AdamW | None = None

    def forward(self, x: Tensor) -> Tensor:
        """(heads, B, in) -> (heads, B, out)."""
        return _forward(self.layers, x)

    def step(self, loss: Tensor, rate: float, decay: float) -> None:
        """One step of AdamW down the sum of the heads' losses."""
        if self._optimizer is None:
            parameters = [each for layer in self.layers for each in layer]
            self._optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=decay, fused=True)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._optimizer.step()

    def cut(self, going: Sequence[int]) -> None:
        """Go on with some of the heads only."""
        for layer in self.layers:
            for each in layer:
                state = self._optimizer.state[each] if self._optimizer else {}
                for name in ("exp_avg", "exp_avg_sq"):
                    if name in state:
                        state[name] = state[name][list(going)]
                each.grad = None
                each.data = each.data[list(going)]


def _forward(layers: Sequence[tuple[Tensor, Tensor]], x: Tensor) -> Tensor:
    for number, (weight, bias) in enumerate(layers):
        x = torch.baddbmm(bias, x.relu() if number else x, weight)
    return x


def _losses(said: Tensor, target: Tensor) -> Tensor:
    """Loss of each head, (heads,): said (heads, B, out), target (heads, B) of classes or (heads, B, out) of numbers."""
    if target.ndim == 2:
        flat = functional.cross_entropy(said.flatten(0, 1), target.flatten(), reduction="none")
        return flat.view(target.shape).mean(1)
    return (said - target).square().mean((1, 2))


def _stream(objects: Indices, views: int, batch: int, seed: int) -> Iterator[Pairs]:
    """Endless batches of pairs; of objects with one view, that view twice, for questions about one view."""
    for pairs in stream(objects, max(2, views), batch, seed, "heads"):
        yield pairs if views > 1 else Pairs(pairs.objects, 0 * pairs.view1, 0 * pairs.view2)
