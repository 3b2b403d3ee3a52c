"""Computing in float32 at least, where half precision overflows or vanishes."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor

P = ParamSpec("P")
R = TypeVar("R")


def full_precision(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function or method outside autocast, with half-precision arguments raised to float32."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        tensors = [value for value in (*args, *kwargs.values()) if isinstance(value, Tensor)]
        device = tensors[0].device.type if tensors else "cpu"
        with torch.autocast(device, enabled=False):
            return function(
                *(_raise(value) for value in args),  # type: ignore[arg-type]
                **{name: _raise(value) for name, value in kwargs.items()},  # type: ignore[arg-type]
            )

    return wrapped


def _raise(value: object) -> object:
    halves = (torch.float16, torch.bfloat16)
    return value.float() if isinstance(value, Tensor) and value.dtype in halves else value
