"""Weights of others, brought into our methods: the original's checkpoints, torchvision's ResNets.

Our modules have the original's names (`backbone`, `projector`, `projector_inv`, `projector_equi`, `predictor`). So
wrappers are taken off, what isn't part of a method is left out, and what doesn't fit is named.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from threedie.baselines.hypernetwork import DEPTH_OF_DEEP
from threedie.baselines.method import ACTION_DIMS
from threedie.baselines.projector import parse_widths
from threedie.baselines.weights import listed, tensor_fault, weight_faults

WRAPPERS = ("module.", "_orig_mod.", "_forward_module.")
_NOTHING = torch.empty(0)
NESTED_UNDER = ("model", "state_dict")
_DEEPEST_NESTING = 8

# The online probes of the original's training script, and the classification layer of torchvision's networks.
NOT_OURS = ("evaluator.", "fc.", "backbone.fc.")

BACKBONE_ROOTS = ("conv1.", "bn1.", "layer1.", "layer2.", "layer3.", "layer4.")

EQUAL_LAYERS = 4
"""Hidden layers of one width that a hypernetwork's predictor is taken to have at most, unless `hidden` is given."""
_NAMED_READINGS = 6


def original_state(checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
    """The weights in a checkpoint, under our names.

    Args:
        checkpoint: a state dict, or a dict that holds one under `model` or `state_dict` beside other things. Its keys
            may carry `module.` (distributed data parallel) or `_orig_mod.` (compiled) in front; a bare backbone's keys
            (`conv1.weight`, `layer1.0...`: torchvision's, or the original's backbone file) get the prefix `backbone.`.

    Raises:
        ValueError: no weights in it, or two keys that come to the same name.
    """
    for _ in range(_DEEPEST_NESTING):
        inner = [checkpoint[name] for name in NESTED_UNDER if isinstance(checkpoint.get(name), Mapping)]
        if not inner:
            break
        checkpoint = inner[0]
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

    Batch-norm's counters of batches may be missing, as in files of PyTorch before 0.4.1: nothing reads them.

    Raises:
        ValueError: names, types or shapes that don't fit, or numbers that aren't finite, listed.
    """
    state = original_state(checkpoint)
    target = module.state_dict()
    if set(_modules(state)) == {"backbone"}:
        target = {name: value for name, value in target.items() if name.startswith("backbone.")}
    faults = weight_faults(state, target, exact=False)
    if faults:
        raise ValueError(f"checkpoint doesn't fit this method: {listed(faults)}")
    module.load_state_dict(state, strict=False)


@dataclass(frozen=True)
class Architecture:
    """What a state dict alone tells of the method it is of, as arguments for `registry.build_method`.

    Attributes:
        methods: names of the methods it may be of; none where it holds a backbone alone.
        backbone, form, width: the encoder network.
        projector: widths of the whole projector, joined by `-`; empty where there is none.
        options: of the method, as far as shapes and the user tell them.
    """

    methods: tuple[str, ...]
    backbone: str
    form: str
    width: int
    projector: str
    options: dict[str, Any]


def architecture(checkpoint: Mapping[str, Any], given: Mapping[str, Any] | None = None) -> Architecture:
    """What method and network a checkpoint's names and shapes are of.

    All weights of losses leave no trace in it.

    Args:
        checkpoint: see `original_state`.
        given: options of the method that the user knows, the predictor's as a table under `predictor`.

    Raises:
        ValueError: no backbone in it, modules that no method has together, an option that contradicts the shapes, or
            shapes that fit several predictors.
    """
    state = original_state(checkpoint)
    backbone = backbone_state(checkpoint)
    name = "resnet34" if "layer3.5.conv1.weight" in backbone else "resnet18"
    if "layer1.0.conv3.weight" in backbone:
        name = "resnet50"
    if backbone.get("conv1.weight", _NOTHING).ndim != 4 or "layer4.0.conv1.weight" not in backbone:
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
    methods, options, widths = _methods_with(found, projectors, dim, "predictor" in _modules(state))
    known_options = dict(given or {})
    of_predictor = known_options.pop("predictor", {})
    if "predictor" in _modules(state):
        dim = projectors["projector_equi"][-1] if "projector_equi" in found else 0
        options |= _predictor_options(state, dim, of_predictor)
    elif of_predictor:
        raise ValueError("--set method.predictor: there is no predictor in these weights")
    for option, value in known_options.items():
        if option in options and str(options[option]) != str(value):
            raise ValueError(f"--set method.{option}={value}: the weights are of {option} {options[option]}")
        options[option] = value
    return Architecture(methods, name, form, width, "-".join(map(str, widths)), options)


def _methods_with(
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
        if name.startswith(f"{part}.")
        and name.endswith(".weight")
        and value.ndim == 2
        and name.split(".")[1].isdecimal()
        and value.numel()
    }
    ordered = [layers[index] for index in sorted(layers)]
    return [ordered[0].shape[1], *(len(each) for each in ordered)] if ordered else []


def predictor_readings(count: int, dim: int) -> list[tuple[str, bool]]:
    """Hidden layers and biases that a hypernetwork's predictor may have, from how many numbers it has in all.

    A chain of layers from E over hidden widths back to E has the products of neighboring widths as matrices, and every
    width after the first as biases. All predictors with up to one hidden layer are looked for, and those with up to
    `EQUAL_LAYERS` hidden layers of one width. See `uneven_readings` for others.

    Args:
        count: outputs of the hypernetwork's last layer.
        dim: width E of the embedding.

    Returns:
        Each as the options `hidden` and `bias` of the predictor; the plain ones first.
    """
    readings = [("", bias) for bias in (False, True) if _numbers(dim, (), bias) == count]
    for bias in (False, True):
        for layers in range(1, EQUAL_LAYERS + 1):
            width = _equal_width(count, dim, layers, bias)
            if width:
                readings.append(("-".join([str(width)] * layers), bias))
    return readings


def uneven_readings(count: int, dim: int) -> list[tuple[str, bool]]:
    """As `predictor_readings`, those with two hidden layers of unlike widths; always both orders fit."""
    readings = []
    for bias in (False, True):
        # (h + E')(h' + E') is known, with E' = E, or E + 1 with biases.
        edge = dim + bias
        product = count - (dim if bias else 0) + edge**2
        for one in range(edge + 1, math.isqrt(max(0, product)) + 1):
            if product % one == 0 and one * one != product:
                narrow, wide = one - edge, product // one - edge
                readings += [(f"{narrow}-{wide}", bias), (f"{wide}-{narrow}", bias)]
    return readings


def _numbers(dim: int, hidden: tuple[int, ...], bias: bool) -> int:
    """How many numbers a predictor has with these hidden widths."""
    return sum(after * (before + bias) for before, after in pairwise((dim, *hidden, dim)))


def _equal_width(count: int, dim: int, layers: int, bias: bool) -> int:
    """The width with which so many hidden layers have just `count` numbers; 0 if there is none."""
    low, high = 1, max(1, count // dim)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if _numbers(dim, (middle,) * layers, bias) < count else (low, middle)
    return low if _numbers(dim, (low,) * layers, bias) == count else 0


def _predictor_options(state: Mapping[str, Tensor], dim: int, given: Mapping[str, Any]) -> dict[str, Any]:
    """Action and predictor from the shapes of its layers and what the user knows.

    Args:
        state: all weights.
        dim: width of the equivariant embedding; 0 without one.
        given: options of the predictor that the user knows.
    """
    weights = {name: value for name, value in state.items() if name.startswith("predictor.") and value.ndim == 2}
    places = {name: name.split(".")[-2] for name in weights}
    if not weights or not all(place.isdecimal() for place in places.values()):
        raise ValueError("checkpoint: its predictor is of no kind known here, its layers aren't numbered matrices")
    for name, value in weights.items():
        fault = tensor_fault(value)
        if fault:
            # Its shape may be vast, and the search for what fits takes time.
            raise ValueError(f"checkpoint: {name} {fault}")
    ordered = [weights[name] for name in sorted(weights, key=lambda name: int(places[name]))]
    first, last = ordered[0], ordered[-1]
    if "predictor.0.weight" in weights:
        if given:
            raise ValueError("--set method.predictor: these weights regress the action; there is nothing to choose")
        return {"action": _action(len(last)), "regressor": "-".join(str(len(each)) for each in ordered[:-1])}
    if not dim:
        raise ValueError("checkpoint: it has a predictor, but no 'projector_equi' that says how wide its matrices are")
    if all(name.startswith("predictor.pred.") for name in weights):
        told: dict[str, Any] = {"kind": "mlp", "layers": len(ordered)}
        return {"action": _action(first.shape[1] - dim), "predictor": _agreed(told, given)}
    if not all(name.startswith("predictor.hypernet.net.") for name in weights):
        raise ValueError("checkpoint: its predictor is of no kind known here")
    if len(ordered) not in (1, DEPTH_OF_DEEP):
        raise ValueError(
            f"checkpoint: its hypernetwork has {len(ordered)} layers; those known here have 1 or {DEPTH_OF_DEEP}"
        )
    told = {
        "kind": "hypernetwork",
        "hypernetwork": "deep" if len(ordered) > 1 else "linear",
        "hypernetwork_bias": any(name.startswith("predictor.hypernet.") and name.endswith(".bias") for name in state),
    }
    # A ReLU leaves no trace, and the layers are a matter of their own.
    free = {name: value for name, value in given.items() if name in ("relu", "hidden", "bias")}
    agreed = _agreed(told, {name: value for name, value in given.items() if name not in free})
    del agreed["kind"]
    hidden, bias = _one_reading(len(last), dim, free)
    relu = {"relu": free["relu"]} if "relu" in free else {}
    return {"action": _action(first.shape[1]), "predictor": {"hidden": hidden, "bias": bias, **relu, **agreed}}


def _agreed(told: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What shapes tell of the predictor and what the user says.

    Raises:
        ValueError: they contradict each other.
    """
    for name, value in given.items():
        if name in told and told[name] != value:
            raise ValueError(f"--set method.predictor.{name}={value}: the weights are of {name} {told[name]}")
    return {**given, **told}


def _one_reading(count: int, dim: int, given: Mapping[str, Any]) -> tuple[str, bool]:
    """Hidden widths and bias of the only predictor that fits the shapes and what the user says.

    A ReLU between layers leaves no trace, so that with hidden layers the user must say whether there is one.

    Raises:
        ValueError: none or several fit.
    """
    for name in ("bias", "relu"):
        if not isinstance(given.get(name, False), bool):
            raise ValueError(f"--set method.predictor.{name}={given[name]}: must be true or false")
    if isinstance(given.get("hidden", ""), bool) or not isinstance(given.get("hidden", ""), str | int):
        raise ValueError(f"--set method.predictor.hidden={given['hidden']}: write widths joined by '-', as 256-256")
    biases = [given["bias"]] if "bias" in given else [False, True]
    fitting = predictor_readings(count, dim) + uneven_readings(count, dim)
    if "hidden" in given:
        hidden = parse_widths(given["hidden"])
        text = "-".join(map(str, hidden))
        matches = [(text, bias) for bias in biases if _numbers(dim, hidden, bool(bias)) == count]
    else:
        matches = [(text, bias) for text, bias in fitting if bias in biases]
    if len(matches) == 1 and ("relu" in given or not matches[0][0]):
        return matches[0]
    what = f"its predictor has {count} numbers for an embedding of width {dim}"
    choices = [_described(*each, given) for each in (matches or fitting)[:_NAMED_READINGS]]
    more = len(matches or fitting) - len(choices)
    named = " or ".join(choices) + (f" or one of {more} others" if more else "")
    if matches:
        which = "several architectures" if len(matches) > 1 else "one with a ReLU between its layers and one without"
        no_relu = "relu" in given or not any(hidden for hidden, _ in matches[:_NAMED_READINGS])
        relu = "" if no_relu else "; write method.predictor.relu=true instead if there is a ReLU between the layers"
        usual = "; the first is the default of SIE's code" if ("", False) in matches else ""
        raise ValueError(f"checkpoint: {what}, which fits {which}: say which, {named}{usual}{relu}")
    said = " ".join(f"--set method.predictor.{name}={_plain(value)}" for name, value in given.items() if name != "relu")
    if said:
        raise ValueError(f"{said}: contradicts the weights: {what}; {f'that is {named}' if named else 'nothing fits'}")
    raise ValueError(f"checkpoint: {what}, and no layers fit; give them with --set method.predictor.hidden")


def _described(hidden: str, bias: bool, given: Mapping[str, Any]) -> str:
    """The words of a command line that choose a reading."""
    words = f"--set method.predictor.hidden={hidden or chr(39) * 2} --set method.predictor.bias={_plain(bias)}"
    return f"{words} --set method.predictor.relu={_plain(given.get('relu', False))}" if hidden else words


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


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
