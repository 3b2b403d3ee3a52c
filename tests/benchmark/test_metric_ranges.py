"""What tasks declare of their metrics, and that `3die leaderboard check` holds every record to it."""

import copy
import math
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from record_samples import make_record, result

from threedie.baselines.resnet import build_backbone
from threedie.benchmark.commands.leaderboard import leaderboard
from threedie.benchmark.leaderboard.columns import TaskMetric, find_metric
from threedie.benchmark.leaderboard.ranges import CHANNELS, impossible_values
from threedie.benchmark.records.record import read_record, validate, write_record
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.metric import Metric
from threedie.benchmark.tasks.spread import Bootstrap

REPO = Path(__file__).parents[2]
EVERY = [(task, metric) for task in TASKS.values() for metric in task.metrics]
ENDS = [
    (task, metric, end, beyond)
    for task, metric in EVERY
    for end, beyond in ((metric.low, -1), (metric.high, 1))
    if end is not None
]
IDS = [f"{task.name} {metric.name} {'low' if beyond < 0 else 'high'}" for task, metric, _, beyond in ENDS]


def row_of(task, metric, value, **changes):
    row = result(task.name, metric.name, "all", value, None, version=task.version, input=task.input)
    row |= {"higher_is_better": metric.higher_is_better, "main": metric.name == task.main}
    return {**row, **changes}


def record_of(*rows):
    record = {**make_record(), "results": list(rows)}
    validate(record)
    return record


def reasons(*rows):
    return list(impossible_values(record_of(*rows)))


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_every_task_declares_its_metrics_beside_its_name(task):
    assert task.title
    assert TASKS[task.name] is task
    names = [metric.name for metric in task.metrics]
    assert task.main in names
    assert len(set(names)) == len(names)
    assert {name for chain in task.ascending for name in chain} <= set(names)
    for metric in task.metrics:
        assert metric.low is None or metric.high is None or metric.low < metric.high
        shown = TaskMetric(task.name, task.version, metric.name, task.input)
        assert (shown.title, shown.task_title) == (metric.title, task.title)


@pytest.mark.parametrize(("task", "metric", "end", "beyond"), ENDS, ids=IDS)
@pytest.mark.parametrize("field", ["value", "floor", "interval[0]", "interval[1]"])
def test_just_outside_is_refused_and_just_inside_is_not(task, metric, end, beyond, field):
    def with_number(number):
        row = row_of(task, metric, end, floor=end)
        if "[" in field:
            ends = [end, end]
            ends[int(field[-2])] = number
            row["interval"] = sorted(ends)
        else:
            row[field] = number
        return row

    assert reasons(with_number(end)) == []
    assert reasons(with_number(end - beyond * 1e-6)) == []
    messages = reasons(with_number(end + beyond * 1e-6))
    assert messages
    assert all(word in messages[0] for word in ("results[0].", task.name, metric.name, f"{end:g}")), messages
    assert field.split("[")[0] in messages[0]


@pytest.mark.parametrize(
    ("task", "metric"), [pair for pair in EVERY if pair[1].low is None], ids=lambda each: each.name
)
def test_an_open_end_is_open(task, metric):
    assert reasons(row_of(task, metric, -1e6, floor=-1e9)) == []


def test_the_ranges_are_those_of_the_quantities():
    ends_of = {metric.name: (metric.low, metric.high) for _, metric in EVERY}
    for name, ends in ends_of.items():
        if name.startswith("r2"):
            assert ends == (None, 1)
        elif name.endswith("_deg"):
            assert ends == (0, 180)
        elif name == "effective_rank":
            assert ends == (1, None)
        elif name == "relative_error":
            assert ends == (0, None)
        else:
            assert ends == (0, 1), name
    assert not find_metric("pose_retrieval", "pre_val_val").higher_is_better
    assert not find_metric("rank", "first_share").higher_is_better
    assert find_metric("somebody's probe", "top1").high == 1
    assert find_metric("somebody's probe", "score") is None


@pytest.mark.parametrize(
    ("metric", "words"),
    [(Metric("a", "A", 0, 1), "from 0 to 1"), (Metric("a", "A", None, 1), "at most 1"),
     (Metric("a", "A", 1, None), "at least 1"), (Metric("a", "A", None, None), "any number")],
)  # fmt: skip
def test_a_range_in_words(metric, words):
    assert metric.range == words
    assert metric.allows(1.0)


def test_a_range_forgives_rounding_alone():
    assert Metric("a", "A", 0, 1).allows(1 + 1e-12)
    assert not Metric("a", "A", 0, 1).allows(1 + 1e-7)
    assert not Metric("a", "A", 0, 1).allows(math.nan)


@pytest.mark.parametrize(
    ("less", "more", "task"),
    [
        ("top1", "top5", "classification"),
        ("h1", "h5", "retrieval"),
        ("h2", "h10", "retrieval"),
        ("h1", "mrr", "retrieval"),
    ],
)
def test_a_place_further_forward_is_no_more_frequent(less, more, task):
    declared = TASKS[task]

    def rows(one, other):
        return row_of(declared, declared.metric(less), one, floor=0.1), row_of(
            declared, declared.metric(more), other, floor=0.1
        )

    assert reasons(*rows(0.5, 0.5)) == []
    (reason,) = reasons(*rows(0.5, 0.49))
    assert reason.startswith("results[0].value")
    assert all(word in reason for word in (less, more, task))
    one, other = rows(0.5, 0.6)
    (reason,) = reasons(one, {**other, "floor": 0.05})
    assert reason.startswith("results[0].floor")


@pytest.mark.parametrize(
    ("input_", "config", "highest"),
    [
        ("representation", {"backbone": "resnet18", "width": 16}, 128),
        ("embedding", {"backbone": "resnet18", "width": 16, "projector": "64-256"}, 512),
        ("representation", {"backbone": "a network of mine", "width": 16}, 49 * 50 - 1),
        ("embedding", {}, 49 * 50 - 1),
    ],
)  # fmt: skip
def test_a_rank_is_at_most_the_number_of_dimensions_and_of_views(input_, config, highest):
    task = TASKS["rank"]
    record = record_of(row_of(task, task.metric("effective_rank"), float(highest), floor=1.0, input=input_))
    record["config"] |= config
    assert list(impossible_values(record)) == []
    record["results"][0]["value"] = highest + 0.01
    (reason,) = impossible_values(record)
    assert f"{highest:,}" in reason


def test_channels_are_those_of_the_networks():
    for name, factor in CHANNELS.items():
        assert build_backbone(name, form="torchvision", width=2).dim == 2 * factor


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"interval": [0.6, 0.4]}, "interval"),
        ({"interval": [0.1, 0.2]}, "interval"),
        ({"deviation": 0.71}, "deviation"),
        ({"higher_is_better": False}, "higher_is_better"),
        ({"metric": "mrr"}, "metric"),
    ],
)
def test_what_contradicts_the_task_is_refused(changes, field):
    task = TASKS["classification"]
    row = {**row_of(task, task.metric("top1"), 0.5, floor=0.1), **changes}
    assert any(reason.startswith(f"results[0].{field}") for reason in reasons(row))


def test_a_median_may_lie_outside_its_interval_and_a_mean_not_by_more_than_rounding():
    task = TASKS["rotation"]
    median, mean = task.metric("geodesic_median_deg"), task.metric("geodesic_mean_deg")
    assert reasons(row_of(task, median, 50.0, interval=[0.0, 0.0])) == []
    assert reasons(row_of(task, mean, 50.0, interval=[50 + 1e-12, 50 + 1e-12])) == []
    assert reasons(row_of(task, mean, 50.0, interval=[0.0, 0.0]))


def test_draws_of_one_object_leave_intervals_possible():
    # Of three objects with one view each, every ninth draw holds one of them only: its target doesn't vary.
    for seed in range(30):
        raw = np.random.default_rng(seed)
        target, predictions = raw.normal(size=(3, 2)), raw.normal(size=(3, 2))
        for estimate in (
            Bootstrap(3, seed).r2_pooled(target, [predictions]),
            Bootstrap(3, seed).r2_per_component(target, [predictions]),
        ):
            assert estimate.interval[1] <= 1


def breakdown(**changes):
    row = {
        "task": "rotation", "version": 1, "metric": "geodesic_mean_deg", "part": "all", "input": "representation",
        "higher_is_better": False, "by": "rotation_deg", "groups": ["0 to 15", "15 to 30"], "values": [20.0, None],
        "floors": [90.0, None], "counts": [7, 0],
    }  # fmt: skip
    return {**row, **changes}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, None),
        ({"values": [181.0, None]}, "values[0]"),
        ({"floors": [-1.0, None]}, "floors[0]"),
        ({"values": [20.0, 30.0]}, "values[1]"),
        ({"values": [None, None]}, "values[0]"),
        ({"higher_is_better": True}, "higher_is_better"),
    ],
)
def test_breakdowns_are_held_to_the_same(changes, field):
    record = {**make_record(), "breakdowns": [breakdown(**changes)]}
    validate(record)
    messages = list(impossible_values(record))
    assert (messages == []) if field is None else messages[0].startswith(f"breakdowns[0].{field}")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"objects": 0}, "dataset.objects"),
        ({"views": 0}, "dataset.views"),
        ({"classes": 247}, "dataset.classes"),
        ({"train_objects": 198}, "dataset.train_objects"),
        ({"val_objects": 0}, "dataset.val_objects"),
    ],
)
def test_a_dataset_that_cannot_be_is_refused(changes, field):
    record = make_record()
    record["dataset"] |= changes
    validate(record)
    assert any(reason.startswith(field) for reason in impossible_values(record))


COMMITTED = sorted([*REPO.glob("leaderboard/*/record.json"), *REPO.glob("docs/history/*/records/*/record.json")])


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.parent.name)
def test_records_of_this_repository_are_possible_and_a_value_outside_is_not(path):
    record = read_record(path)
    assert list(impossible_values(record)) == []
    for index, row in enumerate(record["results"]):
        metric = find_metric(row["task"], row["metric"])
        changed = copy.deepcopy(record)
        changed["results"][index]["value"] = 1.5 if metric.high == 1 else -1.0 if metric.low == 0 else 1e6
        assert next(impossible_values(changed)).startswith(f"results[{index}].value: {row['metric']}")


def test_the_command_names_task_metric_and_range(tmp_path):
    record = make_record()
    task = TASKS["rank"]
    record["results"].append(row_of(task, task.metric("first_share"), 7.0))
    write_record(tmp_path / "record.json", record)
    done = CliRunner().invoke(leaderboard, ["check", str(tmp_path)])
    assert done.exit_code == 1
    assert "results[9].value: first_share of 7.0 can't be: in task rank it lies from 0 to 1" in done.stderr


def test_a_task_that_this_program_lacks_is_taken_with_a_remark(tmp_path):
    record = make_record()
    record["results"].append(result("probe_of_mine", "score", "all", 40.0))
    write_record(tmp_path / "record.json", record)
    done = CliRunner().invoke(leaderboard, ["check", str(tmp_path)])
    assert done.exit_code == 0
    assert "can't be checked: probe_of_mine" in done.stdout


def test_a_deviation_is_bounded_by_what_the_data_allows():
    metric = TASKS["rank"].metric("effective_rank")
    spread = row_of(TASKS["rank"], metric, 4.0, floor=None, deviation=1e300)
    assert any("deviation" in reason and "effective_rank" in reason for reason in reasons(spread))
    assert reasons({**spread, "deviation": 0.5}) == []
