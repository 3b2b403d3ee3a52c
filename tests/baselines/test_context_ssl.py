"""ContextSSL: equal to its authors' numbers; who sees whom; environments; contexts at evaluation; refusals."""

import copy
import json
from pathlib import Path

import parity_context
import pytest
import torch
from torch.nn import functional as F

from threedie.baselines.context_transformer import ContextTransformer, causal_mask, context_length, cut, hide_pairs
from threedie.baselines.environments import Environments
from threedie.baselines.method import Batch
from threedie.baselines.registry import build_method

RECORDS = json.loads((Path(__file__).parents[1] / "data/parity_context.json").read_text(encoding="utf-8"))


def title(record: dict) -> str:
    return f"{record['name']} seed {record['seed']}"


def small(**options):
    torch.manual_seed(0)
    return build_method("context_ssl", width=1, projector="16", image_size=32, options=options)


def batch(count: int = 8, seed: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    view1, view2 = torch.randn(2, count, 3, 32, 32, generator=generator)
    action, absolute = torch.randn(2, count, 6, generator=generator)
    return Batch(view1, view2, action, torch.zeros(count, dtype=torch.int64), absolute=absolute)


QUICK = ("contextssl_rot_masked", "contextssl_rotcolor", "contextssl_loss_only")
CASES = [
    pytest.param(each, marks=() if each["seed"] == 0 and each["name"] in QUICK else pytest.mark.slow)
    for each in RECORDS
]


@pytest.mark.parametrize("record", CASES, ids=title)
def test_equals_its_authors_code(record):
    comparison = parity_context.compare(record)
    assert comparison.passed, str(comparison)


def test_every_configuration_is_recorded():
    assert sorted(title(each) for each in RECORDS) == sorted(
        f"{name} seed {seed}" for name in parity_context.NAMES for seed in (0, 1)
    )


@pytest.mark.parametrize("change", ["clamp", "masks", pytest.param("hidden part", marks=pytest.mark.slow)])
def test_a_difference_fails(change, monkeypatch):
    name = "contextssl_loss_only" if change == "clamp" else "contextssl_rot_masked"
    record = next(each for each in RECORDS if each["name"] == name)
    if change == "clamp":
        monkeypatch.setattr(parity_context, "LOWEST_SIMILARITY", None)
    elif change == "hidden part":
        record = record | {"options": record["options"] | {"environment": "color"}}
    else:
        monkeypatch.setattr(parity_context, "recorded_numbers", lambda seed, layer, length: torch.ones(8, 4))
    assert not parity_context.compare(record).passed


def test_entries_that_one_side_lacks_are_named():
    record = copy.deepcopy(RECORDS[0])
    del record["state_shapes"]["predictor._read_in.bias"]
    with pytest.raises(ValueError, match=r"^contextssl_rot: predictor\._read_in\.bias: only one side"):
        parity_context.compare(record)


def test_a_second_view_does_not_see_its_first():
    assert causal_mask(6).int().tolist() == [
        [1, 0, 0, 0, 0, 0],
        [0, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [1, 1, 0, 1, 0, 0],
        [1, 1, 1, 1, 1, 0],
        [1, 1, 1, 1, 0, 1],
    ]
    assert causal_mask(0).shape == (0, 0)


def test_hidden_pairs_are_hidden_and_a_token_sees_itself():
    numbers = torch.ones(4, 2)
    numbers[2, 0] = numbers[3, 1] = 0.2
    assert hide_pairs(causal_mask(4), numbers, 0.5).int().tolist() == [
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 0],
        [1, 1, 0, 1],
    ]
    all_hidden = hide_pairs(causal_mask(4), torch.rand(3, 4, 2), 1.0)
    assert torch.equal(all_hidden, torch.eye(4, dtype=torch.bool).expand(3, 4, 4))
    assert torch.equal(hide_pairs(causal_mask(4), torch.rand(4, 2), 0.0), causal_mask(4))


def transformer() -> ContextTransformer:
    torch.manual_seed(0)
    return ContextTransformer(5, 3, 8, layers=2, heads=2).double()


def test_what_a_token_gives_depends_on_what_it_sees_alone():
    network, tokens = transformer(), torch.randn(1, 6, 5, dtype=torch.double)
    masks = causal_mask(6).expand(2, 6, 6)
    before = network(tokens, masks)
    for changed in range(6):
        other = tokens.clone()
        other[0, changed] += 1
        moved = (network(other, masks) - before).abs().amax(2)[0] > 1e-12
        # Through the second layer too: what a token sees, sees no more than it does itself.
        assert moved.tolist() == causal_mask(6)[:, changed].tolist()


def test_sequences_do_not_see_each_other():
    network, tokens = transformer(), torch.randn(3, 4, 5, dtype=torch.double)
    masks = causal_mask(4).expand(2, 4, 4)
    torch.testing.assert_close(network(tokens, masks)[1:2], network(tokens[1:2], masks))


@pytest.mark.parametrize("count", [0, 2, 6])
def test_an_answer_is_what_the_next_token_of_the_sequence_gives(count):
    network = transformer()
    context, tokens = torch.randn(count, 5, dtype=torch.double), torch.randn(4, 5, dtype=torch.double)
    masks = causal_mask(count + 1).expand(2, count + 1, count + 1)
    expected = [network(torch.cat([context, token[None]])[None], masks)[0, -1] for token in tokens]
    torch.testing.assert_close(network.answer(context, tokens), torch.stack(expected))


def test_the_transformer_against_attention_written_out():
    network, tokens = transformer(), torch.randn(2, 4, 5, dtype=torch.double)
    masks = hide_pairs(causal_mask(4), torch.rand(2, 4, 2), 0.5)
    x = tokens @ network.read_in.weight.T + network.read_in.bias
    for block, mask in zip(network.blocks, masks, strict=True):
        normed = F.layer_norm(x, (8,), block.attention_norm.weight, block.attention_norm.bias)
        layer = block.attention.queries_keys_values
        q, k, v = (normed @ layer.weight.T + layer.bias).split(8, dim=2)
        mixed = torch.zeros_like(x)
        for head in (slice(0, 4), slice(4, 8)):
            for i in range(4):
                seen = [j for j in range(4) if mask[i, j]]
                scores = torch.stack([(q[:, i, head] * k[:, j, head]).sum(1) / 2 for j in seen]).softmax(0)
                mixed[:, i, head] = sum(score[:, None] * v[:, j, head] for score, j in zip(scores, seen, strict=True))
        x = x + mixed @ block.attention.output.weight.T + block.attention.output.bias
        x = x + block.perceptron(F.layer_norm(x, (8,), block.perceptron_norm.weight, block.perceptron_norm.bias))
    expected = network.read_out(network.norm(x))
    torch.testing.assert_close(network(tokens, masks), expected)


def test_first_weights_are_small_and_smaller_where_a_shortcut_ends():
    torch.manual_seed(0)
    network = ContextTransformer(16, 16, 256, layers=3, heads=4)
    block = network.blocks[1]
    for layer, std in (
        (block.attention.queries_keys_values, 0.02),
        (block.perceptron[0], 0.02),
        (block.attention.output, 0.02 / 6**0.5),
        (block.perceptron[2], 0.02 / 6**0.5),
    ):
        assert layer.weight.std().item() == pytest.approx(std, rel=0.02)
        assert not layer.bias.any()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [("rotation", [1, 1, 1, 1, 0, 0]), ("color", [0, 0, 0, 0, 1, 1]), ("both", [1] * 6)],
)
def test_an_environment_hides_the_other_part_of_actions(environment, expected):
    action = torch.ones(2, 6)
    shown = Environments("rotation_color", environment, None).shown(action, environment)
    assert shown.tolist() == [expected] * 2
    assert action.all()


def test_environments_and_masks_are_a_function_of_seed_and_step():
    torch.manual_seed(3)
    one = Environments("rotation_color", "mixed", None)
    other = Environments("rotation_color", "mixed", None)
    assert one.draw(2, 4)[1].shape == (2, 4, 2)
    assert torch.equal(one.draw(2, 4)[1], one.draw(2, 4)[1])
    assert not torch.equal(one.draw(2, 4)[1], other.draw(2, 4)[1])
    drawn = []
    for _ in range(200):
        drawn.append(one.draw(2, 4))
        one.advance()
    assert 70 < sum(environment == "color" for environment, _ in drawn) < 130
    numbers = torch.stack([each for _, each in drawn])
    assert len({tuple(each.flatten().tolist()) for each in numbers}) == 200
    assert numbers.mean().item() == pytest.approx(0.5, abs=0.02)
    # A resumed run goes on with the next ones, whatever torch's own generator did.
    other.load_state_dict(one.state_dict())
    torch.manual_seed(99)
    assert torch.equal(one.draw(2, 4)[1], other.draw(2, 4)[1])


@pytest.mark.parametrize("environment", ["rotation", "color", "both", "mixed"])
def test_the_loss_is_the_sum_of_the_parts_that_the_environment_shows(environment):
    method = small(environment=environment, length=4, regression_weight=3.0)
    output = method(batch())
    drawn = method.environments.draw(3, 4)[0]
    shown = ["rotation", "color"] if drawn == "both" else [drawn]
    expected = output.terms["contrast"] + 3 * sum(output.terms[name] for name in shown)
    torch.testing.assert_close(output.loss.detach(), expected)
    assert set(output.terms) == {"contrast", "rotation", "color"}


def test_after_a_step_the_next_environment_and_masks_come():
    method = small(length=8)
    before = method.environments.draw(3, 8)[1]
    method.after_step(0.1)
    assert not torch.equal(method.environments.draw(3, 8)[1], before)


def test_contexts_of_a_batch_do_not_see_each_other_and_are_padded_unseen():
    """Ten pairs in contexts of at most eight views are three contexts of four, three and three pairs."""
    method = small(environment="both", length=8, mask_probability=0.0).eval()
    pairs = batch(10)
    method.after_step(1.0)
    whole = torch.stack(method(pairs).embedding)
    for begin, end in ((0, 4), (4, 8), (8, 10)):
        part = Batch(*(getattr(pairs, name)[begin:end] for name in ("view1", "view2", "action", "label")),
                     absolute=pairs.absolute[begin:end])  # fmt: skip
        torch.testing.assert_close(torch.stack(method(part).embedding), whole[:, begin:end])


def test_embeddings_follow_the_context_and_have_length_one():
    method = small(length=8, context=6).eval()
    representation = method.represent(batch(5, seed=1).view1)
    alone = method.embed(representation)
    torch.testing.assert_close(alone.norm(dim=1), torch.ones(5))
    method.take_context(batch(3))
    behind = method.embed(representation)
    torch.testing.assert_close(behind.norm(dim=1), torch.ones(5))
    assert (alone - behind).abs().max() > 1e-4
    assert method.context_pairs == 3
    assert not [name for name in method.state_dict() if "context" in name]
    assert copy.deepcopy(method).embed(representation).equal(behind)


def test_embedding_and_prediction_are_those_of_a_training_context():
    """A view behind a context is the next view of that context, in training and in evaluation."""
    method = small(environment="rotation", length=8, context=6, mask_probability=0.0).eval()
    pairs = batch(4)
    trained = method(pairs)
    first = Batch(pairs.view1[:3], pairs.view2[:3], pairs.action[:3], pairs.label[:3], absolute=pairs.absolute[:3])
    method.take_context(first)
    moved = method.predict(method.represent(pairs.view1[3:]), pairs.action[3:])
    torch.testing.assert_close(moved, trained.embedding[0][3:])
    torch.testing.assert_close(method.embed(method.represent(pairs.view2[3:])), trained.embedding[1][3:])


@pytest.mark.parametrize("environment", ["rotation", "color"])
def test_predictions_see_the_shown_part_of_the_action_alone(environment):
    method = small(context_environment=environment).eval()
    representation, action = method.represent(batch(2).view1), torch.randn(2, 6)
    before = method.predict(representation, action)
    rotated, colored = action.clone(), action.clone()
    rotated[:, :4] += 1
    colored[:, 4:] += 1
    unseen, seen = (colored, rotated) if environment == "rotation" else (rotated, colored)
    assert torch.equal(method.predict(representation, unseen), before)
    assert not torch.equal(method.predict(representation, seen), before)


def test_evaluation_options_change_no_weight():
    plain, other = small(), small(context=30, context_environment="color")
    assert plain.environments.evaluated == "rotation"
    assert other.environments.evaluated == "color"
    for (name, value), (other_name, other_value) in zip(
        plain.state_dict().items(), other.state_dict().items(), strict=True
    ):
        assert name == other_name
        assert torch.equal(value, other_value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"action": "rotation"}, "action 'rotation': context_ssl hides a part of it and needs rotation_color"),
        ({"action": "turn"}, "action 'turn'"),
        ({"environment": "light"}, "environment 'light': choose one of mixed, rotation, color, both"),
        ({"environment": "color", "context_environment": "rotation"}, "context_environment 'rotation': trained are co"),
        ({"context_environment": "both"}, "context_environment 'both': trained are rotation, color"),
        ({"length": 7}, "length 7: must be even"),
        ({"length": 0}, "length 0: must be even, 2 or more"),
        ({"context": 3}, "context 3: must be even, from 0 to 126"),
        ({"context": 128}, "context 128: must be even, from 0 to 126"),
        ({"context": -2}, "context -2"),
        ({"mask_probability": 1.5}, r"mask_probability 1\.5"),
        ({"layers": 0}, "layers 0, heads 4: must be 1 or more"),
        ({"heads": 3}, "heads 3: don't divide the transformer's width 16"),
    ],
)
def test_settings_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        small(**options)


def test_a_projector_without_a_width_is_refused():
    with pytest.raises(ValueError, match="give at least one width, the transformer's"):
        build_method("context_ssl", width=1, projector="")


@pytest.mark.parametrize("absolute", [None, torch.zeros(8, 4)])
def test_a_batch_without_absolute_latents_is_refused(absolute):
    pairs = batch()
    with pytest.raises(ValueError, match=r"absolute latents have shape \(8, 6\), the batch gave"):
        small()(Batch(pairs.view1, pairs.view2, pairs.action, pairs.label, absolute=absolute))


def test_contexts_are_as_few_as_fit_and_nearly_equal():
    assert [context_length(pairs, 128) for pairs in (1, 2, 40, 64, 65, 128, 129)] == [2, 4, 80, 128, 66, 128, 86]
    tokens = torch.arange(1.0, 11).view(5, 2)
    assert cut(tokens, 4).tolist() == [[[1, 2], [3, 4], [5, 6], [7, 8]], [[9, 10], [0, 0], [0, 0], [0, 0]]]
