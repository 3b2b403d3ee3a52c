"""The encoder of unit cells, heads with a shared batch-norm, and the shifts that E-SSL predicts."""

import pytest
import torch

from threedie.baselines.cell_encoder import CellEncoder
from threedie.baselines.image_transformations import TRANSFORMATIONS
from threedie.baselines.method import Batch
from threedie.baselines.projector import SharedNormHead, build_biased_head
from threedie.baselines.registry import build_method


def test_widths_are_the_paper_s():
    encoder = CellEncoder()
    assert [tuple(layer.weight.shape) for layer in encoder.convolutions if isinstance(layer, torch.nn.Conv2d)] == [
        (64, 1, 7, 7), (256, 64, 7, 7), (256, 256, 7, 7),
    ]  # fmt: skip
    assert encoder.dim == 1024
    assert CellEncoder(8).dim == 128
    assert CellEncoder(2)(torch.randn(3, 1, 32, 32)).shape == (3, 32)
    assert encoder.fitting_side(16) == encoder.fitting_side(64) == 32


@pytest.mark.parametrize("shape", [(2, 3, 32, 32), (2, 1, 64, 64), (1, 32, 32)])
def test_other_inputs_are_refused(shape: tuple[int, ...]):
    with pytest.raises(ValueError, match=r"cells must be \(N, 1, 32, 32\)"):
        CellEncoder(1)(torch.zeros(shape))


def test_no_width_is_refused():
    with pytest.raises(ValueError, match="must be positive"):
        CellEncoder(0)


def test_hidden_layers_share_weights_and_statistics_of_one_norm():
    head = build_biased_head(5, "4-4", 3, "shared_norm")
    assert isinstance(head, SharedNormHead)
    x = torch.randn(16, 5)
    head(x)
    assert head.norm.num_batches_tracked == 2
    head.eval()
    first, second, last = head.layers
    expected = last(head.norm(second(head.norm(first(x)).relu())).relu())
    assert torch.equal(head(x), expected)
    assert len(list(head.parameters())) == 8
    separate = build_biased_head(5, "4-4", 3, "separate_norm")
    assert len(list(separate.parameters())) == 10
    with pytest.raises(ValueError, match="can't share a batch-norm"):
        build_biased_head(5, "4-6", 3, "shared_norm")


def test_half_shifts_are_the_four_of_the_square():
    images = torch.arange(2 * 4 * 4.0).reshape(2, 1, 4, 4)
    shifted, classes = TRANSFORMATIONS["half_shift"].all_members(images)
    assert classes.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert torch.equal(shifted[:2], images)
    for group, (down, right) in enumerate([(0, 0), (0, 2), (2, 0), (2, 2)]):
        for row in range(4):
            for column in range(4):
                moved = shifted[2 * group : 2 * group + 2, 0, (row + down) % 4, (column + right) % 4]
                assert torch.equal(moved, images[:, 0, row, column])


def batch(crop: torch.Tensor | None) -> Batch:
    views = torch.randn(2, 6, 1, 32, 32)
    return Batch(views[0], views[1], torch.zeros(6, 0), torch.zeros(6, dtype=torch.int64), crop)


@pytest.mark.parametrize("target", ["half_shift", "image_rotation"])
def test_essl_names_transformations_of_the_cell_itself(target: str):
    options = {"target": target, "heads": "shared_norm", "hidden": "8-8", "negatives": "both_views", "crop_share": 1.0}
    method = build_method("essl", backbone="cell_cnn", width=1, projector="8-8-4", options=options)
    assert method.crop_side(32) == 32
    method.eval()
    cells = torch.randn(6, 1, 32, 32)
    output = method(batch(cells))
    inputs, classes = TRANSFORMATIONS[target].all_members(cells)
    expected = torch.nn.functional.cross_entropy(method.prediction_head(method.represent(inputs)), classes)
    assert output.terms["equivariance"].item() == pytest.approx(expected.item(), rel=1e-5)
    with pytest.raises(ValueError, match="has none"):
        method(batch(None))


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("simclr", {"heads": "shared"}, "heads 'shared': not known"),
        ("simclr", {"heads": "shared_norm", "final_norm": True}, "final_norm"),
        ("essl", {"base": "simsiam", "heads": "shared_norm"}, "only with base simclr"),
        ("essl", {"base": "simsiam", "negatives": "both_views"}, "only with base simclr"),
        ("essl", {"target": "half_shift", "action": "rotation_color"}, "nothing is regressed"),
    ],
)
def test_options_that_do_not_fit_are_refused(method: str, options: dict, message: str):
    with pytest.raises(ValueError, match=message):
        build_method(method, backbone="cell_cnn", width=1, projector="8-8-4", options=options)
