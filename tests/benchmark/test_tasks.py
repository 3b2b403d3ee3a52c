"""Encoders whose scores are known beforehand."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from painted import FIELDS, draw_latents
from scipy.spatial.transform import Rotation

from threedie.baselines.hypernetwork import HypernetworkPredictor, MLPPredictor
from threedie.benchmark.evaluation.heads import FeatureHeads
from threedie.benchmark.evaluation.measure import FeatureSpace, Split, build_subject, measure
from threedie.benchmark.evaluation.plan import EvaluationPlan
from threedie.benchmark.evaluation.predictor import view_predictor
from threedie.benchmark.evaluation.scope import Scope
from threedie.benchmark.settings.protocol import PROTOCOLS, Protocol
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.outcome import Outcome, Score
from threedie.benchmark.tasks.subject import Data, Subject
from threedie.manifests.latents import LatentField, actions, quaternions

OBJECTS, VIEWS, CLASSES = 60, 8, 6
VAL = np.arange(0, OBJECTS, 5)
QUICK = replace(PROTOCOLS["quick"], steps=300, hidden=64)
ORIGINAL = replace(PROTOCOLS["sie-v1"], epochs=5000, hidden=64)


def ask(
    representation: np.ndarray,
    protocol: Protocol = QUICK,
    labels: np.ndarray | None = None,
    predictor: Callable[..., np.ndarray] | None = None,
    seeds: int = 1,
) -> Subject:
    latents = draw_latents(OBJECTS, representation.shape[1])
    labels = np.arange(OBJECTS) % CLASSES if labels is None else labels
    features = representation.astype(np.float32)
    data = Data(FIELDS, latents, labels, features, features)
    train = np.setdiff1d(np.arange(OBJECTS), VAL)
    plan = EvaluationPlan(protocol, Scope(head_seeds=seeds))
    return build_subject(Split(data, train), Split(data, VAL), FeatureSpace(predictor=predictor), plan)


def one_object(data: Data, space: FeatureSpace) -> Subject:
    train, measured = Split(data, np.arange(1, OBJECTS)), Split(data, np.arange(1))
    return build_subject(train, measured, space, EvaluationPlan(QUICK))


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


def assert_declared(task: str, outcome: Outcome) -> None:
    """Every score is of a metric that its task declares, and within its range."""
    for score in outcome.scores:
        metric = TASKS[task].metric(score.metric)
        assert metric is not None, score.metric
        assert metric.higher_is_better == score.higher_is_better
        numbers = (score.value, score.floor, *(score.interval or ()))
        assert all(map(metric.allows, numbers)), (score.metric, numbers)


def scores(task: str, subject: Subject) -> dict[str, tuple[float, float]]:
    outcome = TASKS[task].measure(subject)
    assert_declared(task, outcome)
    below = [score for score in outcome.scores if score.main and score.below_floor]
    assert len(outcome.warnings) == (1 if below else 0)
    assert all(f"{score.part} by" in outcome.warnings[0].text for score in below)
    assert [score.metric for score in outcome.scores if score.main] == [TASKS[task].main]
    return {score.metric: (score.value, score.floor) for score in outcome.scores}


@pytest.mark.parametrize("protocol", [QUICK, ORIGINAL], ids=lambda rules: rules.name)
def test_all_knowing_features_score_full_marks(protocol: Protocol):
    score = scores("classification", ask(all_knowing(), protocol))
    assert score["top5"][0] == 1
    assert score["top1"][0] > 0.98
    color = scores("color", ask(all_knowing(), protocol))
    assert color["r2"][0] > 0.97
    assert color["r2_per_component"][0] > 0.97
    rotation = scores("rotation", ask(all_knowing(), protocol))
    assert rotation["r2"][0] > 0.75
    assert rotation["geodesic_median_deg"][0] < 50


def test_features_that_say_nothing_score_their_floor():
    for features in (constant(), 0 * constant()):
        score = scores("classification", ask(features))
        assert score["top1"] == (pytest.approx(1 / CLASSES), pytest.approx(1 / CLASSES))
        for task in ("rotation", "color"):
            for metric, (value, floor) in scores(task, ask(features)).items():
                # A head's constant is the mean of the training pairs, the floor's that of the measured ones.
                assert value == pytest.approx(floor, abs=4.0 if "deg" in metric else 0.03), metric


def test_noise_scores_about_its_floor():
    score = scores("classification", ask(noise()))
    assert abs(score["top1"][0] - 1 / CLASSES) < 0.15
    for task in ("rotation", "color"):
        value, floor = scores(task, ask(noise()))["r2"]
        assert abs(value - floor) < 0.08


def test_the_floor_of_pooled_rotation_is_about_a_quarter_though_nothing_is_known():
    assert 0.15 < scores("rotation", ask(constant()))["r2"][1] < 0.3


def test_a_perfect_predictor_retrieves_all_and_a_constant_one_the_floor():
    perfect = scores("retrieval", ask(noise(), predictor=all_views))
    assert perfect["mrr"][0] == perfect["h1"][0] == perfect["h5"][0] == 1
    assert "h10" not in perfect
    poses = scores("pose_retrieval", ask(noise(), predictor=all_views))
    assert list(poses) == ["pre_train_train", "pre_val_val", "pre_val_all"]
    assert all(value == pytest.approx(0, abs=1e-9) for value, _ in poses.values())
    for task in ("retrieval", "pose_retrieval"):
        for metric, (value, floor) in scores(task, ask(constant(), predictor=all_views)).items():
            assert value == pytest.approx(floor), metric
    # The mean of 1 / rank over random orders of 8.
    assert scores("retrieval", ask(constant(), predictor=all_views))["mrr"][0] == pytest.approx(0.3397321)


def test_retrieval_is_not_asked_without_a_predictor():
    assert not TASKS["retrieval"].applies(ask(noise()))


def test_classes_without_training_or_validation_objects_are_defined_and_reported():
    labels = np.arange(OBJECTS) % CLASSES
    labels[0], labels[5] = 50, 50
    labels[(labels == 3) & (np.arange(OBJECTS) % 5 == 0)] = 4
    features = np.eye(55)[labels][:, None].repeat(VIEWS, 1)
    outcome = TASKS["classification"].measure(ask(features, labels=labels))
    assert [warning.text for warning in outcome.warnings] == [
        "1 of the validation objects' classes have no training object; theirs count as wrong",
        "1 of 6 classes have no validation object; not measured",
    ]
    assert outcome.scores[0].value == pytest.approx(10 / 12)


def test_scores_that_are_no_numbers_are_left_out_with_a_word():
    subject = ask(noise())
    still = replace(subject.eval_data, latents=0 * subject.eval_data.latents)
    outcome = TASKS["rotation"].measure(replace(subject, eval_data=still))
    assert {score.metric for score in outcome.scores} == {"r2", "geodesic_mean_deg", "geodesic_median_deg"}
    assert outcome.warnings[0].text == "r2_per_component of part all is undefined on this data and left out"


def test_heads_are_the_same_every_time_and_leave_no_trace():
    import torch

    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, two = (scores("rotation", ask(noise())) for _ in range(2))
    assert one == two
    assert (torch.get_rng_state() == before).all()


def test_held_out_objects_are_not_trained_on():
    heads = FeatureHeads(ask(noise()).train_data, np.arange(40), QUICK)
    assert len(heads.holdout_objects) == 8
    assert sorted([*heads.holdout_objects, *heads.train_objects]) == list(range(40))


def row(outcome: Outcome, metric: str, source: str = "representation") -> Score:
    (score,) = [score for score in outcome.scores if (score.metric, score.input) == (metric, source)]
    return score


def test_one_view_s_rotation_and_the_light_are_said_by_features_that_hold_them():
    latents = draw_latents(OBJECTS, VIEWS)
    light = scores("light", ask(latents[..., 4:6]))
    assert light["r2_light_theta"][0] > 0.9
    assert light["r2_light_phi"][0] > 0.9
    assert light["r2_per_component"] == (
        pytest.approx((light["r2_light_theta"][0] + light["r2_light_phi"][0]) / 2),
        0.0,
    )
    rotation = scores("absolute_rotation", ask(quaternions(latents[..., :3])))
    assert rotation["r2"][0] > 0.95
    assert rotation["geodesic_mean_deg"][0] < 10
    assert scores("absolute_rotation", ask(constant()))["r2"][1] == pytest.approx(0.46, abs=0.06)


def test_a_quaternion_s_sign_makes_no_second_rotation():
    subject = ask(noise())
    latents = subject.train_data.latents.copy()
    latents[..., :3] += np.pi
    data = replace(subject.train_data, latents=latents)
    target = TASKS["absolute_rotation"].target(data, subject.eval_pairs)
    assert (target[:, 3] >= 0).all()


def test_translations_are_asked_where_they_are():
    assert not TASKS["translation_object"].applies(ask(noise()))
    names = ("translation_x", "translation_y", "translation_z")
    fields = (*FIELDS, *(LatentField(name, ((-0.5, 0.5),)) for name in names))
    moves = np.random.default_rng(2).uniform(-0.5, 0.5, (OBJECTS, VIEWS, 3))
    latents = np.concatenate([draw_latents(OBJECTS, VIEWS), moves], -1)
    turn = Rotation.from_euler("xyz", latents[..., :3].reshape(-1, 3))
    position = turn.apply(moves.reshape(-1, 3)).reshape(moves.shape)
    for features, better, worse in (
        (moves, "translation_object", "translation_base"),
        (position, "translation_base", "translation_object"),
    ):
        data = replace(ask(features).train_data, fields=fields, latents=latents)
        train = Split(data, np.setdiff1d(np.arange(OBJECTS), VAL))
        subject = build_subject(train, Split(data, VAL), FeatureSpace(), EvaluationPlan(QUICK))
        assert TASKS[better].applies(subject)
        high, low = (row(TASKS[name].measure(subject), "r2_per_component").value for name in (better, worse))
        assert high > 0.9
        assert low < high - 0.1


def test_neighbors_name_the_class_or_the_commonest():
    assert scores_of("knn", ask(all_knowing()), "embedding")["top1"][0] == 1
    labels = np.where(np.arange(OBJECTS) % 3 == 0, 1, 2)
    score = row(TASKS["knn"].measure(ask(constant(), labels=labels)), "top1")
    assert (score.value, score.floor) == (pytest.approx(2 / 3), pytest.approx(2 / 3))


def scores_of(task: str, subject: Subject, source: str) -> dict[str, tuple[float, float]]:
    outcome = TASKS[task].measure(subject)
    return {score.metric: (score.value, score.floor) for score in outcome.scores if score.input == source}


def test_seeds_give_a_deviation_and_the_first_is_the_only_one_of_one():
    short = replace(QUICK, steps=40)
    one, two = (ask(all_knowing(), short, seeds=seeds) for seeds in (1, 2))
    assert row(TASKS["rotation"].measure(one), "r2").deviation is None
    assert row(TASKS["rotation"].measure(two), "r2").deviation > 0
    spec = TASKS["rotation"].head(one)
    ((first,), (same, other)) = (
        subject.heads.predictions(spec, "representation", slice(None), subject.eval_data, subject.eval_pairs)
        for subject in (one, two)
    )
    # A stack of two sums in another order than one alone.
    assert np.allclose(first, same, atol=1e-3)
    assert not np.allclose(same, other, atol=1e-2)


@pytest.mark.parametrize("protocol", [QUICK, ORIGINAL], ids=lambda rules: rules.name)
def test_heads_trained_together_say_what_they_say_alone(protocol: Protocol):
    protocol = replace(protocol, epochs=protocol.epochs and 200, steps=protocol.steps and 60)
    together = ask(all_knowing(), protocol)
    planned = [(TASKS[name].head(together), slice(at, at + 5)) for name in ("color", "light") for at in (0, 5)]
    for spec, part in planned:
        together.heads.plan(spec, "representation", part)
    for spec, part in planned:
        alone = ask(all_knowing(), protocol)
        predictions = [
            subject.heads.predictions(spec, "representation", part, subject.eval_data, subject.eval_pairs)[0]
            for subject in (together, alone)
        ]
        assert np.allclose(*predictions, atol=2e-3), spec.name


def test_the_error_is_broken_down_by_the_size_of_the_rotation():
    outcome = TASKS["rotation"].measure(ask(all_knowing()))
    (curve,) = outcome.breakdowns
    assert (curve.metric, curve.by, len(curve.groups)) == ("geodesic_mean_deg", "rotation_deg", 12)
    assert sum(curve.counts) == len(VAL) * VIEWS
    groups = [(value, count) for value, count in zip(curve.values, curve.counts, strict=True) if count]
    mean = sum(value * count for value, count in groups) / sum(curve.counts)
    assert mean == pytest.approx(row(outcome, "geodesic_mean_deg").value)
    assert all((value is None) == (count == 0) for value, count in zip(curve.values, curve.counts, strict=True))


def test_classes_held_out_of_training_are_told_apart():
    labels = np.arange(OBJECTS) % CLASSES
    labels[[0, 5]] = 50
    outcome = TASKS["rotation"].measure(ask(all_knowing(), labels=labels))
    curve = outcome.breakdowns[1]
    assert curve.by == "class"
    assert curve.groups == ("classes trained on", "classes held out of training")
    assert curve.counts == (10 * VIEWS, 2 * VIEWS)
    outcome = TASKS["classification"].measure(ask(np.eye(55)[labels][:, None].repeat(VIEWS, 1), labels=labels))
    assert outcome.breakdowns[0].values == (1.0, 0.0)


def test_heads_of_one_dataset_are_measured_on_another():
    subject = ask(all_knowing())
    other = draw_latents(9, VIEWS, seed=7)
    features = np.concatenate([np.zeros((9, VIEWS, CLASSES)), other[..., [3, 6]], quaternions(other[..., :3])], -1)
    data = Data(FIELDS, other, np.zeros(9, np.int64), features.astype(np.float32), features.astype(np.float32))
    train = Split(subject.train_data, np.setdiff1d(np.arange(OBJECTS), VAL))
    space = FeatureSpace(predictor=all_views)
    crossed = build_subject(train, Split(data, np.arange(9)), space, EvaluationPlan(QUICK))
    assert row(TASKS["color"].measure(crossed), "r2").value > 0.9
    outcomes, _ = measure(crossed, ["pose_retrieval"])
    assert {score.metric for score in outcomes["pose_retrieval"].scores} == {
        "pre_train_train", "pre_val_val", "pre_val_all",
    }  # fmt: skip


def test_one_view_one_class_one_object_are_defined():
    single = ask(all_knowing()[:, :1], labels=np.zeros(OBJECTS, np.int64), predictor=all_views)
    outcomes, warnings = measure(single)
    assert set(outcomes) >= {
        "classification", "knn", "absolute_rotation", "rotation_in_class", "pose_retrieval", "rank",
    }  # fmt: skip
    assert not set(outcomes) & {"rotation", "color", "light", "retrieval"}
    for task, outcome in outcomes.items():
        assert_declared(task, outcome)
    assert row(outcomes["classification"], "top1").value == row(outcomes["classification"], "top1").floor == 1
    assert warnings[0].text == "objects have one view: tasks that compare two views are left out"
    assert "classification: all training objects are of one class, so its accuracy means nothing" in map(str, warnings)
    subject = ask(noise())
    lone = one_object(subject.train_data, FeatureSpace(predictor=all_views))
    outcomes, warnings = measure(lone, ["retrieval", "pose_retrieval", "color"])
    for task, outcome in outcomes.items():
        assert_declared(task, outcome)
    assert row(outcomes["retrieval"], "mrr", "embedding").value == 1
    assert all(
        score.interval is None
        for outcome in outcomes.values()
        for score in outcome.scores
        if "train" not in score.metric
    )
    assert "one object is measured: numbers have no interval" in map(str, warnings)


def in_class(features: np.ndarray, labels: np.ndarray | None = None) -> Outcome:
    return TASKS["rotation_in_class"].measure(ask(features, labels=labels))


def test_rotation_in_a_class_is_predicted_though_each_class_writes_it_differently():
    rotations = quaternions(draw_latents(OBJECTS, VIEWS)[..., :3])
    written = np.random.default_rng(4).standard_normal((CLASSES, 4, 4))[np.arange(OBJECTS) % CLASSES]
    score = row(in_class(rotations @ written), "r2_per_component")
    assert score.value > 0.98
    assert score.floor == 0
    assert score.interval is not None
    assert score.interval[0] <= score.value <= score.interval[1]
    assert row(in_class(all_knowing()), "r2_per_component").value > 0.99


def test_rotation_in_a_class_of_features_that_say_nothing_is_about_nothing():
    for features in (constant(), noise()):
        assert abs(row(in_class(features), "r2_per_component").value) < 0.05
    # Wide features of few directions, as a wide network's of a small dataset.
    draw = np.random.default_rng(2)
    wide = draw.standard_normal((OBJECTS, VIEWS, 20)) @ draw.standard_normal((20, 512))
    assert abs(row(in_class(wide), "r2_per_component").value) < 0.05
    # What a class is tells nothing of how its objects stand.
    classes = np.eye(CLASSES)[np.arange(OBJECTS) % CLASSES][:, None].repeat(VIEWS, 1)
    assert abs(row(in_class(classes), "r2_per_component").value) < 0.05


def test_rotation_in_a_class_leaves_out_classes_of_few_objects():
    few = np.where(np.arange(OBJECTS) < 4, 1, 0)
    assert in_class(all_knowing(), few).notes == [
        "1 validation objects are of classes with fewer than 5 training objects; left out"
    ]
    outcome = in_class(all_knowing(), np.arange(OBJECTS))
    assert not outcome.scores
    assert outcome.notes[0].startswith("12 validation objects")


def rank_of(features: np.ndarray) -> tuple[float, float]:
    ranks = {(score.metric, score.input): score.value for score in TASKS["rank"].measure(ask(features)).scores}
    assert ranks["effective_rank", "representation"] == ranks["effective_rank", "embedding"]
    return ranks["effective_rank", "representation"], ranks["first_share", "representation"]


def test_the_rank_counts_directions_and_knows_no_shift():
    rank, first = rank_of(7 + noise())
    assert 15 < rank < 16
    assert 1 / 16 < first < 2 / 16
    twofold = np.concatenate([noise()[..., :2]] * 4, -1)
    assert rank_of(100 + twofold)[0] == pytest.approx(2, abs=0.05)
    # Deviations 3 and 1: shares 3/4 and 1/4 of the singular values, 9/10 and 1/10 of the variance.
    quarters = np.exp(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))
    assert rank_of(noise()[..., :2] * [3, 1]) == pytest.approx((quarters, 0.9), rel=0.1)
    assert rank_of(constant()) == (1, 1)


def test_a_collapse_to_one_direction_is_reported():
    assert TASKS["rank"].measure(ask(noise())).warnings == []
    warnings = TASKS["rank"].measure(ask(noise() * np.r_[20, np.ones(15)])).warnings
    assert [warning.text for warning in warnings] == [
        f"more than 75 % of the variance of the {name}, part all, lie in one direction: it has collapsed, or nearly"
        for name in ("representation", "embedding")
    ]
    # The same for every view but for rounding: single precision alone would make it look full of directions.
    same = TASKS["rank"].measure(ask(3 + 1e-7 * noise()))
    assert row(same, "effective_rank").value == row(same, "first_share").value == 1
    assert "the representation, part all, is the same for every view: it has collapsed" in same.notes


def test_few_points_are_no_collapse():
    subject = ask(noise())
    lone = one_object(subject.train_data, FeatureSpace())
    assert TASKS["rank"].measure(lone).warnings == []
    assert TASKS["rank"].measure(ask(noise()[..., :2] * [9, 1])).warnings == []


def test_noise_ranks_as_the_harmonic_number_says():
    predicted = np.random.default_rng(9).standard_normal((OBJECTS, 50, 16)).astype(np.float32)
    subject = ask(
        np.random.default_rng(1).standard_normal((OBJECTS, 50, 16)), predictor=lambda data, rows, part: predicted[rows]
    )
    score = row(TASKS["retrieval"].measure(subject), "mrr", "embedding")
    assert score.floor == pytest.approx(4.499205338 / 50)
    assert abs(score.value - score.floor) < 0.02


def test_a_predictor_may_take_whole_representations_instead_of_part_of_the_embedding():
    data = ask(noise()[..., :8]).train_data
    data = replace(data, representation=np.random.default_rng(4).standard_normal((*data.latents.shape[:2], 5)))
    data = replace(data, representation=data.representation.astype(np.float32))

    def predict(start: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        return torch.cat([start, action], dim=1)[:, :3]

    predictions = view_predictor(predict, "rotation", from_representation=True)(data, np.arange(4), slice(5, 8))
    assert np.array_equal(predictions, data.representation[:4, :1, :3].repeat(VIEWS, 1))


def test_a_linear_predictor_is_asked_for_corners_and_any_other_for_all():
    predictor = HypernetworkPredictor(8, 4)
    perceptron = MLPPredictor(8, 4)
    data = ask(noise()[..., :8]).train_data
    for network in (predictor, perceptron):
        sizes: list[int] = []
        network.register_forward_pre_hook(lambda _, inputs, sizes=sizes: sizes.append(len(inputs[0])))
        predictions = view_predictor(network, "rotation")(data, np.arange(10), slice(None))
        latents = data.latents[:10]
        moves = actions("rotation", FIELDS, latents[:, :1].repeat(VIEWS, 1), latents)
        with torch.inference_mode():
            start = torch.from_numpy(data.embedding[:10, :1].repeat(VIEWS, 1)).reshape(-1, 8)
            wanted = network(start, torch.from_numpy(moves).float().reshape(-1, 4)).reshape(10, VIEWS, 8)
        assert np.allclose(predictions, wanted.numpy(), atol=1e-5)
        assert sizes[-2] == (50 if network is predictor else 10 * VIEWS)


SHORT = {rules.name: replace(rules, epochs=None, steps=40, hidden=8) for rules in (QUICK, ORIGINAL)}


@pytest.mark.parametrize("protocol", SHORT.values(), ids=lambda rules: rules.name)
@pytest.mark.parametrize("size", [1e-45, 1e-38, 1e-30, 1e-10, 1e10, 1e19, 1e30, 5e37])
def test_features_of_any_size_have_scores_or_a_warning(size: float, protocol: Protocol):
    features = (noise() * size).astype(np.float32)
    outcomes, warnings = measure(ask(features, protocol))
    missing = {name for name, outcome in outcomes.items() if not outcome.scores}
    assert all(np.isfinite(score.value) for outcome in outcomes.values() for score in outcome.scores)
    lost = "the head on representation, part all, predicts"
    assert missing <= {warning.task for warning in warnings if warning.text.startswith(lost)}
    if protocol.standardize:
        assert not missing


@pytest.mark.parametrize("protocol", SHORT.values(), ids=lambda rules: rules.name)
def test_a_head_that_diverges_is_named_and_the_others_have_their_scores(protocol: Protocol):
    features = noise()
    # One training object and one measured one, far enough apart that their difference isn't in single precision.
    features[1, 0, 0], features[VAL[1], 0, 0] = -3e38, 3e38
    outcomes, objects = measure(ask(features, protocol))
    warnings = [str(warning) for warning in objects]
    assert outcomes["rank"].scores
    assert outcomes["knn"].scores
    (line,) = [line for line in warnings if line.startswith("color: the head on representation, part all, ")]
    if protocol.holdout:
        assert line.endswith("has a loss that isn't finite at step 20: its best moment before counts")
        assert outcomes["color"].scores
    else:
        assert line.endswith("predicts numbers that aren't finite: its scores are left out")
        assert "color: r2 of part all is undefined on this data and left out" in warnings
        assert not outcomes["color"].scores
    assert all(np.isfinite(score.value) for score in outcomes["classification"].scores)


def test_a_head_whose_loss_is_lost_keeps_its_best_moment():
    features = noise()
    features[1, 0, 0] = 1e30
    subject = ask(features, replace(QUICK, standardize=False, steps=40, hidden=8))
    outcomes, warnings = measure(subject)
    lost = "has a loss that isn't finite at step 20: its best moment before counts"
    kept = [str(warning) for warning in warnings if lost in warning.text]
    assert any(line.startswith("rotation: the head on representation, part all,") for line in kept)
    (score,) = [score for score in outcomes["rotation"].scores if score.metric == "r2"]
    assert score.value == pytest.approx(score.floor, abs=0.05)


def test_a_warning_says_whether_the_embedding_lies_below_its_floor() -> None:
    def warning(*scores: tuple[str, float]) -> str:
        outcome = Outcome("knn")
        for where, value in scores:
            outcome.add(Score("top1", "all", value, 0.5, "chance", main=True, input=where))
        (line,) = outcome.warnings
        return line.text.partition(":")[0]

    start = "top1 lies on the wrong side of its floor, for part "
    assert warning(("representation", 0.25), ("embedding", 0.6)) == f"{start}all by 0.25"
    assert warning(("representation", 0.6), ("embedding", 0.4)) == f"{start}all of the embedding by 0.1"
    assert warning(("representation", 0.25), ("embedding", 0.4)) == f"{start}all by 0.25, all of the embedding by 0.1"
    # A task that measures nothing else says nothing of it.
    assert warning(("embedding", 0.4)) == f"{start}all by 0.1"
