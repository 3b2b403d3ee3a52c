"""Checkpoints of EquiCaps, seq-JEPA and ContextSSL, as their authors' code saves them, under our names.

Names and shapes show which it is. Of the other methods in seq-JEPA's repository the encoder alone is taken. Modules
that have no place in a method are listed.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from threedie.baselines.equicaps import MATRIX_SIDES
from threedie.baselines.original_checkpoints import Architecture, network_of, with_choices
from threedie.baselines.resnet import SIDE_STEP
from threedie.baselines.weights import tensor_fault
from threedie.manifests.actions import ACTIONS

_ENCODERS = {"encoder.": "backbone.", "enc.": "backbone."}
_SEQ_JEPA = {
    "encoder.": "backbone.",
    "target_encoder.": "target_backbone.",
    "agg_token": "aggregator.token",
    "transformer_encoder.transformer_encoder.": "aggregator.",
    "transformer_encoder.": "aggregator.",
    "action_proj.": "action_embedding.layers.",
    "predictor.": "predictor.",
}
_CONTEXT_SSL = {
    "enc.": "backbone.",
    "predictor._read_in.": "predictor.read_in.",
    "predictor._read_out.": "predictor.read_out.",
    "predictor.transformer.ln_f.": "predictor.norm.",
    "predictor.transformer.h.": "predictor.blocks.",
    "aug_predictor.": "regressor.",
}
"""Beginnings of their names -> ours."""
_CONTEXT_SSL_LAYERS = {
    ".ln_1.": ".attention_norm.",
    ".attn.c_attn.": ".attention.queries_keys_values.",
    ".attn.c_proj.": ".attention.output.",
    ".ln_2.": ".perceptron_norm.",
    ".mlp.c_fc.": ".perceptron.0.",
    ".mlp.c_proj.": ".perceptron.2.",
}
_ACTIONS_BY_SIZE = {ACTIONS[name].size: name for name in ("rotation", "rotation_color")}
"""Those of seq-JEPA's code, but for one of 8 numbers, whose order isn't known."""


@dataclass(frozen=True)
class Successor:
    """A checkpoint of a later paper's code.

    Attributes:
        network: its method and network; no method where only its encoder is taken.
        state: its weights under our names.
        left_out: names of its modules that aren't taken.
        image_size: of the images that it was trained on, where its shapes show it.
        optional: names that only our method's state has; they don't affect what is measured.
    """

    network: Architecture
    state: dict[str, Tensor]
    left_out: tuple[str, ...] = ()
    image_size: int | None = None
    optional: tuple[str, ...] = ()


def read_successor(state: Mapping[str, Tensor], choices: Mapping[str, Any] | None = None) -> Successor | None:
    """A later paper's checkpoint, by its names; None if it is of another program.

    Args:
        state: weights by name, without the prefixes of wrappers (`original_checkpoints.original_state`).
        choices: options of the method that the user gives.

    Raises:
        ValueError: its shapes don't go together, an option contradicts them, or one is needed.
    """
    options = dict(choices or {})
    if "projector.fc.W1" in state:
        return _equicaps(state, options)
    if "agg_token" in state:
        return _seq_jepa(state, options)
    if "predictor._read_in.weight" in state:
        return _context_ssl(state, options)
    if any(f"{prefix}conv1.weight" in state for prefix in _ENCODERS):
        ours, left_out = _renamed(state, _ENCODERS)
        return Successor(_architecture(ours, (), "", {}, options), ours, left_out)
    return None


def _equicaps(state: Mapping[str, Tensor], choices: dict[str, Any]) -> Successor:
    inputs, outputs, size = _shape(state, "projector.fc.W1", 3)
    side = math.isqrt(size)
    actions = [action for action, width in MATRIX_SIDES.items() if width * width == size]
    capsules = outputs // size
    positions = math.isqrt(inputs // capsules) if capsules else 0
    if not actions or capsules * size != outputs or not positions or positions * positions * capsules != inputs:
        raise ValueError(f"checkpoint: projector.fc.W1 has shape {(inputs, outputs, size)}, which no capsule layer has")
    if len(actions) > 1 and choices.get("action") not in actions:
        which = " or ".join(f"--set method.action={action}" for action in actions)
        raise ValueError(f"checkpoint: poses of {side} x {side} may be of either frame: say which, {which}")
    options = {"capsules": capsules, **({"action": actions[0]} if len(actions) == 1 else {})}
    ours, left_out = _renamed(state, {"backbone.": "backbone.", "projector.": "projector."})
    return Successor(_architecture(ours, ("equicaps",), "", options, choices), ours, left_out, SIDE_STEP * positions)


def _seq_jepa(state: Mapping[str, Tensor], choices: dict[str, Any]) -> Successor:
    ours, left_out = _renamed(state, _SEQ_JEPA)
    *_, dim = network_of(_backbone(ours))
    token, hidden = _shape(state, "agg_token", 3)[2], _shape(state, "predictor.0.weight", 2)[0]
    width = token - dim
    if width < 0:
        raise ValueError(f"checkpoint: agg_token has {token} numbers, fewer than a representation, which has {dim}")
    options: dict[str, Any] = {
        "hidden": hidden,
        "averaged_target": any(name.startswith("target_backbone.") for name in ours),
    }
    embedded = "action_proj.0.weight" in state
    if embedded:
        rows, size = _shape(state, "action_proj.0.weight", 2)
        if rows != width:
            raise ValueError(
                f"checkpoint: agg_token has {token} numbers; representation and action have {dim} + {rows}"
            )
    else:
        size = width
    if size == 0:
        options["conditional"] = False
    elif size in _ACTIONS_BY_SIZE:
        options |= {"action": _ACTIONS_BY_SIZE[size], "action_embedding": width if embedded else 0}
    else:
        sizes = " or ".join(f"{size} ({name})" for size, name in _ACTIONS_BY_SIZE.items())
        raise ValueError(
            f"checkpoint: its actions have {size} numbers; seq_jepa takes checkpoints with {sizes}, or none"
        )
    # Ours has a bias before the batch-norm, which takes it out again.
    ours.setdefault("predictor.0.bias", state["predictor.0.weight"].new_zeros(hidden))
    return Successor(_architecture(ours, ("seq_jepa",), "", options, choices), ours, left_out)


def _context_ssl(state: Mapping[str, Tensor], choices: dict[str, Any]) -> Successor:
    ours, left_out = _renamed(state, _CONTEXT_SSL)
    for theirs, layer in _CONTEXT_SSL_LAYERS.items():
        ours = {name.replace(theirs, layer): value for name, value in ours.items()}
    blocks = {int(found[1]) for name in ours if (found := re.match(r"predictor\.blocks\.([0-9]{1,3})\.", name))}
    widths = [
        _shape(state, f"aug_predictor.{index}.weight", 2)[0]
        for index in range(0, 100, 2)
        if f"aug_predictor.{index}.weight" in state
    ]
    if len(widths) < 2:
        missing = f"aug_predictor.{2 * len(widths)}.weight"
        raise ValueError(f"checkpoint: {missing} is missing; the weights are of no whole ContextSSL")
    options = {"layers": len(blocks), "regressor": "-".join(map(str, widths[:-1]))}
    projector = str(_shape(state, "predictor._read_in.weight", 2)[0])
    network = _architecture(ours, ("context_ssl",), projector, options, choices)
    return Successor(network, ours, left_out, optional=("environments.progress",))


def _architecture(
    ours: Mapping[str, Tensor],
    methods: tuple[str, ...],
    projector: str,
    options: dict[str, Any],
    choices: Mapping[str, Any],
) -> Architecture:
    name, form, width, _ = network_of(_backbone(ours))
    return Architecture(methods, name, form, width, projector, with_choices(options, choices))


def _backbone(ours: Mapping[str, Tensor]) -> dict[str, Tensor]:
    prefix = "backbone."
    return {name.removeprefix(prefix): value for name, value in ours.items() if name.startswith(prefix)}


def _renamed(state: Mapping[str, Tensor], prefixes: Mapping[str, str]) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Weights under our names, and the modules without one. The classifier of an encoder is left out.

    Raises:
        ValueError: two of them have one name here.
    """
    ours: dict[str, Tensor] = {}
    left_out: dict[str, None] = {}
    for name, value in state.items():
        prefix = next((prefix for prefix in prefixes if name.startswith(prefix)), None)
        if prefix is None or (name.removeprefix(prefix).startswith("fc.") and prefixes[prefix].endswith("backbone.")):
            left_out[name.partition(".")[0] if prefix is None else f"{prefix}fc"] = None
        else:
            renamed = prefixes[prefix] + name.removeprefix(prefix)
            if renamed in ours:
                raise ValueError(f"checkpoint: {renamed} stands in it twice, as {name} too")
            ours[renamed] = value
    return ours, tuple(left_out)


def _shape(state: Mapping[str, Tensor], name: str, dimensions: int) -> tuple[int, ...]:
    """Shape of an entry with so many dimensions, none of them empty, whose numbers are there."""
    fault = tensor_fault(state[name]) if name in state else "is missing"
    if fault:
        raise ValueError(f"checkpoint: {name} {fault}")
    shape = tuple(state[name].shape)
    if len(shape) != dimensions or not all(shape):
        raise ValueError(f"checkpoint: {name} has shape {shape} instead of {dimensions} dimensions, none of them 0")
    return shape
