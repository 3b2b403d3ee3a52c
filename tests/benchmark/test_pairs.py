from dataclasses import fields

import numpy as np
import pytest

from threedie.baselines.method import Batch
from threedie.benchmark.data.inputs import view_arrays
from threedie.benchmark.data.pairs import draw_pass, draw_sequences, epoch_batches, every_view_first, stream
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import quaternions, relative_quaternions

OBJECTS = np.arange(100, 137)


def test_a_pass_has_every_object_once_and_two_different_views():
    drawn = draw_pass(OBJECTS, views=5, seed=3, index=8)
    assert sorted(drawn.objects) == OBJECTS.tolist()
    assert drawn.objects.tolist() != OBJECTS.tolist()
    assert (drawn.view1 != drawn.view2).all()
    assert {*drawn.view1, *drawn.view2} == set(range(5))


def test_the_numbers_are_these_for_ever():
    drawn = draw_pass(np.arange(6), views=10, seed=1, index=2)
    assert drawn.objects.tolist() == [4, 5, 1, 0, 2, 3]
    assert np.stack([drawn.view1, drawn.view2], 1).tolist() == [[0, 5], [6, 0], [9, 1], [5, 3], [4, 0], [7, 3]]


def test_seed_pass_and_purpose_change_the_numbers():
    base = draw_pass(OBJECTS, 50, 0, 0).view1
    for other in (
        draw_pass(OBJECTS, 50, 1, 0),
        draw_pass(OBJECTS, 50, 0, 1),
        draw_pass(OBJECTS, 50, 0, 0, "heads"),
    ):
        assert (other.view1 != base).any()


def test_all_pairs_of_views_are_about_equally_frequent():
    drawn = [draw_pass(np.arange(1000), 4, 0, index) for index in range(12)]
    counts = np.zeros((4, 4))
    for each in drawn:
        np.add.at(counts, (each.view1, each.view2), 1)
    assert (np.diag(counts) == 0).all()
    assert np.abs(counts[~np.eye(4, dtype=bool)] / 1000 - 1).max() < 0.12


@pytest.mark.parametrize(("count", "batch", "sizes"), [(37, 10, [9, 9, 9, 10]), (37, 37, [37]), (37, 500, [37])])
def test_batches_are_near_equal_and_leave_none_out(count: int, batch: int, sizes: list[int]):
    batches = epoch_batches(np.arange(count), views=3, batch=batch, passes=2, seed=0, epoch=1)
    assert sorted(len(each) for each in batches[: len(sizes)]) == sizes
    for begin in (0, len(sizes)):
        drawn_objects = np.concatenate([each.objects for each in batches[begin : begin + len(sizes)]])
        assert sorted(drawn_objects) == list(range(count))


def test_epochs_are_made_of_passes_that_go_on_counting():
    (first,) = epoch_batches(OBJECTS, 5, 50, passes=1, seed=0, epoch=3)
    fourth = epoch_batches(OBJECTS, 5, 50, passes=2, seed=0, epoch=1)[1]
    assert first.views.tolist() == fourth.views.tolist()


def test_one_view_makes_no_pair():
    with pytest.raises(ThreeDieError, match="at least 2 views"):
        draw_pass(OBJECTS, 1, 0, 0)


def test_evaluation_takes_every_view_once_as_the_first():
    pairs = every_view_first(np.array([4, 9]), views=3, seed=5)
    assert list(zip(pairs.objects, pairs.view1, strict=True)) == [(o, v) for o in (4, 9) for v in range(3)]
    assert (pairs.view1 != pairs.view2).all()


def test_heads_see_whole_passes_in_batches_of_one_size():
    batches = stream(OBJECTS, 5, 20, 0, "heads")
    taken = [next(batches) for _ in range(4)]
    assert [len(each) for each in taken] == [20] * 4
    drawn_objects = np.concatenate([each.objects for each in taken])
    assert sorted(drawn_objects[:37]) == OBJECTS.tolist()
    assert sorted(drawn_objects[37:74]) == OBJECTS.tolist()


def test_actions_lead_from_the_first_view_to_the_second(dataset: Dataset):
    pairs = draw_pass(np.arange(4), dataset.info.views, 0, 0)
    both = pairs.actions("rotation_color", dataset.info.fields, dataset.latents)
    for row in range(len(pairs)):
        one, two = (dataset.latents[pairs.objects[row], view[row]] for view in (pairs.view1, pairs.view2))
        assert np.allclose(both[row, :4], relative_quaternions(one[:3], two[:3]), atol=1e-12)
        assert np.allclose(both[row, 4:], two[[3, 6]] - one[[3, 6]], atol=1e-12)


def test_all_fields_of_a_batch_but_images_come_from_one_function(dataset: Dataset):
    drawn = draw_sequences(dataset.indices("train"), dataset.info.views, length=2, seed=0, index=0)
    arrays = view_arrays(dataset, drawn, "rotation", absolute=True)
    assert arrays.keys() == {field.name for field in fields(Batch)} - {"view1", "view2", "crop", "later_views"}
    expected = relative_quaternions(*(dataset.latents[drawn.objects, view][:, :3] for view in drawn.views.T))
    assert arrays["action"] == pytest.approx(expected, abs=1e-6)
    assert arrays["later_actions"].shape == (len(drawn), 0, 4)
    euler = dataset.latents[drawn.objects, drawn.views[:, 1], :3]
    assert arrays["absolute"] == pytest.approx(quaternions(euler), abs=1e-6)
    assert "absolute" not in view_arrays(dataset, drawn, "rotation")
    assert "absolute" not in view_arrays(dataset, drawn, None, absolute=True)
    assert (arrays["label"] == dataset.labels[drawn.objects]).all()
    assert view_arrays(dataset, drawn, None)["action"].shape == (len(drawn), 0)
