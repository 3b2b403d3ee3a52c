import json
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from threedie.benchmark.evaluation.neighbors import BlockNeighborSearch
from threedie.benchmark.tasks import scores
from threedie.benchmark.tasks.pose_retrieval import random_error
from threedie.benchmark.tasks.retrieval import rank_places
from threedie.manifests.latents import quaternions, relative_quaternions

DATA = Path(__file__).parent.parent / "data" / "retrieval"
HALF_TURN = np.pi / 2


def nearest_error(
    predictions: np.ndarray, embedding: np.ndarray, true_rotations: np.ndarray, normalize: bool = True
) -> float:
    """PRE of (M, V, E) among the same objects."""
    queries, targets, rotations = (
        rows.reshape(-1, rows.shape[-1]) for rows in (predictions, embedding, true_rotations)
    )
    result = BlockNeighborSearch().nearest(queries, rotations, targets, rotations, normalize)
    return float(result.errors.mean())


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("case", ["0", "1"])
@pytest.mark.parametrize("kind", ["normalised", "unnormalised"])
def test_retrieval_gives_the_original_s_numbers(case: str, kind: str):
    expected = json.loads((DATA / "expected.json").read_text())[case][kind]
    data = np.load(DATA / f"case{case}.npz")
    euler, embedding = data["latents"][..., :3], data["embeddings"].reshape(6, 50, 16)
    moves = relative_quaternions(euler[:, :1].repeat(50, 1), euler)
    predictions = np.einsum("nvk,kij,nj->nvi", moves, data["predictor"], embedding[:, 0])
    normalize = kind == "normalised"
    places = rank_places(predictions, embedding, normalize).reshape(-1, 2)
    assert abs(scores.reciprocal_ranks(places).mean() - expected["MRR"]) < 1e-6
    for k in (1, 2, 5, 10):
        assert abs(scores.hits(places, k).mean() - expected[f"H@{k}"]) < 1e-6
    error = nearest_error(predictions, embedding, quaternions(euler), normalize)
    assert abs(error - expected["PRE"]) < 1e-6


def test_a_collapsed_embedding_scores_as_a_random_order():
    # Rows of random numbers: their products differ in the last bits, which rows of ones hide.
    row = np.random.default_rng(0).standard_normal((3, 1, 256))
    predictions = np.random.default_rng(1).standard_normal((3, 50, 256))
    places = rank_places(predictions, row.repeat(50, 1)).reshape(-1, 2)
    assert np.isclose(scores.reciprocal_ranks(places).mean(), scores.harmonic_mean_rank(50))
    assert np.isclose(scores.harmonic_mean_rank(50), 0.0899841)
    for k in (1, 5, 10):
        assert np.isclose(scores.hits(places, k).mean(), k / 50)


def test_a_random_embedding_scores_about_its_floor(generator: np.random.Generator):
    predictions, embedding = generator.standard_normal((2, 200, 50, 8))
    places = rank_places(predictions, embedding).reshape(-1, 2)
    assert abs(scores.reciprocal_ranks(places).mean() - scores.harmonic_mean_rank(50)) < 0.005
    true_rotations = quaternions(generator.uniform(-HALF_TURN, HALF_TURN, (200, 50, 3)))
    error = nearest_error(predictions, embedding, true_rotations)
    assert abs(error - random_error(true_rotations.reshape(-1, 4), true_rotations.reshape(-1, 4))) < 0.01


def test_a_perfect_prediction_ranks_first(generator: np.random.Generator):
    embedding = generator.standard_normal((4, 50, 8))
    places = rank_places(3 * embedding, embedding).reshape(-1, 2)
    assert (scores.reciprocal_ranks(places) == 1).all()
    assert nearest_error(embedding, embedding, quaternions(np.zeros((4, 50, 3)))) == pytest.approx(0, abs=1e-12)


def test_pooled_r2_of_a_constant_is_the_known_floor(generator: np.random.Generator):
    euler = generator.uniform(-HALF_TURN, HALF_TURN, (2, 100_000, 3))
    relative = relative_quaternions(euler[0], euler[1])
    assert abs(scores.r2_pooled_floor(relative) - 0.229) < 0.005
    assert abs(scores.r2_pooled_floor(quaternions(euler[0])) - 0.462) < 0.005
    constant = np.broadcast_to(relative.mean(0), relative.shape)
    assert scores.r2_per_component(relative, constant) == pytest.approx(0, abs=1e-9)
    assert scores.r2_pooled(relative, relative) == scores.r2_per_component(relative, relative) == 1


def test_r2_of_a_target_that_does_not_vary_is_undefined():
    target = np.ones((10, 2))
    assert np.isnan(scores.r2_pooled(target, target))
    assert np.isnan(scores.r2_per_component(target, target))


def test_angles_are_those_of_the_rotations(generator: np.random.Generator):
    base = Rotation.from_quat(generator.standard_normal((50, 4)))
    axis = generator.standard_normal((50, 3))
    angle = generator.uniform(0, 180, (50, 1))
    true_rotations = base * Rotation.from_rotvec(axis / np.linalg.norm(axis, axis=1, keepdims=True) * np.radians(angle))
    result = scores.geodesic_degrees(base.as_quat(), -7 * true_rotations.as_quat())
    assert np.allclose(result, angle[:, 0], atol=1e-5)
    assert scores.geodesic_degrees(base.as_quat()[:1], np.zeros((1, 4))) == pytest.approx(
        np.degrees(base[0].magnitude()), abs=1e-5
    )


def test_no_constant_rotation_beats_the_best_one(generator: np.random.Generator):
    target = (Rotation.from_rotvec([0.5, 1, 0]) * Rotation.from_rotvec(generator.normal(0, 0.3, (500, 3)))).as_quat()

    def mean_angle(constant: np.ndarray) -> float:
        return scores.geodesic_degrees(target, np.broadcast_to(constant, target.shape)).mean()

    best = mean_angle(scores.best_constant_rotation(target))
    assert all(best <= mean_angle(candidate) + 1e-2 for candidate in target[:100])
    assert best <= mean_angle(target.mean(0)) + 1e-2


def test_ties_among_logits_count_as_chance():
    labels = np.array([0, 1, 2, 3])
    assert scores.top_k(np.zeros((4, 4)), labels, 1).mean() == 0.25
    assert scores.top_k(np.zeros((4, 4)), labels, 3).mean() == 0.75
    assert scores.top_k(np.eye(4), labels, 1).mean() == 1
    assert scores.top_k(-np.eye(4), labels, 3).mean() == 0
