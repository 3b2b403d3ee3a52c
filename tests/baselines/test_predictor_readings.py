"""Which predictors a hypernetwork's shapes may be of, against every predictor that can be built."""

from itertools import product

import pytest
import torch

from baselines.hypernetwork import HypernetworkPredictor
from baselines.method import ACTION_DIMS
from baselines.original_checkpoints import architecture, predictor_readings, uneven_readings
from baselines.registry import build_method

# Widths of the embedding, and of all predictors up to one hidden layer and of two equal ones.
DIMS = range(2, 13)
HIDDEN = ["", *map(str, range(1, 40)), *(f"{width}-{width}" for width in range(1, 14))]


def outputs(dim: int, hidden: str, bias: bool) -> int:
    """How many numbers the hypernetwork makes, from a module that is built."""
    return HypernetworkPredictor(dim, 4, hidden, bias).hypernet.net[-1].out_features


@pytest.fixture(scope="module")
def built() -> dict[tuple[int, int], set[tuple[str, bool]]]:
    """By width and number of outputs, every predictor that has them."""
    found: dict[tuple[int, int], set[tuple[str, bool]]] = {}
    for dim, hidden, bias in product(DIMS, HIDDEN, (False, True)):
        found.setdefault((dim, outputs(dim, hidden, bias)), set()).add((hidden, bias))
    return found


def test_every_predictor_is_among_the_readings_of_its_shapes(built: dict):
    for (dim, count), those in built.items():
        readings = predictor_readings(count, dim)
        assert those <= set(readings)
        assert len(readings) == len(set(readings))
        # So a single reading is the true one.
        assert all(outputs(dim, *reading) == count for reading in readings)


@pytest.mark.parametrize(
    ("dim", "one", "other"),
    [
        (16, ("", False), ("8", False)),  # E / 2
        (1024, ("", False), ("512", False)),
        (16, ("16", True), ("17", False)),  # E + 1
        (1024, ("1024", True), ("1025", False)),
        (15, ("", True), ("8", False)),  # (E + 1) / 2 for an odd E
        (16, ("48", True), ("50", False)),  # 3 E + 2
        (16, ("", False), ("6-6", True)),
        (16, ("16-16", False), ("24", False)),
        (16, ("16-16-16", False), ("32", False)),
    ],
)
def test_pairs_that_have_as_many_numbers(dim: int, one: tuple[str, bool], other: tuple[str, bool]):
    assert {one, other} <= set(predictor_readings(outputs(dim, *one), dim))


@pytest.mark.parametrize(("dim", "hidden", "bias"), [(16, "4-8", False), (10, "7-3", True), (1024, "256-512", False)])
def test_two_hidden_layers_of_unlike_widths(dim: int, hidden: str, bias: bool):
    readings = uneven_readings(outputs(dim, hidden, bias), dim)
    swapped = "-".join(reversed(hidden.split("-")))
    assert {(hidden, bias), (swapped, bias)} <= set(readings)
    assert all(outputs(dim, *reading) == outputs(dim, hidden, bias) for reading in readings)


def method(dim: int, action: str, predictor: dict):
    torch.manual_seed(dim)
    # Two halves of a representation of 8 dimensions: the equivariant embedding has half of the projector's width.
    return build_method("sie", width=1, projector=str(2 * dim), options={"predictor": predictor, "action": action})


@pytest.mark.parametrize("deep", ["linear", "deep"])
@pytest.mark.parametrize("hypernetwork_bias", [False, True])
def test_what_is_read_predicts_the_same_and_what_is_ambiguous_is_refused(deep: str, hypernetwork_bias: bool):
    read = refused = 0
    for dim, hidden, bias in product(
        (3, 4, 6, 7), ("", "1", "2", "3", "4", "5", "7", "8", "3-3", "6-6"), (False, True)
    ):
        predictor = {"hidden": hidden, "bias": bias, "hypernetwork": deep, "hypernetwork_bias": hypernetwork_bias}
        action = list(ACTION_DIMS)[(dim + len(hidden)) % len(ACTION_DIMS)]
        source = method(dim, action, predictor)
        state = source.state_dict()
        given: dict = {}
        count = outputs(dim, hidden, bias)
        if len(predictor_readings(count, dim)) > 1:
            with pytest.raises(ValueError, match="fits several architectures: say which") as caught:
                architecture(state)
            for text, with_bias in predictor_readings(count, dim)[:6]:
                named = f"hidden={text or chr(39) * 2} --set method.predictor.bias={str(with_bias).lower()}"
                assert named in str(caught.value)
            given = {"predictor": {"hidden": hidden, "bias": bias}}
            refused += 1
        found = architecture(state, given)
        read += not given
        assert found.options["action"] == action
        assert found.options["predictor"]["hidden"] == hidden
        target = method(dim, found.options["action"], found.options["predictor"])
        target.load_state_dict(state)
        embedding, moves = torch.randn(5, dim), torch.randn(5, ACTION_DIMS[action])
        assert torch.equal(source.predict(embedding, moves), target.predict(embedding, moves))
    assert read > 10
    assert refused > 10


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"hidden": "9"}, "hidden=9: contradicts the weights: .* that is --set method.predictor.hidden='' "),
        ({"hidden": "8", "bias": True}, "hidden=8 --set method.predictor.bias=true: contradicts"),
        ({"kind": "mlp"}, "kind=mlp: the weights are of kind hypernetwork"),
        ({"hypernetwork": "deep"}, "hypernetwork=deep: the weights are of hypernetwork linear"),
        ({"hypernetwork_bias": True}, "the weights are of hypernetwork_bias False"),
        ({"bias": "yes"}, "must be true or false"),
        ({"hidden": 8.5}, "write widths joined by '-'"),
        ({"hidden": "a"}, "write whole numbers"),
    ],
)
def test_options_that_contradict_the_shapes_are_refused(given: dict, message: str):
    with pytest.raises(ValueError, match=message):
        architecture(method(16, "rotation", {}).state_dict(), {"predictor": given})


def test_other_options_are_held_against_the_shapes():
    state = method(16, "rotation", {"hidden": "6"}).state_dict()
    with pytest.raises(ValueError, match="action=rotation_color: the weights are of action rotation"):
        architecture(state, {"action": "rotation_color"})
    assert architecture(state, {"action": "rotation"}).options["action"] == "rotation"
    without = {name: value for name, value in state.items() if not name.startswith(("predictor", "projector"))}
    with pytest.raises(ValueError, match="there is no predictor in these weights"):
        architecture(without, {"predictor": {"hidden": "6"}})


def test_what_leaves_no_trace_is_noted():
    hidden = method(16, "rotation", {"hidden": "6"}).state_dict()
    (note,) = architecture(hidden).notes
    assert "ReLU between the predictor's layers" in note
    told = architecture(hidden, {"predictor": {"relu": True}})
    assert not told.notes
    assert told.options["predictor"]["relu"] is True
    # 256 with biases at a width of 1024: 120-352 without has as many numbers.
    readings = uneven_readings(outputs(1024, "256", True), 1024)
    assert ("120-352", False) in readings
