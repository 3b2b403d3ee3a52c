"""Weights of others, brought into our methods: the original's checkpoints, torchvision's ResNets.

Our modules bear the original's names (`backbone`, `projector`, `projector_inv`, `projector_equi`, `predictor`), so what
is left to do is to take off wrappers, leave out what isn't part of a method, and say clearly what doesn't fit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from baselines.method import ACTION_DIMS

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
        name = _unwrapped(str(key))
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


@dataclass(frozen=True)
class Architecture:
    """What a state dict alone tells of the method it is of, as arguments for `baselines.registry.build_method`.

    Attributes:
        methods: names of the methods it may be of; none where it holds a backbone alone.
        backbone, form, width: the encoder network.
        projector: widths of the whole projector, joined by `-`; empty where there is none.
        options: of the method, as far as shapes tell them.
    """

    methods: tuple[str, ...]
    backbone: str
    form: str
    width: int
    projector: str
    options: dict[str, Any]


def architecture(checkpoint: Mapping[str, Any]) -> Architecture:
    """What method and network a checkpoint's names and shapes are of.

    Whether there is a ReLU in the predictor, and all weights of losses, leave no trace in it.

    Raises:
        ValueError: no backbone in it, or modules that no method has together.
    """
    state = original_state(checkpoint)
    backbone = backbone_state(checkpoint)
    name = "resnet34" if "layer3.5.conv1.weight" in backbone else "resnet18"
    if "layer1.0.conv3.weight" in backbone:
        name = "resnet50"
    if "conv1.weight" not in backbone or "layer4.0.conv1.weight" not in backbone:
        raise ValueError("checkpoint: its backbone is no ResNet-18, 34 or 50")
    form = "cifar" if backbone["conv1.weight"].shape[-1] == 3 else backbone_form(backbone)
    width = len(backbone["conv1.weight"])
    dim = width * (32 if name == "resnet50" else 8)
    projectors = {part: _widths(state, part) for part in ("projector", "projector_inv", "projector_equi")}
    found = {part for part, widths in projectors.items() if widths}
    known = {module for module in _modules(state) if module != "predictor"} - {"backbone"}
    if not known <= found:
        raise ValueError(
            f"checkpoint: {', '.join(sorted(known - found))} is in no method here; load its backbone alone"
        )
    methods, options, widths = _told(found, projectors, dim, "predictor" in _modules(state))
    if "predictor" in _modules(state):
        options |= _predictor_options(state, projectors["projector_equi"][-1] if "projector_equi" in found else 0)
    return Architecture(methods, name, form, width, "-".join(map(str, widths)), options)


def _told(
    found: set[str], projectors: dict[str, list[int]], dim: int, predicts: bool
) -> tuple[tuple[str, ...], dict[str, Any], list[int]]:
    """Methods that it may be, options and widths of the projector, from the projectors there are."""
    equi, inv = projectors["projector_equi"], projectors["projector_inv"]
    if not found:
        return (), {}, []
    if found == {"projector"}:
        return (("augself",) if predicts else ("vicreg", "simclr")), {}, projectors["projector"][1:]
    if found == {"projector_equi"} and predicts:
        return ("sie", "only_equivariance"), {}, equi[1:]
    if found == {"projector_equi", "projector_inv"} and predicts:
        if equi[0] == inv[0] == dim:
            return ("equimod",), {}, equi[1:]
        return ("sie",), {"equivariant_dims": equi[0]}, [a + b for a, b in zip(inv[1:], equi[1:], strict=False)]
    raise ValueError(f"checkpoint: no method here has just {', '.join(sorted(found))}; load its backbone alone")


def _widths(state: Mapping[str, Tensor], part: str) -> list[int]:
    """Input width and output widths of a projector's linear layers, in order; none without that projector."""
    layers = {
        int(name.split(".")[1]): value
        for name, value in state.items()
        if name.startswith(f"{part}.") and name.endswith(".weight") and value.ndim == 2
    }
    ordered = [layers[index] for index in sorted(layers)]
    return [ordered[0].shape[1], *(len(each) for each in ordered)] if ordered else []


def _predictor_options(state: Mapping[str, Tensor], dim: int) -> dict[str, Any]:
    """Action and predictor from the shapes of its layers; `dim` is the equivariant embedding's width."""
    weights = {name: value for name, value in state.items() if name.startswith("predictor.") and value.ndim == 2}
    places = {name: name.split(".")[-2] for name in weights}
    if not weights or not all(place.isdecimal() for place in places.values()):
        raise ValueError("checkpoint: its predictor is of no kind known here, its layers aren't numbered matrices")
    ordered = [weights[name] for name in sorted(weights, key=lambda name: int(places[name]))]
    first, last = ordered[0], ordered[-1]
    if "predictor.0.weight" in weights:
        return {"action": _action(len(last)), "regressor": "-".join(str(len(each)) for each in ordered[:-1])}
    if all(name.startswith("predictor.pred.") for name in weights):
        return {"action": _action(first.shape[1] - dim), "predictor": {"kind": "mlp", "layers": len(ordered)}}
    if not dim:
        raise ValueError("checkpoint: it has a predictor, but no 'projector_equi' that says how wide its matrices are")
    made = len(last)
    bias = made % dim != 0 or (made > dim * dim and (made - dim) % (2 * dim + 1) == 0)
    # One matrix makes dim^2 numbers (and dim with biases); two with h between make 2 dim h (and h + dim).
    hidden = 0 if made in (dim * dim, dim * dim + dim) else (made - dim) // (2 * dim + 1) if bias else made // (2 * dim)
    return {
        "action": _action(first.shape[1]),
        "predictor": {
            "hidden": str(hidden or ""),
            "bias": made == dim * dim + dim or (bool(hidden) and bias),
            "hypernetwork": "deep" if len(ordered) > 1 else "linear",
            "hypernetwork_bias": any(
                name.startswith("predictor.hypernet.") and name.endswith(".bias") for name in state
            ),
        },
    }


def _action(size: int) -> str:
    for name, dims in ACTION_DIMS.items():
        if dims == size:
            return name
    raise ValueError(f"checkpoint: its predictor takes an action of {size} numbers, and none here has so many")


def _unwrapped(key: str) -> str:
    while key.startswith(WRAPPERS):
        key = key.split(".", 1)[1]
    return key


def _modules(state: Mapping[str, Tensor]) -> list[str]:
    return sorted({name.split(".", 1)[0] for name in state})
