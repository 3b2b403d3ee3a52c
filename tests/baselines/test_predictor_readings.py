"""Which predictors a hypernetwork's shapes may be of, against every predictor that can be built."""

import re
from itertools import product

import pytest
import torch

from threedie.baselines.hypernetwork import HypernetworkPredictor, build_predictor
from threedie.baselines.method import ACTION_DIMS
from threedie.baselines.original_checkpoints import architecture
from threedie.baselines.predictor_shapes import predictor_readings, uneven_readings
from threedie.baselines.registry import build_method

# Widths of the embedding, and of all predictors up to one hidden layer and of two equal ones.
DIMS = range(2, 13)
HIDDEN = ["", *map(str, range(1, 40)), *(f"{width}-{width}" for width in range(1, 14))]


def outputs(dim: int, hidden: str, bias: bool) -> int:
    """How many numbers the hypernetwork makes, from a module that is built."""
    return HypernetworkPredictor(dim, 4, hidden, bias).hypernet.net[-1].out_features


@pytest.fixture(scope="module")
def built() -> dict[tuple[int, int], set[tuple[str, bool]]]:
    """By width and number of outputs, every predictor that has them."""
    readings: dict[tuple[int, int], set[tuple[str, bool]]] = {}
    for dim, hidden, bias in product(DIMS, HIDDEN, (False, True)):
        readings.setdefault((dim, outputs(dim, hidden, bias)), set()).add((hidden, bias))
    return readings


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


MORE_NEEDED = "which fits (several architectures|one with a ReLU between its layers and one without): say which, --set"


def read(state: dict, choices: dict) -> dict | None:
    """Options of the predictor; None where the message asks for more."""
    try:
        return architecture(state, {"predictor": choices}).options["predictor"]
    except ValueError as error:
        if not re.search(MORE_NEEDED, str(error)):
            raise
        return None


@pytest.mark.parametrize("deep", ["linear", "deep"])
@pytest.mark.parametrize("hypernetwork_bias", [False, True])
def test_what_is_read_predicts_the_same_and_what_is_ambiguous_is_refused(deep: str, hypernetwork_bias: bool):
    direct = ambiguous = 0
    hidden_widths = ("", "1", "3", "4", "8", "12", "3-3", "6-6", "2-3", "3-7")
    # Of the actions of one size the first is read: predictors of all are the same.
    first_of_size = {size: name for name, size in reversed(ACTION_DIMS.items())}
    names = [name for name in ACTION_DIMS if name in first_of_size.values()]
    for dim, action in zip((3, 4, 7, 11, 13, 23), names, strict=True):
        rest = {name: value for name, value in method(dim, action, {}).state_dict().items() if "predictor" not in name}
        for hidden, bias, relu in product(hidden_widths, (False, True), (False, True)):
            options = {"hidden": hidden, "bias": bias, "relu": relu}
            fixed = {"hypernetwork": deep, "hypernetwork_bias": hypernetwork_bias}
            source = build_predictor(dim, ACTION_DIMS[action], options | fixed)
            state = rest | {f"predictor.{name}": value for name, value in source.state_dict().items()}
            options_read = read(state, {})
            direct += options_read is not None
            if options_read is None:
                options_read = read(state, options)
                ambiguous += 1
            assert options_read is not None
            target = build_predictor(dim, ACTION_DIMS[action], options_read)
            target.load_state_dict(source.state_dict())
            embedding, moves = torch.randn(5, dim), torch.randn(5, ACTION_DIMS[action])
            assert torch.equal(source(embedding, moves), target(embedding, moves))
    assert direct > 2
    assert ambiguous > 10


def test_the_words_of_the_message_choose():
    source = method(16, "rotation", {"hidden": "8", "relu": True})
    with pytest.raises(ValueError, match="; the first is the default of SIE's code; write") as caught:
        architecture(source.state_dict())
    choices = re.findall(
        r"hidden=(\S+) --set method.predictor.bias=(\w+)(?: --set method.predictor.relu=(\w+))?", str(caught.value)
    )
    assert choices[:2] == [("''", "false", ""), ("8", "false", "false")]
    for hidden, bias, relu in choices:
        choices = {"hidden": hidden.strip("'"), "bias": bias == "true", **({"relu": relu == "true"} if relu else {})}
        assert read(source.state_dict(), choices) is not None


@pytest.mark.parametrize(
    ("choices", "message"),
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
def test_options_that_contradict_the_shapes_are_refused(choices: dict, message: str):
    with pytest.raises(ValueError, match=message):
        architecture(method(16, "rotation", {}).state_dict(), {"predictor": choices})


def test_other_options_are_compared_with_the_shapes():
    state = method(16, "rotation", {"kind": "mlp"}).state_dict()
    with pytest.raises(ValueError, match="action=rotation_color: the weights are of action rotation"):
        architecture(state, {"action": "rotation_color"})
    assert architecture(state, {"action": "rotation"}).options["action"] == "rotation"
    without = {name: value for name, value in state.items() if not name.startswith(("predictor", "projector"))}
    with pytest.raises(ValueError, match="there is no predictor in these weights"):
        architecture(without, {"predictor": {"hidden": "6"}})


def test_two_hidden_layers_of_unlike_widths_need_a_choice():
    # 256 with biases at a width of 1024: 120-352 without has as many numbers.
    assert ("120-352", False) in uneven_readings(outputs(1024, "256", True), 1024)
    # 3 without biases at a width of 7: 1-3 with them.
    state = method(7, "rotation", {"hidden": "3"}).state_dict()
    assert predictor_readings(outputs(7, "3", False), 7) == [("3", False)]
    assert read(state, {"relu": False}) is None
    assert read(state, {"relu": False, "bias": True}) is None
    options_read = read(state, {"relu": False, "bias": False})
    assert options_read is not None
    assert (options_read["hidden"], options_read["bias"]) == ("3", False)


def test_a_predictor_of_a_vast_shape_without_its_numbers_is_refused_at_once():
    state = method(7, "rotation", {}).state_dict()
    state["predictor.hypernet.net.0.weight"] = torch.zeros(1, 1).expand(10**17, 4)
    with pytest.raises(ValueError, match=r"predictor\.hypernet\.net\.0\.weight has shape .*, and the file holds fewer"):
        architecture(state)
