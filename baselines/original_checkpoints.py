"""Weights of other programs for our methods: checkpoints of 3DIEBench's authors, torchvision's ResNets.

Our checkpoints have the original's names (`backbone`, `projector`, `projector_inv`, `projector_equi`, `predictor`). So
wrappers' prefixes are removed, entries that aren't part of a method are left out, and those that don't fit are named.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from threedie.baselines.encoder_prefixes import choose_network, encoder_alone
from threedie.baselines.predictor_shapes import predictor_options
from threedie.baselines.weights import listed, weight_faults

WRAPPERS = ("module.", "_orig_mod.", "_forward_module.")
_NOTHING = torch.empty(0)
NESTED_UNDER = ("model", "state_dict")
_DEEPEST_NESTING = 8

# The online probes of the original's training script, and the classification layer of torchvision's networks.
NOT_OURS = ("evaluator.", "fc.", "backbone.fc.")

BACKBONE_ROOTS = ("conv1.", "bn1.", "layer1.", "layer2.", "layer3.", "layer4.")


def original_state(checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
    """The weights in a checkpoint, under our names.

    Args:
        checkpoint: a state dict, or a dict that holds one under `model` or `state_dict` beside other things. Its keys
            may carry `module.` (distributed data parallel) or `_orig_mod.` (compiled) in front; a bare backbone's keys
            (`conv1.weight`, `layer1.0...`: torchvision's, or the original's backbone file) get the prefix `backbone.`.
            Of MoCo's and DINO's networks it is the one that their authors evaluate; see `remarks`.

    Raises:
        ValueError: no weights in it, or two keys that come to the same name.
    """
    return _state_and_remarks(checkpoint)[0]


def remarks(checkpoint: Mapping[str, Any]) -> list[str]:
    """Sentences on which of several networks in a checkpoint `original_state` takes.

    Raises:
        ValueError: see `original_state`.
    """
    return _state_and_remarks(checkpoint)[1]


def _state_and_remarks(checkpoint: Mapping[str, Any]) -> tuple[dict[str, Tensor], list[str]]:
    chosen: list[str | None] = []
    for _ in range(_DEEPEST_NESTING):
        checkpoint, remark = choose_network(checkpoint)
        chosen.append(remark)
        inner = [checkpoint[name] for name in NESTED_UNDER if isinstance(checkpoint.get(name), Mapping)]
        if not inner:
            break
        checkpoint = inner[0]
    tensors: dict[str, Tensor] = {}
    for key, value in checkpoint.items():
        name = _unwrapped(str(key))
        if not isinstance(value, Tensor):
            continue
        if name in tensors:
            raise ValueError(f"checkpoint: {key} and another entry both come to {name}")
        tensors[name] = value
    encoder, remark = encoder_alone(tensors)
    state: dict[str, Tensor] = {}
    for key, value in encoder.items():
        name = key
        if name.startswith(NOT_OURS):
            continue
        if name.startswith(BACKBONE_ROOTS):
            name = f"backbone.{name}"
        if name in state:
            raise ValueError(f"checkpoint: {key} and another entry both come to {name}")
        state[name] = value
    if not state:
        raise ValueError("checkpoint: no weights in it; give a state dict, or a dict with one under 'model'")
    return state, [each for each in (*chosen, remark) if each]


def backbone_state(checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
    """Only the backbone's weights, without prefix, for `ResNet.load_state_dict`.

    Raises:
        ValueError: none in it.
    """
    prefix = "backbone."
    state = original_state(checkpoint)
    backbone = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    if not backbone:
        raise ValueError(f"checkpoint: no backbone in it; its modules are {', '.join(_modules(state))}")
    return backbone


def backbone_form(state: Mapping[str, Tensor]) -> str:
    """Which form of network a backbone's weights are of: `original` or `torchvision`.

    A ResNet-18 or 34 with a projection in its very first block is the original's; bottleneck networks, which all have
    one, are torchvision's.
    """
    bottleneck = "layer1.0.conv3.weight" in state
    return "original" if "layer1.0.downsample.0.weight" in state and not bottleneck else "torchvision"


def load_original(module: nn.Module, checkpoint: Mapping[str, Any], optional: Collection[str] = ()) -> None:
    """Load a checkpoint into a method, or into the method's backbone if it holds nothing else.

    Raises:
        ValueError: see `check_original`.
    """
    check_original(module, checkpoint, optional)
    module.load_state_dict(original_state(checkpoint), strict=False)


def check_original(module: nn.Module, checkpoint: Mapping[str, Any], optional: Collection[str] = ()) -> None:
    """Refuse a checkpoint that can't be loaded into a method, which may lie on the device `meta`.

    Batch-norm's counters of batches may be missing, as in files of PyTorch before 0.4.1: nothing reads them. So may
    entries that are named as optional.

    Raises:
        ValueError: names, types or shapes that don't fit, or numbers that aren't finite, listed.
    """
    state = original_state(checkpoint)
    target = module.state_dict()
    if set(_modules(state)) == {"backbone"}:
        target = {name: value for name, value in target.items() if name.startswith("backbone.")}
    target = {name: value for name, value in target.items() if name in state or name not in optional}
    faults = weight_faults(state, target, exact=False)
    if faults:
        raise ValueError(f"checkpoint doesn't fit this method: {listed(faults)}")


@dataclass(frozen=True)
class Architecture:
    """What names and shapes of weights show of their method, as arguments for `registry.build_method`.

    Attributes:
        methods: names of the methods that fit; none for a backbone alone.
        backbone, form, width: the encoder network.
        projector: widths of the whole projector, joined by `-`; empty if there is none.
        options: of the method, as far as shapes show them or the user gives them.
    """

    methods: tuple[str, ...]
    backbone: str
    form: str
    width: int
    projector: str
    options: dict[str, Any]


def architecture(checkpoint: Mapping[str, Any], choices: Mapping[str, Any] | None = None) -> Architecture:
    """Method and network that a checkpoint's names and shapes show. Weights of loss terms leave no trace in it.

    Args:
        checkpoint: see `original_state`.
        choices: options of the method that the user gives, the predictor's as a table under `predictor`.

    Raises:
        ValueError: no backbone in it, modules that no method has together, an option that contradicts the shapes, or
            shapes that fit several predictors.
    """
    state = original_state(checkpoint)
    name, form, width, dim = network_of(backbone_state(checkpoint))
    modules = set(_modules(state)) - {"backbone"}
    predicts = "predictor" in modules
    projectors = {part: _widths(state, part) for part in ("projector", "projector_inv", "projector_equi")}
    projectors = {part: widths for part, widths in projectors.items() if widths}
    unknown = modules - projectors.keys() - {"predictor"}
    if unknown:
        raise ValueError(f"checkpoint: {', '.join(sorted(unknown))} is in no method here; load its backbone alone")
    methods, options, widths = _methods_with(projectors, dim, predicts)
    method_choices = dict(choices or {})
    predictor_choices = method_choices.pop("predictor", {})
    if predicts:
        equivariant_dim = projectors["projector_equi"][-1] if "projector_equi" in projectors else 0
        options |= predictor_options(state, equivariant_dim, predictor_choices)
    elif predictor_choices:
        raise ValueError("--set method.predictor: there is no predictor in these weights")
    options = with_choices(options, method_choices)
    return Architecture(methods, name, form, width, "-".join(map(str, widths)), options)


def with_choices(options: Mapping[str, Any], choices: Mapping[str, Any]) -> dict[str, Any]:
    """Options that shapes show, and those that the user gives.

    Raises:
        ValueError: one contradicts the shapes.
    """
    for option, value in choices.items():
        if option in options and str(options[option]) != str(value):
            raise ValueError(f"--set method.{option}={value}: the weights are of {option} {options[option]}")
    return {**options, **choices}


def network_of(backbone: Mapping[str, Tensor]) -> tuple[str, str, int, int]:
    """Name, form, width and number of outputs of the encoder network that has these weights, without prefix.

    Raises:
        ValueError: they are of no ResNet here.
    """
    name = "resnet34" if "layer3.5.conv1.weight" in backbone else "resnet18"
    if "layer1.0.conv3.weight" in backbone:
        name = "resnet50"
    if backbone.get("conv1.weight", _NOTHING).ndim != 4 or "layer4.0.conv1.weight" not in backbone:
        raise ValueError("checkpoint: its backbone is no ResNet-18, 34 or 50")
    form = "cifar" if backbone["conv1.weight"].shape[-1] == 3 else backbone_form(backbone)
    width = len(backbone["conv1.weight"])
    return name, form, width, width * (32 if name == "resnet50" else 8)


def _methods_with(
    projectors: Mapping[str, list[int]], dim: int, predicts: bool
) -> tuple[tuple[str, ...], dict[str, Any], list[int]]:
    """Methods with these projectors, their options, and the widths of the whole projector."""
    names = projectors.keys()
    if not names:
        return (), {}, []
    if names == {"projector"}:
        return (("augself",) if predicts else ("vicreg", "simclr")), {}, projectors["projector"][1:]
    if names == {"projector_equi"} and predicts:
        return ("sie", "only_equivariance"), {}, projectors["projector_equi"][1:]
    if names == {"projector_equi", "projector_inv"} and predicts:
        equi, inv = projectors["projector_equi"], projectors["projector_inv"]
        if equi[0] == inv[0] == dim:
            return ("equimod",), {}, equi[1:]
        return ("sie",), {"equivariant_dims": equi[0]}, [a + b for a, b in zip(inv[1:], equi[1:], strict=False)]
    raise ValueError(f"checkpoint: no method here has just {', '.join(sorted(names))}; load its backbone alone")


def _widths(state: Mapping[str, Tensor], part: str) -> list[int]:
    """Input width and output widths of a projector's linear layers, in order; none without that projector."""
    layers = {
        int(name.split(".")[1]): value
        for name, value in state.items()
        if name.startswith(f"{part}.")
        and name.endswith(".weight")
        and value.ndim == 2
        and name.split(".")[1].isdecimal()
        and value.numel()
    }
    ordered = [layers[index] for index in sorted(layers)]
    return [ordered[0].shape[1], *(len(each) for each in ordered)] if ordered else []


def _unwrapped(key: str) -> str:
    while key.startswith(WRAPPERS):
        key = key.split(".", 1)[1]
    return key


def _modules(state: Mapping[str, Tensor]) -> list[str]:
    return sorted({name.split(".", 1)[0] for name in state})
