"""Encoders whose scores are known beforehand."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from painted import FIELDS, draw_latents

from baselines.method import Parts
from benchmark.evaluation import Scope, build_subject
from benchmark.heads import FeatureHeads
from benchmark.protocol import PROTOCOLS, Protocol
from benchmark.tasks import TASKS
from benchmark.tasks.task import Data, Subject
from manifests.latents import quaternions

OBJECTS, VIEWS, CLASSES = 60, 8, 6
VAL = np.arange(0, OBJECTS, 5)
QUICK = replace(PROTOCOLS["quick"], steps=300, hidden=64)
ORIGINAL = replace(PROTOCOLS["sie-v1"], epochs=5000, hidden=64)


def ask(
    representation: np.ndarray,
    protocol: Protocol = QUICK,
    labels: np.ndarray | None = None,
    moved: Callable[..., np.ndarray] | None = None,
    seeds: int = 1,
) -> Subject:
    latents = draw_latents(OBJECTS, representation.shape[1])
    labels = np.arange(OBJECTS) % CLASSES if labels is None else labels
    features = representation.astype(np.float32)
    data = Data(FIELDS, latents, labels, features, features)
    train = np.setdiff1d(np.arange(OBJECTS), VAL)
    return build_subject(data, train, data, VAL, Parts(), moved, protocol, scope=Scope(head_seeds=seeds))


def constant() -> np.ndarray:
    return np.ones((OBJECTS, VIEWS, 16))


def noise() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((OBJECTS, VIEWS, 16))


def all_knowing() -> np.ndarray:
    """Class as one-hot, hues as they are, rotation as quaternion."""
    latents = draw_latents(OBJECTS, VIEWS)
    classes = np.eye(CLASSES)[np.arange(OBJECTS) % CLASSES][:, None].repeat(VIEWS, 1)
    return np.concatenate([classes, latents[..., [3, 6]], quaternions(latents[..., :3])], -1)


def all_views(data: Data, rows: np.ndarray, part: slice) -> np.ndarray:
    """A predictor that knows the answer."""
    return data.embedding[rows][..., part]


def scores(task: str, subject: Subject) -> dict[str, tuple[float, float]]:
    outcome = TASKS[task].measure(subject)
    below = [score for score in outcome.scores if score.main and score.below_floor]
    assert len(outcome.warnings) == (1 if below else 0)
    assert all(f"{score.part} by" in outcome.warnings[0] for score in below)
    assert [score.metric for score in outcome.scores if score.main] == [TASKS[task].main]
    return {score.metric: (score.value, score.floor) for score in outcome.scores}


@pytest.mark.parametrize("protocol", [QUICK, ORIGINAL], ids=lambda rules: rules.name)
def test_all_knowing_features_score_full_marks(protocol: Protocol):
    found = scores("classification", ask(all_knowing(), protocol))
    assert found["top5"][0] == 1
    assert found["top1"][0] > 0.98
    colour = scores("color", ask(all_knowing(), protocol))
    assert colour["r2"][0] > 0.97
    assert colour["r2_per_component"][0] > 0.97
    rotation = scores("rotation", ask(all_knowing(), protocol))
    assert rotation["r2"][0] > 0.75
    assert rotation["geodesic_median_deg"][0] < 50


def test_features_that_say_nothing_score_their_floor():
    for features in (constant(), 0 * constant()):
        found = scores("classification", ask(features))
        assert found["top1"] == (pytest.approx(1 / CLASSES), pytest.approx(1 / CLASSES))
        for task in ("rotation", "color"):
            for metric, (value, floor) in scores(task, ask(features)).items():
                # A head's constant is the mean of the training pairs, the floor's that of the measured ones.
                assert value == pytest.approx(floor, abs=4.0 if "deg" in metric else 0.03), metric


def test_noise_scores_about_its_floor():
    found = scores("classification", ask(noise()))
    assert abs(found["top1"][0] - 1 / CLASSES) < 0.15
    for task in ("rotation", "color"):
        value, floor = scores(task, ask(noise()))["r2"]
        assert abs(value - floor) < 0.08


def test_the_floor_of_pooled_rotation_is_about_a_quarter_though_nothing_is_known():
    assert 0.15 < scores("rotation", ask(constant()))["r2"][1] < 0.3


def test_a_perfect_predictor_retrieves_all_and_a_constant_one_the_floor():
    perfect = scores("retrieval", ask(noise(), moved=all_views))
    assert perfect["mrr"][0] == perfect["h1"][0] == perfect["h5"][0] == 1
    assert "h10" not in perfect
    poses = scores("pose_retrieval", ask(noise(), moved=all_views))
    assert list(poses) == ["pre_train_train", "pre_val_val", "pre_val_all"]
    assert all(value == pytest.approx(0, abs=1e-9) for value, _ in poses.values())
    for task in ("retrieval", "pose_retrieval"):
        for metric, (value, floor) in scores(task, ask(constant(), moved=all_views)).items():
            assert value == pytest.approx(floor), metric
    # The mean of 1 / rank over random orders of 8.
    assert scores("retrieval", ask(constant(), moved=all_views))["mrr"][0] == pytest.approx(0.3397321)


def test_retrieval_is_not_asked_without_a_predictor():
    assert not TASKS["retrieval"].applies(ask(noise()))


def test_classes_without_training_or_validation_objects_are_defined_and_told():
    labels = np.arange(OBJECTS) % CLASSES
    labels[0], labels[5] = 50, 50
    labels[(labels == 3) & (np.arange(OBJECTS) % 5 == 0)] = 4
    features = np.eye(55)[labels][:, None].repeat(VIEWS, 1)
    outcome = TASKS["classification"].measure(ask(features, labels=labels))
    assert outcome.warnings == [
        "1 of the validation objects' classes have no training object; theirs count as wrong",
        "1 of 6 classes have no validation object; not measured",
    ]
    assert outcome.scores[0].value == pytest.approx(10 / 12)


def test_scores_that_are_no_numbers_are_left_out_with_a_word():
    subject = ask(noise())
    still = replace(subject.taught, latents=0 * subject.taught.latents)
    outcome = TASKS["rotation"].measure(replace(subject, asked=still))
    assert {score.metric for score in outcome.scores} == {"r2", "geodesic_mean_deg", "geodesic_median_deg"}
    assert outcome.warnings[0] == "r2_per_component of part all is undefined on this data and left out"


def test_heads_are_the_same_every_time_and_leave_no_trace():
    import torch

    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, two = (scores("rotation", ask(noise())) for _ in range(2))
    assert one == two
    assert (torch.get_rng_state() == before).all()


def test_held_out_objects_are_not_taught():
    heads = FeatureHeads(ask(noise()).taught, np.arange(40), QUICK)
    assert len(heads.held) == 8
    assert sorted([*heads.held, *heads.taught]) == list(range(40))
