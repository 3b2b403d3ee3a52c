import numpy as np
import pytest
from click.testing import CliRunner
from dataset_samples import make_info, make_objects, write

from threedie.manifests.commands import data
from threedie.manifests.dataset import Dataset
from threedie.manifests.dataset_info import DatasetObject
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.objects import ObjectRef
from threedie.manifests.selection import Selection, tuning_split_of, write_selection

INFO = make_info()
CHAIR, MUG = "03001627", "03797390"


@pytest.fixture
def dataset(tmp_path):
    """Twelve chairs and twelve mugs; every third is for validation."""
    samples = make_objects(INFO, 24)
    objects = [
        DatasetObject(
            ObjectRef(CHAIR if index < 12 else MUG, f"object-{index:02d}"),
            "val" if index % 3 == 0 else "train",
            sample.latents,
            sample.jpegs,
        )
        for index, sample in enumerate(samples)
    ]
    return Dataset(write(tmp_path / "dataset.h5", INFO, objects))


def selected(dataset, **options):
    out = dataset.path.with_name("selected.h5")
    write_selection(dataset, out, Selection(**options))
    return Dataset(out)


def names(dataset, split):
    return [str(dataset.objects[index]) for index in dataset.indices(split)]


def test_views_and_images_are_the_first_of_each_object(dataset):
    small = selected(dataset, views=2)
    assert (len(small), small.info.views) == (24, 2)
    np.testing.assert_array_equal(small.latents, dataset.latents[:, :2])
    assert all(bytes(small.jpeg(index, 1)) == bytes(dataset.jpeg(index, 1)) for index in range(24))
    assert small.splits == dataset.splits
    assert small.made == dataset.made


def test_fewer_training_objects_are_measured_on_the_same_validation_objects(dataset):
    small = selected(dataset, train_objects=3)
    assert names(small, "val") == names(dataset, "val")
    train = names(dataset, "train")
    assert names(small, "train") == train[:3] + train[8:11]


def test_classes_are_selected_whole(dataset):
    mugs = selected(dataset, classes=(MUG,))
    assert [str(ref) for ref in mugs.objects] == [str(ref) for ref in dataset.objects[12:]]


def test_the_tuning_split_has_no_validation_object_and_divides_the_training_objects(dataset):
    tuning = selected(dataset, tuning=True)
    assert sorted(names(tuning, "train") + names(tuning, "val")) == names(dataset, "train")
    assert names(tuning, "val")
    assert tuning.info.models["splits"] == "tuning"


def test_the_tuning_split_takes_a_fifth_and_is_another_than_the_validation_split():
    refs = [ObjectRef(CHAIR, f"synth-0-{index:05d}") for index in range(4000)]
    share = np.mean([tuning_split_of(ref) == "val" for ref in refs])
    assert 0.18 < share < 0.22


def test_each_selection_has_a_fingerprint_of_its_own_and_the_same_one_always_the_same(dataset):
    prints = [
        selected(dataset, **options).fingerprint()
        for options in ({"views": 2}, {"train_objects": 3}, {"classes": (MUG,)}, {"tuning": True}, {"views": 2})
    ]
    assert len({dataset.fingerprint(), *prints}) == 5
    assert prints[0] == prints[-1]


def test_a_selection_of_a_selection_says_both(dataset):
    tuning = selected(dataset, tuning=True)
    out = dataset.path.with_name("both.h5")
    write_selection(tuning, out, Selection(views=1))
    assert Dataset(out).info.models["selections"] == [{"tuning": True}, {"views": 1}]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"views": 4}, "4 views; its objects have 3"),
        ({"classes": ("02691156",)}, "has no airplane; its classes are chair, mug"),
        ({}, "nothing to select; give --classes"),
    ],
)
def test_what_there_is_not_is_refused_and_nothing_is_written(dataset, options, message):
    with pytest.raises(ThreeDieError, match=message):
        selected(dataset, **options)
    assert sorted(path.name for path in dataset.path.parent.iterdir()) == ["dataset.h5"]


def test_a_selection_without_objects_to_train_on_is_refused(tmp_path):
    objects = [DatasetObject(item.ref, "val", item.latents, item.jpegs) for item in make_objects(INFO, 4)]
    dataset = Dataset(write(tmp_path / "dataset.h5", INFO, objects))
    with pytest.raises(ThreeDieError, match="leaves no object to train on"):
        selected(dataset, views=1)


def test_a_tuning_split_is_not_divided_again(dataset):
    tuning = selected(dataset, tuning=True)
    with pytest.raises(ThreeDieError, match="is a tuning split already"):
        write_selection(tuning, dataset.path.with_name("again.h5"), Selection(tuning=True))


def test_a_dataset_is_never_written_over_itself(dataset):
    before = dataset.path.read_bytes()
    with pytest.raises(ThreeDieError, match="is the dataset itself"):
        write_selection(dataset, dataset.path, Selection(views=1))
    assert dataset.path.read_bytes() == before


def test_the_command_writes_a_file_that_verifies(dataset, tmp_path):
    runner = CliRunner(catch_exceptions=False)
    out = tmp_path / "new" / "part.h5"
    out.parent.mkdir()
    done = runner.invoke(data, ["select", str(dataset.path), "-o", str(out), "--classes", "mug", "--views", "2"])
    assert done.exit_code == 0
    assert "8 objects for training, 4 for validation, 2 views each" in done.stdout
    assert runner.invoke(data, ["verify", str(out)]).exit_code == 0
    all_of_them = runner.invoke(data, ["select", str(dataset.path), "-o", str(out), "--classes", "all", "--views", "1"])
    assert "16 objects for training, 8 for validation, 1 view each" in all_of_them.stdout
    with pytest.raises(ThreeDieError, match="the list of classes is empty"):
        runner.invoke(data, ["select", str(dataset.path), "-o", str(out), "--classes", ""])
