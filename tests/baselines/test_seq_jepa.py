"""seq-JEPA and VICReg-Traj: what the aggregate sees, what the target gets, how views share statistics."""

from dataclasses import replace

import pytest
import torch
from test_methods import batch_for, small

from threedie.baselines.aggregator import Aggregator


def representations(method, views: int, count: int = 5) -> torch.Tensor:
    return torch.randn(count, views, method.backbone.dim, generator=torch.Generator().manual_seed(2))


def actions(method, steps: int, count: int = 5) -> torch.Tensor:
    return torch.randn(count, steps, 4 if method.action else 0, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("options", [{}, {"conditional": False}, {"action_embedding": 0}], ids=str)
def test_the_embedding_of_one_view_is_that_of_a_sequence_of_one(options):
    method = small("seq_jepa", options).eval()
    values = representations(method, 1)
    torch.testing.assert_close(method.embed(values[:, 0]), method.embed_sequence(values, actions(method, 0)))
    assert method.has_aggregate


@pytest.mark.parametrize("views", [1, 2, 3, 5, 8])
def test_aggregate_and_last_representation_lie_side_by_side(views):
    method = small("seq_jepa").eval()
    values = representations(method, views)
    embedded = method.embed_sequence(values, actions(method, views - 1))
    parts = method.parts.embedding
    assert embedded.shape == (5, method.cut + method.backbone.dim)
    assert embedded[:, parts["invariant"]].shape == (5, method.cut)
    assert torch.equal(embedded[:, parts["equivariant"]], values[:, -1])


def test_the_aggregate_depends_on_every_view_and_action_and_not_on_their_order_alone():
    method = small("seq_jepa").eval()
    values, moves = representations(method, 3), actions(method, 2)
    base = method.embed_sequence(values, moves)[:, : method.cut]
    for place in range(3):
        changed = values.clone()
        changed[:, place] += 1
        assert not torch.allclose(method.embed_sequence(changed, moves)[:, : method.cut], base)
    for place in range(2):
        changed = moves.clone()
        changed[:, place] += 1
        assert not torch.allclose(method.embed_sequence(values, changed)[:, : method.cut], base)
    # No positions are encoded: views that exchange their places with their actions give the same.
    swapped = method.embed_sequence(values[:, [1, 0, 2]], moves[:, [1, 0]])[:, : method.cut]
    torch.testing.assert_close(swapped, base)
    other = method.embed_sequence(values[:, [1, 0, 2]], moves)[:, : method.cut]
    assert not torch.allclose(other, base)


def test_the_prediction_depends_on_the_last_action_and_the_target_on_the_last_view():
    method = small("seq_jepa", {"dropout": 0.0}).eval()
    batch = batch_for(method)
    assert len(batch.views) == 4
    predicted, target = method(batch).embedding
    torch.testing.assert_close(target, method.target_backbone(batch.views[-1]))
    moved = replace(batch, later_actions=torch.cat([batch.later_actions[:, :-1], batch.later_actions[:, -1:] + 1], 1))
    assert not torch.allclose(method(moved).embedding[0], predicted)
    other = replace(batch, later_views=(*batch.later_views[:-1], batch.view1))
    after = method(other).embedding
    torch.testing.assert_close(after[0], predicted)
    assert not torch.allclose(after[1], target)


def test_its_loss_is_one_minus_the_cosine():
    method = small("seq_jepa", {"dropout": 0.0})
    output = method(batch_for(method))
    cosine = torch.nn.functional.cosine_similarity(*output.embedding).mean()
    torch.testing.assert_close(output.loss, 1 - cosine)
    assert set(output.terms) == {"equivariance"}


@pytest.mark.parametrize("averaged", [True, False])
def test_no_gradient_reaches_the_target(averaged):
    method = small("seq_jepa", {"averaged_target": averaged, "length": 1})
    output = method(batch_for(method))
    assert output.embedding[0].requires_grad
    assert not output.embedding[1].requires_grad
    assert not output.representation[1].requires_grad
    assert (method.target_backbone is not None) == averaged


def test_one_view_s_prediction_is_that_of_the_predictor():
    method = small("seq_jepa", {"length": 1}).eval()
    batch = batch_for(method)
    output = method(batch)
    torch.testing.assert_close(method.predict(output.representation[0], batch.action), output.embedding[0])
    without = small("seq_jepa", {"conditional": False})
    assert not without.has_predictor
    with pytest.raises(NotImplementedError):
        without.predict(output.representation[0], batch.action)


def test_the_target_follows_the_backbone():
    method = small("seq_jepa", {"momentum": 0.9})
    before = {name: value.clone() for name, value in method.target_backbone.named_parameters()}
    with torch.no_grad():
        for parameter in method.backbone.parameters():
            parameter.add_(1)
    method.after_step(0.5)
    for name, value in method.target_backbone.named_parameters():
        torch.testing.assert_close(value, before[name] + 0.05 * (method.backbone.get_parameter(name) - before[name]))
    still = small("seq_jepa", {"averaged_target": False})
    state = {name: value.clone() for name, value in still.state_dict().items()}
    still.after_step(0.5)
    assert all(torch.equal(value, state[name]) for name, value in still.state_dict().items())


def test_a_batch_of_pairs_is_refused():
    batch = batch_for(small("sie"))
    for name in ("seq_jepa", "vicreg_traj"):
        with pytest.raises(ValueError, match=r"takes \d views, the batch gave 2"):
            small(name)(batch)
    method = small("seq_jepa")
    batch = batch_for(method)
    with pytest.raises(ValueError, match=r"has shape \(6, 3, 4\), the batch gave \(6, 1, 4\)"):
        method(replace(batch, later_actions=None))


def test_layers_start_from_weights_of_their_own_and_the_token_from_zero():
    torch.manual_seed(0)
    aggregator = Aggregator(8)
    first, second = (layer.linear1.weight for layer in aggregator.layers[:2])
    assert not torch.equal(first, second)
    assert not aggregator.token.any()


def test_other_methods_embed_each_view_by_itself():
    method = small("vicreg")
    assert not method.has_aggregate
    with pytest.raises(NotImplementedError, match="VICReg embeds each view by itself"):
        method.embed_sequence(torch.zeros(2, 3, 32), torch.zeros(2, 2, 0))


# VICReg-Traj


def test_all_three_views_share_batch_statistics():
    method = small("vicreg_traj")
    batch = batch_for(method)
    moved = replace(batch, later_views=(100 * batch.later_views[0] + 50,))
    assert not torch.allclose(method(batch).embedding[0], method(moved).embedding[0])


def test_terms_of_vicreg_traj_add_up_to_its_loss():
    method = small("vicreg_traj", {"trajectory_weight": 0.5})
    output = method(batch_for(method))
    weights = {"invariance": 10, "variance": 10, "covariance": 1, "trajectory": 0.5}
    assert set(output.terms) == set(weights)
    total = sum(weight * output.terms[name] for name, weight in weights.items())
    torch.testing.assert_close(output.loss.detach(), total)


def test_vicreg_traj_without_its_own_term_is_vicreg_on_the_first_two_views():
    method = small("vicreg_traj", {"trajectory_weight": 0.0}).eval()
    plain = small("vicreg").eval()
    plain.load_state_dict(method.state_dict())
    batch = batch_for(method)
    torch.testing.assert_close(method(batch).loss, plain(batch).loss)
