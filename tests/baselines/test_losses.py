"""Each loss against a value worked out by hand and against a naive loop; symmetry; refusals."""

import math

import pytest
import torch

from threedie.baselines import losses

U = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
V = torch.tensor([[1.0, 0.0], [0.0, 6.0]])


@pytest.fixture
def views():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(12, 7, generator=generator), torch.randn(12, 7, generator=generator)


def test_invariance_by_hand():
    assert losses.invariance(U, V).item() == pytest.approx((0 + 4 + 9 + 0) / 4)


def test_variance_by_hand():
    # Column 0 holds +-0.05: variance 0.005, standard deviation sqrt(0.0051); column 1 varies more than the target.
    u = torch.tensor([[-0.05, 2.0], [0.05, 6.0]])
    assert losses.variance(u).item() == pytest.approx((1 - math.sqrt(0.005 + 1e-4)) / 2, rel=1e-5)


def test_variance_of_a_collapsed_embedding_is_the_target_less_the_root_of_epsilon():
    assert losses.variance(torch.ones(4, 3)).item() == pytest.approx(1 - 0.01, rel=1e-5)


def test_covariance_by_hand():
    # Centred rows are -+(1, 2): the covariance of the two columns is 4, twice off the diagonal, over two columns.
    assert losses.covariance(U).item() == pytest.approx(2 * 4**2 / 2)


def test_covariance_equals_a_loop(views):
    u = views[0]
    matrix = torch.cov(u.T)
    total = sum(matrix[i, j] ** 2 for i in range(7) for j in range(7) if i != j) / 7
    torch.testing.assert_close(losses.covariance(u), total)


def test_covariance_ignores_a_shift_and_the_order_of_samples(views):
    u = views[0]
    torch.testing.assert_close(losses.covariance(u + 5), losses.covariance(u), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(losses.covariance(u.flip(0)), losses.covariance(u))


def test_regularization_is_mean_of_hinges_and_sum_of_covariances(views):
    u, v = views
    both = losses.regularization(u, v)
    torch.testing.assert_close(both.variance, (losses.variance(u) + losses.variance(v)) / 2)
    torch.testing.assert_close(both.covariance, losses.covariance(u) + losses.covariance(v))


def test_assignment_cross_entropy_by_hand():
    u, v = torch.tensor([[0.5, 0.5], [0.25, 0.75]]), torch.tensor([[1.0, 0.0], [0.5, 0.5]])
    expected = (math.log(2) + (math.log(4) + math.log(4 / 3)) / 2) / 2
    assert losses.assignment_cross_entropy(u, v).item() == pytest.approx(expected)


def test_assignment_cross_entropy_has_a_gradient_to_both_and_none_is_infinite():
    u, v = torch.tensor([[0.0, 1.0], [0.3, 0.7]]).requires_grad_(), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    v.requires_grad_()
    loss = losses.assignment_cross_entropy(u, v)
    loss.backward()
    assert math.isfinite(loss.item())
    for given in (u, v):
        assert torch.isfinite(given.grad).all()
        assert given.grad.abs().max() > 0


def test_me_max_is_zero_for_a_uniform_mean_and_log_of_the_count_for_one_choice():
    assert losses.me_max(torch.eye(4)).item() == pytest.approx(0, abs=1e-6)
    one = torch.zeros(3, 4)
    one[:, 1] = 1
    one.requires_grad_()
    loss = losses.me_max(one)
    loss.backward()
    assert loss.item() == pytest.approx(math.log(4))
    assert torch.isfinite(one.grad).all()
    with pytest.raises(ValueError, match="at least one row"):
        losses.me_max(torch.zeros(0, 4))


def test_cross_correlation_by_hand():
    # Standardized columns of both: (-1, 1). All four correlations are 1: the diagonal is met, two entries are not.
    terms = losses.cross_correlation(U, U, epsilon=0.0)
    assert terms.invariance.item() == pytest.approx(0, abs=1e-6)
    assert terms.redundancy.item() == pytest.approx(2)
    # V's columns are (1, -1) and (-1, 1): C = [[-1, 1], [-1, 1]].
    terms = losses.cross_correlation(U, V, epsilon=0.0)
    assert terms.invariance.item() == pytest.approx((1 + 1) ** 2)
    assert terms.redundancy.item() == pytest.approx(2)


def test_cross_correlation_equals_a_loop(views):
    u, v = views
    joint = torch.corrcoef(torch.cat([u, v], dim=1).T)[:7, 7:]
    terms = losses.cross_correlation(u, v)
    expected = sum((1 - joint[i, i]) ** 2 for i in range(7))
    torch.testing.assert_close(terms.invariance, expected, rtol=1e-3, atol=1e-4)
    expected = sum(joint[i, j] ** 2 for i in range(7) for j in range(7) if i != j)
    torch.testing.assert_close(terms.redundancy, expected, rtol=1e-3, atol=1e-4)


def test_cross_correlation_does_not_see_scale_or_shift_and_is_symmetric(views):
    u, v = views
    for one, moved, turned in zip(
        losses.cross_correlation(u, v),
        losses.cross_correlation(3 * u + 5, v),
        losses.cross_correlation(v, u),
        strict=True,
    ):
        torch.testing.assert_close(one, moved, rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(one, turned)


def test_negative_cosine_and_normalized_distance_by_hand():
    # Row (1, 2) against (1, 0): cosine 1 / sqrt 5; row (3, 6) against (0, 6): 2 / sqrt 5.
    mean = 1.5 / math.sqrt(5)
    assert losses.negative_cosine(U, V).item() == pytest.approx(-mean)
    assert losses.normalized_distance(U, V).item() == pytest.approx(2 - 2 * mean)
    assert losses.normalized_distance(U, 3 * U).item() == pytest.approx(0, abs=1e-6)
    assert losses.normalized_distance(U, -U).item() == pytest.approx(4)


def test_negative_cosine_gives_its_target_no_gradient():
    u, v = U.clone().requires_grad_(), V.clone().requires_grad_()
    losses.negative_cosine(u, v).backward()
    assert u.grad is not None
    assert v.grad is None


def test_cross_entropy_by_hand():
    logits = torch.tensor([[0.0, 0.0], [math.log(3), 0.0]])
    expected = (math.log(2) + math.log(4 / 3)) / 2
    assert losses.cross_entropy(logits, torch.tensor([1, 0])).item() == pytest.approx(expected)
    with pytest.raises(ValueError, match=r"\(2, 2\), \(3,\)"):
        losses.cross_entropy(logits, torch.tensor([1, 0, 0]))


def test_nt_xent_by_hand():
    # Two pairs along the axes, of any length: each row sees its partner at cosine 1 and two others at cosine 0.
    u = torch.tensor([[2.0, 0.0], [0.0, 3.0]])
    v = torch.tensor([[0.5, 0.0], [0.0, 1.0]])
    expected = -math.log(math.exp(2) / (math.exp(2) + 2))
    assert losses.nt_xent(u, v, temperature=0.5).item() == pytest.approx(expected, rel=1e-5)


def test_nt_xent_equals_a_loop(views):
    rows = torch.cat(views)
    count, temperature, total = len(views[0]), 0.1, 0.0
    for i in range(2 * count):
        scores = [torch.cosine_similarity(rows[i], rows[j], dim=0) / temperature for j in range(2 * count)]
        others = torch.stack([score for j, score in enumerate(scores) if j != i])
        total += torch.logsumexp(others, 0) - scores[(i + count) % (2 * count)]
    torch.testing.assert_close(losses.nt_xent(*views, temperature), total / (2 * count))


def test_nt_xent_raises_low_similarities_and_gives_them_no_gradient(views):
    u, v = (view.clone().requires_grad_() for view in views)
    rows = torch.nn.functional.normalize(torch.cat([u, v]), dim=1)
    scores = (rows @ rows.T).clamp(min=0.3) / 0.5
    scores.fill_diagonal_(-torch.inf)
    expected = torch.nn.functional.cross_entropy(scores, torch.arange(len(rows)).roll(len(u)))
    raised = losses.nt_xent(u, v, 0.5, lowest=0.3)
    torch.testing.assert_close(raised, expected)
    assert not torch.isclose(raised, losses.nt_xent(u, v, 0.5))
    torch.testing.assert_close(losses.nt_xent(u, v, 0.5, lowest=-1.0), losses.nt_xent(u, v, 0.5))
    # All similarities are raised to one: which pair belongs together makes no difference any more.
    losses.nt_xent(u, v, 0.5, lowest=1.0).backward()
    assert not u.grad.any()


def test_info_nce_equals_a_loop_and_never_meets_its_own_view(views):
    u, v = (torch.nn.functional.normalize(view, dim=1) for view in views)
    total = 0.0
    for one, other in ((u, v), (v, u)):
        for index, row in enumerate(one):
            total -= torch.log_softmax(other @ row / 0.5, 0)[index]
    torch.testing.assert_close(losses.info_nce(*views, 0.5), total / (2 * len(u)))
    with pytest.raises(ValueError, match="temperature 0"):
        losses.info_nce(*views, 0)
    with pytest.raises(ValueError, match="no statistics"):
        losses.info_nce(torch.zeros(1, 4), torch.zeros(1, 4))


@pytest.mark.parametrize("loss", [losses.invariance, losses.nt_xent, losses.info_nce])
def test_symmetric_in_the_views(loss, views):
    u, v = views
    torch.testing.assert_close(loss(u, v), loss(v, u))


def test_regularization_is_symmetric_in_the_views(views):
    u, v = views
    for one, other in zip(losses.regularization(u, v), losses.regularization(v, u), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(
    "loss",
    [
        losses.invariance,
        losses.nt_xent,
        losses.regularization,
        losses.cross_correlation,
        losses.negative_cosine,
        losses.normalized_distance,
    ],
)
def test_refuses_shapes_that_differ(loss):
    with pytest.raises(ValueError, match=r"\(3, 2\) and \(2, 2\)"):
        loss(torch.zeros(3, 2), torch.zeros(2, 2))


@pytest.mark.parametrize("loss", [losses.variance, losses.covariance])
def test_refuses_a_single_sample_and_other_than_matrices(loss):
    with pytest.raises(ValueError, match="batch of 1"):
        loss(torch.zeros(1, 4))
    with pytest.raises(ValueError, match=r"\(N, E\)"):
        loss(torch.zeros(2, 4, 4))


def test_nt_xent_refuses_a_single_pair_and_a_temperature_of_zero():
    with pytest.raises(ValueError, match="batch of 1"):
        losses.nt_xent(torch.zeros(1, 4), torch.zeros(1, 4))
    with pytest.raises(ValueError, match="temperature 0"):
        losses.nt_xent(U, V, temperature=0)


def test_half_precision_is_raised_and_autocast_kept_out(views):
    u, v = views
    plain = losses.covariance(u), losses.nt_xent(u, v)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = losses.covariance(u), losses.nt_xent(u, v)
        halved = losses.invariance(u.bfloat16(), v.bfloat16())
    assert torch.equal(torch.stack(plain), torch.stack(inside))
    assert halved.dtype == torch.float32


def test_gradients_in_double_precision(views):
    u, v = (view[:5, :3].double().requires_grad_() for view in views)
    for loss in (losses.invariance, losses.nt_xent):
        assert torch.autograd.gradcheck(loss, (u, v))
    for loss in (losses.variance, losses.covariance):
        assert torch.autograd.gradcheck(loss, (u,))
    assert torch.autograd.gradcheck(losses.cross_correlation, (u, v))
    for loss in (losses.negative_cosine, losses.normalized_distance):
        assert torch.autograd.gradcheck(loss, (u, v.detach()))


def test_trajectory_by_hand():
    first, middle = torch.tensor([[0.0, 0.0]]), torch.tensor([[0.0, 0.5]])
    # The steps (0, 0.5) and (1, 0.5) lose a quarter of their part along the middle: (0, 0.375) and (1, 0.375).
    last = torch.tensor([[1.0, 1.0]])
    assert losses.trajectory(first, middle, last).item() == pytest.approx(-0.375 / math.hypot(1, 0.375))
    # With the middle at the origin nothing is taken away: straight on, and straight back.
    origin, ahead = torch.zeros(1, 2), torch.tensor([[1.0, 2.0]])
    assert losses.trajectory(-2 * ahead, origin, ahead).item() == pytest.approx(-1)
    assert losses.trajectory(2 * ahead, origin, ahead).item() == pytest.approx(1)


def test_trajectory_is_the_same_both_ways_and_refuses_other_shapes(views):
    u, v = views
    w = u.roll(1, 0)
    torch.testing.assert_close(losses.trajectory(u, v, w), losses.trajectory(w, v, u))
    inputs = [view[:4, :3].double().requires_grad_() for view in (u, v, w)]
    assert torch.autograd.gradcheck(losses.trajectory, inputs)
    for shapes in (((3, 2), (2, 2), (2, 2)), ((2, 2), (2, 2), (3, 2))):
        with pytest.raises(ValueError, match="one shape"):
            losses.trajectory(*(torch.zeros(shape) for shape in shapes))
