import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import symmetric_samples as samples
from click.testing import CliRunner, Result
from model_samples import CHAIR, PLANE, put
from scipy.spatial.transform import Rotation

from threedie.benchmark.tasks.scores import r2_per_component, r2_pooled, r2_pooled_floor
from threedie.manifests.latents import LatentField, quaternions, relative_quaternions
from threedie.render.commands.models import models
from threedie.render.models.ceiling import CeilingOf
from threedie.render.models.symmetry import ANY, Symmetry, turns
from threedie.render.preset import load_preset

X, Y, Z = np.eye(3)
FIELDS = load_preset("3diebench").latents
NONE = Symmetry(np.eye(3)[None], "none")
SPHERE = Symmetry(np.eye(3)[None], "any turn about any axis", sphere=True)
QUARTERS = Symmetry(turns(Z, 4), "90° about the vertical axis")
ROUND = Symmetry(turns(Z, ANY), "any turn about the vertical axis", Z)


def fields(**ranges: tuple[float, float]) -> list[LatentField]:
    """3DIEBench's latents with other ranges."""
    return [replace(field, ranges=(ranges[field.name],)) if field.name in ranges else field for field in FIELDS]


def in_range(angles: np.ndarray) -> np.ndarray:
    return (np.abs(angles) <= math.pi / 2).all(axis=-1)


@pytest.fixture(scope="module")
def ceiling_of() -> CeilingOf:
    return CeilingOf(FIELDS)


def test_without_a_symmetry_everything_can_be_known(ceiling_of: CeilingOf) -> None:
    for preset in ("3diebench", "3diebench-ood", "3diebench-t"):
        ceiling = CeilingOf(load_preset(preset).latents)(NONE)
        assert (ceiling.rotation, ceiling.rotation_in_class) == pytest.approx((1, 1), abs=1e-12)


def test_of_a_sphere_nothing_can_be_known(ceiling_of: CeilingOf) -> None:
    assert ceiling_of(SPHERE) == ceiling_of.floor
    # As measured on 3DIEBench.
    assert ceiling_of.floor.rotation == pytest.approx(0.229, abs=0.003)


def test_a_group_with_all_that_can_be_drawn_leaves_the_floor() -> None:
    ceiling_of = CeilingOf(fields(rotation_x=(0, 0), rotation_y=(0, 0)))
    ceiling = ceiling_of(ROUND)
    assert ceiling.rotation == pytest.approx(ceiling_of.floor.rotation, abs=0.01)
    assert ceiling.rotation_in_class == pytest.approx(0, abs=0.02)


def test_half_turns_about_the_axes_leave_the_range_of_3diebench(ceiling_of: CeilingOf) -> None:
    # With all three angles below 90 degrees R[0, 0] and R[2, 2] are positive; half a turn makes one of them negative.
    for axis in (X, Y, Z):
        ceiling = ceiling_of(Symmetry(turns(axis, 2), ""))
        assert (ceiling.rotation, ceiling.rotation_in_class) == pytest.approx((1, 1), abs=1e-9)
    wide = CeilingOf(fields(rotation_z=(-math.pi, math.pi)))
    assert wide(Symmetry(turns(Z, 2), "")).rotation < 0.7


def best_answers(group: np.ndarray, count: int) -> tuple[np.ndarray, ...]:
    """Angles (N, 3), targets and best answers (N, 4) for one view and for two, found without the program's formulas.

    The weights of orientations are found by drawing: of all angles, how many fall near an orientation as seen from the
    orientation itself, that is in a small ball of rotations.
    """
    rng = np.random.default_rng(1)
    angles = rng.uniform(-math.pi / 2, math.pi / 2, (count, 3))
    rotations = Rotation.from_euler("xyz", angles)
    means = np.zeros((count, 4))
    total = np.zeros((count, 1))
    for each in group:
        other = (rotations * Rotation.from_matrix(each)).as_euler("xyz")
        # Volume of a small cube of angles, in rotation vectors: numerically, by differences.
        step = 1e-6
        base = Rotation.from_euler("xyz", other)
        columns = [
            (base.inv() * Rotation.from_euler("xyz", other + step * axis)).as_rotvec() / step for axis in np.eye(3)
        ]
        weight = (in_range(other) / np.abs(np.linalg.det(np.stack(columns, axis=-1))))[:, None]
        means += weight * quaternions(other)
        total += weight
    answers = means / total
    half = count // 2
    inverse = answers[:half] * [-1, -1, -1, 1]
    v, w, a, b = inverse[:, :3], inverse[:, 3:], answers[half:, :3], answers[half:, 3:]
    relative = np.concatenate([w * a + b * v + np.cross(v, a), w * b - (v * a).sum(1, keepdims=True)], axis=1)
    return quaternions(angles), answers, relative_quaternions(angles[:half], angles[half:]), relative


@pytest.mark.parametrize("group", [turns(Z, 4), turns(Y, 6), turns(X + Z, 2)], ids=["z4", "y6", "diagonal"])
def test_ceilings_are_the_tasks_scores_of_the_best_answers(ceiling_of: CeilingOf, group: np.ndarray) -> None:
    target, answer, relative, relative_answer = best_answers(group, 16_000)
    ceiling = ceiling_of(Symmetry(group, ""))
    assert r2_per_component(target, answer) == pytest.approx(ceiling.rotation_in_class, abs=0.02)
    assert r2_pooled(relative, relative_answer) == pytest.approx(ceiling.rotation, abs=0.02)
    assert r2_pooled_floor(relative) == pytest.approx(ceiling_of.floor.rotation, abs=0.01)


def test_the_answer_for_two_views_is_the_mean_over_both_ambiguities() -> None:
    ceiling_of = CeilingOf(FIELDS, draws=40)
    orbit = ceiling_of.orbit(QUARTERS.rotations, np.ones(4))
    first, second = slice(0, 20), slice(20, 40)
    pairs = orbit.angles[first][:, :, None], orbit.angles[second][:, None]
    pairs = np.broadcast_arrays(*pairs)
    relative = relative_quaternions(*pairs)
    weights = orbit.weights[first][:, :, None] * orbit.weights[second][:, None]
    enumerated = (weights[..., None] * relative).sum(axis=(1, 2))
    mean = orbit.mean(quaternions(orbit.angles))
    lengths = np.linalg.norm(mean[first], axis=1) * np.linalg.norm(mean[second], axis=1)
    assert np.allclose(np.linalg.norm(enumerated, axis=1), lengths)


def test_an_orbit_has_the_orientations_that_look_the_same(ceiling_of: CeilingOf) -> None:
    for preset in ("3diebench", "3diebench-ood"):
        chosen = CeilingOf(load_preset(preset).latents, draws=500)
        orbit = chosen.orbit(QUARTERS.rotations, np.ones(4))
        assert np.allclose(orbit.weights.sum(axis=1), 1)
        likely = orbit.weights > 0
        assert 1 < likely.sum(axis=1).mean() < 4
        own = Rotation.from_euler("xyz", chosen.angles).as_matrix()
        turned = Rotation.from_euler("xyz", orbit.angles.reshape(-1, 3)).as_matrix().reshape(500, -1, 3, 3)
        relative = np.swapaxes(own, 1, 2)[:, None] @ turned
        near = np.abs(relative[:, :, None] - QUARTERS.rotations).max(axis=(3, 4)).min(axis=2)
        assert near.max() < 1e-6
        for at, field in enumerate(load_preset(preset).latents[:3]):
            assert field.contains(orbit.angles[..., at][likely]).all()


def test_larger_groups_permit_less(ceiling_of: CeilingOf) -> None:
    scores = [ceiling_of(each) for each in (NONE, Symmetry(turns(Z, 4), ""), Symmetry(turns(Z, 8), ""), ROUND, SPHERE)]
    for name in ("rotation", "rotation_in_class"):
        values = [getattr(each, name) for each in scores]
        assert values == sorted(values, reverse=True)
        assert values[3] < values[2] - 0.05


DOCUMENTED = {
    "none": NONE,
    "180° about one or all axes of the box": Symmetry(turns(Z, 2), ""),
    "120° about the vertical axis": Symmetry(turns(Z, 3), ""),
    "90° about the vertical axis": QUARTERS,
    "60° about the vertical axis": Symmetry(turns(Z, 6), ""),
    "45° about the vertical axis": Symmetry(turns(Z, 8), ""),
    "any turn about the vertical axis": ROUND,
    "the 24 turns of a cube": Symmetry(Rotation.create_group("O").as_matrix(), ""),
    "any turn about any axis (the floor)": SPHERE,
}


def test_the_page_has_the_ceilings_of_the_groups() -> None:
    page = (Path(__file__).parents[3] / "docs" / "symmetry.md").read_text(encoding="utf-8")
    rows = {cells[0]: cells[1:] for line in page.splitlines() if len(cells := line.strip("| ").split(" | ")) == 5}
    presets = [CeilingOf(load_preset(name).latents) for name in ("3diebench", "3diebench-ood")]
    for name, symmetry in DOCUMENTED.items():
        ceilings = [ceiling_of(symmetry) for ceiling_of in presets]
        scores = [score for each in ceilings for score in (each.rotation, each.rotation_in_class)]
        assert [float(cell) for cell in rows[name]] == pytest.approx(scores, abs=0.006), name


def run(*arguments: str) -> Result:
    return CliRunner().invoke(models, ["symmetry", *arguments])


def test_command_measures_classes(tmp_path: Path) -> None:
    stool = samples.prism(64, 0.3, tip=0.7)
    put(tmp_path / "models", CHAIR, "a", *stool)
    put(tmp_path / "models", CHAIR, "b", *samples.box(1, 2, 1.5, {"front": "1 1 1", "top": "1 1 1"}))
    put(tmp_path / "models", CHAIR, "c", "v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n")
    put(tmp_path / "models", PLANE, "a", *samples.box(1, 2, 1.5))
    result = run(str(tmp_path / "models"), "--csv", str(tmp_path / "objects.csv"))
    assert result.exit_code == 0, result.output
    assert f"left out: {CHAIR}/c: " in result.output
    round_one = CeilingOf(FIELDS)(ROUND)
    half = [f"{(1 + score) / 2:.2f}" for score in (round_one.rotation, round_one.rotation_in_class)]
    third = [f"{(2 + score) / 3:.2f}" for score in (round_one.rotation, round_one.rotation_in_class)]
    lines = [line for line in result.stdout.splitlines() if line.startswith("| ")][1:]
    assert lines == [
        "| airplane | 1 | 100% | 180° about each of three axes | 1.00 | 1.00 |",
        f"| chair | 2 | 50% | any turn about the vertical axis | {half[0]} | {half[1]} |",
        f"| all classes | 3 | 67% | 180° about each of three axes | {third[0]} | {third[1]} |",
    ]
    assert "the best constant has 0.23 and 0.00" in result.output
    with (tmp_path / "objects.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["class"], row["id"], row["symmetry"]) for row in rows] == [
        (PLANE, "a", "180° about each of three axes"),
        (CHAIR, "a", "any turn about the vertical axis"),
        (CHAIR, "b", "none"),
    ]
    assert float(rows[1]["rotation"]) == pytest.approx(round_one.rotation, abs=1e-4)


def test_command_takes_other_ranges_and_a_lower_share(tmp_path: Path) -> None:
    put(tmp_path / "models", CHAIR, "a", *samples.box(1, 2, 1.5, {"front": "1 1 1"}))
    preset = tmp_path / "wide.toml"
    text = (Path(__file__).parents[3] / "render" / "presets" / "3diebench.toml").read_text(encoding="utf-8")
    preset.write_text(text.replace('rotation_y = ["-pi/2", "pi/2"]', 'rotation_y = ["-pi", "pi"]'), encoding="utf-8")
    narrow = run(str(tmp_path / "models"), "--per-class", "1")
    assert "| chair | 1 | 100% | 180° about the front-back axis | 1.00 | 1.00 |" in narrow.output
    wide = run(str(tmp_path / "models"), "--preset", str(preset))
    assert "| 180° about the front-back axis | 0." in wide.output
    # Two of six sides differ after a half turn about the vertical axis; they have 2 * 2 of 13 parts of the area.
    loose = run(str(tmp_path / "models"), "--share", "0.6")
    assert "| 180° about each of three axes |" in loose.output


def test_command_says_what_is_wrong(tmp_path: Path) -> None:
    put(tmp_path / "models", CHAIR, "c", "v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n")
    result = run(str(tmp_path / "models"))
    assert str(result.exception) == (
        f"none of the models can be measured; the first: {CHAIR}/c: it has no visible surface, or coordinates that are "
        "not finite"
    )
    assert "is not a preset" in str(run(str(tmp_path / "models"), "--preset", "3diebensh").exception)
