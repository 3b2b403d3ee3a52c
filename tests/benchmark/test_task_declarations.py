"""Tasks are what the files of their folder declare, and say themselves what they need."""

import sys
from pathlib import Path

import numpy as np
import pytest
from painted import FIELDS, draw_latents

from threedie.benchmark.evaluation.measure import FeatureSpace, Split, build_subject
from threedie.benchmark.evaluation.plan import EvaluationPlan
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.discovery import discover
from threedie.benchmark.tasks.needs import Available, Needs
from threedie.benchmark.tasks.subject import Data, Subject
from threedie.benchmark.tasks.warning import ResultWarning

ORDER = (
    "classification", "knn", "rotation", "absolute_rotation", "rotation_in_class", "color", "light",
    "translation_object", "translation_base", "retrieval", "pose_retrieval", "rank",
    "picture_neighbors", "picture_linear", "density_50", "density_200", "density_1000", "density_3000",
)  # fmt: skip
"""Records and tables have had the tasks in this order since the first one."""

SPREAD = '''
from threedie.benchmark.tasks.metric import Metric
from threedie.benchmark.tasks.outcome import Outcome
from threedie.benchmark.tasks.spread import Estimate
from threedie.benchmark.tasks.subject import Subject
from threedie.benchmark.tasks.task import Task


class Width(Task):
    """Largest value of the features."""

    name, version, order, title = "width", 3, {order}, "Width"
    metrics = (Metric("largest", "largest value", 0.0, None), Metric("dimensions", "dimensions", 1.0, None))
    definition = "Largest value."

    def measure(self, subject: Subject) -> Outcome:
        """The largest value of all."""
        outcome = Outcome(self.name)
        largest = Estimate(float(subject.eval_data.representation.max()))
        outcome.add(self.score("largest", ("representation", "all"), largest, 0.0, "nothing"))
        return outcome
'''


@pytest.fixture
def subject() -> Subject:
    features = np.random.default_rng(0).random((10, 3, 4), np.float32)
    data = Data(FIELDS, draw_latents(10, 3), np.zeros(10, np.int64), features, features)
    train, measured = Split(data, np.arange(8)), Split(data, np.arange(8, 10))
    return build_subject(train, measured, FeatureSpace(), EvaluationPlan(PROTOCOLS["quick"]))


def package(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, **files: str) -> dict:
    (folder / name).mkdir()
    (folder / name / "__init__.py").touch()
    for file, text in files.items():
        (folder / name / f"{file}.py").write_text(text)
    monkeypatch.syspath_prepend(folder)
    try:
        return discover(name, [str(folder / name)])
    finally:
        for module in [each for each in sys.modules if each.split(".")[0] == name]:
            del sys.modules[module]


def test_the_tasks_are_in_the_order_of_all_records():
    assert tuple(TASKS) == ORDER


def test_a_file_is_all_that_a_task_costs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subject: Subject):
    (task,) = package(tmp_path, monkeypatch, "more_tasks", width=SPREAD.format(order=5)).values()
    assert (task.name, task.main, task.ranked) == ("width", "largest", True)
    assert task.applies(subject)
    (score,) = task.measure(subject).scores
    assert score.main
    assert score.value == subject.eval_data.representation.max()
    with pytest.raises(KeyError, match="width: metric 'smallest' isn't declared"):
        task.declared("smallest")


def test_two_tasks_of_one_name_or_place_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ValueError, match="task 'width' is declared twice"):
        package(tmp_path, monkeypatch, "twice", a=SPREAD.format(order=5), b=SPREAD.format(order=6))
    other = SPREAD.format(order=5).replace('"width"', '"height"')
    same_place = package(tmp_path, monkeypatch, "same_place", a=SPREAD.format(order=5), b=other)
    assert list(same_place) == ["height", "width"]


def test_what_is_missing_is_said_in_words():
    needs = Needs(predictor=True, train_objects=2, labels=True, fields=("hue", "size"), views=2)
    nothing = Available(fields=("size",), views=1, predictor=False, labels=False, train_objects=1)
    assert needs.missing(nothing) == {
        "predictor": "a predictor",
        "train_objects": "two training objects or more",
        "labels": "labels",
        "fields": "latents hue",
        "views": "two views of each object",
    }
    everything = Available(fields=("size", "hue", "more"), views=2, predictor=True, labels=True, train_objects=2)
    assert needs.missing(everything) == {}


def test_no_module_outside_names_a_task():
    root = Path(__file__).parents[2] / "benchmark"
    names = [f'"{name}"' for name in TASKS]
    for file in [*(root / "evaluation").glob("*.py"), *(root / "tasks").glob("*.py")]:
        text = file.read_text(encoding="utf-8")
        declared = [name for name in names if f"    name = {name}" in text]
        # The action `rotation` is called as a task is, and so is the field of the hues.
        assert not [
            name for name in names if name in text and name not in declared and name not in ('"color"', '"rotation"')
        ], file


def test_a_warning_is_a_line_and_an_object():
    general, own = ResultWarning("few objects"), ResultWarning("collapsed", "rank")
    assert [str(general), str(own)] == ["few objects", "rank: collapsed"]
    assert own.to_json() == {"task": "rank", "text": "collapsed"}
