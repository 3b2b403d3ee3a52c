"""Protocols: the rules of each task's heads, and what `seq-jepa-v1` measures."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from painted import FIELDS, draw_latents
from pydantic import ValidationError
from record_samples import make_record, result
from test_training import TINY

from threedie.baselines.method import Parts, split_parts
from threedie.baselines.random import Random
from threedie.baselines.resnet import ResNet
from threedie.baselines.seq_jepa import SeqJEPA
from threedie.benchmark.data.pairs import Pairs, stream
from threedie.benchmark.evaluation.heads import FeatureHeads
from threedie.benchmark.evaluation.measure import FeatureSpace, Split, build_subject, measure
from threedie.benchmark.evaluation.plan import EvaluationPlan
from threedie.benchmark.evaluation.scope import HeadWork, Scope, head_work
from threedie.benchmark.leaderboard.check import check_folder
from threedie.benchmark.leaderboard.groups import measured as measured_groups
from threedie.benchmark.leaderboard.published import published_records
from threedie.benchmark.runs.run import Run
from threedie.benchmark.settings.protocol import PROTOCOLS, HeadRules, Protocol, find_protocol
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.subject import EMBEDDING, REPRESENTATION, Data, HeadSpec

SEQ_JEPA = PROTOCOLS["seq-jepa-v1"]
NARROW = replace(SEQ_JEPA, hidden=16)


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_tasks_that_a_protocol_names_exist(protocol: Protocol):
    assert {*protocol.heads, *protocol.overview} <= set(TASKS)
    assert all(TASKS[name].needs.heads for name in protocol.heads)


@pytest.mark.parametrize(
    ("protocol", "task", "linear", "steps"),
    [
        ("seq-jepa-v1", "classification", False, 235),
        ("seq-jepa-v1", "rotation", False, 235),
        ("seq-jepa-v1", "absolute_rotation", False, 235),
        ("seq-jepa-v1-views5", "color", True, 40),
        ("sie-v1", "color", False, 235),
        ("quick", "color", False, 1500),
    ],
)
def test_heads_of_a_task_have_its_rules(protocol: str, task: str, linear: bool, steps: int):
    rules = find_protocol(protocol)
    # 200 objects, a batch of 256: 300 epochs are 234.4 steps, 50 are 39.1.
    assert rules.head_steps(task, 200) == steps
    assert rules.head_rules(task).linear is linear


def test_epochs_of_a_task_count_where_others_have_steps():
    rules = replace(PROTOCOLS["quick"], heads={"color": HeadRules(epochs=10)})
    assert (rules.head_steps("color", 256), rules.head_steps("rotation", 256)) == (10, 1500)


@pytest.mark.parametrize("rules", [{"epochs": 0}, {"epochs": 2.5}, {"linear": 1}, {"layers": 1}])
def test_impossible_rules_of_heads_are_refused(rules: dict):
    with pytest.raises(ValidationError):
        HeadRules(**rules)


def features(objects: int = 40, views: int = 3, width: int = 6) -> Data:
    rng = np.random.default_rng(0)
    latents = draw_latents(objects, views)
    values = rng.standard_normal((objects, views, width)).astype(np.float32)
    return Data(FIELDS, latents, np.arange(objects) % 4, values, values[..., :4])


def first_hue(data: Data, pairs: Pairs) -> np.ndarray:
    return data.latents[pairs.objects, pairs.view2][:, [3]] - data.latents[pairs.objects, pairs.view1][:, [3]]


def test_a_linear_head_is_a_linear_layer_trained_with_adam():
    data, train = features(), np.arange(40)
    heads = FeatureHeads(data, train, NARROW)
    pairs = Pairs(np.arange(40), np.zeros(40, int), np.ones(40, int))
    ours = heads.predictions(HeadSpec("color", 2, first_hue), REPRESENTATION, slice(None), data, pairs)[0]
    torch.manual_seed(SEQ_JEPA.seed)
    layer = torch.nn.Linear(12, 1)
    optimizer = torch.optim.Adam(layer.parameters(), lr=1e-3)

    def inputs(drawn: Pairs) -> torch.Tensor:
        views = [data.representation[drawn.objects, view] for view in (drawn.view1, drawn.view2)]
        return torch.from_numpy(np.concatenate(views, 1))

    batches = stream(train, 3, 256, SEQ_JEPA.seed, "heads")
    for _ in range(8):  # 50 epochs of 40 objects in batches of 256
        drawn = next(batches)
        loss = (layer(inputs(drawn)) - torch.from_numpy(first_hue(data, drawn)).float()).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    np.testing.assert_allclose(ours, layer(inputs(pairs)).detach(), atol=1e-5)
    # The same head of a task without rules of its own is a perceptron, trained for longer.
    other = heads.predictions(HeadSpec("rotation", 2, first_hue), REPRESENTATION, slice(None), data, pairs)[0]
    assert np.abs(other - ours).max() > 1e-2


def test_heads_that_are_trained_together_take_as_many_steps_as_alone():
    data, train, done = features(), np.arange(40), []
    heads = FeatureHeads(data, train, NARROW, tick=done.append)
    specs = [HeadSpec("color", 2, first_hue), HeadSpec("rotation", 2, first_hue), HeadSpec("light", 2, first_hue)]
    pairs = Pairs(np.arange(40), np.zeros(40, int), np.ones(40, int))
    for spec in specs:
        heads.plan(spec, REPRESENTATION, slice(None))
    together = [heads.predictions(spec, REPRESENTATION, slice(None), data, pairs)[0] for spec in specs]
    assert sum(done) == 8 + 2 * 47
    alone = FeatureHeads(data, train, NARROW)
    for spec, values in zip(specs, together, strict=True):
        own = alone.predictions(spec, REPRESENTATION, slice(None), data, pairs)[0]
        np.testing.assert_allclose(values, own, atol=1e-5)


@pytest.mark.parametrize(
    ("task", "usual", "seq_jepa"),
    [
        ("rotation", "r2", "r2_per_component"),
        ("absolute_rotation", "r2", "r2_per_component"),
        ("color", "r2", "r2_per_component"),
        ("translation_object", "r2", "r2_per_component"),
        ("light", "r2_per_component", "r2_per_component"),
        ("rotation_in_class", "r2_per_component", "r2_per_component"),
        ("classification", "top1", "top1"),
        ("pose_retrieval", "pre_val_val", "pre_val_val"),
    ],
)
def test_the_main_score_is_that_of_the_protocol(task: str, usual: str, seq_jepa: str):
    for protocol in (None, PROTOCOLS["quick"], PROTOCOLS["sie-v1"]):
        assert TASKS[task].main_under(protocol) == usual
    assert TASKS[task].main_under(SEQ_JEPA) == seq_jepa
    assert TASKS[task].main_under(find_protocol("seq-jepa-v1-views3")) == seq_jepa


def test_scores_are_marked_as_the_protocol_says_and_do_not_change():
    data, objects = features(), np.arange(40)
    mains = {}
    for per_component in (False, True):
        rules = replace(SEQ_JEPA, epochs=2, hidden=8, r2_per_component=per_component)
        split = Split(data, objects[:30]), Split(data, objects[30:])
        outcomes, _ = measure(build_subject(*split, FeatureSpace(), EvaluationPlan(rules)), ["rotation", "knn"])
        mains[per_component] = {
            (name, each.metric): (each.value, each.main) for name, one in outcomes.items() for each in one.scores
        }
    assert {key: value for key, (value, _) in mains[True].items()} == {k: v for k, (v, _) in mains[False].items()}
    marked = {flag: {key for key, (_, main) in scores.items() if main} for flag, scores in mains.items()}
    assert marked[False] == {("knn", "top1"), ("rotation", "r2")}
    assert marked[True] == {("knn", "top1"), ("rotation", "r2_per_component")}


def tiny() -> ResNet:
    return ResNet((1, 1, 1, 1), bottleneck=False, width=2)


def test_the_aggregate_is_measured_where_there_is_one():
    both, plain = (REPRESENTATION, EMBEDDING), Scope(("rank",), 3)
    sequence, random = SeqJEPA(tiny(), length=2), Random(tiny())
    assert plain.under(SEQ_JEPA, sequence) == replace(plain, head_sources=both)
    assert plain.under(SEQ_JEPA, random) is plain
    assert plain.under(PROTOCOLS["sie-v1"], sequence) is plain
    chosen = Scope(head_sources=both)
    assert chosen.under(SEQ_JEPA, random) is chosen


def test_the_work_of_heads_counts_the_parts_of_each_input():
    parts, objects = Parts(embedding=split_parts(2)), 256
    tasks = ("classification", "rotation", "color", "rank")
    alone = head_work(SEQ_JEPA, Scope(tasks), parts, FIELDS, objects)
    assert alone == HeadWork(3, 300 + 300 + 50)
    both = Scope(tasks, 2, (REPRESENTATION, EMBEDDING))
    assert head_work(SEQ_JEPA, both, parts, FIELDS, objects) == HeadWork(2 * 4 * 3, 2 * 4 * 650)
    assert head_work(PROTOCOLS["quick"], Scope(tasks), parts, FIELDS, objects) == HeadWork(3, 4500)
    without_color = [latent for latent in FIELDS if latent.name != "light_hue"]
    assert head_work(SEQ_JEPA, Scope(tasks), parts, without_color, objects) == HeadWork(2, 600)


def test_a_run_is_measured_as_seq_jepa_s_paper_does(
    make_dataset: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(PROTOCOLS, "seq-jepa-v1", replace(NARROW, epochs=40))
    data = make_dataset(tmp_path / "d.h5", objects=20, views=5, size=32)
    changes = [*TINY, "epochs=1", "passes=1", "warmup_epochs=0"]
    options = {"out": tmp_path, "device": "cpu", "protocol": "seq-jepa-v1"}
    sequence = Run.create("seq_jepa", data, recipe="smoke", overrides=[*changes, "method.length=2"], **options)
    record = sequence.complete()
    random = Run.create("random", data, recipe="smoke", overrides=changes, **options).complete()
    assert record is not None
    assert random is not None
    assert record["protocol"] == {"name": "seq-jepa-v1", "version": 1}
    rows = {(row["task"], row["metric"], row["input"], row["part"]): row for row in record["results"]}
    for task in ("rotation", "absolute_rotation", "color"):
        for source, part in ((REPRESENTATION, "all"), (EMBEDDING, "invariant"), (EMBEDDING, "equivariant")):
            main, other = (rows[task, metric, source, part] for metric in ("r2_per_component", "r2"))
            assert (main["main"], other["main"], main["floor"]) == (True, False, 0.0)
    assert rows["classification", "top1", EMBEDDING, "invariant"]["main"]
    assert record["evaluation"]["head_sources"] == [REPRESENTATION, EMBEDDING]
    assert random["evaluation"]["head_sources"] == [REPRESENTATION]
    assert not any(row["task"] == "rotation" and row["input"] == EMBEDDING for row in random["results"])
    for verdict in check_folder(tmp_path):
        assert verdict.reason is None
        assert not any("main scores" in remark for remark in verdict.remarks)
    # What is done isn't measured again, though the scope that was given names the representation alone.
    written = sequence.record_file.stat().st_mtime_ns
    assert Run.open(sequence.folder, data, protocol="seq-jepa-v1", device="cpu").evaluate() == record
    assert sequence.record_file.stat().st_mtime_ns == written


def seq_jepa_record(method: str, protocol: str = "seq-jepa-v1") -> dict:
    record = make_record(method, protocol=protocol, parts=("all",))
    per_component = protocol == "seq-jepa-v1"
    record["results"] = [
        result("classification", "top1", "all", 0.5, 0.1),
        result("rotation", "r2", "all", 0.5, 0.229, main=not per_component),
        result("rotation", "r2_per_component", "all", 0.35, 0.0, main=per_component),
        result("absolute_rotation", "r2", "all", 0.6, 0.46, main=not per_component),
        result("absolute_rotation", "r2_per_component", "all", 0.3, 0.0, main=per_component),
    ]
    return record


def test_the_first_table_has_both_formulas_and_the_individual_rotation():
    records = [*published_records(), seq_jepa_record("one"), seq_jepa_record("two"), seq_jepa_record("sie", "sie-v1")]
    shown = {
        group.record["protocol"]["name"]: [(metric.task, metric.name) for metric, _ in group.main]
        for group in measured_groups(records)
    }
    assert shown["seq-jepa-v1"] == [
        ("classification", "top1"),
        ("rotation", "r2"),
        ("rotation", "r2_per_component"),
        ("absolute_rotation", "r2"),
        ("absolute_rotation", "r2_per_component"),
    ]
    assert ("absolute_rotation", "r2") not in shown["sie-v1"]
    alone = measured_groups([seq_jepa_record("one")])[0]
    assert [metric.name for metric, _ in alone.main] == ["top1", *2 * ["r2", "r2_per_component"]]
