"""What all parity records have in common: a state from a seed, and the comparison of numbers."""

import math
import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from threedie.baselines.method import Method

# Nearer to zero than this, an absolute error is compared instead of a relative one.
SMALL = 1e-6


@dataclass(frozen=True)
class Comparison:
    """The relative errors of one record, by what was compared.

    Attributes:
        title: of the record.
        losses: error of the loss and of each term.
        gradients: error of the gradient's norm, by module.
        parameters_missing: how many parameters the record has beyond ours.
        loss_tolerance, gradient_tolerance: the largest errors that pass.
    """

    title: str
    losses: dict[str, float]
    gradients: dict[str, float]
    parameters_missing: int
    loss_tolerance: float
    gradient_tolerance: float

    @property
    def passed(self) -> bool:
        return (
            max(self.losses.values()) <= self.loss_tolerance
            and max(self.gradients.values()) <= self.gradient_tolerance
            and self.parameters_missing == 0
        )

    def __str__(self) -> str:
        loss, gradient = (max(errors, key=errors.__getitem__) for errors in (self.losses, self.gradients))
        return (
            f"{'ok  ' if self.passed else 'FAIL'} {self.title:44} loss {self.losses['loss']:.1e}"
            f"  worst term {self.losses[loss]:.1e} ({loss})  worst gradient {self.gradients[gradient]:.1e} ({gradient})"
            f"  parameters {'equal' if self.parameters_missing == 0 else f'differ by {self.parameters_missing}'}"
        )


@lru_cache(maxsize=256)
def entry(name: str, shape: tuple[int, ...], seed: int) -> torch.Tensor:
    """An entry of the state that the other program had, under the name that it has there."""
    if name.endswith("num_batches_tracked"):
        return torch.tensor(0)
    generator = np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))
    x = generator.standard_normal(shape).astype(np.float32)
    if name.endswith("running_var"):
        x = 1 + 0.1 * abs(x)
    elif name.endswith("running_mean"):
        x = 0.1 * x
    elif name.endswith((".W1", ".W2")):
        x = x / math.sqrt(shape[-1])
    elif name.endswith(".b2"):
        x = 0.1 * x
    elif len(shape) == 1:
        x = 1 + 0.1 * x if name.endswith("weight") else 0.1 * x
    else:
        x = _scale(name) * x / math.sqrt(math.prod(shape[1:]))
    return torch.from_numpy(x.astype(np.float32))


def _scale(name: str) -> float:
    if name.endswith(("in_proj_weight", "c_attn.weight")):
        return 2.0
    moves = name.startswith(("projector", "predictor")) and not name.startswith("predictor.transformer.")
    return 0.4 if moves else 1.0


def gradient_norm(method: Method, module: str) -> float:
    """2-norm of the gradient of all parameters of a module."""
    gradients = [p.grad for p in method.get_submodule(module).parameters() if p.grad is not None]
    return math.sqrt(sum(float(gradient.double().square().sum()) for gradient in gradients))


def error(ours: float, theirs: float, floor: float = SMALL) -> float:
    """The relative error; infinite for a number that isn't finite."""
    return abs(ours - theirs) / max(abs(theirs), floor) if math.isfinite(ours) else math.inf
