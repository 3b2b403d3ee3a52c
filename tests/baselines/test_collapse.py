"""The signs of collapse: values known in advance, a naive loop, refusals."""

import pytest
import torch

from threedie.baselines.collapse import mean_correlation, spread


def test_spread_of_evenly_spread_and_of_collapsed_rows():
    u = torch.randn(4096, 64, generator=torch.Generator().manual_seed(0))
    assert spread(u).item() == pytest.approx(64**-0.5, rel=0.02)
    assert spread(torch.ones(8, 64)).item() == pytest.approx(0, abs=1e-6)


def test_spread_does_not_see_the_length_of_rows():
    u = torch.randn(32, 8, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(spread(u), spread(u * torch.linspace(0.1, 9, 32)[:, None]))


def test_mean_correlation_equals_a_loop():
    u = torch.randn(20, 6, generator=torch.Generator().manual_seed(2))
    matrix = torch.corrcoef(u.T)
    expected = sum(matrix[i, j] for i in range(6) for j in range(6) if i != j) / 30
    torch.testing.assert_close(mean_correlation(u), expected, rtol=1e-3, atol=1e-5)


def test_mean_correlation_of_equal_columns_is_one():
    column = torch.randn(20, 1, generator=torch.Generator().manual_seed(3))
    assert mean_correlation(column.expand(-1, 5)).item() == pytest.approx(1, abs=1e-3)


def test_refusals():
    for sign in (spread, mean_correlation):
        with pytest.raises(ValueError, match="two or more"):
            sign(torch.zeros(1, 4))
    with pytest.raises(ValueError, match="single dimension"):
        mean_correlation(torch.zeros(4, 1))
