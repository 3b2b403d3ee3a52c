"""Heads: small networks trained on frozen features by a protocol's rules; those of one shape train together."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from threedie.benchmark.data.pairs import Indices, Pairs, every_view_first, stream
from threedie.benchmark.evaluation.head_stack import HeadStack, forward, head_losses
from threedie.benchmark.settings.protocol import Protocol
from threedie.benchmark.tasks.subject import Array, Data, HeadSpec
from threedie.benchmark.tasks.warning import ResultWarning

_MINIMUM_DEVIATION = 1e-6
_CHUNK = 8192
"""Views or pairs times heads in one pass."""
_STATISTICS_VIEWS = 50_000


@dataclass(frozen=True, eq=False)
class _Member:
    """One head of a stack: what it predicts, from which dimensions of which features, and the index of its seed."""

    spec: HeadSpec
    source: str
    dims: slice
    index: int

    @property
    def inputs(self) -> "_Inputs":
        """Features and dimensions, by which statistics are kept."""
        return self.source, (self.dims.start, self.dims.stop, self.dims.step)

    @property
    def key(self) -> "_Key":
        """Distinguishes it from all others."""
        return self.spec.name, *self.inputs, self.index


_Inputs = tuple[str, tuple[int | None, int | None, int | None]]
_Key = tuple[str, str, tuple[int | None, int | None, int | None], int]
_Statistics = dict[_Inputs, tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class _Shape:
    """Width of the input, whether the head is linear, width of the output, steps: heads that agree make one stack."""

    width: int
    linear: bool
    outputs: int
    steps: int


@dataclass(frozen=True, eq=False)
class _Trained:
    """A trained head: weights (in, out) and biases (out,) of each layer; shift and scale of inputs."""

    layers: list[tuple[Tensor, Tensor]]
    shift: Tensor
    scale: Tensor


@dataclass(frozen=True, eq=False)
class _Group:
    """Heads of one shape that are trained together, their network, and shift and scale of their inputs."""

    members: Sequence[_Member]
    stack: HeadStack
    statistics: _Statistics


class FeatureHeads:
    """Trains heads on the features of a dataset's training objects; see `tasks.subject.HeadTrainer`.

    Heads with the same shape (of several parts, tasks and seeds) are one stack: a step is one batched matrix product
    for all of them. They don't see each other: each has its own initial weights, views and best step.
    """

    def __init__(
        self,
        data: Data,
        train_objects: Indices,
        protocol: Protocol,
        device: str = "cpu",
        tick: Callable[[int], object] = lambda _: None,
        seeds: int = 1,
    ) -> None:
        """Keep what heads are trained on.

        Args:
            data: the dataset.
            train_objects: positions of its training objects.
            protocol: the rules.
            device: `cpu` or `cuda`.
            tick: called with the number of steps just done or saved, for a progress bar.
            seeds: how many heads are trained for each spec.
        """
        self.data, self.protocol, self.seeds = data, protocol, seeds
        self.device, self.tick = torch.device(device), tick
        count = round(protocol.holdout * len(train_objects))
        # Every k-th object is held out, so that all classes of a sorted list take part.
        holdout = np.empty(0, np.int64)
        if count:
            holdout = np.unique(np.linspace(0, len(train_objects) - 1, count).round().astype(np.int64))
        if count and len(train_objects) - len(holdout) >= 2:
            self.holdout_objects, self.train_objects = train_objects[holdout], np.delete(train_objects, holdout)
        else:
            self.holdout_objects, self.train_objects = train_objects[:0], train_objects
        self.warnings: list[ResultWarning] = []
        self._part_names: dict[_Key, str] = {}
        self._planned: list[_Member] = []
        self._trained: dict[_Key, _Trained] = {}

    def plan(self, spec: HeadSpec, source: str, dims: slice, part: str = "") -> None:
        """Announce heads, so that they are trained together with others of the same shape.

        Args:
            spec, source, dims: see `predictions`.
            part: name of these dimensions, for messages.
        """
        members = [_Member(spec, source, dims, index) for index in range(self.seeds)]
        self._planned += members
        self._part_names |= {member.key: part for member in members}

    def predictions(self, spec: HeadSpec, source: str, dims: slice, data: Data, pairs: Pairs) -> list[Array]:
        """What heads predict of pairs of a dataset, one (Q, classes) or (Q, T) for each seed."""
        members = [_Member(spec, source, dims, index) for index in range(self.seeds)]
        if members[0].key not in self._trained:
            waiting = {member.key: member for member in [*members, *self._planned]}
            shape = self._shape(members[0])
            self._train([member for member in waiting.values() if self._shape(member) == shape], shape)
        features = data.features(source)
        predictions = []
        with torch.inference_mode():
            for member in members:
                head = self._trained[member.key]
                pieces = []
                for begin in range(0, len(pairs), _CHUNK):
                    x = self._inputs(features, member, pairs[begin : begin + _CHUNK], head.shift, head.scale)
                    pieces.append(forward([(w[None], b[None, None]) for w, b in head.layers], x[None])[0])
                values = torch.cat(pieces).double().cpu().numpy()
                if not np.isfinite(values).all():
                    self._warn(member, "predicts numbers that aren't finite: its scores are left out")
                    values[:] = np.nan
                predictions.append(values)
        return predictions

    def _shape(self, member: _Member) -> _Shape:
        spec = member.spec
        width = len(range(*member.dims.indices(self.data.features(member.source).shape[2])))
        steps = self.protocol.head_steps(spec.name, len(self.train_objects))
        if spec.classes is not None:
            return _Shape(spec.views * width, True, spec.classes, steps)
        probe = Pairs(self.train_objects[:1], np.zeros(1, np.int64), np.zeros(1, np.int64))
        linear, outputs = self.protocol.head_rules(spec.name).linear, spec.target(self.data, probe).shape[1]
        return _Shape(spec.views * width, linear, outputs, steps)

    def _inputs(self, features: npt.NDArray, member: _Member, pairs: Pairs, shift: Tensor, scale: Tensor) -> Tensor:
        views = (pairs.view1, pairs.view2)[: member.spec.views]
        rows = [features[pairs.objects, view][:, member.dims].astype(np.float32) for view in views]
        return torch.cat([(torch.from_numpy(values).to(self.device) - shift) / scale for values in rows], 1)

    def _statistics(self, members: Sequence[_Member]) -> _Statistics:
        """Shift and scale of the inputs of some heads."""
        statistics: _Statistics = {}
        for member in members:
            if member.inputs not in statistics:
                statistics[member.inputs] = self._shift_and_scale(member.source, member.dims)
        return statistics

    def _shift_and_scale(self, source: str, dims: slice) -> tuple[Tensor, Tensor]:
        features = self.data.features(source)
        width = len(range(*dims.indices(features.shape[2])))
        if not self.protocol.standardize:
            return torch.zeros(width, device=self.device), torch.ones(width, device=self.device)
        step = max(1, len(self.train_objects) * self.data.views // _STATISTICS_VIEWS)
        values = features[self.train_objects[::step]][..., dims].reshape(-1, width).astype(np.float64)
        deviation = values.std(0)
        # A dimension that doesn't vary would otherwise become a divided rounding error.
        scale = np.where(deviation > _MINIMUM_DEVIATION * np.abs(values).max(initial=1e-30), deviation, np.inf)
        statistics = torch.from_numpy(np.stack([values.mean(0), scale])).float().to(self.device)
        return statistics[0], statistics[1]

    def _best_constant(self, spec: HeadSpec) -> Array:
        """Biases with which a head predicts the best constant."""
        pairs = every_view_first(self.train_objects, self.data.views, self.protocol.seed)
        target = spec.target(self.data, pairs)
        if spec.classes is None:
            return np.asarray(target.mean(0))
        shares = np.bincount(target, minlength=spec.classes) / len(target)
        return np.asarray(np.log(np.maximum(shares, 1e-3)))

    def _initial_layers(self, member: _Member, shape: _Shape) -> list[tuple[Tensor, Tensor]]:
        width, hidden, outputs = shape.width, self.protocol.hidden, shape.outputs
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.protocol.head_seed(member.index))
            sizes = [(width, outputs)] if shape.linear else [(width, hidden), (hidden, hidden), (hidden, outputs)]
            layers = [nn.Linear(*size) for size in sizes]
        if self.protocol.holdout:
            with torch.no_grad():
                layers[-1].weight.zero_()
                layers[-1].bias.copy_(torch.from_numpy(self._best_constant(member.spec)))
        return [(layer.weight.detach().T.to(self.device), layer.bias.detach().to(self.device)) for layer in layers]

    def _train(self, members: Sequence[_Member], shape: _Shape) -> None:
        """Train heads of one shape together; each is kept at its best step, or at its last one without a holdout."""
        rules, views, steps = self.protocol, self.data.views, shape.steps
        stack = HeadStack([self._initial_layers(member, shape) for member in members])
        group = _Group(members, stack, self._statistics(members))
        batches = {
            index: _stream(self.train_objects, views, rules.batch_size, rules.head_seed(index))
            for index in {member.index for member in members}
        }
        progress = None
        if len(self.holdout_objects):
            progress = _Progress(len(members), every_view_first(self.holdout_objects, views, rules.seed))
        active = list(range(len(members)))
        for step in range(steps + 1):
            if progress is not None and (step % rules.check_every == 0 or step == steps):
                losses = self._holdout_losses(progress.pairs, [members[head] for head in active], group)
                self._keep_best(progress, group, active, losses, step)
                going = progress.going(active, losses, step, rules.patience)
                self.tick((len(active) - len(going)) * (steps - step))
                if not going:
                    break
                if len(going) < len(active):
                    stack.cut(going)
                    active = [active[place] for place in going]
            if step < steps:
                pairs = {index: next(batch) for index, batch in batches.items()}
                x, y = self._batch([members[head] for head in active], pairs, group.statistics)
                stack.step(head_losses(stack.forward(x), y).sum(), rules.learning_rate, rules.weight_decay)
                self.tick(len(active))
        if progress is None:
            for place, member in enumerate(members):
                self._keep(group, member, place)

    def _batch(
        self, members: Sequence[_Member], pairs: dict[int, Pairs], statistics: _Statistics
    ) -> tuple[Tensor, Tensor]:
        """Inputs (heads, B, in) and targets of some heads, each on the pairs of its seed."""
        inputs: dict[tuple, Tensor] = {}
        targets: dict[tuple, Tensor] = {}
        for member in members:
            own, spec = pairs[member.index], member.spec
            where = (*member.inputs, member.index, spec.views)
            if where not in inputs:
                features = self.data.features(member.source)
                inputs[where] = self._inputs(features, member, own, *statistics[member.inputs])
            what = (spec.name, member.index)
            if what not in targets:
                target = torch.from_numpy(spec.target(self.data, own))
                targets[what] = (target.float() if spec.classes is None else target).to(self.device)
        x = torch.stack([inputs[*each.inputs, each.index, each.spec.views] for each in members])
        return x, torch.stack([targets[each.spec.name, each.index] for each in members])

    def _holdout_losses(self, pairs: Pairs, members: Sequence[_Member], group: _Group) -> npt.NDArray[np.float64]:
        """Sum of the losses of the group's active members over the pairs of the held-out objects, (heads,)."""
        losses = np.zeros(len(members))
        chunk = max(1, _CHUNK // len(members))
        with torch.inference_mode():
            for begin in range(0, len(pairs), chunk):
                piece = pairs[begin : begin + chunk]
                same = dict.fromkeys((member.index for member in members), piece)
                x, y = self._batch(members, same, group.statistics)
                losses += len(piece) * head_losses(group.stack.forward(x), y).double().cpu().numpy()
        return losses

    def _keep_best(
        self,
        progress: "_Progress",
        group: _Group,
        active: Sequence[int],
        losses: npt.NDArray[np.float64],
        step: int,
    ) -> None:
        """Keep those of the active heads that are better than before; warn of those whose loss isn't finite."""
        members = group.members
        for place in np.flatnonzero(~np.isfinite(losses)):
            member = members[active[place]]
            if np.isfinite(progress.best_loss[active[place]]):
                self._warn(member, f"has a loss that isn't finite at step {step}: its best moment before counts")
            else:
                self._warn(member, f"has a loss that isn't finite at step {step}: it isn't trained")
                self._keep(group, member, int(place))
        for place in progress.improved(active, losses, step):
            self._keep(group, members[active[place]], place)

    def _warn(self, member: _Member, text: str) -> None:
        part = self._part_names.get(member.key) or f"{member.dims.start or 0} to {member.dims.stop or 'the end'}"
        warning = ResultWarning(f"the head on {member.source}, part {part}, {text}", member.spec.name)
        if warning not in self.warnings:
            self.warnings.append(warning)

    def _keep(self, group: _Group, member: _Member, place: int) -> None:
        """Keep a member as it is now; `place` is its place in the stack."""
        layers = [
            (weight.detach()[place].clone(), bias.detach()[place, 0].clone()) for weight, bias in group.stack.layers
        ]
        self._trained[member.key] = _Trained(layers, *group.statistics[member.inputs])


class _Progress:
    """Best losses of the heads of a stack on the pairs of held-out objects, and when they were reached."""

    def __init__(self, heads: int, pairs: Pairs) -> None:
        self.pairs = pairs
        self.best_loss, self.best_step = np.full(heads, np.inf), np.zeros(heads, np.int64)

    def improved(self, active: Sequence[int], losses: npt.NDArray[np.float64], step: int) -> list[int]:
        """Places among the active heads of those that are better than ever; their losses and the step are kept."""
        means = losses / len(self.pairs)
        places: list[int] = np.flatnonzero(means < self.best_loss[active]).tolist()
        for place in places:
            self.best_loss[active[place]], self.best_step[active[place]] = means[place], step
        return places

    def going(self, active: Sequence[int], losses: npt.NDArray[np.float64], step: int, patience: int) -> list[int]:
        """Places among the active heads of those that are trained further."""
        return [
            place
            for place, head in enumerate(active)
            if step - self.best_step[head] < patience and np.isfinite(losses[place])
        ]


def _stream(objects: Indices, views: int, batch: int, seed: int) -> Iterator[Pairs]:
    """Endless batches of pairs; of objects with one view, that view twice, for heads that see one view."""
    for pairs in stream(objects, max(2, views), batch, seed, "heads"):
        yield pairs if views > 1 else Pairs(pairs.objects, 0 * pairs.view1, 0 * pairs.view2)
