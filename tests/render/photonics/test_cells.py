"""Unit cells: what both kinds promise."""

import numpy as np
import pytest
from scipy import ndimage

from threedie.manifests.errors import ThreeDieError
from threedie.render.photonics.cells import unit_cell


@pytest.mark.parametrize("kind", ["blob", "gpm"])
def test_a_cell_depends_on_kind_seed_and_index_alone(kind: str) -> None:
    one, again = unit_cell(kind, 3, 5), unit_cell(kind, 3, 5)
    assert np.array_equal(one.epsilon, again.epsilon)
    for other in (unit_cell(kind, 4, 5), unit_cell(kind, 3, 6)):
        assert not np.array_equal(one.epsilon, other.epsilon)
    assert one.epsilon.min() >= 1
    assert one.epsilon.max() <= 20


def test_gpm_has_the_mirror_along_x_alone() -> None:
    # Pixel i lies at i / 32 - 1/2: the mirror image of pixel i is pixel -i.
    for index in range(10):
        epsilon = unit_cell("gpm", 0, index).epsilon
        assert np.allclose(epsilon, epsilon[-np.arange(32)], atol=1e-12)
    epsilons = [unit_cell("gpm", 0, index).epsilon for index in range(10)]
    assert not all(np.allclose(epsilon, epsilon[:, -np.arange(32)], atol=1e-3) for epsilon in epsilons)


def test_a_blob_is_one_inclusion_around_the_center_away_from_the_border() -> None:
    shares = []
    for index in range(40):
        cell = unit_cell("blob", 0, index)
        inside = cell.epsilon != cell.eps_out
        assert inside[16, 16]
        assert ndimage.label(inside)[1] == 1
        assert not inside[[0, -1]].any()
        assert not inside[:, [0, -1]].any()
        shares.append(inside.mean())
    assert max(shares) > 0.3
    assert min(shares) < 0.15


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ThreeDieError, match="choose from blob, gpm"):
        unit_cell("rods", 0, 0)
