"""Weights from a file, checked before they go into a network: plain numbers, of its shapes."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

COUNTER = "num_batches_tracked"
"""How many batches batch-norm has seen. PyTorch before 0.4.1 doesn't save it, and nothing that is measured reads it."""
_LISTED = 5


def tensor_fault(value: Any) -> str | None:
    """Why a value is no tensor of plain numbers in memory, as the end of a sentence; None where it is one."""
    if not isinstance(value, Tensor):
        return f"is of type {type(value).__name__} instead of a tensor"
    if value.is_meta:
        return "is a tensor without numbers (device meta)"
    if value.is_quantized:
        return "is a quantized tensor"
    if value.layout != torch.strided or value.is_nested:
        return f"is a tensor of layout {value.layout}".replace("torch.", "")
    if value.numel() * value.element_size() > value.untyped_storage().nbytes():
        return f"has shape {tuple(value.shape)}, and the file holds fewer numbers"
    return None


def not_finite(value: Tensor) -> bool:
    """Whether there is a NaN or an infinity in a plain tensor, or will be in single precision."""
    if value.dtype == torch.float32:
        # A sum is finite only where all its terms are; four times as fast as checking each.
        return not bool(torch.isfinite(value.sum())) and not bool(torch.isfinite(value).all())
    return value.is_floating_point() and not bool(torch.isfinite(value.float()).all())


def weight_faults(state: Mapping[Any, Any], target: Mapping[str, Tensor], exact: bool) -> list[str]:
    """What keeps weights from going into a network, a few words for each.

    Args:
        state: the weights by name.
        target: the network's own `state_dict`; it may lie on the device `meta`.
        exact: whether types must be the network's too, and every counter must be there. Otherwise any floating-point
            type will do, and a missing counter of batches.
    """
    faults = [f"{name} is missing" for name in target if name not in state and (exact or not name.endswith(COUNTER))]
    faults += [f"{name} isn't in the method" for name in state if name not in target]
    for name, expected in target.items():
        if name not in state:
            continue
        value = state[name]
        fault = tensor_fault(value)
        if fault:
            faults.append(f"{name} {fault}")
        elif value.shape != expected.shape:
            faults.append(f"{name} has shape {tuple(value.shape)} instead of {tuple(expected.shape)}")
        elif value.dtype != expected.dtype and (exact or not _converts(value, expected)):
            faults.append(f"{name} is of type {_short(value)} instead of {_short(expected)}")
        elif not_finite(value):
            faults.append(f"{name} holds numbers that aren't finite")
    return faults


def listed(faults: list[str]) -> str:
    """The first few of some faults, and how many more there are."""
    more = f" and {len(faults) - _LISTED} more" if len(faults) > _LISTED else ""
    return "; ".join(fault[:200] for fault in faults[:_LISTED]) + more


def _converts(value: Tensor, expected: Tensor) -> bool:
    if expected.is_floating_point():
        return value.is_floating_point()
    return not value.is_floating_point() and not value.is_complex() and value.dtype != torch.bool


def _short(value: Tensor) -> str:
    return str(value.dtype).removeprefix("torch.")
