"""Weights of others, brought into our methods: the original's checkpoints, torchvision's ResNets.

Our modules bear the original's names (`backbone`, `projector`, `projector_inv`, `projector_equi`, `predictor`), so what
is left to do is to take off wrappers, leave out what isn't part of a method, and say clearly what doesn't fit.
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

WRAPPERS = ("module.", "_orig_mod.", "_forward_module.")
NESTED_UNDER = ("model", "state_dict")

# The online probes of the original's training script, and the classification layer of torchvision's networks.
NOT_OURS = ("evaluator.", "fc.", "backbone.fc.")

BACKBONE_ROOTS = ("conv1.", "bn1.", "layer1.", "layer2.", "layer3.", "layer4.")


def original_state(checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
    """The weights in a checkpoint, under our names.

    Args:
        checkpoint: a state dict, or a dict that holds one under `model` or `state_dict` beside other things. Its keys
            may carry `module.` (distributed data parallel) or `_orig_mod.` (compiled) in front; a bare backbone's keys
            (`conv1.weight`, `layer1.0...`: torchvision's, or the original's backbone file) get the prefix `backbone.`.

    Raises:
        ValueError: no weights in it, or two keys that come to the same name.
    """
    for name in NESTED_UNDER:
        if isinstance(checkpoint.get(name), Mapping):
            return original_state(checkpoint[name])
    state: dict[str, Tensor] = {}
    for key, value in checkpoint.items():
        name = _unwrapped(key)
        if not isinstance(value, Tensor) or name.startswith(NOT_OURS):
            continue
        if name.startswith(BACKBONE_ROOTS):
            name = f"backbone.{name}"
        if name in state:
            raise ValueError(f"checkpoint: {key} and another entry both come to {name}")
        state[name] = value
    if not state:
        raise ValueError("checkpoint: no weights in it; give a state dict, or a dict with one under 'model'")
    return state


def backbone_state(checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
    """Only the backbone's weights, without prefix, for `ResNet.load_state_dict`.

    Raises:
        ValueError: none in it.
    """
    prefix = "backbone."
    state = original_state(checkpoint)
    found = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    if not found:
        raise ValueError(f"checkpoint: no backbone in it; its modules are {', '.join(_modules(state))}")
    return found


def backbone_form(state: Mapping[str, Tensor]) -> str:
    """Which form of network a backbone's weights are of: `original` or `torchvision`.

    A ResNet-18 or 34 with a projection in its very first block is the original's; bottleneck networks, which all have
    one, are torchvision's.
    """
    bottleneck = "layer1.0.conv3.weight" in state
    return "original" if "layer1.0.downsample.0.weight" in state and not bottleneck else "torchvision"


def load_original(module: nn.Module, checkpoint: Mapping[str, Any]) -> None:
    """Load a checkpoint into a method, or, if it holds a backbone alone, into the method's backbone.

    Raises:
        ValueError: names or shapes that don't fit, listed.
    """
    state = original_state(checkpoint)
    target = module.state_dict()
    if set(_modules(state)) == {"backbone"}:
        target = {name: value for name, value in target.items() if name.startswith("backbone.")}
    faults = [f"{name} is missing" for name in target if name not in state]
    faults += [f"{name} isn't in the method" for name in state if name not in target]
    faults += [
        f"{name} has shape {tuple(state[name].shape)} instead of {tuple(target[name].shape)}"
        for name in target
        if name in state and state[name].shape != target[name].shape
    ]
    if faults:
        more = f" and {len(faults) - 5} more" if len(faults) > 5 else ""
        raise ValueError(f"checkpoint doesn't fit this method: {'; '.join(faults[:5])}{more}")
    module.load_state_dict(state, strict=False)


def _unwrapped(key: str) -> str:
    while key.startswith(WRAPPERS):
        key = key.split(".", 1)[1]
    return key


def _modules(state: Mapping[str, Tensor]) -> list[str]:
    return sorted({name.split(".", 1)[0] for name in state})
