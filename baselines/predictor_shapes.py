"""What the shapes of a predictor's weights say about its architecture, and where the user must say more."""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from torch import Tensor

from threedie.baselines.hypernetwork import DEPTH_OF_DEEP
from threedie.baselines.method import ACTION_DIMS
from threedie.baselines.projector import parse_widths
from threedie.baselines.weights import tensor_fault

EQUAL_LAYERS = 4
"""Hidden layers of one width that a hypernetwork's predictor is assumed to have at most, unless `hidden` is given."""
_NAMED_READINGS = 6
_MLP, _HYPERNETWORK = "predictor.pred.", "predictor.hypernet.net."
"""Prefixes of the layers' names, by kind of predictor. A regressor's layers are saved as `predictor.0` and so on."""


def predictor_options(state: Mapping[str, Tensor], dim: int, choices: Mapping[str, Any]) -> dict[str, Any]:
    """Action, and predictor or regressor, as options of a method.

    Args:
        state: all weights of a method.
        dim: width of the equivariant embedding; 0 without one.
        choices: options of the predictor that the user gives.

    Raises:
        ValueError: layers of no known kind, choices that contradict the shapes, or shapes that fit several predictors.
    """
    weights = _matrices(state)
    if "predictor.0.weight" in weights:
        if choices:
            raise ValueError("--set method.predictor: these weights regress the action; there is nothing to choose")
        return _regressor(weights)
    if not dim:
        raise ValueError("checkpoint: it has a predictor, but no 'projector_equi' that says how wide its matrices are")
    if all(name.startswith(_MLP) for name in weights):
        return _mlp(weights, dim, choices)
    if all(name.startswith(_HYPERNETWORK) for name in weights):
        biased = any(name.startswith("predictor.hypernet.") and name.endswith(".bias") for name in state)
        return _hypernetwork(weights, biased, dim, choices)
    raise ValueError("checkpoint: its predictor is of no kind known here")


def _matrices(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The matrices of the predictor's layers by name, in the layers' order."""
    weights = {name: value for name, value in state.items() if name.startswith("predictor.") and value.ndim == 2}
    places = {name: name.split(".")[-2] for name in weights}
    if not weights or not all(place.isdecimal() for place in places.values()):
        raise ValueError("checkpoint: its predictor is of no kind known here, its layers aren't numbered matrices")
    for name, value in weights.items():
        fault = tensor_fault(value)
        if fault:
            # Its shape may be vast, and the search for what fits takes time.
            raise ValueError(f"checkpoint: {name} {fault}")
    return {name: weights[name] for name in sorted(weights, key=lambda name: int(places[name]))}


def _regressor(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    *hidden, outputs = (len(each) for each in weights.values())
    return {"action": _action(outputs), "regressor": "-".join(map(str, hidden))}


def _mlp(weights: Mapping[str, Tensor], dim: int, choices: Mapping[str, Any]) -> dict[str, Any]:
    first = next(iter(weights.values()))
    predictor = _agreed({"kind": "mlp", "layers": len(weights)}, choices)
    return {"action": _action(first.shape[1] - dim), "predictor": predictor}


def _hypernetwork(weights: Mapping[str, Tensor], biased: bool, dim: int, choices: Mapping[str, Any]) -> dict[str, Any]:
    if len(weights) not in (1, DEPTH_OF_DEEP):
        raise ValueError(
            f"checkpoint: its hypernetwork has {len(weights)} layers; those known here have 1 or {DEPTH_OF_DEEP}"
        )
    shown = {
        "kind": "hypernetwork",
        "hypernetwork": "deep" if len(weights) > 1 else "linear",
        "hypernetwork_bias": biased,
    }
    # A ReLU leaves no trace, and hidden layers and biases show in their sum only.
    hidden_choices = {name: value for name, value in choices.items() if name in ("relu", "hidden", "bias")}
    agreed = _agreed(shown, {name: value for name, value in choices.items() if name not in hidden_choices})
    del agreed["kind"]
    matrices = list(weights.values())
    hidden, bias = _one_reading(len(matrices[-1]), dim, hidden_choices)
    relu = {"relu": hidden_choices["relu"]} if "relu" in hidden_choices else {}
    return {"action": _action(matrices[0].shape[1]), "predictor": {"hidden": hidden, "bias": bias, **relu, **agreed}}


def predictor_readings(count: int, dim: int) -> list[tuple[str, bool]]:
    """Hidden layers and biases that a hypernetwork's predictor may have, from how many numbers it has in all.

    A chain of layers from E over hidden widths back to E has the products of neighboring widths as matrices, and every
    width after the first as biases. Covers predictors with up to one hidden layer, and those with up to `EQUAL_LAYERS`
    hidden layers of one width. See `uneven_readings` for others.

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


def _agreed(shown: dict[str, Any], choices: Mapping[str, Any]) -> dict[str, Any]:
    """Options that the shapes show, and the user's.

    Raises:
        ValueError: they contradict each other.
    """
    for name, value in choices.items():
        if name in shown and shown[name] != value:
            raise ValueError(f"--set method.predictor.{name}={value}: the weights are of {name} {shown[name]}")
    return {**choices, **shown}


def _one_reading(count: int, dim: int, choices: Mapping[str, Any]) -> tuple[str, bool]:
    """Hidden widths and bias of the only predictor that fits the shapes and the user's choices.

    A ReLU between layers leaves no trace, so that with hidden layers the user must say whether there is one.

    Raises:
        ValueError: none or several fit.
    """
    for name in ("bias", "relu"):
        if not isinstance(choices.get(name, False), bool):
            raise ValueError(f"--set method.predictor.{name}={choices[name]}: must be true or false")
    if isinstance(choices.get("hidden", ""), bool) or not isinstance(choices.get("hidden", ""), str | int):
        raise ValueError(f"--set method.predictor.hidden={choices['hidden']}: write widths joined by '-', as 256-256")
    biases = [choices["bias"]] if "bias" in choices else [False, True]
    fitting = predictor_readings(count, dim) + uneven_readings(count, dim)
    if "hidden" in choices:
        hidden = parse_widths(choices["hidden"])
        text = "-".join(map(str, hidden))
        matches = [(text, bias) for bias in biases if _numbers(dim, hidden, bool(bias)) == count]
    else:
        matches = [(text, bias) for text, bias in fitting if bias in biases]
    if len(matches) == 1 and ("relu" in choices or not matches[0][0]):
        return matches[0]
    what = f"its predictor has {count} numbers for an embedding of width {dim}"
    described = [_described(*each, choices) for each in (matches or fitting)[:_NAMED_READINGS]]
    more = len(matches or fitting) - len(described)
    named = " or ".join(described) + (f" or one of {more} others" if more else "")
    if matches:
        which = "several architectures" if len(matches) > 1 else "one with a ReLU between its layers and one without"
        no_relu = "relu" in choices or not any(hidden for hidden, _ in matches[:_NAMED_READINGS])
        relu = "" if no_relu else "; write method.predictor.relu=true instead if there is a ReLU between the layers"
        usual = "; the first is the default of SIE's code" if ("", False) in matches else ""
        raise ValueError(f"checkpoint: {what}, which fits {which}: say which, {named}{usual}{relu}")
    words = " ".join(
        f"--set method.predictor.{name}={_plain(value)}" for name, value in choices.items() if name != "relu"
    )
    if words:
        raise ValueError(f"{words}: contradicts the weights: {what}; {f'that is {named}' if named else 'nothing fits'}")
    raise ValueError(f"checkpoint: {what}, and no layers fit; give them with --set method.predictor.hidden")


def _described(hidden: str, bias: bool, choices: Mapping[str, Any]) -> str:
    """The words of a command line that choose a reading."""
    words = f"--set method.predictor.hidden={hidden or chr(39) * 2} --set method.predictor.bias={_plain(bias)}"
    return f"{words} --set method.predictor.relu={_plain(choices.get('relu', False))}" if hidden else words


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _action(size: int) -> str:
    for name, dims in ACTION_DIMS.items():
        if dims == size:
            return name
    raise ValueError(f"checkpoint: its predictor takes an action of {size} numbers, and none here has so many")
