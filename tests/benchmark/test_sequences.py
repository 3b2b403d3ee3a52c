"""Sequences of views: drawn like pairs, loaded and handed to a method."""

import re
from itertools import permutations

import numpy as np
import pytest
import torch

from threedie.baselines.method import Batch
from threedie.baselines.random import Random
from threedie.baselines.resnet import build_backbone
from threedie.benchmark.data.augmentation import Augmentation
from threedie.benchmark.data.images import Images
from threedie.benchmark.data.inputs import TrainingViews, prepare, view_arrays
from threedie.benchmark.data.normalization import Normalization
from threedie.benchmark.data.pairs import Sequences, count_batches, draw_pass, draw_sequences, epoch_batches
from threedie.benchmark.data.sources.views import ViewsSource
from threedie.benchmark.settings.recipe import load_recipe
from threedie.benchmark.settings.run_settings import RunSettings
from threedie.benchmark.training.loop import _share
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import relative_quaternions
from threedie.manifests.processes import Processes

OBJECTS = np.arange(100, 137)


@pytest.mark.parametrize(("views", "length"), [(3, 3), (5, 4), (50, 6), (9, 9)])
def test_no_view_comes_twice_in_a_sequence(views: int, length: int):
    drawn = draw_sequences(OBJECTS, views, length, seed=3, index=8)
    assert sorted(drawn.objects) == OBJECTS.tolist()
    assert drawn.views.shape == (len(OBJECTS), length)
    assert all(len(set(row)) == length for row in drawn.views.tolist())
    assert set(drawn.views.ravel()) <= set(range(views))


def test_the_numbers_are_these_for_ever():
    drawn = draw_sequences(np.arange(6), views=10, length=4, seed=1, index=2)
    assert drawn.objects.tolist() == [4, 5, 1, 0, 2, 3]
    assert drawn.views.tolist() == [[0, 5, 8, 3], [6, 0, 2, 5], [9, 1, 5, 6], [5, 3, 9, 1], [4, 0, 6, 8], [7, 3, 0, 9]]


@pytest.mark.parametrize("length", [3, 4, 6])
def test_a_sequence_begins_with_the_pair(length: int):
    pairs, drawn = draw_pass(OBJECTS, 8, 5, 2), draw_sequences(OBJECTS, 8, length, 5, 2).pairs
    for name in ("objects", "view1", "view2"):
        assert (getattr(pairs, name) == getattr(drawn, name)).all()


def test_all_orders_of_views_are_about_equally_frequent():
    drawn = draw_sequences(np.arange(24_000), 4, 4, 0, 0)
    orders, counts = np.unique(drawn.views, axis=0, return_counts=True)
    assert orders.tolist() == [list(order) for order in permutations(range(4))]
    assert np.abs(counts / 1000 - 1).max() < 0.12


@pytest.mark.parametrize(
    ("views", "length", "words"), [(1, 2, "pairs need at least 2"), (3, 4, "4 views need at least 4")]
)
def test_too_few_views(views: int, length: int, words: str):
    with pytest.raises(ThreeDieError, match=f"{words} views of each object; the dataset has {views}$"):
        draw_sequences(OBJECTS, views, length, 0, 0)


def test_actions_lead_from_each_view_to_the_next(dataset: Dataset):
    drawn = draw_sequences(np.arange(4), dataset.info.views, 3, 0, 0)
    arrays = view_arrays(dataset, drawn, "rotation")
    angles = dataset.latents[drawn.objects[:, None], drawn.views][..., :3]
    assert arrays["action"] == pytest.approx(relative_quaternions(angles[:, 0], angles[:, 1]), abs=1e-6)
    assert arrays["later_actions"].shape == (4, 1, 4)
    assert arrays["later_actions"][:, 0] == pytest.approx(relative_quaternions(angles[:, 1], angles[:, 2]), abs=1e-6)
    assert view_arrays(dataset, drawn, None)["later_actions"].shape == (4, 1, 0)


@pytest.mark.parametrize("augmentation", ["none", "essl"])
def test_a_batch_has_all_views_and_actions(dataset: Dataset, augmentation: str):
    source, norm = TrainingViews(Images(dataset, 32), 3), Normalization((0.5,) * 3, (0.25,) * 3)
    drawn = source.batches(load_recipe("smoke"), 0, 0)[0]
    batch = prepare(source.load(drawn, "rotation"), Augmentation(augmentation), norm, torch.device("cpu"))
    assert [view.shape for view in batch.views] == [(len(drawn), 3, 32, 32)] * 3
    assert batch.actions.shape == (len(drawn), 2, 4)
    assert torch.equal(batch.actions[:, 0], batch.action)
    assert torch.equal(batch.actions[:, 1:], batch.later_actions)
    if augmentation == "none":
        for place, view in enumerate(batch.views):
            assert torch.equal(
                view, norm(source.images.take(drawn.objects, drawn.views[:, place]), torch.device("cpu"))
            )


def test_a_batch_of_pairs_is_a_sequence_of_two():
    first, second, action = torch.zeros(2, 3, 8, 8), torch.ones(2, 3, 8, 8), torch.randn(2, 4)
    batch = Batch(first, second, action, torch.zeros(2, dtype=torch.int64))
    assert batch.views == (first, second)
    assert torch.equal(batch.actions, action[:, None])


def test_a_method_checks_what_it_gets():
    method = Random(build_backbone(width=4))
    method.views, method.action = 3, "rotation"
    view = torch.zeros(2, 3, 8, 8)
    batch = Batch(view, view, torch.zeros(2, 4), torch.zeros(2, dtype=torch.int64))
    with pytest.raises(ValueError, match="Random takes 3 views, the batch gave 2"):
        method.checked_views(batch)
    with pytest.raises(ValueError, match=re.escape("has shape (2, 2, 4), the batch gave (2, 1, 4)")):
        method.checked_actions(batch)
    batch = Batch(view, view, torch.zeros(2, 4), batch.label, None, (view,), torch.ones(2, 1, 4))
    assert len(method.checked_views(batch)) == 3
    assert method.checked_actions(batch).sum((0, 2)).tolist() == [0, 8]


def test_a_dataset_with_too_few_views_is_refused(dataset: Dataset):
    method, settings = Random(build_backbone(width=4)), RunSettings("mine", load_recipe("smoke"), 0, None, None)
    method.views, method.needs_training = dataset.info.views + 1, True
    source = ViewsSource(dataset)
    with pytest.raises(ThreeDieError, match=f"method mine: takes {method.views} views of each object at once, and "):
        source.check(settings, method)
    method.views -= 1
    source.check(settings, method)


# Groups


@pytest.mark.parametrize(
    ("count", "batch", "group", "sizes"),
    [
        (37, 10, 4, [8, 4, 8, 8, 8]),
        (40, 16, 8, [16, 8, 16]),
        (40, 500, 8, [40]),
        (43, 8, 8, [8] * 5),
        # Fewer objects, or smaller batches, than a group.
        (37, 500, 64, [37]),
        (40, 8, 16, [8] * 5),
        (43, 8, 16, [8] * 5),
    ],
)
def test_batches_are_whole_groups(count: int, batch: int, group: int, sizes: list[int]):
    batches = epoch_batches(np.arange(count), 3, batch, 2, 0, 1, group=group)
    assert len(batches) == 2 * len(sizes) == 2 * count_batches(count, batch, group)
    for begin in (0, len(sizes)):
        of_pass = batches[begin : begin + len(sizes)]
        assert sorted(len(each) for each in of_pass) == sorted(sizes)
        drawn_objects = np.concatenate([each.objects for each in of_pass])
        assert len(set(drawn_objects)) == sum(sizes)
    # Without groups all come, in the same order.
    (whole,) = epoch_batches(np.arange(count), 3, 500, 1, 0, 2)
    assert (
        np.concatenate([each.objects for each in batches[: len(sizes)]]).tolist()
        == whole.objects.tolist()[: sum(sizes)]
    )


def drawn_of(count: int) -> Sequences:
    return Sequences(np.arange(count), np.zeros((count, 2), np.int64))


@pytest.mark.parametrize(
    ("count", "processes", "group", "each"), [(37, 2, 1, 18), (40, 2, 8, 16), (48, 3, 8, 16), (9, 1, 8, 9)]
)
def test_processes_share_whole_groups(count: int, processes: int, group: int, each: int):
    shares = [_share(drawn_of(count), Processes(rank, processes, 1), group).objects for rank in range(processes)]
    assert [len(share) for share in shares] == [each] * processes
    assert np.concatenate(shares).tolist() == list(range(each * processes))


@pytest.mark.parametrize(("count", "group", "words"), [(3, 1, "each needs 2 or more"), (15, 8, "each needs 8 or more")])
def test_a_batch_too_small_to_share(count: int, group: int, words: str):
    with pytest.raises(ThreeDieError, match=f"a batch of {count} objects is too small for 2 processes: {words}"):
        _share(drawn_of(count), Processes(0, 2, 1), group)
