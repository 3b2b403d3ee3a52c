"""One step of training: forward, backward, optimizer."""

from typing import Any

import torch
from torch import Tensor, nn

from threedie.baselines.method import Batch, Method
from threedie.benchmark.settings.recipe import Recipe
from threedie.benchmark.training.device import build_fabric
from threedie.benchmark.training.lars import LARS
from threedie.manifests.processes import Processes

Outputs = tuple[dict[str, Tensor], tuple[Tensor, Tensor]]


class _Losses(nn.Module):
    """A method as Fabric can wrap it: from the fields of `Batch` by name to losses by name and the representations."""

    def __init__(self, method: Method) -> None:
        super().__init__()
        self.method = method

    def forward(self, fields: dict[str, Any]) -> Outputs:
        output = self.method(Batch(**fields))
        first, second = output.representation
        return {"loss": output.loss, **output.terms}, (first.detach(), second.detach())


class Stepper:
    """One method and its optimizer on a device: takes steps."""

    def __init__(
        self, method: Method, recipe: Recipe, device: str = "auto", processes: Processes | None = None
    ) -> None:
        """Prepare.

        Args:
            method: the method; trained in place.
            recipe: optimizer, precision, batch normalization over devices.
            device: `auto`, `cpu` or `cuda`.
            processes: of the run, each with a device of its own; this one alone where None.

        Raises:
            ThreeDieError: no such device.
        """
        self.processes = processes or Processes()
        self.fabric = build_fabric(device, recipe.precision, self.processes)
        self.device = self.fabric.device
        # Torch has no synchronized batch-norm for CPUs; on them each process has statistics of its own.
        if recipe.sync_batchnorm and self.processes.count > 1 and self.device.type != "cpu":
            method = nn.SyncBatchNorm.convert_sync_batchnorm(method)
        self.method = method
        # Not entries of the optimizer's groups: checkpoints from before there were several lack them.
        groups = _groups(method, recipe)
        self._highest, self._rates = recipe.learning_rate, tuple(groups)
        self._model, self.optimizer = self.fabric.setup(_Losses(method), _optimizer(list(groups.values()), recipe))
        self.representation: tuple[Tensor, Tensor] | None = None
        self._diverged = torch.zeros((), device=self.device)
        method.train()

    def step(self, batch: Batch, rate: float, done: float = 1.0) -> dict[str, Tensor]:
        """One step; the loss and its terms before it. `representation` then holds the backbone's output, detached.

        The values stay on the device, so that a GPU can be given the next step before it has finished this one. From
        the first loss that isn't finite, in any process, all further losses are NaN and the weights stay as they are.

        Args:
            batch: the batch, of this process alone.
            rate: learning rate.
            done: share of the run's steps that are done with this one.
        """
        for group, (constant, share) in zip(self.optimizer.param_groups, self._rates, strict=True):
            group["lr"] = (self._highest if constant else rate) * share
        self.optimizer.zero_grad(set_to_none=True)
        output, self.representation = self._model(dict(vars(batch)))
        values = {name: value.detach().float() for name, value in output.items()}
        self._skip_update_if_diverged(values)
        self.fabric.backward(output["loss"])
        self.optimizer.step()
        self.method.after_step(done)
        return values

    def _skip_update_if_diverged(self, values: dict[str, Tensor]) -> None:
        """Let the optimizer change nothing once a loss wasn't finite; decided on the device, without waiting for it."""
        finite = torch.isfinite(values["loss"])
        failed = torch.maximum(self._diverged, (~finite).float())
        if self.processes.count > 1:
            anywhere = self.fabric.all_reduce(failed, reduce_op="max")
            assert isinstance(anywhere, Tensor)
            failed = anywhere
        self._diverged = failed
        # Fused optimizers leave out a step for which this is 1.
        self.optimizer.optimizer.found_inf = failed
        values["loss"] = torch.where(finite & (failed > 0), torch.nan, values["loss"])

    def any_process(self, *flags: bool) -> list[bool]:
        """Each flag, true if it is in any of the processes."""
        if self.processes.count == 1:
            return list(flags)
        local = torch.tensor([float(flag) for flag in flags], device=self.device)
        largest = self.fabric.all_reduce(local, reduce_op="max")
        assert isinstance(largest, Tensor)
        return [value > 0 for value in largest.tolist()]


def _optimizer(groups: list[list[nn.Parameter]], recipe: Recipe) -> torch.optim.Optimizer:
    rates: dict[str, Any] = {"lr": recipe.learning_rate, "weight_decay": recipe.weight_decay}
    parameters = [{"params": group} for group in groups]
    if recipe.optimizer == "lars":
        return LARS(parameters, momentum=recipe.momentum, **rates)
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(parameters, momentum=recipe.momentum, fused=True, **rates)
    kind = torch.optim.Adam if recipe.optimizer == "adam" else torch.optim.AdamW
    return kind(parameters, fused=True, **rates)


def _groups(method: Method, recipe: Recipe) -> dict[tuple[bool, float], list[nn.Parameter]]:
    """The trained parameters by their rate: whether it stays at its highest, and what it is multiplied with."""
    groups: dict[tuple[bool, float], list[nn.Parameter]] = {}
    for name, parameter in method.named_parameters():
        if parameter.requires_grad:
            constant = any(name.startswith(f"{module}.") for module in method.constant_rate)
            share = recipe.vector_rate if parameter.ndim == 1 else 1.0
            groups.setdefault((constant, share), []).append(parameter)
    return groups
