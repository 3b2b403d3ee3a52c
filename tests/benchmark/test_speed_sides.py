"""The plain code that `make bench` compares with computes what ours does; else the comparison would say nothing."""

from pathlib import Path

import numpy as np
import pytest
import torch
from speed import pairs as pairs_subject
from speed.comparison import Comparison, peak_mib, seconds_in_turns
from speed.plain_capsules import CheckpointedRouting, PlainRouting
from speed.plain_pairs import read_sample
from speed.plain_sie import PlainPredictor, PlainSIE

from threedie.baselines.capsules import SelfRouting
from threedie.baselines.hypernetwork import HypernetworkPredictor
from threedie.baselines.method import Batch
from threedie.baselines.registry import build_method
from threedie.benchmark.data.images import Images
from threedie.benchmark.data.inputs import TrainingViews
from threedie.benchmark.data.normalization import FIXED_NORMALIZATIONS, Normalization
from threedie.benchmark.data.pairs import epoch_batches


def test_predictors_agree():
    torch.manual_seed(0)
    ours, plain = HypernetworkPredictor(6, 4), PlainPredictor(6, 4)
    plain.hypernetwork.weight.data.copy_(ours.hypernet.net[0].weight)
    embedding, action = torch.randn(5, 6), torch.randn(5, 4)
    torch.testing.assert_close(plain(embedding, action), ours(embedding, action))


@pytest.mark.parametrize("plain", [PlainRouting, CheckpointedRouting])
def test_routings_agree(plain: type[SelfRouting]):
    torch.manual_seed(0)
    ours, theirs = SelfRouting(6, 3, 4), plain(6, 3, 4)
    torch.nn.init.normal_(ours.W2)
    theirs.load_state_dict(ours.state_dict())
    results = []
    for layer in (ours, theirs):
        torch.manual_seed(1)
        given = torch.rand(5, 6, requires_grad=True), torch.randn(5, 6, 4, requires_grad=True)
        out = layer(*given)
        sum(each.square().sum() for each in out).backward()
        results.append([*out, *(each.grad for each in (*given, *layer.parameters()))])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other)


def test_training_steps_agree():
    """The same weights, in the same order, give the same loss and gradients."""
    torch.manual_seed(0)
    ours, plain = build_method("sie", projector="32-32-32"), PlainSIE(32)
    pairs = list(zip(ours.parameters(), plain.parameters(), strict=True))
    with torch.no_grad():
        for mine, theirs in pairs:
            assert mine.shape == theirs.shape
            theirs.copy_(mine)
    view1, view2 = torch.randn(2, 4, 3, 64, 64)
    action = torch.nn.functional.normalize(torch.randn(4, 4), dim=1)
    losses = [
        ours(Batch(view1, view2, action, torch.zeros(4, dtype=torch.int64))).loss,
        plain(view1, view2, action),
    ]
    torch.testing.assert_close(*losses, rtol=1e-4, atol=1e-5)
    for loss in losses:
        loss.backward()
    norms = [torch.stack([parameter.grad.norm() for parameter in side]) for side in zip(*pairs, strict=True)]
    torch.testing.assert_close(*norms, rtol=1e-2, atol=1e-3)


def test_pairs_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pairs_subject, "OBJECTS", 6)
    dataset, folders = pairs_subject._write(tmp_path)
    source = TrainingViews(Images(dataset, 256, memory=0))
    (plan,) = epoch_batches(dataset.indices("train"), pairs_subject.VIEWS, 6, 1, 0, 0)
    loaded = source.load(plan, "rotation")
    inputs = Normalization(*FIXED_NORMALIZATIONS["original"])(loaded.pixels[0], torch.device("cpu"))
    for row, which in enumerate(pairs_subject._samples(plan, folders)):
        view1, view2, action, _ = read_sample(*which, False)
        # Two decoders of the same library.
        assert np.abs(loaded.pixels[0][row].numpy().astype(int) - view1).max() <= 1
        assert np.abs(loaded.pixels[1][row].numpy().astype(int) - view2).max() <= 1
        np.testing.assert_allclose(loaded.arrays["action"][row], action, atol=1e-6)
        torch.testing.assert_close(read_sample(*which, True)[0], inputs[row], atol=0.05, rtol=0)


def test_memory_is_that_of_the_function_alone():
    """The process that asks may have held more before: it doesn't count."""
    kept = np.ones(60 * 2**20, np.uint8)
    assert peak_mib(_fill, 20) == pytest.approx(20, abs=12)
    assert kept.sum()


def _fill(mib: int) -> None:
    np.ones(mib * 2**20, np.uint8)


def test_a_comparison_says_whether_its_promise_is_kept():
    sides = seconds_in_turns(lambda: None, lambda: sum(range(200_000)), rounds=2)
    assert Comparison("work", "s", *sides, wanted=5).kept
    missed = Comparison("work", "s", (1.0, 1.0), (2.0, 4.0), wanted=4)
    assert not missed.kept
    assert "ratio 3.0 (2.0 to 4.0, 2 rounds); wanted 4: MISSED" in str(missed)
